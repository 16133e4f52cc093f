"""``jupyter cbs quota``."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from . import language, print_json
from .common import existing


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--dir", type=Path, default=Path(".demo"), help="directory of the deployment (default: .demo)")
    parser.add_argument("--project", default="9001", help="project number (default: 9001)")
    parser.add_argument("--user", help="also this person's own area; all members by default")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Measure now and report; exit code 1 when an area is full or nearly so."""
    from ..domain.quota import AreaUsage
    from ..policy.store import PolicyDirectory
    from ..quota.meter import measure
    from ..quota.rules import usage

    deployment = existing(options.dir)
    policies = PolicyDirectory(deployment.policies).current
    project = policies.project(options.project)
    members = [p.user for p in policies.principals() if p.project == project.number and p.role.is_member]
    users = members if options.user is None else [policies.principal(project.number, options.user).user]

    def look(area: Literal["shared", "personal"], root: Path) -> AreaUsage:
        measurement = measure(root) if root.is_dir() else None
        return usage(area, measurement, None if measurement is None else datetime.now(UTC), project.quota, project.unit_bytes)

    areas = {"shared": look("shared", deployment.shared(project.number))}
    areas |= {f"personal of {user}": look("personal", deployment.personal(project.number, user)) for user in sorted(users)}
    lang = language()
    if options.json:
        print_json({"project": project.number, "areas": {k: v.model_dump(mode="json", context={"lang": lang}) for k, v in areas.items()}})
    else:
        for name, area in areas.items():
            print(f"{name}: {area.text.say(lang)}")
    return 1 if any(area.level in ("warning", "full") for area in areas.values()) else 0
