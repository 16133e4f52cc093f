"""``jupyter cbs precheck``."""

from __future__ import annotations

import argparse
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.errors import Invalid
from ..domain.finding import Finding, PrecheckReport, Status
from ..domain.money import format_euros
from ..domain.text import Language, Text
from . import language, print_json
from .common import existing, opened_state

if TYPE_CHECKING:
    from ..domain.export import FormFile
    from ..exports.intake import IntakeItem


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders that would leave")
    parser.add_argument("--project", help="project whose rules and prices count (default: the first of the policies)")
    parser.add_argument(
        "--dir", type=Path, help="deployment with the policies and the evidence of tables (default: the installed policies, no evidence)"
    )
    parser.add_argument("--form", type=Path, metavar="FILE", help="what you say of the files, as JSON: the output control form")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as a page")
    parser.add_argument("--acro", type=Path, metavar="DIR", help="write the files and the report as a folder for SACRO-Viewer")


def run(options: argparse.Namespace) -> int:
    """Check and report; exit code 1 when there are findings."""
    from ..broker.precheck import inspect
    from ..exports.intake import taken_in
    from ..policy.store import PolicyDirectory
    from ..server import paths
    from ..system.beneath import WorkspaceRoots

    deployment = None if options.dir is None else existing(options.dir)
    policies = PolicyDirectory(paths.policies() if deployment is None else deployment.policies).current
    project = policies.project(options.project or min(p.project for p in policies.principals()))
    forms = {} if options.form is None else _form(options.form)
    items: list[IntakeItem] = []
    now = datetime.now(UTC)
    lang = language()
    with nullcontext() if deployment is None else opened_state(deployment) as store, ExitStack() as opened:
        for file in options.files:
            if not file.exists():
                raise Invalid("no_such_file", Text(en=f"There is no file {file}.", nl=f"Het bestand {file} bestaat niet."))
            place = file.resolve()
            roots = WorkspaceRoots(place.parent, place.parent)
            taken = opened.enter_context(taken_in(roots, [f"shared/{place.name}"], project.prices))
            items += [_named(item, place.name, str(file)) for item in taken]
        report = inspect(items, project, store, policies.version, now, forms)
        if options.acro is not None:
            from ..disclosure.report import acro

            contents = [item.deliver for item in items if item.deliver is not None]
            acro.write(options.acro, report, contents, at=now, lang=lang, profile=project.rules("default"))
    if options.html is not None:
        from ..disclosure.report.page import page

        options.html.write_text(page(report, lang, project.number), encoding="utf-8")
    if options.json:
        from ..disclosure.report.document import document

        print_json(document(report, lang, project.number))
    else:
        print(_written(report, lang))
    return 0 if report.status is Status.SAFE else 1


def _form(path: Path) -> dict[str, FormFile]:
    """Read what the form says of each file, by its path and by its name.

    Raises
    ------
    Invalid
        ``bad_form`` when it is no form.
    """
    from pydantic import ValidationError

    from ..domain.export import ExportForm

    try:
        form = ExportForm.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise Invalid(
            "bad_form",
            Text(en=f"{path} is no output control form.", nl=f"{path} is geen outputcontroleformulier."),
            Text(
                en='Give JSON such as {"files": [{"path": "costs.csv", "unweighted_n": "column n"}]}.',
                nl='Geef JSON zoals {"files": [{"path": "kosten.csv", "unweighted_n": "kolom n"}]}.',
            ),
        ) from error
    return {name: file for file in form.files for name in (file.path.rsplit("/", 1)[-1], file.path)}


def _named(item: IntakeItem, name: str, given: str) -> IntakeItem:
    """Call a file what the person called it: a terminal knows no areas."""

    def path(known: str) -> str:
        return given + known.removeprefix(f"shared/{name}")

    deliver = None if item.deliver is None else replace(item.deliver, path=path(item.deliver.path))
    return replace(item, path=path(item.path), deliver=deliver)


def _written(report: PrecheckReport, lang: Language) -> str:
    lines = []
    for file in report.files:
        lines.append(f"{file.path}: {file.status.value}")
        lines += [f"  {_place(finding)}{finding.text.say(lang)} {finding.remedy.say(lang)}" for finding in file.findings]
    if report.price_cents is not None:
        lines.append(f"{report.export_class}: {format_euros(report.price_cents, lang)}, {report.ready_on}")
    return "\n".join(lines)


def _place(finding: Finding) -> str:
    where = finding.where
    parts = [
        str(part) for part in (where.sheet, where.cell or where.column, where.row if where.cell is None else None, where.line) if part is not None
    ]
    return f"[{' '.join(parts)}] " if parts else ""
