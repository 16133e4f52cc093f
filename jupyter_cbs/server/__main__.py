"""Start a workspace server: ``python -P -m jupyter_cbs.server --config FILE``."""

from .app import CbsApp

CbsApp.launch_instance()
