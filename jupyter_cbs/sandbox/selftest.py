"""Whether the walls stand: a probe runs in a sandbox of the real kind, and what it found is judged wall by wall.

Run at the start and by ``jupyter cbs selftest``. Nothing is taken from configuration or from the kernel's version: a wall is in force
when the attempt to pass it failed just now.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..domain.errors import CbsError, Unavailable
from ..domain.text import Text
from . import landlock, probe
from .bubblewrap import HOME, Bind, Sandbox
from .limits import ControlGroup, Limits
from .memory import Watched, Watcher
from .users import NOBODY, Identity, is_root

_WORKSPACE: Final = "/workspace/shared"
_PROBE: Final = "/run/sandbox/probe.py"
_SECONDS: Final = 30.0
_UNLIMITED: Final = -1
_HOLD_SECONDS: Final = 10.0
_HOLD_INTERVAL: Final = 0.05
_HOLD_BYTES: Final = 128 * 2**20
"""The bound that is tried; that of a kernel is larger, and trying it would cost what it protects."""
_MOST_PROCESSES: Final = 8  # the init, the probe, and a child of the probe


@dataclass(frozen=True)
class Wall:
    """One wall and whether it stands.

    Parameters
    ----------
    name
        Stable name for programs, snake_case.
    in_force
        Whether the attempt to pass it failed.
    detail
        What was found.
    remedy
        What to do; None when it is in force.
    mandatory
        Kernels are refused without it.
    """

    name: str
    in_force: bool
    detail: Text
    remedy: Text | None
    mandatory: bool


def all_mandatory(walls: tuple[Wall, ...]) -> bool:
    """Whether kernels may be started."""
    return all(wall.in_force for wall in walls if wall.mandatory)


def missing(walls: tuple[Wall, ...]) -> Unavailable:
    """Give the refusal for walls of which a mandatory one is missing: the first of them, with its remedy."""
    wall = next(wall for wall in walls if wall.mandatory and not wall.in_force)
    return Unavailable(
        "walls_missing",
        Text(
            en=f"Kernels and query engines cannot be shut in, so none is started. {wall.detail.en}",
            nl=f"Kernels en rekenmachines kunnen niet worden afgeschermd; er start er geen. {wall.detail.nl}",
        ),
        wall.remedy,
    )


def selftest(identity: Identity | None = None, template: Sandbox | None = None) -> tuple[Wall, ...]:
    """Start a sandbox with a probe and judge every wall. Takes about 0.1 s, with a bound on memory 0.4 s.

    Parameters
    ----------
    identity : Identity, optional
        Who starts sandboxes, when this process is root; a number of nobody by default.
    template : Sandbox, optional
        A sandbox whose limits, temporary places and environment are taken over, so that the test has the real ones.

    Returns
    -------
    tuple of Wall
        Always the same walls in the same order, unless nothing could be started: then the one named ``sandbox``.
    """
    template = template or Sandbox()
    identity = identity or template.identity
    if is_root() and identity is None:
        identity = Identity(NOBODY, NOBODY)
    folder = Path(tempfile.mkdtemp(prefix="cbs-selftest-"))
    group = _group(template)
    try:
        found = _probe(folder, dataclasses.replace(template, identity=identity, group=group))
        return _judge(found, template.limits, group is not None)
    except CbsError as error:
        return (Wall("sandbox", False, error.message, error.remedy or _REINSTALL, True),)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if group is not None and group is not template.group:
            group.kill()
            group.remove()


def _group(template: Sandbox) -> ControlGroup | None:
    """Give the template's control group, or make one; None when none was delegated, or the kernel refuses."""
    if template.group is not None:
        return template.group
    with contextlib.suppress(OSError):
        if (parent := ControlGroup.parent()) is not None:
            return ControlGroup.create(parent, _HOLD_BYTES, template.limits.processes)
    return None


