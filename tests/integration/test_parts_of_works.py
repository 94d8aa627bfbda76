"""A third of a work, and a work within a larger scene: found by ``provscan scan`` as it is installed, and told as what they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from integration_world import Run, records
from PIL import Image, ImageOps

from manifests.words import sentence
from scanner.artwork import artwork

if TYPE_CHECKING:
    from pathlib import Path

IN_SCENE, THIRD, WHOLE = "1-scene.png", "2-third.png", "3-whole.png"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two works, and a dataset of five pictures: one work in a scene, third of the other, a whole one, two strangers."""
    works, dataset = tmp_path / "works", tmp_path / "dataset"
    works.mkdir()
    dataset.mkdir()
    first, second = (ImageOps.contain(artwork(seed).convert("RGB"), (640, 640)) for seed in (4, 6))
    first.save(works / "first.png")
    second.save(works / "second.png")
    scene = ImageOps.fit(artwork(20).convert("RGB"), (900, 700))
    scene.paste(ImageOps.mirror(ImageOps.contain(first, (420, 420))), (300, 180))
    scene.save(dataset / IN_SCENE)
    second.crop((100, 90, 100 + round(0.52 * second.width), 90 + round(0.58 * second.height))).save(dataset / THIRD)
    first.resize((320, 320)).save(dataset / WHOLE)
    for seed in (30, 31):
        artwork(seed).save(dataset / f"9-{seed}.png")
    return tmp_path


def found(package: Path) -> dict[tuple[str, str], dict[str, Any]]:
    return {(record["row"]["key"], record["work_file"]): record for record in records(package, "matches")}


def test_parts_are_found_named_and_verified(pictures: Path, provscan: Run) -> None:
    done = provscan("scan", "works", "--dataset", "dataset", "--out", "result", cwd=pictures)
    assert done.code == 0, done.err
    package = pictures / "result"
    matches = found(package)
    assert set(matches) == {(IN_SCENE, "works/first.png"), (THIRD, "works/second.png"), (WHOLE, "works/first.png")}
    assert {match["tier"] for match in matches.values()} == {"packaged_image"}
    scene, third = matches[IN_SCENE, "works/first.png"], matches[THIRD, "works/second.png"]
    (basis,) = scene["basis"]
    region = [int(edge) for edge in basis["detail"]["region"].split(",")]
    assert region[:3] == pytest.approx([300, 180, 720], abs=12)
    assert basis["variant"].startswith("mirror")
    assert f"compared with the region {basis['detail']['region']} of the image" in sentence(scene)
    assert third["basis"][0]["detail"]["suggested_by"] == "orb-parts/1"
    assert all(entry["detail"] is None for entry in matches[WHOLE, "works/first.png"]["basis"])
    assert provscan("verify", package).code == 0
    path = next((package / "data" / "renditions").glob("*-region-*-phash256.png"))
    with Image.open(path) as opened:
        other = ImageOps.mirror(opened)
    other.save(path)
    (check,) = (
        one for one in json.loads(provscan("verify", package, "--json").out)["checks"] if one["id"] == "fingerprints"
    )
    assert check["status"] == "failed"
    assert len(list((package / "data" / "thumbnails").glob(f"{scene['match_id']}-*.jpg"))) == 3


def test_without_parts_only_the_whole_is_found(pictures: Path, provscan: Run) -> None:
    (pictures / "off.toml").write_text("parts = false\n", encoding="utf-8")
    arguments = ("scan", "works", "--dataset", "dataset", "--config", "off.toml", "--out", "result")
    done = provscan(*arguments, cwd=pictures)
    assert done.code == 0, done.err
    assert set(found(pictures / "result")) == {(WHOLE, "works/first.png")}
