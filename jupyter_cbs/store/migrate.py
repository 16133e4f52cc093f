"""Bringing a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from .database import writing


def migrate(engine: Engine) -> None:
    """Run the migrations a database still needs, in one transaction; two processes wait for each other."""
    config = Config()
    # ConfigParser reads % as the start of an interpolation
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
