from __future__ import annotations

import io
import pickle
import struct
import warnings
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from scanner.artwork import artwork
from scanner.decoding import (
    PORTFOLIO_LIMITS,
    ROW_FORMATS,
    ROW_LIMITS,
    WORK_FORMATS,
    DecodeLimits,
    Picture,
    PictureError,
    PictureFault,
    decode_picture,
)
from scanner.hashers import fingerprints

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PICTURE = artwork(0, (90, 60))
SMALL = DecodeLimits(max_pixels=10_000, max_side=200, max_bytes=100_000)


def stored(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def fault(content: bytes | Path, **options: Any) -> PictureFault:
    with pytest.raises(PictureError) as caught:
        decode_picture(content, **options)
    assert "/" not in caught.value.detail
    return caught.value.fault


def decoded(content: bytes) -> Picture:
    return decode_picture(content, formats=WORK_FORMATS, limits=PORTFOLIO_LIMITS)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_claiming(width: int, height: int, *between: bytes) -> bytes:
    """A PNG whose header promises a size that its pixels do not have."""
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return head + b"".join(between) + chunk(b"IDAT", zlib.compress(bytes(4000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP"])
def test_each_format_is_decoded_and_named(kind: str) -> None:
    picture = decoded(stored(PICTURE, kind))
    assert (picture.format, picture.width, picture.height, picture.frames) == (kind, 90, 60, 1)
    assert (picture.image.mode, picture.exif_orientation, picture.has_alpha) == ("RGB", 1, False)


def test_bytes_a_path_and_an_open_file_give_the_same(tmp_path: Path) -> None:
    content = stored(PICTURE, "PNG")
    path = tmp_path / "fox.jpg"  # the name lies
    path.write_bytes(content)
    with path.open("rb") as file:
        seen = [decode_picture(content), decode_picture(path), decode_picture(file)]
        assert not file.closed
    assert len({picture.image.tobytes() for picture in seen}) == 1


@pytest.mark.parametrize("kind", ["TIFF"])
def test_formats_of_portfolios_are_refused_in_rows(kind: str) -> None:
    assert fault(stored(PICTURE, kind), formats=ROW_FORMATS) is PictureFault.UNSUPPORTED_FORMAT


def test_heic_without_its_extra_is_unsupported_and_says_which() -> None:
    head = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(100)
    with pytest.raises(PictureError) as caught:
        decoded(head)
    assert caught.value.fault in {PictureFault.UNSUPPORTED_FORMAT, PictureFault.UNDECODABLE}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", PictureFault.EMPTY),
        (b"not found\n", PictureFault.NOT_A_PICTURE),
        (b"<html><body>404</body></html>", PictureFault.NOT_A_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", PictureFault.UNSUPPORTED_FORMAT),
        (b"8BPS" + bytes(60), PictureFault.UNSUPPORTED_FORMAT),
        (b"\xff\xd8\xff\xe0" + bytes(40), PictureFault.UNDECODABLE),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), PictureFault.UNDECODABLE),
        (b"RIFF\x20\0\0\0WEBPVP8X" + bytes(30), PictureFault.UNDECODABLE),
    ],
)
def test_what_is_wrong_is_named(content: bytes, expected: PictureFault) -> None:
    assert fault(content) is expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_half_a_file_is_truncated_never_half_a_picture(kind: str) -> None:
    content = stored(artwork(2, (200, 150)), kind)
    found = fault(content[: len(content) // 2], formats=WORK_FORMATS, limits=PORTFOLIO_LIMITS)
    assert found in {PictureFault.TRUNCATED, PictureFault.UNDECODABLE}
    if kind in {"JPEG", "PNG", "BMP"}:
        assert found is PictureFault.TRUNCATED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP"])
def test_no_damage_escapes_as_another_error(kind: str) -> None:
    content = stored(PICTURE, kind)
    rng = np.random.Generator(np.random.PCG64(7))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(60):
            broken = bytearray(content)
            for at in rng.integers(0, min(len(broken), 200), 4):
                broken[at] = int(rng.integers(256))
            del broken[int(rng.integers(len(broken) // 2, len(broken) + 1)) :]
            try:
                decode_picture(bytes(broken), formats=WORK_FORMATS, limits=SMALL)
            except PictureError as error:
                assert error.fault  # noqa: PT017 - any fault is right, any other exception is not


@pytest.mark.parametrize("size", [(100_000, 100_000), (30_001, 1), (60_000, 2_000)])
def test_a_png_bomb_is_over_the_limit_before_a_pixel_is_decoded(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("decoded"))
    assert fault(png_claiming(*size)) is PictureFault.OVER_LIMIT


def test_a_webp_canvas_is_checked_before_the_decoder_sets_it_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.WebPImagePlugin.WebPImageFile._open", lambda _: pytest.fail("opened"))
    head = b"RIFF" + struct.pack("<I", 100) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4)
    assert fault(head + b"\xff\x3f\0\xff\x3f\0" + bytes(80)) is PictureFault.OVER_LIMIT


def test_a_text_chunk_that_unpacks_to_megabytes_is_a_fault() -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))
    assert fault(png_claiming(40, 30, bomb)) is PictureFault.OVER_LIMIT


def test_a_file_over_the_limit_of_bytes_is_not_decoded() -> None:
    content = stored(PICTURE, "BMP")
    limits = DecodeLimits(max_pixels=10_000, max_side=200, max_bytes=len(content) - 1)
    assert fault(content, limits=limits) is PictureFault.OVER_LIMIT


def test_pillows_own_limit_is_as_before_afterwards() -> None:
    before = Image.MAX_IMAGE_PIXELS
    decode_picture(stored(PICTURE, "PNG"))
    fault(png_claiming(100_000, 100_000))
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_path_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    assert fault(tmp_path / "gone.png") is PictureFault.UNREADABLE
    assert fault(tmp_path) is PictureFault.UNREADABLE


def test_a_fault_crosses_process_borders() -> None:
    error = pickle.loads(pickle.dumps(PictureError(PictureFault.TRUNCATED, "early")))
    assert (error.fault, error.detail) == (PictureFault.TRUNCATED, "early")


def test_only_the_first_frame_counts_and_frames_are_counted() -> None:
    frames = [artwork(seed, (60, 40)) for seed in range(3)]
    for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        animated = stored(frames[0], kind, save_all=True, append_images=frames[1:])
        picture = decoded(animated)
        assert picture.frames == 3, kind
        alone = decoded(stored(frames[0], kind))
        assert fingerprints(picture.image)[0].distance(fingerprints(alone.image)[0]) <= 10, kind


def test_a_still_behind_a_frame_bomb_is_counted_to_a_limit() -> None:
    still = stored(PICTURE.quantize(8), "GIF")
    empty = b"\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0" + b"\x02\x02\x44\x01\0"
    assert decode_picture(still[:-1] + empty * 50_000 + b"\x3b").frames == 10_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_upright(kind: str, orientation: int) -> None:
    upright = artwork(5, (64, 48))
    inverse = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose values that undo the viewer's turn
    turned = upright.transpose(Image.Transpose(inverse[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"exif": exif, "quality": 95} if kind != "TIFF" else {"tiffinfo": {0x0112: orientation}}
    if kind == "WEBP":
        options |= {"lossless": True}
    picture = decoded(stored(turned, kind, **options))
    assert (picture.width, picture.height) == (64, 48)
    assert picture.exif_orientation == orientation
    apart = np.abs(np.asarray(picture.image, np.int16) - np.asarray(upright, np.int16)).mean()
    assert apart < (8 if kind in {"JPEG", "AVIF"} else 0.001)


@pytest.mark.parametrize("nonsense", [0, 9, 77, 65535])
def test_an_orientation_that_is_none_is_upright(nonsense: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = nonsense
    assert decoded(stored(PICTURE, "JPEG", exif=exif)).exif_orientation == 1


def test_alpha_is_laid_over_white_by_img2datasets_formula_for_every_value() -> None:
    alpha, colour = np.meshgrid(np.arange(256), np.arange(256))
    pixels = np.stack([colour, 255 - colour, colour // 2, alpha], axis=-1).astype(np.uint8)
    picture = decoded(stored(Image.fromarray(pixels), "PNG"))
    share = pixels[..., 3:].astype(np.float64)
    expected = np.rint(np.clip(share / 255 * pixels[..., :3] + 255 - share, 0, 255)).astype(np.uint8)
    assert picture.has_alpha
    assert np.array_equal(np.asarray(picture.image), expected)


def test_transparency_of_palette_grey_and_colour_pictures_becomes_white() -> None:
    palette = PICTURE.quantize(8)
    for image, options in (
        (palette, {"transparency": int(np.asarray(palette)[0, 0])}),
        (PICTURE.convert("L"), {"transparency": int(np.asarray(PICTURE.convert("L"))[0, 0])}),
        (PICTURE, {"transparency": PICTURE.getpixel((0, 0))}),
    ):
        picture = decoded(stored(image, "PNG", **options))
        assert picture.has_alpha
        assert picture.image.getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bit_grey_keeps_its_tones() -> None:
    grey = np.asarray(PICTURE.convert("L"))
    wide = Image.fromarray(grey.astype(np.uint16) * 256 + 99)
    for kind in ("PNG", "TIFF"):
        picture = decoded(stored(wide, kind))
        assert picture.mode == "I;16"
        assert np.array_equal(np.asarray(picture.image)[..., 0], grey)


def test_sixteen_bit_transparency_becomes_white() -> None:
    wide = Image.fromarray(np.full((20, 20), 4000, np.uint16))
    content = stored(wide, "PNG")
    end = content.index(b"IDAT") - 4
    clear = content[:end] + chunk(b"tRNS", struct.pack(">H", 4000)) + content[end:]
    assert decoded(clear).image.getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_numbers_of_unknown_range_are_stretched(kind: type) -> None:
    grey = np.asarray(artwork(0, (90, 60)).convert("L"))
    wide = Image.fromarray((grey.astype(kind) * 1000 - 7000).astype(kind))
    picture = decoded(stored(wide, "TIFF"))
    low, high = int(grey.min()), int(grey.max())
    expected = np.rint((grey.astype(np.float64) - low) * (255 / (high - low)))
    assert np.abs(np.asarray(picture.image)[..., 0] - expected).max() <= 1


def test_not_a_number_and_flat_floats_are_pictures_too() -> None:
    strange = np.array([[np.nan, np.inf], [-np.inf, 1.0]], np.float32)
    assert decoded(stored(Image.fromarray(strange), "TIFF")).width == 2
    flat = np.full((4, 4), np.nan, np.float32)
    assert decoded(stored(Image.fromarray(flat), "TIFF")).image.getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "YCbCr", "RGBA", "I;16"])
def test_every_stored_mode_becomes_rgb(mode: str) -> None:
    image = PICTURE.convert(mode) if mode != "I;16" else Image.fromarray(np.asarray(PICTURE.convert("L"), np.uint16))
    picture = decoded(stored(image, "TIFF"))
    assert picture.image.mode == "RGB"
    assert picture.mode == mode


def test_a_cmyk_jpeg_looks_like_its_rgb_form() -> None:
    picture = decoded(stored(PICTURE.convert("CMYK"), "JPEG", quality=95))
    assert picture.mode == "CMYK"
    assert fingerprints(picture.image)[0].distance(fingerprints(PICTURE)[0]) <= 4


def test_lab_is_converted_by_its_meaning() -> None:
    lab = ImageCms.profileToProfile(
        PICTURE, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    picture = decoded(stored(lab, "TIFF"))
    assert picture.mode == "LAB"
    assert fingerprints(picture.image)[0].distance(fingerprints(PICTURE)[0]) <= 2


def test_colour_profiles_are_recorded_and_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, profiled = decoded(stored(PICTURE, "PNG")), decoded(stored(PICTURE, "PNG", icc_profile=profile))
    assert (plain.icc_bytes, profiled.icc_bytes) == (0, len(profile))
    assert plain.image.tobytes() == profiled.image.tobytes()


def grey_form(content: bytes) -> Picture:
    return decode_picture(content, formats=WORK_FORMATS, limits=PORTFOLIO_LIMITS, grey=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda: stored(PICTURE, "JPEG"),
        lambda: stored(PICTURE.convert("L"), "PNG"),
        lambda: stored(PICTURE.convert("1"), "PNG"),
        lambda: stored(PICTURE.convert("CMYK"), "JPEG"),
        lambda: stored(PICTURE.quantize(20), "GIF"),
        lambda: stored(PICTURE.convert("RGBA").rotate(30), "PNG"),
        lambda: stored(PICTURE.convert("L"), "PNG", transparency=40),
        lambda: stored(Image.fromarray(np.asarray(PICTURE.convert("L"), np.uint16) * 256), "PNG"),
    ],
)
def test_the_grey_form_has_the_fingerprints_of_the_colour_form(make: Callable[[], bytes]) -> None:
    content = make()
    grey = grey_form(content)
    assert grey.image.mode == "L"
    assert fingerprints(grey.image) == fingerprints(decoded(content).image)
    assert np.array_equal(np.asarray(grey.image), np.asarray(decoded(content).image.convert("L")))


def test_a_single_pixel_is_a_picture() -> None:
    picture = decoded(stored(Image.new("RGB", (1, 1), (10, 20, 30)), "PNG"))
    assert (picture.width, picture.height) == (1, 1)
    assert len(fingerprints(picture.image)) == 2


def test_rows_have_tighter_limits_than_portfolios() -> None:
    assert ROW_LIMITS.max_pixels < PORTFOLIO_LIMITS.max_pixels
    assert ROW_FORMATS < WORK_FORMATS
