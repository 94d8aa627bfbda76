"""Writing a file so that its name exists only with the whole of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from scanner.errors import OutputError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


def write_atomic(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` so that the name exists only with the whole of it.

    Raises:
        OutputError: disk full or folder read-only; what was there before is untouched.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            f"{path.name} could not be written: {error.strerror or error}",
            hint="Free some disk space (or make the folder writable) and run the same command again: it resumes.",
        ) from error


def not_written(folder: Path, error: sqlite3.Error) -> OutputError:
    """The error of a database that could not be written: a full disk, a folder that is read-only."""
    return OutputError(
        f"the record of finished work in {folder.name} could not be written: {error}",
        hint="Free some disk space (or make the folder writable) and run the same command again: it resumes.",
    )
