"""Bodies with the wrong types are refused with what is wrong, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from running_demo import Demo

from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.server.bodies import Body, Moved, Saved, Session, Started, checked

KEPT = "shared/kept.txt"
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
    *(("PATCH", "api/me", body) for body in (1, ["x"])),
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
        assert {"en": "content", "nl": "inhoud"}[lang] in answer.text or {"en": "request", "nl": "verzoek"}[lang] in answer.text, answer.text
    assert everything(kept) == before


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
