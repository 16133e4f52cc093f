"""Logging in, staying logged in, and what of a token is left where others could read it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import websocket
from hypothesis import given
from hypothesis import strategies as st
from running_demo import Demo, wait_for
from tornado.web import HTTPError, create_signed_value

from jupyter_cbs.server.identity import _without_token
from jupyter_cbs.server.pages import explain
from jupyter_cbs.server.problems import broker_down, http_error

ACCOUNT = "viewer"


@pytest.fixture
def account(deployment: Demo) -> dict[str, Any]:
    return deployment.accounts[ACCOUNT]


@pytest.fixture
def browser(account: dict[str, Any]) -> Iterator[httpx.Client]:
    """A browser that knows the address and no secret."""
    with httpx.Client(base_url=account["url"], trust_env=False, timeout=60) as client:
        yield client


def log_in(browser: httpx.Client, account: dict[str, Any]) -> httpx.Response:
    return browser.get("lab", params={"token": account["token"], "reset": ""})


def get(browser: httpx.Client, path: str, cookies: dict[str, str], **headers: str) -> httpx.Response:
    """Ask with other cookies than the browser's own."""
    held = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return httpx.get(browser.base_url.join(path), headers={"Cookie": held, **headers}, trust_env=False, timeout=60)


def follow(browser: httpx.Client, answer: httpx.Response) -> httpx.Response:
    return browser.get(browser.base_url.join(answer.headers["location"]))


def cookie(deployment: Demo, since: float, seen: float) -> dict[str, str]:
    """A log-in cookie as the server itself would have signed it at another time."""
    (secret_file,) = (deployment.runtime(ACCOUNT).parent / "jupyter").glob("jupyter_cookie_secret")
    secret = hmac.new(secret_file.read_bytes(), b"", digestmod=hashlib.sha256).digest()
    name = json.loads((deployment.root / "servers" / ACCOUNT / "config" / "jupyter_server_config.json").read_text())
    name = name["AccountIdentityProvider"]["cookie_name"]
    value = json.dumps({"id": secrets.token_hex(16), "since": since, "seen": seen})
    return {name: create_signed_value(secret, name, value).decode()}


# ---------------------------------------------------------------------------------------------------- the first hop


def test_the_token_leaves_the_address_at_the_first_hop(browser: httpx.Client, account: dict[str, Any]) -> None:
    first = log_in(browser, account)
    assert first.status_code == 302
    assert first.headers["location"] == f"{account['base_url']}lab?reset="
    page = follow(browser, first)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "same-origin"
    # the page's scripts, and those of what a notebook shows, have no token to read or to pass on
    assert account["token"] not in page.text
    assert '"token": ""' in page.text
    assert browser.get("cbs/api/me").status_code == 200
    held = [held for held in browser.cookies.jar if held.name.startswith("cbs-")]
    assert [(item.path, item.has_nonstandard_attr("HttpOnly"), item.get_nonstandard_attr("SameSite")) for item in held] == [
        (account["base_url"], True, "Lax")
    ]
    assert account["token"] not in str(browser.cookies)


def test_a_token_in_the_address_of_anything_but_a_page_is_none(browser: httpx.Client, account: dict[str, Any]) -> None:
    for path in ("cbs/api/me", "api/me", "api/contents/shared", "lab/api/settings"):
        assert browser.get(path, params={"token": account["token"]}).status_code in (302, 403), path
        assert browser.get(path, headers={"Authorization": f"token {account['token']}"}).status_code == 200, path
    address = account["url"].replace("http", "ws", 1) + f"api/events/subscribe?token={account['token']}"
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(address, timeout=60)
    assert refused.value.status_code == 403
    assert not [held for held in browser.cookies.jar if held.name.startswith("cbs-")]


