"""Every operation of the gateway as every role: the table is complete or the test fails."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_cbs.domain.gateway import OPERATIONS

from .harness import Running

USERS = ("researcher", "leader", "viewer", "checker1", "admin")

# operation → (path, body, statuses in the order of USERS)
TABLE: dict[str, tuple[str, Any, tuple[int, int, int, int, int]]] = {
    "health": ("/health", None, (200, 200, 200, 200, 200)),
    "me": ("/me", None, (200, 200, 200, 200, 200)),
    "project": ("/project", None, (200, 200, 200, 200, 200)),
    "catalogue.list": ("/catalogue", None, (200, 200, 200, 403, 403)),
    "catalogue.get": ("/catalogue/GBAPERSOON2023TABV1", None, (200, 200, 200, 403, 403)),
    "quota": ("/quota", None, (200, 200, 200, 403, 200)),
    "quota.measure": ("/quota/measurements", {}, (200, 200, 200, 403, 200)),
    "quota.check": ("/quota/checks", {"path": "shared/a.txt", "bytes": 1}, (200, 200, 403, 403, 403)),
    "quota.written": ("/quota/written", {"kernels": []}, (200, 200, 403, 403, 403)),
    "precheck": ("/precheck", {"paths": ["shared"]}, (200, 200, 403, 403, 403)),
    "exports.list": ("/exports", None, (200, 200, 200, 200, 403)),
    "exports.create": ("/exports", {"title": "t"}, (200, 200, 403, 403, 403)),
    "exports.get": ("/exports/unknown", None, (404, 404, 404, 404, 403)),
    "exports.edit": ("/exports/unknown", {"version": 1}, (404, 404, 403, 403, 403)),
    "exports.act": ("/exports/unknown/actions/propose", {"version": 1}, (404, 404, 404, 404, 403)),
    "policy": ("/policy", None, (403, 403, 403, 403, 200)),
    "audit": ("/audit", None, (403, 403, 403, 403, 200)),
    "sessions.open": ("/sessions", {"kernel_id": "routes"}, (200, 200, 403, 403, 403)),
    "server.notes": ("/notes", {"notes": [{"event": "login"}]}, (200, 200, 200, 200, 200)),
    "sessions.close": ("/sessions/unknown", None, (200, 200, 403, 403, 403)),
}


def test_the_table_is_complete() -> None:
    assert set(TABLE) == {operation.name for operation in OPERATIONS if "http" in operation.surfaces}


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if "http" in o.surfaces], ids=lambda o: o.name)
def test_route_as_every_role(broker: Running, operation: Any) -> None:
    path, body, expected = TABLE[operation.name]
    answers = [broker.call(user, operation.method, path, body) for user in USERS]
    assert tuple(answer.status for answer in answers) == expected
    for answer in answers:
        if answer.status >= 400:
            assert answer.body["message"], "a refusal says why"


def test_the_reason_is_in_the_readers_language(broker: Running) -> None:
    english = broker.call("viewer", "POST", "/exports", {"title": "t"}).body["message"]
    dutch = broker.call("viewer", "POST", "/exports", {"title": "t"}, lang="nl-NL").body["message"]
    assert english != dutch
    assert "meekijker" in dutch.lower()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing", None, 404, "unknown_route"),
        ("DELETE", "/project", None, 405, "method_not_allowed"),
        ("POST", "/exports", b"{", 400, "no_json"),
        ("POST", "/exports", b"[1]", 400, "no_json"),
        ("POST", "/exports", b"[" * 100_000, 400, "no_json"),
        ("POST", "/exports", {"title": ""}, 400, "invalid_request"),
        ("POST", "/exports", {"title": "t", "project": "9002"}, 400, "invalid_request"),
        ("POST", "/exports", {"title": "t", "user": "leader"}, 400, "invalid_request"),
        ("POST", "/precheck", {"paths": ["../../etc/passwd"]}, 400, None),
        ("POST", "/sql", {"text": "SELECT 1"}, 404, "unknown_route"),
    ],
)
def test_bad_requests_get_a_clear_answer(broker: Running, method: str, path: str, body: Any, status: int, code: str | None) -> None:
    answer = broker.call("researcher", method, path, body)
    assert answer.status == status
    if code is not None:
        assert answer.body["code"] == code


def test_a_refusal_is_in_the_audit(broker: Running) -> None:
    broker.call("viewer", "POST", "/exports", {"title": "secret title"})
    events = broker.call("admin", "GET", "/audit?limit=20").body["events"]
    refused = [e for e in events if e["user"] == "viewer" and e["action"] == "exports.create" and e["outcome"] == "refused"]
    assert refused
    assert "secret title" not in str(events)


@pytest.mark.parametrize(
    ("path", "body", "place", "english", "dutch"),
    [
        ("/exports", {}, "title", "The field 'title' is missing.", "Het veld 'title' ontbreekt."),
        ("/exports", {"title": 3}, "title", "This must be text.", "Dit moet tekst zijn."),
        ("/exports", {"title": ""}, "title", "This may not be empty.", "Dit mag niet leeg zijn."),
        ("/exports", {"title": "x" * 201}, "title", "This is too long.", "Dit is te lang."),
        ("/exports", {"title": "t", "paths": "shared"}, "paths", "A list must stand here.", "Hier moet een lijst staan."),
        ("/exports", {"title": "t", "colour": 1}, "colour", "There is no field 'colour' here.", "Hier bestaat geen veld 'colour'."),
        ("/exports/x/actions/dance", {"version": 1}, "action", "'dance' is not one of the choices.", "'dance' is geen van de mogelijkheden."),
        ("/exports/x/actions/propose", {"version": "one"}, "version", "This must be a whole number.", "Dit moet een geheel getal zijn."),
        ("/quota/checks", {"path": "shared/a", "bytes": -1}, "bytes", "'-1' is out of bounds.", "'-1' valt buiten de grenzen."),
        ("/sessions", {"kernel_id": "a b"}, "kernel_id", "'a b' is not written as it should be.", "'a b' is niet goed geschreven."),
    ],
)
def test_a_wrong_field_is_told_in_the_readers_language(broker: Running, path: str, body: Any, place: str, english: str, dutch: str) -> None:
    for lang, said in (("en", f"The request is not understood: {place}: {english}"), ("nl", f"Het verzoek is niet begrepen: {place}: {dutch}")):
        answer = broker.call("researcher", "POST", path, body, lang=lang)
        assert answer.status == 400
        assert answer.body["message"] == said
        assert answer.body["remedy"]
    assert broker.call("researcher", "POST", "/exports", {"title": ""}).body["remedy"] == "Write a text."
    actions = broker.call("researcher", "POST", "/exports/x/actions/dance", {"version": 1}).body["remedy"]
    assert actions.startswith("One of: edit, propose, ")
    assert " or " not in actions
