"""What is installed here: the libraries and the code that results depend on, as values to record and to compare."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LIBRARIES: Final = ("imagehash", "mmh3", "numba", "numpy", "opencv-python-headless", "pillow", "pyarrow", "scipy")


def installed_libraries() -> Mapping[str, str]:
    """The versions of the libraries that compute what is recorded."""
    return {name: metadata.version(name) for name in LIBRARIES}


def code_sha256() -> str:
    """Digest of the program's own files, as a sorted ``<hex>  <path>`` list: which code ran, also without a wheel."""
    root = Path(__file__).resolve().parent.parent
    files = sorted(path for package in ("manifests", "scanner") for path in (root / package).rglob("*.py"))
    lines = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root).as_posix()}\n" for path in files
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()
