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


def test_a_kernel_of_a_name_there_is_not(deployment: Demo) -> None:
    answer = deployment.client("researcher").request("POST", "api/kernels", {"name": "nope"})
    assert (answer.status_code, "no kernel of that name" in answer.text) == (404, True)


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
