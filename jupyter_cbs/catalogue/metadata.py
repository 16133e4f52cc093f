"""Metadata of a topic: one Frictionless Data Package (version 2) beside its files, ``datapackage.json``.

What the standard has no property for stands in an object ``cbs``: at the package (topic, theme, population, period, unit, unit_key,
institution_key, rule_profile), at a resource (period, title) and at a field (role, unit). Everything is optional; what is missing is
inferred, and never to the weaker side: a key column stays a key whatever the metadata call it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ..domain.dataset import Variable, VariableRole
from ..domain.errors import Invalid
from ..domain.identifiers import is_institution_key, is_never_export
from ..domain.text import Text
from ..domain.validation import explain, show
from .names import parse_name

FILE_NAME = "datapackage.json"
MAX_BYTES = 32 * 2**20
"""A descriptor larger than this is not read."""


class _Loose(BaseModel):
    """The standard allows further properties everywhere; they are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class FieldNotes(_Loose):
    """``cbs`` of a field."""

    role: VariableRole | None = None
    unit: str = ""


class PackageField(_Loose):
    """A column as the descriptor has it."""

    name: str
    title: str = ""
    description: str = ""
    codes: dict[str, str] = Field(default_factory=dict, alias="categories")
    constraints: dict[str, Any] = Field(default_factory=dict)
    cbs: FieldNotes = FieldNotes()

    @field_validator("codes", mode="before")
    @classmethod
    def _categories(cls, value: Any) -> Any:
        """Accept both forms of the standard: plain values, or objects with value and label."""
        if not isinstance(value, list):
            return value
        pairs = ((item.get("value"), item.get("label")) if isinstance(item, dict) else (item, None) for item in value)
        return {str(code): str(code if label is None else label) for code, label in pairs}

    @property
    def code_list(self) -> dict[str, str]:
        """Code → label; an enumeration without labels labels each code with itself."""
        if self.codes:
            return self.codes
        listed = self.constraints.get("enum")
        return {str(code): str(code) for code in listed} if isinstance(listed, list) else {}


class PackageSchema(_Loose):
    """Table schema of a resource."""

    fields: tuple[PackageField, ...] = ()


class ResourceNotes(_Loose):
    """``cbs`` of a resource."""

    period: str = ""


class PackageResource(_Loose):
    """A file as the descriptor has it."""

    name: str = ""
    title: str = ""
    path: str | tuple[str, ...]
    table: PackageSchema = Field(PackageSchema(), alias="schema")
    cbs: ResourceNotes = ResourceNotes()

    @field_validator("path")
    @classmethod
    def _beneath(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for path in (value,) if isinstance(value, str) else value:
            parts = PurePosixPath(path).parts
            if (
                not parts
                or path.startswith(("/", "~"))
                or ".." in parts
                or "\\" in path
                or "\0" in path
                or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path)
            ):
                raise ValueError(
                    Text(
                        en=f"{show(path)} is not beneath the descriptor's folder.",
                        nl=f"{show(path)} ligt niet onder de map van de beschrijving.",
                    ),
                    Text(en="A relative path without '..'.", nl="Een relatief pad zonder '..'."),
                )
        return value

    @property
    def paths(self) -> tuple[str, ...]:
        """The file, or the files that share this description."""
        return (self.path,) if isinstance(self.path, str) else self.path


class PackageNotes(_Loose):
    """``cbs`` of a package."""

    topic: str = ""
    theme: str = ""
    population: str = ""
    period: str = ""
    unit: str = ""
    unit_key: tuple[str, ...] | None = None
    institution_key: str | None = None
    rule_profile: str = "default"


class Package(_Loose):
    """A descriptor."""

    name: str = ""
    title: str = ""
    description: str = ""
    resources: tuple[PackageResource, ...] = Field(min_length=1)
    cbs: PackageNotes = PackageNotes()


@dataclass(frozen=True)
class FileMetadata:
    """What is known of one file before it is opened.

    ``unit_key`` is None where nobody said what a unit is, and empty where the metadata say that each row is one.
    """

    topic: str
    title: str = ""
    theme: str = ""
    population: str = ""
    period: str = ""
    unit: str = ""
    unit_key: tuple[str, ...] | None = None
    institution_key: str | None = None
    rule_profile: str = "default"
    fields: Mapping[str, PackageField] = field(default_factory=dict)


