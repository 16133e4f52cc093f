"""The database itself: migrations, crashes, several users at once, wrong URLs."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from jupyter_cbs.domain.errors import Invalid, Unavailable
from jupyter_cbs.store import Store, migrate
from jupyter_cbs.store.database import open_engine, reading, writing
from jupyter_cbs.store.tables import metadata


def test_the_migrations_make_the_tables_the_code_uses(store: Store, database: Path) -> None:
    engine = open_engine(f"sqlite:///{database}")
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == "0004"
    engine.dispose()


def test_sqlite_runs_as_designed(store: Store, database: Path) -> None:
    engine = open_engine(f"sqlite:///{database}")
    with reading(engine) as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert values == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense", "", "/srv/state.db"])
def test_what_is_no_state_url_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        Store.open(url, tmp_path / "anchors")
    assert caught.value.code == "state_url"


def test_a_file_that_is_no_database(database: Path, tmp_path: Path) -> None:
    database.write_bytes(b"this is not a database, it only looks like a file" * 100)
    with pytest.raises(Unavailable) as caught:
        Store.open(f"sqlite:///{database}", tmp_path / "anchors")
    assert caught.value.code == "state_unavailable"


def test_a_state_of_a_newer_version(open_store: Callable[[], Store], database: Path) -> None:
    open_store().close()
    connection = sqlite3.connect(database)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(Unavailable) as caught:
        open_store()
    assert caught.value.code == "state_newer"


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Store.open(f"sqlite:///{tmp_path}/none/state.db", tmp_path / "anchors")


def test_an_exposed_key_is_refused(open_store: Callable[[], Store], tmp_path: Path) -> None:
    open_store().close()
    (tmp_path / "anchors" / "audit.key").chmod(0o644)
    with pytest.raises(Unavailable) as caught:
        open_store()
    assert caught.value.code == "anchor_key"


def test_two_processes_may_open_a_new_state_at_once(database: Path, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from jupyter_cbs.store import Store; Store.open(sys.argv[1], Path(sys.argv[2])).close()"
    arguments = [sys.executable, "-c", code, f"sqlite:///{database}", str(tmp_path / "anchors")]
    processes = [subprocess.Popen(arguments) for _ in range(3)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    with Store.open(f"sqlite:///{database}", tmp_path / "anchors") as store:
        assert store.verify().ok


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_state_that_is_gone_is_not_begun_anew(open_store: Callable[[], Store], database: Path, left: str) -> None:
    open_store().close()
    for path in database.parent.glob("state.db*"):
        path.unlink()
    if left == "an empty file":
        database.touch()
    with pytest.raises(Unavailable) as caught:
        open_store()
    assert caught.value.code == "no_state"
    assert not database.exists() or database.stat().st_size == 0


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_written_into_a_state_that_was_removed_meanwhile(store: Store, database: Path, replaced: bool) -> None:
    store.note(user="a", project="9001", action="x", subject="", outcome="ok")
    kept = database.rename(database.with_suffix(".kept"))
    if replaced:
        shutil.copy(kept, database)
    with pytest.raises(Unavailable) as caught, store.begin():
        pass
    assert caught.value.code == "no_state"
    with pytest.raises(Unavailable):
        store.note(user="a", project="9001", action="x", subject="", outcome="ok")
    kept.replace(database)
    store.note(user="a", project="9001", action="x", subject="", outcome="ok")
    assert store.verify().events == 2


_DIES = """
import os, sys
from pathlib import Path
from jupyter_cbs.store import Store, migrate
store = Store.open(sys.argv[1], Path(sys.argv[2]))
for index in range(7):
    with store.begin() as tx:
        tx.audit(user="a", project="9001", action="x", subject=str(index), outcome="ok")
with store.begin() as tx:
    tx.audit(user="a", project="9001", action="x", subject="never", outcome="ok")
    print("inside", flush=True)
    sys.stdin.read()
"""


def test_a_process_killed_inside_a_transaction_leaves_the_state_before_it(database: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", _DIES, f"sqlite:///{database}", str(tmp_path / "anchors")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"inside\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    with Store.open(f"sqlite:///{database}", tmp_path / "anchors") as store:
        verdict = store.verify()
        assert (verdict.ok, verdict.events) == (True, 7)
        with store.begin() as tx:
            assert tx.audit(user="a", project="9001", action="x", subject="next", outcome="ok") == 8


def test_reading_waits_for_no_writer(store: Store, database: Path) -> None:
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    done: list[int] = []
    reader = threading.Thread(target=lambda: done.append(len(store.events())))
    reader.start()
    reader.join()
    read_meanwhile = list(done)  # a reader that waited would have given up by now
    holder.execute("ROLLBACK")
    holder.close()
    assert read_meanwhile == [0]


def test_a_transaction_inside_a_transaction_is_an_error_and_no_deadlock(store: Store) -> None:
    def nest() -> None:
        with store.begin(), store.begin():
            pass

    def note() -> None:
        with store.begin():
            store.note(user="a", project="9001", action="x", subject="", outcome="ok")

    for within in (nest, note):
        with pytest.raises(RuntimeError, match="already open"):
            within()
    with store.begin() as tx:
        tx.audit(user="a", project="9001", action="x", subject="", outcome="ok")
    assert store.verify().events == 1


def test_an_event_that_cannot_be_written_is_said_and_holds_nothing(store: Store, database: Path) -> None:
    def note() -> None:
        store.note(user="a", project="9001", action="x", subject="", outcome="ok")

    other = sqlite3.connect(database, isolation_level=None)
    other.execute("ALTER TABLE audit RENAME TO elsewhere")
    with pytest.raises(Unavailable) as caught:
        note()
    assert caught.value.code == "state_unavailable"
    other.execute("ALTER TABLE elsewhere RENAME TO audit")
    note()
    # a number that is taken, or skipped, is refused by the database itself
    other.execute("DROP TRIGGER audit_no_gap")
    other.execute("CREATE TRIGGER audit_no_gap BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'refused'); END")
    other.close()
    with pytest.raises(sqlite3.IntegrityError, match="refused"):
        note()
    assert store.verify().events == 1


def test_a_state_of_the_first_version_is_brought_up_to_date(database: Path, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{database}")
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO measurements (project, area, used_bytes, apparent_bytes, files, measured_at)"
            " VALUES ('9001', 'shared', 1, 2, 3, '2026-11-21T12:00:00.000000Z')"
        )
    engine.dispose()
    with Store.open(f"sqlite:///{database}", tmp_path / "anchors") as store:
        assert store.releases("9001") == ()
        kept = store.measurement("9001", "shared", None)
        assert kept is not None
        assert kept.used_bytes == 1
