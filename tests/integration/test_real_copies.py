"""Every edited copy in the shared test data is found, and confirmed on the pictures."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from scanner.config import ScanConfig
from scanner.decoding import PORTFOLIO_LIMITS, WORK_FORMATS, decode_picture
from scanner.hashers import fingerprints
from scanner.parts import PartIndex, work_points
from scanner.second_check import second_check
from scanner.variants import variant_fingerprints

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from scanner.works import VariantFingerprint

PDQ = "threatexchange-pdq/pdq/data"
BRIDGE = f"{PDQ}/bridge-mods/aaa-orig.jpg"
UKBENCH = "imagededup/base_images/ukbench00120.jpg"
FORMATS = "imagededup/formats_images/ukbench09380"
RESIZED = "img2dataset/blur_test_files"

COPIES = {
    **{f"{PDQ}/bridge-mods/{name}.jpg": BRIDGE for name in ("blur-a-little", "blur-a-lot", "high-contrast", "high-saturation", "sharpen-a-little", "sharpen-a-lot", "shrink-a-little", "shrink-a-lot", "square-128x128", "square-256x256", "square-512x512")},
    **{f"{PDQ}/reg-test-input/dih/bridge-{name}.jpg": f"{PDQ}/reg-test-input/dih/bridge-1-original.jpg" for name in ("2-rotate-90", "3-rotate-180", "4-rotate-270", "5-flipx", "6-flipy", "7-flip-plus-1", "8-flip-minus-1")},
    **{f"exif-orientation/{shape}_{number}.jpg": f"exif-orientation/{shape}_0.jpg" for shape in ("Landscape", "Portrait") for number in range(1, 9)},
    **{f"{RESIZED}/{name}": f"{RESIZED}/original.png" for name in ("blurred.png", "resize_border.jpg", "resize_center_crop.jpg", "resize_keep_ratio.jpg", "resize_keep_ratio_largest.jpg", "resize_no.jpg")},
    **{f"imagededup/{name}": UKBENCH for name in ("mixed_images/ukbench00120.jpg", "mixed_images/ukbench00120_hflip.jpg", "mixed_images/ukbench00120_resize.jpg", "ukbench00120_gray.jpg", "alpha_channel_image.png")},
    **{f"{FORMATS}.{ending}": f"{FORMATS}.png" for ending in ("bmp", "jpeg", "webp")},
    "imagededup/mixed_images/ukbench09268.jpg": "imagededup/base_images/ukbench09268.jpg",
}  # fmt: skip


@cache
def _picture(path: Path) -> Image.Image:
    return decode_picture(path.read_bytes(), formats=WORK_FORMATS, limits=PORTFOLIO_LIMITS).image


@cache
def _queries(path: Path) -> tuple[VariantFingerprint, ...]:
    return variant_fingerprints(_picture(path), "fast")


@pytest.mark.parametrize("copy", COPIES)
def test_an_edited_copy_is_found_by_both_fingerprints_and_confirmed(shared_data: Path, copy: str) -> None:
    work, row = shared_data / COPIES[copy], _picture(shared_data / copy)
    config = ScanConfig()
    for known, radius in zip(fingerprints(row), (config.radius64, config.radius256), strict=True):
        asked = [one for one in _queries(work) if one.fingerprint.algorithm == known.algorithm]
        nearest = min(asked, key=lambda one: one.fingerprint.distance(known))
        assert nearest.fingerprint.distance(known) <= radius, nearest.variant
        assert second_check(_picture(work), row, nearest.variant).passed


def test_a_picture_turned_by_thirty_degrees_is_found_by_its_parts(shared_data: Path) -> None:
    work = _picture(shared_data / UKBENCH)
    row = _picture(shared_data / "imagededup/mixed_images/ukbench00120_rotation.jpg")
    (part,) = PartIndex([work_points(work)]).parts(row)
    assert part.variant.startswith("tilt-ccw-30")
    assert second_check(work, row.crop(part.region), part.variant).passed


def test_other_photographs_of_the_same_set_are_not_confirmed(shared_data: Path) -> None:
    folder = shared_data / "imagededup" / "base_images"
    pictures = [_picture(path) for path in sorted(folder.glob("*.jpg"))]
    index = PartIndex([work_points(picture) for picture in pictures])
    for number, row in enumerate(pictures):
        for other in range(len(pictures)):
            assert second_check(pictures[other], row, "original").passed == (other == number)
        found = {
            part.work
            for part in index.parts(row)
            if second_check(pictures[part.work], row.crop(part.region), part.variant).passed
        }
        assert found <= {number}
