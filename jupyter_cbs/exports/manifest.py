"""The manifest of a round: what people sign (design: exports, Bytes)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from jupyter_cbs.domain.export import ExportForm, ManifestEntry
from jupyter_cbs.domain.finding import PrecheckReport


def canonical(
    entries: Sequence[ManifestEntry],
    *,
    request_id: str,
    round: int,
    form: ExportForm,
    report: PrecheckReport | None,
    policy_version: str,
    versions: Mapping[str, str],
) -> bytes:
    """Write the manifest of a round as canonical JSON.

    Keys are sorted, there is no white space, everything outside ASCII is escaped, entries stand in order of their name: the same
    manifest gives the same bytes on every machine.

    Parameters
    ----------
    entries : sequence of ManifestEntry
        The frozen files.
    request_id : str
        Which request; a signature under one request is worth nothing under another.
    round : int
        From 1.
    form : ExportForm
        The answers as they stood at the snapshot.
    report : PrecheckReport or None
        The pre-check as it stood, in all languages.
    policy_version : str
        Policy in force at the snapshot.
    versions : mapping of str to str
        Versions of the tools.

    Raises
    ------
    ValueError
        For a number that is no number.
    """
    value = {
        "schema": 1,
        "request": request_id,
        "round": round,
        "files": [entry.model_dump(mode="json") for entry in sorted(entries, key=lambda entry: entry.path)],
        "form": form.model_dump(mode="json"),
        "report": None if report is None else report.model_dump(mode="json", by_alias=True),
        "policy": policy_version,
        "versions": dict(versions),
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def digest(document: bytes) -> str:
    """Give the digest of a canonical manifest: its sha256 in hex."""
    return hashlib.sha256(document).hexdigest()
