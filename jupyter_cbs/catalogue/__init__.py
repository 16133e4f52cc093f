"""The catalogue: file names, metadata, the index of what lies on disk, and what a project is granted of it."""
