"""Works, portfolios and fingerprints: values only.

A Work is one creative work: a file, its digests, its fingerprints, and what its owner declares about it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator  # noqa: TC003 - as below
from dataclasses import dataclass, field
from decimal import Decimal  # noqa: TC003 - dataclass field types are read at run time by the tests of __all__
from enum import StrEnum
from typing import Self

import numpy as np  # noqa: TC002 - as above
from numpy.typing import NDArray  # noqa: TC002 - as above


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A perceptual hash: what was computed, not what it means.  Fixed-width hex; leading zeros count.

    ``bits`` is 64 (``phash64``) or 256 (``phash256``); ``value`` is the hash read as one big-endian number, first bit (the DC
    term) most significant, exactly as ``str(imagehash.phash(...))`` prints it.
    """

    algorithm: str
    bits: int
    value: int

    def __post_init__(self) -> None:
        """Refuse a value that does not fit: a silent overflow would be a wrong comparison."""
        if not 0 <= self.value < 1 << self.bits:
            raise ValueError(f"{self.algorithm}: value does not fit into {self.bits} bits")

    @property
    def hex(self) -> str:
        """Lower-case hex, ``bits / 4`` digits."""
        return f"{self.value:0{self.bits // 4}x}"

    def __str__(self) -> str:
        """``phash64:9b…``, the form of every record."""
        return f"{self.algorithm}:{self.hex}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``algorithm:hex``; the inverse of ``str``.

        Raises:
            ValueError: no colon, or not lower-case hex.
        """
        algorithm, colon, digits = text.partition(":")
        if not colon or not digits or digits.strip("0123456789abcdef"):
            raise ValueError(f"not a fingerprint: {text!r}")
        return cls(algorithm=algorithm, bits=4 * len(digits), value=int(digits, 16))

    def distance(self, other: Fingerprint) -> int:
        """Number of differing bits.

        Raises:
            ValueError: the two were made by different algorithms.
        """
        if (self.algorithm, self.bits) != (other.algorithm, other.bits):
            raise ValueError(f"{self.algorithm} and {other.algorithm} cannot be compared")
        return (self.value ^ other.value).bit_count()


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantFingerprint:
    """A fingerprint of the Work as it may look in a dataset: ``original``, ``mirror`` … (see ``variants.py``)."""

    variant: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkPoints:
    """Local features of a Work, by which a part of it is recognised (``parts.py``): of the picture and of its mirror image.

    ``size``: width and height in px of the picture they were found in.  Of each of the two: ``places`` float32[n, 2] in px,
    ``words`` uint64[n, 4], the strongest first.
    """

    size: tuple[int, int]
    places: tuple[NDArray[np.float32], NDArray[np.float32]]
    words: tuple[NDArray[np.uint64], NDArray[np.uint64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the owner says about a Work.  Never checked here, never a finding."""

    title: str | None = None
    registration_no: str | None = None
    registration_date: str | None = None
    registration_office: str | None = None
    first_published: str | None = None
    published_urls: tuple[str, ...] = ()
    iscc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A published rendition of a Work (a web size, a watermarked preview): compared; the finding is the Work's.

    ``fingerprints`` are those of its own pixels, in the same variants as the Work's.
    """

    file: str
    sha256: str
    md5: str
    fingerprints: tuple[VariantFingerprint, ...] = ()
    path: str | None = field(default=None, compare=False)  # on this machine; never written into a package


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One creative work.

    ``file`` is the first of ``files`` (equal files are one Work), with ``/``, beginning with the given folder's own name.
    ``detail`` is the share of the DCT energy outside the DC term (0 … 1, four decimals); little of it means ``low_detail``.
    """

    file: str
    files: tuple[str, ...]
    sha256: str
    md5: str
    bytes: int
    format: str
    width: int
    height: int
    detail: Decimal
    fingerprints: tuple[VariantFingerprint, ...]
    renditions: tuple[Rendition, ...] = ()
    declared: Declared = Declared()
    path: str | None = field(default=None, compare=False)  # on this machine; never written into a package
    points: WorkPoints | None = field(default=None, compare=False, repr=False)  # follow from the file's pixels

    @property
    def work_id(self) -> str:
        """``w-`` and the first 16 hex digits of the file's SHA-256."""
        return f"w-{self.sha256[:16]}"

    @property
    def sha16(self) -> str:
        """First 16 hex digits of the file's SHA-256, for file names in packages."""
        return self.sha256[:16]

    @property
    def item(self) -> str:
        """Digest of what is asked of rows for the sake of this Work's pictures: its files' digests and all its looks.

        What it is called and what is declared about it are not in it: they are asked, and answered, apart.
        """
        state = hashlib.sha256(f"work\n{self.sha256}\n".encode())
        for rendition in self.renditions:
            state.update(f"rendition\n{rendition.sha256}\n{rendition.md5}\n".encode())
        for known in self.looks():
            state.update(f"{known.variant}\n{known.fingerprint}\n".encode())
        return state.hexdigest()

    def looks(self) -> Iterator[VariantFingerprint]:
        """All fingerprints it is searched by: its own, then those of its renditions that its own do not have already.

        The variants of rendition n (from 1) are called ``rendition-n``, ``rendition-n.mirror`` …; see ``parse_look``.
        """
        yield from self.fingerprints
        known = {each.fingerprint for each in self.fingerprints}
        for number, rendition in enumerate(self.renditions, 1):
            for each in rendition.fingerprints:
                if each.fingerprint not in known:
                    known.add(each.fingerprint)
                    suffix = "" if each.variant == "original" else f".{each.variant}"
                    yield VariantFingerprint(variant=f"rendition-{number}{suffix}", fingerprint=each.fingerprint)

    def fingerprint(self, algorithm: str, variant: str = "original") -> Fingerprint:
        """The fingerprint of one variant.

        Raises:
            KeyError: this Work has none of that algorithm and variant.
        """
        for known in self.fingerprints:
            if known.variant == variant and known.fingerprint.algorithm == algorithm:
                return known.fingerprint
        raise KeyError((algorithm, variant))


