"""``python -m mindseye.cli``."""

import sys

from mindseye.cli.main import main

sys.exit(main())
