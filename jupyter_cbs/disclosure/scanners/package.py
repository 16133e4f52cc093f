"""The parts of an Office document, which is an archive of XML (ECMA-376 part 2, Open Packaging Conventions)."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from typing import Literal
from xml.etree.ElementTree import Element, iterparse


def local(name: str) -> str:
    """Give the name of an element or attribute without its namespace."""
    return name.rsplit("}", 1)[-1]


def events(package: zipfile.ZipFile, part: str, keep: Collection[str] = ()) -> Iterator[tuple[Literal["start", "end"], str, Element]]:
    """Give the elements of a part as they begin and end, each with its name.

    What has ended is let go, so that memory stays bounded however long the part is.

    Parameters
    ----------
    package, part
        Where it is.
    keep
        Names of elements that keep what is in them until they end themselves.
    """
    opened: list[Element] = []
    kept = 0
    with package.open(part) as stream:
        for event, element in iterparse(stream, ("start", "end")):  # noqa: S314  expat bounds the growth of entities itself
            tag = local(element.tag)
            if event == "start":
                opened.append(element)
                kept += tag in keep
                yield "start", tag, element
                continue
            opened.pop()
            kept -= tag in keep
            yield "end", tag, element
            if opened and not kept:
                opened[-1].remove(element)


def elements(package: zipfile.ZipFile, part: str, *tags: str) -> Iterator[Element]:
    """Give the whole elements of a part that have one of some names."""
    return (element for event, tag, element in events(package, part, tags) if event == "end" and tag in tags)
