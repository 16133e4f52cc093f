"""One engine for SQLite and PostgreSQL: short write transactions, one writer at a time.

SQLite: WAL, ``BEGIN IMMEDIATE`` so that a writer never finds out late that it lost, a busy timeout for other
processes, ``synchronous=NORMAL`` (a crash of the machine may lose the last moments, never consistency; what an
anchor vouches for is synced first). PostgreSQL: an advisory lock serialises writers, for the audit chain has one end.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError

from ..domain.errors import Invalid, Unavailable
from ..domain.system_errors import reason
from ..domain.text import Text

BUSY_TIMEOUT_MS = 10_000
_LOCK_KEY = 0x6A636273  # "jcbs"
_READ = "cbs_read"


def open_engine(url: str, *, create: bool = True) -> Engine:
    """Make the engine of a state URL, e.g. ``sqlite:////srv/cbs/state.db`` or ``postgresql+psycopg://…``.

    Parameters
    ----------
    url
        Of the state.
    create
        Whether a file that is not there is made.

    Raises
    ------
    Invalid
        No URL of a database this product supports, or SQLite without a file.
    Unavailable
        The file cannot be made or opened; ``no_state`` when it is not there, or empty, and is not to be made.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError as error:
        raise _wrong_url() from error
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise _wrong_url()
        if not create and not _holds_something(parsed.database):
            raise no_state(Path(parsed.database))
        try:
            # SQLite gives its -wal and -shm files the mode of the database
            os.close(os.open(parsed.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            why = reason(error)
            raise Unavailable(
                "state_unavailable",
                Text(en=f"The state database cannot be opened: {why.en}.", nl=f"De toestandsdatabase kan niet worden geopend: {why.nl}."),
                Text(en="Check the folder and who owns it.", nl="Controleer de map en van wie die is."),
            ) from error
        engine = create_engine(parsed, pool_size=5, max_overflow=20)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        return create_engine(parsed, pool_pre_ping=True)
    raise _wrong_url()


def _holds_something(file: str) -> bool:
    try:
        return os.stat(file).st_size > 0
    except FileNotFoundError:
        return False


def identity(engine: Engine) -> tuple[int, int] | None:
    """Give device and number of the file of a state; None where a server has it, or where the file is gone."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    try:
        status = os.stat(engine.url.database)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def no_state(place: Path | None = None) -> Unavailable:
    """Give the error for a state that is not there; what is gone must not look like what is empty."""
    where = "" if place is None else f" ({place})"
    return Unavailable(
        "no_state",
        Text(
            en=f"There is no state here{where}: the broker never ran, or its database is gone.",
            nl=f"Hier is geen toestand{where}: de broker heeft nooit gedraaid, of de database is weg.",
        ),
        Text(
            en="Nothing was made. If the deployment did run, keep its folder as it is and restore state/ from the back-up.",
            nl="Er is niets aangemaakt. Heeft de omgeving wel gedraaid, laat de map dan zoals die is en zet state/ uit de back-up terug.",
        ),
    )


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
def answering() -> Iterator[None]:
    """Turn the failures of a database into the error people read; collisions stay what they are.

    Raises
    ------
    Unavailable
        Busy for too long, damaged, full, gone.
    """
    try:
        yield
    except (IntegrityError, sqlite3.IntegrityError):
        raise
    except (DatabaseError, sqlite3.DatabaseError) as error:
        raise Unavailable(
            "state_unavailable",
            Text(en="The state database does not answer.", nl="De toestandsdatabase antwoordt niet."),
            Text(
                en="Try again; if it stays so, an admin should look at the disk and the log of the broker.",
                nl="Probeer het opnieuw; blijft het zo, dan moet een beheerder naar de schijf en het brokerlogboek kijken.",
            ),
        ) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Hold the one write transaction; commits at the end, rolls back on any exception."""
    with answering(), engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        yield connection


@contextmanager
def noting(engine: Engine) -> Iterator[DBAPICursor]:
    """Hold SQLite's one write transaction by its own cursor; as :func:`writing`, at a third of its cost where one row is all there is to write."""
    with answering():
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            yield cursor
            connection.commit()
        finally:
            connection.close()  # back to the pool, which rolls back what was not committed


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Hold a consistent view; waits for no writer."""
    options: dict[str, Any] = {_READ: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with answering(), engine.connect().execution_options(**options) as connection, connection.begin():
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
