from __future__ import annotations

from pathlib import Path

import pytest

from scanner.errors import UsageError
from scanner.ledger import open_ledger
from scanner.runner.destination import choose_destination, incomplete_name, remove_partial


def begin(partial: Path, scan_key: str) -> None:
    with open_ledger(partial) as ledger:
        ledger.remember("scan_key", scan_key)
        ledger.record_outcome("k", b"content")


def test_a_new_folder_becomes_the_package(tmp_path: Path) -> None:
    place = choose_destination(tmp_path / "new", name="SCAN-1", scan_key="k")
    assert (place.package, place.partial) == (tmp_path / "new", tmp_path / "new.partial")


def test_in_an_existing_folder_the_package_has_its_own_name(tmp_path: Path) -> None:
    place = choose_destination(tmp_path, name="SCAN-1", scan_key="k")
    assert (place.package, place.partial) == (tmp_path / "SCAN-1", tmp_path / "SCAN-1.partial")


def test_unfinished_work_of_the_same_scan_is_found_again_under_its_own_name(tmp_path: Path) -> None:
    begin(tmp_path / "SCAN-1.partial", "k")
    begin(tmp_path / "SCAN-0.partial", "another")
    place = choose_destination(tmp_path, name="SCAN-2", scan_key="k")
    assert (place.package, place.partial) == (tmp_path / "SCAN-1", tmp_path / "SCAN-1.partial")


def test_unfinished_work_of_another_scan_is_not_touched(tmp_path: Path) -> None:
    begin(tmp_path / "new.partial", "another")
    with pytest.raises(UsageError, match="another scan"):
        choose_destination(tmp_path / "new", name="SCAN-1", scan_key="k")


def test_a_finished_package_and_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "tagmanifest-sha256.txt").touch()
    (tmp_path / "file").touch()
    for taken in ("package", "file"):
        with pytest.raises(UsageError):
            choose_destination(tmp_path / taken, name="SCAN-1", scan_key="k")


def test_removing_finished_work_leaves_a_strangers_files(tmp_path: Path) -> None:
    begin(tmp_path / "mine.partial", "k")
    remove_partial(tmp_path / "mine.partial")
    assert not (tmp_path / "mine.partial").exists()
    foreign = tmp_path / "foreign.partial"
    foreign.mkdir()
    (foreign / "diary.txt").write_text("dear diary", encoding="utf-8")
    with pytest.raises(UsageError, match="another scan"):
        choose_destination(tmp_path / "foreign", name="SCAN-1", scan_key="k")


def test_incomplete_packages_are_numbered(tmp_path: Path) -> None:
    assert incomplete_name(tmp_path / "p").name == "p.incomplete-1"
    (tmp_path / "p.incomplete-1").mkdir()
    assert incomplete_name(tmp_path / "p").name == "p.incomplete-2"
