"""Damaged and odd dataset files, scanned for real: each is named with its reason, and the good file beside it loses nothing."""

from __future__ import annotations

import gzip
import os
import random
import tarfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from integration_world import Run, records
from small_world import COPIED, COPY_ROW, NAMES, copy_bytes, copy_hash, coyo, scan, write_good, write_works

if TYPE_CHECKING:
    from pathlib import Path

GOOD = ("good.parquet", COPY_ROW, NAMES[COPIED])


@pytest.fixture
def works(tmp_path: Path) -> Path:
    return write_works(tmp_path / "works")


def test_truncated_parquet_files_are_gaps(provscan: Run, works: Path, tmp_path: Path) -> None:
    good = write_good(tmp_path / "d")
    content = good.read_bytes()
    cuts = {
        "none": 0,
        "three": 3,
        "magic": 4,
        "half": len(content) // 2,
        "footer": len(content) - 40,
        "last": len(content) - 1,
    }
    for name, keep in cuts.items():
        (tmp_path / "d" / f"cut-{name}.parquet").write_bytes(content[:keep])
    scanned = scan(provscan, works, tmp_path / "d", out=tmp_path / "out", code=3)
    assert scanned.found == {GOOD}
    assert set(scanned.reasons) == {f"cut-{name}.parquet" for name in cuts}
    assert all(name in reason for name, reason in scanned.reasons.items())
    assert "incomplete" in scanned.limitations
    assert "not finished: d/cut-half.parquet" in scanned.ran.out


def test_flipped_bits_anywhere_in_a_parquet_file_cost_that_file_at_most(
    provscan: Run, works: Path, tmp_path: Path
) -> None:
    good = write_good(tmp_path / "d")
    table = coyo(120, {5: {"image_phash": copy_hash()}})
    pq.write_table(table, tmp_path / "flip.parquet", row_group_size=40, compression="none", write_page_checksum=True)
    content = (tmp_path / "flip.parquet").read_bytes()
    chosen = random.Random(7)
    places = [*range(8), *range(len(content) - 400, len(content), 37), *chosen.sample(range(len(content)), 30)]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << chosen.randrange(8)
        (tmp_path / "d" / f"flip-{place:06d}.parquet").write_bytes(damaged)
    assert good.exists()
    scanned = scan(provscan, works, tmp_path / "d", out=tmp_path / "out", code=3)
    assert GOOD in scanned.found
    assert {line["status"] for line in scanned.coverage.values()} <= {"scanned", "failed", "skipped"}
    assert len(scanned.coverage) == len(set(places)) + 1
    assert all(scanned.reasons.values())


def retyped(table: pa.Table, **columns: pa.Array) -> pa.Table:
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


def test_known_columns_of_wrong_types_are_said_and_cost_nothing_else(
    provscan: Run, works: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    write_good(folder)
    table, n = coyo(50), 50
    odd = {
        "hash-int": {"image_phash": pa.array(range(n))},
        "hash-junk": {"image_phash": pa.array(["xyz", "", None, "ff" * 8, "0x" + "f" * 16] * 10)},
        "hash-struct": {"image_phash": pa.array([{"a": 1}] * n)},
        "url-int": {"url": pa.array(range(n))},
        "url-list": {"url": pa.array([["http://a.example/x.jpg"]] * n)},
        "url-bytes": {"url": pa.array([b"\xff\xfe http"] * n, pa.binary())},
        "text-map": {"text": pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int64()))},
        "width-text": {"width": pa.array(["wide"] * n)},
    }
    for name, columns in odd.items():
        pq.write_table(retyped(table, **columns), folder / f"{name}.parquet")
    pq.write_table(table.append_column("url", table["url"]), folder / "twice.parquet")
    planted = coyo(50, {9: {"image_phash": copy_hash()}})
    pq.write_table(retyped(planted, url=pa.nulls(n), id=pa.nulls(n, pa.int64())), folder / "nulls.parquet")
    scanned = scan(provscan, works, folder, out=tmp_path / "out")
    assert scanned.found == {GOOD, ("nulls.parquet", 9, NAMES[COPIED])}
    assert set(scanned.reasons.values()) <= {"columns of no known layout"}
    for name in odd:
        shard = f"{name}.parquet"
        compared = shard in scanned.coverage and sum(scanned.coverage[shard]["compared"].values())
        assert not compared
    for shard in ("hash-int.parquet", "hash-junk.parquet", "url-int.parquet", "twice.parquet"):
        assert shard in scanned.ran.err
    assert "nothing in it can be compared" in scanned.ran.err
    assert "not 16 hex digits" in scanned.ran.err
    assert "columns of no known layout: id, url" in scanned.ran.err


