"""Files a person chose become files that could leave.

Every workspace file is opened once, beneath its root, and copied to bytes nobody else can write; whatever is said of it
afterwards, and whatever is released in the end, is said of that copy. Folders are walked, zip archives are opened within
bounds, notebooks are replaced by their script, and what may not leave says why.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from jupyter_cbs.domain.errors import CbsError, Conflict, Invalid, TooLarge
from jupyter_cbs.domain.files import FileContent
from jupyter_cbs.domain.finding import Finding, Rule, Status, StrippedContent
from jupyter_cbs.domain.money import PriceTable
from jupyter_cbs.domain.text import Text
from jupyter_cbs.system.beneath import Entry, WorkspaceRoots, printable

from .detect import ARCHIVES, TYPES, detect, is_disguised, is_refused, suffix_of
from .notebooks import to_script
from .pictures import unseen

MAX_FILES: Final = 200
"""Most files of one request, members of archives included."""

MAX_FILE_BYTES: Final = 100 * 10**6
"""Largest file that is looked at; output is tables, scripts and figures."""

MAX_TOTAL_BYTES: Final = 500 * 10**6
"""Largest request."""

MAX_MEMBERS: Final = 1_000
"""Most entries of an archive."""

MAX_RATIO: Final = 200
"""Most bytes one byte of an archive may become, above a megabyte."""

RESERVED_NAMES: Final = ("output_control_form.txt", "output_control_form.json")
"""Names of the form's own files in a delivery."""

_IN_MEMORY: Final = 2**20  # larger files go to an unlinked temporary file
_UNDRAWN: Final = 1_000  # what programs write of themselves stays below this
_HIDDEN: Final = ("__pycache__", "__MACOSX", "Thumbs.db", "desktop.ini")
_UNSAFE_NAME = re.compile(r"[^\w.()+=,@ -]")


@dataclass(frozen=True)
class IntakeItem:
    """One file as intake found it.

    Parameters
    ----------
    path
        Workspace path; members of an archive are written ``shared/all.zip!costs.csv``.
    type
        Detected type, see :data:`jupyter_cbs.exports.detect.TYPES`.
    deliver
        What would leave; None where nothing may.
    stripped
        What a notebook leaves behind.
    findings
        What intake has to say, each with its remedy.
    bytes
        Size in the workspace.
    """

    path: str
    type: str
    deliver: FileContent | None
    stripped: StrippedContent | None = None
    findings: tuple[Finding, ...] = ()
    bytes: int = 0

    def close(self) -> None:
        """Let go of the copy; the content cannot be read afterwards."""
        if self.deliver is not None and self.deliver.fd is not None:
            try:
                os.close(self.deliver.fd)
            except OSError:
                return  # closed before: closing twice is no fault


@dataclass(frozen=True)
class Collected:
    """One workspace file as it was copied, before anything looked into it.

    Parameters
    ----------
    path
        Workspace path.
    content
        The copy, with its sha256 and without a type; None where the file stays and ``finding`` says why.
    finding
        Why it stays.
    bytes
        Size in the workspace.
    """

    path: str
    content: FileContent | None
    finding: Finding | None = None
    bytes: int = 0

    def close(self) -> None:
        """Let go of the copy; twice is no fault."""
        if self.content is not None and self.content.fd is not None:
            with suppress(OSError):
                os.close(self.content.fd)


@contextmanager
def taken_in(roots: WorkspaceRoots, paths: Sequence[str], prices: PriceTable) -> Iterator[tuple[IntakeItem, ...]]:
    """Take files in for the length of a ``with`` block; see :func:`take_in`."""
    items = take_in(roots, paths, prices)
    try:
        yield items
    finally:
        for item in items:
            item.close()


def take_in(roots: WorkspaceRoots, paths: Sequence[str], prices: PriceTable) -> tuple[IntakeItem, ...]:
    """Take the chosen files in: :func:`collect`, then :func:`examine`.

    Parameters
    ----------
    roots : WorkspaceRoots
        The areas of the asking person.
    paths : sequence of str
        Workspace paths of files and folders; what is chosen twice counts once. Hidden files of a folder are not taken.
    prices : PriceTable
        Says which formats never leave.

    Returns
    -------
    tuple of IntakeItem
        In the order chosen, folders sorted. The caller closes them; :func:`taken_in` does so by itself.

    Raises
    ------
    Invalid, NotFound, Refused, Unavailable, TooLarge, Conflict
        As :func:`collect` and :func:`examine`.
    """
    return examine(collect(roots, paths), prices)


