"""Bytes by their hash: whole or not at all, and never others than were kept."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import Internal, Invalid, NotFound
from jupyter_cbs.store import ObjectStore


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def place(objects: ObjectStore, name: str) -> Path:
    return objects.directory / name[:2] / name


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.binary(max_size=5000))
def test_what_is_put_comes_back(objects: ObjectStore, data: bytes) -> None:
    name, size = objects.put(io.BytesIO(data))
    assert (name, size) == (hashlib.sha256(data).hexdigest(), len(data))
    objects.check(name)
    with objects.open(name) as stream:
        assert stream.read() == data


def test_a_large_stream_and_only_its_rest(objects: ObjectStore) -> None:
    data = os.urandom(3 * 2**20 + 7)
    stream = io.BytesIO(b"head" + data)
    stream.seek(4)
    name, size = objects.put(stream)
    assert size == len(data)
    with objects.open(name) as kept:
        assert kept.read() == data


def test_objects_are_private_read_only_and_kept_once(objects: ObjectStore) -> None:
    name, _ = objects.put(io.BytesIO(b"x"))
    before = place(objects, name).stat()
    assert objects.put(io.BytesIO(b"x")) == (name, 1)
    after = place(objects, name).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert (after.st_mode & 0o777, after.st_nlink) == (0o400, 1)
    assert list((objects.directory / "incoming").iterdir()) == []


def damage_bytes(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"other")


def damage_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def damage_kind(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("damage", [damage_bytes, damage_link, damage_kind])
def test_damaged_objects_are_never_given(objects: ObjectStore, damage: object) -> None:
    name, _ = objects.put(io.BytesIO(b"bytes"))
    assert callable(damage)
    damage(place(objects, name))
    for act in (objects.open, objects.check, lambda _: objects.put(io.BytesIO(b"bytes"))):
        with pytest.raises(Internal) as caught:
            act(name)
        assert caught.value.code == "object_damaged"


def test_unknown_and_impossible_names(objects: ObjectStore) -> None:
    with pytest.raises(NotFound):
        objects.open("0" * 64)
    for name in ("", "0" * 63, "../" + "0" * 61, "A" * 64, "0" * 64 + "\n"):
        with pytest.raises(Invalid):
            objects.open(name)


class Breaks(io.BytesIO):
    """A stream that fails half-way, as a disk does."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 0:
            raise OSError(5, "Input/output error")
        return super().read(4)


def test_a_stream_that_breaks_leaves_nothing(objects: ObjectStore) -> None:
    with pytest.raises(OSError, match="Input/output"):
        objects.put(Breaks(b"12345678"))
    assert [path for path in objects.directory.rglob("*") if path.is_file()] == []


_HALF = """
import sys
from pathlib import Path
from jupyter_cbs.store import ObjectStore
class Slow:
    sent = False
    def read(self, size):
        if self.sent:
            print("half", flush=True)
            sys.stdin.read()
        self.sent = True
        return b"x" * 10
ObjectStore(Path(sys.argv[1])).put(Slow())
"""


def test_a_killed_writer_leaves_no_object_and_its_rest_is_swept(objects: ObjectStore) -> None:
    process = subprocess.Popen([sys.executable, "-c", _HALF, str(objects.directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        incoming = objects.directory / "incoming"
        ObjectStore(objects.directory)  # a writer at work is left alone
        assert len(list(incoming.iterdir())) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    ObjectStore(objects.directory)
    assert list(incoming.iterdir()) == []
    assert [path for path in objects.directory.rglob("*") if path.is_file()] == []
