"""Data sets of the catalogue: topic → yearly files → versions."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from .base import Model
from .identifiers import MISSING_MARKERS


class VariableRole(StrEnum):
    """What a variable is to disclosure control (facts: catalogue.json, roles)."""

    IDENTIFIER = "identifier"
    INSTITUTION = "institution"
    QUASI = "quasi"
    SENSITIVE = "sensitive"
    MEASURE = "measure"


class Variable(Model):
    """One column of a data set."""

    name: str
    label: str = ""
    type: str = Field(description="DuckDB type of the column in the Parquet file, e.g. VARCHAR.")
    role: VariableRole
    unit: str = Field("", description="Unit of measurement, e.g. 'EUR'; empty where there is none.")
    codes: dict[str, str] = Field(default_factory=dict, description="Code → label.")

    @property
    def missing_codes(self) -> dict[str, str]:
        """Codes of an amount that are no amounts: those of its code list that stand for missing (facts: missing_markers)."""
        if self.role is not VariableRole.MEASURE or self.type == "VARCHAR":
            return {}
        return {code: label for code, label in self.codes.items() if code in MISSING_MARKERS}


class Dataset(Model):
    """One version of one file of the catalogue, without its place on disk."""

    name: str = Field(description="View name: file stem in capitals without separators, e.g. GBAPERSOON2023TABV1.")
    topic: str = Field(description="Topic name irrespective of year and version, e.g. GBAPERSOONTAB.")
    title: str
    theme: str
    year: int | None
    version: int | None
    rows: int
    period: str = ""
    population: str = ""
    unit: str = Field("person", description="What one row describes.")
    unit_key: tuple[str, ...] = Field((), description="Columns that together name the unit, e.g. (RINPERSOONS, RINPERSOON).")
    max_rows_per_unit: int | None = Field(None, description="Most rows any unit has, counted when the file was indexed.")
    institution_key: str | None = None
    rule_profile: str = "default"
    bytes: int = 0
    variables: tuple[Variable, ...] = ()
    newest: bool = Field(False, description="The newest granted version of its topic, also readable under the topic's name.")

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.variables)


def missing_codes(datasets: Iterable[Dataset]) -> dict[str, dict[str, str]]:
    """Give the columns of amounts whose code lists name codes for missing: column → code → label."""
    return {variable.name: codes for dataset in datasets for variable in dataset.variables if (codes := variable.missing_codes)}


class DatasetSummary(Model):
    """A row of the catalogue listing."""

    name: str
    topic: str
    title: str
    theme: str
    year: int | None
    version: int | None
    rows: int
    columns: int
    period: str
    newest: bool

    @classmethod
    def of(cls, dataset: Dataset) -> DatasetSummary:
        """Summarise a data set."""
        return cls(
            name=dataset.name,
            topic=dataset.topic,
            title=dataset.title,
            theme=dataset.theme,
            year=dataset.year,
            version=dataset.version,
            rows=dataset.rows,
            columns=dataset.columns,
            period=dataset.period,
            newest=dataset.newest,
        )