def collect(roots: WorkspaceRoots, paths: Sequence[str], folder: Path | None = None) -> tuple[Collected, ...]:
    """Copy the chosen files to bytes nobody else can write; nothing looks into them yet.

    This is the only step that opens a workspace, so it may run where parsing what lies there may not.

    Parameters
    ----------
    roots : WorkspaceRoots
        The areas of the asking person.
    paths : sequence of str
        As for :func:`take_in`.
    folder : Path, optional
        Where copies of more than a megabyte lie, without a name; the system's temporary folder by default.

    Returns
    -------
    tuple of Collected
        In the order chosen, folders sorted. The caller closes them.

    Raises
    ------
    Invalid, NotFound, Refused, Unavailable
        For a chosen path itself, see :meth:`WorkspaceRoots.open`.
    TooLarge
        ``too_many_files`` or ``too_many_bytes``.
    Conflict
        ``changed_while_reading`` when a file was written meanwhile.
    """
    found: list[Collected] = []
    total = 0
    try:
        seen: set[str] = set()
        for path in paths:
            chosen = path.removesuffix("/")
            for entry in roots.entries(path):
                if entry.path in seen or (entry.path != chosen and _is_hidden(entry.path[len(chosen) + 1 :])):
                    continue
                seen.add(entry.path)
                if entry.path == chosen and entry.kind != "file":
                    os.close(roots.open(entry.path))  # a path chosen by name is refused with its reason
                if len(found) == MAX_FILES:
                    raise _too_many_files()
                collected = _collected(roots, entry, folder, MAX_TOTAL_BYTES - total)
                found.append(collected)
                total += collected.content.size if collected.content is not None else 0
    except BaseException:
        for collected in found:
            collected.close()
        raise
    return tuple(found)


def _collected(roots: WorkspaceRoots, entry: Entry, folder: Path | None, room: int) -> Collected:
    if entry.kind != "file":
        return Collected(entry.path, None, _not_ordinary(entry))
    try:
        fd = roots.open(entry.path)
    except CbsError as error:
        # it was ordinary when the folder was listed
        remedy = error.remedy or Text(en="Choose the files anew.", nl="Kies de bestanden opnieuw.")
        return Collected(entry.path, None, _finding(Rule.UNREADABLE, Status.REFUSED, error.message, remedy))
    try:
        size = os.fstat(fd).st_size
        if size > MAX_FILE_BYTES:
            return Collected(entry.path, None, _too_large(), size)
        if size > room:
            raise _too_many_bytes()
        return Collected(entry.path, _private_copy(fd, entry.path, folder), None, size)
    finally:
        os.close(fd)


def examine(collected: Sequence[Collected], prices: PriceTable, begin: Callable[[int], None] | None = None) -> tuple[IntakeItem, ...]:
    """Look into collected files: detect types, open archives, take scripts out of notebooks.

    Parameters
    ----------
    collected : sequence of Collected
        Their copies belong to the items from here on.
    prices : PriceTable
        Says which formats never leave.
    begin : callable, optional
        Called with the number of each file before it is looked into.

    Raises
    ------
    TooLarge
        ``too_many_files`` or ``too_many_bytes`` with the members of archives.
    """
    intake = _Intake(prices)
    pending = list(collected)
    try:
        for number, one in enumerate(collected):
            if begin is not None:
                begin(number)
            pending.pop(0)
            if one.content is None:
                kind = "binary" if one.bytes else "empty"
                intake.add(IntakeItem(one.path, kind, None, findings=(one.finding,) if one.finding else (), bytes=one.bytes))
                continue
            intake.grow(one.content.size)
            intake.take(one.content)
    except BaseException:
        for item in intake.items:
            item.close()
        for one in pending:
            one.close()
        raise
    return tuple(intake.items)


