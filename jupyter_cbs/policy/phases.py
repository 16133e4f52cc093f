"""The life of a project: contract, start, standstill, end (seed S2; domain R12, R54, R55, R57)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple
from zoneinfo import ZoneInfo

from ..domain.text import Text

if TYPE_CHECKING:
    from .policies import ProjectPolicy

State = Literal["active", "contract_pending", "not_started", "paused", "ended"]

_MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "nl": ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"],
}


class Lifecycle(NamedTuple):
    """Where a project stands on a day.

    Parameters
    ----------
    state
        Only 'active' gives members access.
    text
        One or two sentences: what it is, and what follows.
    access_until
        First day without access: the first working day after the end date.
    days_left
        Calendar days with access from today on, today included; 0 when it has ended.
    """

    state: State
    text: Text
    access_until: date
    days_left: int


def long_date(day: date) -> Text:
    """Write a day in words: '31 December 2028', '31 december 2028'."""
    return Text(en=f"{day.day} {_MONTHS['en'][day.month - 1]} {day.year}", nl=f"{day.day} {_MONTHS['nl'][day.month - 1]} {day.year}")


def local_day(project: ProjectPolicy, now: datetime) -> date:
    """Give the day it is at the office.

    Raises
    ------
    ValueError
        ``now`` has no time zone: a guess could open a project a day early.
    """
    if now.tzinfo is None:
        raise ValueError("the moment needs a time zone")
    return now.astimezone(ZoneInfo(project.calendar.time_zone)).date()


def lifecycle(project: ProjectPolicy, today: date) -> Lifecycle:
    """Tell where a project stands on ``today``, a day of the office's calendar."""
    until = project.calendar.next_working_day(project.end)
    left = max(0, (until - today).days)
    last, start = long_date(until - timedelta(days=1)), long_date(project.start)
    if today >= until:
        closed = long_date(until)
        return Lifecycle(
            "ended",
            Text(
                en=f"The project has ended; access closed on {closed.en}. Reopening is possible while the archive exists.",
                nl=f"Het project is beëindigd; de toegang is op {closed.nl} gesloten. Heropenen kan zolang het archief bestaat.",
            ),
            until,
            0,
        )
    if project.contract_received is None or project.contract_received > today:
        return Lifecycle(
            "contract_pending",
            Text(
                en="The signed contract has not been received yet; access opens when it is.",
                nl="Het getekende contract is nog niet ontvangen; daarna gaat de toegang open.",
            ),
            until,
            left,
        )
    if today < project.start:
        return Lifecycle("not_started", Text(en=f"The project starts on {start.en}.", nl=f"Het project begint op {start.nl}."), until, left)
    pause = next((p for p in project.pauses if p.start <= today and (p.end is None or today < p.end)), None)
    if pause is not None:
        if pause.end is None:
            text = Text(
                en="The project is paused until it is reopened; files are kept.",
                nl="Het project is stilgelegd tot het wordt heropend; bestanden blijven bewaard.",
            )
        else:
            back = long_date(pause.end)
            text = Text(
                en=f"The project is paused until {back.en}; files are kept.",
                nl=f"Het project is stilgelegd tot {back.nl}; bestanden blijven bewaard.",
            )
        return Lifecycle("paused", text, until, left)
    return Lifecycle("active", Text(en=f"Access until and including {last.en}.", nl=f"Toegang tot en met {last.nl}."), until, left)
