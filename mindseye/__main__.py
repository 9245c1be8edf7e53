"""``python -m mindseye``."""

import sys

from mindseye.cli import main

sys.exit(main())
