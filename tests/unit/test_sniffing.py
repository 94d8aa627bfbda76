from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from scanner.sniffing import animation_frames, sniff_format, webp_canvas


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"BM are the first letters of this text", None),
        (b"BM" + bytes(12) + struct.pack("<I", 40), "BMP"),
        (b"BM", None),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"GIF88a", None),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WEBP"),
        (struct.pack(">I", 32) + b"ftypavif" + bytes(4) + b"avifmif1miaf", "AVIF"),
        (struct.pack(">I", 24) + b"ftypmif1" + bytes(4) + b"avifmif1", "AVIF"),
        (struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic", "HEIF"),
        (struct.pack(">I", 20) + b"ftypisom" + bytes(4) + b"mp42", None),
        (b"\xef\xbb\xbf<svg xmlns=''>", "SVG"),
        (b"<?xml version='1.0'?><svg>", "SVG"),
        (b"<?xml version='1.0'?><note>", None),
        (b"%PDF-1.7", None),
        (b"\xff\x0a", "JXL"),
        (b"", None),
    ],
)
def test_a_format_is_known_by_its_first_bytes(head: bytes, name: str | None) -> None:
    assert sniff_format(head) == name


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}])
def test_the_canvas_of_a_webp_is_read_from_each_kind_of_header(options: dict[str, object]) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (301, 17), (3, 4, 5)).save(buffer, "WEBP", **options)
    assert webp_canvas(buffer.getvalue()[:64]) == (301, 17)


def test_a_webp_header_that_is_none_has_no_canvas() -> None:
    assert webp_canvas(b"RIFF\0\0\0\0WEBPXXXX" + bytes(30)) is None
    assert webp_canvas(b"RIFF") is None


@pytest.mark.parametrize("found", ["GIF", "TIFF"])
def test_frames_are_counted_and_the_file_stays_where_it_was(found: str) -> None:
    buffer = io.BytesIO()
    frames = [Image.new("L", (4, 4), 40 * at) for at in range(5)]
    frames[0].save(buffer, found, save_all=True, append_images=frames[1:])
    buffer.seek(3)
    assert animation_frames(buffer, found) == 5
    assert buffer.tell() == 3


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"II*\0\xff\xff\xff\x7f", b"II*\0\x08\0\0\0\0\0\x08\0\0\0"])
def test_a_damaged_block_structure_counts_as_one_frame(content: bytes) -> None:
    assert animation_frames(io.BytesIO(content), "TIFF" if content[:1] == b"I" else "GIF") == 1


def test_other_formats_say_their_frames_themselves() -> None:
    assert animation_frames(io.BytesIO(b""), "WEBP") is None
