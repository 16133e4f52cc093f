"""``python -P -m jupyter_cbs.client.r FOLDER``: started by ``cbs.R``."""

from __future__ import annotations

import sys

from .bridge import main

if __name__ == "__main__":
    main(sys.argv[1])
