"""The documentation agrees with the code, and with itself."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doc_reference import CLASSES, PARTS, ROOT, commands, public, rewritten

from jupyter_cbs.cli import VERBS
from jupyter_cbs.domain.gateway import OPERATIONS
from jupyter_cbs.domain.rules import RuleProfile

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """A page without its code blocks."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors GitHub gives a page's headings."""
    headings = re.findall(r"^#+ +(.*?) *$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_there_are_pages() -> None:
    assert len(PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            lost.append(target)
    assert not lost


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_tables_are_whole(page: Path) -> None:
    """A table that an empty line cuts in two is shown as a heap of bars."""
    lines = ["", *prose(page).splitlines(), ""]
    begins = [at for at in range(1, len(lines) - 1) if lines[at].lstrip().startswith("|") and not lines[at - 1].lstrip().startswith("|")]
    assert [lines[at] for at in begins if not re.match(r"\s*\|[ :-]*-[ :|-]*\|$", lines[at + 1])] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_nothing_of_a_developers_machine_and_nothing_unfinished(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"/(?:home|work|Users|root|tmp)/[\w.-]+[^\s`]*", text)
    assert not re.findall(r"\b(?:TODO|FIXME|TBD|XXX|lorem ipsum)\b", text, re.IGNORECASE)


@pytest.mark.parametrize("page", sorted(PARTS))
def test_reference_is_as_the_code_makes_it(page: str) -> None:
    written = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    assert rewritten(page) == written, "write it anew: PYTHONPATH=. python tests/docs/doc_reference.py"


def test_command_line_names_every_option() -> None:
    text = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
    for verb in VERBS:
        for command, _, parser in commands(verb):
            section = text.partition(f"## `{command}`")[2].partition("\n## ")[0]
            assert section, command
            for action in parser._actions:
                for option in action.option_strings:
                    assert option in ("-h", "--help") or f"`{option}" in section, (command, option)


def test_http_names_every_operation() -> None:
    text = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
    assert [op.name for op in OPERATIONS if f"`{op.name}`" not in text] == []


def test_notebook_names_every_member() -> None:
    text = (ROOT / "docs/reference/notebook.md").read_text(encoding="utf-8")
    members = [(owner.__name__, member) for owner in CLASSES for member, _ in public(owner)]
    assert len(members) > 30
    for owner, member in members:
        section = text.partition(f"### `{owner}`")[2].partition("\n### ")[0]
        assert re.search(rf"`{member}[`(]", section), f"{owner}.{member}"


def test_libraries_names_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [re.split(r"[\[<>=~! ]", entry)[0] for entry in [*project["dependencies"], *project["optional-dependencies"]["demo"]]]
    text = (ROOT / "docs/reference/libraries.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w.-]+)` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted(wanted)


def test_the_page_of_the_report_names_every_field() -> None:
    from jupyter_cbs.disclosure.report.document import schema

    text = (ROOT / "docs/reference/precheck-report.md").read_text(encoding="utf-8")

    def fields(part: dict[str, Any]) -> Iterator[str]:
        for name, inner in part.get("properties", {}).items():
            yield name
            yield from fields(inner)
        if "items" in part:
            yield from fields(part["items"])

    assert {name for name in fields(schema()) if f"`{name}`" not in text and f"`{name}[]" not in text and f".{name}[]`" not in text} == set()


def test_every_page_is_reached_from_the_overview() -> None:
    overview = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / target.partition("#")[0]).resolve() for target in LINK.findall(overview)}
    assert [name(page) for page in PAGES if "docs" in page.parts and page.name != "README.md" and page.resolve() not in linked] == []


def test_mending_names_every_rule() -> None:
    """Every rule that a finding can carry is on the page that says what to do about it."""
    from jupyter_cbs.domain.finding import Rule

    text = (ROOT / "docs/how-to/mend-an-output.md").read_text(encoding="utf-8")
    assert [rule.value for rule in Rule if f"`{rule.value}`" not in text] == []


def test_thresholds_in_the_pages_are_the_defaults() -> None:
    profile = RuleProfile()
    text = (ROOT / "docs/how-to/mend-an-output.md").read_text(encoding="utf-8")
    assert f"at least {profile.min_frequency} " in text
    assert f"{profile.group_max_share:.0%}".replace("%", " %") in text
    assert f"{profile.dominance_max_share:.0%}".replace("%", " %") in text


def shell_lines() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for _, language, code in FENCE.findall(page.read_text(encoding="utf-8")):
            if language in ("sh", "console"):
                found += [(name(page), line.strip()) for line in code.replace("\\\n", " ").splitlines() if "jupyter cbs " in line]
    return found


def test_there_are_commands_in_the_pages() -> None:
    assert len(shell_lines()) > 10


@pytest.mark.parametrize(("page", "line"), shell_lines())
def test_commands_in_the_pages_can_be_given(page: str, line: str) -> None:
    words = shlex.split(line.partition("jupyter cbs ")[2], comments=True)
    words = words[: next((i for i, word in enumerate(words) if word in ("|", ">", "&&", "||", "&", ";")), len(words))]
    verb, *rest = words
    known = {command.split()[2:][-1] if len(command.split()) > 3 else "": parser for command, _, parser in commands(verb)}
    parser = known[""] if "" in known else known[rest.pop(0)]
    try:
        parser.parse_args(rest)
    except SystemExit as error:
        assert error.code == 0, (page, line)  # noqa: PT017  --help ends with 0
