"""What a picture's own metadata says of training and data mining: C2PA assertions, IPTC/PLUS and TDMRep properties in XMP.

Read from the bytes as they came, without decoding a pixel; signatures of C2PA are not checked, so a value is what the file *says*.
Whatever is not as its standard has it gives nothing: it is a stranger's file.
"""

from __future__ import annotations

import json
import re
import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.opt_outs.sites import Signal

_MAX_DEPTH: Final = 12
_MAX_BOXES: Final = 2000
_MAX_XMP: Final = 1 << 20
_ASSERTIONS: Final = ("c2pa.training-mining", "cawg.training-mining")
_XMP_NAMES: Final = ("plus:DataMining", "tdm:reservation", "tdm:policy")


def picture_signals(content: bytes) -> list[Signal]:
    """The opt-out signals that a picture file carries; values verbatim."""
    return [*_xmp(content), *_c2pa(content)]


def _xmp(content: bytes) -> Iterator[Signal]:
    """Properties of the first XMP packet, which lies uncompressed in JPEG, PNG, WebP and AVIF files."""
    begin = content.find(b"<x:xmpmeta")
    end = content.find(b"</x:xmpmeta>", begin, begin + _MAX_XMP) if begin >= 0 else -1
    if end < 0:
        return
    text = content[begin:end].decode("utf-8", "replace")
    for name in _XMP_NAMES:
        found = re.search(rf"""\b{name}\s*=\s*(?:"([^"]*)"|'([^']*)')|<{name}>([^<]*)</{name}>""", text)
        if found is not None:
            yield f"xmp:{name}", next(value for value in found.groups() if value is not None)


def _c2pa(content: bytes) -> Iterator[Signal]:
    try:
        for label, statement in _assertions(_jumbf(content)):
            entries = statement.get("entries") if isinstance(statement, dict) else None
            for name, entry in entries.items() if isinstance(entries, dict) else ():
                use = entry.get("use") if isinstance(entry, dict) else None
                if isinstance(name, str) and isinstance(use, str):
                    yield f"c2pa:{name}", use
                    continue
                yield f"c2pa:{label}", json.dumps({str(name): entry}, default=str)[:1000]
    except (ValueError, IndexError, struct.error, RecursionError):
        return  # not as the standard has it: what was read before stands


def _jumbf(content: bytes) -> bytes:
    """The JUMBF boxes of a JPEG (APP11 segments), PNG (``caBX``) or WebP (``C2PA``)."""
    if content.startswith(b"\xff\xd8"):
        return b"".join(_app11(content))
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"".join(body for kind, body in _chunks(content, 8, ">I4s", 4) if kind == b"caBX")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return b"".join(body for kind, body in _chunks(content, 12, "<4sI", 0) if kind == b"C2PA")
    return b""


def _app11(content: bytes) -> Iterator[bytes]:
    """Payloads of the APP11 segments (ISO 19566-5 annex D), the box header that each repeats taken off but the first."""
    at, begun = 2, set()
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker == 0xDA or length < 2:  # the picture itself begins
            return
        segment = content[at + 4 : at + 2 + length]
        if marker == 0xEB and segment[:2] == b"JP" and len(segment) >= 16:
            instance = segment[2:4]
            yield segment[16:] if instance in begun else segment[8:]
            begun.add(instance)
        at += 2 + length


def _chunks(content: bytes, at: int, head: str, after: int) -> Iterator[tuple[bytes, bytes]]:
    """Chunks of PNG (``after``: four bytes of CRC) or RIFF (padded to even length)."""
    while at + 8 <= len(content):
        fields = struct.unpack_from(head, content, at)
        kind, length = (fields[1], fields[0]) if isinstance(fields[0], int) else fields
        yield kind, content[at + 8 : at + 8 + length]
        at += 8 + length + (after or length % 2)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            length, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        end = len(data) if length == 0 else at + length
        if end < at + head:
            raise ValueError("a box shorter than its head")
        yield kind, data[at + head : end]
        at = end


def _assertions(data: bytes) -> Iterator[tuple[str, Any]]:
    """``(label, content)`` of the assertions about training and mining, at any depth."""
    pending = [(data, 0)]
    seen = 0
    while pending:
        boxes, depth = pending.pop()
        label = ""
        for kind, body in _boxes(boxes):
            seen += 1
            if seen > _MAX_BOXES or depth > _MAX_DEPTH:
                raise ValueError("more boxes than a file needs")
            if kind == b"jumd" and len(body) > 17 and body[16] & 2:
                label = body[17:].partition(b"\0")[0].decode("utf-8", "replace")
            elif kind == b"jumb":
                pending.append((body, depth + 1))
            elif label.startswith(_ASSERTIONS) and kind in {b"cbor", b"json"}:
                yield label, json.loads(body) if kind == b"json" else read_cbor(body)


def read_cbor(data: bytes) -> Any:
    """One CBOR item of the kinds that assertions use (RFC 8949): integers, strings, arrays, maps, tags, true, false, null.

    Raises:
        ValueError: another kind, an indefinite length, or deeper than assertions are.
    """
    return _cbor(data, 0, 0)[0]


def _cbor(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > _MAX_DEPTH or at >= len(data):
        raise ValueError("CBOR ends early or nests too deep")
    major, short = data[at] >> 5, data[at] & 31
    if major == 7:
        if short not in {20, 21, 22}:
            raise ValueError("a kind of CBOR that assertions do not use")
        return {20: False, 21: True, 22: None}[short], at + 1
    at, number = _argument(data, at + 1, short)
    if major in {0, 1}:
        return (number if major == 0 else -1 - number), at
    if major in {2, 3}:
        if at + number > len(data):
            raise ValueError("CBOR ends early")
        body = data[at : at + number]
        return (body.hex() if major == 2 else body.decode("utf-8")), at + number
    if major == 6:
        return _cbor(data, at, depth + 1)
    items = []
    for _ in range(number * (2 if major == 5 else 1)):
        value, at = _cbor(data, at, depth + 1)
        items.append(value)
    if major == 4:
        return items, at
    return {str(name): value for name, value in zip(items[::2], items[1::2], strict=True)}, at


def _argument(data: bytes, at: int, short: int) -> tuple[int, int]:
    if short < 24:
        return at, short
    if short > 27:
        raise ValueError("an indefinite length")
    width = 1 << (short - 24)
    if at + width > len(data):
        raise ValueError("CBOR ends early")
    return at + width, int.from_bytes(data[at : at + width])
