"""Checked models and figures, by what their files are known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "outputs",
        sa.Column("id", _ROW_ID, autoincrement=True),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("file_key", sa.String(64), nullable=False),
        sa.Column("checked", sa.Text, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outputs"),
        sa.UniqueConstraint("project", "fingerprint", "file_key", name="uq_outputs_project_fingerprint_file_key"),
    )
    op.create_index("ix_outputs_project_file_key_id", "outputs", ["project", "file_key", "id"])
