"""R in a workspace: the real kernel in its sandbox, at the demo's server, with the real broker behind it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_demo import Demo, descendants, wait_for

from jupyter_cbs.demo.labclient import Kernel
from jupyter_cbs.server.kernels import r_program

pytestmark = pytest.mark.skipif(r_program() is None, reason="R is not here: install r-base-core and r-cran-irkernel")

SPEC = "cbs-r"
SLOW = "SELECT count(*) FROM range(300000) a, range(300000) b WHERE a.range * b.range % 7 = 3"


@pytest.fixture(scope="module")
def r(deployment: Demo) -> Iterator[Kernel]:
    with deployment.client("researcher").kernel("personal/r.ipynb", SPEC) as kernel:
        yield kernel


def lines(kernel: Kernel, code: str) -> list[str]:
    output = kernel.run(code)
    assert output.error is None, output.error
    return output.text.split("\n")[:-1]


def test_r_runs_plots_and_tells_its_errors(r: Kernel) -> None:
    assert lines(r, "x <- c(3, 4); cat(sum(x), R.version$major, getwd(), '\\n')") == ["7 4 /workspace "]
    (shown,) = r.run("plot(x)").shown
    assert shown["image/png"].startswith("iVBOR")
    error = r.run("stop('mijn fout: é')").error
    assert error is not None
    assert "mijn fout: é" in error[1]
    lines(r, "rm(list = ls(all.names = TRUE))")
    assert lines(r, "cat(exists('cbs_sql'), '\\n')") == ["TRUE "]


NETWORK = "Kernels have no network, so this cannot work here. Data come from cbs_catalogue(), shared/ and personal/"
WRITABLE = "A kernel writes in shared/, personal/ and /tmp only."


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("install.packages('nothere')", NETWORK),
        ("utils::install.packages('nothere')", NETWORK),
        ("download.file('https://example.com', 'personal/x')", NETWORK),
        ("utils::download.file('https://example.com', 'personal/x')", NETWORK),
        ("read.csv('https://example.com/x.csv')", NETWORK),
        ("readLines(url('http://example.com/'))", NETWORK),
        ("available.packages()", NETWORK),
        ("socketConnection('10.0.0.1', 80)", NETWORK),
        ("writeLines('x', '/etc/x')", WRITABLE),
        ("saveRDS(1, '/usr/x.rds')", WRITABLE),
        ("png('/etc/x.png'); plot(1); dev.off()", WRITABLE),
        ("dir.create('/etc/x')", WRITABLE),
        ("system('touch /etc/x')", WRITABLE),
        ("system2('touch', '/etc/x')", WRITABLE),
        ("try(writeBin(raw(1100 * 2^20), '/tmp/x')); unlink('/tmp/x')", "put large files in shared/ or personal/. cbs_quota() shows"),
        ("system('head -c 1100000000 /dev/zero > /tmp/x; rm /tmp/x')", "put large files in shared/ or personal/. cbs_quota() shows"),
        ("file.symlink('/etc/passwd', 'shared/zlink')", "links cannot be made"),
        ("cat('x', file = 'shared/z.txt'); file.link('shared/z.txt', 'personal/z.txt')", "links cannot be made"),
        ("cat('x', file = 'shared/z.txt'); file.rename('shared/z.txt', 'personal/z.txt')", "links cannot be made"),
        ("x <- rep(0, 2^35)", "A kernel has at most "),
    ],
)
def test_what_a_wall_refuses_is_said_below_the_error(r: Kernel, code: str, advice: str) -> None:
    output = r.run(code)
    said = output.text + (output.error[1] if output.error else "")
    assert said.count(advice) == 1, said
    assert "ask the administrator" in said or advice != NETWORK


def test_other_errors_and_warnings_stay_as_they_are(r: Kernel) -> None:
    output = r.run("f <- function() stop('mine'); warning('also mine'); message('see https://example.com'); f()")
    assert output.error == ("ERROR", "Error in f(): mine\n")
    assert output.text.strip().splitlines() == ["Warning message in eval(expr, envir, enclos):", "“also mine”", "see https://example.com"]
    # what a notebook catches it has caught
    caught = r.run("cat(tryCatch(readLines('https://example.com'), warning = function(w) 'caught'))")
    assert caught.text == "caught"
    quiet = r.run("suppressWarnings(tryCatch(readLines('https://example.com'), error = function(e) cat('caught')))")
    assert quiet.text == "caught"


def test_what_programs_say_is_shown(r: Kernel) -> None:
    assert r.run("x <- system('echo out; echo err >&2; exit 3'); cat(x)").text == "out\nerr\n3"
    assert r.run("x <- system2('echo', c('a', 'b')); cat(x)").text == "a b\n0"
    assert r.run("system('echo out; echo err >&2', ignore.stdout = TRUE)").text == "err\n"
    assert r.run("system('echo out; echo err >&2', ignore.stderr = TRUE)").text == "out\n"
    assert r.run("cat(system('cat', intern = TRUE, input = 'a'), system2('echo', 'b', stdout = TRUE), sep = '-')").text == "a-b"
    assert r.run("system('cat', input = c('a', 'b'))").text == "a\nb\n"
    assert r.run("system('printf \"\\\\377\\\\n\"'); cat('on')").text.endswith("on")
    assert r.run("x <- system('nothere-program'); cat(x)").text.endswith("not found\n127")


def test_a_person_is_asked(r: Kernel) -> None:
    number = r.send("name <- readline('Name? '); cat('hello', name, '\\n')", asks=True)
    assert r.receive(number, 60, ["Robin"]).text == "hello Robin \n"


def test_r_knows_who_it_works_for_and_what_is_granted(r: Kernel) -> None:
    assert lines(r, "w <- cbs_connect(); cat(w$user, w$project, w$role, '\\n')") == ["researcher 9001 researcher "]
    topics = lines(r, "c <- cbs_catalogue(); cat(class(c), sort(unique(c$topic)), sep = '\\n'); cat('\\n')")
    assert topics[0] == "data.frame"
    assert "GBAPERSOONTAB" in topics
    assert "VERDTAB" not in topics
    assert lines(r, "v <- cbs_catalogue('GBAPERSOONTAB'); cat(v$role[v$name == 'RINPERSOON'], '\\n')") == ["identifier "]
    assert lines(r, "k <- cbs_codes('GBAPERSOONTAB', 'GBAGESLACHT'); cat(k$label[k$code == '1'], '\\n')") == ["Mannen "]


def test_types_survive_the_way_to_r(r: Kernel) -> None:
    found = lines(
        r,
        """x <- suppressWarnings(cbs_sql("
        SELECT * FROM (VALUES
          (1::INTEGER, 9007199254740992::BIGINT, 4611686018427387905::BIGINT, 0.1::DOUBLE, 1.25::DECIMAL(9,2), true, DATE '2024-02-29',
           TIMESTAMP '2024-02-29 12:00:00.5', 'é\\"'',' || chr(10) || 'x', 'a'::ENUM('b', 'a'), [1, 2], 7::HUGEINT),
          (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
        ) t(i, big, huge, dbl, dec, yes, day, moment, txt, enum, list, total) ORDER BY i NULLS LAST"))
        for (n in names(x)) cat(n, class(x[[n]]), typeof(x[[n]]), '\\n')
        cat(x$i[1], format(x$big[1], digits = 22), x$huge[1], x$dbl[1] == 0.1, x$dec[1], x$yes[1], format(x$day[1]), '\\n')
        cat(format(x$moment[1], '%Y-%m-%d %H:%M:%OS1'), attr(x$moment, 'tzone'), levels(x$enum), as.character(x$enum[1]), x$list[[1]], '\\n')
        cat(identical(x$txt[1], 'é"\\',\\nx'), Encoding(x$txt[1]), all(is.na(x[2, names(x) != 'list'])), is.null(x$list[[2]]),
            any(is.nan(x$dbl)), '\\n')""",
    )
    assert found == [
        "i integer integer ",
        "big numeric double ",
        "huge character character ",
        "dbl numeric double ",
        "dec numeric double ",
        "yes logical logical ",
        "day Date double ",
        "moment POSIXct POSIXt double ",
        "txt character character ",
        "enum factor integer ",
        "list list list ",
        "total numeric double ",
        "1 9007199254740992 4611686018427387905 TRUE 1.25 TRUE 2024-02-29 ",
        "2024-02-29 12:00:00.5 UTC b a a 1 2 ",
        "TRUE UTF-8 TRUE TRUE FALSE ",
    ]


def test_what_does_not_fit_in_a_number_is_told(r: Kernel) -> None:
    output = r.run("x <- cbs_sql('SELECT 9007199254740993 AS n'); cat(x$n, '\\n')")
    assert "9007199254740993 \n" in output.text
    assert "2^53" in output.text


def test_parameters(r: Kernel) -> None:
    code = """x <- cbs_sql("SELECT $a + 1 AS a, $b AS b, len($c) AS c, $d = DATE '2024-01-31' AS d, $e IS NULL AS e",
        a = 1L, b = "o'x", c = c("p", "q"), d = as.Date("2024-01-31"), e = NA)
        cat(x$a, x$b, x$c, x$d, x$e, '\\n')
        cat(cbs_sql("SELECT ? = 0.1::DOUBLE AS same", 0.1)$same, '\\n')"""
    assert lines(r, code) == ["2 o'x 2 TRUE TRUE ", "TRUE "]
    assert r.run("cbs_sql('SELECT ?', 1, b = 2)").error is not None


def test_errors_are_conditions_with_place_and_remedy_in_the_readers_language(r: Kernel) -> None:
    code = "e <- tryCatch(cbs_sql('SELECT *\\n  FORM GBAPERSOONTAB'), cbs_Invalid = identity)"
    found = lines(r, code + "; cat(class(e)[1:2], e$code, conditionMessage(e), '', sep = '\\n')")
    assert found[:3] == ["cbs_Invalid", "cbs_error", "sql_syntax"]
    assert "             ^" in found
    error = r.run("cbs_connect('nl'); cbs_sql('SELECT * FROM GBAPERSOONTABB')").error
    r.run("cbs_connect('en')")
    assert error is not None
    assert "Er is geen bestand" in error[1]
    assert "cbs_catalogue()" in error[1]
    assert "ws." not in error[1]


def test_foreign_and_missing_data_sets_get_the_same_answer(r: Kernel) -> None:
    foreign, missing = (r.run(f"cbs_sql('SELECT * FROM {name}')").error for name in ("VERDTAB", "XERDTAB"))
    assert foreign is not None
    assert missing is not None
    # the nearest names are of granted data sets, and go by the letters that were written
    answers = [
        [line.replace(name, "…") for line in error[1].splitlines() if not line.startswith("Nearest")]
        for name, error in (("VERDTAB", foreign), ("XERDTAB", missing))
    ]
    assert answers[0] == answers[1]


def test_a_table_is_judged_suppressed_written_and_recognised(r: Kernel, deployment: Demo) -> None:
    output = r.run("t <- cbs_table('GBAPERSOONTAB', rows = 'GBAGEBOORTEJAAR', columns = 'GBAGESLACHT')\nt")
    assert output.error is None, output.error
    assert "✕" in output.shown[-1]["text/html"]
    assert "cbs_suppress()" in output.shown[-1]["text/html"]
    found = lines(r, "f <- cbs_findings(t); cat(nrow(f) > 0, 'min_frequency' %in% f$rule, tail(names(as.data.frame(t)), 1), '\\n')")
    assert found == ["TRUE TRUE total "]
    output = r.run("s <- cbs_suppress(t); cbs_write_csv(s, 'shared/r-years.csv'); cbs_write_csv(t, 'shared/r-years-unsafe.csv')")
    assert "Written to shared/r-years.csv" in output.text
    assert (deployment.shared() / "r-years.csv").read_text().count("×") > 0
    safe, unsafe = lines(
        r,
        "for (p in paste0('shared/r-years', c('.csv', '-unsafe.csv'))) { q <- cbs_precheck(p); cat(q$status, unique(q$data$basis), '\\n') }",
    )
    assert safe.split()[0] in ("safe", "review")
    assert unsafe == "unsafe verified "
    outside = r.run("cbs_precheck('/etc/passwd')").error
    assert outside is not None
    assert "outside the workspace" in outside[1]


def test_a_table_is_rounded_and_merged_by_the_broker(r: Kernel) -> None:
    lines(r, "t <- cbs_table('GBAPERSOONTAB', rows = 'GBAGEBOORTEJAAR', columns = 'GBAGESLACHT')")
    # the largest number that divides all cells: 1 before, the base after
    lines(r, "gcd <- function(a, b) if (b == 0) a else gcd(b, a %% b)\ncommon <- function(t) Reduce(gcd, na.omit(unlist(as.data.frame(t)[-1])))")
    assert lines(r, "s <- cbs_protect(t, 'round')\ncat(common(t), common(s) >= 3, '\\n')") == ["1 TRUE "]
    merge = "list(GBAGESLACHT = list(everybody = c('1', '2')))"
    names = lines(r, f"m <- cbs_protect(t, 'merge', merge = {merge})\ncat(names(as.data.frame(m)), '\\n')")
    assert "everybody" in names[0]
    assert "Mannen" not in names[0]


FITTED = """x <- cbs_sql("SELECT p.RINPERSOON, p.GBAGESLACHT AS sex, CASE WHEN p.GBAGEBOORTEJAAR < '1925' THEN 'old' ELSE 'other' END AS age,
  z.ZVWKHUISARTS AS cost FROM GBAPERSOONTAB p JOIN ZVWZORGKOSTENTAB z USING (RINPERSOON) WHERE p.GBAGESLACHT IN ('1', '2')")
x$sex <- factor(x$sex, labels = c("man", "woman"))
"""


def test_models_are_checked_by_their_design(r: Kernel, deployment: Demo) -> None:
    lines(r, FITTED)
    output = r.run("v <- cbs_check(lm(log(cost + 1) ~ sex, x, weights = NULL))\nv")
    assert output.error is None, output.error
    assert "RINPERSOON" in output.shown[-1]["text/html"]
    # a parameter for each of two sexes: the coefficients are the means of a table
    assert lines(r, "cat(v$status, 'saturated' %in% cbs_findings(v)$rule, '\\n')") == ["refused TRUE "]
    few = "v <- cbs_check(glm(cost > 100 ~ sex + age, binomial, x), unit = 'RINPERSOON', source = 'GBAPERSOONTAB'); f <- cbs_findings(v)"
    small = lines(r, few + "; cat(v$status, sum(x$age == 'old') < 10, any(f$rule == 'model_level' & grepl('old', f$subject)), '\\n')")
    assert small == ["unsafe TRUE TRUE "]
    assert lines(r, "v <- cbs_check(lm(cost ~ sex, x[1:8, ])); cat('degrees_of_freedom' %in% cbs_findings(v)$rule, '\\n')") == ["TRUE "]
    # one person with every row is one observation
    one = "v <- cbs_check(lm(cost ~ sex + nchar(RINPERSOON), x), unit = rep('p', nrow(x))); f <- cbs_findings(v)"
    assert lines(r, one + "; cat(any(grepl('1 ', f$text) & f$rule == 'min_frequency'), '\\n')") == ["TRUE "]
    refused = r.run("cbs_check(t.test(x$cost))").error
    assert refused is not None
    assert "lm and glm" in refused[1]


def test_estimates_of_a_model_are_written_and_nothing_of_units(r: Kernel, deployment: Demo) -> None:
    lines(r, FITTED)
    output = r.run("v <- cbs_check(lm(cost ~ sex + log(1:nrow(x)), x)); cat(v$status, '\\n'); cbs_write_csv(v, 'shared/r-model.csv')")
    assert output.error is None, output.error
    assert output.text.startswith(("safe", "review"))
    assert "Written to shared/r-model.csv" in output.text
    written = (deployment.shared() / "r-model.csv").read_text().splitlines()
    assert written[0].startswith("term,estimate,std_error,t,p,ci_low,ci_high,n")
    assert [line.split(",")[0] for line in written[1:4]] == ["(Intercept)", "sexwoman", "log(1:nrow(x))"]
    women = lines(r, "cat(sum(x$sex == 'woman'), '\\n')")[0].strip()
    assert women in written[2].split(",")
    assert len(written) < 12


def test_interrupting_r_cancels_the_query(r: Kernel) -> None:
    lines(r, "cbs_sql('SELECT 1')")
    number = r.send(f"cat('started\\n'); flush.console(); cbs_sql('{SLOW}'); cat('not reached\\n')")
    r.await_text(number, "started")
    r.interrupt()
    output = r.receive(number, 120)
    assert "not reached" not in output.text
    # the session answers one query at a time: this one would wait for the other's end
    assert lines(r, "cat(cbs_sql('SELECT 1 AS a')$a, '\\n')") == ["1 "]


@pytest.mark.parametrize("code", ["repeat {}", "system('sleep 300')", "system2('sleep', 300)"])
def test_interrupting_plain_r(r: Kernel, code: str) -> None:
    number = r.send(f"cat('started\\n'); flush.console(); {code}")
    r.await_text(number, "started")
    r.interrupt()
    r.receive(number, 60)
    assert lines(r, "cat(6 * 7, '\\n')") == ["42 "]


def test_the_process_beside_r_comes_back(r: Kernel) -> None:
    lines(r, "t <- cbs_table('GBAPERSOONTAB', rows = 'GBAGESLACHT'); state <- get('.cbs', 'cbs'); invisible(tools::pskill(state$pid, 9))")
    lines(r, "while (get('.cbs_alive', 'cbs')()) Sys.sleep(0.05)")
    assert lines(r, "cat(cbs_sql('SELECT 5 AS a')$a, '\\n')") == ["5 "]
    gone = r.run("cbs_suppress(t)").error
    assert gone is not None
    assert "no longer known" in gone[1]
    # a child of R has a process of its own
    assert lines(r, "cat(unlist(parallel::mclapply(1:2, function(i) cbs_sql('SELECT ? AS a', i)$a, mc.cores = 2)), '\\n')") == ["1 2 "]


ATTACKS = {
    "connects to a host": "close(socketConnection('127.0.0.1', PORT, timeout = 2))",
    "resolves a name": "stopifnot(!is.null(nsl('example.com')))",
    "reads the accounts of the host": "stopifnot(any(grepl('daemon', readLines('/etc/passwd'))))",
    "reads the shadow file": "readLines('/etc/shadow')",
    "reads its server's environment": "stopifnot(any(grepl('TOKEN', readLines('/proc/1/environ', warn = FALSE))))",
    "writes into R": "file.create(file.path(R.home('library'), 'x')) || stop('no')",
    "writes beside Python": "file.create(file.path(dirname(Sys.which('python')), 'x')) || stop('no')",
    "writes into its own functions": "file.create(sub('--file=', '', grep('^--file=', commandArgs(), value = TRUE), fixed = TRUE)) || stop('no')",
    "makes a link in the workspace": "file.symlink('/etc', 'shared/r-link') || stop('no')",
    "makes a fifo in the workspace": "system('mkfifo shared/r-fifo') == 0 || stop('no')",
    "mounts": "system('mount -t tmpfs none /tmp 2>/dev/null') == 0 || stop('no')",
    "nests namespaces": "system('unshare -U true 2>/dev/null') == 0 || stop('no')",
    "loads a foreign database": "cbs_sql(\"SELECT * FROM read_parquet('/data/*.parquet')\")",
    "asks for another project": "cbs_sql('SELECT * FROM VERDTAB')",
}
"""What a hostile cell tries, and would succeed in without an error."""

CONTROLS = ("connects to a host", "reads the accounts of the host", "makes a link in the workspace", "makes a fifo in the workspace")
"""Attacks that are tried in an R without a sandbox too, where they succeed."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A port of this machine at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("attack", ATTACKS)
def test_r_gets_at_nothing(r: Kernel, port: int, attack: str) -> None:
    code = ATTACKS[attack].replace("PORT", str(port))
    output = r.run(f"suppressWarnings({{ {code} }})")
    assert output.error is not None, output


@pytest.mark.parametrize("attack", CONTROLS)
def test_without_a_sandbox_the_attack_succeeds(port: int, tmp_path: Path, attack: str) -> None:
    (tmp_path / "shared").mkdir()
    code = ATTACKS[attack].replace("PORT", str(port))
    done = subprocess.run([str(r_program()), "--no-echo", "--vanilla", "-e", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_r_sees_neither_catalogue_nor_state_nor_other_people(r: Kernel, deployment: Demo) -> None:
    places = [deployment.root / "catalogue", deployment.root / "state", deployment.root / "policies", deployment.shared("9002"), deployment.root]
    assert all(place.exists() for place in places[:3])
    seen = lines(r, f"cat(file.exists(c({', '.join(repr(str(place)) for place in places)})), list.files('/workspace'), '\\n')")
    assert seen == [" ".join([*["FALSE"] * len(places), "personal", "shared"]) + " "]


def test_files_of_colleagues_are_not_run_at_the_start(deployment: Demo) -> None:
    shared = deployment.shared()
    planted = [shared / ".Rprofile", shared / "json.py", deployment.personal("researcher") / ".Rprofile"]
    for path in planted:
        path.write_text("stop('planted')\n" if path.name == ".Rprofile" else "raise SystemExit('planted')\n")
    try:
        with deployment.client("researcher").kernel("shared/planted.ipynb", SPEC) as kernel:
            # also not by the process that starts in that folder
            assert lines(kernel, "setwd('shared'); cat(cbs_sql('SELECT 3 AS a')$a, '\\n')") == ["3 "]
    finally:
        for path in planted:
            path.unlink()


def test_restart_and_shutdown_leave_nothing(deployment: Demo) -> None:
    client = deployment.client("researcher")

    def of_r() -> set[int]:
        found = set()
        for pid in descendants(deployment.process.pid):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"jupyter_cbs.client.r" in words or any(word.endswith(b"/exec/R") for word in words):
                found.add(pid)
        return found

    before = of_r()
    with client.kernel("personal/again.ipynb", SPEC) as kernel:
        lines(kernel, "cbs_sql('SELECT 1')")
        first = of_r() - before
        assert len(first) == 2
        assert client.request("POST", f"api/kernels/{kernel.id}/restart").status_code == 200
        assert lines(kernel, "cat(exists('x'), cbs_sql('SELECT 2 AS a')$a, '\\n')") == ["FALSE 2 "]
        wait_for(lambda: not first & of_r(), 120, "the end of the restarted kernel")
    wait_for(lambda: of_r() == before, 120, "the end of the kernel")
