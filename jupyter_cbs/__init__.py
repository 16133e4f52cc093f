"""A secure analysis workspace for statistical microdata, as a JupyterLab extension.

In a notebook::

    import jupyter_cbs as cbs
    ws = cbs.connect()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .domain.version import __version__

if TYPE_CHECKING:
    from .client import Workspace, connect

__all__ = ["Workspace", "__version__", "connect"]


def __getattr__(name: str) -> Any:
    # The server extension, the broker and the notebook share this package; each loads only its own part.
    if name in ("connect", "Workspace"):
        from . import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-cbs"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server.app import CbsApp

    return [{"module": "jupyter_cbs", "app": CbsApp}]


def load_ipython_extension(ipython: Any) -> None:
    """Register the ``%%cbs`` magic."""
    from .client.magics import register

    register(ipython)
