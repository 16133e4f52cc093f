"""The first version of the state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and the triggers that keep the audit log append-only."""
    op.create_table(
        "audit",
        sa.Column("sequence", _ROW_ID, autoincrement=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
    )
    op.create_index("ix_audit_project_sequence", "audit", ["project", "sequence"])
    op.create_table(
        "exports",
        sa.Column("id", sa.String(64)),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("proposer", sa.Text),
        sa.Column("submitter", sa.Text),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("changed_at", sa.String(27), nullable=False),
        sa.Column("paths", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("report", sa.Text),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("class", sa.String(32)),
        sa.Column("price_cents", sa.BigInteger),
        sa.Column("ready_on", sa.String(10)),
        sa.Column("history", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
    )
    op.create_index("ix_exports_project_changed_at", "exports", ["project", "changed_at"])
    op.create_table(
        "votes",
        sa.Column("export_id", sa.String(64), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("checker", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("export_id", "round", "checker", name="pk_votes"),
        sa.ForeignKeyConstraint(["export_id"], ["exports.id"], name="fk_votes_export_id"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", _ROW_ID, autoincrement=True),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("shape_key", sa.String(64), nullable=False),
        sa.Column("meta", sa.Text, nullable=False),
        sa.Column("frame", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
        sa.UniqueConstraint("project", "fingerprint", "shape_key", name="uq_evidence_project_fingerprint_shape_key"),
    )
    op.create_index("ix_evidence_project_shape_key_id", "evidence", ["project", "shape_key", "id"])
    op.create_table(
        "pins",
        sa.Column("user", sa.String(64)),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("cost", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.String(27)),
        sa.Column("changed_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("user", name="pk_pins"),
    )
    op.create_table(
        "measurements",
        sa.Column("id", _ROW_ID, autoincrement=True),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("user", sa.Text),
        sa.Column("area", sa.String(16), nullable=False),
        sa.Column("used_bytes", sa.BigInteger, nullable=False),
        sa.Column("apparent_bytes", sa.BigInteger, nullable=False),
        sa.Column("files", sa.BigInteger, nullable=False),
        sa.Column("measured_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_measurements"),
    )
    op.create_index("ix_measurements_project_area_user_measured_at", "measurements", ["project", "area", "user", "measured_at"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )
    # fires before INSERT OR REPLACE could delete the row it collides with
    op.execute(
        "CREATE TRIGGER audit_no_gap BEFORE INSERT ON audit"
        " WHEN NEW.sequence IS NOT (SELECT COALESCE(MAX(sequence), 0) + 1 FROM audit)"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only and has no gaps'); END"
    )


def _guard_postgresql() -> None:
    op.execute("CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$")
    op.execute("CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()")
    op.execute("CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()")
    op.execute(
        "CREATE FUNCTION audit_follow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.sequence <> (SELECT COALESCE(MAX(sequence), 0) + 1 FROM audit)"
        " THEN RAISE EXCEPTION 'the audit log is append-only and has no gaps'; END IF; RETURN NEW; END $$"
    )
    op.execute("CREATE TRIGGER audit_no_gap BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_follow()")
