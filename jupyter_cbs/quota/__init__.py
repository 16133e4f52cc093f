"""How much room the areas of a workspace take, and what may still be saved."""

from .meter import Measurement, measure
from .rules import check_save, human_bytes, usage

__all__ = ["Measurement", "check_save", "human_bytes", "measure", "usage"]
