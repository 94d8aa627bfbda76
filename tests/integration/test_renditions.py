"""A published rendition (a watermarked preview) is compared; the finding is the work's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integration_world import records
from PIL import Image, ImageOps

from scanner.artwork import artwork

if TYPE_CHECKING:
    from pathlib import Path

    from integration_world import Run


def test_a_copy_of_a_rendition_is_a_finding_of_its_work(provscan: Run, tmp_path: Path) -> None:
    work = artwork(2, (640, 480))
    preview = ImageOps.expand(ImageOps.invert(work).rotate(35, expand=True, fillcolor=(9, 90, 200)), 40, (250, 240, 10))
    (tmp_path / "works").mkdir()
    work.save(tmp_path / "works" / "full.png")
    preview.save(tmp_path / "works" / "preview.png")
    (tmp_path / "works" / "works.csv").write_text(
        "file,title,rendition_of\nfull.png,Night Window,\npreview.png,,full.png\n", encoding="utf-8"
    )
    (tmp_path / "dataset").mkdir()
    preview.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((300, 300)).save(tmp_path / "dataset" / "copy.jpg")
    artwork(5, (300, 300)).save(tmp_path / "dataset" / "other.jpg")
    ran = provscan(
        "scan", tmp_path / "works" / "works.csv", "--dataset", tmp_path / "dataset", "--out", tmp_path / "out"
    )
    assert ran.code == 0, ran.err
    (found,) = records(tmp_path / "out", "matches")
    assert found["tier"] == "packaged_image"
    assert found["work_file"].endswith("full.png")
    assert found["basis"][0]["variant"] == "rendition-1.mirror"
    assert list((tmp_path / "out" / "data" / "renditions").glob("*-rendition-1.mirror-phash256.png"))
    assert provscan("verify", tmp_path / "out").code == 0
