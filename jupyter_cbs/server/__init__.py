"""The workspace server: a Jupyter Server extension that forwards and never decides."""
