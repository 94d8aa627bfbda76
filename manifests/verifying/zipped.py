"""``zipapp``: the whole evidence half as one file that runs with any Python, to hand over beside a package.

``python -m manifests zipapp verify.pyz``, then anywhere ``python -I -S verify.pyz verify PACKAGE``.  The same files give
the same bytes.
"""

from __future__ import annotations

import sys
import zipfile
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from manifests.errors import AlreadyThere, OutputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
MAIN: Final = b"import sys\nfrom manifests.__main__ import main\nsys.exit(main())\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``zipapp``."""
    parser.add_argument("out", metavar="FILE", type=Path, help="file to write, by custom ending in .pyz")


def run(arguments: argparse.Namespace) -> int:
    """Write the file; 2 where one of that name stands there, 3 where it cannot be written."""
    try:
        with arguments.out.open("xb") as stream:
            stream.write(zipapp_bytes())
    except FileExistsError as error:
        raise AlreadyThere(f"{arguments.out} is already there", hint="Choose another name, or move it away.") from error
    except OSError as error:
        raise OutputError(f"{arguments.out} could not be written: {error.strerror}") from error
    sys.stdout.write(f"{arguments.out}\n")
    return 0


def zipapp_bytes() -> bytes:
    """The archive: every file of this package below ``manifests/``, and a start file."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "__main__.py", MAIN)
        for name, file in _files(resources.files("manifests"), "manifests"):
            _add(archive, name, file.read_bytes())
    return b"#!/usr/bin/env python3\n" + packed.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _files(folder: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda known: known.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry, f"{name}/{entry.name}")
        else:
            yield f"{name}/{entry.name}", entry
