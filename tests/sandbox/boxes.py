"""Running programs in real sandboxes, for the tests of the walls."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_cbs.sandbox.bubblewrap import HOME, Bind, Sandbox
from jupyter_cbs.sandbox.namespaces import Namespace
from jupyter_cbs.sandbox.users import NOBODY, Identity, is_root

IDENTITY = Identity(NOBODY, NOBODY) if is_root() else None
"""Who starts the sandboxes of the tests: somebody else than root, or ourselves."""

ENVIRONMENT = {"LANG": "C.UTF-8", "HOME": HOME, "PATH": "/usr/bin:/bin"}
SHARED = "/workspace/shared"


@dataclasses.dataclass
class Ran:
    """What a program did."""

    code: int
    out: str


class Running:
    """A program in a sandbox."""

    def __init__(self, process: subprocess.Popen[bytes], namespace: Namespace) -> None:
        self.process = process
        self.namespace = namespace

    def finish(self, seconds: float = 180) -> Ran:
        """Wait for its end."""
        try:
            out, _ = self.process.communicate(timeout=seconds)
        finally:
            self.namespace.kill()
            self.process.wait()
            self.namespace.close()
        return Ran(self.process.returncode, out.decode(errors="replace"))


class Boxes:
    """Makes sandboxes with one workspace.

    Parameters
    ----------
    folder
        A private folder on the host, which holds ``shared``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shared = folder / "shared"
        self.shared.mkdir()
        if IDENTITY is not None:
            os.chown(self.shared, IDENTITY.uid, IDENTITY.gid)
        self.sandbox = Sandbox(binds=(Bind(self.shared, SHARED, writable=True),), environment=ENVIRONMENT, chdir=SHARED, identity=IDENTITY)

    def start(self, argv: Sequence[str], pass_fds: Sequence[int] = (), **changes: Any) -> Running:
        """Start a program."""
        sandbox = dataclasses.replace(self.sandbox, **changes)
        with sandbox.prepare(argv, pass_fds) as prepared:
            process = subprocess.Popen(
                prepared.argv,
                pass_fds=prepared.pass_fds,
                env=prepared.environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            try:
                return Running(process, prepared.started())
            except BaseException:
                out, _ = process.communicate(timeout=60)
                print(out.decode(errors="replace"))
                raise

    def python(self, code: str, *arguments: str, program: str = sys.executable, pass_fds: Sequence[int] = (), **changes: Any) -> Ran:
        """Run Python code to its end."""
        return self.start([program, "-I", "-c", code, *arguments], pass_fds, **changes).finish()


def make_folder() -> Path:
    """Make a folder that whoever starts the sandboxes can reach."""
    folder = Path(tempfile.mkdtemp(prefix="cbt-", dir="/tmp"))
    folder.chmod(0o711)
    return folder


def outside(code: str, *arguments: str, program: str = sys.executable, cwd: Path | None = None) -> Ran:
    """Run the same code without a sandbox: the negative control."""
    done = subprocess.run([program, "-I", "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=99, check=False, cwd=cwd)
    return Ran(done.returncode, done.stdout.decode(errors="replace"))
