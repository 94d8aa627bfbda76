"""Writing a package: records stream in, a sealed folder stands there at the end, or nothing does.

Everything is written beside the final name and renamed when complete, so a folder of that name is finished.  Each file
is hashed while it is written; nothing is read twice but the matches, once for the tables.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

from manifests import bag
from manifests.canonical import canonical_bytes
from manifests.errors import AlreadyThere, FormatError, OutputError, UnsafePath
from manifests.exports.domains import domains_csv
from manifests.exports.evidence_csv import columns_csv, evidence_csv
from manifests.merkle import TreeHash, leaf_hash
from manifests.packages import DERIVED, MANIFEST_SCHEMA, OF_THE_RUN, RECORD_NAMES, open_package, safe_parts
from manifests.proofs.stamps import pending_request, request_nonce
from manifests.records import Tally
from manifests.report import write_report
from manifests.texts import package_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from manifests.packages import Package
    from manifests.words import Lang

MAX_NAME: Final = 120  # characters of a path under data/: what Windows and discs can hold below a longer folder
_ALWAYS_THERE: Final = ("matches", "negatives", "coverage", "portfolio", "observations", "events")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPackage:
    """A finished package: where it lies and the digest by which others name it."""

    path: Path
    manifest_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What is known about a host beside its name: its registrable domain and, for shared hosts, the platform."""

    domain: str
    platform: str | None


def own_domain(host: str) -> HostFacts:
    """Say no more than the host itself: what to use where no list of public suffixes is at hand."""
    return HostFacts(domain=host, platform=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """One payload file as it was written."""

    path: str
    bytes: int
    sha256: str
    sha512: str
    lines: int | None
    merkle_root: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "lines": self.lines,
            "merkle_root": self.merkle_root,
        }


@dataclass(slots=True)
class _Sink:
    """One open payload file: hashes what passes."""

    path: str
    stream: BinaryIO
    size: int = 0
    tree: TreeHash | None = None
    sha256: Any = field(default_factory=hashlib.sha256)
    sha512: Any = field(default_factory=hashlib.sha512)

    def write(self, chunk: bytes) -> None:
        with output_errors(self.path):
            self.stream.write(chunk)
        self.size += len(chunk)
        self.sha256.update(chunk)
        self.sha512.update(chunk)

    def finished(self) -> _Written:
        return _Written(
            path=self.path,
            bytes=self.size,
            sha256=self.sha256.hexdigest(),
            sha512=self.sha512.hexdigest(),
            lines=None if self.tree is None else self.tree.size,
            merkle_root=None if self.tree is None else self.tree.root().hex(),
        )


