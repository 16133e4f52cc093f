"""The worker process: results, limits, cancelling, time-outs, crashes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pyarrow as pa
import pytest
from descriptors import many_open

from jupyter_cbs.domain.errors import Cancelled, CbsError, Invalid, NotFound, TimedOut, TooLarge, Unavailable
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.rules import QueryLimits, RuleProfile
from jupyter_cbs.query.engine import Plain, SqlOutcome, Worker
from jupyter_cbs.system.memfd import open_sealed

pytestmark = pytest.mark.anyio

P = "GBAPERSOON2023TABV1"
HEAVY = f"SELECT count(*) FROM {P} a, {P} b WHERE a.INKOMEN < b.INKOMEN AND a.GBAGEBOORTEJAAR * 3.1 < b.INKOMEN"


class Collector:
    """Maps what comes; ``seen`` is set with the first piece or progress."""

    def __init__(self) -> None:
        self.tables: list[pa.Table] = []
        self.sizes: list[int] = []
        self.fractions: list[float | None] = []
        self.seen = asyncio.Event()

    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        for fd, size in zip(fds, sizes, strict=True):
            assert os.fstat(fd).st_size == size
            self.tables.append(pa.ipc.open_stream(open_sealed(fd)).read_all())
            with pytest.raises(PermissionError):
                os.write(fd, b"x")
            with pytest.raises(PermissionError):
                os.ftruncate(fd, 0)
            os.close(fd)
        self.sizes += sizes
        self.seen.set()

    async def progress(self, fraction: float | None, rows: int) -> None:
        self.fractions.append(fraction)
        self.seen.set()


def rows_of(outcome: SqlOutcome) -> list[dict[str, Any]]:
    assert outcome.inline is not None
    rows: list[dict[str, Any]] = pa.ipc.open_stream(outcome.inline).read_all().to_pylist()
    return rows


Start = Callable[..., Any]


@pytest.fixture
async def start(granted: dict[str, Path], spill: Path) -> AsyncIterator[Start]:
    """Start workers with other limits; they are closed at the end."""
    workers: list[Worker] = []

    async def make(**limits: Any) -> Worker:
        worker = await Worker.start(granted, QueryLimits(**limits), spill)
        workers.append(worker)
        return worker

    yield make
    for worker in workers:
        await worker.close()
        assert worker.exited.is_set()


async def test_small_results_come_inline(start: Start) -> None:
    worker = await start()
    sink = Collector()
    outcome = await worker.sql(f"SELECT GBAGESLACHT AS g, count(*) AS n FROM {P} GROUP BY g ORDER BY g", None, sink)
    assert [row["g"] for row in rows_of(outcome)] == ["1", "2"]
    assert sum(row["n"] for row in rows_of(outcome)) == 400_000
    assert outcome.rows == 2
    assert outcome.bytes == len(outcome.inline or b"")
    assert outcome.sources == (P,)
    assert outcome.columns == ({"name": "g", "type": "string"}, {"name": "n", "type": "int64"})
    assert not sink.tables


async def test_the_alias_of_a_topic_counts_as_its_version(start: Start) -> None:
    worker = await start()
    outcome = await worker.sql("SELECT count(*) FROM GBAPERSOONTAB JOIN spolisbus2022v3 USING (RINPERSOON)", None, Collector())
    assert outcome.sources == (P, "SPOLISBUS2022V3")


@pytest.mark.parametrize(
    ("text", "parameters", "expected"),
    [
        ("SELECT ? + 1 AS x", [41], 42),
        ("SELECT $a || $b AS x", {"a": "p", "b": "q"}, "pq"),
        ("SELECT count(*) AS x FROM range(10) t(i) WHERE i IN (SELECT unnest(?))", [[1, 2, 99]], 2),
        ("SELECT coalesce(?, 'leeg') AS x", [None], "leeg"),
        ("SELECT 1 AS x", [], 1),
    ],
)
async def test_parameters(start: Start, text: str, parameters: Any, expected: Any) -> None:
    worker = await start()
    assert rows_of(await worker.sql(text, parameters, Collector()))[0]["x"] == expected


async def test_wrong_parameters_are_explained(start: Start) -> None:
    worker = await start()
    for parameters in (None, [1], {"b": 1}):
        with pytest.raises(Invalid):
            await worker.sql("SELECT $a", parameters, Collector())
    with pytest.raises(Invalid, match="list"):
        await worker.sql("SELECT ?", "text", Collector())


async def test_large_results_come_as_sealed_memory_in_pieces(start: Start) -> None:
    worker = await start()
    sink = Collector()
    outcome = await worker.sql(f"SELECT a.*, r.i FROM {P} a, range(6) r(i)", None, sink)
    assert outcome.inline is None
    assert outcome.rows == 2_400_000
    assert len(sink.tables) >= 2
    assert outcome.bytes == sum(sink.sizes)
    result = pa.concat_tables(sink.tables)
    assert result.num_rows == 2_400_000
    assert pa.compute.count_distinct(result["RINPERSOON"]).as_py() == 400_000
    assert outcome.columns[-1] == {"name": "i", "type": "int64"}


async def test_rows_and_bytes_are_bounded(start: Start) -> None:
    worker = await start(max_rows=100_000)
    with pytest.raises(TooLarge) as caught:
        await worker.sql(f"FROM {P}", None, Collector())
    assert caught.value.code == "too_many_rows"
    assert (caught.value.message.en, caught.value.message.nl) == (
        "The result is larger than 100,000 rows.",
        "Het resultaat is groter dan 100.000 rijen.",
    )
    assert rows_of(await worker.sql(f"SELECT count(*) AS n FROM {P}", None, Collector())) == [{"n": 400_000}]
    worker = await start(max_bytes=2_000_000)
    with pytest.raises(TooLarge) as caught:
        await worker.sql(f"FROM {P}", None, Collector())
    assert caught.value.code == "too_many_bytes"


async def test_errors_in_a_statement_have_place_and_suggestions(start: Start) -> None:
    worker = await start()
    with pytest.raises(NotFound) as caught:
        await worker.sql(f"SELECT GBAGESLACHT,\n  INKOMME FROM {P}", None, Collector())
    assert caught.value.code == "unknown_column"
    assert caught.value.suggestions[0] == "INKOMEN"
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (2, 3)
    for text, code in (
        (f"SELECT nosuchfunction(INKOMEN) FROM {P}", "unknown_function"),
        (f"SELECT sum(GBAGESLACHT) FROM {P}", "sql_type"),
        (f"SELECT CAST(RINPERSOONS AS INTEGER) FROM {P}", "sql_type"),
        (f"SELECT INKOMEN FROM {P} GROUP BY GBAGESLACHT", "sql_error"),
    ):
        with pytest.raises(CbsError) as refused:
            await worker.sql(text, None, Collector())
        assert refused.value.code == code
        assert refused.value.position is not None or "CAST" in text


@pytest.mark.parametrize(
    ("text", "parameters", "dutch"),
    [
        ("SELECT $a", None, "Geen waarde is gegeven voor: a."),
        ("SELECT ?, ?", [1], "Geen waarde is gegeven voor: 2."),
        ("SELECT $a", {"a": 1, "b": 2}, "Een waarde is gegeven voor wat de query niet heeft: b."),
        ("SELECT 1", [1], "De query vraagt 0 waarden en krijgt er 1."),
        ("SELECT $a, ?", [1], "Parameters met en zonder naam gaan niet samen in één query."),
    ],
)
async def test_values_that_do_not_fit_the_parameters(start: Start, text: str, parameters: list[Any] | dict[str, Any] | None, dutch: str) -> None:
    with pytest.raises(Invalid) as caught:
        await (await start()).sql(text, parameters, Collector())
    assert caught.value.code == "sql_parameters"
    assert caught.value.message.nl.startswith(dutch)
    assert "no others" in caught.value.say("en")


@pytest.mark.parametrize(
    ("late", "code", "says"),
    [
        ("CAST('zz' || i AS INTEGER)", "sql_type", "'zz1000000'"),
        ("i * 10000000000000 * 10000", "sql_type", "Overflow"),
        ("year(strptime('x' || i, '%Y'))", "sql_error", "Could not parse"),
    ],
)
async def test_an_error_after_the_first_rows_is_explained_too(start: Start, late: str, code: str, says: str) -> None:
    """Arrow's reader has handed out rows by then, and raises an error of its own with DuckDB's words."""
    worker = await start()
    with pytest.raises(Invalid) as caught:
        await worker.sql(f"SELECT CASE WHEN i = 1000000 THEN {late} ELSE 0 END AS x FROM range(1000001) AS t(i)", None, Collector())
    assert caught.value.code == code
    assert says in caught.value.message.en
    assert "exception_message" not in caught.value.say("en")


async def test_no_error_shows_a_path(start: Start, granted: dict[str, Path], spill: Path) -> None:
    """Also when a file vanishes between the gate and the query."""
    worker = await start()
    path = granted["SPOLISBUS2022V3"]
    away = path.with_name("away")
    await worker.sql("SELECT count(*) FROM SPOLISBUS2022V3", None, Collector())
    path.rename(away)
    try:
        with pytest.raises(CbsError) as caught:
            await worker.sql("SELECT sum(SLOON) FROM SPOLISBUS2022V3", None, Collector())
        assert str(path.parent) not in caught.value.say("en") + caught.value.say("nl")
    finally:
        away.rename(path)


async def test_cancel_ends_the_query_and_the_session_goes_on(start: Start) -> None:
    worker = await start()
    pid = worker.pid
    sink = Collector()
    running = asyncio.create_task(worker.sql(HEAVY, None, sink))
    await sink.seen.wait()
    await worker.cancel()
    with pytest.raises(Cancelled):
        await running
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]
    assert worker.pid == pid, "an interrupt sufficed"


async def test_cancel_while_pieces_are_on_their_way(start: Start) -> None:
    worker = await start()

    class Slow(Collector):
        async def chunk(self, fds: list[int], sizes: list[int]) -> None:
            await super().chunk(fds, sizes)
            await worker.cancel()

    with pytest.raises(Cancelled):
        await worker.sql(f"SELECT a.*, r.i FROM {P} a, range(1000) r(i)", None, Slow())
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]


async def test_a_failing_sink_ends_the_query(start: Start) -> None:
    worker = await start()

    class Broken(Collector):
        async def chunk(self, fds: list[int], sizes: list[int]) -> None:
            await super().chunk(fds, sizes)
            raise ConnectionResetError("the kernel is gone")

    with pytest.raises(ConnectionResetError):
        await worker.sql(f"SELECT a.*, r.i FROM {P} a, range(1000) r(i)", None, Broken())
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]


async def test_an_abandoned_request_ends_the_query(start: Start) -> None:
    worker = await start()
    sink = Collector()
    running = asyncio.create_task(worker.sql(HEAVY, None, sink))
    await sink.seen.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]


async def test_an_impatient_caller_does_not_mix_up_answers(start: Start) -> None:
    """Cancelled a second time while the first cancellation is still ending the query."""
    worker = await start()
    sink = Collector()
    running = asyncio.create_task(worker.sql(HEAVY, None, sink))
    await sink.seen.wait()
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    outcomes = await asyncio.gather(*(worker.sql(f"SELECT {i} AS x", None, Collector()) for i in range(3)))
    assert [rows_of(outcome)[0]["x"] for outcome in outcomes] == [0, 1, 2]


async def test_cancel_without_a_query_does_nothing(start: Start) -> None:
    worker = await start()
    await worker.cancel()
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]


async def test_time_out(start: Start) -> None:
    worker = await start(timeout_seconds=0.6)
    sink = Collector()
    with pytest.raises(TimedOut) as caught:
        await worker.sql(HEAVY, None, sink)
    assert "0.6" in caught.value.say("en")
    assert sink.fractions, "progress was shown"
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]


async def test_a_worker_that_dies_is_replaced(start: Start) -> None:
    worker = await start()
    first = worker.pid
    sink = Collector()
    running = asyncio.create_task(worker.sql(HEAVY, None, sink))
    await sink.seen.wait()
    os.kill(first, signal.SIGKILL)
    with pytest.raises(Unavailable) as caught:
        await running
    assert caught.value.code == "worker_died"
    assert worker.exited.is_set()
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]
    assert worker.pid not in (None, first)


async def test_a_stopped_worker_is_killed_and_replaced(start: Start) -> None:
    """A process that does not even take the interrupt."""
    worker = await start(timeout_seconds=0.5)
    first = worker.pid
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(TimedOut):
        await worker.sql("SELECT 1", None, Collector())
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]
    assert worker.pid != first


async def test_a_worker_of_a_broker_with_many_descriptors(start: Start) -> None:
    with many_open():
        worker = await start()
        first = worker.pid
        assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]
        assert (await worker.table(TableSpec(source=P, rows=("GBAGESLACHT",)), None, RuleProfile(), Collector())).frame.num_rows == 3
        assert worker.pid == first


async def test_what_tables_need_is_loaded_while_nothing_is_asked(start: Start) -> None:
    """Neither the first query nor a table that comes later waits for it."""
    worker = await start()
    first = worker.pid
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]
    loaded = Path(f"/proc/{first}/maps")
    with anyio.fail_after(60):
        while "pyarrow/_compute." not in loaded.read_text():
            await anyio.sleep(0.05)
    assert (await worker.table(TableSpec(source=P, rows=("GBAGESLACHT",)), None, RuleProfile(), Collector())).frame.num_rows == 3
    assert worker.pid == first


async def test_memory_is_bounded(start: Start) -> None:
    worker = await start(memory_bytes=128 * 2**20)
    with pytest.raises(CbsError) as caught:
        await worker.sql("SELECT length(repeat('x', 2000000000) || repeat('y', 2000000000))", None, Collector())
    assert caught.value.code in ("out_of_memory", "worker_died")
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]


async def test_a_deeply_nested_statement_does_not_take_the_session_down(start: Start) -> None:
    worker = await start()
    for text in ("SELECT " + "(" * 49_000 + "1" + ")" * 49_000, "SELECT " + "-" * 3 + "1" + "+1" * 40_000, "SELECT " + "[" * 20_000):
        with pytest.raises(CbsError):
            await worker.sql(text, None, Collector())
    assert rows_of(await worker.sql("SELECT 1 AS x", None, Collector())) == [{"x": 1}]


async def test_requests_of_a_session_wait_for_each_other(start: Start) -> None:
    worker = await start()
    outcomes = await asyncio.gather(*(worker.sql(f"SELECT {i} AS x", None, Collector()) for i in range(20)))
    assert [rows_of(outcome)[0]["x"] for outcome in outcomes] == list(range(20))


async def test_closing_ends_the_process_and_what_it_was_doing(granted: dict[str, Path], spill: Path) -> None:
    worker = await Worker.start(granted, QueryLimits(), spill)
    pid = worker.pid
    sink = Collector()
    running = asyncio.create_task(worker.sql(HEAVY, None, sink))
    await sink.seen.wait()
    await worker.close()
    with pytest.raises(Unavailable) as caught:
        await running
    assert caught.value.code == "session_closed"
    with pytest.raises(ProcessLookupError):
        os.kill(pid or 0, 0)
    with pytest.raises(Unavailable):
        await worker.sql("SELECT 1", None, Collector())


async def test_the_process_sees_little(start: Start) -> None:
    """No environment, no foreign descriptors, the root as its directory, no core dumps."""
    canary = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(canary, True)
    os.environ["CBS_CANARY"] = "secret"
    try:
        worker = await start()
    finally:
        del os.environ["CBS_CANARY"]
        os.close(canary)
    process = Path(f"/proc/{worker.pid}")
    assert b"CBS_CANARY" not in (process / "environ").read_bytes()
    assert os.readlink(process / "cwd") == "/"
    assert canary not in {int(entry.name) for entry in (process / "fd").iterdir()}
    limits = (process / "limits").read_text()
    assert next(line for line in limits.splitlines() if line.startswith("Max core")).split()[4:6] == ["0", "0"]
    assert "unlimited" not in next(line for line in limits.splitlines() if line.startswith("Max address space"))


async def test_spilling_stays_in_its_directory(start: Start, spill: Path) -> None:
    worker = await start(memory_bytes=64 * 2**20)
    await worker.sql(f"SELECT count(*) FROM (SELECT DISTINCT RINPERSOON || i::VARCHAR FROM {P}, range(4) t(i))", None, Collector())
    assert spill.exists()


async def test_a_worker_that_cannot_start_says_so(granted: dict[str, Path], spill: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        await Worker.start(granted, QueryLimits(), spill, wrap=lambda argv, fds: Plain(("/bin/false",), fds))
    assert caught.value.code == "worker_start"


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("200000000000000000000000000000000000000::UHUGEINT", "UHUGEINT"),
        ("'12:00:00+02'::TIMETZ", "TIME WITH TIME ZONE"),
        ("{'x': [1::BIGNUM]}", "BIGNUM"),
        ("map {'x': '101'::BIT}", "BIT"),
    ],
)
async def test_values_that_would_arrive_as_others_are_refused_by_name(start: Start, expression: str, kind: str) -> None:
    worker = await start()
    with pytest.raises(Invalid) as caught:
        await worker.sql(f"SELECT 1 AS one, {expression} AS odd", None, Collector())
    assert caught.value.code == "result_type"
    assert "odd" in caught.value.message.en
    assert kind in caught.value.message.en
    kept = await worker.sql("SELECT 'UHUGEINT'::ENUM('UHUGEINT') AS e, {'BIT': 1} AS s, 1::HUGEINT AS h", None, Collector())
    assert rows_of(kept) == [{"e": "UHUGEINT", "s": {"BIT": 1}, "h": 1}]
