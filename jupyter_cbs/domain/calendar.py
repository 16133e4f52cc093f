"""Dutch working days (Algemene termijnenwet art. 3; design: exports, Calendar)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from pydantic import Field

from .base import Model


def easter(year: int) -> date:
    """Give Easter Sunday of the Gregorian calendar (anonymous algorithm, Meeus/Jones/Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=256)
def closed_by_law(year: int) -> frozenset[date]:
    """Give the general holidays of a year, with Good Friday and 5 May of every year."""
    sunday = easter(year)
    kings_day = date(year, 4, 27)
    if kings_day.weekday() == 6:
        kings_day -= timedelta(days=1)
    moving = (-2, 1, 39, 50)  # Good Friday, Easter Monday, Ascension Day, Whit Monday
    fixed = (date(year, 1, 1), kings_day, date(year, 5, 5), date(year, 12, 25), date(year, 12, 26))
    return frozenset(fixed) | {sunday + timedelta(days=days) for days in moving}


class WorkingCalendar(Model):
    """Working days of the office, with the days an admin adds or takes away."""

    extra_closed: frozenset[date] = Field(frozenset(), description="Closed although the law does not say so.")
    extra_open: frozenset[date] = Field(frozenset(), description="Open although the law or the weekend says otherwise.")
    cut_off: time = Field(time(12, 0), description="Received before this local time counts as one output of that day.")
    time_zone: str = "Europe/Amsterdam"

    def is_working_day(self, day: date) -> bool:
        """Tell whether the office works on ``day``."""
        if day in self.extra_open:
            return True
        return day.weekday() < 5 and day not in closed_by_law(day.year) and day not in self.extra_closed

    def add_working_days(self, start: date, days: int) -> date:
        """Give the day that lies ``days`` ≥ 0 working days after ``start``; the start itself is day 0."""
        day = start
        while days > 0:
            day += timedelta(days=1)
            days -= self.is_working_day(day)
        return day

    def next_working_day(self, day: date) -> date:
        """Give the first working day after ``day``."""
        return self.add_working_days(day, 1)

    def day_of_receipt(self, moment: datetime) -> date:
        """Give day 0 of something received at ``moment`` (aware).

        After the cut-off, or on a closed day, it counts as received on the next working day.
        """
        from zoneinfo import ZoneInfo

        local = moment.astimezone(ZoneInfo(self.time_zone))
        if self.is_working_day(local.date()) and local.time() < self.cut_off:
            return local.date()
        return self.next_working_day(local.date())
