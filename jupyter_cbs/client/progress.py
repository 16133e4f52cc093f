"""A progress bar for anything over a second; the stop button (■) cancels."""

from __future__ import annotations

import sys
from typing import Any

from .language import number, pick, seconds

SEEN_SECONDS = 1.0
"""Time over which progress must have been seen before an end is told."""
SEEN_FRACTION = 0.02
"""Progress that must have been seen before an end is told."""


def in_notebook() -> bool:
    """Tell whether output goes to a notebook rather than to a terminal or a script."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


class ProgressDisplay:
    """Shows how far a request is: an ipywidgets bar in a notebook, one line of text on a terminal.

    Nothing is imported or shown before the first call, which comes after a second at the earliest.

    Parameters
    ----------
    what : str
        What is running, in the reader's language.
    lang : str
        Language of the rest.
    """

    def __init__(self, what: str, lang: str) -> None:
        self._what = what
        self._lang = lang
        self._fraction: float | None = None
        self._rows = 0
        self._first: tuple[float, float] | None = None
        self._rate: float | None = None
        self._promised: float | None = None
        self._bar: Any = None
        self._label: Any = None
        self._box: Any = None
        self._written = 0

    def __call__(self, fraction: float | None, rows: int, elapsed: float) -> None:
        """Show a state; ``rows`` below 0 means nothing new but the time."""
        if rows >= 0:
            self._fraction, self._rows = fraction, rows
            self._measure(elapsed)
        text = self._text(elapsed)
        stop = pick(self._lang, "cancel with", "stoppen met")
        if in_notebook():
            self._show_widget(f"{text} · {stop} ■")
        elif sys.stderr.isatty():
            self._show_line(f"{text} · {stop} Ctrl-C")

    def close(self) -> None:
        """Take the display away."""
        if self._box is not None:
            self._box.close()
            self._box = None
        if self._written:
            sys.stderr.write("\r" + " " * self._written + "\r")
            sys.stderr.flush()
            self._written = 0

    def _text(self, elapsed: float) -> str:
        parts = [seconds(elapsed, self._lang)]
        if self._fraction is not None:
            parts.insert(0, f"{number(100 * self._fraction, self._lang, 0)} %")
            if self._rate is not None and self._keeps_word(elapsed, self._fraction, self._rate):
                left = max(1, round((1 - self._fraction) / self._rate))
                left_text = f"{left} s" if left < 60 else seconds(left, self._lang)
                parts.append(pick(self._lang, f"about {left_text} left", f"nog ongeveer {left_text}"))
        if self._rows:
            parts.append(f"{number(self._rows, self._lang)} {pick(self._lang, 'rows', 'rijen')}")
        return " · ".join(parts)

    def _measure(self, elapsed: float) -> None:
        """Measure how fast the fraction grows. Where it stood at first says nothing: a join without end stands at 92 % from its first second."""
        if self._fraction is None:
            return
        if self._first is None or self._fraction < self._first[1]:
            self._first, self._rate = (elapsed, self._fraction), None
            return
        seconds_seen, grown = elapsed - self._first[0], self._fraction - self._first[1]
        if seconds_seen >= SEEN_SECONDS and grown >= SEEN_FRACTION:
            self._rate = grown / seconds_seen

    def _keeps_word(self, elapsed: float, fraction: float, rate: float) -> bool:
        """Tell whether the end that was told first can still be true: a request may slow down, or stop short of its end."""
        if self._promised is None:
            self._promised = elapsed + (1 - fraction) / rate
        return elapsed <= 1.5 * self._promised + 1

    def _show_widget(self, text: str) -> None:
        import ipywidgets
        from IPython.display import display

        if self._box is None:
            self._bar = ipywidgets.FloatProgress(min=0.0, max=1.0, description=self._what, style={"description_width": "initial"})
            self._bar.tooltip = self._what
            self._label = ipywidgets.Label()
            self._box = ipywidgets.HBox([self._bar, self._label])
            display(self._box)
        self._bar.value = self._fraction or 0.0
        self._bar.bar_style = "" if self._fraction is not None else "info"
        self._label.value = text

    def _show_line(self, text: str) -> None:
        line = f"{self._what}: {text}"
        sys.stderr.write("\r" + line.ljust(self._written))
        sys.stderr.flush()
        self._written = len(line)
