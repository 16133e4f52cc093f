"""A kernel cannot fill the disk of the others: past the line above an area's limit those that write end, and only those."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_demo import Demo, wait_for, writes_are_counted

from jupyter_cbs.broker.deployment import Deployment
from jupyter_cbs.demo.labclient import LabClient
from jupyter_cbs.domain.errors import Unavailable

MB = 10**6
ROOM = 20 * MB
OVERRUN = 10 * MB

# writes without end, in steps of 2 MB; bounded, so that a wall that fails fills no disk
FILL = """
import os, signal, time
file = open('{area}/fill.bin', 'wb', buffering=0)
{before}
print('started', flush=True)
for _ in range(200):
    file.write(os.urandom(2_000_000))
    time.sleep(0.05)  # how fast it attacks; nothing is awaited here
while True: signal.pause()
"""


@pytest.fixture
def tight(deployment: Demo) -> Iterator[Demo]:
    """The demo with just a little room in the areas of project 9001, and what filled them removed afterwards."""
    policy = deployment.root / "policies" / "projects" / "9001.yaml"
    before = policy.read_text()
    leader, researcher = deployment.client("leader"), deployment.client("researcher")
    shared = measured(leader)["shared"]["used_bytes"]
    personal = max(measured(client)["personal"]["used_bytes"] for client in (leader, researcher))
    limits = {"shared": (shared + ROOM) / 1e9, "personal": (personal + ROOM) / 1e9}
    policy.write_text(before + f"\nquota: {{shared: {limits['shared']}, personal: {limits['personal']}, overrun: {OVERRUN / 1e9}}}\n")
    try:
        wait_for(lambda: measured(leader)["shared"]["limit_bytes"] == shared + ROOM, 120, "the new limit")
        yield deployment
    finally:
        policy.write_text(before)
        for place in fills(deployment):
            place.unlink(missing_ok=True)
            if (closed := place.parent / "closed").exists():
                closed.chmod(0o700)
                shutil.rmtree(closed)
        wait_for(lambda: measured(leader)["shared"]["limit_bytes"] > shared + ROOM, 120, "the old limit")


def measured(client: LabClient) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = client.request("POST", "cbs/api/quota/measurements", {}).json()
    return found


def fills(demo: Demo) -> list[Path]:
    place = Deployment(demo.root)
    areas = (place.shared("9001"), place.personal("9001", "researcher"), place.personal("9001", "leader"))
    return [area / "fill.bin" for area in areas]


def test_a_kernel_that_fills_the_personal_area_ends_and_returns_when_there_is_room(tight: Demo) -> None:
    client = tight.client("researcher")
    with tight.client("leader").kernel() as other, client.kernel() as kernel:
        other.run("kept = 42")
        number = kernel.send(FILL.format(area="personal", before=""))
        with pytest.raises(Unavailable, match=r"Personal workspace takes .* Delete files under personal/"):
            kernel.receive(number, 300)
        wait_for(lambda: client.request("GET", "api/kernels").json() == [], 120, "the end of the kernel")
        assert other.run("print(kept)").text == "42\n"
    refused = client.start_kernel("personal/again.ipynb")
    assert refused.status_code == 507, refused.text
    assert "Delete files under personal/" in refused.json()["message"]
    assert client.request("DELETE", "api/contents/personal/fill.bin").status_code == 204
    with client.kernel() as kernel:
        assert kernel.run("print(6 * 7)").text == "42\n"


def test_who_fills_the_shared_area_ends_and_nobody_else(tight: Demo) -> None:
    if not writes_are_counted(tight.root):
        pytest.skip("this file system does not tell who writes")
    leader, client = tight.client("leader"), tight.client("researcher")
    with leader.kernel() as other, client.kernel() as kernel:
        # within its limits, and it goes on writing
        busy = "import os, time\nopen('personal/fill.bin', 'wb').write(os.urandom(5_000_000))\nprint('kept')"
        assert other.run(busy).text == "kept\n"
        number = kernel.send(FILL.format(area="shared", before=""))
        with pytest.raises(Unavailable, match=r"Shared workspace takes .* Delete files under shared/"):
            kernel.receive(number, 300)
        wait_for(lambda: client.request("GET", "api/kernels").json() == [], 120, "the end of the kernel")
        assert other.run("print(len(open('personal/fill.bin', 'rb').read()))").text == "5000000\n"
        assert client.start_kernel("personal/again.ipynb").status_code == 507
        with leader.kernel("personal/another.ipynb") as another:
            assert another.run("print(1)").text == "1\n"
        assert leader.request("DELETE", "api/contents/shared/fill.bin").status_code == 204
        with client.kernel() as kernel:
            assert kernel.run("print(6 * 7)").text == "42\n"


def test_a_file_without_a_name_counts(tight: Demo) -> None:
    with tight.client("researcher").kernel() as kernel:
        number = kernel.send(FILL.format(area="shared", before="os.unlink('shared/fill.bin')"))
        with pytest.raises(Unavailable, match="Personal workspace takes"):
            kernel.receive(number, 300)


@pytest.mark.parametrize("mode", [0o700, 0])
def test_a_folder_that_was_closed_counts(tight: Demo, mode: int) -> None:
    """The broker cannot look into it: the first is closed to its account where it has one of its own, the second to everybody."""
    code = f"""
import os
os.makedirs('personal/closed', exist_ok=True)
file = open('personal/closed/fill.bin', 'wb', buffering=0)
os.chmod('personal/closed', {mode})
"""
    with tight.client("researcher").kernel() as kernel:
        number = kernel.send(FILL.format(area="personal", before=code))
        with pytest.raises(Unavailable, match="Personal workspace takes"):
            kernel.receive(number, 300)


def test_who_closes_a_folder_again_and_again_ends(tight: Demo) -> None:
    code = """
import os, time
os.makedirs('personal/closed', exist_ok=True)
print('started', flush=True)
for _ in range(50_000):
    os.chmod('personal/closed', 0)
    time.sleep(0.01)  # how fast it attacks; nothing is awaited here
"""
    with tight.client("researcher").kernel() as kernel:
        number = kernel.send(code)
        with pytest.raises(Unavailable, match="closes a folder of the workspace again and again"):
            kernel.receive(number, 300)


def test_a_kernel_within_its_limits_writes_on(tight: Demo) -> None:
    """The same bytes again and again: what is written is much, what is held is not."""
    code = """
import os
for _ in range(60):
    with open('shared/fill.bin', 'wb') as file: file.write(os.urandom(2_000_000))
print('done')
"""
    with tight.client("researcher").kernel() as kernel:
        assert kernel.run(code).text == "done\n"
        assert kernel.run("print('still here')").text == "still here\n"
