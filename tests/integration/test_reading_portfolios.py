from __future__ import annotations

import hashlib
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from portfolio_looks import CRASHING_WIDTH, crashing, original_only

from scanner.artwork import artwork
from scanner.config import ScanConfig
from scanner.errors import PortfolioError
from scanner.events import Event, StageAdvanced, StageBegan, StageEnded
from scanner.hashers import fingerprints
from scanner.portfolios import read_portfolio
from scanner.works import ExcludedReason, Portfolio

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def works(tmp_path: Path) -> Path:
    folder = tmp_path / "works"
    (folder / "sub").mkdir(parents=True)
    for seed, name in enumerate(("fox.png", "owl.jpg", "sub/hare.webp")):
        artwork(seed, (60, 40)).save(folder / name)
    return folder


def read(*sources: Path | str, workers: int = 0, **options: Any) -> Portfolio:
    options.setdefault("variants", original_only)
    return read_portfolio(sources, workers=workers, **options)


def reasons(portfolio: Portfolio) -> dict[str, str]:
    return {one.file: str(one.reason) for one in portfolio.excluded}


def test_a_folder_is_read_with_its_subfolders_in_the_order_of_names(works: Path) -> None:
    portfolio = read(works)
    assert [work.file for work in portfolio.works] == ["works/fox.png", "works/owl.jpg", "works/sub/hare.webp"]
    fox = portfolio.works[0]
    content = (works / "fox.png").read_bytes()
    assert (fox.sha256, fox.md5) == (hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest())
    assert (fox.bytes, fox.format, fox.width, fox.height) == (len(content), "PNG", 60, 40)
    assert fox.path == str(works / "fox.png")
    with Image.open(works / "fox.png") as image:
        assert (fox.fingerprint("phash64"), fox.fingerprint("phash256")) == fingerprints(image)


def test_one_process_and_several_read_the_same(works: Path) -> None:
    (works / "broken.png").write_bytes((works / "fox.png").read_bytes()[:200])
    assert read(works, workers=0) == read(works, workers=2)


def test_one_place_may_be_given_without_a_list(works: Path) -> None:
    """A ``str`` is a sequence of ``str``: it was read letter by letter."""
    listed = read_portfolio([works], workers=0)
    assert read_portfolio(str(works), workers=0) == read_portfolio(works, workers=0)
    assert [work.work_id for work in read_portfolio(str(works), workers=0).works] == [w.work_id for w in listed.works]


def test_the_default_looks_are_those_of_the_configuration(works: Path) -> None:
    fast = read_portfolio([works / "fox.png"], config=ScanConfig(variants="fast"), workers=1)
    names = {known.variant for known in fast.works[0].fingerprints}
    assert {"original", "mirror"} <= names


def test_equal_files_are_one_work_with_all_their_names(works: Path) -> None:
    shutil.copy(works / "fox.png", works / "sub" / "a copy.png")
    fox = read(works).works[0]
    assert (fox.file, fox.files) == ("works/fox.png", ("works/fox.png", "works/sub/a copy.png"))


