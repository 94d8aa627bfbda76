"""The pictures of a finding: thumbnails, the grey pixels behind a fingerprint, and the fingerprint itself as a drawing.

Pictures stand in the page as ``data:`` addresses, so that the page is one file that can be passed on, and no browser
rule about ``file:`` decides whether they are seen.
"""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from manifests.errors import UnsafePath
from manifests.report.markup import Markup, drawing, tag
from manifests.texts.labels import has_label, label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manifests.packages import Package
    from manifests.words import Lang

MAX_PICTURE_BYTES: Final = 4 << 20
MAX_ALL_BYTES: Final = 24 << 20  # of pictures in one report, before base64
_MEDIA: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_THUMBNAIL: Final = re.compile(r"thumbnails/(m-[0-9a-f]{32})-([A-Za-z0-9._-]+)\.(?:jpg|png)")
_RENDITION: Final = re.compile(r"renditions/([0-9a-f]{16})-(.+)-(phash(?:64|256))\.png")
_FIRST: Final = ("pair", "work", "row", "overlay", "difference")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: ``name`` says what it shows (``pair``, ``overlay`` …), ``path`` is relative to the package."""

    name: str
    path: str

    def caption(self, lang: Lang) -> str:
        """What it shows, in words."""
        code = f"picture_{self.name}"
        return label(code, lang) if has_label(code) else label("picture_other", lang, name=self.name)


class Album:
    """All pictures of a package by what they belong to; reads them while a budget of bytes lasts."""

    def __init__(self, package: Package, *, max_bytes: int | None = MAX_ALL_BYTES) -> None:
        """Index the pictures that the Manifest lists; ``max_bytes`` None means no bound."""
        self._package = package
        self._left = max_bytes
        self.left_out = 0
        self._thumbnails: defaultdict[str, list[Picture]] = defaultdict(list)
        self._renditions: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for entry in package.manifest["files"]:
            self._index(entry["path"])

    def _index(self, path: str) -> None:
        if thumbnail := _THUMBNAIL.fullmatch(path):
            self._thumbnails[thumbnail[1]].append(Picture(thumbnail[2], f"data/{path}"))
        elif rendition := _RENDITION.fullmatch(path):
            self._renditions[rendition[1]].append((rendition[3], rendition[2], f"data/{path}"))

    def of(self, match: Mapping[str, Any]) -> list[Picture]:
        """Thumbnails of a finding; where there are none, the grey renditions of its two sides."""
        thumbnails = self._thumbnails.get(match["match_id"])
        if thumbnails:
            return sorted(thumbnails, key=lambda picture: (_rank(picture.name), picture.name))
        found = []
        variant = next((b["variant"] for b in match["basis"] if b["variant"] is not None), "original")
        if match["work_sha256"] is not None and (path := self._rendition(match["work_sha256"], variant)):
            found.append(Picture("rendition", path))
        content = (match["observation"] or {}).get("content_sha256")
        if content is not None and (path := self._rendition(content, "original")):
            found.append(Picture("rendition_row", path))
        return found

    def _rendition(self, sha256: str, variant: str) -> str | None:
        known = self._renditions.get(sha256[:16], ())
        ranked = sorted(
            known, key=lambda entry: (entry[1] != variant, entry[1] != "original", entry[0] != "phash256", entry[1])
        )
        return ranked[0][2] if ranked else None

    def bytes_of(self, picture: Picture) -> tuple[str, bytes] | None:
        """Media type and bytes; None where the file is no JPEG or PNG, missing, too large, or the budget is used up."""
        try:
            data = self._package.read_bytes(picture.path, MAX_PICTURE_BYTES)
        except (OSError, UnsafePath):
            return None
        media = next((media for magic, media in _MEDIA.items() if data.startswith(magic)), None)
        if media is None:
            return None
        if self._left is not None:
            if len(data) > self._left:
                self.left_out += 1
                return None
            self._left -= len(data)
        return media, data

    def shown(self, picture: Picture, lang: Lang) -> Markup | None:
        """A figure with the picture inside; None as ``bytes_of``."""
        found = self.bytes_of(picture)
        if found is None:
            return None
        media, data = found
        address = f"data:{media};base64,{base64.b64encode(data).decode('ascii')}"
        words = picture.caption(lang)
        grey = "grey" if picture.name.startswith("rendition") else None
        return tag(
            "figure",
            tag("img", src=address, alt=words),
            tag("figcaption", words),
            class_=grey or f"view {picture.name}-view",
        )


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def bits(value: str) -> tuple[int, int]:
    """``(number of bits, value)`` of ``phash64:9b…``.

    Raises:
        ValueError: not hex, or not a square number of bits.
    """
    digits = value.rpartition(":")[2]
    count = 4 * len(digits)
    if int(count**0.5) ** 2 != count:
        raise ValueError(f"{count} bits are no square")
    return count, int(digits, 16)


def bit_grid(value: str, other: str) -> Markup:
    """A fingerprint as a square of cells, first bit top left; cells in which it differs from ``other`` are ringed."""
    count, number = bits(value)
    differing = number ^ bits(other)[1]
    side = int(count**0.5)
    ones, rings = [], []
    for place in range(count):
        y, x = divmod(place, side)
        mask = 1 << (count - 1 - place)
        if number & mask:
            ones.append(f"M{x} {y}h1v1h-1z")
        if differing & mask:
            rings.append(f"M{x}.12 {y}.12h.76v.76h-.76z")
    return drawing(
        f'<svg class="bits" viewBox="-.2 -.2 {side}.4 {side}.4" role="img" aria-hidden="true">'
        f'<path class="frame" d="M0 0h{side}v{side}h-{side}z"/><path class="ones" d="{"".join(ones)}"/>'
        f'<path class="differ" d="{"".join(rings)}"/></svg>'
    )


def fingerprint_pair(basis: Mapping[str, Any], lang: Lang) -> Markup:
    """Both fingerprints of a comparison side by side."""
    work, row = str(basis["work_value"]), str(basis["row_value"])
    return tag(
        "div",
        tag("figure", bit_grid(work, row), tag("figcaption", label("bits_work", lang)), class_="grid"),
        tag("figure", bit_grid(row, work), tag("figcaption", label("bits_row", lang)), class_="grid"),
        class_="pair",
    )
