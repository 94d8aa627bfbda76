"""Perceptual fingerprints: what imagehash computes, as values, one picture or many at a time.

``phash64`` is ``imagehash.phash(image)`` and ``phash256`` is ``imagehash.phash(image, hash_size=16)``, bit for bit
(ISO 24138:2024 publishes the former as its Image-Code).  Both shrink the picture to a few grey pixels first; those
pixels are all that decides the bits, so they are kept as a tiny PNG beside a finding and anybody can hash them again.

`fingerprint_of_grey` calls imagehash itself and is the reference.  `fingerprints_many` is the fast path for thousands
of pictures: the same transform as a matrix product, which may differ from imagehash's in the last bits of a double, so
a picture whose median is nearly a tie goes through the reference.  Both take grey pixels, never a file.
"""

from __future__ import annotations

import struct
import zlib
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from PIL import Image

from scanner.works import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

Algorithm = Literal["phash64", "phash256"]

ALGORITHMS: Final[tuple[Algorithm, ...]] = ("phash64", "phash256")
"""The fingerprints we compute, in the order of every record."""

BITS: Final[dict[Algorithm, int]] = {"phash64": 64, "phash256": 256}
SPECS: Final[dict[Algorithm, str]] = {
    "phash64": "imagehash.phash; ISO 24138:2024 Image-Code",
    "phash256": "imagehash.phash, hash_size=16",
}
"""What each is, for the records."""

GREY_SIDE: Final[dict[Algorithm, int]] = {"phash64": 32, "phash256": 64}
"""Side in pixels of the grey square each algorithm looks at: four times the side of its square of bits."""

LOW_DETAIL: Final = Decimal("0.0100")
"""Below this `detail` a work is flagged: blank paper, printed pages, pencil on white; paintings lie above it.

Measured on 167 real pictures: an ordinary edit (150 px, JPEG 40) moves the 64 bits of the 12 below it by 4.3 on
average, those of the others by 1.2.
"""

# Doubles err by about 1e-9 at these magnitudes (255 * 64 * 64 * 4 < 2**23); a gap of 1e-5 around the median is a tie.
_TIE: Final = 1e-5
_CHUNK: Final = 1024  # pictures at once: 8 MB of doubles at 32 x 32, which stays in the cache of a laptop


def grey_image(image: Image.Image) -> Image.Image:
    """The picture in Pillow's grey (ITU-R 601-2 luma in 16-bit fixed point), the input of every `grey_pixels`."""
    return image if image.mode == "L" else image.convert("L")


def grey_pixels(image: Image.Image, algorithm: Algorithm) -> NDArray[np.uint8]:
    """Exactly the pixels imagehash looks at: ``uint8[32, 32]`` for phash64, ``uint8[64, 64]`` for phash256.

    ``image`` is in normal form (see ``decoding.normal_form``); grey pictures (mode ``L``) give the same pixels as the
    same picture in RGB, so a caller that needs several sizes converts once.
    """
    side = GREY_SIDE[algorithm]
    return np.asarray(grey_image(image).resize((side, side), Image.Resampling.LANCZOS))


