"""``python -m mindseye.cli``."""

import sys

from mindseye.cli.main import run

sys.exit(run())
