"""A report as a folder that SACRO-Viewer opens: ``results.json``, the files, and their checksums.

The format is that of ACRO's ``finalise`` (github.com/AI-SDC/ACRO, acro/record.py, finalise_json, write_checksums and load_records), as SACRO-Viewer
reads it (github.com/AI-SDC/SACRO-Viewer, sacro/models.py, ACROOutputs, and assets/src/scripts/_table-builder.js for the cells).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, Protocol

from ...domain.errors import Conflict
from ...domain.finding import FileReport, Finding, PrecheckReport, Rule, Status
from ...domain.rules import RuleProfile
from ...domain.text import Language, Text

VERSION: Final = "1.0.2"
"""Version of ACRO whose format is written. SACRO-Viewer takes 0.4 and later; ``acro.load_records`` takes only its own."""

RESERVED: Final = ("results.json", "outputs.json", "config.json", "evidence.json", "checksums")
"""Names a delivered file may not have beside them; SACRO-Viewer looks among all ``.json`` files for the one to open."""

_STATUS: Final = {Status.SAFE: "pass", Status.REVIEW: "review", Status.UNSAFE: "fail", Status.REFUSED: "fail"}
_FLAGS: Final = {Rule.MIN_FREQUENCY: "threshold", Rule.DOMINANCE: "nk-rule", Rule.ZERO: "all-values-are-same"}
_ACROS: Final = ("negative", "missing", "threshold", "p-ratio", "nk-rule", "all-values-are-same")
_CELL: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_BLOCK: Final = 2**20


class Content(Protocol):
    """A file that would be delivered."""

    @property
    def path(self) -> str:
        """Path the report knows it by."""

    def open(self) -> BinaryIO:
        """Open its bytes."""


def write(
    folder: Path,
    report: PrecheckReport,
    contents: Collection[Content],
    *,
    at: datetime,
    lang: Language = "en",
    profile: RuleProfile | None = None,
    version: str = VERSION,
) -> Path:
    """Write a folder for SACRO-Viewer.

    Parameters
    ----------
    folder
        Made anew; it must not exist or must be empty.
    report
        Of the pre-check.
    contents
        The files that would be delivered; of the others a text with the reasons is put in their place.
    at
        When the report was made.
    lang
        Language of the texts.
    profile
        Thresholds, for ``config.json``, which the viewer shows.
    version
        Version of ACRO that is written down.

    Returns
    -------
    Path
        The ``results.json``.

    Raises
    ------
    Conflict
        ``folder_not_empty`` when there is something in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict(
            "folder_not_empty",
            Text(en=f"There is something in {folder} already.", nl=f"Er staat al iets in {folder}."),
            Text(en="Give a folder that is empty or does not exist.", nl="Geef een map die leeg is of niet bestaat."),
        )
    known = {content.path: content for content in contents}
    taken = {name.casefold() for name in RESERVED}
    results: dict[str, Any] = {}
    written: list[str] = []
    for number, file in enumerate(report.files):
        content = known.get(file.path)
        name = _name(file, content is not None, taken)
        if content is None:
            (folder / name).write_text(_reasons(file, lang), encoding="utf-8")
        else:
            with content.open() as source, (folder / name).open("xb") as target:
                while block := source.read(_BLOCK):
                    target.write(block)
        written.append(name)
        results[f"output_{number}"] = _result(f"output_{number}", file, name, at, lang)
    if profile is not None:
        _write_json(folder / "config.json", config(profile))
        written.append("config.json")
    path = folder / "results.json"
    _write_json(path, {"version": version, "results": results})
    checksums = folder / "checksums"
    checksums.mkdir()
    for name in (*written, "results.json"):
        with (folder / name).open("rb") as made:
            digest = hashlib.file_digest(made, "sha256").hexdigest()
        (checksums / f"{name}.txt").write_text(digest, encoding="utf-8")
    return path


