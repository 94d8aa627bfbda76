"""What bytes are, from the bytes: picture formats by their first 64 bytes, frames of a GIF by its blocks.

Names and content types are claims; polyglots and renamed files are common.  Nothing here decodes a pixel.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

ROW_FORMATS: Final = frozenset({"JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP"})
"""What is decoded of strangers' pictures (fetching.md section 1)."""

WORK_FORMATS: Final = ROW_FORMATS | {"TIFF", "HEIF"}
"""What is decoded of the artist's own; HEIF where ``pillow-heif`` is installed."""

_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    # Pictures that we name but do not decode.
    (b"8BPS", "PSD"),
    (b"\0\0\x01\0", "ICO"),
    (b"\0\0\x02\0", "CUR"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"\xff\x0a", "JXL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    (b"SIMPLE  =", "FITS"),
    (b"v/1\x01", "EXR"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"gimp xcf", "XCF"),
)
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
)
# "BM" alone begins too many texts; the size of the second header is one of few.
_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

PICTURE_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".avif", ".tif", ".tiff", ".bmp", ".dib"}
    | {".heic", ".heif", ".hif"}
)
"""Names that promise a picture we can read, in lower case."""

WORKSHOP_SUFFIXES: Final = frozenset(
    {".psd", ".psb", ".kra", ".clip", ".procreate", ".sai", ".sai2", ".xcf", ".ora", ".mdp", ".afphoto", ".afdesign"}
    | {".ai", ".svg", ".jxl", ".jp2"}
    | {".cr2", ".cr3", ".nef", ".nrw", ".arw", ".dng", ".raf", ".orf", ".rw2", ".pef", ".srw"}
)
"""Names of painting programs' own files and of camera raw: works, but to be exported first.

Camera raw mostly begins like a TIFF whose first frame is a thumbnail, so the name decides here, not the bytes.
"""


def sniff_format(head: bytes) -> str | None:
    """Name the picture format that ``head`` (the first 64 bytes or more) begins; None for what is no picture.

    Pillow's names where it has one, so also formats that are not in `WORK_FORMATS`: PSD, ICO, SVG …
    """
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _iso_brand(head)
    if head[:2] == b"BM" and len(head) >= 18 and struct.unpack_from("<I", head, 14)[0] in _BMP_HEADERS:
        return "BMP"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "SVG" if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text) else None


def _iso_brand(head: bytes) -> str | None:
    length = min(struct.unpack_from(">I", head)[0], len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    if b"avif" in brands or b"avis" in brands:
        return "AVIF"
    return "HEIF" if _HEIF_BRANDS.intersection(brands) else None


def webp_canvas(head: bytes) -> tuple[int, int] | None:
    """Width and height a WebP asks for, from its first 30 bytes; None where the header is none we know."""
    if len(head) < 30:
        return None
    kind = head[12:16]
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


_MAX_FRAMES: Final = 10_000  # a bomb of empty frames would keep the counter busy; more than this is said as this


def animation_frames(file: BinaryIO, found: str) -> int | None:
    """Frames of a GIF or pages of a TIFF, at most 10,000, without decoding; None for formats whose header says it.

    Pillow counts a GIF's frames by walking all of them in Python; reading the block structure is enough.
    """
    if found not in {"GIF", "TIFF"}:
        return None
    place = file.tell()
    file.seek(0)
    try:
        return _gif_frames(file) if found == "GIF" else _tiff_pages(file)
    except (IndexError, struct.error):  # ends early: the decoder will say so where it matters
        return 1
    finally:
        file.seek(place)


def _gif_frames(file: BinaryIO) -> int:
    flags = file.read(13)[10]
    file.seek(3 << (flags & 7) + 1 if flags & 0x80 else 0, 1)
    frames = 0
    while frames < _MAX_FRAMES:
        kind = file.read(1)
        if kind == b"\x2c":
            frames += 1
            flags = file.read(9)[8]
            file.seek((3 << (flags & 7) + 1 if flags & 0x80 else 0) + 1, 1)
        elif kind == b"\x21":
            file.seek(1, 1)
        else:
            break
        while length := (file.read(1) or b"\0")[0]:
            file.seek(length, 1)
    return max(frames, 1)


def _tiff_pages(file: BinaryIO) -> int:
    head = file.read(16)
    order = "<" if head[:1] == b"I" else ">"
    big = head[2:4] in {b"+\0", b"\0+"}
    place = struct.unpack_from(f"{order}Q", head, 8)[0] if big else struct.unpack_from(f"{order}I", head, 4)[0]
    seen: set[int] = set()
    while place and place not in seen and len(seen) < _MAX_FRAMES:
        seen.add(place)
        file.seek(place)
        entries = struct.unpack(f"{order}{'Q' if big else 'H'}", file.read(8 if big else 2))[0]
        file.seek(entries * (20 if big else 12), 1)
        place = struct.unpack(f"{order}{'Q' if big else 'I'}", file.read(8 if big else 4))[0]
    return max(len(seen), 1)