class _Intake:
    """Items so far, with what must hold for all of them together."""

    def __init__(self, prices: PriceTable) -> None:
        self.prices = prices
        self.items: list[IntakeItem] = []
        self.total = 0
        self.names = {name.casefold() for name in RESERVED_NAMES}

    def take(self, content: FileContent, member: bool = False) -> None:
        """Decide on one file; owns the content's descriptor until an item has it."""
        kept = False
        try:
            if not content.type:
                content = replace(content, type=_detected(content))
            if content.type == "zip":
                if member:
                    self.refuse(content, _nested())
                else:
                    self.open_archive(content)
            elif content.type == "notebook":
                self.take_notebook(content)
            else:
                kept = self.take_plain(content)
        finally:
            if not kept and content.fd is not None:
                os.close(content.fd)

    def take_plain(self, content: FileContent) -> bool:
        findings: list[Finding] = []
        refused = is_refused(content.type, content.name, self.prices.refused_suffixes)
        if is_disguised(content.type, content.name):
            findings.append(_disguised(content, refused))
        if content.type in ARCHIVES:
            findings.append(_unopened_archive(content.type))
        elif content.type == "notebook_html":
            findings.append(_notebook_page())
        elif content.type == "empty":
            findings.append(_empty())
        elif refused:
            findings.append(_refused(content))
        elif content.type in ("png", "jpg", "gif"):
            findings.extend(_pictured(content))
        delivered = not any(finding.status is Status.REFUSED for finding in findings)
        deliver = None
        if delivered:
            deliver = replace(content, name=self.unique(content.name), kind=TYPES[content.type].kind)
        self.add(IntakeItem(content.path, content.type, deliver, findings=tuple(findings), bytes=content.size))
        return delivered

    def take_notebook(self, content: FileContent) -> None:
        findings: list[Finding] = []
        if is_disguised("notebook", content.name):
            findings.append(
                _finding(
                    Rule.DISGUISED_FORMAT,
                    Status.REVIEW,
                    Text(
                        en=f"This is a notebook, although its name ends in '{_shown_suffix(content.name)}'.",
                        nl=f"Dit is een notebook, al eindigt de naam op '{_shown_suffix(content.name)}'.",
                    ),
                    Text(en="Nothing: only its script is taken.", nl="Niets: alleen het script gaat mee."),
                )
            )
        try:
            with content.open() as file:
                script = to_script(file.read(), content.name)
        except Invalid as error:
            remedy = error.remedy or Text(en="Leave it out.", nl="Laat het weg.")
            findings.append(_finding(Rule.UNREADABLE, Status.REFUSED, error.message, remedy))
            self.add(IntakeItem(content.path, "notebook", None, findings=tuple(findings), bytes=content.size))
            return
        name = self.unique(PurePosixPath(content.name).stem + script.suffix)
        kind = script.suffix[1:]
        findings.append(
            _finding(
                Rule.NOTEBOOK,
                Status.SAFE,
                Text(
                    en=f"A notebook never leaves; its script {name} does.",
                    nl=f"Een notebook gaat nooit mee; het script {name} wel.",
                ),
                Text(
                    en="Save tables as csv and figures as png if they should go too.",
                    nl="Bewaar tabellen als csv en figuren als png als die ook mee moeten.",
                ),
            )
        )
        deliver = FileContent(content.path, name, kind, TYPES[kind].kind, len(script.source), data=script.source)
        self.add(IntakeItem(content.path, "notebook", deliver, script.stripped, tuple(findings), content.size))

    def open_archive(self, content: FileContent) -> None:
        disguised = is_disguised("zip", content.name)
        if disguised:
            # what calls itself something else and is an archive is not opened: nobody would expect files in it
            self.refuse(content, _disguised(content, True))
            return
        before = len(self.items)
        try:
            with content.open() as file, zipfile.ZipFile(file) as archive:
                taken: set[str] = set()
                members = [info for info in archive.infolist() if not info.is_dir()]
                if len(members) > MAX_MEMBERS:
                    self.refuse(content, _bomb())
                    return
                for info in members:
                    if _is_hidden(info.filename.replace("\\", "/")):
                        continue
                    self.take_member(content.path, archive, info, taken)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
            self.refuse(content, _broken_archive())
            return
        if len(self.items) == before:
            self.refuse(content, _empty_archive())

    def take_member(self, path: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, taken: set[str]) -> None:
        inside = info.filename
        parts = inside.replace("\\", "/").split("/")
        leads_out = any(part in ("", ".", "..") for part in parts) or ":" in parts[0]
        ordinary = stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG)
        # a second member of the same name would hide behind the counts of the first
        unclear = not inside.isprintable() or len(inside) > 1000 or inside in taken
        taken.add(inside)
        finding = None
        if leads_out or not ordinary or unclear:
            finding = _bad_member()
        elif info.flag_bits & 0x1:
            finding = _locked_member()
        elif info.file_size > MAX_FILE_BYTES:
            finding = _too_large()
        elif info.file_size > max(10**6, info.compress_size * MAX_RATIO):
            finding = _bomb()
        if finding is not None:
            self.add(IntakeItem(f"{path}!{printable(inside)}", "binary", None, findings=(finding,), bytes=info.file_size))
            return
        self.grow(info.file_size)
        with archive.open(info) as member:
            # never more than announced: zipfile compares the checksum when the end is reached
            data = member.read(info.file_size + 1)
        if len(data) != info.file_size:
            raise zipfile.BadZipFile("member is not as long as announced")
        name = parts[-1]
        self.take(FileContent(f"{path}!{inside}", name, detect(data, name), "other", len(data), data=data), member=True)

    def refuse(self, content: FileContent, finding: Finding) -> None:
        self.add(IntakeItem(content.path, content.type, None, findings=(finding,), bytes=content.size))

    def grow(self, size: int) -> None:
        self.total += size
        if self.total > MAX_TOTAL_BYTES:
            raise _too_many_bytes()

    def add(self, item: IntakeItem) -> None:
        self.items.append(item)
        if len(self.items) > MAX_FILES:
            raise _too_many_files()

    def unique(self, name: str) -> str:
        """Give a flat name no other file of the delivery has, also where capitals do not count."""
        safe = _UNSAFE_NAME.sub("_", unicodedata.normalize("NFC", name)).strip(" .") or "file"
        stem, suffix = os.path.splitext(safe)
        while len(os.fsencode(stem)) > 120:
            stem = stem[:-1]
        candidate, number = stem + suffix[:20], 1
        while candidate.casefold() in self.names:
            number += 1
            candidate = f"{stem}_{number}{suffix[:20]}"
        self.names.add(candidate.casefold())
        return candidate


