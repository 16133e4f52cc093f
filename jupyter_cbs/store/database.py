"""One engine for SQLite and PostgreSQL: short write transactions, one writer at a time.

SQLite: WAL, ``BEGIN IMMEDIATE`` so that a writer never finds out late that it lost, a busy timeout for other
processes, ``synchronous=NORMAL`` (a crash of the machine may lose the last moments, never consistency; what an
anchor vouches for is synced first). PostgreSQL: an advisory lock serialises writers, for the audit chain has one end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError

from ..domain.errors import Invalid
from ..domain.text import Text

BUSY_TIMEOUT_MS = 10_000
_LOCK_KEY = 0x6A636273  # "jcbs"
_READ = "cbs_read"


def open_engine(url: str) -> Engine:
    """Make the engine of a state URL, e.g. ``sqlite:////srv/cbs/state.db`` or ``postgresql+psycopg://…``.

    Raises
    ------
    Invalid
        No URL of a database this product supports, or SQLite without a file.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError as error:
        raise _wrong_url() from error
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise _wrong_url()
        # SQLite gives its -wal and -shm files the mode of the database
        os.close(os.open(parsed.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        engine = create_engine(parsed, pool_size=5, max_overflow=20)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        return create_engine(parsed, pool_pre_ping=True)
    raise _wrong_url()


def _wrong_url() -> Invalid:
    return Invalid(
        "state_url",
        Text(en="This is not the URL of a state database.", nl="Dit is geen URL van een toestandsdatabase."),
        Text(
            en="Use sqlite:///<file> or postgresql+psycopg://<user>@<host>/<database>.",
            nl="Gebruik sqlite:///<bestand> of postgresql+psycopg://<gebruiker>@<host>/<database>.",
        ),
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # the driver must not begin transactions by itself: BEGIN IMMEDIATE is ours
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=" + str(BUSY_TIMEOUT_MS), "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "trusted_schema=OFF"):
        cursor.execute("PRAGMA " + pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED" if connection.get_execution_options().get(_READ) else "BEGIN IMMEDIATE")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Hold the one write transaction; commits at the end, rolls back on any exception."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Hold a consistent view; waits for no writer."""
    options: dict[str, Any] = {_READ: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def sync(engine: Engine) -> None:
    """Make everything committed so far survive a crash of the machine."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return  # PostgreSQL commits durably
    # only the -wal file is opened: closing a descriptor of the database itself would drop SQLite's own locks on it
    wal = Path(engine.url.database + "-wal")
    try:
        descriptor = os.open(wal, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # checkpointed, which syncs
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
