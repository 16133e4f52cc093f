"""Which of Jupyter's own resources are offered; everything else is refused."""

from __future__ import annotations

from typing import Any, Final

from jupyter_server.auth import Authorizer

OFFERED: Final = frozenset(
    {
        ("read", "api"),
        ("read", "config"),
        ("read", "contents"),
        ("write", "contents"),
        ("write", "csp"),
        ("read", "events"),
        ("execute", "events"),
        ("read", "jupyter_cbs"),
        ("write", "jupyter_cbs"),
        ("read", "kernels"),
        ("write", "kernels"),
        ("execute", "kernels"),
        ("read", "kernelspecs"),
        ("read", "nbconvert"),
        ("read", "sessions"),
        ("write", "sessions"),
    }
)
"""(action, resource). Whether *this* person may do it in *this* project is decided by the broker."""


class CbsAuthorizer(Authorizer):
    """Denies what is not on the list, so that a resource some package adds is closed until it was looked at."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        """Tell whether the resource is offered at all."""
        return (action, resource) in OFFERED
