"""What the demo projects are granted: topics or view names, with patterns as in ``jupyter_cbs.catalogue.scope``."""

from __future__ import annotations

PROJECT_9001: tuple[str, ...] = (
    "GBAPERSOON2022TABV2",
    "GBAPERSOON2023TABV1",
    "GBAHUISHOUDENSBUS",
    "INPATAB",
    "INHATAB",
    "ZVWZORGKOSTENTAB",
    "HOOGSTEOPLTAB",
    "SPOLISBUS",
    "VSLGWBTAB",
    "INSCHRWPOTAB",
    "RANDHIETAB",
    "FLIGHTSTAB",
)
"""Persons of two years, households, incomes, health costs, education, wages, municipalities, schools, and the real data."""

PROJECT_9002: tuple[str, ...] = ("GBAPERSOON2023TABV1", "VERDTAB", "GEDETINEERDENTAB", "GBAADRESOBJECTBUS", "VSLPOSTCODEBUS")
"""Persons, suspects, detention, addresses and postcodes."""

GRANTS: dict[str, tuple[str, ...]] = {"9001": PROJECT_9001, "9002": PROJECT_9002}
"""Grants by project number."""

NOBODY: tuple[str, ...] = ("GBAPERSOON2021TABV1", "WANBZVW2023TABV1")
"""Data sets in the catalogue that no project is granted."""
