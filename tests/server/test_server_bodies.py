"""Bodies with the wrong types are refused with what is wrong, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from running_demo import Demo, wait_for

from jupyter_cbs.demo.processes import LOG_BYTES
from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.server import frontend
from jupyter_cbs.server.bodies import Body, Moved, Saved, Session, Started, checked

KEPT = "shared/kept.txt"
THEME = "lab/api/settings/@jupyterlab/apputils-extension:themes"
FILE = {"type": "file", "format": "text", "content": "lost"}
NOTEBOOK = {"path": "personal/wrong.ipynb", "type": "notebook", "kernel": {"name": "cbs-python"}}
WRONG: tuple[tuple[str, str, Any], ...] = (
    *(("PUT", f"api/contents/{KEPT}", {**FILE, "content": content}) for content in (None, 0, True, [], ["x"], {"a": 1})),
    *(("PUT", f"api/contents/{KEPT}", {**FILE, name: [1]}) for name in ("type", "format", "path", "copy_from", "chunk")),
    *(("PUT", f"api/contents/{KEPT}", body) for body in (1, "x", ["x"], b"\xff\xfe", b"NaN", b"[" * 100_000, b'{"content": "\\ud800"}')),
    ("PUT", f"api/contents/{KEPT}", {**FILE, "chunk": "1"}),
    ("PUT", f"api/contents/{KEPT}", {"type": "notebook", "format": "json", "content": 1}),
    *(("PATCH", f"api/contents/{KEPT}", {"path": path}) for path in (None, 1, ["x"], {})),
    *(("POST", "api/contents/shared", {name: 1}) for name in ("type", "ext", "copy_from")),
    *(("POST", "api/sessions", {**NOTEBOOK, name: value}) for name in ("path", "name", "type") for value in (1, [], {})),
    *(("POST", "api/sessions", {**NOTEBOOK, "kernel": kernel}) for kernel in (None, "x", [], {"name": 1}, {"id": ["x"]})),
    ("POST", "api/sessions", {**NOTEBOOK, "notebook": None}),
    ("PATCH", "api/sessions/00000000-0000-0000-0000-000000000000", {"kernel": 1}),
    *(("POST", "api/kernels", {"name": name}) for name in (1, ["x"])),
    *(("POST", "api/kernels", {"kernel_id": number}) for number in (1, "x", "../../x", "a" * 100)),
    *(("PUT", THEME, body) for body in (1, ["x"], {}, {"raw": 1}, {"raw": None}, {"raw": "{"}, {"raw": "[" * 100_000}, b"", b"\xff")),
    *(("PUT", "lab/api/workspaces/x", body) for body in (1, ["x"], {}, {"data": {}}, {"metadata": 1}, b"", b"\xff")),
    *(("PUT", "lab/api/workspaces/x", {"data": data, "metadata": {"id": "x"}}) for data in (None, 1, ["x"])),
    *(("PUT", "lab/api/workspaces/x", {"data": {}, "metadata": {"id": number}}) for number in (None, 1, "y")),
)


@pytest.fixture(scope="module")
def kept(deployment: Demo) -> Iterator[Demo]:
    client = deployment.client("researcher")
    assert client.save(KEPT, "kept").status_code == 201
    yield deployment
    client.request("DELETE", f"api/contents/{KEPT}")


def everything(demo: Demo) -> list[Any]:
    client = demo.client("researcher")
    names = sorted(path.name for path in demo.shared().iterdir())
    return [
        (demo.shared() / "kept.txt").read_text(),
        names,
        client.request("GET", "api/kernels").json(),
        client.request("GET", "api/sessions").json(),
    ]


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_wrong_types_are_refused_and_nothing_changes(kept: Demo, lang: str) -> None:
    before = everything(kept)
    client = kept.client("researcher", lang)
    for method, path, body in WRONG:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = client.http.request(method, path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, (method, path, content[:100], answer.text)
        said = {"en": ("content", "request", "setting", "mismatch"), "nl": ("inhoud", "verzoek", "instelling", "mismatch")}[lang]
        assert any(word in answer.text for word in said), answer.text
    assert everything(kept) == before


def test_what_jupyterlab_keeps_for_a_person_is_bounded(deployment: Demo) -> None:
    """It lies where no quota counts."""
    client = deployment.client("researcher")

    def arrange(name: str, size: int = 0) -> httpx.Response:
        return client.request("PUT", f"lab/api/workspaces/{name}", {"data": {"x": "x" * size}, "metadata": {"id": name}})

    home = deployment.root / "servers" / "researcher" / "lab"
    assert client.request("PUT", THEME, {"raw": '{"theme": "JupyterLab Dark"}'}).status_code == 204
    assert client.request("PUT", THEME, {"raw": " " * frontend.MAX_SETTING}).status_code == 413
    assert [path.read_text() for path in (home / "settings").rglob("*.jupyterlab-settings")] == ['{"theme": "JupyterLab Dark"}']
    before = len(list((home / "workspaces").glob("*")))
    answers = [arrange(f"kept-{number}").status_code for number in range(frontend.MAX_ARRANGEMENTS + 2)]
    assert answers.count(204) == frontend.MAX_ARRANGEMENTS - before
    assert answers[-2:] == [413, 413]
    assert arrange("kept-0").status_code == 204
    assert arrange("kept-0", frontend.MAX_ARRANGEMENT).status_code == 413
    for number in range(frontend.MAX_ARRANGEMENTS - before):
        assert client.request("DELETE", f"lab/api/workspaces/kept-{number}").status_code == 204
    assert arrange("kept-0").status_code == 204


def test_a_log_that_people_make_long_begins_anew(deployment: Demo) -> None:
    log = deployment.root / "logs" / "researcher.log"
    with log.open("ab") as flood:
        flood.write(b"x" * LOG_BYTES + b"the last of it")
    wait_for(lambda: log.stat().st_size < LOG_BYTES, 120, "a new log")
    kept = log.with_name("researcher.log.1").read_bytes()
    assert len(kept) >= LOG_BYTES
    assert b"the last of it" in kept[-(2**16) :]  # the server may have written meanwhile
    deployment.client("researcher").request("PUT", THEME, {"raw": 1})
    wait_for(lambda: b"themes" in log.read_bytes(), 120, "what is written after it")
    assert b"\0" not in log.read_bytes()


NOBODY = "00000000-0000-0000-0000-000000000000"
IN_JUPYTERS_WORDS: tuple[tuple[str, str, Any, int, str, str], ...] = (
    *(
        (method, f"api/kernels/{NOBODY}{action}", None, 404, "no longer there", "is er niet meer")
        for method, action in (("GET", ""), ("DELETE", ""), ("POST", "/interrupt"), ("POST", "/restart"))
    ),
    *((method, f"api/sessions/{NOBODY}", {}, 404, "no longer connected", "niet meer met een kernel") for method in ("GET", "DELETE", "PATCH")),
    ("PATCH", f"api/sessions/{NOBODY}", {"kernel": {"name": "cbs-python"}}, 404, "no longer connected", "niet meer met een kernel"),
    ("POST", "api/kernels", {"name": "nope"}, 404, "no kernel of that name", "geen kernel met die naam"),
    ("POST", "api/sessions", {**NOTEBOOK, "kernel": {"name": "nope"}}, 404, "no kernel of that name", "geen kernel met die naam"),
    ("POST", "api/sessions", None, 400, "lacks a field", "mist een veld"),
    ("POST", "api/sessions", {"type": "notebook"}, 400, "lacks a field", "mist een veld"),
    ("PATCH", f"api/contents/{KEPT}", None, 400, "lacks a field", "mist een veld"),
    *((method, f"api/contents/{KEPT}/checkpoints/nope", None, 404, "no checkpoint", "geen controlepunt") for method in ("POST", "DELETE")),
    *(("GET", f"api/contents/{KEPT}?{query}", None, 400, "nothing was read", "niets gelezen") for query in ("content=7", "format=pdf", "hash=x")),
    ("POST", f"api/contents/{KEPT}", {}, 400, "nothing was changed", "niets gewijzigd"),
    ("PUT", "api/contents/shared/copy.txt", {"copy_from": KEPT}, 400, "nothing was changed", "niets gewijzigd"),
    ("POST", "api/contents/shared/nofolder", {"type": "file"}, 404, "no such folder", "map bestaat niet"),
    ("GET", "api/kernelspecs/nope", None, 404, "no kernel of that name", "geen kernel met die naam"),
    ("PUT", "lab/api/settings/nope", {"raw": "{}"}, 404, "nothing was kept", "niets bewaard"),
    ("DELETE", "api/contents/shared/.hidden", None, 400, "begin with a dot", "met een punt"),
    ("PUT", f"api/contents/{KEPT}", {"type": "file", "format": "json", "content": "x"}, 400, "nothing was saved", "niets opgeslagen"),
    ("PUT", f"api/contents/{KEPT}", {"type": "file", "format": "base64", "content": "é"}, 400, "nothing was saved", "niets opgeslagen"),
    ("PUT", f"api/contents/{KEPT}", {"type": "file", "format": "text"}, 400, "nothing was saved", "niets opgeslagen"),
    ("PUT", f"api/contents/{KEPT}", {"format": "text", "content": "x"}, 400, "Give a type", "Geef een type"),
)


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_what_jupyter_refuses_is_said_in_the_readers_language(kept: Demo, lang: str) -> None:
    before = everything(kept)
    client = kept.client("researcher", lang)
    for method, path, body, status, english, dutch in IN_JUPYTERS_WORDS:
        answer = client.request(method, path, body)
        assert answer.status_code == status, (method, path, answer.text)
        assert (english if lang == "en" else dutch) in answer.json()["message"], (method, path, answer.text)
    assert everything(kept) == before


def test_only_notebooks_are_trusted(kept: Demo) -> None:
    client = kept.client("researcher", "nl")
    for path in ("shared", KEPT, "shared/missing.ipynb"):
        answer = client.request("POST", f"api/contents/{path}/trust", {})
        assert answer.status_code in (400, 404), answer.text
        assert "is geen notebook" in answer.text or "bestaat niet" in answer.text
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    assert client.save("personal/trusted.ipynb", notebook, "notebook").status_code == 201
    assert client.request("POST", "api/contents/personal/trusted.ipynb/trust", {}).status_code == 201
    assert client.request("DELETE", "api/contents/personal/trusted.ipynb").status_code == 204


@pytest.mark.parametrize(
    ("lang", "unknown", "gone"), [("en", "no kernel of that name", "no longer there"), ("nl", "geen kernel met die naam", "is er niet meer")]
)
def test_another_kernel_for_a_notebook_is_started_or_refused_with_the_reason(deployment: Demo, lang: str, unknown: str, gone: str) -> None:
    """What JupyterLab's "Change Kernel" does."""
    client = deployment.client("researcher", lang)
    session = client.request("POST", "api/sessions", {**NOTEBOOK, "path": "personal/changes.ipynb"}).json()
    place = f"api/sessions/{session['id']}"
    try:
        for kernel, status, word in (({"name": "nope"}, 404, unknown), ({"id": NOBODY}, 400, gone)):
            refused = client.request("PATCH", place, {"kernel": kernel})
            assert (refused.status_code, word in refused.json()["message"]) == (status, True), refused.text
        assert client.request("GET", place).json()["kernel"]["id"] == session["kernel"]["id"]
        changed = client.request("PATCH", place, {"kernel": {"name": "cbs-python"}})
        assert changed.status_code == 200, changed.text
        assert changed.json()["kernel"]["id"] not in (None, session["kernel"]["id"])
        assert [kernel["id"] for kernel in client.request("GET", "api/kernels").json()] == [changed.json()["kernel"]["id"]]
    finally:
        assert client.request("DELETE", place).status_code == 204


