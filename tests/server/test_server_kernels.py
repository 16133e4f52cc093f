"""Kernels: one spec, a session at the broker, a clean environment, and a reason where they are refused."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import traitlets
import websocket
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from running_demo import Demo, wait_for
from tornado.web import HTTPError

from jupyter_cbs.demo.labclient import Kernel
from jupyter_cbs.domain.errors import Unavailable
from jupyter_cbs.server.kernels import ForcedProvisionerFactory, LockedKernelSpecManager, r_program
from jupyter_cbs.server.provisioner import CbsProvisioner


def test_a_kernel_sees_the_workspace_and_no_secrets(deployment: Demo) -> None:
    client = deployment.client("researcher")
    client.save("shared/for-kernel.txt", "hello from the file browser")
    with client.kernel("shared/deep/notebook.ipynb") as kernel:
        output = kernel.run(
            "import json, os\n"
            "open('personal/from-kernel.txt', 'w').write('hello from the kernel')\n"
            "print(json.dumps({'env': dict(os.environ), 'seen': sorted(os.listdir('.')), 'text': open('shared/for-kernel.txt').read()}))"
        )
        found = json.loads(output.text)
    assert found["seen"] == ["personal", "shared"]
    assert found["text"] == "hello from the file browser"
    assert client.request("GET", "api/contents/personal/from-kernel.txt").json()["content"] == "hello from the kernel"
    environment = found["env"]
    assert environment["PYTHONNOUSERSITE"] == "1"
    assert environment["CBS_SESSION"] == "/run/cbs/s"
    assert environment["PWD"] == "/workspace"
    assert not any(re.search("TOKEN|SECRET|PASSWORD|JUPYTERHUB", name) for name in environment)
    everything = json.dumps(environment)
    for account in deployment.accounts.values():
        assert account["token"] not in everything
        assert account["pin"] not in environment.values()


def test_what_a_wall_refuses_is_said_below_the_error(deployment: Demo) -> None:
    refused = {
        "import urllib.request; urllib.request.urlopen('https://example.com')": "Kernels hebben geen netwerk",
        "import socket; socket.create_connection(('192.0.2.1', 443))": "Kernels hebben geen netwerk",
        "%pip install nothere": "Kernels hebben geen netwerk",
        "x = bytearray(2**50)": "Een kernel heeft ten hoogste ",
        "open('/etc/x', 'w')": "schrijft alleen in shared/, personal/ en /tmp",
        "import os; os.symlink('/etc/passwd', 'shared/zlink')": "koppelingen kunnen dus niet",
        "open('shared/z.txt', 'w').close(); os.link('shared/z.txt', 'personal/z.txt')": "koppelingen kunnen dus niet",
        "open('/tmp/x', 'wb').write(bytes(1100 * 2**20))": "zet grote bestanden in shared/ of personal/",
    }
    others = ["1 / 0", "open('shared/none.csv')", "raise ValueError('mine')", "# pip install nothere", "x = 'pip install'"]
    others.append("class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError('no words')\nraise Odd()")
    # the pages of whoever starts the kernel are in Dutch, and no cell says so
    with deployment.client("researcher", "nl").kernel() as kernel:
        said = {code: kernel.run(code).text for code in refused}
        assert {code: refused[code] in text for code, text in said.items()} == dict.fromkeys(refused, True), said
        assert {code: kernel.run(code).text for code in others} == dict.fromkeys(others, "")


def test_messages_travel_over_private_sockets(deployment: Demo) -> None:
    with deployment.client("researcher").kernel() as kernel:
        output = kernel.run("import ipykernel.kernelapp as k; app = k.IPKernelApp.instance(); print(app.transport, app.ip, *app.ports)")
        transport, place, *ports = output.text.split()
        assert (transport, place) == ("ipc", "/run/kernel/sockets/s")
        assert len(ports) == 5
        (folder,) = deployment.runtime("researcher").glob("k*")
        assert folder.stat().st_mode & 0o077 == 0
        assert all((folder / f"s-{port}").is_socket() for port in ports)
    wait_for(lambda: not folder.exists(), 120, "the end of the sockets")


def test_sessions_come_and_go_with_their_kernels(deployment: Demo) -> None:
    client = deployment.client("researcher")
    with client.kernel() as kernel:
        (first,) = deployment.sessions()
        assert (deployment.root / "run" / "sessions" / first / "s").is_socket()
        assert client.request("POST", f"api/kernels/{kernel.id}/restart").status_code == 200
        wait_for(lambda: first not in deployment.sessions(), 120, "the end of the old session")
    wait_for(lambda: not deployment.sessions(), 120, "the end of all sessions")


def test_a_restarted_kernel_has_a_new_session(deployment: Demo) -> None:
    client = deployment.client("researcher")
    with client.kernel() as kernel:
        first = deployment.sessions()
        client.request("POST", f"api/kernels/{kernel.id}/restart")
        second = kernel.run("import jupyter_cbs as cbs; print(cbs.connect())")
        assert second.error is None
        assert "9001" in second.text
        wait_for(lambda: deployment.sessions() and not first & deployment.sessions(), 120, "the end of the old session")


def test_a_cell_ends_for_a_client_whose_word_for_it_was_lost(deployment: Demo) -> None:
    """What a kernel says before its server listens again, just after a restart, is not heard."""
    silent = """
