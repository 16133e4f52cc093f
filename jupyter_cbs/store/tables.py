"""The tables, as SQLAlchemy Core knows them; made and changed only by the migrations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def moment_text(moment: datetime) -> str:
    """Write an aware moment as UTC text of one length, which sorts as time does.

    Raises
    ------
    ValueError
        The moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("the moment needs a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as UTC text with microseconds: the same on every database, and part of what is hashed."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write the moment."""
        return None if value is None else moment_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read the moment."""
        return None if value is None else datetime.fromisoformat(value)


# SQLite counts up by itself only for the type INTEGER
_ROW_ID = BigInteger().with_variant(Integer, "sqlite")

audit = Table(
    "audit",
    metadata,
    Column("sequence", _ROW_ID, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("user", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "project", "sequence"),
)

exports = Table(
    "exports",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("project", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("state", String(32), nullable=False),
    Column("author", Text, nullable=False),
    Column("proposer", Text),
    Column("submitter", Text),
    Column("round", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("paths", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("report", Text),
    Column("manifest", Text, nullable=False),
    Column("digest", String(64)),
    Column("class", String(32)),
    Column("price_cents", BigInteger),
    Column("ready_on", String(10)),
    Column("history", Text, nullable=False),
    Index(None, "project", "changed_at"),
)

votes = Table(
    "votes",
    metadata,
    Column("export_id", String(64), ForeignKey("exports.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("checker", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("export_id", "round", "checker"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("project", String(16), nullable=False),
    Column("user", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("shape_key", String(64), nullable=False),
    Column("meta", Text, nullable=False),
    Column("frame", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("project", "fingerprint", "shape_key"),
    Index(None, "project", "shape_key", "id"),
)

outputs = Table(
    "outputs",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("project", String(16), nullable=False),
    Column("user", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("file_key", String(64), nullable=False),
    Column("checked", Text, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("project", "fingerprint", "file_key"),
    Index(None, "project", "file_key", "id"),
)


def _released(name: str, *columns: Column[Any]) -> Table:
    """Give a table of what left in releases, with the columns of its kind."""
    return Table(
        name,
        metadata,
        Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        Column("project", String(16), nullable=False),
        Column("export_id", String(64), ForeignKey("exports.id"), nullable=False),
        Column("round", Integer, nullable=False),
        Column("path", Text, nullable=False),
        Column("fingerprint", String(64), nullable=False),
        *columns,
        Column("released_at", Moment, nullable=False),
        Index(None, "project", "id"),
    )


released_tables = _released("released_tables", Column("meta", Text, nullable=False), Column("frame", LargeBinary, nullable=False))
released_models = _released("released_models", Column("evidence", Text, nullable=False))

pins = Table(
    "pins",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("cost", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Moment),
    Column("changed_at", Moment, nullable=False),
)

measurements = Table(
    "measurements",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("project", String(16), nullable=False),
    Column("user", Text),
    Column("area", String(16), nullable=False),
    Column("used_bytes", BigInteger, nullable=False),
    Column("apparent_bytes", BigInteger, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("measured_at", Moment, nullable=False),
    Index(None, "project", "area", "user", "measured_at"),
)
