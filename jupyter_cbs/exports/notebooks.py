"""A notebook becomes its script; everything it has shown stays inside (design: exports, Stripping a notebook)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.domain.finding import StrippedContent
from jupyter_cbs.domain.text import Text, whole

from .detect import as_text

_LANGUAGES: Final = {"python": (".py", "# "), "ipython": (".py", "# "), "r": (".r", "# "), "stata": (".do", "// ")}
_OTHER: Final = (".txt", "")
_DATA_URI = re.compile(r"data:[\w.+-]+/[\w.+-]+[;,][^\s)\"'>]*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_RUNS_BODY: Final = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "pypy"})
_MAGIC_ASSIGNMENT = re.compile(r"[\w.][\w., \[\]()]*=\s*[%!]")
_HELP = re.compile(r"(?:\?{1,2}[\w.*]+|[\w.*]+\?{1,2})\s*;?$")
_LONGEST_MAGIC: Final = 2_000  # a longer line is only looked at from its start
_TOLD = re.compile(r"[\"'#()\[\]{}\\]")


@dataclass(frozen=True)
class Script:
    """What leaves of a notebook.

    Parameters
    ----------
    suffix
        ``.py``, ``.r`` or ``.do`` by the kernel's language; ``.txt`` for a language CBS does not take as script.
    source
        UTF-8 bytes: code as code, text as comments.
    stripped
        What stays inside, counted.
    """

    suffix: str
    source: bytes
    stripped: StrippedContent


def to_script(data: bytes, name: str) -> Script:
    """Make the script of a notebook.

    Parameters
    ----------
    data : bytes
        The notebook in any encoding; formats 3 and 4.
    name : str
        File name for the first line of the script.

    Raises
    ------
    Invalid
        ``bad_notebook`` when it cannot be read; nothing leaves then.
    """
    notebook = _parse(data)
    metadata = _mapping(notebook.get("metadata"))
    suffix, comment = _LANGUAGES.get(_language(metadata), _OTHER)
    counts = dict.fromkeys(("outputs", "images", "attachments", "widgets"), 0)
    counts["widgets"] = _widget_models(metadata)
    described = len(metadata)
    title = _CONTROL.sub("", name).replace("\n", " ").replace("\r", " ")
    parts = [f"{comment}Script of the notebook {title}"]
    for cell in _cells(notebook):
        described += len(_mapping(cell.get("metadata"))) + (cell.get("execution_count") is not None)
        counts["attachments"] += len(_mapping(cell.get("attachments")))
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else []:
            counts["outputs"] += 1
            kinds = _mapping(_mapping(output).get("data"))
            counts["images"] += any(str(kind).startswith("image/") for kind in kinds)
            counts["widgets"] += any("widget-view" in str(kind) for kind in kinds)
        source = _source(cell)
        if cell.get("cell_type") == "code":
            # pictures pasted into code as data are seen by the scan of scripts; the code itself is not touched
            body = _runnable(source) if suffix == ".py" else source
            parts.append(f"{comment}%%\n{body}" if comment else body)
        else:
            source, pictures = _DATA_URI.subn("[picture stays inside]", source)
            counts["images"] += pictures
            marker = f"{comment}%% [markdown]\n" if comment else ""
            parts.append(marker + "\n".join(f"{comment}{line}".rstrip() for line in source.splitlines()))
    text = "\n\n".join(part.rstrip() for part in parts if part.strip()) + "\n"
    stripped = StrippedContent(**counts, metadata=described, text=_stays_inside(counts, described))
    return Script(suffix, text.encode("utf-8", errors="replace"), stripped)


def _parse(data: bytes) -> Mapping[str, Any]:
    """Read a notebook and bring it to format 4."""
    import nbformat

    text = as_text(data)
    try:
        if text is None:
            raise ValueError("no text")
        text = text.strip("\ufeff \t\r\n\f\v\0")
        value = json.loads(text)
        if not isinstance(value, dict):
            raise ValueError("no object")
        if "worksheets" in value or value.get("nbformat") in (1, 2, 3):
            value = nbformat.convert(nbformat.reader.reads(text), 4)
        if not isinstance(value.get("cells"), list):
            raise ValueError("no cells")
        return dict(value)
    except Exception as error:  # whatever is wrong with it, a notebook that cannot be read does not leave
        raise Invalid(
            "bad_notebook",
            Text(
                en="This is a notebook, but it cannot be read; its code cannot be taken from it.",
                nl="Dit is een notebook, maar het is niet te lezen; de code kan er niet uit worden gehaald.",
            ),
            Text(
                en="Open it in JupyterLab, save it again, or export the code as a script yourself.",
                nl="Open het in JupyterLab en sla het opnieuw op, of zet de code zelf in een script.",
            ),
        ) from error


def _cells(notebook: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (cell for cell in notebook["cells"] if isinstance(cell, Mapping))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _language(metadata: Mapping[str, Any]) -> str:
    for section, key in (("language_info", "name"), ("kernelspec", "language"), ("kernelspec", "name")):
        value = _mapping(metadata.get(section)).get(key)
        if isinstance(value, str) and value:
            name = value.lower()
            return {"ir": "r", "python3": "python", "python2": "python", "cbs-python": "python", "cbs-r": "r"}.get(name, name)
    return "python"


def _widget_models(metadata: Mapping[str, Any]) -> int:
    states = (_mapping(state).get("state") for state in _mapping(metadata.get("widgets")).values())
    return sum(len(_mapping(state)) for state in states)


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", source.replace("\r\n", "\n").replace("\r", "\n"))


def _runnable(source: str) -> str:
    """Turn what only IPython understands into comments, so that the script runs with plain Python."""
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].lstrip().startswith("%%"):
        word = lines[first].lstrip()[2:].split(maxsplit=1)
        lines[first] = f"# {lines[first].lstrip()}"
        if not word or word[0] not in _RUNS_BODY:
            return "\n".join(line if number <= first else f"# {line}".rstrip() for number, line in enumerate(lines))
    result, scanner = [], _Scanner()
    for line in lines:
        if scanner.fresh and _is_magic(line):
            indent = line[: len(line) - len(line.lstrip())]
            # an indented magic may be all there is in its block
            result.append(f"{indent}{'pass  ' if indent else ''}# {line.strip()}")
        else:
            scanner.feed(line)
            result.append(line)
    return "\n".join(result)


def _is_magic(line: str) -> bool:
    stripped = line.strip()
    if stripped.startswith(("%", "!")):
        return True
    short = stripped[:_LONGEST_MAGIC]
    return bool(_MAGIC_ASSIGNMENT.match(short)) or bool(_HELP.match(short))


class _Scanner:
    """Knows whether the next line starts a statement: not inside a string, brackets or a continued line.

    The parser of Python is not used: source written to break it would break the broker.
    """

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0
        self.continued = False

    @property
    def fresh(self) -> bool:
        return not self.quote and self.depth == 0 and not self.continued

    def feed(self, line: str) -> None:
        at = 0
        self.continued = False
        while at < len(line):
            if self.quote:
                closed = self._end_of_string(line, at)
                if closed is None:
                    break
                at, self.quote = closed, ""
                continue
            told = _TOLD.search(line, at)
            if told is None or told.group() == "#":
                break
            at, char = told.end(), told.group()
            if char in "\"'":
                self.quote = char * 3 if line.startswith(char * 3, told.start()) else char
                at = told.start() + len(self.quote)
            elif char in "([{":
                self.depth += 1
            elif char in ")]}":
                self.depth = max(self.depth - 1, 0)
            else:
                self.continued = at == len(line)
        if len(self.quote) == 1 and not line.endswith("\\"):
            self.quote = ""  # a plain string ends with its line

    def _end_of_string(self, line: str, at: int) -> int | None:
        """Give the place behind the closing quote, None where the string goes on."""
        ends = re.compile(rf"\\.|{self.quote}", re.DOTALL)
        for found in ends.finditer(line, at):
            if found.group() == self.quote:
                return found.end()
        return None


_WORDS: Final = {
    "outputs": (("output", "outputs"), ("uitkomst", "uitkomsten")),
    "images": (("image", "images"), ("afbeelding", "afbeeldingen")),
    "attachments": (("attachment", "attachments"), ("bijlage", "bijlagen")),
    "widgets": (("widget state", "widget states"), ("widgettoestand", "widgettoestanden")),
}


def _stays_inside(counts: Mapping[str, int], described: int) -> Text:
    en = [f"{whole(count, 'en')} {_WORDS[key][0][count != 1]}" for key, count in counts.items() if count]
    nl = [f"{whole(count, 'nl')} {_WORDS[key][1][count != 1]}" for key, count in counts.items() if count]
    if described:
        en.append("all metadata")
        nl.append("alle metadata")
    if not en:
        return Text(en="Only code leaves; there was nothing else in the notebook.", nl="Alleen code gaat mee; er stond niets anders in het notebook.")
    single = len(en) == 1 and sum(counts.values()) == 1
    return Text(
        en=f"Only code leaves: {_listed(en, 'and')} {'stays' if single or en == ['all metadata'] else 'stay'} inside.",
        nl=f"Alleen code gaat mee: {_listed(nl, 'en')} {'blijft' if single else 'blijven'} binnen.",
    )


def _listed(parts: list[str], word: str) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"