kernel = get_ipython().kernel
publish = kernel._publish_status
def once(status, *args, **kwargs):
    if status == 'idle':
        kernel._publish_status = publish
    else:
        publish(status, *args, **kwargs)
kernel._publish_status = once
print('done')
"""
    with deployment.client("researcher").kernel() as kernel:
        assert kernel.run(silent, 120).text == "done\n"
        assert kernel.run("print(publish.__name__)").text == "_publish_status\n"


def test_kernels_that_ended_leave_no_dead_processes(deployment: Demo) -> None:
    """What a server or the broker ends with its whole group comes to the supervisor, which has to take notice of it."""

    def dead() -> list[str]:
        found = []
        for children in Path(f"/proc/{deployment.process.pid}/task").glob("*/children"):
            for child in children.read_text().split():
                with contextlib.suppress(OSError):
                    found += [child] if "\nState:\tZ" in Path(f"/proc/{child}/status").read_text() else []
        return found

    for _ in range(3):
        with deployment.client("researcher").kernel() as kernel:
            assert kernel.run("import jupyter_cbs as cbs; print(len(cbs.connect().sql('SELECT 1 AS x').df()))").text.strip() == "1"
    wait_for(lambda: not dead(), 60, "the end of what was dead")


def test_kernels_of_somebody_who_left_end_with_the_reason(deployment: Demo) -> None:
    """A running kernel reads the project's files without asking anybody."""
    client = deployment.client("outsider")
    policy = deployment.root / "policies" / "projects" / "9002.yaml"
    before = policy.read_text()
    member = next(line for line in before.splitlines(keepends=True) if "user: outsider" in line)
    assert client.save("shared/kept.txt", "the project's").status_code in (200, 201)
    known = deployment.sessions()
    with client.kernel() as kernel:
        theirs = deployment.sessions() - known
        number = kernel.send("import time; print(open('shared/kept.txt').read(), flush=True); time.sleep(600)")
        kernel.await_text(number, "the project's")
        address = client.url.replace("http", "ws", 1) + "api/events/subscribe"
        events = websocket.create_connection(address, timeout=120, header=[f"Authorization: token {client.token}"])
        try:
            policy.write_text(before.replace(member, ""))
            told = ""
            while "kernels were ended" not in told:
                told = events.recv()
            assert "has no role in project" in told
            assert client.request("GET", "api/kernels").json() == []
            wait_for(lambda: not theirs & deployment.sessions(), 120, "the end of the session")
        finally:
            events.close()
            policy.write_text(before)
        wait_for(lambda: client.request("GET", "cbs/api/project").status_code == 200, 120, "the return of the person")


def test_a_kernel_that_ends_while_the_broker_does_not_answer_leaves_no_session(deployment: Demo) -> None:
    """A person has eight at most, and the broker ends none of a workspace server that runs."""
    place = deployment.root / "run" / "gateway" / "9001.researcher" / "s"
    away = place.with_name("away")
    known = deployment.sessions()
    with deployment.client("researcher").kernel():
        assert deployment.sessions() - known
        place.rename(away)
    try:
        assert deployment.sessions() - known
    finally:
        away.rename(place)
    wait_for(lambda: not deployment.sessions() - known, 120, "the end of the session")


def test_two_kernels_at_once_are_two_sessions(deployment: Demo) -> None:
    client = deployment.client("researcher")
    ask = "import jupyter_cbs as cbs; ws = cbs.connect(); print(len(ws.sql('SELECT 42 AS x').df()))"
    with client.kernel("personal/one.ipynb") as one, client.kernel("personal/two.ipynb") as two:
        numbers = [kernel.send(ask) for kernel in (one, two)]
        outputs = [kernel.receive(number) for kernel, number in zip((one, two), numbers, strict=True)]
        assert len(deployment.sessions()) == 2
    assert [(output.error, output.text.strip()) for output in outputs] == [(None, "1"), (None, "1")]


def test_interrupt(deployment: Demo) -> None:
    with deployment.client("researcher").kernel() as kernel:
        number = kernel.send("print('started', flush=True)\nwhile True: pass")
        kernel.await_text(number, "started")  # before that an interrupt is answered by an idle kernel
        kernel.interrupt()
        output = kernel.receive(number, 120)
        assert output.error is not None
        assert output.error[0] == "KeyboardInterrupt"
        assert kernel.run("print(1 + 1)").text.strip() == "2"


@pytest.mark.parametrize(("account", "word"), [("viewer", "viewer"), ("checker1", "checker"), ("admin", "admin")])
def test_a_refused_kernel_says_why(deployment: Demo, account: str, word: str) -> None:
    client = deployment.client(account)
    for answer in (client.start_kernel("personal/x.ipynb"), client.request("POST", "api/kernels", {"name": "cbs-python"})):
        assert answer.status_code == 403, answer.text
        assert word in answer.json()["message"].lower()
    assert client.request("GET", "api/kernels").json() == []
    assert client.request("GET", "api/sessions").json() == []


