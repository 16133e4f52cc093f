"""Rules for figures: what is drawn unit by unit is refused, what is aggregated is judged by the numbers behind it."""

from .judge import VerifiedTable, judge_figure

__all__ = ["VerifiedTable", "judge_figure"]
