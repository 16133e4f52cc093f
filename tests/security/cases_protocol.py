"""What a hostile peer says on its session's socket, as data.

Each case is code for the kernel, with the helpers of ``inside.py``: ``talk(*steps)`` sends bytes as they are and anything else as a
frame, and raises the last words of the broker (``answer``, the code of a refusal, ``closed``, ``silent``). ``naive`` is what a server
without the rules of the protocol answers: one that believes lengths, names and pickles.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One conversation.

    Parameters
    ----------
    name
        What is tried.
    code
        What is said.
    answers
        What may come of it.
    naive
        What comes of it at a naive server; empty where it was not asked.
    """

    name: str
    code: str
    answers: tuple[str, ...]
    naive: str = ""


CLOSED = ("closed",)
WELL = ("SUCCEEDED",)
UNKNOWN = ("unknown_operation",)
ME = "{'id': 1, 'op': 'me', 'args': {}}"
SLOW = "SELECT count(*) FROM range(100000000) a(i), range(1000000) b(j) WHERE (i * j) % 7 = 3"
PICKLE = "b\"cos\\nsystem\\n(S'touch personal/unpickled'\\ntR.\""

BYTES = [
    Case("another protocol", "talk(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' + b'x' * 64)", CLOSED),
    Case("a header of two gigabytes", "talk(struct.pack('>IIB', 2**31, 0, 0) + b'x' * 1000)", CLOSED, "silent"),
    Case("a payload of four gigabytes", "talk(struct.pack('>IIB', 2, 2**32 - 1, 0) + b'{}')", CLOSED, "silent"),
    Case("a header just over the bound", "talk(struct.pack('>IIB', 16 * 2**20 + 1, 0, 0))", CLOSED, "silent"),
    Case("a header of no bytes", "talk(struct.pack('>IIB', 0, 0, 0))", CLOSED),
    Case("a header that is no text", "talk(frame(b'\\xff\\xfe\\xfd'))", CLOSED),
    Case("a header that is no JSON", "talk(frame(b'{hello: 1}'))", CLOSED),
    Case("a header that is a list", "talk([1, 2])", CLOSED),
    Case("a header that is a number", "talk(frame(b'1'))", CLOSED),
    Case("a header nested without end", "talk(frame(b'[' * 200000))", CLOSED),
    Case("a header with a number without end", "talk(frame(b'{\"id\": ' + b'9' * 100000 + b'}'))", CLOSED),
    Case("a pickle", f"talk(frame({PICKLE}))", CLOSED, "answer"),
    Case("a pickle as payload", f"talk(HELLO, frame({ME}, payload={PICKLE}))", ("answer",)),
    Case("half a frame, and the end", "s = dial(); s.sendall(frame(HELLO)[:-3]); s.shutdown(1); raise Asked(*hear(s, 1))", CLOSED),
    Case("half a frame, and silence: others are answered", "s = dial(); s.sendall(frame(HELLO)[:-3]); ask('me')", WELL, "TimeoutError"),
    Case("one byte at a time", f"s = dial(); [s.sendall(bytes([b])) for b in frame(HELLO) + frame({ME})]; raise Asked(*hear(s, 1))", ("answer",)),
    Case(
        "many frames in one piece",
        f"talk(frame(HELLO) + frame({ME}) * 3, finals=3)",
        ("answer answer answer", "answer answer closed", "answer closed", "closed"),
    ),
    Case("two hundred descriptors announced", "talk(struct.pack('>IIB', 2, 0, 200) + b'{}')", CLOSED),
    Case("descriptors announced and not sent", "talk(struct.pack('>IIB', 2, 0, 3) + b'{}')", CLOSED),
    Case("a hundred descriptors at once", f"talk(HELLO, 100, {ME})", CLOSED),
    Case("descriptors beside every frame", f"talk(HELLO, 4, {ME})", ("answer",)),
    Case("descriptors that no frame announces", f"talk(HELLO, 0, frame({ME}))", ("answer",)),
]
"""Bytes, lengths, descriptors."""

GREETINGS = [
    Case("no greeting", f"talk({ME})", CLOSED, "answer"),
    Case("an empty greeting", "talk({})", CLOSED),
    Case("a greeting that is a list", "talk({'hello': []})", CLOSED),
    Case("another version", "talk({'hello': {'protocol': 2}})", CLOSED),
    Case("another language", "talk({'hello': {'protocol': 1, 'lang': '../../x'}})", CLOSED),
    Case("a greeting with a person", "talk({'hello': {'protocol': 1, 'user': 'leader'}})", CLOSED),
    Case("a greeting with a project", "talk({'hello': {'protocol': 1, 'project': '9002'}})", CLOSED),
    Case("a greeting with a session", "talk({'hello': {'protocol': 1, 'session': '0' * 32}})", CLOSED),
    Case("two greetings", "talk(HELLO, HELLO)", CLOSED),
    Case("a question on the line of events", f"talk({{'hello': {{'protocol': 1, 'events': True}}}}, {ME})", CLOSED),
    Case("events that are text", "talk({'hello': {'protocol': 1, 'events': ['exports']}})", CLOSED),
]
"""The first frame."""