def test_shards_without_rows_are_scanned_and_files_without_bytes_are_gaps(
    provscan: Run, works: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    write_good(folder)
    pq.write_table(coyo().slice(0, 0), folder / "zero.parquet")
    (folder / "zero.csv").write_text("url,caption\n", encoding="utf-8")
    with tarfile.open(folder / "zero.tar", "w"):
        pass
    empty = {"empty.csv", "empty.tsv", "empty.jsonl", "empty.json", "empty.tar", "empty.parquet"}
    for name in empty:
        (folder / name).write_bytes(b"")
    scanned = scan(provscan, works, folder, out=tmp_path / "out", code=3)
    assert scanned.found == {GOOD}
    assert set(scanned.reasons) == empty
    assert {scanned.coverage[name]["rows"] for name in ("zero.parquet", "zero.csv", "zero.tar")} == {0}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipes_and_dead_links_do_not_stop_a_scan(provscan: Run, works: Path, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    write_good(folder)
    os.mkfifo(folder / "pipe.csv")
    (folder / "dead.parquet").symlink_to("nowhere")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "copy.jpg").write_bytes(copy_bytes(0))
    os.mkfifo(pictures / "pipe.jpg")
    (pictures / "dead.jpg").symlink_to("nowhere")
    os.mkfifo(works / "pipe.png")
    scanned = scan(provscan, works, folder, pictures, out=tmp_path / "out", code=3)
    assert {GOOD, ("pictures", 0, NAMES[0])} == scanned.found
    assert scanned.reasons == {
        "dead.parquet": "dead.parquet: its footer cannot be read: No such file or directory",
        "pipe.csv": "a pipe or a device",
    }
    assert "pipe.csv: not read (a pipe or a device)" in scanned.ran.err
    ran = provscan("scan", works, "--dataset", folder / "pipe.csv", "--out", tmp_path / "no")
    assert ran.code == 2
    assert "pipe or a device" in ran.err


def test_a_truncated_or_lying_text_file_keeps_the_rows_before_the_damage(
    provscan: Run, works: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    urls = [f"https://example.org/{number}.jpg" for number in range(3000)]
    urls[40] = "https://artist.example/mine.jpg"
    lines = [f"{url}\ta caption of it {number}" for number, url in enumerate(urls)]
    packed = gzip.compress(("\n".join(["url\tcaption", *lines]) + "\n").encode())
    (folder / "cut.tsv.gz").write_bytes(packed[: len(packed) * 2 // 3])
    (folder / "torn.tsv.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(range(200)))
    (folder / "utf16.csv").write_bytes("url,caption\nhttps://a.example/b.jpg,c\n".encode("utf-16"))
    (folder / "quote.csv").write_text('url,caption\nhttps://a.example/b.jpg,"never closed\n', encoding="utf-8")
    (tmp_path / "me.toml").write_text('work_urls = ["https://artist.example/mine.jpg"]\n', encoding="utf-8")
    scanned = scan(
        provscan, works, folder, out=tmp_path / "out", code=3, options=("--identity", str(tmp_path / "me.toml"))
    )
    assert scanned.found == {("cut.tsv.gz", 40, "")}
    assert set(scanned.reasons) == {"cut.tsv.gz", "torn.tsv.zst", "utf16.csv"}
    assert "UTF-8" in scanned.ran.out or "UTF-16" in scanned.reasons["utf16.csv"]


def test_a_finding_in_a_row_with_a_damaged_cell_is_kept_and_the_cell_is_named(
    provscan: Run, works: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    write_good(folder)
    planted = 1500
    pq.write_table(
        coyo(2000, {planted: {"image_phash": copy_hash()}}),
        folder / "rot.parquet",
        row_group_size=500,
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    text = pq.ParquetFile(folder / "rot.parquet").metadata.row_group(planted // 500).column(2)
    content = bytearray((folder / "rot.parquet").read_bytes())
    content[text.data_page_offset + text.total_compressed_size // 2] ^= 0x10
    (folder / "rot.parquet").write_bytes(content)
    scanned = scan(provscan, works, folder, out=tmp_path / "out")
    assert scanned.found == {GOOD, ("rot.parquet", planted, NAMES[COPIED])}
    match = next(one for one in records(scanned.package, "matches") if one["row"]["shard"] == "rot.parquet")
    assert match["row"]["caption"] is None
    assert match["row"]["url"].startswith("https://")
    assert "text_not_verbatim" in match["caveats"]
    shard16 = match["row"]["shard_sha256"][:16]
    (row,) = records(scanned.package, f"rows/{shard16}")
    assert ["text", "string;unreadable", None] in row["values"]
