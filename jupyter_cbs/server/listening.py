"""A Jupyter server on a socket that listens already, handed over by whoever starts it."""

from __future__ import annotations

import socket
from typing import Any

from jupyter_server.serverapp import ServerApp
from traitlets import Int


class HandedServerApp(ServerApp):
    """A Jupyter server that may be given its socket instead of looking for a port.

    A port that is found, given back and bound again seconds later can be taken by any connection meanwhile. A socket that its
    supervisor keeps cannot; and while the server is started again, requests wait instead of being refused.
    """

    listening_fd = Int(
        None,
        allow_none=True,
        help="Descriptor of a TCP socket that listens already; ServerApp.port must name its port. None: bind ServerApp.port.",
    ).tag(config=True)

    def _find_http_port(self) -> None:
        if self.listening_fd is None:
            super()._find_http_port()

    def _bind_http_server_tcp(self) -> bool:
        if self.listening_fd is None:
            bound: bool = super()._bind_http_server_tcp()
            return bound
        try:
            listening = socket.socket(fileno=self.listening_fd)
        except OSError as error:
            self.log.critical("Descriptor %d is no socket: %s", self.listening_fd, error.strerror)
            return False
        listening.set_inheritable(False)  # it was inherited on purpose, and no further
        listening.setblocking(False)
        server: Any = self.http_server
        server.add_socket(listening)
        return True
