"""Untrusted bytes to one picture in normal form, or a named fault.  Pillow's exceptions end here.

What is decided before a decoder runs: the format, from the first bytes alone (a name or a content type is a claim);
the size, from the header; the frame, always the first.  Pillow's own bomb check only warns between one and two times
its limit, so here its warning is an error, at our limit.  ``LOAD_TRUNCATED_IMAGES`` stays off: half a picture is a
fault, never a picture.

The limits hold inside one process.  A decoder that crashes or hangs takes its process with it, so strangers' pictures
are decoded in worker processes, one at a time in each; `decode_picture` is therefore serialised by a lock.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

# The plugins are imported by name because `Image.init()` would load all 43 formats that Pillow knows.
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from scanner.normal_form import NORMAL_FORM, PixelStep, normal_form, stored_orientation
from scanner.sniffing import ROW_FORMATS, WORK_FORMATS, animation_frames, sniff_format, webp_canvas

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "NORMAL_FORM",
    "PORTFOLIO_LIMITS",
    "ROW_FORMATS",
    "ROW_LIMITS",
    "WORK_FORMATS",
    "DecodeLimits",
    "Picture",
    "PictureError",
    "PictureFault",
    "PixelStep",
    "decode_picture",
    "normal_form",
    "sniff_format",
]

_PLUGINS: Final = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
_ONE_AT_A_TIME: Final = threading.RLock()


class PictureFault(StrEnum):
    """Why bytes gave no picture: counted by reason, never silently dropped."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not_a_picture"
    UNSUPPORTED_FORMAT = "unsupported_format"
    OVER_LIMIT = "over_limit"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"
    UNREADABLE = "unreadable"  # the file, not the picture: permissions, a vanished disk
    DECODE_CRASH = "decode_crash"  # said by whoever watched the worker process die


class PictureError(Exception):
    """Bytes that gave no picture.  A value for the caller to count, not an error of the scan."""

    def __init__(self, fault: PictureFault, detail: str = "") -> None:
        """Keep the reason and one short sentence for the eye; ``detail`` never holds a path."""
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders whole."""
        return (type(self), (self.fault, self.detail))


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """How much one picture may ask for.

    Attributes:
        max_pixels: width x height of the canvas.
        max_side: longer side in pixels.
        max_bytes: size of the file.
    """

    max_pixels: int
    max_side: int
    max_bytes: int


ROW_LIMITS: Final = DecodeLimits(max_pixels=64_000_000, max_side=30_000, max_bytes=20 * 1024 * 1024)
"""A stranger's picture (fetching.md section 1)."""

PORTFOLIO_LIMITS: Final = DecodeLimits(max_pixels=420_000_000, max_side=100_000, max_bytes=8 * 1024**3)
"""The artist's own: 20,000 x 20,000 is allowed.  In colour that takes 1.6 GB while it is read, so it is read alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A decoded picture and what its file said.

    Attributes:
        image: normal form, mode RGB; mode L (which has the same fingerprints) when grey was asked for.
        format: JPEG, PNG, WEBP, GIF, AVIF, TIFF, BMP, HEIF, by its bytes.  A multi-picture JPEG is a JPEG.
        width: in pixels as a viewer shows it, after the EXIF orientation; the stored width where that turns it.
        height: likewise.
        frames: of an animation, or pages; 1 for a still.  Only the first is looked at.
        exif_orientation: 1 to 8; 1 also where the file says nothing or nonsense.
        has_alpha: some pixel may be transparent.
        icc_bytes: size of the embedded colour profile, 0 for none.  Profiles are not applied.
        mode: how the pixels were stored, in Pillow's words: ``RGB``, ``P``, ``CMYK``, ``I;16`` …
    """

    image: Image.Image
    format: str
    width: int
    height: int
    frames: int
    exif_orientation: int
    has_alpha: bool
    icc_bytes: int
    mode: str


def decode_picture(
    data: bytes | Path | BinaryIO,
    *,
    formats: frozenset[str] = ROW_FORMATS,
    limits: DecodeLimits = ROW_LIMITS,
    grey: bool = False,
) -> Picture:
    """Decode the first frame and bring it into normal form.

    Args:
        data: the bytes, a file's path, or a file open for reading at its start (left open).
        formats: names that may be decoded; others are ``unsupported_format``.  HEIF needs ``pillow-heif``.
        limits: checked against the header, before any pixel is decoded.
        grey: give mode L, a quarter of the memory; fingerprints are the same, bit for bit.

    Raises:
        PictureError: whatever is wrong with the bytes.  Never another exception, and no warning leaks.
    """
    if isinstance(data, Path):
        try:
            with data.open("rb") as file:
                return _decoded(file, formats, limits, grey=grey)
        except OSError as error:
            raise PictureError(PictureFault.UNREADABLE, error.strerror or type(error).__name__) from error
    return _decoded(io.BytesIO(data) if isinstance(data, bytes) else data, formats, limits, grey=grey)


