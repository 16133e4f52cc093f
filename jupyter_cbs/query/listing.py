"""A dimension as columns: how its categories are gathered and travel from the worker, tens of thousands of them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import Field

from ..domain.base import Model
from ..domain.evidence import Category, Dimension


class Listing(Model):
    """A dimension whose categories are not yet objects."""

    name: str
    label: str
    codes: tuple[str | None, ...] = Field(description="In the order of display; None is the missing category.")
    labels: dict[str, str] = Field(description="Code → label of those that are called otherwise than by their code.")
    parents: dict[str, str | None] = Field(description="As Dimension.parents.")

    def dimension(self) -> Dimension:
        """Give the dimension."""
        label = self.labels.get
        with collection_paused():
            labels = ("unknown" if code is None else label(code, code) for code in self.codes)
            categories = tuple(map(Category, self.codes, labels))
        return Dimension(name=self.name, label=self.label, categories=categories, parents=self.parents)


@contextmanager
def collection_paused() -> Iterator[None]:
    """Look for no reference cycles meanwhile: many new objects at once make the collector go over all that is alive, again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