def test_every_bad_file_is_excluded_by_name_with_its_reason(works: Path) -> None:
    good = (works / "fox.png").read_bytes()
    (works / "cut.png").write_bytes(good[: len(good) // 2])
    (works / "empty.jpg").write_bytes(b"")
    (works / "page.jpg").write_bytes(b"<html>404</html>")
    (works / "layers.psd").write_bytes(b"8BPS" + bytes(40))
    (works / "camera.nef").write_bytes(b"II*\0" + bytes(40))
    (works / "icon").write_bytes(b"\0\0\x01\0" + bytes(40))
    (works / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(40))
    (works / "link.png").symlink_to("nowhere.png")
    assert reasons(read(works)) == {
        "works/bad.jpg": "undecodable",
        "works/camera.nef": "unsupported_format",
        "works/cut.png": "truncated",
        "works/empty.jpg": "empty",
        "works/icon": "unsupported_format",
        "works/layers.psd": "unsupported_format",
        "works/link.png": "unreadable",
        "works/page.jpg": "not_a_picture",
    }
    cut = next(one for one in read(works).excluded if one.file == "works/cut.png")
    assert (cut.bytes, cut.sha256) == (len(good) // 2, hashlib.sha256(good[: len(good) // 2]).hexdigest())


def test_other_files_are_counted_and_hidden_ones_left_alone(works: Path) -> None:
    (works / "diary.txt").write_text("private", encoding="utf-8")
    (works / "Thumbs.db").write_bytes(b"x")
    (works / ".DS_Store").write_bytes(b"x")
    (works / ".cache").mkdir()
    shutil.copy(works / "fox.png", works / ".cache" / "thumb.png")
    portfolio = read(works)
    assert portfolio.other_files == 1
    assert portfolio.excluded == ()
    assert len(portfolio.works) == 3


def test_a_picture_without_a_suffix_is_found_by_its_content(works: Path) -> None:
    shutil.move(works / "fox.png", works / "fox")
    assert read(works).works[0].file == "works/fox"


def test_two_folders_of_one_name_are_told_apart(works: Path, tmp_path: Path) -> None:
    second = tmp_path / "other" / "works"
    second.mkdir(parents=True)
    artwork(7, (50, 50)).save(second / "fox.png")
    files = [work.file for work in read(works, second).works]
    assert files == ["works-2/fox.png", "works/fox.png", "works/owl.jpg", "works/sub/hare.webp"]


def test_single_files_are_called_by_their_names_and_told_apart(works: Path) -> None:
    artwork(7, (50, 50)).save(works / "sub" / "fox.png")
    assert [work.file for work in read(works / "fox.png", works / "sub" / "fox.png").works] == ["fox-2.png", "fox.png"]


def test_what_is_reached_twice_is_read_once(works: Path) -> None:
    (works / "sub" / "loop").symlink_to(works)
    portfolio = read(works, works / "sub", works / "fox.png", f"{works}/../works")
    assert [work.files for work in portfolio.works] == [
        ("works/fox.png",),
        ("works/owl.jpg",),
        ("works/sub/hare.webp",),
    ]


@pytest.mark.skipif(sys.platform in {"darwin", "win32"}, reason="these file systems refuse such names")
def test_a_name_that_is_not_utf8_is_written_with_percent_signs(works: Path) -> None:
    (works / "fox.png").rename(works / os.fsdecode(b"caf\xe9.png"))
    portfolio = read(works, workers=1)
    assert portfolio.works[0].file == "works/caf%E9.png"
    assert portfolio.digest == read(works).digest


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_is_read(
    works: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refusing(place: str) -> Any:
        if place.endswith("sub"):
            raise PermissionError(13, "Permission denied")
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refusing)
    portfolio = read(works)
    assert [(one.file, one.reason, one.detail) for one in portfolio.excluded] == [
        ("works/sub/", ExcludedReason.UNREADABLE, "folder: Permission denied")
    ]
    assert len(portfolio.works) == 2


def test_a_picture_over_the_limit_is_excluded_with_its_size(works: Path) -> None:
    Image.new("1", (3000, 2000)).save(works / "large.png")
    portfolio = read(works, config=ScanConfig(portfolio_max_pixels=5_000_000))
    (large,) = portfolio.excluded
    assert large.reason is ExcludedReason.OVER_LIMIT
    assert "3000 x 2000 pixels, the limit is 5000000" in large.detail


def test_pictures_too_large_to_share_memory_are_read_in_the_end(works: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.portfolios.measuring.SHARED_PIXELS", 3000)
    Image.linear_gradient("L").resize((70, 50)).save(works / "a large one.png")
    seen: list[Event] = []
    portfolio = read(works, workers=2, watcher=seen.append)
    assert len(portfolio.works) == 4
    assert [event.doing for event in seen if isinstance(event, StageAdvanced)][-1] == "works/a large one.png"


def test_the_watcher_hears_of_every_file(works: Path) -> None:
    seen: list[Event] = []
    read(works, watcher=seen.append)
    assert seen[0] == StageBegan(title="Reading your pictures", total=3, unit="files")
    assert [event.done for event in seen if isinstance(event, StageAdvanced)] == [1, 2, 3]
    assert seen[-1] == StageEnded()


def test_a_file_that_kills_its_decoder_costs_only_itself(works: Path) -> None:
    artwork(3, (CRASHING_WIDTH, 20)).save(works / "crash.png")
    portfolio = read(works, workers=2, variants=crashing)
    assert reasons(portfolio) == {"works/crash.png": "decode_crash"}
    assert len(portfolio.works) == 3


def test_a_list_declares_and_its_renditions_belong_to_their_work(works: Path) -> None:
    artwork(0, (60, 40)).resize((30, 20)).save(works / "fox-web.png")
    (works / "works.csv").write_text(
        "file,title,rendition_of\nfox.png,Fox,\nfox-web.png,,fox.png\nowl.jpg,Owl,\n", encoding="utf-8"
    )
    portfolio = read(works / "works.csv")
    assert [(work.file, work.declared.title) for work in portfolio.works] == [("fox.png", "Fox"), ("owl.jpg", "Owl")]
    (web,) = portfolio.works[0].renditions
    assert (web.file, web.path) == ("fox-web.png", str(works / "fox-web.png"))
    assert web.sha256 == hashlib.sha256((works / "fox-web.png").read_bytes()).hexdigest()
    assert len(web.fingerprints) == 2


def test_a_rendition_stands_for_a_work_that_cannot_be_read(works: Path) -> None:
    (works / "fox.psd").write_bytes(b"8BPS" + bytes(40))
    (works / "works.csv").write_text("file,title,rendition_of\nfox.psd,Fox,\nfox.png,,fox.psd\n", encoding="utf-8")
    portfolio = read(works / "works.csv")
    assert [(work.file, work.declared.title) for work in portfolio.works] == [("fox.png", "Fox")]
    assert reasons(portfolio) == {"fox.psd": "unsupported_format"}


def test_a_rendition_equal_to_a_work_is_one_of_its_files(works: Path) -> None:
    shutil.copy(works / "fox.png", works / "same.png")
    (works / "works.csv").write_text("file,rendition_of\nfox.png,\nsame.png,fox.png\n", encoding="utf-8")
    (fox,) = read(works / "works.csv").works
    assert (fox.files, fox.renditions) == (("fox.png", "same.png"), ())


def test_a_list_and_its_folder_together_keep_what_was_declared(works: Path) -> None:
    (works / "works.csv").write_text("file,title\nfox.png,Fox\n", encoding="utf-8")
    portfolio = read(works, works / "works.csv")
    assert {work.file: work.declared.title for work in portfolio.works} == {
        "fox.png": "Fox",
        "works/owl.jpg": None,
        "works/sub/hare.webp": None,
    }


@pytest.mark.parametrize("given", ["gone", "gone.csv"])
def test_a_source_that_is_not_there_is_an_error(works: Path, given: str) -> None:
    with pytest.raises(PortfolioError, match="No such file"):
        read(works / given)


def test_an_empty_name_is_an_error_not_the_current_folder(works: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(works)
    assert read(".").works
    with pytest.raises(PortfolioError, match="empty name"):
        read("")


def test_a_portfolio_without_pictures_is_an_error_that_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "nothing"
    folder.mkdir()
    (folder / "empty.png").write_bytes(b"")
    with pytest.raises(PortfolioError, match=r"in nothing \(nothing/empty.png: empty") as caught:
        read(folder)
    assert caught.value.exit_code == 2
    with pytest.raises(PortfolioError, match="in nothing"):
        read()


def test_the_odd_pictures_of_the_shared_data_are_works_or_named(shared_data: Path) -> None:
    folder = shared_data / "pillow" / "Tests" / "images"
    portfolio = read(folder, workers=0)
    assert len(portfolio.works) == 17
    assert reasons(portfolio) == {
        "images/broken.png": "undecodable",
        "images/no_cursors.cur": "unsupported_format",
        "images/truncated_image.png": "truncated",
    }


def test_a_file_that_a_cloud_keeps_elsewhere_is_not_fetched(works: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = os.stat

    class Away:
        st_file_attributes = 0x400000

    monkeypatch.setattr(
        os, "stat", lambda path, **more: Away() if str(path).endswith("owl.jpg") else genuine(path, **more)
    )
    portfolio = read(works)
    assert reasons(portfolio) == {"works/owl.jpg": "placeholder"}


def test_a_file_that_vanishes_between_listing_and_reading_is_unreadable(
    works: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanishing(image: Image.Image) -> Any:
        (works / "sub" / "hare.webp").unlink(missing_ok=True)
        return original_only(image)

    portfolio = read(works, variants=vanishing)
    assert reasons(portfolio) == {"works/sub/hare.webp": "unreadable"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_neither_file_nor_folder_and_is_never_opened(works: Path) -> None:
    os.mkfifo(works / "pipe.png")
    assert len(read(works).works) == 3
    with pytest.raises(PortfolioError, match="neither a file nor a folder"):
        read(works / "pipe.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_links_to_themselves_and_to_pipes_are_named_and_never_opened(works: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (works / "pipe.png").symlink_to(tmp_path / "pipe")
    (works / "loop.png").symlink_to("loop.png")
    portfolio = read(works)
    assert len(portfolio.works) == 3
    assert reasons(portfolio) == {"works/loop.png": "unreadable", "works/pipe.png": "unreadable"}
