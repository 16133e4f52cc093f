"""Hostile requests to the servers of the demo; the same requests to a stock server are the control."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from running_demo import Demo, wait_for

from jupyter_cbs.demo.labclient import Kernel

from .cases_http import CASES, Case
from .conftest import propose, stock_environment

SECRET = "kept apart from every workspace"
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@dataclass
class Answer:
    """What came back; status 0 where the connection was closed without an answer."""

    status: int
    text: str
    location: str = ""


@dataclass
class Peer:
    """A server and how somebody is known to it."""

    url: str
    token: str
    other: str = ""

    def cookies(self) -> dict[str, str]:
        """Log in as a browser does."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as browser:
            assert browser.get("lab", params={"token": self.token}, follow_redirects=True).status_code == 200
            return dict(browser.cookies)

    def send(self, case: Case, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        """Send a request exactly as it is written."""
        place = urlsplit(self.url)
        sent = dict(headers)
        match case.by:
            case "token":
                sent.setdefault("Authorization", f"token {self.token}")
            case "other":
                sent["Authorization"] = f"token {self.other}"
            case "cookie":
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies().items())
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
            sent.setdefault("Content-Length", str(len(data)))
        method = case.method
        if method == "WS":
            method = "GET"
            sent |= {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        sent.setdefault("Host", place.netloc)
        request = f"{method} {place.path}{path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items()) + "\r\n"
        with socket.create_connection((place.hostname, place.port), timeout=120) as sock:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.sendall(request.encode() + (data or b""))
                if "Content-Length" in case.headers:
                    sock.shutdown(socket.SHUT_WR)
            response = http.client.HTTPResponse(sock, method=method)
            try:
                response.begin()
                text = "" if response.status == 101 else response.read().decode(errors="replace")
            except (http.client.HTTPException, ConnectionError):
                return Answer(0, "")
            return Answer(response.status, text, response.getheader("Location", ""))


def filled(value: Any, hints: Mapping[str, Any]) -> Any:
    """Put what the attacker was told into a path or a body."""
    if isinstance(value, str):
        for name in sorted(hints, key=len, reverse=True):
            if value == name:
                return hints[name]
            value = value.replace(name, str(hints[name]))
    elif isinstance(value, dict):
        return {key: filled(inner, hints) for key, inner in value.items()}
    elif isinstance(value, list):
        return [filled(inner, hints) for inner in value]
    return value


def furnish(shared: Path, outside: Path) -> None:
    """Put into a workspace what its owner may have, and what a kernel without walls could have planted."""
    (outside / "secret.txt").write_text(SECRET)
    for name in ("gone.txt", "moved.txt"):
        (outside / name).write_text(SECRET)
    (shared / "f.txt").write_text("ordinary")
    (shared / "f.html").write_text("<p>ordinary")
    (shared / "n.ipynb").write_text(json.dumps(NOTEBOOK))
    (shared / "data.parquet").write_bytes(b"PAR1\x15\x04\xff\x00PAR1")
    (shared / "renamed.csv").write_bytes(b"PAR1\x15\x04\xff\x00PAR1")
    (shared / "link.txt").symlink_to(outside / "secret.txt")
    (shared / "linked").symlink_to(outside, target_is_directory=True)
    (shared / "environ.txt").symlink_to("/proc/self/environ")
    (outside / "named.txt").write_text(SECRET)
    os.link(outside / "named.txt", shared / "hard.txt")


PLANTED = {"$LINKED_FOLDER": "linked", "$LINK": "link.txt", "$HARD": "hard.txt", "$ENVIRON": "environ.txt", "$NOTEBOOK": NOTEBOOK}
FILES = ("f.txt", "f.html", "n.ipynb", "data.parquet", "renamed.csv", "link.txt", "linked", "environ.txt", "hard.txt")


@pytest.fixture(scope="module")
def hints(deployment: Demo, others: Kernel) -> Iterator[dict[str, Any]]:
    """A furnished workspace, requests in every state, things of others."""
    outside = deployment.root / f"outside-{secrets.token_hex(4)}"
    outside.mkdir(mode=0o777)
    furnish(deployment.shared(), outside)
    (deployment.personal("leader") / "private.txt").write_text(SECRET)
    (deployment.shared("9002") / "theirs.txt").write_text(SECRET)
    researcher, leader = deployment.client("researcher"), deployment.client("leader")
    draft = researcher.api("POST", "exports", {"title": "A draft"})
    foreign = deployment.client("outsider").api("POST", "exports", {"title": "Of another project"})
    proposed, reviewed = propose(deployment, "waits-for-the-leader"), propose(deployment, "waits-for-checkers")
    reviewed = leader.api("POST", f"exports/{reviewed['id']}/actions/submit", {"version": reviewed["version"], "pin": leader.pin})
    with researcher.kernel() as kernel:
        yield {
            **PLANTED,
            "$KERNEL": kernel.id,
            "$OTHER_KERNEL": others.id,
            "$OTHER_SESSION": others.session_id,
            "$DRAFT": draft["id"],
            "$FOREIGN": foreign["id"],
            "$PROPOSED": proposed["id"],
            "$VERSION": proposed["version"],
            "$REVIEWED": reviewed["id"],
            "$REVIEWED_VERSION": reviewed["version"],
            "$DIGEST": reviewed["digest"],
            "$PIN": leader.pin,
            "$CHECKER_PIN": deployment.accounts["checker1"]["pin"],
        }
    for name in FILES:
        with contextlib.suppress(FileNotFoundError):
            (deployment.shared() / name).unlink()


def state(demo: Demo, hints: Mapping[str, Any]) -> list[Any]:
    """What no refused request may have changed."""
    researcher = demo.client("researcher")
    requests = {name: researcher.api("GET", f"exports/{hints[name]}") for name in ("$DRAFT", "$PROPOSED", "$REVIEWED")}
    files = sorted(str(path) for folder in (demo.shared(), demo.personal("researcher"), demo.personal("leader")) for path in folder.rglob("*"))
    kernels = sorted(kernel["id"] for kernel in researcher.request("GET", "api/kernels").json())
    outside = {path.name: path.read_text() for path in Path(os.readlink(demo.shared() / "linked")).iterdir()}
    return [{name: (found["state"], found["version"], found["title"]) for name, found in requests.items()}, files, kernels, outside]


@pytest.fixture(scope="module")
def before(deployment: Demo, hints: dict[str, Any]) -> list[Any]:
    """The state before the first request."""
    return state(deployment, hints)


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_request_is_refused(deployment: Demo, hints: dict[str, Any], case: Case) -> None:
    account = deployment.accounts[case.account]
    peer = Peer(account["url"], account["token"], deployment.accounts["viewer"]["token"])
    answer = peer.send(case, filled(case.path, hints), filled(case.body, hints), case.headers)
    assert answer.status in case.answers, answer
    # a page of Jupyter's own holds the token of whoever it was given to, and only theirs
    for told in (SECRET, "root:x:0:0:root", "PATH=", *([account["token"]] if case.by in ("nobody", "other") else [])):
        assert told not in answer.text
    assert "elsewhere.example" not in answer.location
    if case.code:
        assert json.loads(answer.text)["code"] == case.code


def test_nothing_changed(deployment: Demo, hints: dict[str, Any], before: list[Any]) -> None:
    assert state(deployment, hints) == before


def test_what_the_person_may_do_still_works(deployment: Demo, hints: dict[str, Any]) -> None:
    """So that the refusals are not those of a server that refuses everything."""
    account = deployment.accounts["researcher"]
    peer = Peer(account["url"], account["token"])
    for path, status in (("api/contents/shared/f.txt", 200), ("cbs/api/project", 200), (f"api/kernels/{hints['$KERNEL']}", 200), ("lab", 200)):
        assert peer.send(Case("", "GET", path), path, None, {}).status == status
    ok = Case("", "WS", "", by="cookie", headers={"Origin": account["url"].rsplit("/", 2)[0]})
    assert peer.send(ok, f"api/kernels/{hints['$KERNEL']}/channels", None, ok.headers).status == 101


@pytest.mark.parametrize("path", ["lab", "lab/tree/shared", "login", "api/contents/shared", "cbs/api/project", "files/shared/f.txt", "static/x"])
def test_no_page_lies_in_a_frame_of_another(deployment: Demo, path: str) -> None:
    """An output could lay the workspace itself, unseen, over what a person is about to press."""
    answer = deployment.client("researcher").http.get(path, follow_redirects=False)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


# ------------------------------------------------------------------------------------------------------ control


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory, stock_port: int) -> Iterator[tuple[Peer, Path]]:
    """A Jupyter server as it comes, on a folder with the same things in it."""
    folder = tmp_path_factory.mktemp("stock")
    for name in ("root/shared", "root/personal", "outside", "home"):
        (folder / name).mkdir(parents=True)
    furnish(folder / "root" / "shared", folder / "outside")
    token = secrets.token_hex(8)
    extensions = {"jupyter_cbs": False, "jupyter_server_terminals": True}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={stock_port}",
               f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder / 'root'}",
               f"--ServerApp.jpserver_extensions={extensions}"]  # fmt: skip
    process = subprocess.Popen(command, env=stock_environment(folder / "home"), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{stock_port}/"
    try:

        def up() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{url}api/status", headers={"Authorization": f"token {token}"}, trust_env=False, timeout=60).status_code == 200
            return False

        wait_for(up, 120, "the start of the stock server")
        yield Peer(url, token), folder
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize("case", [case for case in CASES if case.outside], ids=lambda case: case.name)
def test_on_a_stock_server_it_succeeds(stock: tuple[Peer, Path], case: Case) -> None:
    peer, _ = stock
    answer = peer.send(case, filled(case.path, PLANTED), filled(case.body, PLANTED), case.headers)
    assert 200 <= answer.status < 300, answer


def test_on_a_stock_server_secrets_are_read_and_overwritten(stock: tuple[Peer, Path]) -> None:
    peer, folder = stock
    (folder / "outside" / "secret.txt").write_text(SECRET)
    read = Case("", "GET", "")
    assert SECRET in peer.send(read, "api/contents/shared/linked/secret.txt", None, {}).text
    peer.send(Case("", "PUT", ""), "api/contents/shared/link.txt", {"type": "file", "format": "text", "content": "gone"}, {})
    assert (folder / "outside" / "secret.txt").read_text() == "gone"


def test_on_a_stock_server_pages_lie_in_frames_of_another(stock: tuple[Peer, Path]) -> None:
    peer, _ = stock
    answer = httpx.get(f"{peer.url}lab", headers={"Authorization": f"token {peer.token}"}, trust_env=False, timeout=60)
    assert "frame-ancestors 'none'" not in answer.headers["Content-Security-Policy"]