def read_package(data: bytes) -> Package:
    """Read a descriptor.

    Parameters
    ----------
    data : bytes
        Content of a ``datapackage.json``.

    Returns
    -------
    Package

    Raises
    ------
    Invalid
        ``bad_metadata``: larger than 32 MiB, no JSON, or not a data package; the message names the first property that is wrong.
    """
    if len(data) > MAX_BYTES:
        raise Invalid("bad_metadata", Text(en="The descriptor is larger than 32 MiB.", nl="De beschrijving is groter dan 32 MiB."))
    try:
        return Package.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "(document)"
        message, expected = explain(first)
        raise Invalid(
            "bad_metadata",
            Text(
                en=f"The descriptor is not a valid data package: {where}: {message.en} {expected.en}",
                nl=f"De beschrijving is geen geldig data package: {where}: {message.nl} {expected.nl}",
            ),
            Text(
                en="Correct that property; until then the files are indexed without labels.",
                nl="Verbeter die eigenschap; tot dan worden de bestanden zonder labels opgenomen.",
            ),
        ) from None


def metadata_of(package: Package, folder: Path, file: Path) -> FileMetadata | None:
    """Find what a descriptor says of a file beneath its folder.

    Looked up by path, then by data set name (a converted copy has the same name as the file it was made from), then by topic: a
    year that the descriptor does not list still gets the topic's texts and the labels of columns with the same name.

    Returns
    -------
    FileMetadata or None
        None where the descriptor is about something else.
    """
    relative = file.relative_to(folder).as_posix()
    parsed = parse_name(relative)
    listed = [(resource, path) for resource in package.resources for path in resource.paths]
    names = {path: parse_name(path) for _, path in listed}
    resource = next((r for r, path in listed if path == relative), None) or next(
        (r for r, path in listed if names[path].view_name == parsed.view_name), None
    )
    topic = package.cbs.topic.upper()
    if resource is None and parsed.topic != topic and parsed.topic not in {name.topic for name in names.values()}:
        return None
    fields: dict[str, PackageField] = {}
    # The newest description of a column wins; the file's own resource comes last and so wins over all.
    for other in sorted(package.resources, key=lambda r: (r is resource, names[r.paths[0]].age)):
        fields.update({column.name.casefold(): column for column in other.table.fields})
    notes = package.cbs
    return FileMetadata(
        topic=topic or parsed.topic,
        title=(resource.title if resource else "") or package.title,
        theme=notes.theme,
        population=notes.population,
        period=(resource.cbs.period if resource else "") or notes.period,
        unit=notes.unit,
        unit_key=notes.unit_key,
        institution_key=notes.institution_key,
        rule_profile=notes.rule_profile,
        fields=fields,
    )


_NUMERIC = re.compile(r"^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)")


def describe_variable(name: str, kind: str, known: PackageField | None, institution_key: str | None) -> Variable:
    """Describe one column.

    Parameters
    ----------
    name, kind : str
        Column name and DuckDB type as found in the file.
    known : PackageField or None
        What the metadata say of it.
    institution_key : str or None
        Column that names the data set's institutions.

    Returns
    -------
    Variable
        A name on the never-export list (facts: never_export_column_regex) is an identifier or institution whatever the metadata say.
    """
    role = known.cbs.role if known is not None else None
    if is_never_export(name):
        if role not in (VariableRole.IDENTIFIER, VariableRole.INSTITUTION):
            role = VariableRole.INSTITUTION if is_institution_key(name) else VariableRole.IDENTIFIER
    elif institution_key is not None and name.casefold() == institution_key.casefold():
        role = VariableRole.INSTITUTION
    elif role is None:
        role = VariableRole.MEASURE if _NUMERIC.match(kind.upper()) else VariableRole.QUASI
    if known is None:
        return Variable(name=name, type=kind, role=role)
    return Variable(name=name, label=known.title or known.description, type=kind, role=role, unit=known.cbs.unit, codes=known.code_list)
