"""Grants: which data sets a project may read, and of which columns."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from .base import Model

EVERY = "*"
"""Stands for all columns."""

GrantPattern = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]{2,}[A-Za-z0-9_*?]*$",
        max_length=80,
        description="Topic (GBAPERSOONTAB) or view name (GBAPERSOON2023TABV1); '*' and '?' after at least three letters.",
        json_schema_extra={"description_nl": "Bestandsonderwerp (GBAPERSOONTAB) of naam (GBAPERSOON2023TABV1); '*' en '?' na minstens drie letters."},
    ),
]
ColumnName = Annotated[
    str,
    Field(
        pattern=r"^[^\x00-\x1f\x7f]+$",
        max_length=200,
        description="Name of a column; capitals do not matter, and there are no patterns.",
        json_schema_extra={"description_nl": "Naam van een kolom; hoofdletters maken niet uit, en er zijn geen patronen."},
    ),
]


class Grant(Model):
    """A pattern over data sets, and the columns it gives; written as the pattern alone where it gives all.

    The columns are never left out: a list that was forgotten must not give everything. Several grants for one data set add up: all
    columns where one of them gives all, else the columns of each.
    """

    dataset: GrantPattern = Field(
        description="Topic (GBAPERSOONTAB) or view name (GBAPERSOON2023TABV1); '*' and '?' after at least three letters.",
        json_schema_extra={"description_nl": "Bestandsonderwerp (GBAPERSOONTAB) of naam (GBAPERSOON2023TABV1); '*' en '?' na minstens drie letters."},
    )
    columns: tuple[ColumnName, ...] = Field(
        min_length=1,
        max_length=2_000,
        description="Columns that are granted: the rest of the file is neither mounted nor listed. ['*'] for all, as with the pattern alone.",
        json_schema_extra={
            "description_nl": "Kolommen die zijn toegekend: de rest van het bestand wordt niet aangeboden en niet genoemd. "
            "['*'] voor alle, zoals bij alleen het patroon."
        },
    )

    @model_validator(mode="before")
    @classmethod
    def _from_pattern(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"dataset": value, "columns": (EVERY,)}
        if isinstance(value, dict) and isinstance(value.get("columns"), list):
            return {**value, "columns": tuple(value["columns"])}
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe both ways of writing it."""
        fields = handler.resolve_ref_schema(handler(core_schema))
        return {"anyOf": [fields, dict(fields["properties"]["dataset"])]}

    @property
    def whole(self) -> bool:
        """Whether it gives all columns."""
        return EVERY in self.columns

    def covers(self, topic: str, name: str) -> bool:
        """Tell whether it speaks of a data set, by its topic or its view name; case does not matter."""
        return covers(self.dataset, topic, name)


def covers(pattern: str, topic: str, name: str) -> bool:
    """Tell whether a pattern speaks of a data set.

    Parameters
    ----------
    pattern : str
        Topic or view name, with ``*``, ``?`` and ``[...]`` as in file names; case does not matter.
    topic, name : str
        Those of the data set.
    """
    wanted = pattern.strip().upper()
    return bool(wanted) and (fnmatchcase(topic.upper(), wanted) or fnmatchcase(name.upper(), wanted))
