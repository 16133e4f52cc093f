"""What the categories of a dimension become: merged ones, and the subtotals above them.

A hierarchy is asked for as columns of the source from fine to coarse, as numbers of leading characters of the code, or as a
mapping of subtotals to codes. Each becomes the same thing: a chain of ancestors for every code, and one SQL expression for each
depth of the tree, so that subtotals are groups of rows like any other and their evidence is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..domain.errors import Invalid
from ..domain.text import Text
from .explain import quoted

Chain = Callable[[str], tuple[str, ...]]
"""Code → its ancestors, the outermost first."""


def _none(code: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Levels:
    """Merges and subtotals of one dimension.

    Parameters
    ----------
    merge
        Label → codes that become it.
    above
        SQL of the subtotal at each depth, outermost first, from the dimension's key; null where there is none.
    chain
        Ancestors of a code, as ``above`` computes them.
    labels
        Labels of subtotals that have one of their own.
    """

    merge: Mapping[str, tuple[str, ...]]
    above: tuple[Callable[[str], str], ...] = ()
    chain: Chain = _none
    labels: Mapping[str, str] | None = None

    @property
    def depth(self) -> int:
        """Number of levels above the categories."""
        return len(self.above)

    def merged(self, key: str) -> str | None:
        """Give the SQL of the merged category of a key; None where nothing is merged."""
        if not self.merge:
            return None
        cases = " ".join(f"WHEN {key}::VARCHAR IN ({', '.join(_text(c) for c in codes)}) THEN {_text(label)}" for label, codes in self.merge.items())
        return f"CASE {cases} ELSE {key}::VARCHAR END"

    def ancestors(self, code: str | None) -> tuple[str, ...]:
        """Give the subtotals above a category as the table has it; of a merged one those of its members.

        Raises
        ------
        Invalid
            ``merge_across_subtotals``: members of one merged category lie under different subtotals.
        """
        if code is None or not self.above:
            return ()
        chains = {self.chain(member) for member in (*self.merge.get(code, ()), *(() if code in self.merge else (code,)))}
        if len(chains) > 1:
            raise Invalid(
                "merge_across_subtotals",
                Text(en=f"‘{code}’ merges categories of different subtotals.", nl=f"‘{code}’ voegt categorieën van verschillende subtotalen samen."),
                Text(en="Merge within a subtotal, or leave the hierarchy out.", nl="Voeg binnen één subtotaal samen, of laat de hiërarchie weg."),
            )
        return chains.pop() if chains else ()


PLAIN_LEVELS = Levels({})
"""A dimension as it is."""


def check_merge(name: str, merge: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse a code that is merged twice, and a label without codes.

    Raises
    ------
    Invalid
        ``merge``.
    """
    seen: set[str] = set()
    for label, codes in merge.items():
        twice = sorted(seen.intersection(codes)) or (sorted(c for c in set(codes) if codes.count(c) > 1))
        if twice or not codes or not label.strip():
            what = f"'{twice[0]}'" if twice else f"'{label}'"
            raise Invalid(
                "merge",
                Text(en=f"The merge of {name} names {what} {'twice' if twice else 'without categories'}.",
                     nl=f"De samenvoeging van {name} noemt {what} {'twee keer' if twice else 'zonder categorieën'}."),
                Text(en="Give each new label its codes, each code once.", nl="Geef elk nieuw label zijn codes, elke code één keer."),
            )  # fmt: skip
        seen.update(codes)


def by_prefix(lengths: Sequence[int], merge: Mapping[str, tuple[str, ...]]) -> Levels:
    """Give levels by the first characters of a code; the subtotal of ``01.11`` by two characters is ``01*``.

    Raises
    ------
    Invalid
        ``hierarchy`` where a length is not positive.
    """
    wanted = sorted(set(lengths))
    if not wanted or wanted[0] < 1 or wanted[-1] > 1000:
        raise _no_hierarchy()

    def chain(code: str) -> tuple[str, ...]:
        return tuple(f"{code[:n]}*" for n in wanted if len(code) > n)

    def prefix(length: int) -> Callable[[str], str]:
        return lambda key: f"CASE WHEN length({key}::VARCHAR) > {length} THEN left({key}::VARCHAR, {length}) || '*' END"

    return Levels(merge, tuple(prefix(n) for n in wanted), chain)


