"""The reference page of the demo data, made from what the generator uses; ``python -m jupyter_cbs.demo.data.document`` prints it."""

from __future__ import annotations

from pathlib import Path

from .grants import GRANTS, NOBODY
from .planted import CASES, MINIMUM, PLANTED
from .real import FLIGHTS, RANDHIE
from .topics import TOPICS, Topic

_HEAD = f"""# Demo data

The demo catalogue holds synthetic files with the names, columns, types and codes of the CBS catalogue, and two real data sets from public
packages. No row of the synthetic files describes anybody.

* `jupyter_cbs.demo.data.generate(target, persons=100_000, seed=2026, real=True)` writes the catalogue as Parquet (zstd, row groups of
  122,880) with a `datapackage.json` per topic. At least {MINIMUM:,} persons. The same size and seed give the same rows.
* The real data come from the packages of the extra `demo`; nothing is fetched. Without them: `real=False`.
* Keys agree between files: `RINPERSOONS` + `RINPERSOON` for persons, `RINPERSOONSHKW` + `RINPERSOONHKW` for households by main earner,
  `SOORTOBJECTNUMMER` + `RINOBJECTNUMMER` for addresses.
* As in the real files some codes stand for something missing: `8888888888` and `9999999999` in `INPBELI`, negative percentile groups,
  `88888888` as an open end date, `----` and `--` for an unknown year and month. Leave them out before you average.
* Columns, types and most codes are those of the catalogue. The code lists of `DELICT`, `SSECT`, `WPOTYPEPO`, `SSOORTBAAN` and
  `SWEKARBDUURKLASSE` are the demo's own; country and municipality codes are a selection that was not checked against the official tables.
"""


def _files(topics: tuple[Topic, ...]) -> list[str]:
    lines = ["| topic | theme | files | one unit is | rule profile | institution |", "| --- | --- | --- | --- | --- | --- |"]
    for topic in topics:
        names = ", ".join(f"`{file.path}`" for file in topic.files)
        institution = f"`{topic.institution_key}`" if topic.institution_key else ""
        lines.append(f"| `{topic.name}` | {topic.theme} | {names} | {topic.unit} | {topic.rule_profile} | {institution} |")
    return lines


def markdown() -> str:
    """Give the page ``docs/reference/demo-data.md``.

    Returns
    -------
    str
        Markdown, ending in a line feed.
    """
    lines = [_HEAD, "## Files", "", *_files((*TOPICS, RANDHIE, FLIGHTS)), ""]
    lines += [
        "`ZVWZORGKOSTEN2022TABV10` is newer than `ZVWZORGKOSTEN2022TABV9`: versions are numbers. `RANDHIETAB` has no person number, so each row",
        "counts as a unit although a person has up to five rows; `FLIGHTSTAB` counts flights.",
        "",
        "## Who may read what",
        "",
        "| project | granted |",
        "| --- | --- |",
        *(f"| {project} | {', '.join(f'`{grant}`' for grant in grants)} |" for project, grants in GRANTS.items()),
        f"| nobody | {', '.join(f'`{name}`' for name in NOBODY)} |",
        "",
        "## Planted cases",
        "",
        f"The first {PLANTED} persons are planted. They alone have the codes named below, so the figures are the same at every size and seed;",
        "the tests run every query. What a table's verdict is follows from the rule profile in force.",
    ]
    for number, case in enumerate(CASES, 1):
        language = "python" if case.call.startswith("ws.") and " and ws." not in case.call else "text"
        answer = "; ".join(", ".join(str(value) for value in row) for row in case.answer)
        lines += ["", f"### {number}. `{case.rule}` (project {case.project})", "", case.verdict, ""]
        lines += [f"```{language}", case.call, "```", "", "```sql", case.sql, "```", "", f"Answer: {answer}."]
    return "\n".join(lines) + "\n"


def write(path: Path) -> None:
    """Write the page."""
    path.write_text(markdown(), encoding="utf-8")


if __name__ == "__main__":
    print(markdown(), end="")
