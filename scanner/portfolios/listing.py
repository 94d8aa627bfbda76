"""Which files a portfolio consists of, and what each is called in the evidence.

A name in the evidence (``file``) has ``/``, begins with the given folder's own name, and never shows where that folder
lies.  Bytes of a name that are not UTF-8 become ``%XX``, so that it can be written down; text is not normalised
otherwise.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scanner.errors import PortfolioError
from scanner.sniffing import PICTURE_SUFFIXES, WORKSHOP_SUFFIXES, sniff_format
from scanner.works import Declared, Excluded, ExcludedReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Folders and files that systems leave behind; names beginning with a dot are skipped as well.
_SYSTEM_NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin"})
_HEAD_BYTES = 64
# Not on this disk: Windows FILE_ATTRIBUTE_OFFLINE and RECALL_ON_DATA_ACCESS, macOS SF_DATALESS.
_WINDOWS_AWAY = 0x1000 | 0x400000
_MACOS_AWAY = 0x40000000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file that is a picture by its first bytes; what ``works.csv`` says about it, if one was given.

    ``file`` is its name in the evidence; ``rendition_of`` that of the work it renders.
    """

    path: str
    file: str
    declared: Declared = field(default_factory=Declared)
    rendition_of: str | None = None


@dataclass(slots=True, kw_only=True)
class Listing:
    """What was found so far: the pictures, the excluded, the number of other files."""

    pictures: list[ListedFile] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    other_files: int = 0
    _names: set[str] = field(default_factory=set)
    _places: set[str] = field(default_factory=set)

    def unused(self, name: str) -> str:
        """Take ``name`` for a file or folder, or the first of ``stem-2.suffix``, ``stem-3.suffix`` … nobody took."""
        stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name in the evidence is not a path of this system
        free, number = name, 1
        while free in self._names:
            number += 1
            free = f"{stem}-{number}{suffix}"
        self._names.add(free)
        return free

    def _first_visit(self, place: str) -> bool:
        fresh = place not in self._places
        self._places.add(place)
        return fresh

    def first_visit_of_file(self, path: str) -> bool:
        """Whether the file was not reached before through another source.  A link to it is a file of its own."""
        folder, name = os.path.split(path)
        return self._first_visit(os.path.join(os.path.realpath(folder), name))  # noqa: PTH118

    def add(self, listed: ListedFile, *, named: bool) -> None:
        """Sort one file in by its name and first bytes.

        ``named`` says that somebody named this very file: then it is excluded by name if it is no picture.
        """
        suffix = os.path.splitext(listed.path)[1].lower()  # noqa: PTH122 - Path would normalise the name
        try:
            head = _head(listed.path)
        except OSError as error:
            self._exclude(listed, ExcludedReason.UNREADABLE, error.strerror or type(error).__name__)
            return
        if head is None:
            self._exclude(listed, ExcludedReason.PLACEHOLDER, "in the cloud, not on this disk")
        elif suffix in WORKSHOP_SUFFIXES:
            self._exclude(listed, ExcludedReason.UNSUPPORTED_FORMAT, f"{suffix}: export it as PNG or JPEG")
        elif sniff_format(head):
            self.pictures.append(listed)
        elif suffix not in PICTURE_SUFFIXES and not named:
            self.other_files += 1
        elif head:
            self._exclude(listed, ExcludedReason.NOT_A_PICTURE, "its content is not that of a picture")
        else:
            self._exclude(listed, ExcludedReason.EMPTY, "the file has no bytes")

    def _exclude(self, listed: ListedFile, reason: ExcludedReason, detail: str) -> None:
        self.excluded.append(Excluded(file=listed.file, reason=reason, detail=detail))

    def add_folder(self, folder: Path) -> None:
        """Add all files below ``folder``; subfolders that cannot be read are excluded by name."""
        self._descend(str(folder), self.unused(shown_name(folder.resolve().name or "portfolio")))

    def _descend(self, folder: str, shown: str) -> None:
        pending = [(folder, shown)]
        while pending:
            place, name = pending.pop()
            if not self._first_visit(os.path.realpath(place)):  # a loop of links, or one source inside another
                continue
            try:
                entries = sorted(os.scandir(place), key=lambda entry: os.fsencode(entry.name))
            except OSError as error:
                detail = f"folder: {error.strerror or type(error).__name__}"
                self.excluded.append(Excluded(file=f"{name}/", reason=ExcludedReason.UNREADABLE, detail=detail))
                continue
            for entry in _visible(entries):
                if _is_folder(entry):
                    pending.append((entry.path, f"{name}/{shown_name(entry.name)}"))
                elif (entry.is_symlink() or entry.is_file()) and self.first_visit_of_file(entry.path):
                    file = self.unused(f"{name}/{shown_name(entry.name)}")
                    self.add(ListedFile(path=entry.path, file=file), named=False)

    def add_file(self, path: Path) -> None:
        """Add one file given by name; it is called by its name alone."""
        if self.first_visit_of_file(str(path)):
            self.add(ListedFile(path=str(path), file=self.unused(shown_name(path.name))), named=True)


def _visible(entries: Sequence[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
    for entry in entries:
        if not entry.name.startswith(".") and entry.name.lower() not in _SYSTEM_NAMES:
            yield entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself, or where nobody may look: reading it will say why
        return False


def _head(path: str) -> bytes | None:
    """The first bytes, or None for a file that a cloud keeps elsewhere (reading it would fetch it)."""
    status = os.stat(path)  # noqa: PTH116 - the name may hold bytes that are not UTF-8
    away = getattr(status, "st_file_attributes", 0) & _WINDOWS_AWAY or getattr(status, "st_flags", 0) & _MACOS_AWAY
    if away:
        return None
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise OSError(errno.EINVAL, "a link to a pipe or a device")
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(_HEAD_BYTES)


def shown_name(name: str) -> str:
    r"""A name of this system as it is written down, bytes that are not UTF-8 as ``%XX``.

    >>> shown_name("caf\udce9.png")
    'caf%E9.png'
    """
    return "".join(_shown(letter) for letter in name)


def _shown(letter: str) -> str:
    code = ord(letter)
    if not 0xD800 <= code <= 0xDFFF:
        return letter
    # surrogateescape hides byte 0xE9 in U+DCE9; other lone surrogates are Windows names that were never text
    return f"%{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else f"%u{code:04X}"


def kind_of_source(source: Path) -> str:
    """``folder``, ``csv`` or ``file``.

    Raises:
        PortfolioError: it is not there, or cannot be looked at, or is neither.
    """
    try:
        mode = source.stat().st_mode
    except OSError as error:
        raise PortfolioError(
            f"{shown_name(str(source))}: {error.strerror or 'cannot be read'}",
            hint="Give a folder of pictures, picture files, or a works.csv.",
        ) from error
    if stat.S_ISDIR(mode):
        return "folder"
    if not stat.S_ISREG(mode):
        raise PortfolioError(f"{shown_name(str(source))} is neither a file nor a folder")
    return "csv" if source.suffix.lower() == ".csv" else "file"
