"""Files of the workspace through the contents API: two folders, no way out, nothing lost."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from running_demo import Demo, wait_for

from jupyter_cbs.domain.errors import CbsError, Refused
from jupyter_cbs.server.content import DATA_SUFFIXES, shown_as
from jupyter_cbs.server.files import Upload, WorkspaceFiles
from jupyter_cbs.system.beneath import WorkspaceRoots


def get(demo: Demo, path: str, account: str = "researcher", **query: str):
    return demo.client(account).request("GET", f"api/contents/{quote(path)}", params=query)


@pytest.fixture
def folder(deployment: Demo, request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    """A fresh folder in the shared area: workspace path and place on disk."""
    name = f"t-{abs(hash(request.node.name)) % 10**8}"
    assert deployment.client("researcher").save(f"shared/{name}", None, "directory").status_code == 201
    yield f"shared/{name}", deployment.shared() / name
    deployment.client("researcher").request("DELETE", f"api/contents/shared/{name}")


def test_the_top_level_holds_two_folders_and_takes_nothing(deployment: Demo) -> None:
    top = get(deployment, "").json()
    assert [item["path"] for item in top["content"]] == ["shared", "personal"]
    assert top["writable"] is False
    client = deployment.client("researcher")
    for path in ("x.txt", "other/x.txt", "shared", "personal"):
        assert client.save(path, "x").status_code in (400, 403)
    assert client.request("POST", "api/contents", {"type": "directory"}).status_code in (400, 403)
    assert "At the top level there are only" in client.request("POST", "api/contents", {"type": "directory"}).json()["message"]
    # what JupyterLab's own cards send at the top level
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    made = deployment.client("researcher", "nl").save("Untitled.ipynb", notebook, "notebook")
    assert (made.status_code, made.json()["message"]) == (
        403,
        "Op het hoogste niveau zijn er alleen shared en personal. Kies een plaats in een van beide.",
    )
    for path in ("shared", "personal"):
        assert client.request("DELETE", f"api/contents/{path}").status_code == 403
        assert client.request("PATCH", f"api/contents/{path}", {"path": "elsewhere"}).status_code in (400, 403)
    assert deployment.shared().is_dir()


def test_write_read_rename_copy_delete(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, place = folder
    client = deployment.client("researcher")
    text = "één\ntwee\n"
    saved = client.save(f"{path}/a b.txt", text)
    assert saved.status_code == 201
    assert (place / "a b.txt").read_text() == text
    got = get(deployment, f"{path}/a b.txt", hash="1").json()
    assert (got["content"], got["format"], got["type"], got["size"]) == (text, "text", "file", len(text.encode()))
    assert len(got["hash"]) == 64
    of_folder = get(deployment, path, hash="1")
    assert (of_folder.status_code, "only files have a hash" in of_folder.json()["message"]) == (400, True)
    assert client.request("PATCH", f"api/contents/{quote(path)}/a%20b.txt", {"path": f"{path}/c.txt"}).status_code == 200
    assert not (place / "a b.txt").exists()
    copy = client.request("POST", f"api/contents/{path}", {"copy_from": f"{path}/c.txt"})
    assert copy.status_code == 201
    assert (place / copy.json()["name"]).read_text() == text
    assert client.request("DELETE", f"api/contents/{path}/c.txt").status_code == 204
    assert not (place / "c.txt").exists()
    assert {item["name"] for item in get(deployment, path).json()["content"]} == {copy.json()["name"]}


def test_files_are_writable_for_whoever_may_write_them(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, _ = folder
    deployment.client("researcher").save(f"{path}/read.txt", "text")
    for account, writable in (("researcher", True), ("leader", True), ("viewer", False)):
        for content in ("0", "1"):
            assert get(deployment, f"{path}/read.txt", account, content=content).json()["writable"] is writable
        listing = get(deployment, path, account).json()
        assert [listing["writable"], *(item["writable"] for item in listing["content"])] == [writable] * 2
        assert {area["writable"] for area in get(deployment, "", account).json()["content"]} == {writable}


def test_a_rename_overwrites_nothing(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, place = folder
    client = deployment.client("researcher")
    client.save(f"{path}/a.txt", "a")
    client.save(f"{path}/b.txt", "b")
    answer = client.request("PATCH", f"api/contents/{path}/a.txt", {"path": f"{path}/b.txt"})
    assert answer.status_code == 409
    assert ((place / "a.txt").read_text(), (place / "b.txt").read_text()) == ("a", "b")


def test_a_folder_moves_between_the_areas_and_copies(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, _ = folder
    client = deployment.client("researcher")
    client.save(f"{path}/sub", None, "directory")
    client.save(f"{path}/sub/a.txt", "a")
    assert client.request("PATCH", f"api/contents/{path}/sub", {"path": "personal/moved"}).status_code == 200
    moved = deployment.personal("researcher") / "moved"
    assert (moved / "a.txt").read_text() == "a"
    copied = client.request("POST", f"api/contents/{path}", {"copy_from": "personal/moved"})
    assert copied.status_code == 201
    assert (deployment.shared() / copied.json()["path"].removeprefix("shared/") / "a.txt").read_text() == "a"
    assert client.request("DELETE", "api/contents/personal/moved").status_code == 204
    assert not moved.exists()


def test_a_file_there_is_not_is_told_in_the_readers_language(deployment: Demo) -> None:
    client = deployment.client("researcher", "nl")
    for path in ("shared/geen.txt", "shared/.git/config", "shared/geen%20map/geen.txt"):
        missing = client.request("GET", f"api/contents/{path}")
        assert missing.status_code == 404
        assert missing.json()["message"].startswith(f"'{unquote(path)}' bestaat niet")
        assert "bestandsbrowser" in missing.json()["message"] or "spelling" in missing.json()["message"]


def test_a_name_that_cannot_be_is_refused_with_the_reason(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, _ = folder
    client = deployment.client("researcher", "nl")
    client.save(f"{path}/a.txt", "a")
    for name, why in ((".a.txt", "beginnen hier niet met een punt"), ("x" * 300, "de naam is te lang")):
        refused = client.request("PATCH", f"api/contents/{path}/a.txt", {"path": f"{path}/{name}"})
        assert refused.status_code in (400, 404)
        assert why in refused.json()["message"]
    assert get(deployment, f"{path}/a.txt").status_code == 200


def test_notebooks_and_their_checkpoints(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, place = folder
    client = deployment.client("researcher")
    made = client.request("POST", f"api/contents/{path}", {"type": "notebook", "ext": ".ipynb"})
    assert made.status_code == 201
    name = made.json()["path"]
    notebook = get(deployment, name).json()["content"]
    assert client.request("GET", f"api/contents/{name}/checkpoints").json() == []
    checkpoint = client.request("POST", f"api/contents/{name}/checkpoints")
    assert checkpoint.status_code == 201
    before = (place / made.json()["name"]).read_bytes()
    notebook["cells"] = [{"cell_type": "markdown", "id": "x", "metadata": {}, "source": "changed"}]
    assert client.save(name, notebook, "notebook").status_code == 200
    assert (place / made.json()["name"]).read_bytes() != before
    assert client.request("POST", f"api/contents/{name}/checkpoints/{checkpoint.json()['id']}").status_code == 204
    assert (place / made.json()["name"]).read_bytes() == before
    # it counts, in the person's own area, and is shown nowhere
    assert any((deployment.personal("researcher") / ".checkpoints").iterdir())
    assert {item["name"] for item in get(deployment, path).json()["content"]} == {made.json()["name"]}
    assert get(deployment, "personal/.checkpoints").status_code == 404
    client.request("DELETE", f"api/contents/{name}")
    assert not list((deployment.personal("researcher") / ".checkpoints").iterdir())


def test_checkpoints_follow_the_files_of_a_folder(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, place = folder
    client = deployment.client("researcher")
    kept = deployment.personal("researcher") / ".checkpoints"
    client.save(f"{path}/sub", None, "directory")
    client.save(f"{path}/sub/a.txt", "first")
    assert client.request("POST", f"api/contents/{path}/sub/a.txt/checkpoints").status_code == 201
    client.save(f"{path}/sub/a.txt", "second")
    assert client.request("PATCH", f"api/contents/{path}/sub", {"path": f"{path}/moved"}).status_code == 200
    (found,) = client.request("GET", f"api/contents/{path}/moved/a.txt/checkpoints").json()
    assert client.request("POST", f"api/contents/{path}/moved/a.txt/checkpoints/{found['id']}").status_code == 204
    assert (place / "moved" / "a.txt").read_text() == "first"
    before = set(kept.iterdir())
    assert client.request("DELETE", f"api/contents/{path}/moved").status_code == 204
    assert len(before - set(kept.iterdir())) == 1


def test_a_broken_notebook_can_be_repaired_as_text(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, place = folder
    (place / "broken.ipynb").write_text('{"cells": [')
    answer = get(deployment, f"{path}/broken.ipynb")
    assert answer.status_code == 400
    assert "no notebook" in answer.json()["message"]
    assert get(deployment, f"{path}/broken.ipynb", type="file", format="text").json()["content"] == '{"cells": ['


def test_links_lead_nowhere(deployment: Demo, folder: tuple[str, Path]) -> None:
    """What a kernel can plant in its workspace must not make the server open, change or delete something else."""
    path, place = folder
    secret = deployment.root / "secret.txt"
    secret.write_text("secret")
    (place / "link.txt").symlink_to(secret)
    (place / "out").symlink_to(deployment.root, target_is_directory=True)
    (place / "self").symlink_to("/proc/self", target_is_directory=True)
    os.link(secret, place / "hard.txt")
    os.mkfifo(place / "fifo.txt")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as planted:
        planted.bind(str(place / "s"))
        client = deployment.client("researcher")
        for name in ("link.txt", "out/secret.txt", "self/environ", "hard.txt", "fifo.txt", "s", "out", "out/state"):
            answer = get(deployment, f"{path}/{name}", content="1")
            assert answer.status_code in (403, 404), (name, answer.text)
            assert "secret" not in answer.text.replace("secret.txt", "")
            assert client.save(f"{path}/{name}", "overwritten").status_code in (400, 403, 404, 409), name
            assert client.request("POST", f"api/contents/{path}", {"copy_from": f"{path}/{name}"}).status_code in (400, 403, 404), name
        assert client.request("PATCH", f"api/contents/{path}/out/secret.txt", {"path": f"{path}/stolen.txt"}).status_code in (400, 403, 404)
        assert client.request("DELETE", f"api/contents/{path}/out/secret.txt").status_code in (400, 403, 404)
        assert [item["name"] for item in get(deployment, path).json()["content"]] == []
    assert secret.read_text() == "secret"
    # the link itself may go, its target stays
    assert client.request("DELETE", f"api/contents/{path}/link.txt").status_code == 204
    assert secret.read_text() == "secret"
    (place / "hard.txt").unlink()
    secret.unlink()


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "shared/../../x",
        "shared/..%2f..%2fx",
        "/etc/passwd",
        "shared//etc/passwd",
        "shared/.hidden",
        "shared/a/.git/config",
        "nowhere/x",
        "shared/x\x01y",
    ],
)
def test_odd_paths(deployment: Demo, path: str) -> None:
    client = deployment.client("researcher")
    address = f"api/contents/{path if '%' in path else quote(path)}"
    assert client.request("GET", address).status_code in (400, 403, 404)
    assert client.request("PUT", address, {"type": "file", "format": "text", "content": "x"}).status_code in (400, 403, 404)
    assert not list(deployment.root.glob("**/x\x01y"))


def test_data_and_binary_content_do_not_pass_through_the_browser(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, place = folder
    (place / "data.parquet").write_bytes(b"PAR1")
    (place / "renamed.csv").write_bytes(b"PAR1\x15\x04\xff\x00PAR1")
    (place / "text.rds").write_text("text")
    picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
    (place / "p.png").write_bytes(picture)
    for name in ("data.parquet", "renamed.csv", "text.rds"):
        for query in ({}, {"type": "file", "format": "base64"}, {"type": "notebook"}, {"hash": "1", "content": "1"}):
            answer = get(deployment, f"{path}/{name}", **query)
            assert answer.status_code == 403, (name, query, answer.text)
            assert "notebook" in answer.json()["message"]
        assert get(deployment, f"{path}/{name}", content="0").json()["content"] is None
    shown = get(deployment, f"{path}/p.png").json()
    assert (shown["format"], shown["mimetype"]) == ("base64", "image/png")
    assert base64.b64decode(shown["content"]) == picture
    client = deployment.client("researcher")
    body = {"type": "file", "format": "base64", "content": base64.b64encode(b"PAR1").decode()}
    assert client.request("PUT", f"api/contents/{path}/up.parquet", body).status_code == 403
    assert client.request("PUT", f"api/contents/{path}/up.sav", body | {"chunk": 1}).status_code == 403


def test_uploads_in_chunks_appear_when_complete(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, place = folder
    client = deployment.client("researcher")

    def chunk(number: int, content: bytes, name: str = "big.txt") -> int:
        body = {"type": "file", "format": "base64", "chunk": number, "content": base64.b64encode(content).decode()}
        return client.request("PUT", f"api/contents/{path}/{name}", body).status_code

    assert chunk(1, b"one ") == 201
    assert not (place / "big.txt").exists()
    assert chunk(2, b"two ") == 201
    assert chunk(-1, b"three") == 201
    assert (place / "big.txt").read_bytes() == b"one two three"
    # an upload that breaks off leaves the old file as it was
    assert chunk(1, b"new") == 200
    assert chunk(3, b"out of step") == 409
    assert chunk(-1, b"too late") == 409
    assert (place / "big.txt").read_bytes() == b"one two three"
    assert [entry.name for entry in place.iterdir()] == ["big.txt"]


@pytest.fixture
def narrow(deployment: Demo) -> Iterator[Demo]:
    """Project 9002 with room for almost nothing."""
    policy = deployment.root / "policies" / "projects" / "9002.yaml"
    before = policy.read_text()
    client = deployment.client("outsider")
    policy.write_text(before + "\nquota: { shared: 0.0002, personal: 0.0001 }\n")
    wait_for(lambda: client.api("GET", "quota")["personal"]["limit_bytes"] == 100_000, 60, "the new quota")
    yield deployment
    policy.write_text(before)
    wait_for(lambda: client.api("GET", "quota")["personal"]["limit_bytes"] == 10**9, 60, "the old quota")


def test_a_save_beyond_the_quota_is_refused_and_the_old_file_is_intact(narrow: Demo) -> None:
    client = narrow.client("outsider")
    place = narrow.personal("outsider", "9002")
    assert client.save("personal/keep.txt", "old").status_code == 201
    refused = client.save("personal/keep.txt", "x" * 150_000)
    assert refused.status_code == 507
    message = refused.json()["message"]
    assert "personal" in message.lower()
    assert len(message) > 60
    assert (place / "keep.txt").read_text() == "old"
    assert {p.name for p in place.iterdir()} == {"keep.txt"}
    # every other way to the same bytes
    body = {"type": "file", "format": "text", "chunk": 1, "content": "x" * 60_000}
    assert client.request("PUT", "api/contents/personal/chunks.txt", body).status_code == 201
    assert client.request("PUT", "api/contents/personal/chunks.txt", body | {"chunk": 2}).status_code == 507
    assert client.request("PUT", "api/contents/personal/chunks.txt", body | {"chunk": -1}).status_code == 409
    assert client.save("shared/medium.txt", "x" * 150_000).status_code == 201
    assert client.request("POST", "api/contents/personal", {"copy_from": "shared/medium.txt"}).status_code == 507
    assert client.request("PATCH", "api/contents/shared/medium.txt", {"path": "personal/medium.txt"}).status_code == 507
    assert client.request("POST", "api/contents/shared/medium.txt/checkpoints").status_code == 507
    assert {p.name for p in place.iterdir() if not p.name.startswith(".checkpoints")} == {"keep.txt"}
    # there is always a way down
    assert client.request("DELETE", "api/contents/shared/medium.txt").status_code == 204
    assert client.request("DELETE", "api/contents/personal/keep.txt").status_code == 204


def test_quota_messages_are_in_dutch_too(narrow: Demo) -> None:
    refused = narrow.client("outsider", "nl").save("personal/groot.txt", "x" * 150_000)
    assert refused.status_code == 507
    assert "ruimte" in refused.json()["message"] or "past" in refused.json()["message"]


def test_a_viewer_reads_and_changes_nothing(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, place = folder
    deployment.client("researcher").save(f"{path}/a.txt", "a")
    viewer = deployment.client("viewer")
    assert get(deployment, f"{path}/a.txt", "viewer").json()["content"] == "a"
    changes = [
        viewer.save(f"{path}/a.txt", "b"),
        viewer.save(f"{path}/new", None, "directory"),
        viewer.save("personal/mine.txt", "b"),
        viewer.request("DELETE", f"api/contents/{path}/a.txt"),
        viewer.request("PATCH", f"api/contents/{path}/a.txt", {"path": f"{path}/b.txt"}),
        viewer.request("POST", f"api/contents/{path}", {"copy_from": f"{path}/a.txt"}),
        viewer.request("POST", f"api/contents/{path}", {"type": "notebook"}),
        viewer.request("POST", f"api/contents/{path}/a.txt/checkpoints"),
        viewer.request("PUT", f"api/contents/{path}/up.txt", {"type": "file", "format": "text", "chunk": 1, "content": "x"}),
    ]
    for answer in changes:
        assert answer.status_code == 403, answer.text
        assert "viewer" in answer.json()["message"]
    assert (place / "a.txt").read_text() == "a"
    assert [p.name for p in place.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("account", ["checker1", "admin"])
def test_people_of_the_office_see_no_workspace(deployment: Demo, account: str) -> None:
    assert get(deployment, "", account).json()["content"] == []
    for path in ("shared", "personal"):
        assert get(deployment, path, account).status_code == 403
    assert deployment.client(account).save("personal/x.txt", "x").status_code == 403


def test_projects_do_not_see_each_other(deployment: Demo, folder: tuple[str, Path]) -> None:
    path, _ = folder
    deployment.client("researcher").save(f"{path}/a.txt", "a")
    assert get(deployment, f"{path}/a.txt", "outsider").status_code == 404
    deployment.client("researcher").save("personal/mine.txt", "mine")
    assert get(deployment, "personal/mine.txt", "leader").status_code == 404


# ------------------------------------------------------------------------------------------ the parts, without a server


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> WorkspaceFiles:
    root = tmp_path_factory.mktemp("areas")
    for name in ("shared", "personal"):
        (root / name).mkdir()
    (root / "outside.txt").write_text("outside")
    return WorkspaceFiles(WorkspaceRoots(root / "shared", root / "personal"))


PARTS = st.sampled_from(["shared", "personal", "..", ".", "", "a", "outside.txt", "/etc", "a\0b", "é"])


@given(st.lists(PARTS, max_size=6).map("/".join), st.binary(max_size=30))
@example("shared/../outside.txt", b"x")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=200)
def test_no_path_reaches_outside(files: WorkspaceFiles, path: str, data: bytes) -> None:
    root = files._roots.shared.parent
    before = {p.name for p in root.iterdir()}
    try:
        files.write(path, data)
    except CbsError:
        pass
    else:
        assert files.read(path, 1000) == data
        files.delete(path)
    with contextlib.suppress(CbsError):
        files.make_folder(path)
        files.delete(path)
    assert {p.name for p in root.iterdir()} == before
    assert (root / "outside.txt").read_text() == "outside"


@given(old=st.binary(max_size=200), chunks=st.lists(st.binary(max_size=100), min_size=1, max_size=4), finish=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
def test_an_upload_is_whole_or_never_was(files: WorkspaceFiles, old: bytes, chunks: list[bytes], finish: bool) -> None:
    files.write("shared/u.bin", old)
    upload = Upload(files, "shared/u.bin")
    for chunk in chunks:
        upload.add(chunk)
        assert files.read("shared/u.bin", 10_000) == old
    if finish:
        upload.finish()
    else:
        upload.abandon()
    assert files.read("shared/u.bin", 10_000) == (b"".join(chunks) if finish else old)
    assert [p.name for p in files._roots.shared.iterdir() if p.name.startswith(".~")] == []


@given(st.binary(max_size=300), st.sampled_from(["x", "x.csv", "x.txt", "x.png", *sorted(f"x{s.upper()}" for s in DATA_SUFFIXES)]))
@example(b"PAR1\x00\xff", "x.csv")
@example(b"SQLite format 3\x00", "x.txt")
def test_only_text_and_pictures_are_shown(data: bytes, name: str) -> None:
    try:
        kind = shown_as(name, data)
    except Refused:
        return
    assert not any(name.lower().endswith(suffix) for suffix in DATA_SUFFIXES)
    if kind == "text":
        assert "\0" not in data.decode("utf-8")
    else:
        assert kind.startswith("image/")
