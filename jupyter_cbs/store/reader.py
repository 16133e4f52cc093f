"""Everything that can be asked of the state, over one connection."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from ..domain.errors import NotFound
from ..domain.evidence import TableMeta
from ..domain.export import ExportState
from ..domain.gateway import AuditEvent
from ..domain.grid import ANY_SHAPE
from ..domain.model import ModelEvidence
from ..domain.text import Text
from .audit import event_of
from .rows import ExportRow, MeasurementRow, ReleasedModel, ReleasedTable, Vote, export_row, manifest_of
from .tables import audit, evidence, exports, measurements, outputs, released_models, released_tables, votes

MAX_EVIDENCE = 500
"""Most tables one look-up gives; a file with more candidates is judged by the newest."""
NEWEST_EVIDENCE = 40
"""Tables that are given where the shape does not matter: each is compared with what is in a file."""
MAX_OUTPUTS = 20
"""Most checked models and figures one look-up gives; of more with the same labels the newest count."""

_KEYS_AT_ONCE = 500


class Reader:
    """Reads over a connection somebody else opened and will close."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def events(self, project: str | None = None, limit: int = 100, before: int | None = None) -> tuple[AuditEvent, ...]:
        """Give the newest audit events, newest first; of one project, or of all."""
        query = select(audit).order_by(audit.c.sequence.desc()).limit(limit)
        if project is not None:
            query = query.where(audit.c.project == project)
        if before is not None:
            query = query.where(audit.c.sequence < before)
        return tuple(event_of(row) for row in self._connection.execute(query).mappings())

    def export(self, project: str, export_id: str) -> ExportRow:
        """Give a request of a project.

        Raises
        ------
        NotFound
            None with this id in this project; those of other projects are not told apart.
        """
        query = select(exports).where(exports.c.id == export_id, exports.c.project == project)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(
                "unknown_export",
                Text(en="There is no such export request in this project.", nl="Deze uitvoeraanvraag bestaat niet in dit project."),
            )
        return export_row(dict(row))

    def exports(self, project: str) -> tuple[ExportRow, ...]:
        """Give the requests of a project, newest change first."""
        query = select(exports).where(exports.c.project == project).order_by(exports.c.changed_at.desc(), exports.c.id)
        return tuple(export_row(dict(row)) for row in self._connection.execute(query).mappings())

    def count_exports(self, project: str, states: Collection[str], author: str | None = None) -> int:
        """Count the requests of a project that are in some of the states; of one person, or of all."""
        query = select(func.count()).select_from(exports).where(exports.c.project == project, exports.c.state.in_([str(state) for state in states]))
        if author is not None:
            query = query.where(exports.c.author == author)
        return int(self._connection.execute(query).scalar_one())

    def frozen(self) -> frozenset[str]:
        """Give the sha256 of all frozen bytes that a request of any project needs; those that were withdrawn need none."""
        query = select(exports.c.manifest).where(exports.c.state != ExportState.WITHDRAWN.value)
        return frozenset(entry.sha256 for text in self._connection.execute(query).scalars() for entry in manifest_of(text))

    def votes(self, export_id: str, round: int) -> tuple[Vote, ...]:
        """Give the votes of a round, oldest first."""
        query = select(votes).where(votes.c.export_id == export_id, votes.c.round == round).order_by(votes.c.at, votes.c.checker)
        return tuple(Vote(**row) for row in self._connection.execute(query).mappings())

    def evidence(self, project: str, shape_keys: Collection[str]) -> tuple[tuple[TableMeta, bytes], ...]:
        """Give the kept tables of a project with one of these shapes, newest first.

        Parameters
        ----------
        project
            Number.
        shape_keys
            See :func:`jupyter_cbs.domain.grid.shape_key`; with :data:`jupyter_cbs.domain.grid.ANY_SHAPE` among them also the newest
            :data:`NEWEST_EVIDENCE` of any shape.

        Returns
        -------
        tuple
            Pairs of the table's description and its judged frame as an Arrow IPC stream; at most 500.
        """
        keys = sorted(set(shape_keys) - {ANY_SHAPE})
        found: list[tuple[int, str, bytes]] = []
        if ANY_SHAPE in shape_keys:
            newest = select(evidence.c.id, evidence.c.meta, evidence.c.frame).where(evidence.c.project == project)
            found += [(row.id, row.meta, row.frame) for row in self._connection.execute(newest.order_by(evidence.c.id.desc()).limit(NEWEST_EVIDENCE))]
        # databases bound the number of parameters of a statement
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            query = (
                select(evidence.c.id, evidence.c.meta, evidence.c.frame)
                .where(evidence.c.project == project, evidence.c.shape_key.in_(keys[start : start + _KEYS_AT_ONCE]))
                .order_by(evidence.c.id.desc())
                .limit(MAX_EVIDENCE)
            )
            found += [(row.id, row.meta, row.frame) for row in self._connection.execute(query)]
        found.sort(key=lambda entry: entry[0], reverse=True)
        return tuple((TableMeta.model_validate_json(meta), bytes(frame)) for _, meta, frame in found[:MAX_EVIDENCE])

    def evidence_of(self, project: str, fingerprint: str) -> tuple[TableMeta, bytes] | None:
        """Give the kept table of a project with this fingerprint and its judged frame as an Arrow IPC stream; None where there is none."""
        query = (
            select(evidence.c.meta, evidence.c.frame)
            .where(evidence.c.project == project, evidence.c.fingerprint == fingerprint)
            .order_by(evidence.c.id.desc())
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return None if row is None else (TableMeta.model_validate_json(row.meta), bytes(row.frame))

    def outputs(self, project: str, file_keys: Collection[str]) -> tuple[str, ...]:
        """Give the checked models and figures of a project that are known by one of these keys, newest first, each as it was kept."""
        keys = sorted(set(file_keys))
        found: list[tuple[int, str]] = []
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            query = (
                select(outputs.c.id, outputs.c.checked)
                .where(outputs.c.project == project, outputs.c.file_key.in_(keys[start : start + _KEYS_AT_ONCE]))
                .order_by(outputs.c.id.desc())
                .limit(MAX_OUTPUTS)
            )
            found += [(row.id, row.checked) for row in self._connection.execute(query)]
        found.sort(reverse=True)
        return tuple(checked for _, checked in found[:MAX_OUTPUTS])

    def releases(self, project: str) -> tuple[ReleasedTable, ...]:
        """Give all tables with evidence that left in releases of a project, oldest first."""
        query = select(released_tables).where(released_tables.c.project == project).order_by(released_tables.c.id)
        return tuple(
            ReleasedTable(row.export_id, row.round, row.path, TableMeta.model_validate_json(row.meta), bytes(row.frame), row.released_at)
            for row in self._connection.execute(query)
        )

    def output_of(self, project: str, fingerprint: str) -> str | None:
        """Give the checked model or figure of a project with this fingerprint, as it was kept; None where there is none."""
        query = (
            select(outputs.c.checked).where(outputs.c.project == project, outputs.c.fingerprint == fingerprint).order_by(outputs.c.id.desc()).limit(1)
        )
        return self._connection.execute(query).scalar()

    def released_models(self, project: str) -> tuple[ReleasedModel, ...]:
        """Give all models that left in releases of a project, oldest first."""
        query = select(released_models).where(released_models.c.project == project).order_by(released_models.c.id)
        return tuple(
            ReleasedModel(row.export_id, row.round, row.path, row.fingerprint, ModelEvidence.model_validate_json(row.evidence), row.released_at)
            for row in self._connection.execute(query)
        )

    def measurement(self, project: str, area: str, user: str | None) -> MeasurementRow | None:
        """Give the newest measurement of an area; None when it was never measured."""
        query = (
            select(measurements)
            .where(measurements.c.project == project, measurements.c.area == area)
            .where(measurements.c.user.is_(None) if user is None else measurements.c.user == user)
            .order_by(measurements.c.measured_at.desc(), measurements.c.id.desc())
            .limit(1)
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else MeasurementRow(**{name: value for name, value in row.items() if name != "id"})