REQUESTS = [
    Case("no number", "talk(HELLO, {'op': 'me', 'args': {}})", CLOSED),
    Case("a number that is text", "talk(HELLO, {'id': '1', 'op': 'me', 'args': {}})", CLOSED),
    Case("a number that is none", 'talk(HELLO, frame(b\'{"id": NaN, "op": "me", "args": {}}\'))', CLOSED),
    Case("a number that is a list", "talk(HELLO, {'id': [1], 'op': 'me', 'args': {}})", CLOSED),
    Case("a number below zero", "talk(HELLO, {'id': -1, 'op': 'me', 'args': {}})", ("answer",)),
    Case("a number beyond all words", "talk(HELLO, {'id': 2**80, 'op': 'me', 'args': {}})", ("answer",)),
    Case("a number that is true", "talk(HELLO, {'id': True, 'op': 'me', 'args': {}})", CLOSED),
    Case("a number twice at once", f"talk(HELLO, *[{{'id': 1, 'op': 'sql', 'args': {{'text': {SLOW!r}}}}}] * 2)", CLOSED),
    Case("no operation", "talk(HELLO, {'id': 1, 'args': {}})", CLOSED),
    Case("an operation that is a list", "talk(HELLO, {'id': 1, 'op': ['me'], 'args': {}})", CLOSED),
    Case("an operation that does not exist", "talk(HELLO, {'id': 1, 'op': 'no.such', 'args': {}})", UNKNOWN),
    Case("an operation of Python's", "talk(HELLO, {'id': 1, 'op': '__class__', 'args': {}})", UNKNOWN, "answer"),
    Case("an operation by a path", "talk(HELLO, {'id': 1, 'op': '../policy', 'args': {}})", UNKNOWN),
    *(
        Case(f"the operation {name}", f"talk(HELLO, {{'id': 1, 'op': '{name}', 'args': {{}}}})", UNKNOWN)
        for name in ("audit", "policy", "quota.check", "sessions.open", "sessions.close")
    ),
    Case("arguments that are a list", "talk(HELLO, {'id': 1, 'op': 'me', 'args': []})", CLOSED),
    Case("arguments that are nothing", "talk(HELLO, {'id': 1, 'op': 'me', 'args': None})", CLOSED),
    Case("an argument too many", "talk(HELLO, {'id': 1, 'op': 'me', 'args': {'user': 'leader'}})", ("invalid_request",), "answer"),
    Case("a claim beside the arguments", "find(own({'user': 'leader', 'project': '9002'}) != ('researcher', '9001'))", ("Nothing",), "SUCCEEDED"),
    Case("a claim in the arguments", "ask('catalogue.list', project='9002')", ("invalid_request",), "SUCCEEDED"),
    Case("an argument of another type", "talk(HELLO, {'id': 1, 'op': 'sql', 'args': {'text': ['SELECT 1']}})", ("invalid_request",)),
    Case(
        "parameters nested without end",
        "talk(HELLO, frame(SQL % (b'1', b'[' * 900 + b']' * 900)))",
        ("invalid_request",),
    ),
    Case("text with half a pair of surrogates", "talk(HELLO, frame(SQL % (b'\\\\ud800', b'[]')))", ("not_text",)),
    Case("to stop what does not run", f"talk(HELLO, {{'id': 9, 'op': 'cancel', 'args': {{'target': 7}}}}, {ME})", ("answer",)),
    Case("to stop something that is no number", f"talk(HELLO, {{'id': 9, 'op': 'cancel', 'args': {{'target': ['x']}}}}, {ME})", ("answer",)),
    Case("to stop nothing", f"talk(HELLO, {{'id': 9, 'op': 'cancel', 'args': {{}}}}, {ME})", ("answer",)),
    Case("to stop another connection's question", "stop_others()", ("Nothing",)),
]
"""Questions."""

FLOODS = [
    Case("thirty slow questions at once", f"talk(HELLO, *({{'id': i, 'op': 'sql', 'args': {{'text': {SLOW!r}}}}} for i in range(30)))", CLOSED),
    Case("after them, one is answered", "ask('sql', text='SELECT 1 AS x')", WELL),
    Case("ten thousand questions, no answer read", f"s = dial(); s.settimeout(5); say(s, (HELLO, *[{ME}] * 10000)); s.close(); ask('me')", WELL),
    Case("thirty connections", "crowd(30); patient('me')", WELL),
    Case(
        "a result that is not read: others are answered",
        "s = dial(); say(s, (HELLO, {'id': 1, 'op': 'sql', 'args': {'text': 'FROM range(3000000)'}})); ask('me')",
        WELL,
    ),
    Case("a megabyte for a name", "talk(HELLO, {'id': 1, 'op': 'x' * 2**20, 'args': {}})", UNKNOWN),
    Case("a thousand arguments", "talk(HELLO, {'id': 1, 'op': 'me', 'args': {str(i): i for i in range(1000)}})", ("invalid_request",)),
    Case("and the session still works", "find(ask('sql', text='SELECT 42 AS x')['rows'] == 1)", WELL),
]
"""More than one kernel's share."""

CASES = (*BYTES, *GREETINGS, *REQUESTS, *FLOODS)
