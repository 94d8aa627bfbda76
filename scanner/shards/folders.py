"""Folders of pictures: which files belong, how they are called, and their order (by the bytes of the relative path)."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".avif", ".heic", ".heif", ".jp2", ".mpo", ".ico", ".cur", ".psd", ".svg"}
)
BESIDE_SUFFIXES = frozenset({".json", ".txt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderNames:
    """The names in one folder that are pictures, and those of ``.json`` and ``.txt`` files that share a picture's stem."""

    pictures: frozenset[str]
    beside: frozenset[str]


def sort_key(name: str) -> bytes:
    """Bytes of a name as the file system has them; the order of shards and of a folder's list."""
    return name.encode("utf-8", "surrogateescape").replace(b"\\", b"/") if os.sep == "\\" else os.fsencode(name)


def shown_name(path: str) -> str:
    r"""A relative path for records: ``/`` between names, bytes that are no UTF-8 as ``\xNN``."""
    text = path.replace(os.sep, "/")
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_picture_name(name: str) -> bool:
    """Whether the suffix is one of picture files; what the bytes are is decided when they are decoded."""
    return os.path.splitext(name)[1].casefold() in PICTURE_SUFFIXES  # noqa: PTH122 - a name, not a path


def is_special(path: str) -> bool:
    """Whether it is there and neither a file nor a folder: a pipe, whose opening would wait for ever, a device, a socket."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - keeps names that are not UTF-8
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def picture_list(names: Sequence[str]) -> FolderNames:
    """Sort the names of one folder into pictures and what lies beside them."""
    pictures = frozenset(name for name in names if is_picture_name(name))
    stems = {os.path.splitext(name)[0] for name in pictures}  # noqa: PTH122 - a name, not a path
    beside = frozenset(
        name
        for name in names
        if os.path.splitext(name)[1].casefold() in BESIDE_SUFFIXES and os.path.splitext(name)[0] in stems  # noqa: PTH122
    )
    return FolderNames(pictures=pictures, beside=beside)


def folder_files(path: str) -> Iterator[tuple[str, str, bool]]:
    """``(relative path with /, path on disk, is it a picture)`` of every file of a FOLDER shard, by path bytes.

    A path that ends in ``/.`` stands for the folder without its subfolders (see ``listing``).  Subfolders that cannot be read are
    left out; ``listing`` names them to the user.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    flat = path.endswith((f"{os.sep}.", "/."))
    root = path[:-2] if flat else path
    found: list[tuple[str, str, bool]] = []
    seen: set[str] = set()

    os.scandir(root).close()
    for folder, subfolders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = [] if flat else sorted((name for name in subfolders if not name.startswith(".")), key=sort_key)
        visible = [name for name in files if not name.startswith(".")]
        here = picture_list(visible)
        for name in visible:
            whole = os.path.join(folder, name)  # noqa: PTH118 - keeps names that are not UTF-8
            if (name in here.pictures or name in here.beside) and not is_special(whole):
                found.append((os.path.relpath(whole, root).replace(os.sep, "/"), whole, name in here.pictures))
    yield from sorted(found, key=lambda one: sort_key(one[0]))