def parse_look(name: str) -> tuple[int, str]:
    """Which file a look is of (0 the Work's own, n its rendition n), and the variant of that file.

    >>> parse_look("mirror"), parse_look("rendition-2"), parse_look("rendition-2.mirror.crop-97-c")
    ((0, 'mirror'), (2, 'original'), (2, 'mirror.crop-97-c'))
    """
    if not name.startswith("rendition-"):
        return 0, name
    number, _, variant = name.removeprefix("rendition-").partition(".")
    return int(number), variant or "original"


class ExcludedReason(StrEnum):
    """Why a file of the portfolio folder is not a Work: counted and named, never silently dropped."""

    NOT_A_PICTURE = "not_a_picture"
    UNREADABLE = "unreadable"
    UNDECODABLE = "undecodable"
    TRUNCATED = "truncated"
    OVER_LIMIT = "over_limit"
    UNSUPPORTED_FORMAT = "unsupported_format"
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    DECODE_CRASH = "decode_crash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A file that was looked at and could not become a Work."""

    file: str
    reason: ExcludedReason
    detail: str = ""
    sha256: str | None = None
    md5: str | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """An ordered set of Works (by ``file``, UTF-8 bytes) and the files that were excluded.

    ``other_files`` counts what is no picture by name and by content (texts, spreadsheets): not listed, because their
    names are nobody's business in an evidence package.
    """

    works: tuple[Work, ...]
    excluded: tuple[Excluded, ...] = ()
    other_files: int = 0

    @property
    def digest(self) -> str:
        """SHA-256 over the works' digests, renditions and fingerprints: equal means the same queries are asked."""
        state = hashlib.sha256()
        for work in self.works:
            state.update(f"{work.file}\0{work.sha256}\n".encode("utf-8", "surrogateescape"))
            for rendition in work.renditions:
                state.update(f"rendition\0{rendition.sha256}\n".encode())
                for known in rendition.fingerprints:
                    state.update(f"{known.variant}\0{known.fingerprint}\n".encode())
            for known in work.fingerprints:
                state.update(f"{known.variant}\0{known.fingerprint}\n".encode())
            state.update(repr(work.declared).encode("utf-8", "surrogateescape"))
        return state.hexdigest()
