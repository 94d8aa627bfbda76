"""Making an export: verify, choose, write; the same package and options give the same bytes, and the package stays as it is."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from manifests.errors import OutputError, VerificationError
from manifests.exports.choice import Choice, ExportError, checked_prefix, parse_choice
from manifests.exports.evidence_csv import BYTE_ORDER_MARK, HEADER, MAX_ROWS, csv_line, raw_rows
from manifests.packages import Package, open_package

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from manifests.words import Lang

    Chunks = Iterator[tuple[str, bytes]]

FORMATS: Final = ("csv", "xlsx", "dat", "html", "pdf", "jsonl", "drafts")
NAMES: Final = {
    "csv": "evidence.csv",
    "xlsx": "evidence.xlsx",
    "dat": "evidence.dat",
    "html": "report.html",
    "pdf": "report.pdf",
    "jsonl": "matches.jsonl",
}


def export(
    package_path: str | os.PathLike[str],
    format: str,  # noqa: A002 - the option's own name
    *,
    only: Sequence[str] = (),
    out: Path | None = None,
    bates_prefix: str | None = None,
    lang: Lang | None = None,
) -> bytes | tuple[Path, ...]:
    """Make one export of a package that verifies.

    Without ``out`` the bytes are returned, for formats of one file; with it they are written, and the paths returned:
    ``out`` is a file, or a folder that is there (then the file has its usual name); further volumes of a large
    ``csv`` or ``dat`` stand beside the first; ``drafts`` makes its files in the folder ``out``.  Each file is written
    beside its name and renamed.

    Raises:
        VerificationError: a check of the package failed; nothing is exported.
        ExportError: an unknown format, finding or prefix, a missing extra, no ``out`` where one is needed, or drafts
        that are
            there already: a person may have completed them.
        FormatError, UnsafePath: as ``open_package``.
        OutputError: the files cannot be written.
    """
    if format not in FORMATS:
        raise ExportError(f"{format!r} is no format of an export", hint=f"Choose one of: {', '.join(FORMATS)}.")
    prefix = checked_prefix(bates_prefix)
    package = open_package(package_path)
    _require_verified(package.path)
    chunks = _chunks(package, format, parse_choice(package, only), prefix, lang)
    if out is None:
        return _one_file(chunks, format)
    _require_outside(package.path, out)
    return _written(chunks, out, format)


def export_case(
    case: Path,
    format: str,  # noqa: A002 - the option's own name
    *,
    only: Sequence[str] = (),
    out: Path | None = None,
    bates_prefix: str | None = None,
    lang: Lang | None = None,
) -> bytes | tuple[Path, ...]:
    """Make one export of a whole case: its packages verified, link by link, and merged.

    Arguments, result and errors as of ``export``; an unbroken chain is asked for as well.
    """
    from manifests.exports.chain import merge, open_chain  # noqa: PLC0415

    if format not in FORMATS:
        raise ExportError(f"{format!r} is no format of an export", hint=f"Choose one of: {', '.join(FORMATS)}.")
    prefix = checked_prefix(bates_prefix)
    chain = open_chain(case)
    with tempfile.TemporaryDirectory(prefix="provscan-") as folder:
        package = merge(chain, Path(folder) / "case")
        chunks = _chunks(package, format, parse_choice(package, only), prefix, lang)
        if out is None:
            return _one_file(chunks, format)
        for each in chain:
            _require_outside(each.path, out)
        return _written(chunks, out, format)


def _require_verified(folder: Path) -> None:
    from manifests.verifying import verify_package  # noqa: PLC0415

    verification = verify_package(folder)
    if verification.failed:
        raise VerificationError(verification.problems)


def _chunks(package: Package, format_: str, choice: Choice, prefix: str | None, lang: Lang | None) -> Chunks:
    """The files of an export as ``(name, chunk)`` in writing order, each module imported where its format is asked for."""
    if format_ == "csv":
        yield from _csv(package, choice, prefix, lang)
    elif format_ == "jsonl":
        from manifests.exports.jsonl import jsonl  # noqa: PLC0415

        yield NAMES[format_], b""
        yield from ((NAMES[format_], line) for line in jsonl(package, choice))
    elif format_ == "dat":
        from manifests.exports.dat import dat  # noqa: PLC0415

        yield from dat(package, choice, exhibit_prefix=prefix, lang=lang)
    elif format_ == "drafts":
        from manifests.exports.drafts import drafts  # noqa: PLC0415

        yield from drafts(package, choice, exhibit_prefix=prefix).items()
    elif format_ == "html":
        from manifests.exports.html import html  # noqa: PLC0415

        yield NAMES[format_], html(package, choice, exhibit_prefix=prefix, lang=lang)
    elif format_ == "pdf":
        from manifests.exports.pdf import pdf  # noqa: PLC0415

        yield NAMES[format_], pdf(package, choice, exhibit_prefix=prefix, lang=lang)
    else:
        from manifests.exports.xlsx import xlsx  # noqa: PLC0415

        yield NAMES[format_], xlsx(package, choice, exhibit_prefix=prefix, lang=lang)


def _csv(package: Package, choice: Choice, prefix: str | None, lang: Lang | None) -> Chunks:
    """As ``exports/evidence.csv``, for the chosen findings; their numbers do not change by leaving others out."""
    name = NAMES["csv"]
    yield name, BYTE_ORDER_MARK + HEADER
    rows = raw_rows(package, exhibit_prefix=prefix, lang=lang)
    count = 0
    for raw, match in zip(rows, package.records("matches"), strict=True):
        if not choice(match):
            continue
        if count and count % MAX_ROWS == 0:
            name = f"evidence-{count // MAX_ROWS + 1}.csv"
            yield name, BYTE_ORDER_MARK + HEADER
        count += 1
        yield name, csv_line(raw)


def _one_file(chunks: Chunks, format_: str) -> bytes:
    if format_ == "drafts":
        raise ExportError("drafts are several files", hint="Say where: --out FOLDER")
    parts, first = [], NAMES[format_]
    for name, chunk in chunks:
        if name != first:
            raise ExportError("this export has several volumes", hint="Say where: --out FILE")
        parts.append(chunk)
    return b"".join(parts)


def _require_outside(folder: Path, out: Path) -> None:
    if out.resolve().is_relative_to(folder.resolve()):
        raise ExportError(f"{out} is inside the package, which never changes", hint="Choose another place for --out.")


def _written(chunks: Chunks, out: Path, format_: str) -> tuple[Path, ...]:
    drafts = format_ == "drafts"
    folder = out if drafts or out.is_dir() else out.parent
    paths: list[Path] = []
    with _mapped_errors(out):
        folder.mkdir(parents=True, exist_ok=True)
        for name, parts in _by_name(chunks):
            path = folder / name if drafts or out.is_dir() else _volume(out, len(paths))
            if drafts and path.exists():
                raise ExportError(f"{path} is there already, perhaps completed", hint="Choose another --out.")
            _write(path, parts)
            paths.append(path)
    return tuple(paths)


def _volume(out: Path, index: int) -> Path:
    return out if index == 0 else out.with_name(f"{out.stem}-{index + 1}{out.suffix}")


def _by_name(chunks: Chunks) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Chunks by file, lazily: a file's chunks are used up before the next file begins."""
    pending: list[tuple[str, bytes]] = []

    def rest_of(name: str, first: bytes) -> Iterator[bytes]:
        yield first
        for following, chunk in chunks:
            if following != name:
                pending.append((following, chunk))
                return
            yield chunk

    start = next(chunks, None)
    while start is not None:
        yield start[0], rest_of(*start)
        start = pending.pop() if pending else None


def _write(path: Path, parts: Iterable[bytes]) -> None:
    """Write beside the final name, then rename: a file of that name is finished."""
    staging = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with staging.open("xb") as stream:
            _write_all(stream, parts)
        staging.replace(path)
    finally:
        staging.unlink(missing_ok=True)


def _write_all(stream: BinaryIO, parts: Iterable[bytes]) -> None:
    stream.writelines(parts)
    stream.flush()
    os.fsync(stream.fileno())


@contextmanager
def _mapped_errors(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{out} could not be written: {error.strerror}"
        raise OutputError(message, hint="Check space and permissions.") from error
