"""From the files of a directory to policies, or to every problem in them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..domain.gateway import PolicyProblem
from ..domain.system_errors import reason
from ..domain.text import Text
from .crosscheck import check_office, check_project
from .document import Document, Unreadable, parse, read_bytes
from .explain import read_model
from .models import OfficePolicy, ProjectFile
from .policies import Policies, ProjectPolicy

DEFAULT = "default.yaml"
PROJECTS = "projects"
_NUMBER = re.compile(r"[0-9]{4}\.yaml")


@dataclass(frozen=True)
class Source:
    """The bytes of one file under the name people know, or why there are none."""

    file: str
    data: bytes | None
    problem: PolicyProblem | None = None

    @classmethod
    def read(cls, path: Path, file: str) -> Source:
        """Read a file; a failure becomes a problem."""
        try:
            return cls(file, read_bytes(path, file))
        except Unreadable as error:
            return cls(file, None, error.problem)


def project_files(directory: Path) -> tuple[tuple[str, ...], tuple[PolicyProblem, ...]]:
    """List the project files of a policy directory, and what else lies there under a policy's suffix."""
    try:
        names = sorted(os.listdir(directory / PROJECTS))
    except OSError as error:
        why = reason(error)
        return (), (
            PolicyProblem(
                file=PROJECTS,
                message=Text(en=f"The folder cannot be read: {why.en}.", nl=f"De map kan niet worden gelezen: {why.nl}."),
                expected=Text(en="A folder with one file per project.", nl="Een map met één bestand per project."),
            ),
        )
    # editors leave hidden files and back-ups with a suffix of their own; only what looks like a policy must be one
    meant = [name for name in names if not name.startswith(".") and name.lower().endswith((".yaml", ".yml"))]
    problems = tuple(
        PolicyProblem(
            file=f"{PROJECTS}/{name}",
            message=Text(en="This is not the name of a project file.", nl="Dit is geen naam van een projectbestand."),
            expected=Text(en="The four digits of the project and '.yaml': 9001.yaml.", nl="De vier cijfers van het project en '.yaml': 9001.yaml."),
        )
        for name in meant
        if not _NUMBER.fullmatch(name)
    )
    return tuple(name for name in meant if _NUMBER.fullmatch(name)), problems


def read_sources(directory: Path) -> tuple[tuple[Source, ...], tuple[PolicyProblem, ...]]:
    """Read all files of a policy directory, ``default.yaml`` first."""
    names, problems = project_files(directory)
    sources = [Source.read(directory / DEFAULT, DEFAULT)]
    sources += [Source.read(directory / PROJECTS / name, f"{PROJECTS}/{name}") for name in names]
    return tuple(sources), problems


def version_of(sources: tuple[Source, ...]) -> str:
    """Give the version: a sha256 over names and bytes, twelve hexadecimal digits."""
    digest = hashlib.sha256()
    for source in sources:
        data = source.data if source.data is not None else b"\0unreadable"
        digest.update(f"{source.file}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:12]


class Loader:
    """Builds policies from sources, parsing again only what has changed."""

    def __init__(self) -> None:
        self._parsed: dict[tuple[str, bytes], Document | PolicyProblem] = {}

    def build(self, sources: tuple[Source, ...], found: tuple[PolicyProblem, ...] = ()) -> tuple[Policies | None, tuple[PolicyProblem, ...]]:
        """Give the policies, or None and every problem of every file."""
        problems = list(found)
        fresh: dict[tuple[str, bytes], Document | PolicyProblem] = {}
        documents: dict[str, Document] = {}
        for source in sources:
            if source.data is None:
                problems += [source.problem] if source.problem is not None else []
                continue
            key = (source.file, source.data)
            parsed = fresh[key] = self._parsed.get(key) or _parse(source.file, source.data)
            if isinstance(parsed, PolicyProblem):
                problems.append(parsed)
            else:
                documents[source.file] = parsed
        self._parsed = fresh
        office, projects, more = judge(documents)
        problems += more
        if problems or office is None:
            return None, tuple(problems)
        resolved = {number: ProjectPolicy(number, file, office) for number, file in projects.items()}
        return Policies(version_of(sources), datetime.now(UTC), office, resolved), ()


def _parse(file: str, data: bytes) -> Document | PolicyProblem:
    try:
        return parse(data, file)
    except Unreadable as error:
        return error.problem


def judge(documents: Mapping[str, Document]) -> tuple[OfficePolicy | None, dict[str, ProjectFile], list[PolicyProblem]]:
    """Validate documents by name, then check them against each other."""
    problems: list[PolicyProblem] = []
    office: OfficePolicy | None = None
    projects: dict[str, ProjectFile] = {}
    for file, document in documents.items():
        if file == DEFAULT:
            office, found = read_model(OfficePolicy, document)
            problems += found
            if office is not None:
                problems += check_office(office, document)
    for file, document in documents.items():
        if file != DEFAULT:
            project, found = read_model(ProjectFile, document)
            problems += found
            if project is not None:
                projects[Path(file).stem] = project
                problems += check_project(project, document, office)
    return office, projects, problems
