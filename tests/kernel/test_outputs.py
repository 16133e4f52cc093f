"""Models and figures in a real kernel, judged by a real broker."""

from __future__ import annotations

from .real import Broker, Kernel

FIT = """
import matplotlib.pyplot as plt, statsmodels.formula.api as smf
people = ws.sql("SELECT RINPERSOON, GBAGESLACHT AS sex, 2023 - GBAGEBOORTEJAAR::INTEGER AS age, GBAGENERATIE AS generation FROM GBAPERSOONTAB").df()
people["number"] = (people.RINPERSOON.str[-3:].astype(int) * 7919 % 1000) / 10
people["rare"] = "most"
people.loc[:8, "rare"] = "few"
"""


def test_a_model_is_checked_written_and_recognised(kernel: Kernel, broker: Broker) -> None:
    kernel.ok(FIT)
    ran = kernel.ok("m = ws.check(smf.ols('number ~ C(sex) + age', people).fit(), source='GBAPERSOONTAB'); print(m.status.value, m.evidence.unit)\nm")
    assert ran.stdout.split() == ["safe", "RINPERSOON"]
    assert "<table" in ran.html
    assert "declared" in ran.html
    ran = kernel.ok("m.to_csv('shared/model.csv'); m.to_xlsx('shared/model.xlsx')")
    assert "Written to shared/model.csv: 3 estimates." in ran.stdout
    ran = kernel.ok("p = ws.precheck(['shared/model.csv', 'shared/model.xlsx']); print([f.status.value for f in p.files])\np")
    assert "unsafe" not in ran.stdout, ran.html
    assert "refused" not in ran.stdout, ran.html
    ran = kernel.ok("b = ws.check(smf.ols('number ~ C(rare) + age', people).fit()); print([(f.rule.value, f.subject) for f in b.findings])")
    assert "[('model_level', 'C(rare): few')]" in ran.stdout
    unknown = kernel.run("ws.check(smf.ols('number ~ age', people).fit(), source='VERDTAB')")
    assert unknown.error == "NotFound"
    refused = kernel.run("ws.check(smf.ols('number ~ age', people))")
    assert "has not been fitted" in refused.traceback
    events = broker.call("admin", "GET", "/audit?limit=50")["events"]
    kept = [e for e in events if e["action"] == "model.check"]
    assert {e["outcome"] for e in kept} == {"safe", "unsafe"}
    assert kept[0]["details"]["rules"] == ["model_level"]
    assert "few" not in str(kept), "names of levels may be data"


def test_a_figure_is_checked_replaced_and_saved(kernel: Kernel) -> None:
    kernel.ok(FIT)
    ran = kernel.ok("fig, ax = plt.subplots(); ax.scatter(people.age, people.number); ax.set_title('t'); r = ws.check(fig); plt.close(fig)\nr")
    assert "points stand for units" in ran.html
    assert "refused" in ran.text
    assert "refused and was not written" in kernel.run("r.save('shared/points.png')").traceback
    ran = kernel.ok("a = r.alternative(); print(a.status.value); a.save('shared/points.png')\na")
    assert ran.stdout.split()[0] == "safe"
    assert "shared/points.png + shared/points.csv" in ran.stdout
    assert "data:image/png;base64," in ran.html
    ran = kernel.ok("p = ws.precheck(['shared/points.png', 'shared/points.csv']); print([f.status.value for f in p.files])\np")
    assert "unsafe" not in ran.stdout, ran.html
    assert "refused" not in ran.stdout, ran.html


def test_a_tables_own_figure_is_verified(kernel: Kernel) -> None:
    ran = kernel.ok(
        "v = ws.table('GBAPERSOONTAB', rows=['GBAGENERATIE'], columns=['GBAGESLACHT']); ax = v.plot(); f = ws.check(ax)\n"
        "print(f.status.value, f.report.basis)\nax.containers[0][0].set_height(12345); g = ws.check(ax); plt.close('all')\n"
        "print(g.status.value, g.findings[0].basis)"
    )
    assert ran.stdout.split() == ["safe", "verified", "unsafe", "verified"]
