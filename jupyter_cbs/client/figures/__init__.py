"""Figures of other libraries: what each artist draws, the numbers behind it, and an aggregated alternative.

Nothing here imports a drawing library before an alternative is drawn: a figure is known by the module its class comes from.
"""

from .origin import remember

__all__ = ["remember"]
