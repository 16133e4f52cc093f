"""Which fonts there are, found once for all kernels: matplotlib would look through all of them before the first figure of each kernel.

The search runs in a sandbox like the one of a kernel, so it finds what a kernel finds, and whatever a font file does to it stays there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from ..domain.errors import CbsError
from .bubblewrap import HOME, Sandbox
from .users import NOBODY, Identity, is_root

FOLDER: Final = f"{HOME}/.matplotlib"
"""Where a kernel's matplotlib keeps it."""

_SECONDS: Final = 300.0
_MOST_BYTES: Final = 64 << 20
_FIND = """
import glob, json, os, sys
import matplotlib.font_manager
for path in glob.glob(os.environ["MPLCONFIGDIR"] + "/fontlist-*.json"):
    with open(path, encoding="utf-8") as file:
        json.dump([os.path.basename(path), file.read()], sys.stdout)
    break
"""


@dataclass(frozen=True)
class FontList:
    """What matplotlib remembers of the fonts.

    Parameters
    ----------
    name
        Name of the file; it changes with matplotlib's format.
    content
        The file.
    """

    name: str
    content: bytes


def find() -> FontList | None:
    """Look through the fonts that a kernel sees; None where that does not work: each kernel looks for itself then.

    Takes a second, and longer the more fonts there are.
    """
    sandbox = Sandbox(
        environment={"LANG": "C.UTF-8", "HOME": HOME, "MPLCONFIGDIR": FOLDER, "PATH": "/usr/bin:/bin"},
        identity=Identity(NOBODY, NOBODY) if is_root() else None,
    )
    try:
        with sandbox.prepare([sys.executable, "-I", "-c", _FIND], watch=False) as prepared:
            done = subprocess.run(
                prepared.argv,
                pass_fds=prepared.pass_fds,
                env=prepared.environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        name, content = json.loads(done.stdout)
        content = str(content).encode()
    except (CbsError, OSError, ValueError, subprocess.TimeoutExpired):
        return None
    fits = name.startswith("fontlist-") and name.endswith(".json") and "/" not in name and len(content) <= _MOST_BYTES
    return FontList(name, content) if fits else None