def _decoded(file: BinaryIO, formats: frozenset[str], limits: DecodeLimits, *, grey: bool) -> Picture:
    found = _permitted_format(file, formats, limits)
    with _ONE_AT_A_TIME, _pillow_guarded(limits), _open(file, found) as image:
        _check_size(image.size, limits)
        Image.MAX_IMAGE_PIXELS = limits.max_pixels  # what grows while it is decoded: tiles, frames beyond the canvas
        frames = animation_frames(file, found) or _frames_by_header(image)
        orientation, icc = stored_orientation(image), len(image.info.get("icc_profile") or b"")
        mode, has_alpha = image.mode, image.has_transparency_data
        image.seek(0)
        image.load()
        shown = normal_form(image, grey=grey)
        return Picture(
            image=shown,
            format=found,
            width=shown.width,
            height=shown.height,
            frames=frames,
            exif_orientation=orientation,
            has_alpha=has_alpha,
            icc_bytes=icc,
            mode=mode,
        )


def _permitted_format(file: BinaryIO, formats: frozenset[str], limits: DecodeLimits) -> str:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(64)
    file.seek(0)
    if not size:
        raise PictureError(PictureFault.EMPTY)
    found = sniff_format(head)
    if found is None:
        raise PictureError(PictureFault.NOT_A_PICTURE)
    if found not in formats:
        raise PictureError(PictureFault.UNSUPPORTED_FORMAT, found)
    if size > limits.max_bytes:
        raise PictureError(PictureFault.OVER_LIMIT, f"{size} bytes, the limit is {limits.max_bytes}")
    canvas = webp_canvas(head) if found == "WEBP" else None
    if canvas:  # Pillow's decoder sets the whole canvas aside while it opens the file
        _check_size(canvas, limits)
    return found


def _open(file: BinaryIO, found: str) -> Image.Image:
    if found == "HEIF":
        try:
            import pillow_heif  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            hint = "HEIF: install provscan[heic]"
            raise PictureError(PictureFault.UNSUPPORTED_FORMAT, hint) from error
        pillow_heif.register_heif_opener()
    return Image.open(file, formats=(found,))


def _check_size(size: tuple[int, int], limits: DecodeLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels or max(size) > limits.max_side:
        sentence = f"{width} x {height} pixels, the limit is {limits.max_pixels} and {limits.max_side} a side"
        raise PictureError(PictureFault.OVER_LIMIT, sentence)
    if width < 1 or height < 1:
        raise PictureError(PictureFault.UNDECODABLE, f"{width} x {height} pixels")


def _frames_by_header(image: Image.Image) -> int:
    """Frames of a format whose header says it: WebP, AVIF, PNG, multi-picture JPEG, HEIF."""
    return int(getattr(image, "n_frames", 1))


@contextmanager
def _pillow_guarded(limits: DecodeLimits) -> Iterator[None]:
    """Our limit instead of Pillow's, its warning an error, and every way a decoder fails as a `PictureError`."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise PictureError(PictureFault.OVER_LIMIT, f"more than {limits.max_pixels} pixels, or memory") from error
    except _DECODER_FAILURES as error:
        raise PictureError(_fault_of(error), _sentence(error)) from error
    finally:
        Image.MAX_IMAGE_PIXELS = limit


# What Pillow 12 and 13 were seen to raise on damaged files, with their common bases.  RecursionError is a RuntimeError.
_DECODER_FAILURES: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    BufferError,
    struct.error,
    zlib.error,
)


def _fault_of(error: BaseException) -> PictureFault:
    words = str(error).lower()
    if "decompressed data too large" in words or "exceeds limit" in words:
        return PictureFault.OVER_LIMIT  # PNG text chunks that unpack to megabytes
    if isinstance(error, EOFError) or "truncated" in words or "not enough data" in words or "unexpected end" in words:
        return PictureFault.TRUNCATED
    return PictureFault.UNDECODABLE


def _sentence(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "the decoder does not accept its header"  # Pillow's own sentence names the path
    # An object's address in a message would make two runs differ.
    words = " ".join(str(error).split())
    return type(error).__name__ if not words or " at 0x" in words else words[:120]
