"""Which shards a dataset has on this machine: a file, a folder, a glob.

Every file is either a shard, part of one (a picture of a folder, a text beside it), or named in ``Skipped`` with its reason.
Symbolic links are followed (a Hugging Face cache consists of them), each folder once.
"""

from __future__ import annotations

import glob
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.datasets import Dataset, Shard, ShardKind
from scanner.errors import UsageError
from scanner.shards.folders import folder_files, is_picture_name, is_special, picture_list, shown_name, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMPRESSED = (".gz", ".bz2", ".zst")
_KINDS: Mapping[str, ShardKind] = {
    ".parquet": ShardKind.PARQUET,
    ".csv": ShardKind.DELIMITED,
    ".tsv": ShardKind.DELIMITED,
    ".tab": ShardKind.DELIMITED,
    ".txt": ShardKind.DELIMITED,
    ".jsonl": ShardKind.JSONL,
    ".ndjson": ShardKind.JSONL,
    ".json": ShardKind.JSON,
    ".tar": ShardKind.TAR,
    ".tgz": ShardKind.TAR,
}
_NOT_SHARDS: Mapping[str, str] = {
    ".crc": "a checksum file written by Spark",
    ".npy": "an array of embeddings",
    ".npz": "an array of embeddings",
    ".md": "a text about the dataset",
    ".html": "a text about the dataset",
    ".pdf": "a text about the dataset",
    ".py": "a program",
    ".sh": "a program",
    ".log": "a log",
}
_UNFINISHED: Mapping[str, str] = {
    ".incomplete": "an unfinished download",
    ".part": "an unfinished download",
    ".crdownload": "an unfinished download",
    ".tmp": "an unfinished file",
}
_KNOWN_NAMES: Mapping[str, str] = {
    "_success": "a mark written by Spark",
    "_metadata": "a summary of parquet files",
    "_common_metadata": "a summary of parquet files",
    "dataset_info.json": "a description of the dataset",
    "dataset_infos.json": "a description of the dataset",
    "dataset_dict.json": "a description of the dataset",
    "state.json": "a description of the dataset",
    "thumbs.db": "a file of the desktop",
    "desktop.ini": "a file of the desktop",
}
_UNKNOWN = "no format of datasets that is known"
_TEXT = "a text; a list of URLs in it is read when the file is given by itself"
_PACKED: Mapping[str, str] = dict.fromkeys(
    (".zip", ".7z", ".rar", ".gz", ".bz2", ".zst", ".xz"), "packed in a way that is not read: unpack it first"
)
_BESIDE_PICTURES = frozenset({"metadata.csv", "metadata.jsonl", "metadata.parquet"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A file in a dataset's folder that is not read, and why.

    ``beside``: it is known to hold no rows (a checksum, a text about the dataset); anything else might, and belongs into coverage.
    ``closed``: it could not even be looked into: a gap.
    """

    name: str
    reason: str
    beside: bool = False
    closed: bool = False


def list_shards(dataset: Dataset) -> tuple[list[Shard], list[Skipped]]:
    """All shards of ``dataset.source`` on this machine, ordered by the bytes of their names.

    Raises:
        UsageError: nothing is there, a glob without a hit, or no shard among what is there.
    """
    source = dataset.source
    path = Path(source)
    if os.path.isfile(source):  # noqa: PTH113 - pathlib raises where nobody may look
        shards, skipped = [_file(dataset, path, path.name)], list[Skipped]()
    elif os.path.isdir(source):  # noqa: PTH112
        shards, skipped = _folder(dataset, path)
    elif glob.has_magic(source):
        shards, skipped = _glob(dataset, source)
    else:
        raise _not_there(source)
    if not shards:
        closed = next((f" ({one.name} {one.reason})" for one in skipped if one.closed), "")
        raise UsageError(
            f"{source}: there is no shard in it{closed}.",
            hint="A dataset is a parquet, csv, tsv, json, jsonl or tar file, a folder of them, or a folder of pictures.",
        )
    return sorted(shards, key=lambda shard: sort_key(shard.name)), sorted(skipped, key=lambda one: sort_key(one.name))


def _not_there(source: str) -> UsageError:
    try:
        os.stat(source)  # noqa: PTH116 - keeps names that are not UTF-8
    except (FileNotFoundError, NotADirectoryError):
        return UsageError(f"{source}: there is no such file or folder.", hint="Check the path of the dataset.")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return UsageError(f"{source}: it cannot be looked at ({why}).", hint="Check the path of the dataset.")
    return UsageError(f"{source}: it is a pipe or a device.", hint="Give the file itself: it is read more than once.")


def kind_of(name: str) -> ShardKind | None:
    """The kind that a file name's suffixes say, compression aside; None for what is no shard."""
    lower = name.casefold()
    for suffix in _COMPRESSED:
        stem = lower.removesuffix(suffix)
        if stem != lower:
            kind = _KINDS.get(os.path.splitext(stem)[1])  # noqa: PTH122 - a name, not a path
            if kind is None and stem.endswith("dataset"):  # yfcc100m_dataset.bz2
                return ShardKind.DELIMITED
            return None if kind is ShardKind.PARQUET else kind
    return _KINDS.get(os.path.splitext(lower)[1])  # noqa: PTH122 - a name, not a path


def _file(dataset: Dataset, path: Path, name: str) -> Shard:
    kind = kind_of(path.name)
    if kind is None and is_picture_name(path.name):
        raise UsageError(f"{path}: a single picture is no dataset.", hint="Give the folder it lies in.")
    if kind is None:
        kind = _sniffed(path)
    return Shard(dataset=dataset, name=name, path=str(path), kind=kind, bytes=_bytes(path))


def _bytes(path: Path) -> int:
    """Size of a file; 0 where it cannot be asked (a link to nothing): opening it will say why, as a gap of the scan."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sniffed(path: Path) -> ShardKind:
    """The kind of a file without a telling name, by its first bytes."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise UsageError(f"{path}: it cannot be read ({error.strerror}).", hint="Check its permissions.") from error
    if head.startswith(b"PAR1"):
        return ShardKind.PARQUET
    if head[257:262] == b"ustar":
        return ShardKind.TAR
    raise UsageError(
        f"{path}: this kind of file is not known.",
        hint="Known are parquet, csv, tsv, txt, json, jsonl and tar, the text formats also as .gz, .bz2, .zst.",
    )


def _glob(dataset: Dataset, pattern: str) -> tuple[list[Shard], list[Skipped]]:
    base = Path(glob.escape("")) / _fixed_part(pattern)
    shards: list[Shard] = []
    skipped: list[Skipped] = []
    for found in sorted(set(glob.glob(pattern, recursive=True)), key=sort_key):  # noqa: PTH207 - keeps names that are not UTF-8
        path = Path(found)
        name = shown_name(os.path.relpath(found, base))
        if os.path.isdir(found):  # noqa: PTH112
            if "**" not in pattern:
                inner, left = _folder(dataset, path, prefix=f"{name}/")
                shards += inner
                skipped += left
            continue
        if kind_of(path.name) is not None and _reason(path) is None:
            shards.append(_file(dataset, path, name))
        else:
            skipped.append(passed_over(name, _reason(path)))
    return shards, skipped


def _fixed_part(pattern: str) -> Path:
    fixed = Path(pattern)
    while glob.has_magic(str(fixed)):
        fixed = fixed.parent
    return fixed


def _folder(dataset: Dataset, root: Path, prefix: str = "") -> tuple[list[Shard], list[Skipped]]:
    """Shards of a folder, recursively; pictures that lie in no shard file make their folder a shard."""
    shards: list[Shard] = []
    skipped: list[Skipped] = []
    pictures: list[Path] = []
    for folder, files in _walk(root, skipped):
        here = picture_list(files)
        if here.pictures:
            pictures.append(folder)
        for name in files:
            path = folder / name
            shown = prefix + shown_name(os.path.relpath(path, root))
            if name in here.pictures or name in here.beside:
                continue
            if here.pictures and name.casefold() in _BESIDE_PICTURES:
                skipped.append(Skipped(name=shown, reason="describes the pictures beside it", beside=True))
            elif kind_of(name) is None or name.casefold().endswith(".txt") or _reason(path) is not None:
                skipped.append(passed_over(shown, _reason(path)))
            else:
                shards.append(_file(dataset, path, shown))
    if pictures and not shards:
        shards.append(_picture_shard(dataset, root, prefix.rstrip("/") or _own_name(root)))
    else:
        for folder in pictures:
            relative = shown_name(os.path.relpath(folder, root))
            name = _own_name(root) if relative == "." else relative
            shards.append(_picture_shard(dataset, folder, prefix + name, flat=True))
    return shards, skipped


def _picture_shard(dataset: Dataset, folder: Path, name: str, *, flat: bool = False) -> Shard:
    """A folder of pictures; ``flat`` says that its subfolders are shards of their own (noted by a trailing ``/.``)."""
    path = f"{folder}{os.sep}." if flat else str(folder)
    return Shard(dataset=dataset, name=name, path=path, kind=ShardKind.FOLDER, bytes=_total_bytes(path))


def _total_bytes(path: str) -> int:
    """Bytes of a folder's files, as far as they can be asked: for progress, never for evidence."""
    total = 0
    try:
        for _, whole, _ in folder_files(path):
            with suppress(OSError):
                total += os.stat(whole).st_size  # noqa: PTH116 - keeps names that are not UTF-8
    except OSError:
        return total
    return total


def _own_name(root: Path) -> str:
    return shown_name(root.resolve().name) or "folder"


def _walk(root: Path, skipped: list[Skipped]) -> Iterator[tuple[Path, list[str]]]:
    """Folders and the names of their files, hidden ones left out; unreadable folders are noted."""
    seen: set[str] = set()

    def note(error: OSError) -> None:
        name = shown_name(os.path.relpath(str(error.filename), root))
        skipped.append(Skipped(name=name, reason=f"cannot be read: {error.strerror}", closed=True))

    for folder, subfolders, files in os.walk(root, followlinks=True, onerror=note):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted((name for name in subfolders if not name.startswith(".")), key=sort_key)
        yield Path(folder), sorted((name for name in files if not name.startswith(".")), key=sort_key)


def passed_over(name: str, reason: str | None = None) -> Skipped:
    """A file of this name (with ``/``) that is not read, with its reason: the given one, or what its name says."""
    last = name.rpartition("/")[2]
    beside, suffix = _known_beside(last), os.path.splitext(last)[1].casefold()  # noqa: PTH122 - a name, not a path
    said = (
        beside or reason or _UNFINISHED.get(suffix) or _PACKED.get(suffix) or (_TEXT if suffix == ".txt" else _UNKNOWN)
    )
    return Skipped(name=name, reason=said, beside=beside is not None)


def _reason(path: Path) -> str | None:
    """Why a file is no shard, whatever its columns; None for what may be one."""
    return "a pipe or a device" if is_special(str(path)) else not_a_shard(path.name)


def not_a_shard(name: str) -> str | None:
    """Why a file of this name (with ``/``) is no shard, whatever its columns; None for what may be one."""
    last = name.rpartition("/")[2]
    return _known_beside(last) or _UNFINISHED.get(os.path.splitext(last)[1].casefold())  # noqa: PTH122 - a name, not a path


def _known_beside(name: str) -> str | None:
    """What a file is that accompanies shards and holds no rows; None for what may hold some."""
    lower = name.casefold()
    if lower.endswith("_stats.json"):
        return "statistics written by img2dataset"
    return _KNOWN_NAMES.get(lower) or _NOT_SHARDS.get(os.path.splitext(lower)[1])  # noqa: PTH122 - a name, not a path
