"""Small data with known counts, so that a boundary can be set exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd


def people(counts: dict[str, int], seed: int = 1, **other: int) -> pd.DataFrame:
    """People in groups of given sizes, with two numeric variables, a second category and an outcome."""
    rng = np.random.default_rng(seed)
    group = np.repeat(list(counts), list(counts.values()))
    n = len(group)
    return pd.DataFrame(
        {
            "RINPERSOON": [f"{i:09d}" for i in range(n)],
            "group": group,
            "sex": np.where(np.arange(n) % 2 == 0, "man", "woman"),
            "age": rng.normal(45, 12, n).round(2),
            "hours": rng.normal(30, 6, n).round(2),
            "wage": rng.normal(2500, 400, n).round(2),
            "works": rng.integers(0, 2, n),
            "visits": rng.poisson(3, n),
        }
    )
