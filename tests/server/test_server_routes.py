"""Every route, every role: what the gateway offers to whom, and that everything else is closed."""

from __future__ import annotations

import json
import re
from http.cookies import SimpleCookie

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running_demo import Demo

from jupyter_cbs.domain.gateway import OPERATIONS, Operation
from jupyter_cbs.server.handlers import INTERNAL, public_operations
from jupyter_cbs.server.routes import offered

MEMBERS = {"researcher", "leader", "viewer"}
MAKERS = {"researcher", "leader"}
CHECKERS = {"checker1", "checker2"}
EVERYBODY = MEMBERS | CHECKERS | {"admin"}

# (operation, path, body) → accounts of project 9001 that are let in. What is answered then depends on the request: a thing that does
# not exist is 404, an empty choice 400; but never 401 or 403.
ALLOWED: dict[str, tuple[str, dict[str, object] | None, set[str]]] = {
    "health": ("health", None, EVERYBODY),
    "me": ("me", None, EVERYBODY),
    "project": ("project", None, EVERYBODY),
    "catalogue.list": ("catalogue", None, MEMBERS),
    "catalogue.get": ("catalogue/GBAPERSOONTAB", None, MEMBERS),
    "quota": ("quota", None, MEMBERS | {"admin"}),
    "quota.measure": ("quota/measurements", {}, MEMBERS | {"admin"}),
    "precheck": ("precheck", {"paths": ["shared/nothing.csv"]}, MAKERS),
    "exports.list": ("exports", None, MEMBERS | CHECKERS),
    "exports.create": ("exports", {"title": ""}, MAKERS),
    "exports.get": ("exports/none", None, MEMBERS | CHECKERS),
    "exports.edit": ("exports/none", {"version": 1}, MAKERS),
    "exports.act": ("exports/none/actions/propose", {"version": 1}, MEMBERS | CHECKERS),
    "policy": ("policy", None, {"admin"}),
    "audit": ("audit", None, {"admin"}),
}
METHODS = {operation.name: operation.method for operation in OPERATIONS}


def test_the_table_names_every_operation_that_is_offered() -> None:
    assert set(ALLOWED) == {operation.name for operation in public_operations()}


@pytest.mark.parametrize("account", sorted(EVERYBODY))
@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_route_and_role(deployment: Demo, name: str, account: str) -> None:
    path, body, allowed = ALLOWED[name]
    answer = deployment.client(account).request(METHODS[name], f"cbs/api/{path}", body)
    assert answer.headers["content-type"].startswith("application/json")
    if account in allowed:
        assert answer.status_code in (200, 400, 404), answer.text
    else:
        assert answer.status_code == 403, answer.text
        problem = answer.json()
        assert problem["kind"] == "Refused"
        assert len(problem["message"]) > 20


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_nobody_gets_in_without_a_token(deployment: Demo, name: str) -> None:
    path, body, _ = ALLOWED[name]
    url = f"{deployment.accounts['researcher']['url']}cbs/api/{path}"
    for headers in ({}, {"Authorization": "token wrong"}, {"Authorization": f"token {deployment.accounts['viewer']['token']}"}):
        answer = httpx.request(METHODS[name], url, json=body, headers=headers, trust_env=False, timeout=60)
        assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if op.name in INTERNAL or "http" not in op.surfaces], ids=lambda op: op.name)
def test_what_only_servers_and_kernels_ask_is_not_offered(deployment: Demo, operation: Operation) -> None:
    path = operation.path.replace("{id}", "x")
    for method in {operation.method, "GET", "POST"}:
        answer = deployment.client("researcher").request(method, f"cbs/api{path}", {} if method == "POST" else None)
        assert (answer.status_code, answer.json()["code"]) in ((404, "unknown_operation"), (403, "closed_route")), (method, answer.text)


@pytest.mark.parametrize("path", ["exports/none/actions/propose", "quota/measurements", "precheck"])
def test_nothing_changes_by_get(deployment: Demo, path: str) -> None:
    assert deployment.client("researcher").request("GET", f"cbs/api/{path}").status_code == 404


def test_a_change_without_the_xsrf_token_is_refused(deployment: Demo) -> None:
    """A browser is logged in by its cookie, and a page from elsewhere can make it send that cookie."""
    account = deployment.accounts["researcher"]
    with httpx.Client(base_url=account["url"], trust_env=False, timeout=60) as browser:
        assert browser.get("lab", params={"token": account["token"]}, follow_redirects=True).status_code == 200
        assert browser.get("cbs/api/me").status_code == 200
        refused = browser.post("cbs/api/quota/measurements", json={})
        assert refused.status_code == 403
        xsrf = browser.cookies["_xsrf"]
        assert browser.post("cbs/api/quota/measurements", json={}, headers={"X-XSRFToken": xsrf}).status_code == 200


