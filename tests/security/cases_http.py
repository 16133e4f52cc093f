"""What a person with a valid account, or a page they look at, asks a workspace server, as data.

``$NAME`` in a path, a header or a body is filled in by the runner: ids of things of others, a file that is a link. Everything is sent
as it is written here, so no client tidies a path up. The same requests go to a stock server as control; ``outside`` says that they
succeed there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Case:
    """One request.

    Parameters
    ----------
    name
        What is tried.
    method, path
        As sent, below the account's address.
    answers
        Statuses that may be the answer.
    body
        Sent as JSON; bytes as they are.
    account
        Whose server is asked.
    by
        How the asker is known: their token, nobody, the cookie of a browser, or the token of somebody else.
    headers
        More headers.
    code
        Code of the refusal, where it counts.
    outside
        Whether a stock server does it.
    """

    name: str
    method: str
    path: str
    answers: tuple[int, ...] = (403,)
    body: Any = None
    account: str = "researcher"
    by: Literal["token", "nobody", "cookie", "other"] = "token"
    headers: dict[str, str] = field(default_factory=dict)
    code: str = ""
    outside: bool = False


SHUT = (403, 404, 405)
BAD = (400, 403, 404)
SUBMIT = "cbs/api/exports/$PROPOSED/actions/submit"
APPROVE = "cbs/api/exports/$REVIEWED/actions/approve"
TEXT = {"type": "file", "format": "text", "content": "x"}

ROUTES = [
    Case("a file as a download", "GET", "files/shared/f.txt", SHUT, outside=True),
    Case("a file as a download, only asked about", "HEAD", "files/shared/f.txt", SHUT, outside=True),
    Case("a file in a frame", "GET", "view/shared/f.html", SHUT, outside=True),
    Case("a notebook converted", "GET", "nbconvert/script/shared/n.ipynb", SHUT, outside=True),
    Case("a notebook converted from the request", "POST", "nbconvert/script", SHUT, {"name": "n.ipynb", "content": "$NOTEBOOK"}, outside=True),
    Case("a terminal", "POST", "api/terminals", SHUT, {}, outside=True),
    Case("the list of terminals", "GET", "api/terminals", SHUT, outside=True),
    Case("language servers", "GET", "lsp/status", SHUT),
    Case("an extension of the front end", "GET", "lab/api/extensions", SHUT, outside=True),
    Case("to install an extension", "POST", "lab/api/extensions", SHUT, {"cmd": "install", "extension_name": "x"}),
    Case("to switch a plugin on", "POST", "lab/api/plugins", SHUT, {"cmd": "enable", "plugin_name": "@jupyterlab/javascript-extension"}),
    Case("a build", "POST", "lab/api/build", SHUT, {}),
    Case("news, fetched elsewhere", "GET", "lab/api/news", SHUT),
    Case("the end of the server", "POST", "api/shutdown", SHUT),
    Case("figures of the server", "GET", "metrics", SHUT, outside=True),
    Case("the description of all routes", "GET", "api/spec.yaml", SHUT, outside=True),
    Case("the server's configuration", "PUT", "api/config/notebook", SHUT, {"x": 1}, outside=True),
    Case("a part of the configuration", "PATCH", "api/config/notebook", SHUT, {"x": 1}, outside=True),
    Case("whether a file of the machine exists", "GET", "api/resolvePath?path=/etc/passwd", SHUT),
    Case("an event of its own making", "POST", "api/events", SHUT, {"schema_id": "https://x", "data": {}, "version": "1"}),
    Case("a route of an extension that is not there", "GET", "proxy/127.0.0.1:1/", SHUT),
    Case("a resource of a kernel spec that is no picture", "GET", "kernelspecs/cbs-python/kernel.json", SHUT),
    Case("a style of its own for every page", "GET", "custom/custom.css", SHUT),
    Case("a closed route with an escaped letter", "GET", "%66iles/shared/f.txt", SHUT),
    Case("a closed route in capitals", "GET", "FILES/shared/f.txt", SHUT),
    Case("a closed route behind an open one", "GET", "lab/../files/shared/f.txt", SHUT),
    Case("a closed route behind an open one, escaped", "GET", "static/%2e%2e/files/shared/f.txt", SHUT),
    Case("a closed route with two slashes", "GET", "/files/shared/f.txt", SHUT),
    Case("a closed route with a slash behind it", "GET", "metrics/", SHUT),
    Case("a closed route with a query that looks open", "GET", "metrics?/lab", SHUT, outside=True),
    Case("a closed route by a method that is none", "BREW", "metrics", (403, 405, 501)),
    Case("a closed route by a method in a header", "POST", "lab", SHUT, headers={"X-HTTP-Method-Override": "GET"}),
    Case("a file of the machine beside the front end's", "GET", "static/../../../../../../../../etc/passwd", SHUT),
    Case("a file of the machine beside the extensions'", "GET", "lab/extensions/jupyter-cbs/../../../../../../../../../../etc/passwd", SHUT),
    Case("a file of the machine, escaped", "GET", "lab/extensions/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", SHUT),
    Case("a file of the machine as a theme", "GET", "lab/api/themes/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd", SHUT),
    Case("a file of the machine as a translation", "GET", "lab/api/translations/..%2f..%2f..%2fetc%2fpasswd", (200, *BAD)),
    Case("a file of the machine as a setting", "GET", "lab/api/settings/..%2f..%2f..%2f..%2fetc%2fpasswd", (400, 403, 404, 500)),
]
"""What is not offered at all."""

PATHS = [
    Case("above the workspace", "GET", "api/contents/../secret.txt", BAD),
    Case("above the workspace, from inside", "GET", "api/contents/shared/../../secret.txt", BAD),
    Case("above the workspace, dots escaped", "GET", "api/contents/shared/%2e%2e/%2e%2e/secret.txt", BAD),
    Case("above the workspace, slashes escaped", "GET", "api/contents/shared%2f..%2f..%2fsecret.txt", BAD),
    Case("above the workspace, escaped twice", "GET", "api/contents/shared/%252e%252e/%252e%252e/secret.txt", BAD),
    Case("above the workspace with backslashes", "GET", "api/contents/shared%5c..%5c..%5csecret.txt", BAD),
    Case("from the root of the machine", "GET", "api/contents//etc/passwd", BAD),
    Case("from the root of the machine, escaped", "GET", "api/contents/%2fetc%2fpasswd", BAD),
    Case("a path that ends early", "GET", "api/contents/shared/f.txt%00.ipynb", BAD),
    Case("a path with a line break", "GET", "api/contents/shared/f%0d%0aX: y", BAD),
    Case("a path that is no text", "GET", "api/contents/shared/%ff%fe", BAD),
    Case("a path without end", "GET", "api/contents/shared/" + "a/" * 3_000, (302, *BAD, 414)),
    Case("a link to a file", "GET", "api/contents/shared/$LINK", BAD, outside=True),
    Case("a file behind a linked folder", "GET", "api/contents/shared/$LINKED_FOLDER/secret.txt", BAD, outside=True),
    Case("a list of a linked folder", "GET", "api/contents/shared/$LINKED_FOLDER", BAD, outside=True),
    Case("a second name of a file", "GET", "api/contents/shared/$HARD", BAD, outside=True),
    Case("the server's own environment", "GET", "api/contents/shared/$ENVIRON", BAD, outside=True),
    Case("to write through a link", "PUT", "api/contents/shared/$LINK", BAD, TEXT, outside=True),
    Case("to write behind a linked folder", "PUT", "api/contents/shared/$LINKED_FOLDER/new.txt", BAD, TEXT, outside=True),
    Case("to delete behind a linked folder", "DELETE", "api/contents/shared/$LINKED_FOLDER/gone.txt", BAD, outside=True),
    Case(
        "to move something out of a linked folder", "PATCH", "api/contents/shared/$LINKED_FOLDER/moved.txt", BAD, {"path": "shared/got"}, outside=True
    ),
    Case("to copy a link", "POST", "api/contents/shared", BAD, {"copy_from": "shared/$LINK"}, outside=True),
    Case("to copy from above the workspace", "POST", "api/contents/shared", BAD, {"copy_from": "shared/../../secret.txt"}),
    Case("to copy from the machine", "POST", "api/contents/shared", BAD, {"copy_from": "/etc/passwd"}),
    Case("to move to above the workspace", "PATCH", "api/contents/shared/f.txt", BAD, {"path": "shared/../../stolen.txt"}),
    Case("to move to where settings lie", "PATCH", "api/contents/shared/f.txt", BAD, {"path": "personal/.jupyter/jupyter_server_config.py"}),
    Case("to write above the workspace", "PUT", "api/contents/..%2fstolen.txt", BAD, TEXT),
    Case("to write beside the workspace's folders", "PUT", "api/contents/stolen.txt", BAD, TEXT, outside=True),
    Case("to write a hidden file", "PUT", "api/contents/personal/.bashrc", BAD, TEXT),
    Case("to write where checkpoints lie", "PUT", "api/contents/personal/.checkpoints/x", BAD, TEXT),
    Case("to read where checkpoints lie", "GET", "api/contents/personal/.checkpoints", BAD),
    Case("a new file with a path for a suffix", "POST", "api/contents/shared", BAD, {"type": "file", "ext": "/../../../stolen.txt"}),
    Case("a checkpoint by a path for an id", "POST", "api/contents/shared/f.txt/checkpoints/..%2f..%2fx", SHUT),
    Case("checkpoints of a file above the workspace", "GET", "api/contents/shared/..%2f..%2fsecret.txt/checkpoints", (200, *BAD)),
    Case("an upload of something hidden in chunks", "PUT", "api/contents/shared/.chunks", BAD, {**TEXT, "chunk": 1}),
    Case("to delete everything", "DELETE", "api/contents/", (400, 403, 405)),
    Case("to delete an area", "DELETE", "api/contents/shared", (400, 403)),
    Case("to put a file in the place of an area", "PUT", "api/contents/shared", (400, 403, 409), TEXT),
    Case("a data container", "GET", "api/contents/shared/data.parquet?format=base64&type=file", (403,), outside=True),
    Case("a data container under another name", "GET", "api/contents/shared/renamed.csv?format=base64&type=file", (403,), outside=True),
    Case("to bring a data container in", "PUT", "api/contents/shared/new.rds", (403,), TEXT, outside=True),
    Case("another person's file", "GET", "api/contents/personal/private.txt", (404,)),
    Case("another person's file by their name", "GET", "api/contents/personal/../leader/private.txt", BAD),
    Case("another project's file", "GET", "api/contents/9002/shared/theirs.txt", BAD),
]
"""Files, through the file browser's routes."""

