"""The seeded generator of the demo catalogue, block by block in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...domain.errors import Invalid
from ...domain.text import Text, whole
from .packages import frictionless_types, write_package
from .planted import MINIMUM
from .population import BLOCK, Block
from .tables import tables
from .topics import TOPICS
from .writer import StreamedFile

MAXIMUM = 100_000_000
"""Most persons: nine-digit numbers must stay unique, and the households have numbers of their own."""

_SOURCE = [{"title": "jupyter_cbs demo generator: every row is made up; names and codes are those of the CBS catalogue"}]


@dataclass(frozen=True)
class Generated:
    """What was written: rows by file stem."""

    rows: dict[str, int]

    @property
    def total(self) -> int:
        """Rows of all files together."""
        return sum(self.rows.values())


def _blocks(persons: int, seed: int) -> Iterator[Block]:
    for number, first in enumerate(range(0, persons, BLOCK)):
        yield Block(number=number, seed=seed, first=first, n=min(BLOCK, persons - first))


def generate(target: Path, persons: int = 100_000, seed: int = 2026, progress: Callable[[float], None] | None = None) -> Generated:
    """Write the synthetic catalogue.

    The same ``persons`` and ``seed`` give the same rows. Blocks of 100,000 persons are made and written one after the other, so memory
    does not grow with ``persons``; files that exist are replaced, each in one step.

    Parameters
    ----------
    target : Path
        Catalogue folder; made when it is not there.
    persons : int
        2,000 to 100,000,000.
    seed : int
        Not negative.
    progress : callable, optional
        Called with the fraction done, 0 to 1, after each block.

    Returns
    -------
    Generated

    Raises
    ------
    Invalid
        ``bad_size`` or ``bad_seed``.
    """
    if not MINIMUM <= persons <= MAXIMUM:
        raise Invalid(
            "bad_size",
            Text(
                en=f"A demo population has {whole(MINIMUM, 'en')} to {whole(MAXIMUM, 'en')} persons, not {whole(persons, 'en')}.",
                nl=f"Een demopopulatie heeft {whole(MINIMUM, 'nl')} tot {whole(MAXIMUM, 'nl')} personen, niet {whole(persons, 'nl')}.",
            ),
            Text(en="The planted cases need that many.", nl="De ingebouwde gevallen hebben er zoveel nodig."),
        )
    if seed < 0:
        raise Invalid("bad_seed", Text(en="A seed is not negative.", nl="Een seed is niet negatief."))
    files = {Path(file.path).stem: StreamedFile(target / topic.folder / file.path) for topic in TOPICS for file in topic.files}
    types: dict[str, dict[str, str]] = {}
    try:
        for block in _blocks(persons, seed):
            for name, table in tables(block, persons):
                files[name].write(table)
                types.setdefault(name, frictionless_types(table.schema))
            if progress is not None:
                progress((block.first + block.n) / persons)
        for file in files.values():
            file.close()
    except BaseException:
        for file in files.values():
            file.abandon()
        raise
    for topic in TOPICS:
        write_package(target, topic, types[Path(topic.files[0].path).stem], _SOURCE)
    return Generated({name: file.rows for name, file in files.items()})
