"""``python -m jupyter_cbs.cli`` is ``jupyter cbs``."""

import sys

from . import main

sys.exit(main())
