"""Works whose files change or go while they are scanned for: nothing is said about them that was not compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from integration_world import records
from PIL import Image
from small_world import COPIED, NAMES, assert_sound, copy_bytes, write_works

from scanner import scan
from scanner.artwork import artwork
from scanner.events import Noticed, StageBegan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scanner.events import Event


@pytest.fixture
def works(tmp_path: Path) -> Path:
    return write_works(tmp_path / "works")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "copy.jpg").write_bytes(copy_bytes(COPIED))
    return tmp_path / "pictures"


def repainted(path: Path) -> None:
    with Image.open(path) as before:
        size = before.size
    artwork(99, size).save(path)


@pytest.mark.parametrize("happens", [repainted, lambda path: path.unlink()], ids=["another picture", "gone"])
def test_a_picture_is_never_compared_with_a_work_that_changed_and_the_question_stays_open(
    works: Path, pictures: Path, tmp_path: Path, happens: Callable[[Path], None]
) -> None:
    work = works / NAMES[COPIED]
    kept = work.read_bytes()

    def watch(event: Event) -> None:
        if isinstance(event, StageBegan) and event.title == "Comparing":
            happens(work)

    out = tmp_path / "out"
    first = scan(works, {"d": pictures}, out=out, workers=1, watch=watch)
    assert first.findings == 0
    (reason,) = first.incomplete
    assert f"the work's file {NAMES[COPIED]}" in reason
    assert records(out, "coverage")[0]["status"] == "failed"
    assert_sound(out)
    work.write_bytes(kept)
    second = scan(works, {"d": pictures}, out=out, workers=1)
    assert (second.incomplete, second.findings_by_tier["packaged_image"]) == ((), 1)
    assert_sound(out)


def test_a_work_that_changes_after_the_comparison_is_not_drawn_and_that_is_said(
    works: Path, pictures: Path, tmp_path: Path
) -> None:
    notices: list[str] = []

    def watch(event: Event) -> None:
        if isinstance(event, StageBegan) and event.title == "Reading findings":
            repainted(works / NAMES[COPIED])
        elif isinstance(event, Noticed):
            notices.append(event.text)

    result = scan(works, {"d": pictures}, out=tmp_path / "out", workers=1, watch=watch)
    assert result.findings_by_tier["packaged_image"] == 1
    assert any(NAMES[COPIED] in notice and "not drawn" in notice for notice in notices)
    assert_sound(tmp_path / "out")
