"""Websockets and connections with bounds: what a kernel prints, and who does not read or send, costs this server only so much.

A kernel decides what and how much it says. One message is bounded where it arrives, before it is in memory (:func:`bound_messages`); what
arrives in a few seconds is bounded over all channels; and a browser that does not read is cut off instead of piling up what waits for it.
"""

from __future__ import annotations

import json
import logging
import struct
from collections import OrderedDict, deque
from contextlib import suppress
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

import zmq
from jupyter_client.jsonutil import json_default
from jupyter_server.services.events.handlers import SubscribeWebsocket
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado import web
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError
from zmq.eventloop.zmqstream import ZMQStream
from zmq.utils.monitor import parse_monitor_message

from ..domain.text import Text
from . import language
from .identity import AccountIdentityProvider

log = logging.getLogger(__name__)

MAX_KERNEL_MESSAGE: Final = 16 * 2**20
"""Largest part of a message a kernel may send, in bytes: an interactive figure with its library fits. A larger one is not received."""

MAX_QUEUED: Final = 16
"""Messages of a kernel that wait in this process for each of its sockets; more wait with the kernel."""

MAX_UNSENT: Final = 2
"""Messages to a kernel that wait in ZeroMQ for each of its sockets; more wait where they are counted (:data:`MAX_WAITING`)."""

MAX_WAITING: Final = 96 * 2**20
"""Bytes of all pages that may wait for kernels which do not take them."""

MAX_OUTPUT: Final = 64 * 2**20
"""Bytes a kernel may send in :data:`OUTPUT_SECONDS` to one page; what exceeds them is left out."""

OUTPUT_SECONDS: Final = 5.0

MAX_MESSAGES: Final = 5_000
"""Messages a kernel may send in :data:`OUTPUT_SECONDS` to one page."""

MAX_BACKLOG: Final = 96 * 2**20
"""Bytes that may wait for a page that does not read."""

MAX_SOCKETS: Final = 64
"""Websockets of one server, that is, of one account."""

MAX_CONNECTIONS: Final = 512
"""HTTP connections of one server."""

HEADER_SECONDS: Final = 20.0
"""A request whose headers take longer is cut off; also how long an idle connection is kept."""

BODY_SECONDS: Final = 120.0
"""A request whose body takes longer is cut off."""

_AGAIN_SECONDS: Final = 0.2

_IDLE_SECONDS: Final = 2.0
"""How long after its answer the end of a cell is awaited of which something was lost."""

_MAX_ASKED: Final = 1_000
"""Cells that wait for their turn and are kept in mind."""

_SMALL: Final = 10_000
"""Bytes up to which a message is looked into: those that begin and end a cell have far less."""

_MAX_PARTS: Final = 4_096
"""Parts of one message of a page; widgets send a few."""

_NONSENSE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, struct.error)
"""What a message may cause that is not one."""

_NEVER_LEFT_OUT: Final = frozenset({b'"status"', b'"execute_reply"', b'"input_request"', b'"shutdown_reply"', b'"kernel_info_reply"'})

_open: WeakSet[Any] = WeakSet()
_unsent: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
"""Bytes that wait in each stream to a kernel."""


class _Bounded:
    """What both kinds of websockets have in common; a mixin for handlers."""

    _backlog = 0

    def _enter(self: Any) -> None:
        if len(_open) >= MAX_SOCKETS:
            raise web.HTTPError(429, language_text(_TOO_MANY))
        _open.add(self)
        if isinstance(self.identity_provider, AccountIdentityProvider):
            self.identity_provider.watch(self)

    def _leave(self) -> None:
        _open.discard(self)

    async def pre_get(self: Any) -> None:
        """Look whether there is room for one more."""
        self._enter()
        try:
            await super().pre_get()  # type: ignore[misc]  # of the websocket it is mixed into
        except BaseException:
            self._leave()
            raise

    def write_message(self: Any, message: Any, binary: bool = False) -> Any:
        """Send a message; a peer that leaves too much unread is cut off."""
        size = len(message)
        if self._backlog + size > MAX_BACKLOG:
            log.warning("a page does not read what it is sent and is cut off")
            connection = self.ws_connection
            if connection is not None and connection.stream is not None:
                connection.stream.close()
            raise WebSocketClosedError
        sending = super().write_message(message, binary)  # type: ignore[misc]  # of the websocket it is mixed into
        self._backlog += size

        def sent(done: Any) -> None:
            self._backlog -= size
            # a peer that is gone is no news here
            done.cancelled() or done.exception()

        sending.add_done_callback(sent)
        return sending