def _probe(folder: Path, template: Sandbox) -> Mapping[str, Any]:
    """Run the probe and give what it found.

    Raises
    ------
    Unavailable
        When it could not be run.
    """
    # it can be entered and read by everybody: only the mounts hide it
    secret, workspace = folder / "catalogue", folder / "shared"
    folder.chmod(0o755)
    secret.mkdir(mode=0o755)
    (secret / "GBAPERSOON2023TABV1.parquet").write_bytes(b"PAR1")
    workspace.mkdir(mode=0o700)
    if is_root() and template.identity is not None:
        os.chown(workspace, template.identity.uid, template.identity.gid)
    sandbox = dataclasses.replace(
        template,
        binds=(Bind(workspace, _WORKSPACE, writable=True),),
        sockets=(),
        chdir=_WORKSPACE,
        environment={"LANG": "C.UTF-8", "HOME": HOME},
        data={_PROBE: Path(probe.__file__).read_bytes()},
        hidden=(*template.hidden, secret),
    )
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = str(server.getsockname()[1])
        hold = 3 * _HOLD_BYTES if template.limits.memory_bytes is not None or template.group is not None else 0
        prepared = stack.enter_context(sandbox.prepare([sys.executable, "-I", "-S", _PROBE, _WORKSPACE, str(secret), port, str(hold)]))
        process = stack.enter_context(
            subprocess.Popen(
                prepared.argv,
                pass_fds=prepared.pass_fds,
                env=prepared.environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        stopped = bool(hold)
        try:
            namespace = stack.enter_context(prepared.started())
            stack.callback(namespace.kill)
            outside = _uids(namespace.init)
            if hold and template.group is None:
                Watcher(_HOLD_INTERVAL).add(Watched(namespace.init, _HOLD_BYTES, template.temporary, lambda _: None))
            out, problems = process.communicate(timeout=_HOLD_SECONDS if hold else _SECONDS)
        except subprocess.TimeoutExpired:
            # what holds memory ends only when it is ended
            stopped = False
            namespace.kill()
            process.kill()
            out, problems = process.communicate()
            problems = problems or b"no answer"
        except CbsError as error:
            process.kill()
            raise _explained(error, process.communicate()[1]) from error
    try:
        found: dict[str, Any] = json.loads(out)
    except ValueError:
        raise _explained(None, problems) from None
    return {**found, "outside": outside, "stopped": stopped}


def _uids(pid: int) -> list[int]:
    """Give the uids and gids that the machine knows a process by; root's when they cannot be told."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        return [int(number) for line in status if line.startswith(("Uid:", "Gid:")) for number in line.split()[1:]]
    return [0]


def _explained(cause: CbsError | None, problems: bytes) -> CbsError:
    """Add what bubblewrap itself said, and what usually helps."""
    said = problems.decode(errors="replace").strip()[-500:]
    remedy = _REINSTALL
    if "No permissions to create" in said or "uid map" in said or "namespace" in said.lower():
        remedy = Text(
            en="Allow user namespaces: 'sysctl -w kernel.unprivileged_userns_clone=1' (Debian) or an AppArmor profile for bwrap (Ubuntu); "
            "in a container, allow them in its security profile.",
            nl="Sta user namespaces toe: 'sysctl -w kernel.unprivileged_userns_clone=1' (Debian) of een AppArmor-profiel voor bwrap (Ubuntu); "
            "in een container: sta ze toe in het beveiligingsprofiel.",
        )
    return Unavailable(
        "sandbox_failed" if cause is None else cause.code,
        Text(
            en=f"The sandbox did not start: {said or 'no reason given'}.",
            nl=f"De afgeschermde omgeving startte niet: {said or 'geen reden gegeven'}.",
        ),
        remedy,
    )


_REINSTALL: Final = Text(
    en="Install bubblewrap of your distribution ('apt install bubblewrap') and run the self-test again.",
    nl="Installeer bubblewrap van uw distributie ('apt install bubblewrap') en voer de zelftest opnieuw uit.",
)
_KERNEL: Final = Text(
    en="Use a Linux kernel of 5.13 or later with this feature switched on.",
    nl="Gebruik een Linux-kernel vanaf 5.13 waarin deze voorziening aanstaat.",
)
_REPORT: Final = Text(
    en="Do not start kernels. Report it as a vulnerability, with the output of this test.",
    nl="Start geen kernels. Meld dit als kwetsbaarheid, met de uitvoer van deze test.",
)


def _judge(found: Mapping[str, Any], wanted: Limits, grouped: bool) -> tuple[Wall, ...]:
    """Turn what the probe found into walls."""
    walls: list[Wall] = []

    def wall(name: str, in_force: bool, good: Text, bad: Text, remedy: Text = _REPORT, mandatory: bool = True) -> None:
        walls.append(Wall(name, in_force, good if in_force else bad, None if in_force else remedy, mandatory))

    def refused(attempt: str) -> bool:
        return bool(found[attempt])

    uids = {*found["uids"], *found["gids"], *found["outside"]}
    wall(
        "not_root",
        0 not in uids,
        Text(en="Code runs as an unprivileged user, inside and outside.", nl="Code draait als gewone gebruiker, binnen en buiten."),
        Text(en="Code runs as root.", nl="Code draait als root."),
    )
    wall(
        "no_capabilities",
        not found["capabilities"].strip("0"),
        Text(en="There are no capabilities.", nl="Er zijn geen capabilities."),
        Text(en="Capabilities are left.", nl="Er zijn capabilities over."),
    )
    wall(
        "workspace_usable",
        not refused("use"),
        Text(en="Files can be made in the workspace.", nl="In de werkomgeving kunnen bestanden worden gemaakt."),
        Text(
            en=f"No file can be made in the workspace ({found['use']}).", nl=f"In de werkomgeving kan geen bestand worden gemaakt ({found['use']})."
        ),
        Text(en="Look at who owns the folders of the workspaces.", nl="Kijk van wie de mappen van de werkomgevingen zijn."),
    )
    wall(
        "no_network",
        found["interfaces"] == ["lo"] and refused("connect") and refused("vsock"),
        Text(en="There is no network, also not to this machine.", nl="Er is geen netwerk, ook niet naar deze machine."),
        Text(en="A network can be reached.", nl="Er is een netwerk bereikbaar."),
    )
    wall(
        "catalogue_invisible",
        refused("secret"),
        Text(en="Folders that were not granted do not exist.", nl="Mappen die niet zijn toegekend bestaan niet."),
        Text(en="A folder that was not granted can be read.", nl="Een map die niet is toegekend is leesbaar."),
    )
    wall(
        "seccomp",
        found["seccomp"] == "2",
        Text(en="System calls are filtered (Seccomp: 2).", nl="Systeemaanroepen worden gefilterd (Seccomp: 2)."),
        Text(en="System calls are not filtered.", nl="Systeemaanroepen worden niet gefilterd."),
        _KERNEL,
    )
    wall(
        "no_new_privileges",
        found["no_new_privs"] == "1",
        Text(en="No program can gain privileges (NoNewPrivs: 1).", nl="Geen programma kan rechten krijgen (NoNewPrivs: 1)."),
        Text(en="Programs can gain privileges.", nl="Programma's kunnen rechten krijgen."),
    )
    wall(
        "no_nested_namespaces",
        refused("namespace"),
        Text(en="No user namespaces can be made inside.", nl="Binnen kunnen geen user namespaces worden gemaakt."),
        Text(en="A user namespace can be made inside.", nl="Binnen kan een user namespace worden gemaakt."),
    )
    wall(
        "no_links",
        refused("link"),
        Text(en="No links can be made in workspaces.", nl="In werkomgevingen kunnen geen koppelingen worden gemaakt."),
        Text(en="Links can be made in workspaces.", nl="In werkomgevingen kunnen koppelingen worden gemaakt."),
    )
    wall(
        "no_special_files",
        landlock.abi() > 0 and refused("socket"),
        Text(
            en=f"Landlock (version {landlock.abi()}) refuses special files.", nl=f"Landlock (versie {landlock.abi()}) weigert bijzondere bestanden."
        ),
        Text(
            en="This kernel has no Landlock: sockets can be made in workspaces, links are refused everywhere instead.",
            nl="Deze kernel heeft geen Landlock: in werkomgevingen kunnen sockets worden gemaakt; koppelingen worden overal geweigerd.",
        ),
        Text(
            en="Use a Linux kernel of 5.13 or later with 'landlock' in its list 'lsm='.",
            nl="Gebruik een Linux-kernel vanaf 5.13 met 'landlock' in 'lsm='.",
        ),
        mandatory=False,
    )
    wall(
        "settings_read_only",
        refused("setting"),
        Text(en="The machine's settings cannot be changed.", nl="De instellingen van de machine kunnen niet worden gewijzigd."),
        Text(en="The machine's settings can be changed (/proc/sys).", nl="De instellingen van de machine kunnen worden gewijzigd (/proc/sys)."),
    )
    wall(
        "system_read_only",
        refused("root") and refused("usr"),
        Text(en="Programs and libraries are read-only.", nl="Programma's en bibliotheken zijn alleen-lezen."),
        Text(en="Programs or libraries can be changed.", nl="Programma's of bibliotheken kunnen worden gewijzigd."),
    )
    others = [pid for pid in found["processes"] if pid > _MOST_PROCESSES]
    wall(
        "processes_invisible",
        not others and len(found["processes"]) <= _MOST_PROCESSES,
        Text(en="Other processes are invisible.", nl="Andere processen zijn onzichtbaar."),
        Text(en="Processes of the machine are visible.", nl="Processen van de machine zijn zichtbaar."),
    )
    unknown = sorted(set(found["environment"]) - {"LANG", "HOME", "PWD", "LC_CTYPE"})
    wall(
        "environment_clean",
        not unknown,
        Text(en="Nothing of the server's environment is passed on.", nl="Niets uit de omgeving van de server wordt doorgegeven."),
        Text(en=f"Variables are passed on: {', '.join(unknown)}.", nl=f"Variabelen worden doorgegeven: {', '.join(unknown)}."),
    )
    open_ = [place for place in found["descriptors"] if not place.startswith(("/dev/null", "pipe:", "/proc/"))]
    wall(
        "no_descriptors",
        not open_,
        Text(en="No open file is inherited.", nl="Er wordt geen open bestand geërfd."),
        Text(en=f"Open files are inherited: {len(open_)}.", nl=f"Er worden open bestanden geërfd: {len(open_)}."),
    )
    limits: Mapping[str, int] = found["limits"]
    by = Text(en="the control group", nl="de control group") if grouped else Text(en="the watcher", nl="de bewaker")
    wall(
        "processes_limited",
        all(0 <= limits[name] <= bound for name, bound in wanted.resources().items()),
        Text(
            en=f"At most {limits['NPROC']} processes and {limits['NOFILE']} open files.",
            nl=f"Hoogstens {limits['NPROC']} processen en {limits['NOFILE']} open bestanden.",
        ),
        Text(
            en="Processes, open files or file sizes are not limited as set.",
            nl="Processen, open bestanden of bestandsgroottes zijn niet begrensd zoals ingesteld.",
        ),
    )
    wall(
        "memory_limited",
        bool(found["stopped"]) or (limits["AS"] != _UNLIMITED and refused("beyond")),
        Text(
            en=f"Memory is bounded for the sandbox as a whole: {by.en} ended one that held too much.",
            nl=f"Het geheugen is begrensd voor de omgeving als geheel: {by.nl} beëindigde er een die te veel vasthield.",
        )
        if found["stopped"]
        else Text(
            en=f"Memory is bounded for each process ({limits['AS'] // 2**20} MB).",
            nl=f"Het geheugen is begrensd per proces ({limits['AS'] // 2**20} MB).",
        ),
        Text(
            en="Memory is not bounded: a sandbox that held too much was not ended.",
            nl="Het geheugen is niet begrensd: een omgeving die te veel vasthield is niet beëindigd.",
        ),
        Text(
            en="Run the service under systemd with 'Delegate=memory pids' and 'DelegateSubgroup=supervisor' (cgroup v2), or let it read "
            "/proc of its own processes.",
            nl="Draai de dienst onder systemd met 'Delegate=memory pids' en 'DelegateSubgroup=supervisor' (cgroup v2), of laat haar "
            "/proc van haar eigen processen lezen.",
        ),
        mandatory=False,
    )
    return tuple(walls)
