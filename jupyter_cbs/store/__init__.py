"""The broker's state: audit chain, export requests, votes, evidence, PINs, measurements, and the bytes of exports."""

from .audit import AuditVerdict
from .objects import ObjectStore
from .rows import ExportRow, MeasurementRow, Vote
from .store import Store, Transaction

__all__ = ["AuditVerdict", "ExportRow", "MeasurementRow", "ObjectStore", "Store", "Transaction", "Vote"]
