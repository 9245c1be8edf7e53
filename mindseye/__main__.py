"""``python -m mindseye``."""

import sys

from mindseye.cli import run

sys.exit(run())
