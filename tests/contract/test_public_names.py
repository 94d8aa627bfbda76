"""The door of the package: what is exported is listed, sorted, importable, and does what the command does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import scanner
from scanner.artwork import artwork
from scanner.hashers import fingerprints

if TYPE_CHECKING:
    from pathlib import Path


def test_every_public_name_is_there_and_the_list_is_sorted() -> None:
    assert scanner.__all__ == sorted(scanner.__all__)
    assert dir(scanner) == scanner.__all__
    for name in scanner.__all__:
        assert getattr(scanner, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="frobnicate"):
        scanner.frobnicate  # noqa: B018


def test_importing_the_package_loads_no_heavy_library() -> None:
    program = "import sys, scanner; print([m for m in ('numpy', 'PIL', 'pyarrow', 'numba', 'cv2', 'tqdm', 'scipy', 'click') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_python_calls_do_what_the_command_does(tmp_path: Path) -> None:
    works = tmp_path / "works"
    works.mkdir()
    picture = artwork(3, (320, 240))
    picture.save(works / "a.png")
    rows = {
        "url": ["https://a.example/1.jpg", "https://a.example/2.jpg"],
        "image_phash": [fingerprints(picture)[0].hex, "f0" * 8],
        "text": ["one", "two"],
        "id": [1, 2],
        "width": [320, 1],
        "height": [240, 1],
    }
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")

    portfolio = scanner.read_portfolio([works])
    assert [work.file for work in portfolio.works] == ["works/a.png"]

    dataset = scanner.open_dataset(tmp_path / "rows.parquet")
    assert scanner.Role.PHASH64 in dataset.roles
    assert [batch.rows.column("url").to_pylist() for batch in dataset.batches({"url"})] == [rows["url"]]

    result = scanner.scan(works, {"mine": tmp_path / "rows.parquet"}, out=tmp_path / "out", workers=1)
    assert (result.works, result.rows_scanned, result.findings) == (1, 2, 1)
    assert (result.package / "data" / "manifest.json").is_file()
    assert result.incomplete == ()

    named = scanner.Dataset(name="own", source=str(tmp_path / "rows.parquet"), columns={"url": "text"}, release="1.0")
    result = scanner.scan(works, [named], out=tmp_path / "named", workers=1)
    (told,) = json.loads((result.package / "data" / "manifest.json").read_bytes())["datasets"]
    assert (told["name"], told["release"], told["columns"]["url"]) == ("own", "1.0", "text")
