"""Differencing: what a new table gives away together with the tables released before and with those of the same request.

Source: design disclosure.md, Secondary disclosure (*Differencing*, *Linked tables*). A table without evidence cannot be compared.
"""

from .compare import comparable, findings
from .models import KeptModel, ModelFinding, model_findings
from .side import Kept, LedgerFinding

__all__ = ["Kept", "KeptModel", "LedgerFinding", "ModelFinding", "comparable", "findings", "model_findings"]
