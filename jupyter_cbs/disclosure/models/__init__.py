"""Rules for models: degrees of freedom, units per level, saturation, outcomes, and models that hold units."""

from .judge import judge_model

__all__ = ["judge_model"]
