"""How much room the areas of a workspace take, and what may still be saved."""

from .meter import Measurement, measure
from .rules import check_save, held_bytes, human_bytes, overrun, usage

__all__ = ["Measurement", "check_save", "held_bytes", "human_bytes", "measure", "overrun", "usage"]
