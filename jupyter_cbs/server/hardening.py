"""Settings that hold whatever the command line or a configuration file says.

They are given to the server while the extension is linked, which wins over command-line flags; files in
``jupyter_server_config.d`` cannot carry them (design: jupyter, Closing the exits).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

KERNEL: Final = "cbs-python"
"""The kernel spec that is always offered, and the default."""

MAX_BODY_BYTES: Final = 64 * 2**20
"""Largest request body; uploads come in chunks of a megabyte, notebooks in one piece."""

MAX_BROWSER_MESSAGE: Final = 8 * 2**20
"""Largest message a browser may send over a websocket, in bytes."""

NEVER_LOADED: Final = ("@jupyterlab/javascript-extension", "@jupyterlab/vega5-extension")
"""Parts of JupyterLab that do what an output says: run a script, or, as a chart whose signals are bound to elements anywhere in the page,
read and fill in its fields. The front end's own package names them too, but it may be missing or changed."""

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>(.*?)</script>", re.DOTALL)


def script_hashes(pages: Iterable[Path]) -> tuple[str, ...]:
    """Give the CSP sources of the inline scripts of static pages.

    JupyterLab's page takes the token out of the address bar with an inline script. Naming it by its hash lets
    that one run and no other.
    """
    hashes = set()
    for page in pages:
        if page.is_file():
            for script in _INLINE_SCRIPT.findall(page.read_text(encoding="utf-8")):
                if "{{" not in script and "{%" not in script:  # a template's text is not what the browser gets
                    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
                    hashes.add(f"'sha256-{digest}'")
    return tuple(sorted(hashes))


def content_security_policy(base_url: str, scripts: Iterable[str] = ()) -> str:
    """Give the policy under which JupyterLab and ipywidgets live and no output reaches another host.

    Parameters
    ----------
    base_url : str
        Where reports of violations go.
    scripts : iterable of str
        Hashes of inline scripts that may run.
    """
    directives = (
        "default-src 'self'",
        " ".join(("script-src 'self' 'unsafe-eval'", *scripts)),
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        # an output could lay the workspace itself, unseen, over what a person is about to press
        "frame-ancestors 'none'",
        f"report-uri {base_url.rstrip('/')}/api/security/csp-report",
    )
    return "; ".join(directives)


def locked_page(page_config: dict[str, Any]) -> dict[str, Any]:
    """Give JupyterLab's page configuration with :data:`NEVER_LOADED` switched off, whatever files on disk say.

    Parameters
    ----------
    page_config : dict
        As it was read from disk.
    """
    disabled = page_config.get("disabledExtensions") or []
    names = [name for name, off in disabled.items() if off] if isinstance(disabled, dict) else disabled
    page_config["disabledExtensions"] = sorted({*names, *NEVER_LOADED})
    return page_config


def settings(base_url: str, root_dir: Path, pages: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Give the configuration that is forced upon the server.

    Parameters
    ----------
    base_url : str
        Base URL of the server.
    root_dir : Path
        An empty folder: what is shown comes from the contents manager, never from the server's root.
    pages : iterable of Path
        Pages whose inline scripts may run.
    """
    headers = {
        "Content-Security-Policy": content_security_policy(base_url, script_hashes(pages)),
        "X-Content-Type-Options": "nosniff",
        # to nobody else; with none at all browsers call the origin of a form "null", and nobody could log in by one
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return {
        "ServerApp": {
            "authorizer_class": "jupyter_cbs.server.authorizer.CbsAuthorizer",
            "contents_manager_class": "jupyter_cbs.server.contents.CbsContentsManager",
            "kernel_spec_manager_class": "jupyter_cbs.server.kernels.LockedKernelSpecManager",
            "allow_unauthenticated_access": False,
            "terminals_enabled": False,
            "allow_external_kernels": False,
            "allow_origin": "",
            "allow_origin_pat": "",
            "allow_credentials": False,
            "disable_check_xsrf": False,
            "quit_button": False,
            "root_dir": str(root_dir),
            "max_body_size": MAX_BODY_BYTES,
            "max_buffer_size": 2 * MAX_BODY_BYTES,
            "tornado_settings": {"headers": headers, "websocket_max_message_size": MAX_BROWSER_MESSAGE},
            "kernel_websocket_connection_class": "jupyter_cbs.server.sockets.BoundedChannels",
        },
        # the product's own bound counts everything a kernel sends; Jupyter's would cut a figure with its library
        "ZMQChannelsWebsocketConnection": {"limit_rate": False},
        "MappingKernelManager": {"default_kernel_name": KERNEL},
        "LabApp": {"extension_manager": "readonly", "lock_all_plugins": True, "news_url": None},
        "FileCheckpoints": {},
    }
