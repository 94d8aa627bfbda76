"""How the loops are compiled, and when what was compiled is too old.

numba keeps compiled code beside the source file of a function and looks at that file alone; a loop that calls into another file would go
on running what that file once said.  So the name under which a loop is kept ends in the digest of all files of this package.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from numba import njit


def digest_of_sources() -> str:
    """Twelve hex digits of the SHA-256 over all source files of this package; '' where they cannot be read."""
    try:
        files = sorted(Path(__file__).parent.glob("*.py"))
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    except OSError:
        return ""


_SOURCES = digest_of_sources()


def compiled(function: Any) -> Any:
    """Compile to run without the GIL, kept on disk: beside the source or, where that is read-only, in the user cache."""
    if _SOURCES:
        function.__qualname__ += f"_{_SOURCES}"
        try:
            return njit(cache=True, nogil=True)(function)
        except RuntimeError:  # neither folder can be written
            pass
    return njit(nogil=True)(function)


def inlined(function: Any) -> Any:
    """Compile into each caller: arrays handed from function to function cost a reference count each, more than the work itself."""
    return njit(inline="always", nogil=True)(function)
