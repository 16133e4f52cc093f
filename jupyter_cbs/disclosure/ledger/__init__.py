"""Differencing: what a new table gives away together with the tables released before and with those of the same request.

Source: design disclosure.md, Secondary disclosure (*Differencing*, *Linked tables*). A table without evidence cannot be compared.
"""

from .compare import Kept, LedgerFinding, comparable, findings

__all__ = ["Kept", "LedgerFinding", "comparable", "findings"]
