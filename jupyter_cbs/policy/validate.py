"""Checking policy files without a broker (``jupyter cbs policy validate PATH``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..domain.gateway import PolicyProblem
from .crosscheck import Columns, check_columns
from .document import Unreadable, parse
from .explain import read_model
from .load import DEFAULT, PROJECTS, Loader, Source, read_sources
from .models import ProjectFile


def validate_path(path: Path | str, datasets: Sequence[Columns] | None = None) -> tuple[PolicyProblem, ...]:
    """Give every problem of a policy directory or of one policy file; none means it can be used.

    A project's file is also checked against the ``default.yaml`` of its directory, as far as that can be read;
    only problems of the asked file are given then.

    Parameters
    ----------
    path
        A directory with ``default.yaml`` and ``projects/``, a ``default.yaml``, or one project's file.
    datasets
        Everything in the catalogue, to check grants against; without it they are not.

    Returns
    -------
    tuple of PolicyProblem
        With the file as a path that begins with ``path``.
    """
    target = Path(path)
    loader = Loader()
    if target.is_dir():
        sources, found = read_sources(target)
        _, problems = loader.build(sources, found)
        problems += tuple(_against_catalogue(sources, datasets))
        return tuple(problem.model_copy(update={"file": str(target / problem.file)}) for problem in problems)
    if target.name == DEFAULT:
        _, problems = loader.build((Source.read(target, DEFAULT),))
        return tuple(problem.model_copy(update={"file": str(target)}) for problem in problems)
    file = f"{PROJECTS}/{target.name}"
    own = Source.read(target, file)
    office = Source.read(target.parent.parent / DEFAULT, DEFAULT)
    _, problems = loader.build((office, own) if office.data is not None else (own,))
    problems += tuple(_against_catalogue((own,), datasets))
    return tuple(problem.model_copy(update={"file": str(target)}) for problem in problems if problem.file == file)


def _against_catalogue(sources: Sequence[Source], datasets: Sequence[Columns] | None) -> Iterator[PolicyProblem]:
    """Check the grants of projects that can be read; what cannot be read was told already."""
    for source in sources:
        if datasets is None or source.data is None or source.file == DEFAULT:
            continue
        try:
            document = parse(source.data, source.file)
        except Unreadable:
            continue
        project, _ = read_model(ProjectFile, document)
        if project is not None:
            yield from check_columns(project, document, datasets)