def config(profile: RuleProfile) -> dict[str, Any]:
    """Give thresholds under the names ACRO's configuration has for them."""
    return {
        "safe_threshold": profile.min_frequency,
        "safe_dof_threshold": profile.min_dof,
        "safe_nk_n": 1,
        "safe_nk_k": profile.dominance_max_share,
        "group_max_share": profile.group_max_share,
        "check_missing_values": False,
    }


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")


def _name(file: FileReport, delivered: bool, taken: set[str]) -> str:
    """Give a file a name of its own in the folder; ``.json`` gets ``.txt`` behind it, so that the viewer does not take it for its own."""
    name = (file.delivered_as if delivered else None) or PurePosixPath(file.path.rsplit("!", 1)[-1]).name or "file"
    name = re.sub(r"[^\w.()+=,@ -]", "_", name).strip(" .") or "file"
    if not delivered:
        name += ".not_released.txt"
    elif name.lower().endswith(".json"):
        name += ".txt"
    stem, dot, suffix = name.partition(".")
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}_{number}{dot}{suffix}"
    taken.add(name.casefold())
    return name


def _result(uid: str, file: FileReport, name: str, at: datetime, lang: Language) -> dict[str, Any]:
    table = name.lower().endswith(".csv")
    return {
        "uid": uid,
        "status": _STATUS[file.status],
        "type": "table" if table else "custom",
        "properties": {"method": f"jupyter_cbs {file.type}"},
        "files": [{"name": name, "sdc": _sdc(file) if table else {}}],
        "outcome": {},
        "command": f"jupyter cbs precheck {escape(file.path)}",
        "summary": _summary(file),
        "timestamp": at.replace(tzinfo=None).isoformat(),
        "comments": [_comment(finding, lang) for finding in file.findings],
        "exception": "",
        "fair": {},
    }


def _flag(rule: Rule) -> str:
    return _FLAGS.get(rule, rule.value.replace("_", "-"))


def _sdc(file: FileReport) -> dict[str, Any]:
    """Give the flagged cells of a csv: row and column as the viewer counts them, below the header and right of the first column."""
    cells: dict[str, list[list[int]]] = {flag: [] for flag in _ACROS}
    for finding in file.findings:
        match = _CELL.fullmatch(finding.where.cell or "")
        if match is None or finding.status is Status.SAFE:
            continue
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        place = [int(match[2]) - 2, column - 2]
        if place[0] >= 0 and place not in cells.setdefault(_flag(finding.rule), []):
            cells[_flag(finding.rule)].append(place)
    summary: dict[str, Any] = {"suppressed": False, **{flag: len(places) for flag, places in cells.items()}}
    return {"summary": summary, "cells": cells}


def _summary(file: FileReport) -> str:
    """Write what ACRO calls the summary: the status, then what was found and how often."""
    counts: dict[str, int] = {}
    for finding in file.findings:
        if finding.status is not Status.SAFE:
            counts[_flag(finding.rule)] = counts.get(_flag(finding.rule), 0) + 1
    found = "".join(f"{flag}: {count} {'cells may need suppressing' if flag in _ACROS else 'found'}; " for flag, count in counts.items())
    return f"{_STATUS[file.status]}; {found}" if found else _STATUS[file.status]


def _comment(finding: Finding, lang: Language) -> str:
    """Write a finding as a comment; the viewer puts it into its page as it stands, so that what comes out of files is escaped."""
    where = finding.where
    place = " ".join(
        str(part) for part in (where.sheet, where.cell or where.column, where.line or (where.row if where.cell is None else None)) if part
    )
    text = f"{finding.rule.value} ({finding.basis}): {finding.text.say(lang)} {finding.remedy.say(lang)}"
    return escape(f"[{place}] {text}" if place else text)


def _reasons(file: FileReport, lang: Language) -> str:
    lines = [f"{finding.rule.value}: {finding.text.say(lang)} {finding.remedy.say(lang)}" for finding in file.findings]
    return "\n".join([file.path, *lines]) + "\n"