def test_a_wrong_token_logs_nobody_in_and_leaves_the_address_too(browser: httpx.Client) -> None:
    first = browser.get("lab", params={"token": "guess"})
    assert (first.status_code, "guess" in first.headers["location"]) == (302, False)
    then = follow(browser, first)
    assert then.status_code == 302
    assert "/login" in then.headers["location"]
    assert browser.get("cbs/api/me").status_code == 403


def test_the_form_takes_the_token_and_says_when_it_is_wrong(browser: httpx.Client, account: dict[str, Any]) -> None:
    form = browser.get("login", headers={"Accept-Language": "nl"})
    xsrf = browser.cookies["_xsrf"]
    assert form.status_code == 200
    wrong = browser.post("login", data={"password": "x", "_xsrf": xsrf}, headers={"Accept-Language": "nl"})
    assert wrong.status_code == 401
    assert "niet het token" in wrong.text
    right = browser.post("login", data={"password": account["token"], "_xsrf": xsrf}, params={"next": f"{account['base_url']}lab"})
    assert (right.status_code, right.headers["location"]) == (302, f"{account['base_url']}lab")
    assert browser.get("cbs/api/me").status_code == 200


# ----------------------------------------------------------------------------------------- pages outside JupyterLab

STOCK = ("jupyter", "password:", "dashboard", "Successfully", "The error was", "Sorry")
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Page(HTMLParser):
    """A page as a browser takes it: the words that are read, and every tag with its attributes."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._words: list[str] = []
        assert answer.headers["content-type"].startswith("text/html")
        self.feed(answer.text)
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def only(self, tag: str, **wanted: str) -> dict[str, str | None]:
        (found,) = [attrs for name, attrs in self.tags if name == tag and wanted.items() <= attrs.items()]
        return found


def see(browser: httpx.Client, path: str, lang: str, **headers: str) -> Page:
    """Go to an address, and look at what holds for every page of ours."""
    page = Page(browser.get(path, headers={"Accept": HTML, "Accept-Language": f"{lang}-NL,{lang};q=0.8", **headers}))
    assert page.only("html")["lang"] == lang
    assert ("CBS-werkomgeving" if lang == "nl" else "CBS workspace") in page.text
    assert not [word for word in STOCK if word in page.text.lower() or word in page.text]
    # no script, and nothing that the policy of these pages would have to be widened for
    assert not [tag for tag, attrs in page.tags if tag in ("script", "style") or "style" in attrs]
    base_url = browser.base_url.path
    for address in (page.only("link", rel="stylesheet")["href"], page.only("img")["src"]):
        assert (address or "").startswith(f"{base_url}static/jupyter_cbs/")
        assert browser.get(browser.base_url.join(str(address))).status_code == 200
    return page


@pytest.mark.parametrize(
    ("lang", "words", "wrong"),
    [("en", ("Log in", "The part after “token=”"), "not the token"), ("nl", ("Inloggen", "Het deel na ‘token=’"), "niet het token")],
)
def test_the_form_speaks_the_language_of_the_browser(
    deployment: Demo, browser: httpx.Client, account: dict[str, Any], lang: str, words: tuple[str, ...], wrong: str
) -> None:
    page = see(browser, "login?next=%2Fviewer%2Flab", lang)
    assert all(word in page.text for word in words)
    field = page.only("input", type="password")
    assert page.only("label")["for"] == field["id"]
    assert (field["name"], field["autocomplete"], "autofocus" in field) == ("password", "off", True)
    # what fills in Jupyter's own form finds its way here
    assert (field["id"], page.only("button")["id"]) == ("password_input", "login_submit")
    assert page.only("form")["action"] == f"{account['base_url']}login?next=%2Fviewer%2Flab"
    # who works here is nobody's business before the log-in
    name = deployment.client(ACCOUNT).request("GET", "api/me").json()["identity"]["display_name"]
    assert not [word for word in (name, account["user"], account["project"]) if word in page.text]
    form = {"password": "<b>x", "_xsrf": browser.cookies["_xsrf"]}
    answer = browser.post("login", data=form, headers={"Accept": HTML, "Accept-Language": lang})
    refused = Page(answer)
    assert answer.status_code == 401
    assert wrong in refused.text
    assert refused.only("p", role="alert")["id"] in str(refused.only("input", type="password")["aria-describedby"]).split()
    assert "<b>" not in answer.text


def test_a_form_without_its_cookie_is_shown_again_and_logs_nobody_in(browser: httpx.Client, account: dict[str, Any]) -> None:
    headers = {"Accept": HTML, "Accept-Language": "nl"}
    for more in ({}, {"Origin": "http://elsewhere.example"}):
        answer = browser.post("login", data={"password": account["token"]}, headers={**headers, **more})
        assert answer.status_code in (403, 404)
        page = Page(answer)
        assert "Het formulier is niet aangenomen" in page.text
        assert page.only("input", type="password")
        assert browser.get("cbs/api/me").status_code == 403
    # the cookie came with the form that was shown again
    form = {"password": account["token"], "_xsrf": browser.cookies["_xsrf"]}
    assert browser.post("login", data=form, headers=headers).status_code == 302


@pytest.mark.parametrize(("lang", "out", "again"), [("en", "You are logged out", "Log in again"), ("nl", "U bent uitgelogd", "Opnieuw inloggen")])
def test_who_logged_out_is_told_what_is_kept(browser: httpx.Client, account: dict[str, Any], lang: str, out: str, again: str) -> None:
    log_in(browser, account)
    page = see(browser, "logout", lang)
    assert out in page.text
    assert again in page.text
    assert "kernels" in page.text
    assert page.only("a")["href"] == f"{account['base_url']}login"


@pytest.mark.parametrize("logged_in", [False, True])
@pytest.mark.parametrize(
    ("path", "status", "english", "dutch"),
    [
        ("static/none.js", 404, "There is no such page", "Deze pagina bestaat niet"),
        ("nothing/like/this", 403, "does not offer that page", "biedt die pagina of dienst niet aan"),
        ("files/shared/x.csv", 403, "through an export request", "via een uitvoeraanvraag"),
    ],
)
def test_a_page_that_is_not_there_says_so_and_leads_back(
    browser: httpx.Client, account: dict[str, Any], path: str, status: int, english: str, dutch: str, logged_in: bool
) -> None:
    if logged_in:
        log_in(browser, account)
    for lang, words in (("en", english), ("nl", dutch)):
        page = see(browser, path, lang)
        assert words in page.text
        assert f"{status} · " in page.text
        assert page.only("a")["href"] == account["base_url"]
    assert browser.get(path, headers={"Accept": HTML}).status_code == status
    if status == 403:
        # a program gets what it always got
        assert browser.get(path).json()["code"] == "closed_route"


def test_a_page_says_why_a_foreign_link_logs_nobody_out(browser: httpx.Client, account: dict[str, Any]) -> None:
    log_in(browser, account)
    page = see(browser, "logout", "nl", **{"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"})
    assert "een andere pagina vroeg daarom" in page.text


def test_what_jupyter_says_about_the_server_is_not_shown() -> None:
    for status in (400, 405, 413, 500, 503):
        said = explain(status, HTTPError(status, "/srv/secret is broken"))
        assert "secret" not in " ".join((said.title, said.message, said.remedy))
    failed = RuntimeError("/srv/secret is broken")
    failed.__cause__ = broker_down()
    assert explain(500, failed).title == "Something went wrong"
    assert "broker" not in explain(500, failed).message
    told = http_error(broker_down())
    told.__cause__ = broker_down()
    assert explain(503, told).message.startswith("The workspace's broker does not answer")


@given(st.text(alphabet="/\\:?&=%lab.token#@", max_size=30), st.booleans())
def test_the_way_without_the_token_stays_on_this_server(path: str, leading: bool) -> None:
    there = _without_token(("/" if leading else "") + path + "?token=abc")
    assert there.startswith("/")
    assert not there.startswith(("//", "/\\"))
    assert "token" not in dict(parse_qsl(urlsplit(there).query))


def test_no_token_is_in_a_log(deployment: Demo, browser: httpx.Client, account: dict[str, Any]) -> None:
    log_in(browser, account)
    browser.get("no/such/page", params={"token": account["token"]}, headers={"Referer": f"{account['url']}lab?token={account['token']}"})
    browser.get("api/kernels/none", params={"token": account["token"]}, headers={"Referer": f"{account['url']}lab?token={account['token']}"})

    def logs() -> str:
        return "".join(path.read_text(errors="replace") for path in (deployment.root / "logs").glob("*.log"))

    wait_for(lambda: "302 GET /viewer/lab" in logs(), 60, "the request's line in the log")
    assert account["token"] not in logs()


# ------------------------------------------------------------------------------------------------------- how long


def test_a_session_ends_when_it_is_not_used_and_when_it_is_old(deployment: Demo, browser: httpx.Client) -> None:
    now = time.time()
    assert get(browser, "cbs/api/me", cookie(deployment, now - 3600, now - 60)).status_code == 200, "negative control"
    for since, seen, english, dutch in (
        (now - 5 * 3600, now - 4.5 * 3600, "was not used for 4 hours", "4 uur niet is gebruikt"),
        (now - 13 * 3600, now - 60, "lasts 12 hours at most", "ten hoogste 12 uur"),
        (now + 3600, now, "lasts 12 hours at most", "ten hoogste 12 uur"),
    ):
        held = cookie(deployment, since, seen)
        for path in ("cbs/api/me", "api/contents/shared", "lab/api/settings"):
            answer = get(browser, path, held)
            assert (answer.status_code, answer.json()["code"]) == (403, "session_ended"), path
            assert english in answer.json()["message"]
        assert dutch in get(browser, "cbs/api/me", held, **{"Accept-Language": "nl"}).json()["message"]


def test_the_page_of_an_ended_session_says_why_one_has_to_log_in(deployment: Demo, browser: httpx.Client) -> None:
    now = time.time()
    for name, value in cookie(deployment, now - 5 * 3600, now - 5 * 3600).items():
        browser.cookies.set(name, value, path=deployment.accounts[ACCOUNT]["base_url"])
    page = browser.get("lab", follow_redirects=True)
    assert page.url.path.endswith("/login")
    assert "was not used for 4 hours" in page.text
    with httpx.Client(base_url=browser.base_url, trust_env=False, timeout=60) as stranger:
        assert "not used" not in stranger.get("lab", follow_redirects=True).text, "negative control"


def test_who_is_not_logged_in_is_told_so(deployment: Demo, account: dict[str, Any]) -> None:
    """E.g. a page whose person logged out in another tab: its requests have no cookie any more."""
    with httpx.Client(base_url=account["url"], trust_env=False, timeout=60) as stranger:
        for path in ("cbs/api/me", "api/contents/shared", "api/kernels/4a3e3b0c-0000-4000-8000-1d2c3b4a5f60"):
            answer = stranger.get(path, headers={"Accept-Language": "nl"})
            assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (
                403,
                "not_logged_in",
                "U bent niet ingelogd bij deze werkomgeving.",
            )
        assert stranger.get("login").status_code == 200, "negative control"


def test_use_prolongs_a_session_and_an_open_page_does_not(deployment: Demo, browser: httpx.Client) -> None:
    now = time.time()
    held = cookie(deployment, now - 3600, now - 1800)
    assert "set-cookie" not in get(browser, "api/kernels", held).headers
    prolonged = get(browser, "lab", held).headers.get_list("set-cookie")
    assert any(line.startswith("cbs-viewer") for line in prolonged)
    # JupyterLab keeps how the page looks every ten seconds, whether or not somebody is there
    browser.get("login")
    xsrf = browser.cookies["_xsrf"]

    def put(path: str, body: dict[str, Any]) -> tuple[int, bool]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in {**held, "_xsrf": xsrf}.items()), "X-XSRFToken": xsrf}
        answer = httpx.put(browser.base_url.join(path), headers=headers, json=body, trust_env=False, timeout=60)
        return answer.status_code, any(line.startswith("cbs-viewer") for line in answer.headers.get_list("set-cookie"))

    held = cookie(deployment, now - 3600, now - 1800)
    assert put("lab/api/workspaces/default", {"data": {}, "metadata": {"id": "default"}}) == (204, False)
    assert put("lab/api/settings/@jupyterlab/translation-extension:plugin", {"raw": "{}"}) == (204, True)


def test_logging_out_makes_a_copied_cookie_worthless(browser: httpx.Client, account: dict[str, Any]) -> None:
    log_in(browser, account)
    copied = {held.name: held.value for held in browser.cookies.jar if held.name.startswith("cbs-")}
    assert httpx.get(f"{account['url']}cbs/api/me", cookies=copied, trust_env=False, timeout=60).status_code == 200, "negative control"
    header = "; ".join(f"{name}={value}" for name, value in copied.items())
    address = account["url"].replace("http", "ws", 1) + "api/events/subscribe"
    socket = websocket.create_connection(address, timeout=60, cookie=header, origin=account["url"].split("/viewer")[0])
    assert browser.get("logout").status_code == 200
    after = httpx.get(f"{account['url']}cbs/api/me", cookies=copied, trust_env=False, timeout=60)
    assert (after.status_code, after.json()["code"]) == (403, "session_ended")
    # what was open is closed as well, with a reason
    code, data = socket.recv_data()
    while code == websocket.ABNF.OPCODE_TEXT:
        code, data = socket.recv_data()
    assert (code, int.from_bytes(data[:2], "big")) == (websocket.ABNF.OPCODE_CLOSE, 4403)
    socket.shutdown()  # closing a connection whose end was received leaves the socket open


ASKED_BY_SOMETHING_ELSE = (
    {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"},
)


def test_no_picture_frame_or_foreign_link_logs_a_person_out(browser: httpx.Client, account: dict[str, Any]) -> None:
    log_in(browser, account)
    for headers in ASKED_BY_SOMETHING_ELSE:
        assert browser.get("logout", headers=headers).status_code == 403
        assert browser.get("cbs/api/me").status_code == 200
    own = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
    assert browser.get("logout", headers=own).status_code == 200
    assert browser.get("cbs/api/me").status_code == 403


def test_a_forged_cookie_is_none(browser: httpx.Client, deployment: Demo) -> None:
    (name,) = cookie(deployment, 0, 0)
    for value in ("x", "2|1:0|10:1|1:a|1:b|c", create_signed_value("other", name, '{"id": "a", "since": 1, "seen": 1}').decode()):
        assert get(browser, "cbs/api/me", {name: value}).status_code == 403


# -------------------------------------------------------------------------------------------------------- audit


def test_log_ins_and_refusals_are_in_the_audit(deployment: Demo, browser: httpx.Client, account: dict[str, Any]) -> None:
    log_in(browser, account)
    browser.get("lab", params={"token": "guess"})
    browser.get("logout")
    for _ in range(30):
        assert browser.get("files/shared/x.csv").status_code == 403

    def seen() -> dict[str, list[dict[str, Any]]]:
        events = deployment.client("admin").api("GET", "audit?limit=500")["events"]
        found: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            if event["user"] == ACCOUNT:
                found.setdefault(event["action"], []).append(event)
        return found

    wanted = {"server.login", "server.login_refused", "server.logout", "server.route_refused"}
    found = wait_for(lambda: (now := seen()) and wanted <= set(now) and now, 60, "the audit's events")
    refused = found["server.route_refused"]
    assert len(refused) <= 11, "counted, not written one by one"
    assert {event["outcome"] for event in refused} == {"refused"}
    assert "guess" not in json.dumps(found)
    assert account["token"] not in json.dumps(found)
