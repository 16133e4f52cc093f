"""Files that a program wrote for its owner alone can be checked and leave, also where the broker has an account of its own."""

from __future__ import annotations

import http.client
import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from running_demo import Demo

from jupyter_cbs.broker.deployment import Deployment
from jupyter_cbs.system.beneath import WorkspaceRoots
from jupyter_cbs.system.lending import lend

PRIVATE = 0o600
TABLE = "group,n\nyoung,1200\nold,800\n"


def straight(demo: Demo, user: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask the broker past the person's server, as a server that lends nothing would."""
    connection = http.client.HTTPConnection("localhost", timeout=120)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.connect(str(Deployment(demo.root).gateway_socket("9001", user)))
    connection.request("POST", "/cbs/api/precheck", json.dumps(body))
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


@pytest.mark.parametrize("area", ["shared", "personal"])
def test_a_file_for_its_owner_alone_can_be_checked(deployment: Demo, area: str) -> None:
    client = deployment.client("researcher")
    assert client.save(f"{area}/alone", None, "directory").status_code == 201
    assert client.save(f"{area}/alone/costs.csv", TABLE).status_code == 201
    place = (deployment.shared() if area == "shared" else deployment.personal("researcher")) / "alone"
    other = place / "other.csv"
    other.write_text(TABLE)
    for path, mode in ((place / "costs.csv", PRIVATE), (other, PRIVATE), (place, 0o700)):
        os.chmod(path, mode)
    owner = os.stat(place / "costs.csv").st_uid
    if owner != os.getuid():
        # the broker alone cannot: this is what the lending is for
        before = straight(deployment, "researcher", {"paths": [f"{area}/alone/costs.csv"]})
        assert before.get("code") == "no_access", before
    report = client.request("POST", "cbs/api/precheck", {"paths": [f"{area}/alone/costs.csv"]}).json()
    assert (report["status"], report["files"][0]["cells"]) == ("safe", 6), report
    if owner != os.getuid():
        assert stat.S_IMODE(os.stat(place / "costs.csv").st_mode) == 0o640
        assert stat.S_IMODE(os.stat(other).st_mode) == PRIVATE, "what was not chosen stays as it was"
    os.chmod(place, 0o2770)
    other.unlink()
    assert client.request("DELETE", f"api/contents/{area}/alone").status_code == 204


@pytest.fixture
def roots(tmp_path: Path) -> WorkspaceRoots:
    for area in ("shared", "personal"):
        (tmp_path / area).mkdir()
        os.chmod(tmp_path / area, 0o2770)
    return WorkspaceRoots(tmp_path / "shared", tmp_path / "personal")


def test_only_what_was_chosen_is_lent_and_no_link_is_followed(roots: WorkspaceRoots, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    inner = roots.shared / "inner" / "deep"
    inner.mkdir(parents=True, mode=0o700)
    files = {name: roots.shared / name for name in ("chosen.csv", "left.csv", "inner/deep/a.csv")}
    for file in (outside, *files.values()):
        file.touch(PRIVATE)
        os.chmod(file, PRIVATE)
    for folder in (inner, inner.parent):
        os.chmod(folder, 0o700)
    os.symlink(outside, roots.shared / "link.csv")
    os.link(outside, roots.shared / "hard.csv")
    lend(roots, ["shared/chosen.csv", "shared/inner", "shared/link.csv", "shared/hard.csv", "shared/../outside.txt", "/etc/shadow", "shared/none"])
    modes = {path.name: stat.S_IMODE(os.stat(path).st_mode) for path in (outside, inner, inner.parent, *files.values())}
    assert modes == {"outside.txt": PRIVATE, "deep": 0o750, "inner": 0o750, "chosen.csv": 0o640, "left.csv": PRIVATE, "a.csv": 0o640}


def test_nothing_changes_where_an_area_is_not_shared(roots: WorkspaceRoots) -> None:
    os.chmod(roots.shared, 0o700)
    (roots.shared / "a.csv").touch(PRIVATE)
    os.chmod(roots.shared / "a.csv", PRIVATE)
    lend(roots, ["shared/a.csv"])
    assert stat.S_IMODE(os.stat(roots.shared / "a.csv").st_mode) == PRIVATE
