"""The broker's state: audit chain, export requests, votes, evidence, released tables, PINs, measurements, and the bytes of exports."""

from .audit import AuditVerdict
from .objects import ObjectStore
from .rows import ExportRow, MeasurementRow, ReleasedModel, ReleasedTable, Vote
from .store import Store, Transaction

__all__ = ["AuditVerdict", "ExportRow", "MeasurementRow", "ObjectStore", "ReleasedModel", "ReleasedTable", "Store", "Transaction", "Vote"]
