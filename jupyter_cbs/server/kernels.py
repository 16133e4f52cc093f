"""The workspace's own kernel specs, one way to start them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from traitlets import Bool, Instance, List, Unicode, default

from . import paths
from .closing import EndedSessions
from .hardening import KERNEL
from .provisioner import CbsProvisioner, KernelWalls

R_KERNEL: Final = "cbs-r"
"""The kernel spec for R, offered where R and its package IRkernel are installed."""

_STANZA = {"provisioner_name": "cbs-provisioner", "config": {}}
_R_PROGRAMS: Final = (Path("/usr/bin/R"), Path("/usr/local/bin/R"))
_R_LIBRARIES: Final = (
    Path("/usr/local/lib/R/site-library"),
    Path("/usr/lib/R/site-library"),
    Path("/usr/lib/R/library"),
    Path("/usr/local/lib/R/library"),
)


def r_program(programs: Sequence[Path] = _R_PROGRAMS, libraries: Sequence[Path] = _R_LIBRARIES) -> Path | None:
    """Find an R that can be a kernel; None where R or IRkernel is not installed.

    Only places that a sandbox sees are looked at (``/usr``), never ``PATH``: a kernel spec is a command line.

    Parameters
    ----------
    programs : sequence of Path
        Where the program may be, the first that is there.
    libraries : sequence of Path
        Where R keeps packages for everybody.
    """
    if not any((library / "IRkernel" / "DESCRIPTION").is_file() for library in libraries):
        return None
    return next((program for program in programs if program.is_file()), None)


class LockedKernelSpecManager(KernelSpecManager):
    """Knows the workspace's own kernel specs and no other: Python's always, R's where R is installed.

    Kernel specs in a person's own folders, in ``JUPYTER_PATH`` or named by a configuration are never looked at:
    a spec is a command line.
    """

    @default("kernel_dirs")
    def _kernel_dirs_default(self) -> list[str]:
        return [str(paths.kernels())]

    @default("ensure_native_kernel")
    def _ensure_native_kernel_default(self) -> bool:
        return False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # whatever a configuration said
        self.kernel_dirs = [str(paths.kernels())]
        self.ensure_native_kernel = False
        self.allowed_kernelspecs = {KERNEL, R_KERNEL}

    @staticmethod
    def offered() -> frozenset[str]:
        """Give the names of the specs that can be started on this machine."""
        return frozenset({KERNEL} if r_program() is None else {KERNEL, R_KERNEL})

    def find_kernel_specs(self) -> dict[str, str]:
        """Give the specs that are offered, and their folders."""
        offered = self.offered()
        return {name: place for name, place in super().find_kernel_specs().items() if name in offered}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give the spec, always with the workspace's own provisioner and no environment of its own.

        Raises
        ------
        NoSuchKernel
            For any other name.
        """
        if kernel_name not in self.offered():
            raise NoSuchKernel(kernel_name)
        spec = super().get_kernel_spec(kernel_name)
        if kernel_name == R_KERNEL and (program := r_program()) is not None:
            spec.argv = [str(program), *spec.argv[1:]]
        spec.metadata = {**(spec.metadata or {}), "kernel_provisioner": dict(_STANZA)}
        spec.env = {}
        return spec


class ForcedProvisionerFactory(KernelProvisionerFactory):
    """Starts every kernel through the workspace's provisioner, whatever its spec says."""

    gateway_socket = Unicode(help="Socket of the broker's gateway.").tag(config=True)
    shared_dir = Unicode(help="The project's shared area.").tag(config=True)
    personal_dir = Unicode(help="The person's own area.").tag(config=True)
    runtime_dir = Unicode(help="Short path of a private folder for the sockets of kernels.").tag(config=True)
    hidden_dirs = List(Unicode(), help="Places that nothing a kernel sees may contain.").tag(config=True)
    unsandboxed = Bool(False, help="Start kernels without walls; the marked demo only.").tag(config=True)
    walls = Instance(KernelWalls, args=(), help="Whether kernels can be shut in.")
    ended = Instance(EndedSessions, args=(), help="Sessions of kernels that ended, until the broker knows it.")

    def is_provisioner_available(self, kernel_spec: Any) -> bool:
        """Say yes: the provisioner is part of this package."""
        return True

    def create_provisioner_instance(self, kernel_id: str, kernel_spec: Any, parent: Any) -> CbsProvisioner:
        """Make the provisioner of a kernel."""
        return CbsProvisioner(
            kernel_id=kernel_id,
            kernel_spec=kernel_spec,
            parent=parent,
            gateway_socket=self.gateway_socket,
            shared_dir=self.shared_dir,
            personal_dir=self.personal_dir,
            runtime_dir=self.runtime_dir,
            hidden_dirs=self.hidden_dirs,
            unsandboxed=self.unsandboxed,
            walls=self.walls,
            ended=self.ended,
        )
