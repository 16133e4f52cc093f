"""A person at a workspace server, without a browser: its REST routes and its kernels over the websocket."""

from __future__ import annotations

import json
import select
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import httpx
import websocket

from ..domain.errors import CbsError, ErrorBody, TimedOut, Unavailable

_KERNEL_SECONDS: Final = 300.0
_SILENCE_SECONDS: Final = 2.0
"""How long nothing may come after a cell's answer before the kernel is asked whether it is idle."""

_GONE: Final = ("restarting", "dead")
"""States of which a server tells when a kernel ended by itself: whatever it was asked before is lost."""


@dataclass
class Output:
    """What a cell printed and showed.

    Parameters
    ----------
    text
        Everything printed, in order.
    shown
        Data of rich outputs by media type, in order.
    error
        ``(name, message)`` where the cell failed.
    """

    text: str = ""
    shown: list[dict[str, Any]] = field(default_factory=list)
    error: tuple[str, str] | None = None


class Kernel:
    """A running kernel.

    Parameters
    ----------
    client : LabClient
    id, session_id : str
        Ids of the kernel and of its notebook session.
    """

    def __init__(self, client: LabClient, id: str, session_id: str) -> None:
        self.id = id
        self.session_id = session_id
        self._client = client
        self._me = uuid.uuid4().hex
        # messages that were read, and numbers of cells: what stands behind a number came after that cell was sent
        self._inbox: deque[dict[str, Any] | str] = deque()
        self._connect()

    def _connect(self) -> None:
        url = self._client.url
        self._socket = websocket.create_connection(
            f"{url.replace('http', 'ws', 1)}api/kernels/{self.id}/channels?session_id={self._me}",
            timeout=_KERNEL_SECONDS,
            header=[f"Authorization: token {self._client.token}"],
            origin=url.split("/", 3)[0] + "//" + url.split("/", 3)[2],
        )

    def send(self, code: str, *, asks: bool = False) -> str:
        """Have the kernel run a cell, which may ask for input when it ``asks``; give the message's id."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": asks, "stop_on_error": True}
        return self._send("shell", "execute_request", content)

    def _send(self, channel: str, kind: str, content: dict[str, Any]) -> str:
        number = uuid.uuid4().hex
        try:
            while select.select([self._socket], [], [], 0)[0]:
                self._inbox.extend(self._read(_KERNEL_SECONDS))
        except (Unavailable, OSError, websocket.WebSocketException):
            # a server hangs up on who does not answer its pings, which nobody does who runs nothing for a minute
            self._socket.close()
            self._connect()
        self._inbox.append(number)
        header = {"msg_id": number, "username": "", "session": self._me, "msg_type": kind, "version": "5.3", "date": ""}
        self._socket.send(json.dumps({"channel": channel, "header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}))
        return number

    def receive(self, number: str, seconds: float = _KERNEL_SECONDS, answers: Iterable[str] = ()) -> Output:
        """Wait until the cell is done.

        Parameters
        ----------
        number : str
            The cell's message.
        seconds : float
            How long to wait.
        answers : iterable of str
            What a person types when the cell asks.

        Raises
        ------
        TimedOut
            When it is not done in time.
        Unavailable
            ``kernel_died`` with what was said of it, when its kernel ends meanwhile.
        """
        output = Output()
        typed = iter(answers)
        replied = idle = False
        for kind, content in self._messages(number, seconds, output):
            if kind == "execute_reply":
                replied = True
                if content["status"] == "error" and output.error is None:
                    output.error = (content.get("ename", ""), content.get("evalue", ""))
            elif kind == "status" and content["execution_state"] == "idle":
                idle = True
            elif kind == "input_request":
                self._send("stdin", "input_reply", {"value": next(typed, "")})
            if replied and idle:
                break
        return output

    def await_text(self, number: str, text: str, seconds: float = _KERNEL_SECONDS) -> None:
        """Wait until the running cell has printed some text.

        Raises
        ------
        TimedOut
            When it did not print it in time.
        Unavailable
            ``kernel_died``, as in :meth:`receive`.
        """
        output = Output()
        for _ in self._messages(number, seconds, output):
            if text in output.text:
                break

    def _messages(self, number: str, seconds: float, output: Output) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the messages of a cell as they come, after what they show was added to ``output``.

        A kernel that has just been started again answers before all it says is heard, so the word that a cell is done can be lost.
        Whoever answered and says no more is asked something else: that this is done comes later, so the cell is done as well.
        """
        deadline = time.monotonic() + seconds
        sent = number not in self._inbox
        answered = False
        asked: set[str] = set()
        while True:
            try:
                if not self._inbox:
                    left = deadline - time.monotonic()
                    self._inbox.extend(self._read(min(left, _SILENCE_SECONDS) if answered else left))
                    continue
            except websocket.WebSocketTimeoutException as error:
                if answered and time.monotonic() < deadline:
                    asked.add(self._send("shell", "kernel_info_request", {}))
                    continue
                raise TimedOut("kernel_silent", f"The cell was not done within {seconds:.0f} s. {output.text}") from error
            message = self._inbox.popleft()
            if isinstance(message, str):
                sent = sent or message == number
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            if sent and kind == "status" and content["execution_state"] in _GONE:
                raise Unavailable("kernel_died", f"The kernel ended while the cell ran. {output.text}")
            about = message.get("parent_header", {}).get("msg_id")
            if about != number and not (about in asked and kind == "status"):
                continue
            answered = answered or kind == "execute_reply"
            if kind == "stream":
                output.text += content["text"]
            elif kind in ("display_data", "execute_result"):
                output.shown.append(content["data"])
            elif kind == "error":
                output.error = (content["ename"], content["evalue"])
            yield kind, content

    def _read(self, seconds: float) -> list[dict[str, Any]]:
        """Read what comes next, if it is a message, whatever it is about; a ping is answered and none."""
        if seconds <= 0:
            raise websocket.WebSocketTimeoutException
        self._socket.settimeout(seconds)
        kind, data = self._socket.recv_data(control_frame=True)
        if kind == websocket.ABNF.OPCODE_CLOSE:
            raise Unavailable("kernel_gone", "The server closed the connection to the kernel.")
        return [json.loads(data)] if kind in (websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY) else []

    def run(self, code: str, seconds: float = _KERNEL_SECONDS) -> Output:
        """Run a cell and wait for it."""
        return self.receive(self.send(code), seconds)

    def interrupt(self) -> None:
        """Interrupt what runs, as the button does."""
        self._client.request("POST", f"api/kernels/{self.id}/interrupt")

    def close(self) -> None:
        """Leave the kernel running and close the connection."""
        self._socket.close()


