"""Amounts in whole cents and the price table (seed S2, tariffs 2026)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from .base import Model


class ExportClass(StrEnum):
    """Class of an output, from which price and term follow (design: exports)."""

    LIGHT = "light"
    CONFORM = "conform"
    NON_CONFORM = "non_conform"
    SCRIPTS = "scripts"


class ClassTerms(Model):
    """Price, checker's time and term of one class."""

    price_cents: int = Field(ge=0)
    standard_minutes: int = Field(gt=0)
    working_days: int = Field(gt=0)


class PriceTable(Model):
    """Prices and formats of one year."""

    year: int = 2026
    classes: dict[ExportClass, ClassTerms] = Field(
        default_factory=lambda: {
            ExportClass.LIGHT: ClassTerms(price_cents=14_000, standard_minutes=15, working_days=1),
            ExportClass.CONFORM: ClassTerms(price_cents=28_000, standard_minutes=60, working_days=3),
            ExportClass.NON_CONFORM: ClassTerms(price_cents=38_000, standard_minutes=60, working_days=3),
            ExportClass.SCRIPTS: ClassTerms(price_cents=5_000, standard_minutes=30, working_days=3),
        }
    )
    decryption_cents_per_batch: int = Field(27_100, ge=0)
    decryption_batch: int = Field(5, gt=0, description="CSV files per started batch.")
    decryption_working_days: int = Field(5, ge=0)
    decryption_columns: tuple[str, ...] = ("PC6", "BRIN", "CAOCODE")
    light_max_files: int = 5
    light_max_cells: int = 5_000
    max_scripts: int = 10
    table_suffixes: tuple[str, ...] = (".xlsx", ".csv")
    script_suffixes: tuple[str, ...] = (".do", ".r", ".py", ".sps")
    document_suffixes: tuple[str, ...] = (".txt",)
    figure_suffixes: tuple[str, ...] = (".jpg", ".jpeg", ".png", ".gif")
    refused_suffixes: tuple[str, ...] = (
        ".ipynb", ".rdata", ".ppt", ".pptx", ".rda", ".rds", ".pkl", ".pickle", ".parquet", ".sav", ".dta",
        ".feather", ".arrow", ".h5", ".hdf5", ".duckdb", ".sqlite", ".db",
    )  # fmt: skip


def format_euros(cents: int, lang: str = "en") -> str:
    """Write whole cents as a person reads them: '€ 280' or '€ 12.50' ('€ 12,50' in Dutch), never broken over two lines."""
    euros, rest = divmod(abs(cents), 100)
    thousands, point = (".", ",") if lang.lower().startswith("nl") else (",", ".")
    amount = f"{euros:,}".replace(",", thousands) + (f"{point}{rest:02d}" if rest else "")
    return f"€\N{NO-BREAK SPACE}{'-' if cents < 0 else ''}{amount}"