WHO = [
    Case("without a token", "GET", "api/contents/shared", (401, 403), by="nobody"),
    Case("the gateway without a token", "GET", "cbs/api/project", (401, 403), by="nobody"),
    Case("with the token of somebody else", "GET", "api/contents/shared", (401, 403), by="other"),
    Case("the gateway with the token of somebody else", "GET", "cbs/api/project", (401, 403), by="other"),
    Case("with an empty token", "GET", "api/me", (401, 403), by="nobody", headers={"Authorization": "token "}),
    Case("with a token that is a password", "GET", "api/me", (401, 403), by="nobody", headers={"Authorization": "Basic cmVzZWFyY2hlcjp4"}),
    Case("as whom a proxy names", "GET", "cbs/api/me", (401, 403), by="nobody", headers={"X-Forwarded-User": "admin", "X-Remote-User": "admin"}),
    Case("with a cookie that was made up", "GET", "api/me", (401, 403), by="nobody", headers={"Cookie": 'username-127-0-0-1="2|1:0|4:eA=="'}),
    Case("a page without a token", "GET", "lab", (302,), by="nobody"),
    Case("to be sent elsewhere after log-in", "GET", "login?next=https://elsewhere.example/", (302, 400, 403), headers={}),
    Case("to be sent elsewhere after log-in, without a scheme", "GET", "login?next=//elsewhere.example/", (302, 400, 403)),
    Case("under another name of the machine", "GET", "api/contents/shared", (403,), headers={"Host": "rebound.example"}),
    Case("the gateway under another name of the machine", "GET", "cbs/api/project", (403,), headers={"Host": "rebound.example:80"}),
    Case("a change by cookie, without the XSRF token", "POST", "cbs/api/quota/measurements", (403,), {}, by="cookie"),
    Case(
        "a change by cookie, with a wrong XSRF token",
        "POST",
        "cbs/api/exports",
        (403,),
        {"title": "x"},
        by="cookie",
        headers={"X-XSRFToken": "2|0|0|0"},
    ),
    Case(
        "a file by cookie from another page",
        "PUT",
        "api/contents/shared/forged.txt",
        (403, 404),
        TEXT,
        by="cookie",
        headers={"Origin": "http://x.example"},
    ),
    Case("a kernel by cookie from another page", "POST", "api/kernels", (403, 404), {}, by="cookie", headers={"Origin": "http://x.example"}),
    Case("a form of another page", "POST", "api/contents/shared", (403,), b"type=file", by="cookie", headers={"Content-Type": "text/plain"}),
    Case("to log a person out by a picture", "GET", "logout", (403,), by="cookie", headers={"Sec-Fetch-Dest": "image"}, outside=True),
    Case("to log a person out by a frame", "GET", "logout", (403,), by="cookie", headers={"Sec-Fetch-Dest": "iframe"}, outside=True),
    Case("messages of a kernel from another page", "WS", "api/kernels/$KERNEL/channels", (403,), by="cookie", headers={"Origin": "http://x.example"}),
    Case("messages of a kernel from a page without a name", "WS", "api/kernels/$KERNEL/channels", (403,), by="cookie", headers={"Origin": "null"}),
    Case("events from another page", "WS", "api/events/subscribe", (403,), by="cookie", headers={"Origin": "http://x.example"}),
    Case("messages of a kernel without a token", "WS", "api/kernels/$KERNEL/channels", (401, 403), by="nobody"),
    Case("messages of another person's kernel", "WS", "api/kernels/$OTHER_KERNEL/channels", (404,)),
    Case("another person's kernel", "GET", "api/kernels/$OTHER_KERNEL", (404,)),
    Case("the end of another person's kernel", "DELETE", "api/kernels/$OTHER_KERNEL", (404,)),
    Case("another person's notebook session", "GET", "api/sessions/$OTHER_SESSION", (404,)),
    Case("the end of another person's notebook session", "DELETE", "api/sessions/$OTHER_SESSION", (404,)),
    Case("a kernel of another kind", "POST", "api/kernels", (400, 403, 404, 500, 501), {"name": "python3"}, outside=True),
    Case("a kernel by a path", "POST", "api/kernels", (400, 403, 404, 500, 501), {"name": "../../../../bin/sh"}),
    Case(
        "a notebook with a kernel of another kind",
        "POST",
        "api/sessions",
        (400, 403, 404, 500, 501),
        {"path": "shared/x.ipynb", "name": "x", "type": "notebook", "kernel": {"name": "python3"}},
        outside=True,
    ),
    Case("a kernel for a viewer", "POST", "api/kernels", (403,), {}, account="viewer"),
    Case("a kernel for a checker", "POST", "api/kernels", (403,), {}, account="checker1"),
    Case("a viewer who writes", "PUT", "api/contents/shared/viewed.txt", (403,), TEXT, account="viewer"),
    Case("a viewer who deletes", "DELETE", "api/contents/shared/f.txt", (403,), account="viewer"),
    Case("a checker who reads the workspace", "GET", "api/contents/shared", (403,), account="checker1"),
    Case("an administrator who reads the workspace", "GET", "api/contents/shared/f.txt", (403, 404), account="admin"),
]
"""Who asks."""