class BoundedKernelSocket(_Bounded, KernelWebsocketHandler):
    """The messages of a kernel to and from one page."""

    def on_message(self, ws_message: Any) -> None:
        """Pass a message on to the kernel: somebody is there."""
        if isinstance(self.identity_provider, AccountIdentityProvider):
            self.identity_provider.touch(self)
        super().on_message(ws_message)

    def on_close(self) -> None:
        """Make room."""
        self._leave()
        if self.connection is not None:
            super().on_close()


class BoundedEventSocket(_Bounded, SubscribeWebsocket):
    """Events of the server to one page; tells nothing back."""

    async def prepare(self) -> None:
        """Identify the person; a websocket is not sent on to the log-in form."""
        await super().prepare(_redirect_to_login=False)

    def on_message(self, message: Any) -> None:
        """Take nothing."""

    def on_close(self) -> None:
        """Make room."""
        self._leave()
        super().on_close()


class _Cell:
    """The cell that ran last: what a page waits for to see it end."""

    def __init__(self, header: dict[str, Any]) -> None:
        self.header = header
        self.count: int | None = None
        self.idle = self.answered = self.lossy = False


class BoundedChannels(ZMQChannelsWebsocketConnection):
    """Passes a kernel's messages on to a page, up to :data:`MAX_OUTPUT` bytes and :data:`MAX_MESSAGES` in a few seconds.

    Jupyter's own bound counts printed text only. A cell whose output or answer is too large to be received ends all the same, and says
    so; one whose kernel dies says why.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cell: _Cell | None = None
        self._asked: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._recent: deque[tuple[float, int]] = deque()
        self._bytes = 0
        self._told = False
        self._monitors: list[ZMQStream] = []

    def create_stream(self) -> None:
        """Connect to the kernel, and watch the two channels that say most."""
        super().create_stream()
        for name in ("iopub", "shell"):
            self._watch(self.channels[name], name)
        for name in ("shell", "control", "stdin"):
            _count(self.channels[name])

    def _watch(self, stream: Any, name: str) -> None:
        """Connect again after a message that was too large: ZeroMQ then hangs up and, unlike after other losses, does not try again."""
        loop = IOLoop.current()
        pending: list[Any] = []

        def again() -> None:
            pending.clear()
            if not stream.closed():
                log.warning("a message of a kernel was too large to be received")
                place = stream.socket.getsockopt_string(zmq.LAST_ENDPOINT)
                # a second connection to one place would be ignored
                with suppress(zmq.ZMQError):
                    stream.socket.disconnect(place)
                stream.socket.connect(place)
                self._lost(name)

        def happened(frames: list[bytes]) -> None:
            event = parse_monitor_message(frames)["event"]
            while pending:
                loop.remove_timeout(pending.pop())
            if event == zmq.EVENT_DISCONNECTED:
                pending.append(loop.call_later(_AGAIN_SECONDS, again))

        events = zmq.EVENT_DISCONNECTED | zmq.EVENT_CONNECT_RETRIED | zmq.EVENT_CONNECT_DELAYED | zmq.EVENT_CONNECTED
        monitor = ZMQStream(stream.socket.get_monitor_socket(events))
        monitor.on_recv(happened)
        self._monitors.append(monitor)

    def disconnect(self) -> None:
        """Leave the kernel."""
        for monitor in self._monitors:
            monitor.close()
        for name in ("iopub", "shell") if self._monitors else ():
            stream = self.channels.get(name)
            if stream is not None and not stream.closed():
                stream.socket.disable_monitor()
        self._monitors.clear()
        super().disconnect()

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Pass a message on to the kernel, and remember the cells it was asked to run; what is no message is left out."""
        if not _is_in_order(incoming_msg, v1=self.subprotocol == "v1.kernel.websocket.jupyter.org"):
            log.debug("a message of a page was not understood and is left out")
            return
        # whatever a page says may be nonsense; what can be passed on is passed on as it is
        with suppress(*_NONSENSE):
            if self.subprotocol == "v1.kernel.websocket.jupyter.org":
                channel, parts = deserialize_msg_from_ws_v1(incoming_msg)
                header = self.session.unpack(parts[0])
            elif isinstance(incoming_msg, str):
                message = json.loads(incoming_msg)
                channel, header = message["channel"], message["header"]
            else:
                channel, header = "", {}
            if sum(size for stream, size in _unsent.items() if not stream.closed()) + len(incoming_msg) > MAX_WAITING:
                log.warning("a kernel does not take what pages send it, so no more is kept for it")
                self._refuse(header)
                return
            if channel == "shell" and header["msg_type"] == "execute_request":
                self._asked[str(header["msg_id"])] = header
                if len(self._asked) > _MAX_ASKED:
                    self._asked.popitem(last=False)
        try:
            super().handle_incoming_message(incoming_msg)
        except _NONSENSE:
            log.debug("a message of a page was not understood and is left out")

    def _refuse(self, header: dict[str, Any]) -> None:
        """Answer for a kernel that does not take what it is sent."""
        self._say(_NOT_TAKEN, header)
        if header["msg_type"] == "execute_request":
            content: dict[str, Any] = {
                "status": "error",
                "ename": "NotTaken",
                "evalue": language_text(_NOT_TAKEN),
                "traceback": [],
                "execution_count": None,
            }
            self._write("shell", "execute_reply", content, header)
            self._write("iopub", "status", {"execution_state": "idle"}, header)

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Pass a message on, or leave it out."""
        size = sum(len(part) for part in outgoing_msg)
        if size < _SMALL:
            # whatever a kernel says may be nonsense; it is passed on as it is
            with suppress(*_NONSENSE):
                self._follow(stream if isinstance(stream, str) else getattr(stream, "channel", ""), outgoing_msg)
        now = IOLoop.current().time()
        while self._recent and now - self._recent[0][0] > OUTPUT_SECONDS:
            self._bytes -= self._recent.popleft()[1]
        if self._bytes + size > MAX_OUTPUT or len(self._recent) >= MAX_MESSAGES:
            # without its end a cell would seem to run for ever
            if size > _SMALL or not any(kind in bytes(part[:1000]) for part in outgoing_msg for kind in _NEVER_LEFT_OUT):
                self._tell(outgoing_msg)
                return
        else:
            self._told = False
            self._recent.append((now, size))
            self._bytes += size
        try:
            super().handle_outgoing_message(stream, outgoing_msg)
        except WebSocketClosedError:
            return  # nobody reads any more
        except _NONSENSE:
            # an exception here would end what is heard of the kernel: its cell would seem to run for ever
            log.debug("a message of a kernel was not understood and is left out")

    def _follow(self, channel: str, message: list[Any]) -> None:
        """Remember which cell runs, and what of its end has come."""
        _, parts = self.session.feed_identities(message)
        header = bytes(parts[1])
        if channel == "iopub" and b'"status"' in header:
            parent, state = self.session.unpack(parts[2]), self.session.unpack(parts[4])["execution_state"]
            if state == "busy" and parent["msg_type"] == "execute_request":
                self._cell = _Cell(parent)
            elif state == "idle" and self._cell is not None and parent["msg_id"] == self._cell.header["msg_id"]:
                self._cell.idle = True
        elif channel == "iopub" and b'"execute_input"' in header and self._cell is not None:
            self._cell.count = self.session.unpack(parts[4])["execution_count"]
        elif channel == "shell" and b'"execute_reply"' in header:
            parent = self.session.unpack(parts[2])
            self._asked.pop(str(parent["msg_id"]), None)
            if self._cell is not None and parent["msg_id"] == self._cell.header["msg_id"]:
                self._cell.answered = True
                self._end(self._cell)

    def _lost(self, channel: str) -> None:
        """Tell the cell that ran that something it said was too large, and see to its end: that may be lost as well."""
        cell = self._cell
        self._say(_TOO_LARGE, {} if cell is None else cell.header)
        if cell is None:
            return
        cell.lossy = True
        if channel == "shell" and not cell.answered:
            content = {"status": "error", "ename": "OutputTooLarge", "evalue": language_text(_TOO_LARGE), "traceback": []}
            self._write("shell", "execute_reply", {**content, "execution_count": cell.count}, cell.header)
            cell.answered = True
            self._asked.pop(str(cell.header["msg_id"]), None)
        self._end(cell)

    def _end(self, cell: _Cell) -> None:
        """Say that a cell is done whose own word for it does not come."""
        if not (cell.lossy and cell.answered) or cell.idle:
            return

        def late() -> None:
            if not cell.idle:
                cell.idle = True
                self._write("iopub", "status", {"execution_state": "idle"}, cell.header)

        IOLoop.current().call_later(_IDLE_SECONDS, late)

    def on_kernel_restarted(self) -> None:
        """Tell the cell that ran why its kernel ended, before the page forgets it."""
        if self._asked:
            reason = getattr(self.kernel_manager.provisioner, "reason", "") or language_text(_DIED)
            self._write("iopub", "stream", {"name": "stderr", "text": f"{reason}\n"}, next(iter(self._asked.values())))
        self._asked.clear()
        self._cell = None
        with suppress(WebSocketClosedError):
            super().on_kernel_restarted()

    def tell_end(self, reason: str) -> None:
        """Tell the cell that ran why its kernel is ended, and that it does not come back."""
        if self._asked:
            self._write("iopub", "stream", {"name": "stderr", "text": f"{reason}\n"}, next(iter(self._asked.values())))
        self._asked.clear()
        self._cell = None
        with suppress(WebSocketClosedError):
            self.on_restart_failed()

    def _write(self, channel: str, kind: str, content: dict[str, Any], parent: dict[str, Any]) -> None:
        """Send the page a message as if the kernel had."""
        message = self.session.msg(kind, content, parent=parent)
        # nobody may read any more
        with suppress(WebSocketClosedError):
            if self.subprotocol == "v1.kernel.websocket.jupyter.org":
                self.write_message(serialize_msg_to_ws_v1(message, channel, self.session.pack), binary=True)
            else:
                message["channel"] = channel
                self.write_message(json.dumps(message, default=json_default))

    def _tell(self, message: list[Any]) -> None:
        if self._told:
            return
        self._told = True
        _, parts = self.session.feed_identities(message)
        self._say(_LEFT_OUT, self.session.unpack(parts[2]) if len(parts) > 2 and len(parts[2]) < 10_000 else {})

    def _say(self, text: Text, parent: dict[str, Any]) -> None:
        try:
            self.write_stderr(language_text(text), parent)
        except WebSocketClosedError:
            return


def _count(stream: Any) -> None:
    """Keep count of the bytes that wait in a stream to be sent."""
    send = stream.send_multipart
    _unsent[stream] = 0

    def queued(message: list[Any], *args: Any, **options: Any) -> Any:
        _unsent[stream] += sum(len(part) for part in message)
        return send(message, *args, **options)

    def sent(message: list[Any], _: Any) -> None:
        _unsent[stream] -= sum(len(part) for part in message)

    stream.send_multipart = queued
    stream.on_send(sent)


def _is_in_order(message: Any, *, v1: bool) -> bool:
    """Tell whether the parts of a binary message lie in it, one behind the other, as it says.

    Jupyter believes what a message says of its parts: a great number of them would keep the server busy until its memory is full, and
    parts that overlap would be copied many times.
    """
    if isinstance(message, str):
        return not v1
    width: Final = 8 if v1 else 4
    order: Final = "little" if v1 else "big"
    numbers = [int.from_bytes(message[at : at + width], order) for at in range(0, min(len(message), (_MAX_PARTS + 1) * width), width)]
    if not numbers or not 1 <= numbers[0] < len(numbers):
        return False
    places = [width * (numbers[0] + 1), *numbers[1 : numbers[0] + 1], len(message)]
    return places == sorted(places)


_TOO_LARGE = Text(
    en="Output was too large to be shown. Write large results to a file.",
    nl="Uitvoer was te groot om te tonen. Schrijf grote resultaten naar een bestand.",
)
_LEFT_OUT = Text(
    en="Output was left out: the kernel sends more than this page can show. Write large results to a file.",
    nl="Uitvoer is weggelaten: de kernel stuurt meer dan deze pagina kan tonen. Schrijf grote resultaten naar een bestand.",
)
_NOT_TAKEN = Text(
    en="This was not sent: too much waits for kernels that are busy. Wait until they are done, or interrupt them.",
    nl="Dit is niet verstuurd: er wacht te veel op kernels die bezig zijn. Wacht tot ze klaar zijn, of onderbreek ze.",
)
_DIED = Text(
    en="The kernel ended unexpectedly and starts again without its variables. It may have used too much memory, or code in it ended it.",
    nl="De kernel is onverwacht beëindigd en start opnieuw, zonder zijn variabelen. Misschien gebruikte hij te veel geheugen, of beëindigde "
    "code hem.",
)
_TOO_MANY = Text(
    en="Too many pages of this workspace are open. Close some tabs of the browser.",
    nl="Er staan te veel pagina's van deze werkomgeving open. Sluit een paar tabbladen van de browser.",
)


def tell_end(kernel_id: str, reason: str) -> None:
    """Tell the pages that show a kernel that it is ended for good, and why."""
    for connection in list(BoundedChannels._open_sockets):
        if isinstance(connection, BoundedChannels) and connection.kernel_id == kernel_id:
            connection.tell_end(reason)


def language_text(text: Text) -> str:
    """Give a text in the language of the request that is being handled."""
    return text.say(language.current())


def bound_messages(context: zmq.Context[Any]) -> None:
    """Bound what sockets to kernels receive and keep, for all sockets that a context makes from now on."""
    context.setsockopt(zmq.MAXMSGSIZE, MAX_KERNEL_MESSAGE)
    context.setsockopt(zmq.RCVHWM, MAX_QUEUED)
    context.setsockopt(zmq.SNDHWM, MAX_UNSENT)


def routes() -> list[tuple[str, type[Any]]]:
    """Give the routes that take the place of Jupyter's own."""
    return [
        (r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/channels", BoundedKernelSocket),
        (r"/api/events/subscribe", BoundedEventSocket),
    ]
