"""Models of other libraries: what of a fitted model is declared to the broker, and what of it may be written.

Nothing here imports a modelling library: an object is known by the module its class comes from.
"""

from .extract import Extracted, extract
from .report import ModelReport

__all__ = ["Extracted", "ModelReport", "extract"]
