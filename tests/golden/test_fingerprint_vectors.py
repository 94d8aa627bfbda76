"""Fingerprints that others printed: every picture of the inventory, imagehash's and imagededup's own tests."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from scanner.decoding import PORTFOLIO_LIMITS, WORK_FORMATS, PictureError, decode_picture
from scanner.hashers import fingerprint_of_grey, fingerprints_many, grey_pixels, stacked, unpacked

if TYPE_CHECKING:
    from pathlib import Path

# Where our normal form is meant to differ from the stored pixels that the inventory hashed: 16 bits, alpha over white.
ANOTHER_FORM = {
    "pillow/Tests/images/16_bit_noise.tif",
    "pillow/Tests/images/pil123rgba.png",
    "pillow/Tests/images/rgb_trns.png",
    "pillow/Tests/images/transparent.png",
    "threatexchange-pdq/python-threatexchange/threatexchange/tests/hashing/resources/I16.png",
    "threatexchange-pdq/python-threatexchange/threatexchange/tests/hashing/resources/LA.png",
}
NOT_DECODED = {
    "iscc-samples/iscc_samples/files/image/demo.psd",
    "pillow/Tests/images/truncated_image.png",
}
# Large wallpapers take seconds each and add no other form.
LARGEST = 1_500_000


@pytest.fixture(scope="module")
def inventory(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "INVENTORY.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["imagehash_phash"]]
    return [row for row in rows if int(row["bytes"]) <= LARGEST]


def test_every_upright_opaque_picture_has_the_hash_the_inventory_gives(
    shared_data: Path, inventory: list[dict[str, str]]
) -> None:
    wrong, greys, expected = [], [], []
    for row in inventory:
        if row["exif_orientation"] not in {"", "0", "1"} or row["path"] in ANOTHER_FORM | NOT_DECODED:
            continue
        picture = decode_picture(shared_data / row["path"], formats=WORK_FORMATS, limits=PORTFOLIO_LIMITS)
        assert (picture.width, picture.height) == (int(row["width"]), int(row["height"]))
        grey = grey_pixels(picture.image, "phash64")
        greys.append(grey)
        expected.append(row["imagehash_phash"])
        if fingerprint_of_grey(grey, "phash64").hex != row["imagehash_phash"]:
            wrong.append(row["path"])
    assert not wrong
    assert len(greys) > 150
    assert [one.hex for one in unpacked(fingerprints_many(stacked(greys, "phash64")), "phash64")] == expected


def test_a_picture_is_the_same_under_each_exif_orientation(shared_data: Path) -> None:
    for kind in ("Landscape", "Portrait"):
        seen = set()
        for orientation in range(9):
            picture = decode_picture(shared_data / "exif-orientation" / f"{kind}_{orientation}.jpg")
            seen.add((fingerprint_of_grey(grey_pixels(picture.image, "phash64"), "phash64").hex, picture.width))
            assert picture.exif_orientation == max(1, orientation)
        assert len(seen) == 1


def test_imagehash_and_imagededup_print_the_same(shared_data: Path) -> None:
    theirs = json.loads((shared_data / "imagehash" / "EXPECTED.json").read_text(encoding="utf-8"))
    picture = decode_picture(shared_data / "imagehash" / "tests" / "data" / "imagehash.png")
    grey = grey_pixels(picture.image, "phash64")
    assert fingerprint_of_grey(grey, "phash64").hex == theirs["tests/data/imagehash.png"]["phash"]
    # imagededup shrinks with another filter: near, not equal (its own hashes of these pictures are 0 to 4 bits away)
    others = json.loads((shared_data / "imagededup" / "EXPECTED.json").read_text(encoding="utf-8"))
    for name, value in others["mixed_images phash"].items():
        if name == "ukbench09268.jpg":  # turned by its EXIF orientation, which imagededup does not look at
            continue
        picture = decode_picture(shared_data / "imagededup" / "mixed_images" / name)
        ours = fingerprint_of_grey(grey_pixels(picture.image, "phash64"), "phash64").value
        assert (ours ^ int(value, 16)).bit_count() <= 4, name


def test_damaged_files_are_faults_by_name(shared_data: Path) -> None:
    images = shared_data / "pillow" / "Tests" / "images"
    faults = {}
    for name in ("truncated_image.png", "broken.png", "no_cursors.cur"):
        with pytest.raises(PictureError) as caught:
            decode_picture(images / name)
        faults[name] = str(caught.value.fault)
    assert faults == {
        "truncated_image.png": "truncated",
        "broken.png": "undecodable",
        "no_cursors.cur": "unsupported_format",
    }
