"""Bringing a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine

from ..domain.errors import Unavailable
from ..domain.text import Text
from .database import writing


def migrate(engine: Engine) -> None:
    """Run the migrations a database still needs, in one transaction; two processes wait for each other.

    Raises
    ------
    Unavailable
        The state was written by a newer version of the product.
    """
    config = Config()
    # ConfigParser reads % as the start of an interpolation
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise Unavailable(
                "state_newer",
                Text(
                    en="The state was written by a newer version of this product.",
                    nl="De toestand is door een nieuwere versie van dit product geschreven.",
                ),
                Text(en="Install that version, or restore a back-up.", nl="Installeer die versie, of zet een back-up terug."),
            ) from error
