"""A real broker process on a small deployment, and clients for its sockets as honest and hostile peers write them."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from broker_process import POLICIES, Answer, BrokerProcess

from jupyter_cbs.broker.deployment import Deployment
from jupyter_cbs.protocol import Frame, FrameDecoder, recv_frame, send_frame
from jupyter_cbs.store.store import Store

PIN = "271828"
PERSONS = 2_000


@dataclass
class Kernel:
    """A raw peer of the session protocol, as an honest or hostile kernel would write it."""

    sock: socket.socket
    decoder: FrameDecoder
    pending: list[Frame]
    number: int = 0

    def send(self, header: dict[str, Any], fds: list[int] | None = None) -> None:
        send_frame(self.sock, Frame(header, fds=fds or []))

    def read(self) -> Frame | None:
        return recv_frame(self.sock, self.decoder, self.pending)

    def start(self, op: str, **args: Any) -> int:
        self.number += 1
        self.send({"id": self.number, "op": op, "args": args})
        return self.number

    def finish(self, number: int) -> tuple[dict[str, Any], pa.Table | None]:
        """Read until the request ends; give its last header and the rows."""
        tables: list[pa.Table] = []
        while (frame := self.read()) is not None:
            if frame.header["id"] != number:
                continue
            if frame.header["type"] == "chunk":
                for fd, size in zip(frame.fds, frame.header["sizes"], strict=True):
                    tables.append(pa.ipc.open_stream(os.pread(fd, size, 0)).read_all())
                frame.close()
            elif frame.header["type"] in ("answer", "error"):
                if frame.payload:
                    tables.append(pa.ipc.open_stream(frame.payload).read_all())
                return frame.header, pa.concat_tables(tables) if tables else None
        raise EOFError("connection closed")

    def ask(self, op: str, **args: Any) -> tuple[dict[str, Any], pa.Table | None]:
        return self.finish(self.start(op, **args))


class Running(BrokerProcess):
    """A broker process and the sockets of its deployment."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(deployment)
        self.kernels: list[Kernel] = []
        self.sessions: list[tuple[str, str, str]] = []

    def hang_up(self) -> None:
        """Close the connections a test left behind."""
        for kernel in self.kernels:
            kernel.sock.close()
        self.kernels.clear()

    def end_sessions(self) -> None:
        """End the sessions a test left behind, as a workspace server does when its kernels end."""
        for project, user, session in self.sessions:
            self.call(user, "DELETE", f"/sessions/{session}", project=project)
        self.sessions.clear()

    def call(self, user: str, method: str, path: str, body: Any = None, project: str = "9001", lang: str = "en") -> Answer:
        """Ask the broker something; sessions that were opened are kept in mind."""
        answer = self.request(user, method, path, body, project, lang)
        if (method, path, answer.status) == ("POST", "/sessions", 200):
            self.sessions.append((project, user, answer.body["id"]))
        return answer

    def connect(self, path: str, events: bool = False, lang: str = "en") -> Kernel:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(60)
        sock.connect(path)
        kernel = Kernel(sock, FrameDecoder(), [])
        self.kernels.append(kernel)
        kernel.send({"hello": {"protocol": 1, "lang": lang, "events": events}})
        welcome = kernel.read()
        assert welcome is not None
        assert welcome.header["type"] == "welcome"
        return kernel

    def kernel(self, user: str = "researcher", project: str = "9001", kernel_id: str = "k1") -> Kernel:
        opened = self.call(user, "POST", "/sessions", {"kernel_id": kernel_id}, project=project)
        assert opened.status == 200, opened.body
        return self.connect(opened.body["socket"])


def write_catalogue(root: Path) -> None:
    """Write two granted data sets, one of another project and a truncated file."""
    n = PERSONS
    persons = pa.table(
        {
            "RINPERSOONS": ["R"] * n,
            "RINPERSOON": [f"{i:09d}" for i in range(n)],
            "GBAGESLACHT": ["1" if i % 2 else "2" for i in range(n)],
            "GBAGEBOORTEJAAR": [str(1940 + i % 7) if i >= 7 else "1930" for i in range(n)],
        }
    )
    costs = pa.table(
        {
            "RINPERSOONS": ["R"] * n,
            "RINPERSOON": [f"{i:09d}" for i in range(n)],
            "ZVWKHUISARTS": pa.array([float(100 + i % 50) for i in range(n)]),
            "GROEP": ["D" if i < 12 else "ABC"[i % 3] for i in range(n)],
            "BEDRAG": pa.array([1_000_000.0 if i == 0 else 10.0 + i % 5 for i in range(n)]),
        }
    )
    for path, table in {
        "Bevolking/GBAPERSOONTAB/2023/GBAPERSOON2023TABV1.parquet": persons,
        "GezondheidWelzijn/ZVWZORGKOSTENTAB/2022/ZVWZORGKOSTEN2022TABV2.parquet": costs,
        "VeiligheidRecht/VERDTAB/2022/VERD2022TABV1.parquet": persons.select(["RINPERSOONS", "RINPERSOON"]),
    }.items():
        file = root / path
        file.parent.mkdir(parents=True)
        pq.write_table(table, file, compression="zstd")
    broken = root / "Bevolking" / "GBAPERSOONTAB" / "2022" / "GBAPERSOON2022TABV1.parquet"
    broken.parent.mkdir(parents=True)
    broken.write_bytes((root / "Bevolking/GBAPERSOONTAB/2023/GBAPERSOON2023TABV1.parquet").read_bytes()[:-100])


def _remove_sockets(deployment: Deployment) -> None:
    if deployment.run.exists():
        (deployment.run / "sessions").chmod(0o700)  # it cannot be listed
        shutil.rmtree(deployment.run)


def make_deployment(root: Path) -> Deployment:
    deployment = Deployment(root)
    deployment.prepare()
    if not deployment.run.is_relative_to(root):
        # brokers of tests come and go; who starts brokers for good removes their sockets
        atexit.register(_remove_sockets, deployment)
    shutil.copytree(POLICIES, deployment.policies)
    write_catalogue(deployment.catalogue)
    store = Store.open(deployment.database, deployment.state / "anchors")
    with store.begin() as tx:
        for user in ("leader", "checker1", "checker2"):
            tx.set_pin(user, PIN)
    store.close()
    return deployment