@contextmanager
def output_errors(what: str) -> Iterator[None]:
    """Say a failed write in words: disk full, read-only.

    Raises:
        OutputError: for every ``OSError`` inside.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC, errno.EFBIG}
        why = "the disk is full" if full else error.strerror or "the write failed"
        hint = "Free some space and run the same command again." if full else "Choose a folder that can be written to."
        raise OutputError(f"{what} could not be written: {why}", hint=hint) from error


class PackageWriter:
    """Writes one package.  Use as a context manager: leaving it without ``seal`` removes what was written.

    >>> with PackageWriter(folder) as writer:                           # doctest: +SKIP
    ...     writer.add_records("matches", records_in_final_order)
    ...     sealed = writer.seal(manifest, lang="en")
    """

    def __init__(self, folder: Path) -> None:
        """Begin beside ``folder``, in ``.<name>.writing``; left-overs of a killed writer there are removed.

        Raises:
            OutputError: ``folder`` is there and not empty, or its parent cannot be written to.
        """
        self.folder = folder
        self._staging = folder.with_name(f".{folder.name}.writing")
        self._written: dict[str, _Written] = {}
        self._names: set[str] = set()
        self._tally = Tally()
        self._negatives = 0
        with output_errors(folder.name):
            if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
                raise AlreadyThere(f"{folder.name} is already there", hint="Choose another --out, or move it away.")
            if self._staging.exists():
                shutil.rmtree(self._staging)
            (self._staging / "data").mkdir(parents=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)  # after seal there is nothing left there

    def add_records(self, name: str, records: Iterable[Mapping[str, Any]]) -> int:
        """Write ``data/<name>.jsonl`` from records in their final order (``records.ORDER_OF``); returns their number.

        Raises:
            FormatError: a record is outside the JSON profile, or ``name`` is none of ``RECORD_NAMES``.
            OutputError: disk full, or written before.
        """
        if name not in RECORD_NAMES:
            raise FormatError(f"no records are called {name!r}")
        if name == "matches":
            records = self._counted(records)
        number = self._write_lines(f"{name}.jsonl", records)
        if name == "negatives":
            self._negatives = number
        return number

    def add_rows(self, shard16: str, records: Iterable[Mapping[str, Any]]) -> int:
        """Write the matched rows of one shard, ``data/rows/<shard16>.jsonl``, by row number and item.

        Returns their number.  A record is ``{"row_number", "item", "row_check", "values": [[name, type, value], …]}``.
        """
        return self._write_lines(f"rows/{shard16}.jsonl", records)

    def add_file(self, path: str, content: bytes) -> None:
        """Write one payload file; ``path`` is under ``data/`` (``identity.json``, ``renditions/….png``).

        Raises:
            UnsafePath: not a name the contract allows (section 3).
            OutputError: disk full, or written before.
        """
        with self._sink(path) as sink:
            sink.write(content)

    def add_stream(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write one payload file from chunks, as ``add_file``: for captures larger than memory."""
        with self._sink(path) as sink:
            for chunk in chunks:
                sink.write(chunk)

    def seal(
        self,
        manifest: Mapping[str, Any],
        *,
        lang: Lang = "en",
        exhibit_prefix: str = "PROV",
        not_listed: Mapping[str, int] | None = None,
        describe_host: Callable[[str], HostFacts] = own_domain,
    ) -> SealedPackage:
        """Write the Manifest and everything derived from it, seal the bag, and give the folder its name.

        ``manifest`` holds the keys of section 4 but ``schema``, ``results``, ``contents``, ``files`` and ``run.files``,
        which are counted and hashed here.  ``not_listed``: leads beyond a limit, by tier.  ``describe_host`` names the
        registrable domain and platform of a listed URL's host.

        Raises:
            OutputError: disk full, or the folder appeared meanwhile; nothing is left behind.
            FormatError: the Manifest is outside the JSON profile.
        """
        for name in _ALWAYS_THERE:
            if f"{name}.jsonl" not in self._written:
                self.add_records(name, ())
        for schema in sorted(resources.files("manifests").joinpath("schema").iterdir(), key=lambda entry: entry.name):
            self.add_file(f"schema/{schema.name}", schema.read_bytes())
        whole = self._whole_manifest(manifest, lang, exhibit_prefix)
        whole["results"] = self._results(not_listed or {}, describe_host)
        content = canonical_bytes(whole)
        self.add_file("manifest.json", content)
        self._write_derived(open_package(self._staging), lang)
        seal = self._write_lists(whole)
        self._write_outside("proofs/tsa/PENDING-seal.tsq", pending_request(seal, request_nonce(os.urandom(8))))
        self._rename()
        return SealedPackage(path=self.folder, manifest_sha256=hashlib.sha256(content).hexdigest())

    def _counted(self, matches: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        for match in matches:
            self._tally.add(match)
            yield match

    def _write_lines(self, path: str, records: Iterable[Mapping[str, Any]]) -> int:
        with self._sink(path) as sink:
            tree = sink.tree = TreeHash()
            for record in records:
                line = canonical_bytes(record)
                tree.add(leaf_hash(line))
                sink.write(line + b"\n")
        return tree.size

    @contextmanager
    def _sink(self, path: str) -> Iterator[_Sink]:
        parts = safe_parts(path)
        if len(path) > MAX_NAME:
            raise UnsafePath(f"{path}: a name of more than {MAX_NAME} characters")
        if path.casefold() in self._names:
            raise OutputError(f"{path} was written before")
        self._names.add(path.casefold())
        place = self._staging.joinpath("data", *parts)
        with output_errors(path):
            place.parent.mkdir(parents=True, exist_ok=True)
            stream = place.open("xb")
        try:
            sink = _Sink(path, stream)
            yield sink
            with output_errors(path):
                stream.flush()
                if not hasattr(os, "sync"):  # where one call for all exists, _rename makes it
                    os.fsync(stream.fileno())
        finally:
            with output_errors(path):
                stream.close()
        self._written[path] = sink.finished()

    def _whole_manifest(self, manifest: Mapping[str, Any], lang: Lang, exhibit_prefix: str) -> dict[str, Any]:
        files = [written.as_json() for _, written in sorted(self._written.items())]
        run = {**manifest["run"], "files": [entry for entry in files if entry["path"].startswith(OF_THE_RUN)]}
        return {
            **manifest,
            "schema": MANIFEST_SCHEMA,
            "run": run,
            "contents": {
                "captures": self._holds("captures/"),
                "drafts": self._holds("drafts/"),
                "parquet_rows": any(path.endswith(".parquet") for path in self._written),
                "thumbnails": self._holds("thumbnails/"),
                "locale": lang,
                "exhibit_prefix": exhibit_prefix,
            },
            "files": [entry for entry in files if not entry["path"].startswith((*OF_THE_RUN, *DERIVED))],
        }

    def _holds(self, folder: str) -> bool:
        return any(path.startswith(folder) for path in self._written)

    def _results(self, not_listed: Mapping[str, int], describe_host: Callable[[str], HostFacts]) -> dict[str, Any]:
        by_host = []
        for host, findings, works in self._tally.by_host():
            facts = describe_host(host)
            by_host.append(
                {
                    "host": host,
                    "domain": facts.domain,
                    "platform": facts.platform,
                    "findings": findings,
                    "works": works,
                }
            )
        return {
            "findings": self._tally.findings,
            "by_tier": self._tally.by_tier(),
            "by_grade": self._tally.by_grade(),
            "works_with_findings": len(self._tally.works),
            "works_without": self._negatives,
            "not_listed": dict(not_listed),
            "reviewed": self._tally.reviewed(),
            "by_host": by_host,
        }

    def _write_derived(self, package: Package, lang: Lang) -> None:
        """Exports and report: functions of the records, and so not in the Manifest's own list."""
        self._write_tables(evidence_csv(package))
        self.add_file("exports/columns.csv", columns_csv())
        self.add_file("exports/domains.csv", domains_csv(package.manifest))
        self.add_file("report.html", write_report(package, lang))
        for name, content in package_texts(package, lang).items():
            self._write_outside(name, content)

    def _write_tables(self, chunks: Iterator[tuple[str, bytes]]) -> None:
        name, chunk = next(chunks)
        pending: str | None = name
        while pending is not None:
            with self._sink(f"exports/{pending}") as sink:
                sink.write(chunk)
                pending = None
                for following, chunk in chunks:
                    if following != name:
                        name = pending = following
                        break
                    sink.write(chunk)

    def _write_lists(self, manifest: Mapping[str, Any]) -> bytes:
        """Both lists, the bag's own files and the seal; returns the SHA-256 of the seal."""
        written = self._written.values()
        for algorithm, name in bag.LISTS.items():
            entries = ((f"data/{file.path}", getattr(file, algorithm)) for file in written)
            self._write_outside(name, bag.list_bytes(entries))
        self._write_outside(bag.DECLARATION, bag.DECLARATION_TEXT)
        tool, run = manifest["tool"], manifest["run"]
        facts = bag.bag_info_bytes(
            payload_bytes=sum(file.bytes for file in written),
            payload_files=len(self._written),
            date=run["finished_at"][:10],
            run_id=run["run_id"],
            software=f"{tool['name']} {tool['version']}",
        )
        self._write_outside(bag.BAG_INFO, facts)
        tags = [(entry.name, entry.read_bytes()) for entry in self._staging.iterdir() if entry.is_file()]
        seal = bag.list_bytes((name, hashlib.sha256(content).hexdigest()) for name, content in tags)
        self._write_outside(bag.SEAL, seal)
        return hashlib.sha256(seal).digest()

    def _write_outside(self, name: str, content: bytes) -> None:
        """Write one file that is not payload."""
        place = self._staging.joinpath(*safe_parts(name))
        with output_errors(name):
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())

    def _rename(self) -> None:
        with output_errors(self.folder.name):
            if hasattr(os, "sync"):
                os.sync()  # once for all files: thousands of pictures, one by one, would take minutes
            if self.folder.exists():
                self.folder.rmdir()  # an empty folder, or it would have been refused
            self._staging.rename(self.folder)
