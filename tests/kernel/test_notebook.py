"""The part of the hour that happens in cells: real kernel, real broker, real worker."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from .real import Broker, Kernel

SLOW = "SELECT count(*) FROM range(300000) a, range(300000) b WHERE a.range * b.range % 7 = 3"


def test_the_catalogue_lists_only_what_is_granted(kernel: Kernel) -> None:
    ran = kernel.ok("c = ws.catalogue(); print(list(c.df().columns), sorted(set(c.df().topic)))\nc")
    assert "['name', 'topic', 'theme', 'year', 'version', 'rows', 'columns', 'period']" in ran.stdout
    assert "GBAPERSOONTAB" in ran.stdout
    assert "application/vnd.jupyter.widget-view+json" in ran.data[-1]
    ran = kernel.ok('v = ws.catalogue("GBAPERSOONTAB"); print(v.df().set_index("name").role["RINPERSOON"], v.codes("GBAGESLACHT"))')
    assert "identifier" in ran.stdout
    assert "'1'" in ran.stdout


def test_unknown_and_foreign_data_sets_get_the_same_answer(kernel: Kernel) -> None:
    unknown = kernel.run('ws.sql("SELECT * FROM GBAPERSOONTABB")')
    assert unknown.error == "NotFound"
    assert "GBAPERSOONTAB" in unknown.traceback
    foreign = kernel.run('ws.catalogue("VERDTAB")')
    nothing = kernel.run('ws.catalogue("XERDTAB")')
    assert foreign.error == nothing.error == "NotFound"
    assert foreign.traceback.replace("VERDTAB", "…").splitlines()[0] == nothing.traceback.replace("XERDTAB", "…").splitlines()[0]


def test_queries_by_function_and_by_magic(kernel: Kernel) -> None:
    ran = kernel.ok('r = ws.sql("SELECT GBAGESLACHT, count(*) AS n FROM GBAPERSOONTAB GROUP BY 1 ORDER BY 1"); print(r.df().n.sum(), len(r))\nr')
    assert ran.stdout.split()[0] == "3000"
    assert "<table" in ran.html
    ran = kernel.ok(
        "sex = '1'\nget_ipython().run_cell_magic('cbs', 'men', 'SELECT count(*) n FROM GBAPERSOONTAB WHERE GBAGESLACHT = $sex')\n"
        "print(men.arrow()['n'][0])"
    )
    assert 0 < int(ran.stdout) < 3000
    ran = kernel.ok('big = ws.sql("SELECT range AS a, range::VARCHAR AS b FROM range(1000000)"); print(big.arrow().num_rows, big.pl()["a"].sum())')
    assert ran.stdout.split() == ["1000000", str(sum(range(1_000_000)))]


def test_refusals_have_place_reason_and_remedy(kernel: Kernel) -> None:
    ran = kernel.run('ws.sql("SELECT *\\n  FORM GBAPERSOONTAB")')
    assert ran.error == "Invalid"
    assert "  2 |   FORM GBAPERSOONTAB\n             ^" in ran.traceback
    assert "connection.py" not in ran.traceback
    ran = kernel.run('ws.sql("DROP TABLE GBAPERSOONTAB")')
    assert ran.error == "Invalid"
    assert "SELECT" in ran.traceback


def test_interrupt_really_cancels(kernel: Kernel) -> None:
    pressed: list[str] = []

    def press(message: dict[str, Any]) -> None:
        # the progress bar is there after a second: by then the query runs
        if message["msg_type"] == "comm_open" and not pressed:
            pressed.append("stop")
            kernel.interrupt()

    ran = kernel.run(f"ws.sql('{SLOW}')", press)
    assert pressed
    assert ran.error == "KeyboardInterrupt"
    assert "nothing is running any more" in ran.traceback
    assert kernel.ok('print(ws.sql("SELECT 1 AS a").rows)').stdout.strip() == "1"


def test_a_table_is_judged_suppressed_written_and_recognised(kernel: Kernel) -> None:
    ran = kernel.ok('t = ws.table("GBAPERSOONTAB", rows=["GBAGEBOORTEJAAR"], columns=["GBAGESLACHT"])\nprint(t.meta.unsafe, len(t.findings))\nt')
    unsafe, findings = map(int, ran.stdout.split())
    assert unsafe > 0
    assert findings >= unsafe
    assert "✕" in ran.html
    assert "<code>.suppress()</code>" in ran.html
    ran = kernel.ok(
        "s = t.suppress(); s.to_csv('shared/ages.csv'); t.to_csv('shared/ages_unsafe.csv'); s.to_xlsx('shared/ages.xlsx'); print(s.status.value)"
    )
    assert "Written to shared/ages.csv" in ran.stdout
    assert ran.stdout.strip().endswith(("safe", "review"))
    ran = kernel.ok("p = ws.precheck(['shared/ages.csv', 'shared/ages.xlsx'])\nprint([(f.status.value, f.tables) for f in p.files])\np")
    assert "unsafe" not in ran.stdout
    assert "unknown_table" not in ran.html
    ran = kernel.ok("u = ws.precheck('shared/ages_unsafe.csv'); print(u.status.value, sorted({(x.rule.value, x.basis) for x in u.findings}))")
    assert ran.stdout.startswith("unsafe")
    assert "('min_frequency', 'verified')" in ran.stdout


def test_a_figure_shows_safe_cells(kernel: Kernel) -> None:
    ran = kernel.ok("ax = t.plot(); print(len(ax.patches) > 0)\nimport matplotlib.pyplot as plt; plt.close('all')")
    assert "True" in ran.stdout


def test_quota_shows_both_areas(kernel: Kernel) -> None:
    ran = kernel.ok("ws.quota()")
    assert "Shared" in ran.html
    assert "GB" in ran.html


def test_from_the_panel_to_the_leader(kernel: Kernel, broker: Broker) -> None:
    kernel.ok("ws.table('GBAPERSOONTAB', rows=['GBAGESLACHT']).to_csv('shared/sexes.csv')")
    kernel.ok(
        "import json; json.dump({'cells': [{'cell_type': 'code', 'metadata': {}, 'execution_count': 1, 'source': 'print(1)',"
        " 'outputs': [{'output_type': 'stream', 'name': 'stdout', 'text': '1'}]}], 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5},"
        " open('shared/analysis.ipynb', 'w'))"
    )
    ran = kernel.ok("panel = ws.export_panel()\npanel")
    assert "application/vnd.jupyter.widget-view+json" in ran.data[-1]
    wait = (
        "import asyncio\nasync def until(ready):\n    for _ in range(2000):\n        if ready(): return\n        await asyncio.sleep(0.05)\n"
        "    raise AssertionError((panel.phase, panel._busy, panel._alert.value, panel._why.value))"
    )
    kernel.ok(wait)
    kernel.ok("await until(lambda: panel.phase == 'ready' and 'shared/sexes.csv' in panel.files)")
    kernel.ok(
        "panel._select.value = ('shared/sexes.csv', 'shared/analysis.ipynb')\nawait until(lambda: panel.report is not None and not panel._busy)"
    )
    ran = kernel.ok("print(panel._cost.value, panel._stripped.value)")
    assert "€\xa0280" in ran.stdout
    assert "analysis.py" in ran.stdout
    fill = (
        "f = panel._form\nfor w in f._texts.values(): w.value = 'Publication'\n"
        "for fields in f._file_fields.values():\n"
        "    for n in ('shows', 'population', 'sources', 'unweighted_n'): fields[n].value = 'GBAPERSOON2023TABV1'\n"
        "    fields['unit'].value = 'person'\n"
        "panel._steps.value = 3\nawait until(lambda: panel.request is not None and not panel._busy)\nprint(panel._why.value)"
    )
    ran = kernel.ok(fill)
    assert "Draft saved" in ran.stdout
    kernel.ok(
        "assert not panel.obstacle(), panel.obstacle()\npanel._main_button.click()\nawait until(lambda: panel.request.state.value == 'proposed')"
    )
    listed = broker.call("leader", "GET", "/exports")["requests"]
    assert [(r["state"], r["class"], r["author"]) for r in listed] == [("proposed", "conform", "researcher")]
    request = listed[0]
    broker.call("leader", "POST", f"/exports/{request['id']}/actions/return", {"version": request["version"], "reason": "Explain the population."})
    kernel.ok("await until(lambda: panel.request.state.value == 'draft')")
    ran = kernel.run("panel._requests._session.call('exports.act', {'id': panel.request.id, 'action': 'submit', 'version': panel.request.version})")
    assert ran.error == "Refused"


def test_a_viewer_may_look_and_not_run(broker: Broker) -> None:
    with pytest.raises(AssertionError, match="viewer"):
        broker.call("viewer", "POST", "/sessions", {"kernel_id": "k-viewer"})


def test_two_kernels_at_once_and_one_that_is_killed(broker: Broker, new_kernel: Callable[..., Kernel]) -> None:
    first, second = new_kernel(broker), new_kernel(broker)
    number = first.client.execute(f"ws.sql('{SLOW}')")
    while True:
        message = first.client.get_iopub_msg(timeout=120)
        if message["msg_type"] == "comm_open" and message["parent_header"]["msg_id"] == number:
            break
    assert second.ok('print(ws.sql("SELECT 42 AS a").df().a[0])').stdout.strip() == "42"
    first.manager.signal_kernel(signal.SIGKILL)
    assert second.ok('print(ws.sql("SELECT 43 AS a").df().a[0])').stdout.strip() == "43"


def test_a_restarted_broker_is_found_again(own_broker: Broker, new_kernel: Callable[..., Kernel]) -> None:
    kernel = new_kernel(own_broker, lang="nl")
    kernel.ok('r = ws.sql("SELECT 1 AS a")')
    own_broker.stop(signal.SIGKILL)
    ran = kernel.run('ws.sql("SELECT 1 AS a")')
    assert ran.error == "Unavailable"
    assert "verbinding herstelt zich vanzelf" in ran.traceback
    own_broker.start()
    assert kernel.ok('print(ws.sql("SELECT 5 AS a").df().a[0], r.rows)').stdout.split() == ["5", "1"]
