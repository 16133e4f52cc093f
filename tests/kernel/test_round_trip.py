"""What is written of a checked output is recognised when it is to leave, cell by cell; with one figure changed it is not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PIL import Image

from .real import Broker, Kernel

FIT = """
import json
import matplotlib.pyplot as plt, seaborn
import statsmodels.formula.api as smf
from linearmodels import PanelOLS
from sklearn.linear_model import LinearRegression
people = ws.sql("SELECT RINPERSOON, GBAGESLACHT AS sex, 2023 - GBAGEBOORTEJAAR::INTEGER AS age, GBAGENERATIE AS generation FROM GBAPERSOONTAB").df()
people["number"] = people.RINPERSOON.str[-3:].astype(int) * 7919 % 1000 / 10
people["works"] = (people.number > 55).astype(int)
people["visits"] = (people.number // 20).astype(int)
people["area"] = people.RINPERSOON.str[-2:].astype(int) % 40
people["worth"] = people.number + people.area * 3
years = people.loc[people.index.repeat(3)].assign(year=lambda f: f.groupby("RINPERSOON").cumcount(), pay=lambda f: f.number + f.year * f.age)
years = years.set_index(["RINPERSOON", "year"], drop=False)
def bases(*paths):
    report = ws.precheck(list(paths))
    told = [[f.path, f.status.value, [b.basis for b in f.bases], [[g.rule.value, g.text.en] for g in f.findings]] for f in report.files]
    print(json.dumps(told))
"""

MODELS = {
    "ols": "ws.check(smf.ols('number ~ C(sex) + age', people).fit(), source='GBAPERSOONTAB')",
    "logit": "ws.check(smf.logit('works ~ C(sex) + age', people).fit(disp=0))",
    "poisson": "ws.check(smf.poisson('visits ~ C(sex) + age', people).fit(disp=0))",
    "mixed": "ws.check(smf.mixedlm('worth ~ C(sex) + age', people, groups=people.area).fit())",
    "multinomial": "ws.check(smf.mnlogit('visits ~ age', people).fit(disp=0))",
    "panel": "ws.check(PanelOLS.from_formula('pay ~ year + EntityEffects', years).fit())",
    "sklearn": "ws.check(LinearRegression().fit(people[['age']], people.number), X=people[['age']], y=people.number, unit=people.RINPERSOON)",
}
FIGURES = {
    "histogram": "fig, ax = plt.subplots(); ax.hist(people.age, bins=[0, 20, 40, 60, 80]); ax.set(title='Age', xlabel='years', ylabel='count')",
    "bars": "t = people.groupby('sex').number.agg(['mean', 'size']); fig = t['mean'].plot.bar(title='Mean', ylabel='number').figure; n = t['size']",
    "seaborn": "fig = seaborn.countplot(people, x='sex'); fig.set_title('Persons')",
    "hexagons": "ax = plt.figure().subplots(); ax.scatter(people.age, people.number); ax.set_title('P'); fig = ws.check(ax).alternative().figure",
}


def check(kernel: Kernel, *paths: str) -> dict[str, tuple[str, list[str], list[list[str]]]]:
    told = json.loads(kernel.ok(f"bases(*{list(paths)!r})").stdout)
    return {path: (status, bases, findings) for path, status, bases, findings in told}


@pytest.fixture(scope="module")
def ready(kernel: Kernel) -> Kernel:
    kernel.ok(FIT)
    return kernel


def change(path: Path) -> str:
    """Change one figure, or one pixel, of a file; tell under which name the result lies."""
    other = path.with_name(f"other_{path.name}")
    if path.suffix == ".csv":
        rows = list(csv.reader(io.StringIO(path.read_text())))
        row, column = next((r, c) for r, row in enumerate(rows) for c, text in reversed(list(enumerate(row))) if r and _is_number(text))
        rows[row][column] = str(round(float(rows[row][column]) + 41))
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        other.write_text(text.getvalue())
    elif path.suffix == ".xlsx":
        book = load_workbook(path)
        cell = next(cell for row in book.active.iter_rows(min_row=2) for cell in reversed(row) if isinstance(cell.value, (int, float)))
        cell.value += 41
        book.save(other)
    else:
        with Image.open(path) as picture:
            picture.putpixel((0, 0), (1, 2, 3))
            picture.save(other)
    return f"shared/{other.name}"


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdigit()


def recognised(kernel: Kernel, broker: Broker, paths: list[str], basis: str) -> None:
    folder = broker.deployment.shared("9001")
    told = check(kernel, *paths)
    assert told == {path: ("safe", [basis], []) for path in paths}
    request = broker.call("researcher", "POST", "/exports", {"title": "What was checked", "paths": paths})
    files = {file["path"]: (file["status"], [one["basis"] for one in file["bases"]]) for file in request["report"]["files"]}
    assert files == {path: ("safe", [basis]) for path in paths}
    others = [change(folder / path.removeprefix("shared/")) for path in paths]
    for path, (status, bases, findings) in check(kernel, *others).items():
        assert basis not in bases, path
        assert status != "safe", (path, findings)


def test_files_of_models_are_recognised(ready: Kernel, broker: Broker) -> None:
    paths = []
    for name, code in MODELS.items():
        ran = ready.ok(f"m = {code}; m.to_csv('shared/{name}.csv'); m.to_xlsx('shared/{name}.xlsx'); print(m.status.value)")
        assert ran.stdout.split()[-1] == "safe", name
        paths += [f"shared/{name}.csv", f"shared/{name}.xlsx"]
    recognised(ready, broker, paths, "declared")
    # a model that is not safe is recognised as well, with what is wrong with it
    ready.ok("people['rare'] = ['few'] * 9 + ['most'] * (len(people) - 9)")
    ready.ok("ws.check(smf.ols('number ~ C(rare) + age', people).fit()).to_csv('shared/rare.csv')")
    status, bases, findings = check(ready, "shared/rare.csv")["shared/rare.csv"]
    assert (status, bases) == ("unsafe", ["declared"])
    assert ["model_level", "C(rare): few: 9 persons, at least 10 are needed."] in findings, findings


def test_files_of_figures_are_recognised(ready: Kernel, broker: Broker) -> None:
    paths = []
    for name, code in FIGURES.items():
        ran = ready.ok(f"n = None; {code}; r = ws.check(fig, n=n); print(r.status.value); r.save('shared/{name}.png'); plt.close('all')")
        assert ran.stdout.split()[0] == "safe", name
        paths += [f"shared/{name}.png", f"shared/{name}.csv"]
    # where plotly makes no picture, its numbers are written all the same
    ready.ok(
        "import plotly.express as px\nr = ws.check(px.bar(x=['a', 'b'], y=[300, 400], labels={'y': 'count'}, title='Bars'))\n"
        "try:\n    r.save('shared/plotly.png')\nexcept Exception as error:\n    assert error.code == 'no_picture'"
    )
    paths.append("shared/plotly.csv")
    recognised(ready, broker, paths, "declared")


def test_files_of_tables_and_their_figures_are_verified_in_dutch(broker: Broker, new_kernel: Callable[..., Kernel]) -> None:
    dutch = new_kernel(broker, lang="nl")
    dutch.ok(FIT + "v = ws.table('GBAPERSOONTAB', rows=['GBAGENERATIE'], columns=['GBAGESLACHT'])")
    dutch.ok("v.to_csv('shared/v.csv'); v.to_xlsx('shared/v.xlsx'); f = ws.check(v.plot()); f.save('shared/v_fig.png')")
    paths = ["shared/v.csv", "shared/v.xlsx", "shared/v_fig.png", "shared/v_fig.csv"]
    recognised(dutch, broker, paths, "verified")
    ran = dutch.ok(f"print([[b.fingerprint == v.meta.fingerprint, len(b.hidden)] for f in ws.precheck({paths!r}).files for b in f.bases])")
    # its totals are not drawn: that much of the table does not leave with the figure
    assert ran.stdout.strip() == "[[True, 0], [True, 0], [True, 6], [True, 6]]"


def test_what_a_kernel_declares_does_not_hide_records(ready: Kernel) -> None:
    """A kernel can lie: rows of persons as the estimates of a model, or as the numbers behind a figure."""
    ready.ok(
        "from jupyter_cbs.domain.model import ModelEvidence, ModelEstimate, ModelOutput\n"
        "lines = tuple(ModelEstimate(term=key, estimate=float(value)) for key, value in zip(people.RINPERSOON[:400], people.number))\n"
        "lie = ModelEvidence(kind='linear', library='x', method='OLS', rows=3000, units=3000, parameters=400, rank=400, residual_dof=2600,\n"
        "    patterns=3000, leverage=0.1, output=ModelOutput(estimates=lines))\n"
        "print(ws._session.call('model.check', lie.model_dump(mode='json')).answer['status'])\n"
        "people[:400].assign(term=people.RINPERSOON, estimate=people.number.map('{:g}'.format), n=3000, df_resid=2600)[\n"
        "    ['term', 'estimate', 'n', 'df_resid']].to_csv('shared/lie.csv', index=False)"
    )
    status, bases, findings = check(ready, "shared/lie.csv")["shared/lie.csv"]
    assert bases == ["declared"], "the file is what was declared"
    assert status in ("unsafe", "refused")
    assert "identifier" in {rule for rule, _ in findings}
