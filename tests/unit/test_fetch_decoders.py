"""Decoding in processes with limits: what kills a decoder is an outcome, and the next picture is decoded all the same."""

from __future__ import annotations

import asyncio
import io
import struct
import sys
import zlib
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from scanner.decoding import ROW_LIMITS, decode_picture
from scanner.fetch import decoders
from scanner.fetch.decoders import DecoderLimits, Decoders, Looked
from scanner.hashers import fingerprints
from scanner.observations import FetchOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = DecoderLimits(picture=ROW_LIMITS)


def picture(side: int = 64, kind: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((side, side)).convert("RGB").rotate(30).save(stream, kind, **options)
    return stream.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """A PNG whose header claims a size; its pixels are zeros."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = zlib.compress((b"\0" + bytes(width)) * min(height, 2000), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def open_decoders() -> Iterator[Decoders]:
    with Decoders(1, LIMITS) as known:
        yield known


def look(known: Decoders, *bodies: bytes) -> list[Looked]:
    async def run() -> list[Looked]:
        return list(await asyncio.gather(*map(known.look, bodies)))

    return asyncio.run(run())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP"])
def test_fingerprints_and_facts_are_those_of_a_scan(open_decoders: Decoders, kind: str) -> None:
    body = picture(200, kind)
    (looked,) = look(open_decoders, body)
    expected = {
        known.algorithm: f"{known.value:0{known.bits // 4}x}" for known in fingerprints(decode_picture(body).image)
    }
    assert looked.outcome is FetchOutcome.IMAGE
    assert {name: looked.facts[name] for name in expected} == expected
    assert (looked.facts["format"], looked.facts["width"], looked.facts["frames"]) == (kind, 200, 1)
    assert len(looked.facts["md5"]) == len(looked.facts["sha1"]) == 32


FAULTS = {
    "50,000 x 50,000 PNG": (png_bomb(50_000, 50_000), FetchOutcome.OVER_PIXEL_LIMIT),
    "a side of 40,000": (png_bomb(40_000, 4), FetchOutcome.OVER_PIXEL_LIMIT),
    "half a JPEG": (picture(300)[:2000], FetchOutcome.UNDECODABLE),
    "a TIFF": (picture(64, "TIFF"), FetchOutcome.UNSUPPORTED_FORMAT),
    "a page": (b"<html>not here</html>", FetchOutcome.NOT_IMAGE),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FetchOutcome.UNSUPPORTED_FORMAT),
    "nothing": (b"", FetchOutcome.NOT_IMAGE),
    "a JPEG that is a ZIP as well": (picture(64) + b"PK\x05\x06" + bytes(18), FetchOutcome.IMAGE),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bytes_that_give_no_picture_are_their_outcome(open_decoders: Decoders, fault: str) -> None:
    body, expected = FAULTS[fault]
    assert look(open_decoders, body)[0].outcome is expected


KILLER, HUNG, EATER, SPINNER = b"kill", b"hang", b"eat", b"spin"


def _prone(asked: object, limits: DecoderLimits) -> None:
    """A decoder with four holes, served by the module's own loop: what a crash in a library does to its process."""
    import os
    import time

    genuine = decoders._measurer(limits)

    def measure(body: bytes) -> dict[str, object]:
        if body == KILLER:
            os.abort()
        if body == HUNG:
            time.sleep(600)
        if body == EATER:
            return {"outcome": FetchOutcome.IMAGE, "facts": {"eaten": len(bytearray(4 * limits.memory_mib * 2**20))}}
        while body == SPINNER:
            pass
        return dict(genuine(body))

    decoders._measurer = lambda _: measure
    decoders._genuine_serve(asked, limits)  # type: ignore[attr-defined]


@pytest.fixture
def prone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoders]:
    monkeypatch.setattr(decoders, "_serve", _serve_prone)
    with Decoders(2, DecoderLimits(picture=ROW_LIMITS, memory_mib=256, cpu_s=1, pictures=4)) as known:
        yield known


def _serve_prone(asked: object, limits: DecoderLimits) -> None:
    from scanner.fetch import decoders as fresh

    fresh._genuine_serve = fresh._serve  # type: ignore[attr-defined]
    _prone(asked, limits)


@pytest.mark.skipif(sys.platform == "win32", reason="the limits are POSIX's")
def test_what_kills_a_decoder_is_a_decode_crash_and_no_other_picture_is_lost(prone: Decoders) -> None:
    good = picture()
    looked = look(prone, good, KILLER, SPINNER, EATER, good)
    outcomes = [each.outcome for each in looked]
    assert outcomes == [FetchOutcome.IMAGE, *[FetchOutcome.DECODE_CRASH] * 3, FetchOutcome.IMAGE]


def test_a_decoder_that_never_answers_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "_serve", _serve_prone)
    with Decoders(1, DecoderLimits(picture=ROW_LIMITS, wall_s=1.0)) as known:
        assert look(known, HUNG)[0].outcome is FetchOutcome.DECODE_CRASH
