"""A server of frames as one writes it in an afternoon: it believes lengths, names, claims and pickles, and talks to one at a time.

The control of the protocol's attacks. Run with the path of its socket; it prints a line when it listens.
"""

from __future__ import annotations

import json
import pickle
import socket
import struct
import sys
from typing import Any


class Naive:
    """Answers as whoever the request says."""

    def __init__(self) -> None:
        self.running: set[int] = set()

    def read(self, sock: socket.socket, size: int) -> bytes:
        data = b""
        while len(data) < size:
            received = sock.recv(size - len(data))
            if not received:
                raise EOFError
            data += received
        return data

    def serve(self, sock: socket.socket) -> None:
        while True:
            head, payload, _ = struct.unpack(">IIB", self.read(sock, 9))
            header, _ = self.read(sock, head), self.read(sock, payload)
            try:
                request: Any = json.loads(header)
            except ValueError:
                request = {"op": "unpickled", "result": pickle.loads(header)}
            if "hello" in request:
                self.send(sock, {"type": "welcome"})
            elif "op" in request:
                claims = {"user": "researcher", "project": "9001", **request.get("args", {}), **request}
                answer = {"user": claims["user"], "project": claims["project"], "found": str(getattr(self, request["op"], ""))}
                self.send(sock, {"id": request.get("id"), "type": "answer", "answer": answer})

    def send(self, sock: socket.socket, header: dict[str, Any]) -> None:
        data = json.dumps(header, separators=(",", ":")).encode()
        sock.sendall(struct.pack(">IIB", len(data), 0, 0) + data)


def main() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen(64)
        print("listening", flush=True)
        server = Naive()
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    server.serve(connection)
                except (EOFError, OSError):
                    continue


if __name__ == "__main__":
    main()
