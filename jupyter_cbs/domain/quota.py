"""Storage figures; each with its age, unknown is null and never zero."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Model
from .text import Text


class AreaUsage(Model):
    """Use of one storage area."""

    area: Literal["shared", "personal"]
    limit_bytes: int
    used_bytes: int | None = Field(None, description="Allocated bytes, hard links once; null when not measured yet.")
    apparent_bytes: int | None = Field(None, description="Sum of file sizes; null when not measured yet.")
    files: int | None = None
    measured_at: datetime | None = None
    unit_bytes: int = Field(10**9, description="Bytes in the unit the limit is shown in: 10^9 (GB) or 2^30 (GiB).")
    level: Literal["ok", "warning", "full", "unknown"] = "unknown"
    text: Text = Field(description="One sentence: what it is and what to do.")


class QuotaStatus(Model):
    """Both areas of the asking person."""

    shared: AreaUsage
    personal: AreaUsage
