"""What a notebook imports: connection, results, tables, magics and widgets. Knows only the domain and the protocol."""

from .workspace import Workspace, connect

__all__ = ["Workspace", "connect"]
