"""How the loops over columns are compiled: kept on disk under a name that says which sources they were compiled from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from scanner.metadata import kernels
from scanner.metadata.kernels import compiling


def test_a_changed_source_file_gives_compiled_loops_another_name() -> None:
    files = sorted(Path(kernels.__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    assert compiling.digest_of_sources() == digest
    for loop in (kernels.urls, kernels.captions, kernels.skeleton, kernels.stream):
        assert loop.py_func.__qualname__.endswith(f"_{digest}")