def _detected(content: FileContent) -> str:
    with content.open() as file:
        return detect(file.read(MAX_FILE_BYTES + 1), content.name)


def _private_copy(fd: int, path: str, folder: Path | None) -> FileContent:
    """Copy an open workspace file to bytes nobody else can write.

    The file is read twice: a write that was under way when reading began leaves no trace in the times of the file, and one
    through mapped memory leaves none at all.
    """
    before = os.fstat(fd)
    name = path.rsplit("/", 1)[-1]
    if before.st_size <= _IN_MEMORY:
        data = b"".join(_blocks(fd, before.st_size + 1))
        if data != b"".join(_blocks(fd, before.st_size + 1)) or _stamp(before) != _stamp(os.fstat(fd)) or len(data) != before.st_size:
            raise changed_while_reading(path)
        return FileContent(path, name, "", "other", len(data), data=data, sha256=hashlib.sha256(data).hexdigest())
    with tempfile.TemporaryFile(dir=folder) as copy:
        length, first, second = 0, hashlib.sha256(), hashlib.sha256()
        for block in _blocks(fd, before.st_size + 1):
            copy.write(block)
            first.update(block)
            length += len(block)
        copy.flush()
        for block in _blocks(fd, before.st_size + 1):
            second.update(block)
        if first.digest() != second.digest() or _stamp(before) != _stamp(os.fstat(fd)) or length != before.st_size:
            raise changed_while_reading(path)
        # whoever is lent the copy reads it, also under another account, and changes nothing; it has no name and a folder nobody may enter
        os.fchmod(copy.fileno(), 0o444)
        lent = os.open(f"/proc/self/fd/{copy.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
        return FileContent(path, name, "", "other", length, fd=lent, sha256=first.hexdigest())


def _blocks(fd: int, most: int) -> Iterator[bytes]:
    offset = 0
    while offset < most:
        block = os.pread(fd, min(2**20, most - offset), offset)
        if not block:
            return
        offset += len(block)
        yield block


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _too_many_bytes() -> TooLarge:
    most = MAX_TOTAL_BYTES // 10**6
    return TooLarge(
        "too_many_bytes",
        Text(en=f"The chosen files are together larger than {most} MB.", nl=f"De gekozen bestanden zijn samen groter dan {most} MB."),
        Text(en="Choose fewer files, or smaller tables.", nl="Kies minder bestanden of kleinere tabellen."),
    )


def _too_many_files() -> TooLarge:
    return TooLarge(
        "too_many_files",
        Text(en=f"These are more than {MAX_FILES} files.", nl=f"Dit zijn meer dan {MAX_FILES} bestanden."),
        Text(en="Choose the files you need, or spread them over several requests.", nl="Kies wat u nodig hebt, of verdeel het over aanvragen."),
    )


def changed_while_reading(path: str) -> Conflict:
    """Make the error for a file that was written while it was read."""
    shown = printable(path)
    return Conflict(
        "changed_while_reading",
        Text(en=f"'{shown}' was changed while it was being read.", nl=f"'{shown}' is gewijzigd terwijl het werd gelezen."),
        Text(
            en="Wait until your program has finished writing, then try again.",
            nl="Wacht tot uw programma klaar is met schrijven en probeer het opnieuw.",
        ),
    )


def _is_hidden(relative: str) -> bool:
    """Checkpoints, caches and what tools leave behind; in a folder nobody chose them."""
    return any((part.startswith(".") and part not in (".", "..")) or part in _HIDDEN for part in relative.split("/"))


# ------------------------------------------------------------------------------------------------- findings


def _finding(rule: Rule, status: Status, text: Text, remedy: Text) -> Finding:
    return Finding(rule=rule, status=status, text=text, remedy=remedy)


def _shown_suffix(name: str) -> str:
    return printable(suffix_of(name)) or printable(name)


def _said(type_name: str) -> Text:
    names = {
        "notebook": Text(en="a notebook", nl="een notebook"),
        "text": Text(en="plain text", nl="platte tekst"),
        "csv": Text(en="a table of text (csv)", nl="een teksttabel (csv)"),
        "exe": Text(en="a program", nl="een programma"),
        "binary": Text(en="a file of unknown kind", nl="een bestand van onbekende soort"),
        "zip": Text(en="a zip archive", nl="een ziparchief"),
        "ole": Text(en="an old Office file", nl="een oud Office-bestand"),
    }
    return names.get(type_name, Text(en=f"a file of type {type_name}", nl=f"een bestand van type {type_name}"))


def _disguised(content: FileContent, refused: bool) -> Finding:
    what, honest = _said(content.type), TYPES[content.type].suffixes
    shown = _shown_suffix(content.name)
    if refused:
        status = Status.REFUSED
        remedy = Text(en="Leave it out, or deliver its results as csv.", nl="Laat het weg, of lever de uitkomsten als csv.")
    elif honest:
        # a table under the name of a text is a slip; the bytes of one format under the name of another are not
        status = Status.REVIEW if content.type == "csv" else Status.UNSAFE
        remedy = Text(en=f"Let its name end in {honest[0]}.", nl=f"Laat de naam eindigen op {honest[0]}.")
    else:
        status = Status.UNSAFE
        remedy = Text(en="Save it in the format its name says.", nl="Bewaar het in het formaat dat de naam zegt.")
    return _finding(
        Rule.DISGUISED_FORMAT,
        status,
        Text(en=f"The name ends in '{shown}', but the content is {what.en}.", nl=f"De naam eindigt op '{shown}', maar de inhoud is {what.nl}."),
        remedy,
    )


def _refused(content: FileContent) -> Finding:
    what = _said(content.type)
    by_suffix = f" ({_shown_suffix(content.name)})" if suffix_of(content.name) else ""
    if TYPES[content.type].kind == "other" and content.type not in ("exe", "binary", "text"):
        why = Text(en="it can hold microdata nobody sees.", nl="er kunnen onzichtbaar microdata in staan.")
    else:
        why = Text(en="it cannot be checked.", nl="het is niet te controleren.")
    return _finding(
        Rule.REFUSED_FORMAT,
        Status.REFUSED,
        Text(en=f"CBS does not release {what.en}{by_suffix}: {why.en}", nl=f"CBS geeft {what.nl}{by_suffix} niet vrij: {why.nl}"),
        Text(
            en="Deliver tables as csv or xlsx, code as a script, figures as png.",
            nl="Lever tabellen als csv of xlsx, code als script, figuren als png.",
        ),
    )


def _not_ordinary(entry: Entry) -> Finding:
    said = {
        "link": Text(en="This is a symbolic link; links are never followed.", nl="Dit is een symbolische koppeling; die worden nooit gevolgd."),
        "hard_link": Text(en="This file has more than one name (a hard link).", nl="Dit bestand heeft meer dan één naam (een harde koppeling)."),
        "bad_name": Text(en="The name holds characters that cannot be shown.", nl="De naam bevat tekens die niet te tonen zijn."),
    }.get(entry.kind, Text(en="This is not an ordinary file.", nl="Dit is geen gewoon bestand."))
    return _finding(
        Rule.UNREADABLE, Status.REFUSED, said, Text(en="Copy it to a new file and choose that.", nl="Kopieer het naar een nieuw bestand en kies dat.")
    )


def _too_large() -> Finding:
    return _finding(
        Rule.UNREADABLE,
        Status.REFUSED,
        Text(en=f"The file is larger than {MAX_FILE_BYTES // 10**6} MB.", nl=f"Het bestand is groter dan {MAX_FILE_BYTES // 10**6} MB."),
        Text(en="Deliver a smaller table; output is results, not data.", nl="Lever een kleinere tabel; uitvoer is resultaten, geen data."),
    )


def _pictured(content: FileContent) -> list[Finding]:
    with content.open() as file:
        hidden = unseen(file.read(), content.type)
    again = Text(en="Save the figure anew from your program.", nl="Bewaar de figuur opnieuw vanuit uw programma.")
    if hidden is None:
        text = Text(en="The picture is damaged or cut off.", nl="De afbeelding is beschadigd of afgebroken.")
        return [_finding(Rule.UNREADABLE, Status.REFUSED, text, again)]
    findings = []
    if hidden.behind:
        text = Text(
            en=f"There are {hidden.behind} bytes behind the end of the picture that nobody sees.",
            nl=f"Achter het einde van de afbeelding staan {hidden.behind} bytes die niemand ziet.",
        )
        findings.append(_finding(Rule.HIDDEN_CONTENT, Status.UNSAFE, text, again))
    if hidden.beside > _UNDRAWN:
        text = Text(
            en=f"The picture carries {hidden.beside} bytes that are not drawn (comments, EXIF, other data).",
            nl=f"De afbeelding bevat {hidden.beside} bytes die niet worden getekend (commentaar, EXIF, andere gegevens).",
        )
        findings.append(_finding(Rule.HIDDEN_CONTENT, Status.REVIEW, text, again))
    return findings


def _empty() -> Finding:
    return _finding(
        Rule.UNREADABLE,
        Status.REFUSED,
        Text(en="The file is empty.", nl="Het bestand is leeg."),
        Text(en="Leave it out.", nl="Laat het weg."),
    )


def _notebook_page() -> Finding:
    return _finding(
        Rule.NOTEBOOK,
        Status.REFUSED,
        Text(
            en="This page was made from a notebook and holds its outputs.", nl="Deze pagina is van een notebook gemaakt en bevat de uitkomsten ervan."
        ),
        Text(en="Choose the notebook itself: its script is taken.", nl="Kies het notebook zelf: het script gaat dan mee."),
    )


def _archive(status: Status, text: Text, remedy: Text) -> Finding:
    return _finding(Rule.ARCHIVE, status, text, remedy)


_UNPACK = Text(en="Unpack it and choose the files.", nl="Pak het uit en kies de bestanden.")


def _unopened_archive(kind: str) -> Finding:
    return _archive(
        Status.REFUSED,
        Text(en=f"Archives of type {kind} are not opened; only zip is.", nl=f"Archieven van type {kind} worden niet geopend; alleen zip."),
        _UNPACK,
    )


def _nested() -> Finding:
    return _archive(
        Status.REFUSED, Text(en="An archive inside an archive is not opened.", nl="Een archief in een archief wordt niet geopend."), _UNPACK
    )


def _broken_archive() -> Finding:
    return _archive(Status.REFUSED, Text(en="The archive is damaged or locked.", nl="Het archief is beschadigd of vergrendeld."), _UNPACK)


def _empty_archive() -> Finding:
    return _archive(
        Status.REFUSED,
        Text(en="There is no file in the archive.", nl="Er zit geen bestand in het archief."),
        Text(en="Leave it out.", nl="Laat het weg."),
    )


def _bomb() -> Finding:
    return _archive(
        Status.REFUSED,
        Text(en="Unpacked this would be very much larger or more than usual.", nl="Uitgepakt zou dit ongewoon veel groter of meer worden."),
        _UNPACK,
    )


def _bad_member() -> Finding:
    return _archive(
        Status.REFUSED,
        Text(
            en="The archive holds a link, a name twice, or a name that leads out of it.",
            nl="Het archief bevat een koppeling, een dubbele naam of een naam die eruit wijst.",
        ),
        _UNPACK,
    )


def _locked_member() -> Finding:
    return _archive(
        Status.REFUSED,
        Text(en="The file in the archive is locked with a password.", nl="Het bestand in het archief is met een wachtwoord vergrendeld."),
        _UNPACK,
    )
