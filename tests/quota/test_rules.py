"""Texts and limits of the quotas."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import QuotaExceeded, Unavailable
from jupyter_cbs.domain.rules import QuotaLimits
from jupyter_cbs.quota import Measurement, check_save, human_bytes, usage

GB = 10**9
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LIMITS = QuotaLimits()


@pytest.mark.parametrize(
    ("count", "unit", "en", "nl"),
    [
        (0, GB, "0 bytes", "0 bytes"),
        (999, GB, "999 bytes", "999 bytes"),
        (1000, GB, "1 kB", "1 kB"),
        (1500, GB, "1.5 kB", "1,5 kB"),
        (999_949, GB, "999.9 kB", "999,9 kB"),
        (999_950, GB, "1 MB", "1 MB"),
        (93_400_000_000, GB, "93.4 GB", "93,4 GB"),
        (100 * GB, GB, "100 GB", "100 GB"),
        (100 * 2**30, 2**30, "100 GiB", "100 GiB"),
        (1023, 2**30, "1023 bytes", "1023 bytes"),
        (1536, 2**30, "1.5 KiB", "1,5 KiB"),
        (-1500, GB, "-1.5 kB", "-1,5 kB"),
        (5 * 10**18, GB, "5000 PB", "5000 PB"),
    ],
)
def test_bytes_as_people_read_them(count: int, unit: int, en: str, nl: str) -> None:
    assert human_bytes(count, unit) == en
    assert human_bytes(count, unit, "nl-NL") == nl


@given(st.integers(0, 10**16), st.sampled_from([10**9, 2**30]))
def test_room_is_never_rounded_up(count: int, unit: int) -> None:
    number, name = human_bytes(count, unit, down=True).split()
    step = 1024 if unit == 2**30 else 1000
    names = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] if step == 1024 else ["bytes", "kB", "MB", "GB", "TB", "PB"]
    tenths = round(float(number) * 10)
    assert tenths * step ** names.index(name) <= count * 10


@pytest.mark.parametrize(
    ("used", "level"),
    [(0, "ok"), (90 * GB, "ok"), (90 * GB + 1, "warning"), (100 * GB - 1, "warning"), (100 * GB, "full"), (130 * GB, "full")],
)
def test_levels_at_their_boundaries(used: int, level: str) -> None:
    result = usage("shared", Measurement(used, used + 5, 3), NOW, LIMITS)
    assert result.level == level
    assert (result.used_bytes, result.apparent_bytes, result.files, result.measured_at) == (used, used + 5, 3, NOW)
    assert result.limit_bytes == 100 * GB


def test_texts_say_what_it_is_and_what_to_do() -> None:
    warning = usage("shared", Measurement(93_400_000_000, 0, 1), NOW, LIMITS).text
    assert warning.en.startswith("Shared workspace: 93.4 GB of 100 GB in use (93 %); only 6.6 GB free. Clean up")
    assert warning.nl.startswith("Gedeelde werkruimte: 93,4 GB van 100 GB in gebruik (93 %); nog 6,6 GB vrij. Ruim op")
    assert "elke maandag" in warning.nl
    personal = usage("personal", Measurement(10**9, 0, 1), NOW, LIMITS).text
    assert "nothing can be saved" in personal.en
    assert "Monday" not in personal.en
    assert usage("personal", Measurement(1000, 0, 1, unreadable=2), NOW, LIMITS).text.nl.endswith("niet meegeteld.")


def test_unknown_is_null_and_not_zero() -> None:
    result = usage("personal", None, None, LIMITS)
    assert (result.level, result.used_bytes, result.apparent_bytes, result.files) == ("unknown", None, None, None)
    assert "not measured yet" in result.text.en
    assert "nog niet gemeten" in result.text.nl


def test_gib_when_the_policy_says_so() -> None:
    limits = QuotaLimits(shared_bytes=100 * 2**30)
    assert "50 GiB of 100 GiB" in usage("shared", Measurement(50 * 2**30, 0, 1), NOW, limits, 2**30).text.en


def test_a_save_that_just_fits_and_one_that_does_not() -> None:
    check_save("personal", 10**9 - 4096, 10**9, 4096)
    check_save("personal", 10**9 - 4096, 10**9, 1)
    with pytest.raises(QuotaExceeded) as caught:
        check_save("personal", 10**9 - 4096, 10**9, 4097)
    error = caught.value
    assert error.status == 507
    assert error.message.en == "Personal workspace is full: the file needs 8.2 kB and 4 kB of 1 GB is left. Nothing was written."
    assert error.message.nl == "Persoonlijke werkruimte is vol: het bestand vraagt 8,2 kB en er is 4 kB van 1 GB over. Er is niets geschreven."
    assert error.remedy is not None
    assert "shared/" in error.remedy.en


def test_what_is_replaced_counts() -> None:
    check_save("shared", 100 * GB, 100 * GB, 8192, replaces_bytes=8192)
    with pytest.raises(QuotaExceeded):
        check_save("shared", 100 * GB, 100 * GB, 8193, replaces_bytes=8192)


def test_a_file_may_always_shrink() -> None:
    check_save("shared", 150 * GB, 100 * GB, 4096, replaces_bytes=8192)
    check_save("shared", None, 100 * GB, 100, replaces_bytes=4096)


def test_nothing_new_is_saved_into_the_unknown() -> None:
    with pytest.raises(Unavailable) as caught:
        check_save("shared", None, 100 * GB, 1)
    assert caught.value.code == "not_measured"
    assert "“Measure now”" in caught.value.remedy.en
    assert "“Nu meten”" in caught.value.remedy.nl


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_an_allowed_save_never_passes_the_limit_unless_it_shrinks(used: int, new: int, old: int) -> None:
    used, new, old = used * 4096, new * 4096, min(old, used) * 4096
    old = min(old, used)
    limit = 100 * 4096
    try:
        check_save("shared", used, limit, new, old)
    except QuotaExceeded:
        assert used - old + new > limit
        assert new > old
    else:
        assert used - old + new <= limit or new <= old
