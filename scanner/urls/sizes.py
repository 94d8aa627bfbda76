"""Sizes in queries and file names: which parts of a URL only say how large the picture is wanted.

Where the path ends in a picture's extension, the path names the picture and a closed list of parameters is dropped.  Where it does not
(``/thumb?id=…&w=300``), the query may be the picture: only purely numeric ``w h width height`` go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scanner.urls.keys import Crop, declared_side, more_cropped

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE_EXTENSIONS: Final = (
    "jpg",
    "jpeg",
    "jpe",
    "png",
    "gif",
    "webp",
    "avif",
    "bmp",
    "tif",
    "tiff",
    "jfif",
    "heic",
    "svg",
    "psd",
)
IMAGE_END: Final = re.compile(r"\.(?:" + "|".join(IMAGE_EXTENSIONS) + r")$", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[0-9]{1,5}(?:\.[0-9]+)?(?:px)?")
_SIZE_WORD: Final = re.compile(r"[0-9.,x:*-]*|[a-z]{1,12}|[a-z]+_?[0-9]+|[0-9]+[a-z]+", re.IGNORECASE)
# Digits, a digest, W3 Total Cache's x12345, Newgrounds' f1580000000.
_CACHE_BUSTER: Final = re.compile(r"[0-9]{1,20}|[0-9a-fA-F]{4,64}|x[0-9]{4,6}|f[0-9]{10}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{32,64}")  # imgix, Reddit and others sign the size they were asked for
_STORE_OPERATION: Final = re.compile(
    r"(?:imageView2?|imageMogr2|imageslim|watermark)(?:$|[/&])"
)  # Qiniu, NetEase, Tencent
_SIDES: Final = frozenset({"w", "h", "width", "height"})
_ANY_VALUE: Final = frozenset(
    "w h width height wid hei imwidth imheight maxwidth maxheight max-w max-h max_width max_height mw mh maxw maxh quality qlt dpr resize "
    "resize_to fit scale zoom strip ssl imgmax fm auto crop rect bg background trim sharpen sharp usm usmrad op_usm op_sharpen resmode "
    "ixlib ixid cs downsize output-quality output-format interpolation imformat impolicy upscale anchor rmode imgtype tw th cropx cropy "
    "smart hidpi strp wait enlarge progressive optimize bw bh letterbox padding pad borderwidth align method extend lossless blur "
    "bg-color bgcolor canvas sw sh sm sfrm tr compress shape fidelity thumbnail stripmeta".split()
)
_SIZE_VALUE: Final = frozenset(
    "s sz size format f fmt mode m type ext zc a t_size preset style rendition version_size".split()
)
_SHORT_VALUE: Final = frozenset(
    {"c", "p"}
)  # a crop flag, BigCommerce's ?c=2, ?p=facebook; longer numbers may name a picture
_SHORT: Final = re.compile(r"[0-9]?|[a-z]{1,12}", re.IGNORECASE)
_NUMERIC_VALUE: Final = frozenset({"q", "s", "x", "y"})
_REVISIONS: Final = frozenset(
    "v ver version rev revision t ts timestamp time mtime modified lastmod lastmodified updated updated_at cb cache _ rnd r d "
    "itok".split()
)
_CROPPING: Final = frozenset({"crop", "resize", "rect", "cropx", "cropy", "zc", "smart"})
_STEM_SIZE: Final = re.compile(r"[-_](?P<w>[0-9]{2,5})x(?P<h>[0-9]{2,5})(?:@[23]x)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """What is left of a query, and what was said about size: the part that names the picture, sides, crop, revision."""

    kept: str | None
    width: int | None = None
    height: int | None = None
    crop: Crop = "no"
    revision: str | None = None


def without_size(path: str, query: str | None) -> Sized:
    """A query without what only says how large the picture is wanted; a cache buster becomes the revision."""
    if query is None:
        return Sized(kept=None)
    if not IMAGE_END.search(path):
        return _without_sides(query)
    if "=" not in query and _CACHE_BUSTER.fullmatch(query):
        return Sized(kept=None, revision=query)
    if _STORE_OPERATION.match(query) or query.startswith("x-oss-process="):
        return Sized(kept=None, crop="maybe")
    kept: list[str] = []
    width = height = revision = None
    crop: Crop = "no"
    for name, value, part in _parameters(query):
        if name in _REVISIONS and re.fullmatch(r"[0-9A-Za-z._:-]{0,64}", value):
            revision = part if revision is None else f"{revision}&{part}"
        elif not _is_size(name, value):
            kept.append(part)
        else:
            crop = more_cropped(crop, _crop_of(name, value))
            width = declared_side(value) if name in {"w", "width", "wid"} else width
            height = declared_side(value) if name in {"h", "height", "hei"} else height
    if crop == "no" and width is not None and height is not None:
        crop = "maybe"
    return Sized(kept="&".join(kept) or None, width=width, height=height, crop=crop, revision=revision)


def _parameters(query: str) -> Iterator[tuple[str, str, str]]:
    for part in query.split("&"):
        name, _, value = part.partition("=")
        yield name.lower(), value, part


def _is_size(name: str, value: str) -> bool:
    if name in _ANY_VALUE:
        return "http" not in value.lower() and "/" not in value
    if name in _NUMERIC_VALUE and _NUMBER.fullmatch(value):
        return True
    if name == "s" and _SIGNATURE.fullmatch(value):
        return True
    if name in _SHORT_VALUE:
        return _SHORT.fullmatch(value) is not None
    if name == "":
        return value == ""
    return name in _SIZE_VALUE and _SIZE_WORD.fullmatch(value) is not None


def _crop_of(name: str, value: str) -> Crop:
    value = value.lower()
    if name in _CROPPING:
        return "no" if value in {"0", "false", "no", ""} else "yes"
    if (name in {"fit", "mode", "rmode"} and value.startswith(("crop", "cover", "facearea", "fill"))) or (
        name == "c" and value == "1"
    ):
        return "yes"
    return "no"


def _without_sides(query: str) -> Sized:
    kept: list[str] = []
    sides: dict[str, int | None] = {}
    for name, value, part in _parameters(query):
        if name in _SIDES and _NUMBER.fullmatch(value):
            sides[name[0]] = declared_side(value)
        else:
            kept.append(part)
    crop: Crop = "maybe" if len(sides) == 2 else "no"
    return Sized(kept="&".join(kept) or None, width=sides.get("w"), height=sides.get("h"), crop=crop)


def without_stem_size(path: str) -> tuple[str, int | None, int | None, bool]:
    """A path without ``-WxH`` before a picture's extension: ``(path, width, height, whether one was there)``.

    Real dimensions in a name (``banner-300x250.jpg``) go as well, so the rendition is marked ``crop=maybe``.
    """
    end = IMAGE_END.search(path)
    if end is None:
        return path, None, None, False
    stem = path[: end.start()]
    match = _STEM_SIZE.search(stem)
    if match is None or match.start() == 0 or stem[match.start() - 1] == "/":
        return path, None, None, False
    return stem[: match.start()] + end[0], declared_side(match["w"]), declared_side(match["h"]), True