GATEWAY = [
    Case("the policy", "GET", "cbs/api/policy", (403,)),
    Case("the audit", "GET", "cbs/api/audit", (403,)),
    Case("a session of its own", "POST", "cbs/api/sessions", (403, 404), {"kernel_id": "mine"}),
    Case("the end of another's session", "DELETE", "cbs/api/sessions/$OTHER_SESSION", SHUT),
    Case("a query without a kernel", "POST", "cbs/api/sql", (403, 404), {"text": "SELECT 1"}),
    Case("a table without a kernel", "POST", "cbs/api/table", (403, 404), {"source": "GBAPERSOONTAB"}),
    Case("whether a save fits, as the server", "POST", "cbs/api/quota/checks", (403, 404), {"path": "shared/x", "bytes": 1}),
    Case("the broker's events", "GET", "cbs/api/events", (403, 404)),
    Case("another project in a query", "GET", "cbs/api/exports/$FOREIGN?project=9002", (404,)),
    Case("a request of another project", "GET", "cbs/api/exports/$FOREIGN", (404,)),
    Case("a step in a request of another project", "POST", "cbs/api/exports/$FOREIGN/actions/withdraw", (404,), {"version": 1}),
    Case("a draft, as a checker", "GET", "cbs/api/exports/$DRAFT", (404,), account="checker1"),
    Case("a data set that is not granted", "GET", "cbs/api/catalogue/VERDTAB", (404,)),
    Case("another route of the broker by a name", "GET", "cbs/api/catalogue/..%2fpolicy", (404,)),
    Case("another route of the broker by an id", "GET", "cbs/api/exports/..%2faudit%3flimit=1", (404,)),
    Case("a file of the machine in the pre-check", "POST", "cbs/api/precheck", (400,), {"paths": ["/etc/passwd"]}),
    Case("a link in the pre-check", "POST", "cbs/api/precheck", (200, 400, 403, 404), {"paths": ["shared/$LINK"]}),
    Case("another project's files in the pre-check", "POST", "cbs/api/precheck", (400,), {"paths": ["shared/../../9002/shared/theirs.txt"]}),
    Case("a link in a draft", "POST", "cbs/api/exports", (400, 403, 404), {"title": "x", "paths": ["shared/$LINKED_FOLDER/secret.txt"]}),
    Case("to submit, as the author", "POST", SUBMIT, (403,), {"version": "$VERSION", "pin": "000000"}),
    Case("to submit without a PIN", "POST", SUBMIT, (401, 403), {"version": "$VERSION"}, account="leader", code="pin_required"),
    Case("to submit with an empty PIN", "POST", SUBMIT, (401, 403), {"version": "$VERSION", "pin": ""}, account="leader", code="pin_required"),
    Case("to submit with a PIN that is a number", "POST", SUBMIT, (400,), {"version": "$VERSION", "pin": 0}, account="leader"),
    Case("to submit with a PIN that is a list", "POST", SUBMIT, (400,), {"version": "$VERSION", "pin": ["x"]}, account="leader"),
    Case(
        "to submit with a PIN in the address",
        "POST",
        "cbs/api/exports/$PROPOSED/actions/submit?pin=$PIN",
        (401, 403),
        {"version": "$VERSION"},
        account="leader",
    ),
    Case("to submit by GET", "GET", "cbs/api/exports/$PROPOSED/actions/submit?version=1&pin=$PIN", (404, 405), account="leader"),
    Case("to submit what changed meanwhile", "POST", SUBMIT, (409,), {"version": 1, "pin": "$PIN"}, account="leader"),
    Case(
        "to submit another request by its body",
        "POST",
        "cbs/api/exports/none/actions/submit",
        (404,),
        {"id": "$PROPOSED", "version": "$VERSION", "pin": "$PIN"},
        account="leader",
    ),
    Case("to approve, as the author", "POST", APPROVE, (403,), {"version": "$REVIEWED_VERSION", "digest": "$DIGEST", "pin": "1"}),
    Case(
        "to approve, as the leader", "POST", APPROVE, (403,), {"version": "$REVIEWED_VERSION", "digest": "$DIGEST", "pin": "$PIN"}, account="leader"
    ),
    Case(
        "to approve, as an administrator", "POST", APPROVE, (403,), {"version": "$REVIEWED_VERSION", "digest": "$DIGEST", "pin": "1"}, account="admin"
    ),
    Case(
        "to approve without a PIN",
        "POST",
        APPROVE,
        (401, 403),
        {"version": "$REVIEWED_VERSION", "digest": "$DIGEST"},
        account="checker1",
        code="pin_required",
    ),
    Case(
        "to approve other bytes",
        "POST",
        APPROVE,
        (409,),
        {"version": "$REVIEWED_VERSION", "digest": "0" * 64, "pin": "$CHECKER_PIN"},
        account="checker1",
    ),
    Case(
        "to approve without saying which bytes",
        "POST",
        APPROVE,
        (400, 409),
        {"version": "$REVIEWED_VERSION", "pin": "$CHECKER_PIN"},
        account="checker1",
    ),
    Case("to approve an earlier version", "POST", APPROVE, (409,), {"version": 1, "digest": "$DIGEST", "pin": "$CHECKER_PIN"}, account="checker1"),
    Case("to release", "POST", "cbs/api/exports/$REVIEWED/actions/release", (400, 403, 404), {"version": "$REVIEWED_VERSION"}, account="checker1"),
    Case("to change what is being reviewed", "PATCH", "cbs/api/exports/$REVIEWED", (403, 409), {"version": "$REVIEWED_VERSION", "paths": []}),
    Case("a state of its own choice", "POST", "cbs/api/exports", (400,), {"title": "x", "state": "approved"}),
    Case("an author of its own choice", "POST", "cbs/api/exports", (400,), {"title": "x", "author": "leader"}),
    Case("a version that is text", "PATCH", "cbs/api/exports/$DRAFT", (400, 409), {"version": "one", "title": "changed"}),
    Case("a version that is endless", "PATCH", "cbs/api/exports/$DRAFT", (400, 409), {"version": 10**400, "title": "changed"}),
    Case("a title with half a pair of surrogates", "POST", "cbs/api/exports", (400,), b'{"title": "\\ud800"}', code="not_text"),
    Case("a title that is read from the right", "POST", "cbs/api/exports", (400,), {"title": "costs \u202evsc.slliks"}),
    Case("a title with something nobody sees", "POST", "cbs/api/exports", (400,), {"title": "costs\u200b\U000e0041"}),
    Case("a title of nothing", "POST", "cbs/api/exports", (400,), {"title": "\u3164 "}),
    Case("a form whose words change places", "POST", "cbs/api/exports", (400,), {"title": "x", "form": {"description": "\u2067not \u2066safe"}}),
    Case("a form that a terminal obeys", "POST", "cbs/api/exports", (400,), {"title": "x", "form": {"purpose": "thesis\u001b[2K\rarticle"}}),
    Case(
        "a reason that is read otherwise",
        "POST",
        "cbs/api/exports/$PROPOSED/actions/return",
        (400,),
        {"version": "$VERSION", "reason": "\u202eko"},
        account="leader",
    ),
    Case("a path with half a pair of surrogates", "POST", "cbs/api/precheck", (400,), b'{"paths": ["shared/\\ud800"]}'),
    Case("a title that is a list", "POST", "cbs/api/exports", (400,), {"title": ["x"]}),
    Case("paths that are text", "POST", "cbs/api/precheck", (400,), {"paths": "shared/f.txt"}),
    Case("paths that are nothing", "POST", "cbs/api/precheck", (400,), {"paths": [None]}),
    Case("a body that is a list", "POST", "cbs/api/precheck", (400,), []),
    Case("a body that is nested without end", "POST", "cbs/api/precheck", (400,), b"[" * 500_000),
    Case("a body that is no JSON", "POST", "cbs/api/precheck", (400,), b"{'paths': 1}"),
    Case("a body with a number that is none", "POST", "cbs/api/precheck", (400,), b'{"paths": NaN}'),
    Case("a body that is too long", "POST", "cbs/api/precheck", (413,), b'{"paths": ["' + b"x" * 2**20 + b'"]}'),
    Case("a body that says it is endless", "POST", "cbs/api/precheck", (0, 400, 413), b"{}", headers={"Content-Length": "99999999999"}),
    Case("a body with two lengths", "POST", "cbs/api/precheck", (0, 400), b"{}", headers={"Transfer-Encoding": "chunked"}),
    Case("headers without end", "GET", "cbs/api/me", (0, 400, 431), headers={"X-Long": "x" * 100_000}),
    Case("a page of the audit without end", "GET", "cbs/api/audit?limit=1000000", (400,), account="admin"),
    Case("a page of the audit before its beginning", "GET", "cbs/api/audit?limit=-1", (400,), account="admin"),
]
"""The broker's operations, through the server."""

CASES = (*ROUTES, *PATHS, *WHO, *GATEWAY)
