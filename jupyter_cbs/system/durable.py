"""What is there after a crash of the machine."""

from __future__ import annotations

import os
from pathlib import Path


def sync_directory(folder: Path) -> None:
    """Make the names in a folder durable; what the files hold is made so with each of them.

    Raises
    ------
    OSError
        If the folder cannot be opened, or the disk cannot take it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
