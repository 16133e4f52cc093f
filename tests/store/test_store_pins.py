"""Step-up PINs: right, wrong, locked, and remembered."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.domain.errors import Invalid, StepUpRequired
from jupyter_cbs.store import Store


def set_pin(store: Store, pin: str = "1234", user: str = "leader") -> None:
    with store.begin() as tx:
        tx.set_pin(user, pin)


def refusal(store: Store, pin: str, user: str = "leader") -> StepUpRequired:
    with pytest.raises(StepUpRequired) as caught:
        store.check_pin(user, pin)
    assert caught.value.status == 401
    return caught.value


@pytest.mark.parametrize("pin", ["1234", "pïn-🔑-code", "x" * 128])
def test_the_right_pin_is_accepted(store: Store, pin: str) -> None:
    set_pin(store, pin)
    store.check_pin("leader", pin)


@pytest.mark.parametrize("pin", ["", "123", "x" * 129])
def test_a_pin_has_bounds(store: Store, pin: str) -> None:
    with pytest.raises(Invalid):
        set_pin(store, pin)


def test_a_wrong_pin_tells_how_many_tries_are_left(store: Store) -> None:
    set_pin(store)
    error = refusal(store, "1235")
    assert error.code == "wrong_pin"
    assert "4" in error.say("en")
    assert "4" in error.say("nl")


def test_five_wrong_ones_lock_even_the_right_one_for_a_quarter_of_an_hour(open_store: Callable[[], Store], clock: Any) -> None:
    store = open_store()
    set_pin(store)
    assert [refusal(store, "0000").code for _ in range(5)] == ["wrong_pin"] * 4 + ["pin_locked"]
    store.close()
    store = open_store()  # a restart forgets nothing
    assert refusal(store, "1234").code == "pin_locked"
    clock.advance(minutes=14, seconds=59)
    assert refusal(store, "1234").code == "pin_locked"
    clock.advance(seconds=1)
    store.check_pin("leader", "1234")


def test_after_the_lock_five_new_tries(store: Store, clock: Any) -> None:
    set_pin(store)
    for _ in range(5):
        refusal(store, "0000")
    clock.advance(minutes=15)
    assert [refusal(store, "0000").code for _ in range(5)] == ["wrong_pin"] * 4 + ["pin_locked"]


def test_a_right_pin_forgets_the_wrong_ones(store: Store) -> None:
    set_pin(store)
    for _ in range(3):
        for _ in range(4):
            refusal(store, "0000")
        store.check_pin("leader", "1234")


def test_a_new_pin_lifts_the_lock_and_replaces_the_old(store: Store) -> None:
    set_pin(store)
    for _ in range(5):
        refusal(store, "0000")
    set_pin(store, "98765")
    store.check_pin("leader", "98765")
    assert refusal(store, "1234").code == "wrong_pin"


def test_tries_of_one_account_do_not_lock_another(store: Store) -> None:
    set_pin(store)
    set_pin(store, "5678", "leader2")
    for _ in range(5):
        refusal(store, "0000")
    store.check_pin("leader2", "5678")


def test_an_account_without_a_pin(store: Store) -> None:
    assert refusal(store, "1234", "viewer").code == "pin_missing"


def test_guessing_side_by_side_gains_nothing(store: Store) -> None:
    set_pin(store)
    codes: list[str] = []
    ready = threading.Barrier(12)

    def guess() -> None:
        ready.wait()
        codes.append(refusal(store, "0000").code)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["pin_locked"] * 8 + ["wrong_pin"] * 4


def test_the_database_holds_no_pin(store: Store, database: Path) -> None:
    set_pin(store, "topsecretpin")
    set_pin(store, "topsecretpin", "leader2")
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT salt, hash FROM pins").fetchall()
    dump = "\n".join(connection.iterdump())
    connection.close()
    assert rows[0] != rows[1]
    assert "topsecretpin" not in dump
    assert b"topsecretpin".hex() not in dump.lower()