def test_why_another_kernel_for_a_notebook_is_refused_is_said(deployment: Demo) -> None:
    client = deployment.client("researcher", "nl")
    session = client.request("POST", "api/sessions", {**NOTEBOOK, "path": "personal/full.ipynb"}).json()
    try:
        while (last := client.request("POST", "api/kernels", {"name": "cbs-python"})).status_code == 201:
            assert len(client.request("GET", "api/kernels").json()) < 20
        refused = client.request("PATCH", f"api/sessions/{session['id']}", {"kernel": {"name": "cbs-python"}})
        assert (refused.status_code, refused.json()["message"]) == (last.status_code, last.json()["message"])
        assert "kernels" in last.json()["message"]
    finally:
        for kernel in client.request("GET", "api/kernels").json():
            assert client.request("DELETE", f"api/kernels/{kernel['id']}").status_code == 204


@pytest.mark.parametrize(
    ("raw", "shape"),
    [
        (b"", Body),
        (b" ", Saved),
        (b"{}", Saved),
        (b'{"type": "file", "format": "text", "content": "x", "path": "shared/x", "chunk": -1, "else": [1]}', Saved),
        (b'{"type": "notebook", "ext": ".ipynb"}', Saved),
        (b'{"path": "shared/y"}', Moved),
        (b'{"path": "x", "name": "", "type": "notebook", "kernel": {"id": null, "name": "cbs-python"}}', Session),
        (b'{"name": "cbs-python"}', Started),
    ],
)
def test_what_jupyterlab_sends_passes_as_it_is(raw: bytes, shape: type[Body]) -> None:
    assert checked(raw, shape) == (json.loads(raw) if raw.strip() else None)


def test_the_field_is_named() -> None:
    with pytest.raises(Invalid, match=r"kernel\.name: This must be text"):
        checked(b'{"kernel": {"name": 1}}', Session)
