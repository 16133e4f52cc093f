"""What R makes is judged as what Python makes, written, and recognised when it is to leave."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from running_demo import Demo

from jupyter_cbs.client.models.extract import Given, extract
from jupyter_cbs.demo.labclient import Kernel
from jupyter_cbs.disclosure.models import judge_model
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.rules import RuleProfile
from jupyter_cbs.server.kernels import r_program

pytestmark = pytest.mark.skipif(r_program() is None, reason="R is not here: install r-base-core and r-cran-irkernel")

SAME = """i <- 0:599
d <- data.frame(number = (i * 7919) %% 1000 / 10, age = (i * 31) %% 67, sex = c("m", "v")[1 + (i * 13) %% 7 %/% 4], area = paste0("a", (i * 17) %% 5),
  person = i, couple = i %/% 2)
d$area[1:9] <- "rare"
d$works <- as.integer(d$number > 55)
d$ill <- as.integer(d$number > 98.9)
d$visits <- d$number %/% 20
told <- function(...) for (v in list(...)) cat(v$status, sort(unique(cbs_findings(v)$rule)), "\\n")
"""


def same() -> pd.DataFrame:
    i = np.arange(600)
    frame = pd.DataFrame({"number": i * 7919 % 1000 / 10, "age": i * 31 % 67, "person": i, "couple": i // 2})
    frame["sex"] = np.array(["m", "v"])[i * 13 % 7 // 4]
    frame["area"] = [f"a{area}" for area in i * 17 % 5]
    frame.loc[:8, "area"] = "rare"
    frame["works"], frame["ill"] = (frame.number > 55).astype(int), (frame.number > 98.9).astype(int)
    frame["visits"] = frame.number // 20
    return frame


@pytest.fixture(scope="module")
def r(deployment: Demo) -> Iterator[Kernel]:
    with deployment.client("researcher").kernel("personal/r-outputs.ipynb", "cbs-r") as kernel:
        lines(kernel, SAME)
        yield kernel


def lines(kernel: Kernel, code: str) -> list[str]:
    output = kernel.run(code)
    assert output.error is None, output.error
    return output.text.split("\n")[:-1]


def test_the_same_model_has_the_same_verdict_as_in_python(r: Kernel) -> None:
    data = same()
    binomial, poisson = sm.families.Binomial(), sm.families.Poisson()
    cases = [
        ("lm(number ~ sex + age, d)", smf.ols("number ~ sex + age", data), "person"),
        ("lm(number ~ area + age, d)", smf.ols("number ~ area + age", data), "person"),
        ("lm(number ~ sex, d)", smf.ols("number ~ sex", data), "person"),
        ("lm(number ~ sex * area + age, d)", smf.ols("number ~ sex * area + age", data), "person"),
        ("lm(number ~ age + I(age^2), d[1:12, ])", smf.ols("number ~ age + I(age**2)", data[:12]), "person"),
        ("lm(number ~ age, d[1:18, ])", smf.ols("number ~ age", data[:18]), "couple"),
        ("glm(works ~ sex + age, binomial, d)", smf.glm("works ~ sex + age", data, family=binomial), "person"),
        ("glm(ill ~ sex + age, binomial, d)", smf.glm("ill ~ sex + age", data, family=binomial), "person"),
        ("glm(visits ~ sex + age, poisson, d)", smf.glm("visits ~ sex + age", data, family=poisson), "person"),
    ]
    expected = []
    for _, model, unit in cases:
        extracted = extract(model.fit(), Given(unit=model.data.frame[unit]))
        assert extracted is not None
        findings = judge_model(extracted.declared, [RuleProfile()])
        expected.append([Status.worst([f.status for f in findings]).value, *sorted({f.rule.value for f in findings})])
    assert {status for status, *_ in expected} >= {"safe", "unsafe", "refused"}
    got = lines(r, "told(" + ", ".join(f"cbs_check({code}, unit = '{unit}')" for code, _, unit in cases) + ")")
    assert [line.split() for line in got] == expected


def test_models_and_counts_come_back_recognised(r: Kernel, deployment: Demo) -> None:
    lines(
        r,
        "m <- cbs_check(lm(number ~ sex + age, d)); h <- cbs_check(hist(d$age, breaks = c(0, 20, 40, 67), plot = FALSE))\n"
        "n <- cbs_check(table(d$sex, d$visits)); told(m, h, n)\n"
        "cbs_write_csv(m, 'shared/rm.csv'); cbs_write_xlsx(m, 'shared/rm.xlsx'); cbs_write_picture(h, 'shared/rh.png')\n"
        "cbs_write_csv(n, 'shared/rn.csv')\n"
        "cbs_write_xlsx(n, 'shared/rn.xlsx'); cbs_write_picture(n, 'shared/rn.jpg', main = 'Visits')",
    )
    folder = deployment.shared()
    young = int((same().age <= 20).sum())
    assert (folder / "rh.csv").read_text().splitlines()[1].endswith(f",0 - 20,{young},{young}")
    assert (folder / "rh.png").read_bytes().startswith(b"\x89PNG")
    written = (folder / "rm.csv").read_text().splitlines()
    (folder / "rm_other.csv").write_text("\n".join([written[0], written[1].replace(".", "7.", 1), *written[2:]]))
    files = [f"shared/{name}" for name in ("rm.csv", "rm.xlsx", "rh.png", "rh.csv", "rn.csv", "rn.xlsx", "rn.jpg", "rm_other.csv")]
    got = lines(r, f"for (p in c({json.dumps(files)[1:-1]})) cat(p, cbs_precheck(p)$status, '\\n')")
    assert [line.split() for line in got] == [[path, "review" if "other" in path else "safe"] for path in files]


def test_what_r_cannot_have_checked_is_said(r: Kernel) -> None:
    verdicts = lines(r, "told(cbs_check(table(d$area)), cbs_check(hist(d$age, breaks = c(-1, 64, 66, 67), plot = FALSE)))")
    assert verdicts == ["unsafe min_frequency ", "unsafe group_disclosure "]
    # a line of the table, not only its columns
    assert lines(r, "told(cbs_check(as.table(matrix(c(950, 500, 20, 500), 2, dimnames = list(a = c('x', 'y'), b = c('p', 'q'))))))") == [
        "unsafe group_disclosure "
    ]
    for what, words in {
        "structure(list(), class = c('gg', 'ggplot'))": "Check the numbers behind it",
        "prop.table(table(d$sex))": "no counts",
        "xtabs(age ~ sex, d)": "Only counts",
        "table(d$sex, d$area, d$works)": "more than two directions",
        "aggregate(age ~ sex, d, mean)": "cbs_table()",
        "t.test(d$age)": "lm and glm",
    }.items():
        error = r.run(f"cbs_check({what})").error
        assert error is not None, what
        assert words in error[1], (what, error)
    error = r.run("cbs_write_picture(cbs_check(lm(number ~ age, d)), 'shared/no.png')").error
    assert error is not None


def test_an_aggregate_query_carries_its_evidence(r: Kernel, deployment: Demo) -> None:
    query = "SELECT GBAGESLACHT, count(*) AS n, avg(GBAGEBOORTEJAAR::INTEGER) AS year FROM GBAPERSOONTAB GROUP BY 1"
    got = lines(
        r,
        f"t <- cbs_sql({query!r}, evidence = TRUE); cat(length(t), sapply(t, class), t[[1]]$status, '\\n')\n"
        "cbs_write_csv(t[[1]], 'shared/rt.csv'); q <- cbs_precheck('shared/rt.csv'); cat(q$status, '\\n')\n"
        "cat(names(as.data.frame(t[[2]])), '\\n')",
    )
    assert got[0] == "2 cbs_table cbs_table safe "
    assert got[-2] == "safe "
    error = r.run("cbs_sql('SELECT RINPERSOON FROM GBAPERSOONTAB', evidence = TRUE)").error
    assert error is not None
    assert "no evidence" in error[1]
    assert lines(r, "cat(cbs_sql('SELECT $unit AS x', unit = 'a')$x, '\\n')") == ["a "]
