"""The file of a HashIndex: its bytes, its own digest, its header, and what is refused."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scanner.artwork import artwork
from scanner.config import ScanConfig
from scanner.datasets import Dataset, Role, ShardKind
from scanner.decoding import decode_picture
from scanner.errors import OutputError, ShardDamaged
from scanner.hashers import fingerprints
from scanner.indexes import PART_SCHEMA, IndexPart, fingerprint_part, row_groups, write_index
from scanner.shards import OpenShard, describe, list_shards, open_shard, read_rows, scan_shard
from scanner.shards import hash_index as format_of
from scanner.shards.hash_index import HEADER_KEY, IndexedShard, IndexHeader, fingerprint_method

SHARD_ID = "sha256:" + "a" * 64


def stored(seed: int, side: int = 90) -> bytes:
    stream = io.BytesIO()
    artwork(seed, (side, side - 10)).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def opened(source: Path) -> OpenShard:
    shards, _ = list_shards(Dataset(name="d", source=str(source)))
    return open_shard(shards[0])


def read_whole(source: Path) -> int:
    shard = opened(source)
    return sum(batch.read for part in shard.parts(1 << 20) for batch in scan_shard(shard, part, shard.roles))


def header(rows: int, digest: str, changed: dict[str, Any] | None = None) -> IndexHeader:
    shard = IndexedShard(
        shard="a.tar",
        shard_id=SHARD_ID,
        layout="webdataset/1",
        bytes=9,
        status="scanned",
        reason=None,
        rows=rows,
        pictures=rows,
        published=0,
        faults={},
    )
    made = IndexHeader(
        dataset="d",
        tool={"name": "provscan", "version": "9"},
        method=fingerprint_method(),
        libraries={"pillow": "1"},
        limits={},
        shards=(shard,),
        rows=rows,
        rows_sha256=digest,
    )
    return replace(made, **(changed or {}))


def entries(count: int, seed: int = 0) -> pa.Table:
    words = np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)
    named: dict[str, Any] = {
        "row": pa.array(range(count), pa.int64()),
        "item": pa.array([None if n % 3 else n for n in range(count)], pa.int32()),
        "key": [f"{n:09}é" if n % 5 else None for n in range(count)],
        "source": ["shard_bytes" if n % 2 else "compiler" for n in range(count)],
        "phash64": pa.array(words, mask=words % 7 == 0),
        "phash256": [None if n % 2 else f"{n:064x}" for n in range(count)],
        "sha256": [None if n % 2 else f"{n * n:064x}" for n in range(count)],
    }
    return pa.table(named, schema=PART_SCHEMA)


def written(path: Path, count: int = 40, **changed: Any) -> IndexHeader:
    parts = [("a.tar", SHARD_ID, entries(count))]
    return write_index(path, parts, lambda rows, digest: header(rows, digest, changed))


@pytest.mark.parametrize("cuts", [(1, 2, 7, 30), (20, 20), (40,), (13, 0, 27)])
def test_the_bytes_do_not_depend_on_how_the_rows_were_cut_into_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuts: tuple[int, ...]
) -> None:
    monkeypatch.setattr("scanner.indexes.ROW_GROUP_ROWS", 16)
    whole, start = entries(40), 0
    written(tmp_path / "whole.hx")
    parts = []
    for count in cuts:
        parts.append(("a.tar", SHARD_ID, whole.slice(start, count)))
        start += count
    write_index(tmp_path / "cut.hx", parts, header)
    assert (tmp_path / "whole.hx").read_bytes() == (tmp_path / "cut.hx").read_bytes()
    assert [group.num_rows for group in row_groups(parts)] == [16, 16, 8]


def test_the_digest_of_the_rows_is_what_the_docstring_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.indexes.ROW_GROUP_ROWS", 16)
    made = written(tmp_path / "i.hx")
    state = hashlib.sha256()
    rows = pq.read_table(tmp_path / "i.hx").to_pylist()
    for start in range(0, len(rows), 16):
        group = rows[start : start + 16]
        for field in format_of.SCHEMA:
            values = [row[field.name] for row in group]
            state.update(bytes(value is not None for value in values))
            if pa.types.is_string(field.type):
                texts = [(value or "").encode() for value in values]
                state.update(b"".join(struct.pack("<q", len(text)) for text in texts) + b"".join(texts))
            else:
                letter = {"int64": "q", "int32": "i", "uint64": "Q"}[str(field.type)]
                state.update(b"".join(struct.pack(f"<{letter}", value or 0) for value in values))
    assert state.hexdigest() == made.rows_sha256
    assert json.loads(pq.read_metadata(tmp_path / "i.hx").metadata[HEADER_KEY])["rows_sha256"] == made.rows_sha256


def test_an_index_is_known_by_its_header_under_any_name(tmp_path: Path) -> None:
    for name in ("i.hashindex", "i.parquet", "i"):
        written(tmp_path / name)
        shard = opened(tmp_path / name)
        assert shard.shard.kind is ShardKind.INDEX
        assert shard.layout.id == "hash-index/1"
        said = "\n".join(describe(shard).lines)
        assert "an index of d: 40 stored pictures" in said
        assert "leads" in said


def test_the_same_columns_without_the_header_are_no_index(tmp_path: Path) -> None:
    table = pa.table([pa.repeat("a", 40), pa.repeat("b", 40), *entries(40).columns], schema=format_of.SCHEMA)
    pq.write_table(table, tmp_path / "i.parquet")
    shards, _ = list_shards(Dataset(name="d", source=str(tmp_path / "i.parquet"), columns={"phash64": "phash64"}))
    assert open_shard(shards[0]).shard.kind is ShardKind.PARQUET


def test_columns_and_layout_of_other_datasets_do_not_touch_an_index(tmp_path: Path) -> None:
    written(tmp_path / "i.hx")
    dataset = Dataset(name="d", source=str(tmp_path / "i.hx"), layout="coyo700m", columns={"url": "MYURL"})
    assert open_shard(list_shards(dataset)[0][0]).roles == {Role.PHASH64, Role.PHASH256, Role.ROW_KEY}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "provscan.hashindex/7"}, "format provscan.hashindex/7"),
        ({"rows": 41}, "index of 41 rows that holds 40"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    written(tmp_path / "i.hx", **change)
    with pytest.raises(ShardDamaged, match=said):
        opened(tmp_path / "i.hx")


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"format":"provscan.hashindex/1"}', b"\xff", b"7"])
def test_a_header_that_cannot_be_read_is_damage(raw: bytes) -> None:
    with pytest.raises(ShardDamaged, match="header cannot be read"):
        format_of.read_header(pa.schema([], metadata={HEADER_KEY: raw}), "i.hx")


def test_other_columns_under_the_header_are_damage(tmp_path: Path) -> None:
    made = header(3, "0" * 64)
    table = pa.table({"phash64": [1, 2, 3]})
    with pq.ParquetWriter(tmp_path / "i.hx", table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({HEADER_KEY: format_of.header_bytes(made)})
    with pytest.raises(ShardDamaged, match="other columns"):
        opened(tmp_path / "i.hx")


def test_fingerprints_of_another_method_and_gaps_are_said(tmp_path: Path) -> None:
    gap = IndexedShard(
        shard="b.tar",
        shard_id=None,
        layout=None,
        bytes=1,
        status="failed",
        reason="it ends inside a member",
        rows=0,
        pictures=0,
        published=0,
        faults={},
    )
    written(tmp_path / "i.hx", method={"pixels": []}, shards=(gap,))
    told = opened(tmp_path / "i.hx").warnings
    assert any("b.tar: it ends inside a member" in line for line in told)
    assert any("another way" in line for line in told)


def test_a_flipped_bit_in_the_hashes_is_noticed(tmp_path: Path) -> None:
    written(tmp_path / "i.hx", 5000)
    content = bytearray((tmp_path / "i.hx").read_bytes())
    word = pq.read_table(tmp_path / "i.hx")["phash64"].drop_null()[2500].as_py()
    content[content.index(word.to_bytes(8, "little"))] ^= 1
    (tmp_path / "i.hx").write_bytes(content)
    with pytest.raises(ShardDamaged, match=r"i\.hx: .*CRC"):
        read_whole(tmp_path / "i.hx")


def test_a_row_of_an_index_is_read_back_word_for_word(tmp_path: Path) -> None:
    written(tmp_path / "i.hx")
    cells = {name: value for name, _, value in read_rows(opened(tmp_path / "i.hx"), [(6, None)])[6, None].values}
    assert cells["shard"] == "a.tar"
    assert cells["shard_id"] == SHARD_ID
    assert (cells["row"], cells["item"]) == ("6", "6")
    assert cells["phash256"] == f"{6:064x}"


def test_a_part_keeps_every_picture_with_or_without_pixels(tmp_path: Path) -> None:
    members = {"k1.jpg": stored(1), "k2.jpg": b"\xff\xd8\xff no picture", "k3.txt": b"a boat", "k4.jpg": stored(2)}
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    shard = opened(tmp_path / "a.tar")
    part = fingerprint_part(shard, shard.parts(100)[0], ScanConfig(), lambda _: None)
    found = part.entries.to_pylist()
    assert [(row["row"], row["key"], row["source"]) for row in found] == [
        (0, "k1", "shard_bytes"),
        (1, "k2", "shard_bytes"),
        (3, "k4", "shard_bytes"),
    ]
    assert [row["sha256"] for row in found] == [
        hashlib.sha256(members[name]).hexdigest() for name in ("k1.jpg", "k2.jpg", "k4.jpg")
    ]
    narrow, wide = fingerprints(decode_picture(members["k4.jpg"]).image)
    assert (found[2]["phash64"], found[2]["phash256"]) == (narrow.value, wide.hex)
    assert (found[1]["phash64"], found[1]["phash256"]) == (None, None)
    assert (part.rows, part.compared.image, part.faults) == (4, 2, Counter({"image_undecodable": 1}))
    again = IndexPart.loads(part.dumps())
    assert again.entries.equals(part.entries)
    assert (again.rows, again.compared, again.faults, again.stopped_at) == (4, part.compared, part.faults, None)


def test_a_row_with_picture_and_published_hash_is_indexed_under_both(tmp_path: Path) -> None:
    others = [f"{n:016x}" for n in range(30)]
    hashes = ["00000000ffffffff", None, "zz", "9393646c6d8d92f2", *others]
    pictures = [stored(1), None, None, stored(3), *[None] * 30]
    keys = ["k" * 2000, "b", "c", "d", *["e"] * 30]
    table = pa.table({"url": ["https://a.example/b.jpg"] * 34, "jpg": pictures, "h": hashes, "key": keys})
    pq.write_table(table, tmp_path / "a.parquet")
    columns = {"url": "url", "image": "jpg", "phash64": "h", "row_key": "key"}
    shard = open_shard(list_shards(Dataset(name="d", source=str(tmp_path / "a.parquet"), columns=columns))[0][0])
    part = fingerprint_part(shard, shard.parts(100)[0], ScanConfig(), lambda _: None)
    found = part.entries.to_pylist()[:4]
    assert [(row["row"], row["source"]) for row in found] == [
        (0, "shard_bytes"),
        (0, "compiler"),
        (3, "shard_bytes"),
        (3, "compiler"),
    ]
    assert [row["key"] for row in found] == [None, None, "d", "d"]
    assert [row["phash64"] for row in found if row["source"] == "compiler"] == [0xFFFFFFFF, 0x9393646C6D8D92F2]
    assert (part.compared.image, part.compared.fingerprint) == (2, 32)
    assert part.faults["bad_fingerprint"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full, of Linux")
def test_a_full_disk_is_said_and_nothing_is_left() -> None:
    class Full(type(Path())):  # type: ignore[misc]
        def unlink(self, missing_ok: bool = False) -> None:
            assert missing_ok

    with pytest.raises(OutputError, match="could not be written") as told:
        write_index(Full("/dev/full"), [("a.tar", SHARD_ID, entries(200_000))], header)
    assert "resumes" in told.value.hint
