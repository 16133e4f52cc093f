"""One module per feature; importing this package registers the handlers of all operations."""

from . import audit, catalogue, exports, outputs, policy, project, query, quota, sessions

__all__ = ["audit", "catalogue", "exports", "outputs", "policy", "project", "query", "quota", "sessions"]