CLOSED = [
    ("GET", "files/shared/x.csv"),
    ("GET", "view/shared/x.csv"),
    ("GET", "nbconvert/html/shared/x.ipynb"),
    ("POST", "nbconvert/html"),
    ("GET", "api/terminals"),
    ("POST", "api/terminals"),
    ("GET", "terminals/websocket/1"),
    ("GET", "lsp/status"),
    ("GET", "lab/api/extensions"),
    ("POST", "lab/api/extensions"),
    ("GET", "lab/api/plugins"),
    ("GET", "lab/api/build"),
    ("POST", "lab/api/build"),
    ("GET", "lab/api/news"),
    ("GET", "lab/api/update"),
    ("GET", "lab/api/listings/@jupyterlab/extensionmanager-extension/listings.json"),
    ("POST", "api/shutdown"),
    ("GET", "metrics"),
    ("GET", "api/spec.yaml"),
    ("PUT", "api/config/notebook"),
    ("PATCH", "api/config/notebook"),
    ("GET", "api/resolvePath?path=/etc/passwd"),
    ("POST", "api/events"),
    ("POST", "api/kernels/0/execute_subshell"),
    ("GET", "kernelspecs/cbs-python/kernel.js"),
    ("GET", "custom/custom.css"),
    ("GET", "doc/tree/x"),
    ("GET", "nothing/like/this"),
    ("OPTIONS", "api/contents"),
    ("TRACE", "api"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_closed_routes(deployment: Demo, method: str, path: str) -> None:
    answer = deployment.client("researcher").request(method, path)
    assert answer.status_code in (403, 405), answer.text
    if answer.status_code == 403:
        assert answer.json()["code"] == "closed_route"


@pytest.mark.parametrize(
    "path", ["lab", "api/me", "api/status", "api/kernelspecs", "api/nbconvert", "lab/api/settings", "lab/api/translations/nl_NL"]
)
def test_what_jupyterlab_needs_is_open(deployment: Demo, path: str) -> None:
    assert deployment.client("researcher").request("GET", path).status_code == 200


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n"), max_size=60),
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X"]),
)
@settings(max_examples=300)
def test_no_path_is_offered_that_does_not_begin_like_one_on_the_list(path: str, method: str) -> None:
    known = ("/lab", "/api", "/cbs/api/", "/static/", "/login", "/logout", "/favicon.ico", "/kernelspecs/")
    assert offered(method, f"/{path}") <= (f"/{path}" == "/" or f"/{path}".startswith(known))


def test_a_path_parameter_stays_one(deployment: Demo) -> None:
    """An escaped slash must not turn one export's address into another route of the broker."""
    answer = deployment.client("researcher").request("GET", "cbs/api/exports/..%2fpolicy")
    assert answer.status_code == 404
    assert answer.json()["kind"] == "NotFound"


def test_the_path_counts_not_the_body(deployment: Demo) -> None:
    client = deployment.client("researcher")
    draft = client.api("POST", "exports", {"title": "Path counts"})
    edited = client.request("PATCH", f"cbs/api/exports/{draft['id']}", {"id": "another", "version": draft["version"], "title": "Changed"})
    assert edited.status_code == 200
    assert edited.json()["id"] == draft["id"]


def test_bodies_are_bounded_and_json(deployment: Demo) -> None:
    client = deployment.client("researcher")
    assert client.request("POST", "cbs/api/precheck", content=b"x" * (2**20 + 1)).status_code == 413
    for content in (b"{", b"[]", b"1", b"[" * 100_000):
        answer = client.request("POST", "cbs/api/precheck", content=content)
        assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_answers_are_in_the_language_of_the_reader(deployment: Demo) -> None:
    english = deployment.client("viewer").request("POST", "cbs/api/precheck", {"paths": ["shared/x"]}).json()["message"]
    dutch = deployment.client("viewer", "nl").request("POST", "cbs/api/precheck", {"paths": ["shared/x"]}).json()["message"]
    assert "pre-check" in english
    assert "voorcontrole" in dutch


def test_pages_may_load_nothing_from_elsewhere(deployment: Demo) -> None:
    page = deployment.client("researcher").request("GET", "lab")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert not re.search(r"https?:|\*", page.headers["content-security-policy"])
    assert page.headers["x-content-type-options"] == "nosniff"


def test_cookies_belong_to_one_account(deployment: Demo) -> None:
    for name in ("researcher", "leader"):
        account = deployment.accounts[name]
        answer = httpx.get(f"{account['url']}lab", params={"token": account["token"]}, trust_env=False, timeout=60)
        cookies = SimpleCookie()
        for header in answer.headers.get_list("set-cookie"):
            cookies.load(header)
        assert {morsel["path"] for morsel in cookies.values()} == {f"/{name}/"}


def test_me_is_the_account(deployment: Demo) -> None:
    for name, account in deployment.accounts.items():
        identity = json.loads(deployment.client(name).request("GET", "api/me").text)["identity"]
        assert identity["username"] == account["user"] == name
        principal = deployment.client(name).api("GET", "me")
        assert (principal["user"], principal["role"], principal["project"]) == (name, account["role"], account["project"])
