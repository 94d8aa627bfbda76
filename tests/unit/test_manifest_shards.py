"""Shards given to ``verify``: their digests, and their rows spelled again by code that the scanner does not share."""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import package_builder
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.packages import shard16
from manifests.records import float_text, match_id, values_sha256
from manifests.verifying import Asked, verify_package
from manifests.verifying.arrow_rows import parquet_rows
from scanner.shards.verbatim import arrow_cells

sys.path.insert(0, str(package_builder.HERE / "tamper"))
import forging

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = dt.datetime(2021, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
TABLE = pa.table(
    {
        "URL": pa.array(["https://a.example/1.jpg", None, "狐狸"] * 4),
        "bad": pa.array([b"\xff\xfe", b"ok", None] * 4, pa.binary()).view(pa.string()),
        "long": pa.array(["x" * (1 << 20), "x" * ((1 << 20) + 1), ""] * 4, pa.large_string()),
        "hash": pa.array([-7430482745198234155, 2**63 - 1, None] * 4, pa.int64()),
        "similarity": pa.array([0.1 + 0.2, float("nan"), float("-inf")] * 4, pa.float64()),
        "punsafe": pa.array([0.3, 1e-30, 4096.0] * 4, pa.float32()),
        "half": pa.array([0.5, 2.0, 0.1] * 4, pa.float32()).cast(pa.float16()),
        "ok": pa.array([True, False, None] * 4),
        "image": pa.array([b"\x89PNG", b"", None] * 4, pa.binary()),
        "when": pa.array([MOMENT, None, MOMENT] * 4, pa.timestamp("us", tz="UTC")),
        "day": pa.array([dt.date(2020, 1, 2), None, None] * 4, pa.date32()),
        "money": pa.array([Decimal("1.50"), None, Decimal("-0.01")] * 4, pa.decimal128(9, 2)),
        "kind": pa.array(["a", "b", None] * 4).dictionary_encode(),
        "urls": pa.array([["a", None], [], None] * 4, pa.list_(pa.string())),
        "info": pa.array([{"w": 1, "raw": ["x"]}, None, {"w": None, "raw": None}] * 4),
        "tags": pa.array([[("k", 1)], [], None] * 4, pa.map_(pa.string(), pa.int32())),
    }
)


def test_two_spellings_of_every_type_agree(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "x.parquet", row_group_size=5)
    read = dict(parquet_rows(tmp_path / "x.parquet", range(12)))
    assert sorted(read) == list(range(12))
    stored = pq.read_table(tmp_path / "x.parquet").combine_chunks()
    for number, values in read.items():
        row = stored.slice(number, 1).to_batches()[0]
        assert values == [list(cell) for cell in arrow_cells(row)]
        assert values_sha256(values)


def test_only_the_rows_that_exist_are_given(tmp_path: Path) -> None:
    pq.write_table(TABLE.select(["URL"]), tmp_path / "x.parquet", row_group_size=5)
    assert [number for number, _ in parquet_rows(tmp_path / "x.parquet", [11, 3, 3, 12, 99])] == [3, 11]


@settings(deadline=None)
@given(st.floats(width=32))
def test_a_float_of_32_bits_has_the_digits_of_numpy_in_the_spelling_of_python(value: float) -> None:
    spelled = float_text(value, "f")
    assert spelled == repr(float(str(np.float32(value))))
    assert spelled == repr(float(spelled))


@settings(deadline=None)
@given(st.floats())
def test_a_float_is_spelled_as_python_spells_it(value: float) -> None:
    assert float_text(value, "d") == repr(value)


def test_the_largest_float_of_a_width_keeps_its_digits() -> None:
    assert float_text(65504.0, "e") == "65500.0"
    assert float_text(3.4028234663852886e38, "f") == "3.4028235e+38"


def packed(tmp_path: Path, rows: pa.Table, *, in_part: bool = False) -> tuple[Path, Path]:
    """A package whose one match lies in row 7 of a real parquet file, and the folder with that file.

    ``in_part``: as a remote file without a publisher's digest, of which two pieces were read.
    """
    folder = tmp_path / "dataset"
    (folder / "part").mkdir(parents=True)
    path = folder / "part" / "00000.parquet"
    pq.write_table(rows, path, row_group_size=4)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    world = package_builder.World(
        works=[package_builder.work("fox.png", 3, published_urls=["https://a.example/1.jpg"])]
    )
    shard = package_builder.shard("d", "part/00000.parquet", rows=12, shard_id=f"sha256:{digest}", shard_sha256=digest)
    if in_part:
        content = path.read_bytes()
        parts = [(0, content[:100]), (len(content) - 200, content[-200:])]
        shard |= {
            "shard_id": "etag:" + "e" * 64,
            "shard_sha256": None,
            "shard_digest_by": "none",
            "bytes": len(content),
        }
        shard["parts"] = [
            {"offset": offset, "bytes": len(piece), "sha256": hashlib.sha256(piece).hexdigest()}
            for offset, piece in parts
        ]
    world.coverage = [shard]
    world.datasets = [{**package_builder.dataset("d", 1, rows=12), "columns": {"url": "URL"}}]
    values: list[Any] = dict(parquet_rows(path, [6]))[6]
    url = values[0][2]
    row = package_builder.row(world, shard, 6, [], url=url, caption=None)
    world.rows[shard16(shard["shard_id"])] = [{"row_number": 6, "item": None, "row_check": None, "values": values}]
    row["values_sha256"] = values_sha256(values)
    entry = package_builder.basis("url_equal", "url_rules/1", url, column="URL", work_value=url, row_value=url)
    package_builder.match(world, world.works[0], row, [entry])
    package_builder.write(world, tmp_path / "package")
    return tmp_path / "package", folder


def test_the_rows_of_a_real_shard_are_read_again(tmp_path: Path) -> None:
    package, folder = packed(tmp_path, TABLE)
    verification = verify_package(package, Asked(shards=folder))
    assert not verification.problems
    assert next(check for check in verification.checks if check.id == "shards").count == 2


def test_the_pieces_of_a_shard_read_in_part_are_read_again(tmp_path: Path) -> None:
    package, folder = packed(tmp_path, TABLE, in_part=True)
    verification = verify_package(package, Asked(shards=folder))
    assert not verification.problems
    assert next(check for check in verification.checks if check.id == "shards").count == 2  # the shard, its one row
    path = folder / "part" / "00000.parquet"
    for changed in (b"X" + path.read_bytes()[1:], path.read_bytes()[:-1], b""):
        path.write_bytes(changed)
        assert [problem.check for problem in verify_package(package, Asked(shards=folder)).problems] == ["shards"]
    (tmp_path / "other" / "00000.parquet").mkdir(parents=True)  # a folder of that name is no such file
    status = {check.id: check.status for check in verify_package(package, Asked(shards=tmp_path / "other")).checks}
    assert status["shards"] == "not_checked"


def test_another_shard_is_found_and_an_absent_one_is_not_checked(tmp_path: Path) -> None:
    package, folder = packed(tmp_path, TABLE)
    (tmp_path / "nothing").mkdir()
    status = {check.id: check.status for check in verify_package(package, Asked(shards=tmp_path / "nothing")).checks}
    assert status["shards"] == "not_checked"
    pq.write_table(TABLE.slice(1), folder / "part" / "00000.parquet")
    assert [problem.check for problem in verify_package(package, Asked(shards=folder)).problems] == ["shards"]


def test_a_row_that_says_something_else_than_its_shard_is_found(tmp_path: Path) -> None:
    """The forger changes a column that the match does not show, and every digest of it: only the shard can tell."""
    package, folder = packed(tmp_path, TABLE)
    name = next((package / "data/rows").iterdir()).stem
    changed: dict[str, str] = {}

    def rewrite(rows: list[dict[str, Any]]) -> None:
        rows[0]["values"][7][2] = False
        changed["digest"] = values_sha256(rows[0]["values"])

    forging.edit(package, f"rows/{name}", rewrite)
    forging.edit(package, "matches", lambda records: records[0]["row"].update(values_sha256=changed["digest"]))
    forging.reseal(package)
    assert not verify_package(package).failed
    problems = verify_package(package, Asked(shards=folder)).problems
    assert [(problem.check, problem.found) for problem in problems] == [("shards", "row 6")]


def test_a_folder_of_pictures_has_the_digest_of_its_list(tmp_path: Path) -> None:
    pictures = tmp_path / "dataset" / "pictures"
    (pictures / "b").mkdir(parents=True)
    for name in ("b/two.png", "a.png", "狐.png"):
        (pictures / name).write_bytes(name.encode())
    lines = "".join(
        f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in sorted(["b/two.png", "a.png", "狐.png"])
    )
    digest = hashlib.sha256(lines.encode()).hexdigest()
    world = package_builder.World(works=[package_builder.work("fox.png", 3)])
    world.coverage = [package_builder.shard("d", "pictures", rows=3, shard_id=f"sha256:{digest}", shard_sha256=digest)]
    world.datasets = [package_builder.dataset("d", 1, rows=3)]
    package_builder.write(world, tmp_path / "package")
    assert not verify_package(tmp_path / "package", Asked(shards=tmp_path / "dataset")).failed
    (pictures / "a.png").write_bytes(b"other")
    assert verify_package(tmp_path / "package", Asked(shards=tmp_path / "dataset")).failed


@pytest.mark.parametrize("name", ["../..", "..", "/etc", "C:\\x", "a\0b"])
def test_a_hostile_name_of_a_shard_finds_nothing_outside(tmp_path: Path, name: str) -> None:
    world = package_builder.World(works=[package_builder.work("fox.png", 3)])
    world.coverage = [package_builder.shard("d", name, rows=3)]
    world.datasets = [package_builder.dataset("d", 1, rows=3)]
    package_builder.write(world, tmp_path / "package")
    (tmp_path / "dataset").mkdir()
    status = {
        check.id: check.status
        for check in verify_package(tmp_path / "package", Asked(shards=tmp_path / "dataset")).checks
    }
    assert status["shards"] == "not_checked"


def test_without_the_library_the_digest_of_the_shard_is_compared_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, folder = packed(tmp_path, TABLE)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    verification = verify_package(package, Asked(shards=folder))
    assert not verification.problems
    assert next(check for check in verification.checks if check.id == "shards").count == 1


@pytest.mark.parametrize(("rows", "found"), [(TABLE.slice(0, 3), "the shard has no row 6"), (None, "Parquet")])
def test_a_shard_that_lacks_the_row_or_is_no_parquet_is_found(
    tmp_path: Path, rows: pa.Table | None, found: str
) -> None:
    """The digest agrees: the forger named his own file."""
    package, folder = packed(tmp_path, TABLE)
    path = folder / "part" / "00000.parquet"
    if rows is None:
        path.write_bytes(b"PAR1 not parquet PAR1")
    else:
        pq.write_table(rows, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    old = next((package / "data/rows").iterdir())
    old.rename(old.with_name(f"{digest[:16]}.jsonl"))

    def rename(records: list[dict[str, Any]]) -> None:
        for record in records:
            record["shard_id"], record["shard_sha256"] = f"sha256:{digest}", digest

    def move(records: list[dict[str, Any]]) -> None:
        rename([record["row"] for record in records])
        for record in records:
            record["match_id"] = match_id(record["work_sha256"], f"sha256:{digest}", 6)

    forging.edit(package, "coverage", rename)
    forging.edit(package, "matches", move)
    forging.edit_manifest(package, lambda manifest: manifest["files"].append({"path": f"rows/{digest[:16]}.jsonl"}))
    forging.edit_manifest(package, lambda manifest: manifest["files"].sort(key=lambda entry: entry["path"]))
    forging.reseal(package)
    assert not verify_package(package).problems
    assert [found in str(problem.found) for problem in verify_package(package, Asked(shards=folder)).problems] == [True]