def fingerprint_of_grey(grey: NDArray[np.uint8], algorithm: Algorithm) -> Fingerprint:
    """Hash grey pixels with imagehash itself: the reference for `fingerprints_many`.

    Raises:
        ValueError: ``grey`` has not the algorithm's shape.
    """
    import imagehash  # noqa: PLC0415 - brings scipy, a quarter of a second that `--help` must not pay

    side = GREY_SIDE[algorithm]
    if grey.shape != (side, side) or grey.dtype != np.uint8:
        raise ValueError(f"{algorithm} takes uint8[{side}, {side}], not {grey.dtype}{list(grey.shape)}")
    bits = imagehash.phash(Image.fromarray(grey), hash_size=side // 4).hash
    return Fingerprint(
        algorithm=algorithm, bits=BITS[algorithm], value=int.from_bytes(np.packbits(bits.ravel()).tobytes())
    )


def fingerprints(image: Image.Image) -> tuple[Fingerprint, ...]:
    """Both fingerprints of a picture in normal form, in the order of `ALGORITHMS`."""
    grey = grey_image(image)
    return tuple(fingerprint_of_grey(grey_pixels(grey, algorithm), algorithm) for algorithm in ALGORITHMS)


def fingerprints_many(greys: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Hash many squares of grey pixels; equal to `fingerprint_of_grey` on each.

    Args:
        greys: ``uint8[n, 32, 32]`` or ``uint8[n, 64, 64]``.

    Returns:
        ``uint64[n]`` for phash64; ``uint64[n, 4]`` for phash256, most significant word first.  About 3 microseconds a
        picture at 32 x 32; imagehash needs some 50.

    Raises:
        ValueError: another shape or type.
    """
    algorithm = _algorithm_of(greys)
    bits = np.empty((len(greys), BITS[algorithm]), dtype=bool)
    for start in range(0, len(greys), _CHUNK):
        part = greys[start : start + _CHUNK]
        bits[start : start + len(part)], ties = _median_bits(part, BITS[algorithm])
        for tie in np.flatnonzero(ties):
            exact = fingerprint_of_grey(part[tie], algorithm)
            bits[start + tie] = _bits_of(exact)
    words = np.packbits(bits, axis=1).view(">u8").astype(np.uint64)
    return words[:, 0] if algorithm == "phash64" else words


def _algorithm_of(greys: NDArray[np.uint8]) -> Algorithm:
    for algorithm, side in GREY_SIDE.items():
        if greys.ndim == 3 and greys.shape[1:] == (side, side) and greys.dtype == np.uint8:
            return algorithm
    raise ValueError(f"expected uint8[n, 32, 32] or uint8[n, 64, 64], not {greys.dtype}{list(greys.shape)}")


def _median_bits(greys: NDArray[np.uint8], bits: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Bits by matrix product, and which pictures are too near a tie to trust them.

    The median of an even number of values is the mean of the middle two, so every bit is safe when those two lie apart.
    """
    kept = round(bits**0.5)
    n, side = greys.shape[:2]
    basis = _dct_basis(side, kept).T
    # Two tall matrix products instead of n small ones: along x, then (transposed) along y.
    along_x = (greys.reshape(n * side, side).astype(np.float64) @ basis).reshape(n, side, kept)
    along_y = along_x.transpose(0, 2, 1).reshape(n * kept, side) @ basis
    low = along_y.reshape(n, kept, kept).transpose(0, 2, 1).reshape(n, bits)
    middle = np.sort(low, axis=1)[:, bits // 2 - 1 : bits // 2 + 1]
    return low > middle.mean(axis=1, keepdims=True), (middle[:, 1] - middle[:, 0]) < _TIE


@cache
def _dct_basis(side: int, kept: int) -> NDArray[np.float64]:
    """The first ``kept`` rows of the unnormalised DCT-II of length ``side``, as ``scipy.fftpack.dct`` defines it."""
    angles = np.pi / (2 * side) * np.outer(np.arange(kept), 2 * np.arange(side) + 1)
    basis: NDArray[np.float64] = 2 * np.cos(angles)
    basis.setflags(write=False)
    return basis


def _bits_of(fingerprint: Fingerprint) -> NDArray[np.bool_]:
    octets = np.frombuffer(fingerprint.value.to_bytes(fingerprint.bits // 8), dtype=np.uint8)
    return np.unpackbits(octets).astype(bool)


def packed(known: Sequence[Fingerprint]) -> NDArray[np.uint64]:
    """Fingerprints of one algorithm as the search wants them.

    Returns:
        ``uint64[n]`` where they have 64 bits, else ``uint64[n, bits / 64]``, most significant word first; ``uint64[0]``
        for none.

    Raises:
        ValueError: they are not all of one algorithm.
    """
    if len({(one.algorithm, one.bits) for one in known}) > 1:
        raise ValueError("fingerprints of several algorithms cannot lie in one array")
    if not known:
        return np.empty(0, dtype=np.uint64)
    octets = b"".join(one.value.to_bytes(one.bits // 8) for one in known)
    words = np.frombuffer(octets, dtype=">u8").astype(np.uint64).reshape(len(known), -1)
    return words[:, 0] if words.shape[1] == 1 else words


def unpacked(words: NDArray[np.uint64], algorithm: str) -> tuple[Fingerprint, ...]:
    """The inverse of `packed`: ``uint64[n]`` or ``uint64[n, k]`` to values."""
    columns = words if words.ndim == 2 else words[:, None]
    octets = columns.astype(">u8").tobytes()
    width = 8 * columns.shape[1]
    return tuple(
        Fingerprint(algorithm=algorithm, bits=8 * width, value=int.from_bytes(octets[at : at + width]))
        for at in range(0, len(octets), width)
    )


def detail(grey: NDArray[np.uint8]) -> Decimal:
    """Share of the picture's energy outside the DC term, 0 to 1 with four decimals, rounded half up.

    By Parseval's theorem this is ``1 - (sum of x)**2 / (n * sum of x**2)`` over the pixels, so it is computed in exact
    integers: no library's DCT can change it.  A blank picture has 0.
    """
    pixels = grey.astype(np.int64)
    total = pixels.size * int((pixels * pixels).sum())
    if not total:
        return Decimal("0.0000")
    outside = total - int(pixels.sum()) ** 2
    return Decimal((2 * 10_000 * outside + total) // (2 * total)).scaleb(-4)


def is_low_detail(share: Decimal) -> bool:
    """Whether a work of this `detail` is flagged ``low_detail``: chance matches are more frequent."""
    return share < LOW_DETAIL


def rendition_png(grey: NDArray[np.uint8]) -> bytes:
    """Grey pixels as a PNG whose bytes depend on nothing but the pixels.

    Written by hand with stored (uncompressed) blocks, because compressed bytes differ between builds of zlib.  At most
    ``uint8[255, 255]``; a 32 x 32 square takes 1.1 kB.
    """
    height, width = grey.shape
    lines = b"".join(b"\0" + line.tobytes() for line in np.ascontiguousarray(grey, dtype=np.uint8))
    if len(lines) > 0xFFFF:
        raise ValueError(f"a rendition of {width} x {height} does not fit into one stored block")
    stored = b"\x01" + struct.pack("<HH", len(lines), len(lines) ^ 0xFFFF) + lines
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
            _chunk(b"IDAT", b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(lines))),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def stacked(greys: Iterable[NDArray[np.uint8]], algorithm: Algorithm) -> NDArray[np.uint8]:
    """Squares of grey pixels as one array for `fingerprints_many`; ``uint8[0, side, side]`` for none."""
    known = list(greys)
    side = GREY_SIDE[algorithm]
    return np.stack(known) if known else np.empty((0, side, side), dtype=np.uint8)