class LabClient:
    """One account at its workspace server.

    Parameters
    ----------
    account : mapping
        ``url``, ``token`` and ``pin`` as in ``demo.json``.
    lang : str
        Language of answers.
    """

    def __init__(self, account: Mapping[str, Any], lang: str = "en") -> None:
        self.url = str(account["url"])
        self.token = str(account["token"])
        self.pin: str | None = account.get("pin")
        headers = {"Authorization": f"token {self.token}", "Accept-Language": lang}
        self.http = httpx.Client(base_url=self.url, headers=headers, timeout=_KERNEL_SECONDS, trust_env=False)

    def request(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Send a request as it is; no status is an error here."""
        if body is not None:
            options["json"] = body
        return self.http.request(method, path, **options)

    def api(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask an operation of the gateway, e.g. ``api("GET", "project")``.

        Raises
        ------
        CbsError
            What the answer says, as its own type.
        """
        answer = self.request(method, f"cbs/api/{path}", body)
        if answer.status_code >= 400:
            raise CbsError.from_body(ErrorBody.model_validate_json(answer.content))
        result: dict[str, Any] = answer.json()
        return result

    def save(self, path: str, content: Any, kind: str = "file") -> httpx.Response:
        """Save a text file, a notebook or a folder as the file browser does."""
        form = "json" if kind == "notebook" else "text"
        body = {"type": kind} if kind == "directory" else {"type": kind, "format": form, "content": content}
        return self.request("PUT", f"api/contents/{quote(path)}", body)

    def start_kernel(self, path: str, spec: str = "cbs-python") -> httpx.Response:
        """Start a kernel for a notebook as JupyterLab does."""
        body = {"path": path, "name": path.rsplit("/", 1)[-1], "type": "notebook", "kernel": {"name": spec}}
        return self.request("POST", "api/sessions", body)

    @contextmanager
    def kernel(self, path: str = "personal/scratch.ipynb", spec: str = "cbs-python") -> Iterator[Kernel]:
        """Run a kernel for a while.

        Raises
        ------
        CbsError
            With the server's reason when it does not start.
        """
        answer = self.start_kernel(path, spec)
        if answer.status_code >= 400:
            raise CbsError("no_kernel", str(answer.json().get("message")))
        session = answer.json()
        kernel = Kernel(self, session["kernel"]["id"], session["id"])
        try:
            yield kernel
        finally:
            kernel.close()
            self.request("DELETE", f"api/sessions/{session['id']}")

    def close(self) -> None:
        """Close the connections."""
        self.http.close()
