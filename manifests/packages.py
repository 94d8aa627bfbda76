"""Reading a package: the one door through which a stranger's folder is opened.

A package is hostile input.  Nothing outside the folder is opened, no link is followed, no path with ``..``, a drive or a
backslash is obeyed, every read has a limit.  Records come one by one: memory does not grow with the number of matches.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from manifests.canonical import parse_canonical
from manifests.errors import FormatError, UnsafePath, UnsupportedVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFEST_SCHEMA: Final = "provscan.manifest/1"
RECORD_NAMES: Final = ("matches", "negatives", "coverage", "portfolio", "observations", "events", "changes")
OF_THE_RUN: Final = ("captures/", "environment.json", "events.jsonl", "observations.jsonl")  # listed in run.files
DERIVED: Final = ("drafts/", "exports/", "report.html")  # made from the records: listed by the bag alone
MAX_LINE_BYTES: Final = 64 << 20  # a row may hold many columns of up to 1 MiB of text each
MAX_FILE_BYTES: Final = 256 << 20  # for files read whole: the Manifest, pictures, a report
CHUNK_BYTES: Final = 1 << 20
MAX_PATH: Final = 1024  # characters; the writer stays below 120, a reader need not be that strict to be safe

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def safe_parts(relative: str) -> tuple[str, ...]:
    """Components of a path inside a package.

    Raises:
        UnsafePath: empty, absolute, with ``.`` or ``..``, a backslash, a drive, a Windows device, or a character outside
            ``[A-Za-z0-9._/-]``.
    """
    parts = tuple(relative.split("/"))
    for part in parts:
        if not _NAME.fullmatch(part) or part in {".", ".."} or part.endswith(".") or _DEVICE.fullmatch(part):
            raise UnsafePath(f"not a path that a package may hold: {relative[:120]!r}")
    if len(relative) > MAX_PATH:
        raise UnsafePath(f"a path of {len(relative)} characters")
    return parts


def is_link(status: os.stat_result) -> bool:
    """True for symbolic links and, on Windows, for every other reparse point (junctions)."""
    reparse = getattr(status, "st_file_attributes", 0) & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0)
    return stat.S_ISLNK(status.st_mode) or bool(reparse)


def inside(folder: Path, relative: str) -> Path:
    """The file ``relative`` of ``folder``, once it is known to be a plain file reached without a link.

    Raises:
        UnsafePath: as ``safe_parts``; or a component is a link, or the end is no plain file (device, pipe, folder).
        FileNotFoundError: there is no such file.
    """
    place = folder
    status = None
    for part in safe_parts(relative):
        place = place / part
        status = os.lstat(place)
        if is_link(status):
            raise UnsafePath(f"{relative}: a link, not followed")
    if status is None or not stat.S_ISREG(status.st_mode):
        raise UnsafePath(f"{relative}: not a plain file")
    return place


@contextmanager
def open_inside(folder: Path, relative: str) -> Iterator[BinaryIO]:
    """Open one file of a package for reading; raises as ``inside``."""
    # O_NOFOLLOW closes the gap between look and open; O_BINARY is Windows' word for "change nothing"
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    with os.fdopen(os.open(inside(folder, relative), flags), "rb") as stream:
        yield stream


def read_inside(folder: Path, relative: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """All bytes of one file of a package.

    Raises:
        UnsafePath: as ``inside``, or the file is larger than ``max_bytes``.
        FileNotFoundError: there is no such file.
    """
    with open_inside(folder, relative) as stream:
        size = os.fstat(stream.fileno()).st_size
        data = stream.read(min(size, max_bytes) + 1)  # no more room than is needed is asked for
    if len(data) > max_bytes:
        raise UnsafePath(f"{relative}: more than {max_bytes} bytes")
    return data


def lines_inside(folder: Path, relative: str, max_bytes: int = MAX_LINE_BYTES) -> Iterator[bytes]:
    """Lines of one file, split at byte 0x0A only and without it (captions hold U+2028 and U+0085).

    Raises:
        UnsafePath: as ``inside``, or a line is longer than ``max_bytes``.
        FormatError: the last line has no line feed.
        FileNotFoundError: there is no such file.
    """
    with open_inside(folder, relative) as stream:
        number = 0
        while line := stream.readline(max_bytes + 1):
            number += 1
            if not line.endswith(b"\n"):
                if len(line) > max_bytes:
                    raise UnsafePath(f"{relative}: line {number} has more than {max_bytes} bytes")
                raise FormatError("the last line does not end with a line feed", context=f"{relative}:{number}")
            yield line[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An opened package: its Manifest in memory, everything else read when asked for.  Nothing is verified by opening.

    ``manifest_sha256`` is the SHA-256 of the file ``data/manifest.json``, by which later packages, the CSV and
    ``scan --json`` name this one.  ``origins`` is there in a statement merged from several packages: by match id, the run, the
    Manifest and the leaf of the package that states it.
    """

    path: Path
    manifest: dict[str, Any]
    manifest_sha256: str
    origins: Mapping[str, Mapping[str, str]] | None = None

    def lines(self, name: str) -> Iterator[bytes]:
        """Raw lines of ``data/<name>.jsonl`` without line feeds, the leaves of its tree; of an absent ``changes`` none."""
        relative = f"data/{name}.jsonl"
        if name == "changes" and not self.exists(relative):
            return iter(())
        return lines_inside(self.path, relative)

    def records(self, name: str) -> Iterator[dict[str, Any]]:
        """Records of ``data/<name>.jsonl``, one of ``RECORD_NAMES``, in file order.

        Raises:
            FormatError: a line is not canonical JSON or no object; context ``<name>.jsonl:<line>``.
            UnsafePath: as ``lines_inside``.
            FileNotFoundError: the file is missing.
        """
        return _objects(self.lines(name), f"{name}.jsonl")

    def rows(self, shard16: str) -> Iterator[dict[str, Any]]:
        """Verbatim rows of one shard, ``data/rows/<shard16>.jsonl``; raises as ``records``."""
        relative = f"data/rows/{shard16}.jsonl"
        return _objects(lines_inside(self.path, relative), relative)

    def read_bytes(self, relative: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """All bytes of one file; ``relative`` to the package folder (``data/report.html``); raises as ``read_inside``."""
        return read_inside(self.path, relative, max_bytes)

    def exists(self, relative: str) -> bool:
        """Whether a plain file of that path is there and could be opened."""
        try:
            inside(self.path, relative)
        except (OSError, UnsafePath):
            return False
        return True


def _objects(lines: Iterator[bytes], context: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        yield parse_record(line, f"{context}:{number}")


def parse_record(line: bytes, context: str) -> dict[str, Any]:
    """One line of a ``.jsonl`` file.

    Raises:
        FormatError: not canonical, or not an object.
    """
    try:
        value = parse_canonical(line)
    except FormatError as error:
        raise FormatError(error.message, context=context) from error
    if not isinstance(value, dict):
        raise FormatError("not an object", context=context)
    return value


def shard16(shard_id: str) -> str:
    """Name of a shard's file in ``rows/``: first 16 hex digits of ``shard_id`` after its ``sha256:`` or ``etag:``.

    >>> shard16("sha256:" + "b" * 64)
    'bbbbbbbbbbbbbbbb'
    """
    return shard_id.partition(":")[2][:16]


def open_package(path: str | os.PathLike[str]) -> Package:
    """Open a package folder for reading.

    Raises:
        FormatError: no readable ``data/manifest.json``, or it is not canonical JSON.
        UnsupportedVersion: the Manifest has another schema than ``provscan.manifest/1``.
        UnsafePath: the Manifest is a link or larger than allowed.
    """
    folder = Path(path)
    try:
        data = read_inside(folder, "data/manifest.json", 64 << 20)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FormatError("no data/manifest.json: this is not a package", context=str(path)) from error
    except OSError as error:
        raise FormatError(f"data/manifest.json cannot be read: {error.strerror}", context=str(path)) from error
    manifest = parse_record(data, "data/manifest.json")
    if manifest.get("schema") != MANIFEST_SCHEMA:
        raise UnsupportedVersion(
            f"schema {str(manifest.get('schema'))[:60]!r}, this version reads {MANIFEST_SCHEMA}",
            context="data/manifest.json",
        )
    return Package(path=folder, manifest=manifest, manifest_sha256=hashlib.sha256(data).hexdigest())
