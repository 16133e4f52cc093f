"""Models in the ledger of releases, which only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table, and the triggers that keep it append-only."""
    op.create_table(
        "released_models",
        sa.Column("id", _ROW_ID, autoincrement=True),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("export_id", sa.String(64), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("released_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_released_models"),
        sa.ForeignKeyConstraint(["export_id"], ["exports.id"], name="fk_released_models_export_id"),
    )
    op.create_index("ix_released_models_project_id", "released_models", ["project", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER released_models_no_{change.lower()} BEFORE {change} ON released_models"
                " BEGIN SELECT RAISE(ABORT, 'the ledger of releases is append-only'); END"
            )
    else:
        # the function of 0002
        op.execute(
            "CREATE TRIGGER released_models_no_change BEFORE UPDATE OR DELETE ON released_models"
            " FOR EACH ROW EXECUTE FUNCTION released_tables_refuse()"
        )
        op.execute(
            "CREATE TRIGGER released_models_no_truncate BEFORE TRUNCATE ON released_models"
            " FOR EACH STATEMENT EXECUTE FUNCTION released_tables_refuse()"
        )