def test_only_the_own_kernel_specs_are_offered(deployment: Demo) -> None:
    client = deployment.client("researcher")
    found = client.request("GET", "api/kernelspecs").json()
    assert found["default"] == "cbs-python"
    assert set(found["kernelspecs"]) == LockedKernelSpecManager.offered()
    assert found["kernelspecs"]["cbs-python"]["spec"]["display_name"] == "CBS Python"
    for name in ("python3", "../cbs-python", "ir"):
        assert client.request("POST", "api/kernels", {"name": name}).status_code >= 400
    assert client.request("GET", "api/kernels").json() == []


@pytest.fixture
def factory() -> Iterator[ForcedProvisionerFactory]:
    """The factory as the extension installs it."""
    ForcedProvisionerFactory.clear_instance()
    KernelProvisionerFactory.clear_instance()
    yield ForcedProvisionerFactory.instance()
    ForcedProvisionerFactory.clear_instance()


def test_specs_of_a_person_are_never_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factory: ForcedProvisionerFactory) -> None:
    for name in ("evil", "cbs-python"):
        spec = tmp_path / "kernels" / name
        spec.mkdir(parents=True)
        (spec / "kernel.json").write_text(json.dumps({"argv": ["/bin/sh", "-c", "id"], "display_name": "evil", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    manager = LockedKernelSpecManager(
        config=traitlets.config.Config({"KernelSpecManager": {"kernel_dirs": [str(tmp_path / "kernels")], "ensure_native_kernel": True}})
    )
    assert set(manager.find_kernel_specs()) == LockedKernelSpecManager.offered()
    spec = manager.get_kernel_spec("cbs-python")
    assert spec.display_name == "CBS Python"
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == "cbs-provisioner"
    assert spec.env == {}


def test_r_is_offered_only_with_its_kernel(tmp_path: Path) -> None:
    program, library = tmp_path / "R", tmp_path / "library"
    assert r_program([program], [library]) is None
    program.touch()
    assert r_program([program], [library]) is None
    (library / "IRkernel").mkdir(parents=True)
    (library / "IRkernel" / "DESCRIPTION").touch()
    assert r_program([tmp_path / "nowhere", program], [tmp_path / "empty", library]) == program
    program.unlink()
    assert r_program([program], [library]) is None


def test_no_spec_chooses_its_own_provisioner(factory: ForcedProvisionerFactory) -> None:
    assert KernelProvisionerFactory.instance() is factory
    spec = LockedKernelSpecManager().get_kernel_spec("cbs-python")
    spec.metadata["kernel_provisioner"] = {"provisioner_name": "local-provisioner", "config": {}}
    assert isinstance(factory.create_provisioner_instance("k", spec, None), CbsProvisioner)


def test_a_provisioner_without_a_workspace_starts_nothing(factory: ForcedProvisionerFactory) -> None:
    provisioner = CbsProvisioner(kernel_id="k", kernel_spec=LockedKernelSpecManager().get_kernel_spec("cbs-python"), parent=None)
    with pytest.raises(HTTPError, match="workspace") as caught:
        asyncio.run(provisioner.pre_launch())
    assert caught.value.status_code == 503


def test_a_kernel_that_is_killed_is_noticed(deployment: Demo) -> None:
    client = deployment.client("researcher")
    with client.kernel() as kernel:
        first = deployment.sessions()
        number = kernel.send("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
        with pytest.raises(Unavailable, match="ended unexpectedly"):
            kernel.receive(number)
        # Jupyter starts it again by itself, with a session of its own
        wait_for(lambda: not first & deployment.sessions(), 120, "the end of the dead kernel's session")
        output = kernel.run("import jupyter_cbs as cbs; print(cbs.connect())", 120)
        assert output.error is None
        assert "9001" in output.text


def test_who_was_hung_up_on_finds_the_kernel_again(deployment: Demo) -> None:
    """A server hangs up on who does not answer its pings; what the kernel holds stays."""
    with deployment.client("researcher").kernel() as kernel:
        kernel.run("kept = 42")
        kernel._socket.sock.shutdown(socket.SHUT_RDWR)
        assert kernel.run("print(kept)").text == "42\n"


def test_two_tabs_share_a_kernel(deployment: Demo) -> None:
    client = deployment.client("researcher")
    with client.kernel() as one:
        other = Kernel(client, one.id, one.session_id)
        try:
            assert other.run("shared = 6 * 7").error is None
            number = one.send("print(shared)")
            # what one tab runs, the other shows as well
            other.await_text(number, "42")
            assert one.receive(number).text == "42\n"
            assert other.run("print(shared + 1)").text == "43\n"
        finally:
            other.close()
        assert one.run("print(shared)").text == "42\n"


def test_servers_listen_on_the_loopback_interface_only(deployment: Demo) -> None:
    for account in deployment.accounts.values():
        port = int(account["url"].split(":")[2].split("/")[0])
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        local = [row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
        assert local == [socket.inet_aton("127.0.0.1")[::-1].hex().upper()]
