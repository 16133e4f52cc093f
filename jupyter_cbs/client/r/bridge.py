"""The process beside an R kernel: takes requests of ``cbs.R``, asks the broker, and leaves data where R reads it.

Base R can neither connect to a Unix socket nor receive descriptors, and Debian has no ``arrow`` for R. So R starts this process in
its own sandbox, writes one JSON object per line to its standard input, and finds the answer as a file in a private temporary
folder: ``N.json`` for request ``N``, beside it ``N.rds`` with the data (:mod:`~jupyter_cbs.client.r.rds`) or ``N.arrow``. A file
appears whole, by renaming. ``N.begun`` says that the request can be interrupted from now on, with SIGINT to this process.

The process guards nothing: it has the rights of the kernel it serves, and the broker decides.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from ...domain.errors import CbsError, Invalid, NotFound, TooLarge
from ...domain.text import Text
from ..errors import readable
from ..language import choose_language, pick
from ..workspace import Workspace, connect

if TYPE_CHECKING:
    import pyarrow as pa

    from ..models.report import ModelReport
    from ..table import Table
    from .figures import CountsReport

_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_IN_R: Final = (
    (re.compile(r"\bws\.(sql|table|catalogue|precheck|quota|check)\b"), r"cbs_\1"),
    (re.compile(r"(?<![\w.])\.suppress\(\)"), "cbs_suppress()"),
    (re.compile(r"(?<![\w.])\.df\(\)"), "as.data.frame()"),
    (re.compile(r"(?<![\w.])\.to_csv\(([^)]*)\)"), r"cbs_write_csv(…, \1)"),
    (re.compile(r"(?<![\w.])\.to_xlsx\(([^)]*)\)"), r"cbs_write_xlsx(…, \1)"),
)
"""How what a text names in Python is called in R."""


def in_r(text: str) -> str:
    """Name the functions of R in a text that names those of Python."""
    for pattern, name in _IN_R:
        text = pattern.sub(name, text)
    return text


class Bridge:
    """Answers requests one after the other.

    Parameters
    ----------
    folder : Path
        Private folder for answers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[int, Table | ModelReport | CountsReport] = {}
        self._last_table = 0
        self._number = 0
        self._lang = "en"
        self._busy = False
        self._operations: Mapping[str, Callable[[Workspace, dict[str, Any]], dict[str, Any]]] = {
            "connect": self._connect,
            "catalogue": self._catalogue,
            "codes": self._codes,
            "sql": self._sql,
            "table": self._table,
            "suppress": self._suppress,
            "protect": self._protect,
            "findings": self._findings,
            "write": self._write_table,
            "precheck": self._precheck,
            "quota": self._quota,
            "check": self._check,
            "counts": self._counts,
            "picture": self._picture,
            "tables": self._sql_tables,
            "show": self._show,
        }

    def interrupted(self, number: int, frame: FrameType | None) -> None:
        """Stop the request that runs; nothing otherwise. A wait for the broker listens for itself."""
        if self._busy:
            raise KeyboardInterrupt

    def serve(self, requests: BinaryIO) -> None:
        """Answer until R closes its end."""
        for line in requests:
            request = json.loads(line)
            self._number = int(request["id"])
            try:
                self._busy = True
                self._put("begun", b"")
                answer = self._answer(request)
                self._busy = False
            except KeyboardInterrupt:
                self._busy = False
                for suffix in ("rds", "arrow"):
                    self._path(suffix).unlink(missing_ok=True)
                words = pick(self._lang, "Stopped at your request; nothing is running any more.", "Op uw verzoek gestopt; er loopt niets meer.")
                answer = {"interrupted": words}
            self._put("json", json.dumps(answer, ensure_ascii=False).encode())

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        said = io.StringIO()
        self._lang = choose_language(request.get("lang"))
        try:
            for gone in request.get("forget") or ():
                self._tables.pop(gone, None)
            with contextlib.suppress(OSError):
                os.chdir(request["cwd"])
            workspace = connect(self._lang)
            with contextlib.redirect_stdout(said):
                found = self._operations[request["op"]](workspace, request.get("args") or {})
        except CbsError as error:
            return {"error": self._explain(error)}
        except MemoryError:
            return {"error": self._explain(readable(_too_large(), self._lang))}
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return {"error": self._explain(readable(_too_large(), self._lang))}
        except (TypeError, ValueError, KeyError) as error:
            # an argument R's functions pass on and this version does not know
            return {"error": self._explain(readable(_bad_argument(error), self._lang))}
        return {"ok": found, "said": in_r(said.getvalue())}

    def _explain(self, error: CbsError) -> dict[str, Any]:
        lines = getattr(error, "_render_traceback_", lambda: [error.say(self._lang)])()
        text = _ANSI.sub("", "\n".join(lines)).removeprefix(f"{type(error).__name__}: ")
        remedy = None if error.remedy is None else in_r(error.remedy.say(self._lang))
        return {"kind": type(error).__name__, "code": error.code, "message": in_r(text), "remedy": remedy, "suggestions": list(error.suggestions)}

    def _path(self, suffix: str) -> Path:
        return self._folder / f"{self._number}.{suffix}"

    def _put(self, suffix: str, data: bytes) -> None:
        partial = self._path(f"{suffix}.part")
        partial.write_bytes(data)
        partial.rename(self._path(suffix))

    def _frame(self, data: pa.Table, form: str = "rds") -> dict[str, Any]:
        """Leave data for R, and say where."""
        import pyarrow as pa

        from .rds import write_frame

        place = self._path(form)
        as_texts: tuple[str, ...] = ()
        try:
            if form == "arrow":
                with pa.OSFile(str(place), "wb") as stream, pa.ipc.new_file(stream, data.schema) as writer:
                    writer.write_table(data)
            else:
                with place.open("wb") as file:
                    as_texts = write_frame(data, file)
        except OSError:
            place.unlink(missing_ok=True)
            raise
        return {"data": str(place), "as_texts": list(as_texts)}

    def _connect(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        who = workspace.principal
        return {"user": who.user, "name": who.name, "project": who.project, "role": who.role.value, "text": repr(workspace)}

    def _catalogue(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        import pyarrow as pa

        from ..catalogue import COLUMNS, DatasetView

        found = workspace.catalogue(args.get("query"))
        if isinstance(found, DatasetView):
            rows = [
                {"name": v.name, "label": v.label, "type": v.type, "role": v.role.value, "unit": v.unit, "codes": len(v.codes)}
                for v in found.variables
            ]
            names: tuple[str, ...] = ("name", "label", "type", "role", "unit", "codes")
        else:
            rows = [{**{name: getattr(d, name) for name in COLUMNS}, "title": d.title} for d in found.datasets]
            names = (*COLUMNS, "title")
        kinds = {"year": pa.int32(), "version": pa.int32(), "rows": pa.int64(), "columns": pa.int32(), "codes": pa.int32()}
        schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
        return self._frame(pa.Table.from_pylist(rows, schema))

    def _codes(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        import pyarrow as pa

        from ..catalogue import DatasetView

        found = workspace.catalogue(args["dataset"])
        if not isinstance(found, DatasetView):
            raise readable(NotFound("unknown_dataset", _not_one(args["dataset"])), self._lang)
        codes = found.codes(args["variable"])
        return self._frame(pa.table({"code": pa.array(list(codes), pa.string()), "label": pa.array(list(codes.values()), pa.string())}))

    def _sql(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        result = workspace.sql(args["text"], args.get("parameters"))
        return {**self._frame(result.arrow(), args.get("as") or "rds"), "summary": result.summary()}

    def _table(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        return self._keep(workspace.table(**args))

    def _sql_tables(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        found = workspace.sql(args["text"], args.get("parameters"), evidence=True, unit=args.get("unit"))
        return {"tables": [self._remember(table) for table in (found if isinstance(found, list) else [found])]}

    def _show(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        return {"table": args["table"], **self._shown(self._table_of(args))}

    def _suppress(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        return self._keep(self._table_of(args).suppress())

    def _protect(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        base = args.get("base")
        return self._keep(self._table_of(args).protect(args["method"], base=None if base is None else int(base), merge=args.get("merge")))

    def _table_of(self, args: dict[str, Any]) -> Table:
        from ..table import Table

        found = self._known(args)
        if not isinstance(found, Table):
            raise TypeError("it is no table")
        return found

    def _known(self, args: dict[str, Any]) -> Table | ModelReport | CountsReport:
        table = self._tables.get(args["table"])
        if table is None:
            text = Text(
                en="This table is no longer known: the process beside R was started again.",
                nl="Deze tabel is niet meer bekend: het proces naast R is opnieuw gestart.",
            )
            remedy = Text(en="Make it again with cbs_table().", nl="Maak haar opnieuw met cbs_table().")
            raise readable(NotFound("unknown_table", text, remedy), self._lang)
        return table

    def _keep(self, table: Table) -> dict[str, Any]:
        return {"table": self._remember(table), **self._shown(table)}

    def _shown(self, table: Table) -> dict[str, Any]:
        return {
            "status": table.status.value,
            "text": in_r(repr(table)),
            "html": in_r(table._repr_html_()),
            **self._frame(_wide(table)),
        }

    def _remember(self, shown: Table | ModelReport | CountsReport) -> int:
        self._last_table += 1
        self._tables[self._last_table] = shown
        return self._last_table

    def _findings(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        import pyarrow as pa

        total = pick(self._lang, "total", "totaal")
        rows = [
            {
                "cell": " · ".join(label if label is not None else total for label in finding.cell),
                "status": finding.status.value,
                "rule": finding.rule.value,
                "text": finding.text.say(self._lang),
                "remedy": in_r(finding.remedy.say(self._lang)),
            }
            for finding in self._table_of(args).findings
        ]
        return self._frame(pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in ("cell", "status", "rule", "text", "remedy")])))

    def _write_table(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        table = self._known(args)
        (table.to_xlsx if args["form"] == "xlsx" else table.to_csv)(args["path"])
        return {}

    def _precheck(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        import pyarrow as pa

        report = workspace.precheck(args["paths"])
        frame = report.df()
        data = pa.table({name: pa.array([in_r(value) for value in frame[name]], pa.string()) for name in frame.columns})
        return {"status": report.status.value, "text": in_r(repr(report)), "html": in_r(report._repr_html_()), **self._frame(data)}

    def _quota(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        storage = workspace.quota()
        return {"text": repr(storage), "html": storage._repr_html_()}

    def _check(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        from ...domain.figure import OutputReport
        from ..models.report import ModelReport
        from .models import read_model

        extracted = read_model(args)
        answer = workspace._session.call("model.check", extracted.declared.model_dump(mode="json")).answer
        return self._verdict(ModelReport(OutputReport.model_validate(answer), extracted, self._lang))

    def _counts(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        from ...domain.figure import OutputReport
        from .figures import CountsReport, read_counts

        drawn = read_counts(args)
        answer = workspace._session.call("figure.check", drawn.evidence.model_dump(mode="json")).answer
        return self._verdict(CountsReport(OutputReport.model_validate(answer), drawn, self._lang, workspace._session))

    def _picture(self, workspace: Workspace, args: dict[str, Any]) -> dict[str, Any]:
        from .figures import CountsReport

        found = self._known(args)
        if not isinstance(found, CountsReport):
            raise TypeError("it is no picture")
        found.to_picture(Path(args["made"]), args["path"])
        return {}

    def _verdict(self, report: ModelReport | CountsReport) -> dict[str, Any]:
        import pyarrow as pa

        frame = report.df()
        data = pa.table({name: pa.array([in_r(value) for value in frame[name]], pa.string()) for name in frame.columns})
        shown = {"status": report.status.value, "text": in_r(repr(report)), "html": in_r(report._repr_html_())}
        return {"table": self._remember(report), **shown, **self._frame(data)}


def _wide(table: Table) -> pa.Table:
    """Give a table's visible values: one column per row dimension, then one per combination of column categories."""
    import pyarrow as pa

    frame = table.df()
    labels = [frame.index.get_level_values(level).astype(str) for level in range(frame.index.nlevels)]
    names = [name or "" for name in frame.index.names]
    columns = [pa.array(list(values), pa.string()) for values in labels]
    heads = [frame.columns.get_level_values(level).astype(str) for level in range(frame.columns.nlevels)]
    for position, parts in enumerate(zip(*heads, strict=True)):
        names.append(" · ".join(parts))
        columns.append(pa.Array.from_pandas(frame.iloc[:, position]))
    return pa.table(columns, names=names)


def _not_one(name: str) -> Text:
    return Text(en=f"'{name}' is not the name of one data set.", nl=f"'{name}' is niet de naam van één bestand.")


def _too_large() -> TooLarge:
    return TooLarge(
        "no_room_for_result",
        Text(
            en="The result does not fit in the kernel's memory for temporary files (/tmp).",
            nl="Het resultaat past niet in het geheugen van de kernel voor tijdelijke bestanden (/tmp).",
        ),
        Text(
            en="Ask for fewer columns or rows, or aggregate in the query; tempdir() shows what else lies there.",
            nl="Vraag minder kolommen of rijen, of tel op in de query; tempdir() toont wat er nog meer staat.",
        ),
    )


def _bad_argument(error: Exception) -> Invalid:
    return Invalid(
        "bad_argument",
        Text(en=f"An argument does not fit: {error}.", nl=f"Een argument past niet: {error}."),
        Text(en="docs/how-to/use-r.md lists the arguments.", nl="docs/how-to/use-r.md noemt de argumenten."),
    )


def _follow_parent_out() -> None:
    """End when R ends, also where children of R keep the pipe open."""
    parent = os.getppid()
    watched = os.pidfd_open(parent)

    def wait() -> None:
        import select

        select.select([watched], [], [])
        os._exit(0)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def main(folder: str) -> None:
    """Serve R until it ends.

    Parameters
    ----------
    folder : str
        Private folder for answers, made by R.
    """
    os.setsid()  # the stop button reaches R's process group; R then decides and passes it on
    bridge = Bridge(Path(folder))
    signal.signal(signal.SIGINT, bridge.interrupted)
    _follow_parent_out()
    (Path(folder) / "pid.part").write_text(str(os.getpid()))
    (Path(folder) / "pid.part").rename(Path(folder) / "pid")
    try:
        bridge.serve(sys.stdin.buffer)
    except Exception as error:
        # R learns of it because the process is gone; the words are for the server's log
        print(f"the process beside R ended: {type(error).__name__}: {error}", file=sys.stderr)
        raise SystemExit(1) from None
