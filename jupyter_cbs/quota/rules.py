"""What a measurement means: the text a person reads and whether a save fits (seed S2, Extra opslagcapaciteit)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from jupyter_cbs.domain.errors import QuotaExceeded, Unavailable
from jupyter_cbs.domain.quota import AreaUsage
from jupyter_cbs.domain.rules import QuotaLimits
from jupyter_cbs.domain.text import Text

from .meter import Measurement

Area = Literal["shared", "personal"]

_DECIMAL = ("bytes", "kB", "MB", "GB", "TB", "PB")
_BINARY = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_INODE_BYTES = 1024
"""What a file or folder counts apart from its blocks where what matters is the disk: an inode takes 256 to 512 bytes, a name some more."""
_BLOCK = 4096  # a file takes whole blocks; this is the usual one
_NAMES = {
    "shared": Text(en="Shared workspace", nl="Gedeelde werkruimte"),
    "personal": Text(en="Personal workspace", nl="Persoonlijke werkruimte"),
}


def human_bytes(count: int, unit_bytes: int = 10**9, lang: str = "en", *, down: bool = False) -> str:
    """Write a number of bytes as a person reads it, e.g. ``93.4 GB``.

    Parameters
    ----------
    count : int
        Bytes.
    unit_bytes : int
        Unit of the area's limit: 10^9 gives kB, MB, GB; 2^30 gives KiB, MiB, GiB.
    lang : str
        Dutch writes a decimal comma.
    down : bool
        Round down, for room that is left: nobody should count on bytes that are not there.
    """
    step, names = (1024, _BINARY) if unit_bytes == 2**30 else (1000, _DECIMAL)
    tenths, power = abs(count) * 10, 0
    # 999.96 kB would be written 1000.0 kB: the next unit starts where rounding reaches it
    while power < len(names) - 1 and _rounded(tenths, step**power, down) >= step * 10:
        power += 1
    value = _rounded(tenths, step**power, down)
    whole, rest = divmod(value, 10)
    point = "," if lang.lower().startswith("nl") else "."
    digits = f"{whole}{point}{rest}" if rest and power else f"{whole}"
    return f"{'-' if count < 0 else ''}{digits} {names[power]}"


def _rounded(numerator: int, denominator: int, down: bool) -> int:
    return numerator // denominator if down else (2 * numerator + denominator) // (2 * denominator)


def usage(
    area: Area,
    measurement: Measurement | None,
    measured_at: datetime | None,
    limits: QuotaLimits,
    unit_bytes: int = 10**9,
) -> AreaUsage:
    """Give the use of one area with the sentence that goes with it.

    Parameters
    ----------
    area : {"shared", "personal"}
        Which area.
    measurement : Measurement or None
        None when the area was never measured: all figures are then null.
    measured_at : datetime or None
        When the walk ended.
    limits : QuotaLimits
        Room and the share above which (strictly) a warning is due.
    unit_bytes : int
        10^9 (GB) or 2^30 (GiB).
    """
    limit = limits.shared_bytes if area == "shared" else limits.personal_bytes
    name = _NAMES[area]
    if measurement is None or measured_at is None:
        text = Text(
            en=f"{name.en}: not measured yet; {human_bytes(limit, unit_bytes)} allowed.",
            nl=f"{name.nl}: nog niet gemeten; {human_bytes(limit, unit_bytes, 'nl')} toegestaan.",
        )
        return AreaUsage(area=area, limit_bytes=limit, unit_bytes=unit_bytes, level="unknown", text=text)
    used = measurement.used_bytes
    level: Literal["ok", "warning", "full"]
    if used >= limit:
        level = "full"
    elif used > limits.warn_share * limit:
        level = "warning"
    else:
        level = "ok"
    said = {lang: _sentence(area, lang, level, used, limit, unit_bytes) for lang in ("en", "nl")}
    if measurement.unreadable:
        said["en"] += f" {measurement.unreadable} folder(s) or file(s) could not be read and are not counted."
        said["nl"] += f" {measurement.unreadable} map(pen) of bestand(en) konden niet worden gelezen en zijn niet meegeteld."
    return AreaUsage(
        area=area,
        limit_bytes=limit,
        used_bytes=used,
        apparent_bytes=measurement.apparent_bytes,
        files=measurement.files,
        measured_at=measured_at,
        unit_bytes=unit_bytes,
        level=level,
        text=Text(en=said["en"], nl=said["nl"]),
    )


def _sentence(area: Area, lang: str, level: Literal["ok", "warning", "full"], used: int, limit: int, unit_bytes: int) -> str:
    taken, allowed = human_bytes(used, unit_bytes, lang), human_bytes(limit, unit_bytes, lang)
    percent = used * 100 // limit
    left = human_bytes(max(limit - used, 0), unit_bytes, lang, down=True)
    name = _NAMES[area].say(lang)
    if lang == "nl":
        start = f"{name}: {taken} van {allowed} in gebruik ({percent} %)"
        whose = "CBS meet elke maandag en brengt op de 1e van de maand in rekening wat er te veel staat." if area == "shared" else ""
        return {
            "ok": f"{start}; {left} vrij.",
            "warning": f"{start}; nog {left} vrij. Ruim op of pak grote bestanden in. {whose}".rstrip(),
            "full": f"{start}; opslaan lukt niet meer. Verwijder of verklein bestanden. {whose}".rstrip(),
        }[level]
    start = f"{name}: {taken} of {allowed} in use ({percent} %)"
    whose = "CBS measures every Monday and charges on the 1st of the month for what is too much." if area == "shared" else ""
    return {
        "ok": f"{start}; {left} free.",
        "warning": f"{start}; only {left} free. Clean up or compress large files. {whose}".rstrip(),
        "full": f"{start}; nothing can be saved any more. Remove or shrink files. {whose}".rstrip(),
    }[level]


def check_save(
    area: Area,
    used_bytes: int | None,
    limit: int,
    new_bytes: int,
    replaces_bytes: int = 0,
    unit_bytes: int = 10**9,
) -> None:
    """Refuse a save that would pass the limit.

    A save that takes no more room than what it replaces always fits: somebody over the limit must be able to make a file smaller.

    Parameters
    ----------
    area : {"shared", "personal"}
        Where the file goes.
    used_bytes : int or None
        Allocated bytes now; None when not measured.
    limit : int
        Allowed bytes; reaching it exactly still fits.
    new_bytes : int
        Size of the content; counted in whole blocks of 4,096 bytes.
    replaces_bytes : int
        Allocated bytes of the file it replaces.
    unit_bytes : int
        10^9 (GB) or 2^30 (GiB), for the text.

    Raises
    ------
    QuotaExceeded
        ``quota_exceeded``, with the room there is and what to do.
    Unavailable
        ``not_measured`` when nobody knows how full the area is.
    """
    needed = -(-new_bytes // _BLOCK) * _BLOCK
    if new_bytes <= replaces_bytes or needed <= replaces_bytes:
        return
    name = _NAMES[area]
    if used_bytes is None:
        raise Unavailable(
            "not_measured",
            Text(
                en=f"{name.en}: it has not been measured yet how full it is, so nothing larger can be saved.",
                nl=f"{name.nl}: nog niet gemeten hoe vol deze is; groter opslaan kan daarom nog niet.",
            ),
            Text(
                en="Choose “Measure now” under Storage in the side panel, then save again.",
                nl="Kies “Nu meten” onder Opslag in het zijpaneel en sla daarna opnieuw op.",
            ),
        )
    if used_bytes - replaces_bytes + needed <= limit:
        return
    room = max(limit - used_bytes + replaces_bytes, 0)
    wanted = {lang: human_bytes(needed, unit_bytes, lang) for lang in ("en", "nl")}
    free = {lang: human_bytes(room, unit_bytes, lang, down=True) for lang in ("en", "nl")}
    allowed = {lang: human_bytes(limit, unit_bytes, lang) for lang in ("en", "nl")}
    more = Text(
        en=" or ask the project leader for more storage" if area == "shared" else " or move files to shared/",
        nl=" of vraag de projectleider om extra opslag" if area == "shared" else " of verplaats bestanden naar shared/",
    )
    raise QuotaExceeded(
        "quota_exceeded",
        Text(
            en=f"{name.en} is full: the file needs {wanted['en']} and {free['en']} of {allowed['en']} is left. Nothing was written.",
            nl=f"{name.nl} is vol: het bestand vraagt {wanted['nl']} en er is {free['nl']} van {allowed['nl']} over. Er is niets geschreven.",
        ),
        Text(
            en=f"Remove or compress files{more.en}, then save again; the file on disk is unchanged.",
            nl=f"Verwijder bestanden of pak ze in{more.nl} en sla opnieuw op; het bestand op schijf is ongewijzigd.",
        ),
    )


def held_bytes(measurement: Measurement) -> int:
    """Give what an area takes of the disk, also by how many files and folders there are."""
    return measurement.used_bytes + measurement.inodes * _INODE_BYTES


def overrun(area: Area, held: int, limits: QuotaLimits, unit_bytes: int = 10**9) -> tuple[Text, Text]:
    """Say that an area is so far above its limit that kernels cannot go on, and what to do.

    Parameters
    ----------
    area : {"shared", "personal"}
    held : int
        What it takes of the disk in bytes, as :func:`held_bytes` says.
    limits : QuotaLimits
    unit_bytes : int
        10^9 (GB) or 2^30 (GiB).

    Returns
    -------
    message, remedy : Text
    """
    has, may = ({lang: human_bytes(size, unit_bytes, lang) for lang in ("en", "nl")} for size in (held, limits.limit(area)))
    name = _NAMES[area]
    message = Text(
        en=f"{name.en} takes {has['en']} of the disk and may hold {may['en']}.",
        nl=f"{name.nl} neemt {has['nl']} van de schijf in en mag {may['nl']} bevatten.",
    )
    if area == "personal":
        return message, Text(
            en="Delete files under personal/ in the file browser, which needs no kernel; then start a kernel again.",
            nl="Verwijder bestanden onder personal/ in de bestandsverkenner, daar is geen kernel voor nodig; start daarna opnieuw een kernel.",
        )
    return message, Text(
        en="Delete files under shared/ in the file browser, which needs no kernel, or ask the project leader for more storage; then start a "
        "kernel again.",
        nl="Verwijder bestanden onder shared/ in de bestandsverkenner, daar is geen kernel voor nodig, of vraag de projectleider om extra "
        "opslag; start daarna opnieuw een kernel.",
    )
