"""Statistics, curves and aggregate SQL from a cell: real kernel, real broker, real worker."""

from __future__ import annotations

from .real import Kernel

BORN = "GBAGEBOORTEJAAR::INTEGER"


def test_more_than_counts(kernel: Kernel) -> None:
    ran = kernel.ok(
        f't = ws.table("GBAPERSOONTAB", rows=["GBAGESLACHT"], values="{BORN}", percentile=0.5)\n'
        'print(t.meta.statistic, t.meta.value_label, set(t.frame["status"].to_pylist()))\n'
        f'm = ws.table("GBAPERSOONTAB", values="{BORN}", statistic="max")\n'
        "print(m.findings[0].rule.value, m.findings[0].remedy.en)\n"
        f's = ws.table("GBAPERSOONTAB", rows=["GBAGESLACHT"], merge={{"GBAGESLACHT": {{"all": ["1", "2"]}}}})\n'
        'print([c.label for c in s.meta.dimensions[0].categories], s.frame["value"].to_pylist())\nt'
    )
    assert "percentile" in ran.stdout
    assert "min_max" in ran.stdout
    assert "statistic='mean_highest'" in ran.stdout
    assert "['all'] [3000.0, 3000.0]" in ran.stdout


def test_histograms_and_curves(kernel: Kernel) -> None:
    ran = kernel.ok(
        f'h = ws.histogram("GBAPERSOONTAB", "{BORN}", bins=5)\n'
        'print(h.frame["value"].to_pylist()[-1], [c.code for c in h.meta.dimensions[0].categories][-1][-1])\n'
        f'c = ws.lorenz("GBAPERSOONTAB", "2024 - {BORN}", steps=4)\nprint(len(c.frame), round(c.frame["value"].to_pylist()[-1]))\n'
        f'v = ws.survival("GBAPERSOONTAB", time="2024 - {BORN}", event="GBAGESLACHT = 1", width=20)\n'
        'print(v.frame["value"].to_pylist()[0] <= 1)\nh'
    )
    assert ran.stdout.split() == ["3000.0", "]", "4", "100", "True"]
    assert "<table" in ran.html


def test_aggregate_sql_gives_judged_tables_or_the_reason(kernel: Kernel) -> None:
    ran = kernel.ok(
        f'both = ws.sql("SELECT GBAGESLACHT, count(*), avg({BORN}) FROM GBAPERSOONTAB GROUP BY 1", evidence=True)\n'
        "a, b = both\n"
        'print(a.meta.statistic, b.meta.statistic, a.meta.unit, a.frame["value"].to_pylist()[-1])\nboth'
    )
    assert ran.stdout.split() == ["count", "mean", "person", "3000.0"]
    # each is shown as a table on its own would be, under its place in the list
    assert ran.html.count("<table") == 2
    assert ran.html.index("[0]") < ran.html.index("<table") < ran.html.index("[1]")
    ran = kernel.run('ws.sql("SELECT GBAGESLACHT, count(*) FROM GBAPERSOONTAB GROUP BY 1 HAVING count(*) > 5", evidence=True)')
    assert ran.error == "Invalid"
    assert "HAVING leaves cells out" in ran.traceback