def by_mapping(mapping: Mapping[str, Iterable[str]], merge: Mapping[str, tuple[str, ...]]) -> Levels:
    """Give levels of a mapping subtotal → codes, where codes may be subtotals themselves.

    Raises
    ------
    Invalid
        ``hierarchy``: a code under two subtotals, or a subtotal under itself.
    """
    above: dict[str, str] = {}
    for label, codes in mapping.items():
        for code in codes:
            if code in above or code == label:
                raise Invalid(
                    "hierarchy",
                    Text(en=f"'{code}' stands under more than one subtotal.", nl=f"'{code}' staat onder meer dan één subtotaal."),
                    Text(en="Give each code one subtotal right above it.", nl="Geef elke code één subtotaal direct erboven."),
                )
            above[code] = label
    chains: dict[str, tuple[str, ...]] = {}
    for code in above:
        chain = [above[code]]
        while chain[-1] in above:
            chain.append(above[chain[-1]])
            if len(chain) > len(above):
                raise _no_hierarchy()
        if code not in mapping:
            chains[code] = tuple(reversed(chain))
    if not chains:
        raise _no_hierarchy()
    return by_chains(chains, merge)


def by_chains(chains: Mapping[str, tuple[str, ...]], merge: Mapping[str, tuple[str, ...]], labels: Mapping[str, str] | None = None) -> Levels:
    """Give levels of the ancestors of each code, the outermost first; codes without any lie directly under the total."""
    depth = max(map(len, chains.values()), default=0)
    above: list[Callable[[str], str]] = []
    for at in range(depth):
        nodes: dict[str, list[str]] = {}
        for code, chain in chains.items():
            if len(chain) > at:
                nodes.setdefault(chain[at], []).append(code)
        above.append(_case(nodes))
    return Levels(merge, tuple(above), lambda code: chains.get(code, ()), labels)


def tree(leaves: Sequence[str | None], levels: Levels) -> tuple[list[str | None], dict[str, str | None]]:
    """Give the categories of a dimension in the order of display, and the parent of each code.

    Parameters
    ----------
    leaves
        The categories in their own order.
    levels
        Their hierarchy.

    Returns
    -------
    codes
        Each subtotal stands right before the first of its categories; those without a subtotal keep their place.
    parents
        As :attr:`jupyter_cbs.domain.evidence.Dimension.parents`; empty without a hierarchy.

    Raises
    ------
    Invalid
        ``hierarchy_code_taken``: a subtotal is called like a category; ``merge_across_subtotals``.
    """
    if not levels.depth:
        return list(leaves), {}
    chains = {code: levels.ancestors(code) for code in leaves}
    nodes = {node for chain in chains.values() for node in chain}
    taken = sorted(nodes.intersection(code for code in leaves if code is not None))
    if taken:
        raise Invalid(
            "hierarchy_code_taken",
            Text(en=f"The subtotal '{taken[0]}' is called like a category.", nl=f"Het subtotaal '{taken[0]}' heet als een categorie."),
            Text(en="Give subtotals names of their own.", nl="Geef subtotalen een eigen naam."),
        )
    parents: dict[str, str | None] = {}
    children: dict[str | None, dict[str | None, None]] = {}
    for code in leaves:
        path = (None, *chains[code], code)
        for parent, child in pairwise(path):
            children.setdefault(parent, {})[child] = None
            if child is not None:
                parents[child] = parent
    ordered: list[str | None] = []
    waiting: list[Any] = list(reversed(children.get(None, {})))
    while waiting:
        code = waiting.pop()
        ordered.append(code)
        if code is not None:
            waiting += reversed(children.get(code, {}))
    return ordered, parents


def _case(nodes: Mapping[str, Sequence[str]]) -> Callable[[str], str]:
    lists = [(", ".join(_text(code) for code in codes), _text(node)) for node, codes in nodes.items()]
    return lambda key: f"CASE {' '.join(f'WHEN {key}::VARCHAR IN ({codes}) THEN {node}' for codes, node in lists)} END"


def _text(value: str) -> str:
    return quoted(value, "'")


def _no_hierarchy() -> Invalid:
    return Invalid(
        "hierarchy",
        Text(en="This is no hierarchy.", nl="Dit is geen hiërarchie."),
        Text(
            en="Give columns from fine to coarse, lengths of prefixes such as (1, 2), or {subtotal: [codes]}.",
            nl="Geef kolommen van fijn naar grof, lengtes van voorvoegsels zoals (1, 2), of {subtotaal: [codes]}.",
        ),
    )
