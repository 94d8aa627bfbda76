"""Damaged and hostile shards: a clear error, what was good is kept, nothing is written, nothing grows without bound."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import random
import sys
import tarfile
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from synthetic_shards import ROWS, picture, table_of, write_img2dataset, write_pictures, write_shard

from scanner.datasets import Dataset, Role, RowFault, ShardKind
from scanner.errors import LayoutUnknown, ShardDamaged, UsageError
from scanner.shards import OpenShard, digest_shard, list_shards, open_shard, read_rows, scan_shard
from scanner.shards.archives import open_tar

if TYPE_CHECKING:
    from pathlib import Path

EVERY_ROLE = frozenset(Role)


def opened(path: Path) -> OpenShard:
    (shard,), _ = list_shards(Dataset(name="hostile", source=str(path)))
    return open_shard(shard)


def rows_before_damage(
    shard: OpenShard, max_rows: int = 10**9
) -> tuple[list[int], ShardDamaged | None, Counter[RowFault]]:
    rows: list[int] = []
    faults: Counter[RowFault] = Counter()
    try:
        for part in shard.parts(max_rows):
            for batch in scan_shard(shard, part, EVERY_ROLE):
                rows += batch.rows.column("row").to_pylist()
                faults.update(batch.faults)
    except ShardDamaged as damage:
        return rows, damage, faults
    return rows, None, faults


# --- parquet ----------------------------------------------------------------------------------------------------------------


def test_good_row_groups_before_a_damaged_one_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(
        table_of("laion400m", 1000),
        path,
        row_group_size=100,
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    column = pq.ParquetFile(path).metadata.row_group(6).column(2)  # TEXT: never the first to be read of its group
    body = bytearray(path.read_bytes())
    body[column.data_page_offset + column.total_compressed_size // 2] ^= 0x10
    path.write_bytes(body)
    rows, damage, _ = rows_before_damage(opened(path))
    assert rows == list(range(600))
    assert damage is not None
    assert damage.row_group == 6
    assert "x.parquet" in damage.message
    assert damage.hint


def test_good_rows_are_kept_however_the_file_is_cut_into_parts(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(
        table_of("laion400m", 1000),
        path,
        row_group_size=100,
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    column = pq.ParquetFile(path).metadata.row_group(6).column(2)
    body = bytearray(path.read_bytes())
    body[column.data_page_offset + column.total_compressed_size // 2] ^= 0x10
    path.write_bytes(body)
    shard = opened(path)
    for max_rows in (1, 250, 10**9):
        kept, damage, _ = rows_before_damage(shard, max_rows)
        assert kept == list(range(600))
        assert damage is not None
    assert (599, None) in read_rows(shard, [(599, None)])
    lost = read_rows(shard, [(650, None)])[650, None]  # a finding in another column of it would stay a finding
    assert [cell for cell in lost.values if cell[1].endswith("unreadable")] == [("TEXT", "string;unreadable", None)]
    assert lost.row_check is None


@pytest.mark.parametrize("keep", [0, 3, 100, 0.5, 0.99, -1])
def test_a_truncated_parquet_file_is_damaged_not_empty(keep: float, tmp_path: Path) -> None:
    path = write_shard("laion400m", tmp_path)
    body = path.read_bytes()
    path.write_bytes(body[: int(keep * len(body)) if isinstance(keep, float) else keep])
    with pytest.raises(ShardDamaged, match="laion400m"):
        opened(path)


def test_a_text_file_called_parquet_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"<html>404 Not Found</html>" * 20)
    with pytest.raises(ShardDamaged, match="footer"):
        opened(tmp_path / "x.parquet")


def test_flipped_bits_never_raise_anything_but_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(table_of("img2dataset", 300), path, row_group_size=60)
    good = path.read_bytes()
    outcomes: Counter[str] = Counter()
    for seed in range(150):
        rng = random.Random(seed)
        body = bytearray(good)
        for _ in range(rng.choice([1, 3])):
            body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        path.write_bytes(body)
        try:
            rows, damage, _ = rows_before_damage(opened(path))
        except (ShardDamaged, LayoutUnknown) as error:
            outcomes[type(error).__name__] += 1
        else:
            assert rows == list(range(len(rows)))
            outcomes["whole" if damage is None else "in part"] += 1
    assert outcomes["ShardDamaged"] > 10
    assert outcomes["in part"] > 10


def test_a_shard_without_rows_is_read_as_such(tmp_path: Path) -> None:
    pq.write_table(table_of("coyo700m", 5).slice(0, 0), tmp_path / "z.parquet")
    shard = opened(tmp_path / "z.parquet")
    assert shard.layout.name == "coyo700m"
    assert shard.rows_total == 0
    assert rows_before_damage(shard)[0] == []
    assert read_rows(shard, [(0, None)]) == {}


def test_wrong_types_in_known_columns_never_stop_a_scan(tmp_path: Path) -> None:
    rows = 30
    table = table_of("coyo700m", rows)
    odd = {
        "width": pa.array([str(n) if n % 2 else "wide" for n in range(rows)]),
        "height": pa.array([[1]] * rows),
        "text": pa.array(list(range(rows))),
        "image_phash": pa.array(list(range(rows))),
        "id": pa.array([b"\xff"] * rows),
    }
    for name, values in odd.items():
        changed = table.set_column(table.column_names.index(name), name, values)
        path = tmp_path / f"{name}.parquet"
        pq.write_table(changed, path)
        (shard,), _ = list_shards(Dataset(name="d", source=str(path), layout="coyo700m"))
        found, damage, _ = rows_before_damage(open_shard(shard))
        assert found == list(range(rows)), name
        assert damage is None


def test_hostile_cells_are_counted_and_nothing_is_lost(tmp_path: Path) -> None:
    planted = {
        0: {"url": None},
        1: {"url": "https://a.org/" + "x" * 100_000},
        2: {"text": "a\0b\u202ec=1+1<script>" + "y" * (1 << 20)},
        3: {"url": "", "text": None, "image_phash": None, "width": 0, "height": -5},
        4: {"image_phash": "zzzz"},
        5: {"url": "javascript:alert(1)"},
        6: {"url": "http://[::1"},
    }
    rows, damage, faults = rows_before_damage(opened(write_shard("coyo700m", tmp_path, planted=planted)))
    assert rows == list(range(ROWS))
    assert damage is None
    assert faults == {
        RowFault.NO_URL: 2,
        RowFault.BAD_URL: 2,
        RowFault.VALUE_TRUNCATED: 1,
        RowFault.BAD_SIZE: 2,
        RowFault.BAD_FINGERPRINT: 1,
    }


def test_large_values_are_cut_into_small_batches(tmp_path: Path) -> None:
    rows = 300
    table = table_of("img2dataset", rows).append_column(
        "jpg", pa.array([b"\xff\xd8\xff" + bytes(1 << 20)] * rows, pa.binary())
    )
    pq.write_table(table, tmp_path / "big.parquet")
    shard = opened(tmp_path / "big.parquet")
    batches = list(scan_shard(shard, shard.parts(10**9)[0], EVERY_ROLE))
    assert sum(batch.rows.num_rows for batch in batches) == rows
    assert max(batch.rows.nbytes for batch in batches) <= 64 << 20


def test_a_value_repeated_through_a_dictionary_does_not_fill_the_memory(tmp_path: Path) -> None:
    rows = 20_000
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * (1 << 20)]))
    table = pa.table({"URL": [f"https://a.org/{row}" for row in range(rows)], "TEXT": repeated})
    path = tmp_path / "bomb.parquet"  # 50 kB in the file, 20 GiB decoded
    pq.write_table(table, path, compression="zstd", store_schema=False, dictionary_pagesize_limit=1 << 22)
    assert path.stat().st_size < 1 << 20
    shard = opened(path)
    first = next(iter(scan_shard(shard, shard.parts(10**9)[0], EVERY_ROLE)))
    assert 0 < first.rows.num_rows <= 256
    assert first.rows.nbytes <= 256 << 20


# --- compressed -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2"])
def test_a_bomb_is_refused_before_it_expands(suffix: str, tmp_path: Path) -> None:
    line = b"https://a.org/x\tsome words\n"
    pack = {".gz": gzip.compress, ".zst": zstandard.compress, ".bz2": bz2.compress}[suffix]
    (tmp_path / f"b.tsv{suffix}").write_bytes(pack(line * ((10 << 20) // len(line))) * 10)  # members one after another
    shard = opened(tmp_path / f"b.tsv{suffix}")
    rows, damage, _ = rows_before_damage(shard)
    assert rows
    assert damage is not None
    assert "expands to more than" in damage.message


def test_a_bomb_of_one_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress(b"a" * (100 << 20)))
    with pytest.raises(ShardDamaged):
        opened(tmp_path / "b.tsv.gz")


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2"])
def test_damaged_compression_is_damage(suffix: str, tmp_path: Path) -> None:
    pack = {".gz": gzip.compress, ".zst": zstandard.compress, ".bz2": bz2.compress}[suffix]
    body = bytearray(pack(b"".join(b"https://a.org/%d\twords %d\n" % (n * n, n) for n in range(30_000))))
    body[len(body) // 2] ^= 0xFF
    (tmp_path / f"d.tsv{suffix}").write_bytes(body)
    try:
        rows, damage, _ = rows_before_damage(opened(tmp_path / f"d.tsv{suffix}"))
    except (ShardDamaged, LayoutUnknown):  # bzip2 hands out a damaged block of up to 900 kB before it checks it
        return
    assert damage is not None
    assert rows == list(range(len(rows)))


def test_garbage_behind_compressed_data_is_damage(tmp_path: Path) -> None:
    (tmp_path / "g.tsv.gz").write_bytes(gzip.compress(b"https://a.org/x\tsome words\n" * 50) + b"garbage")
    rows, damage, _ = rows_before_damage(opened(tmp_path / "g.tsv.gz"))
    assert len(rows) == 50
    assert damage is not None
    (tmp_path / "z.tsv.gz").write_bytes(gzip.compress(b"https://a.org/x\tsome words\n" * 50) + bytes(512))
    assert rows_before_damage(opened(tmp_path / "z.tsv.gz"))[1] is None  # padding is none


@pytest.mark.parametrize(
    ("name", "body"), [("e.tsv", b""), ("e.jsonl", b""), ("e.json", b""), ("b.json", b"{]"), ("u.csv", b"\xff\xfea\0")]
)
def test_empty_and_unreadable_texts_are_damage(name: str, body: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises((ShardDamaged, LayoutUnknown)):
        opened(tmp_path / name)


def test_json_cut_off_in_the_middle_keeps_its_rows(tmp_path: Path) -> None:
    path = write_shard("redcaps", tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    rows, damage, _ = rows_before_damage(opened(path))
    assert rows == list(range(ROWS - 1))
    assert damage is not None


# --- tar --------------------------------------------------------------------------------------------------------------------


def tar_of(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for info, body in members:
            archive.addfile(info, io.BytesIO(body) if info.isreg() else None)
    return buffer.getvalue()


def member(name: str, body: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(body)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, body


def test_names_that_climb_are_shown_and_never_used(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    names = ["../../evil.jpg", "/etc/evil.jpg", "..\\evil.jpg", "C:evil.jpg", "a/../../evil.jpg"]
    (inside / "x.tar").write_bytes(tar_of(*(member(name, picture(1)) for name in names)))
    shard = opened(inside / "x.tar")
    rows, damage, _ = rows_before_damage(shard)
    assert len(rows) == len(names)
    assert damage is None
    assert read_rows(shard, [(0, None)])[0, None].values[0][0] == "../../evil.jpg"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inside", "x.tar"]


def test_links_devices_and_folders_are_no_rows(tmp_path: Path) -> None:
    odd = [
        member("a.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("b.jpg", type=tarfile.LNKTYPE, linkname="../../etc/shadow"),
        member("c.jpg", type=tarfile.FIFOTYPE),
        member("d.jpg", type=tarfile.CHRTYPE),
        member("e.jpg", type=tarfile.DIRTYPE),
    ]
    (tmp_path / "x.tar").write_bytes(tar_of(*odd, member("real.jpg", picture(1))))
    table = [
        batch.rows
        for part in opened(tmp_path / "x.tar").parts(9)
        for batch in scan_shard(opened(tmp_path / "x.tar"), part, EVERY_ROLE)
    ]
    assert [row["row_key"] for row in table[0].to_pylist()] == ["real"]


def test_a_lying_size_is_damage_and_keeps_what_was_before(tmp_path: Path) -> None:
    body = bytearray(tar_of(*(member(f"{n}.jpg", picture(n)) for n in range(5))))
    at = body.rindex(b"4.jpg")
    header = bytearray(body[at : at + 512])
    header[124:136] = b"77777777777\0"  # 8 GiB
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    body[at : at + 512] = header
    (tmp_path / "x.tar").write_bytes(body)
    rows, damage, faults = rows_before_damage(opened(tmp_path / "x.tar"))
    assert damage is not None
    assert rows == [0, 1, 2, 3, 4]
    assert faults[RowFault.IMAGE_OVER_LIMIT] == 1


@pytest.mark.parametrize("kind", [b"x", b"L", b"g", b"K"])
def test_an_extended_header_of_absurd_size_is_not_read(kind: bytes, tmp_path: Path) -> None:
    body = bytearray(tar_of(member("0.jpg", picture(0)), member("1.jpg", picture(1))))
    at = body.rindex(b"1.jpg")
    header = bytearray(body[at : at + 512])
    header[156:157] = kind
    header[124:136] = b"\x80" + (60 << 30).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    body[at : at + 512] = header
    (tmp_path / "x.tar").write_bytes(body)
    rows, damage, _ = rows_before_damage(opened(tmp_path / "x.tar"))
    assert rows == [0]
    assert damage is not None
    assert "impossible size" in damage.message


def test_a_negative_size_is_damage(tmp_path: Path) -> None:
    body = bytearray(tar_of(member("0.jpg", picture(0))))
    header = bytearray(body[:512])
    header[124:136] = b"\xff" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    body[:512] = header
    (tmp_path / "x.tar").write_bytes(body)
    with pytest.raises(ShardDamaged, match="negative"):
        opened(tmp_path / "x.tar")


def test_a_truncated_tar_keeps_what_was_read(tmp_path: Path) -> None:
    whole = tar_of(*(member(f"{n}.jpg", picture(n)) for n in range(5)))
    for cut in (3000, 5000, 9000, len(tar_of(*(member(f"{n}.jpg", picture(n)) for n in range(4)))) // 2):
        (tmp_path / "x.tar").write_bytes(whole[:cut])
        rows, damage, _ = rows_before_damage(opened(tmp_path / "x.tar"))
        assert rows == list(range(len(rows)))
        assert damage is not None


def test_a_sparse_member_is_passed_over(tmp_path: Path) -> None:
    sparse = member("s.jpg", b"\xff\xd8\xff sparse", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.name": "s.jpg"})
    (tmp_path / "x.tar").write_bytes(tar_of(sparse, member("1.jpg", picture(1)), form=tarfile.PAX_FORMAT))
    rows, damage, _ = rows_before_damage(opened(tmp_path / "x.tar"))
    assert rows == [0]
    assert damage is None


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_long_and_foreign_names_are_read_in_every_tar_format(form: int, tmp_path: Path) -> None:
    names = ["folder/" + "n" * 80 + "/0.jpg"] + (
        [] if form == tarfile.USTAR_FORMAT else ["画" * 60 + ".jpg", "x" * 300 + ".jpg"]
    )
    (tmp_path / "x.tar").write_bytes(tar_of(*(member(name, picture(1)) for name in names), form=form))
    shard = opened(tmp_path / "x.tar")
    found = [read_rows(shard, [(row, None)])[row, None].values[0][0] for row in range(len(names))]
    assert found == names


def test_duplicate_names_and_names_that_are_no_utf8_are_rows(tmp_path: Path) -> None:
    body = tar_of(member("same.jpg", picture(1)), member("same.jpg", picture(2)), member("caf@.jpg", picture(3)))
    (tmp_path / "x.tar").write_bytes(_renamed(body, b"caf@.jpg", b"caf\xe9.jpg"))
    shard = opened(tmp_path / "x.tar")
    rows, damage, _ = rows_before_damage(shard)
    assert rows == [0, 1, 2]
    assert damage is None
    assert read_rows(shard, [(2, None)])[2, None].values[0][0] == "caf\\xe9.jpg"


def _renamed(body: bytes, old: bytes, new: bytes) -> bytes:
    changed = bytearray(body)
    at = changed.index(old)
    changed[at : at + len(old)] = new
    header = changed[at : at + 512]
    header[148:156] = b" " * 8
    changed[at + 148 : at + 156] = b"%06o\0 " % sum(header)
    return bytes(changed)


def test_a_compressed_tar_is_streamed(tmp_path: Path) -> None:
    path = write_shard("webdataset", tmp_path)
    (tmp_path / "c.tar.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    shard = opened(tmp_path / "c.tar.gz")
    assert rows_before_damage(shard)[0] == list(range(ROWS))
    assert read_rows(shard, [(49, None)])[49, None].values[0][0] == "000000049.jpg"


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_shard("webdataset", tmp_path)
    monkeypatch.setattr("scanner.shards.members.MAX_MEMBERS", 20)
    rows, damage, _ = rows_before_damage(opened(path))
    assert len(rows) == 7
    assert damage is not None
    assert "more than 20 members" in damage.message


def test_opening_a_tar_of_large_pictures_reads_few_of_them(tmp_path: Path) -> None:
    body = b"\xff\xd8\xff" + bytes(20 << 20)
    (tmp_path / "x.tar").write_bytes(tar_of(*(member(f"{n}.jpg", body) for n in range(4))))
    sample = open_tar(str(tmp_path / "x.tar"), "x.tar").sample
    assert sample.column("image").null_count == 3
    assert [batch.num_rows for batch in _batches(opened(tmp_path / "x.tar"))] == [1, 1, 1, 1]


def _batches(shard: OpenShard) -> list[pa.RecordBatch]:
    return [batch.rows for part in shard.parts(10**9) for batch in scan_shard(shard, part, EVERY_ROLE)]


def test_a_stem_without_end_becomes_several_rows(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tar_of(*(member(f"a.{n}.jpg", b"\xff\xd8\xff%d" % n) for n in range(600))))
    table = pa.Table.from_batches(_batches(opened(tmp_path / "x.tar")))
    assert table.num_rows == 600
    assert set(table.column("row").to_pylist()) == {0, 1, 2}
    assert table.column("item").to_pylist()[256:258] == [0, 1]


def test_pictures_of_one_row_that_are_too_much_together_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.shards.archives.MAX_PICTURE_BYTES", 5000)
    (tmp_path / "x.tar").write_bytes(tar_of(*(member(f"a.{n}.jpg", b"\xff\xd8\xff" + bytes(2000)) for n in range(4))))
    rows, damage, faults = rows_before_damage(opened(tmp_path / "x.tar"))
    assert rows == [0, 0, 0, 0]
    assert damage is None
    assert faults[RowFault.IMAGE_OVER_LIMIT] == 2


# --- folders and listing ----------------------------------------------------------------------------------------------------


def test_what_is_no_shard_is_named_with_its_reason(tmp_path: Path) -> None:
    folder = write_img2dataset(tmp_path / "out", "webdataset")
    write_shard("laion400m", folder)
    for name in ("part.crc", "emb.npy", "README.md", "_SUCCESS", "x.parquet.incomplete", "notes.txt"):
        (folder / name).write_bytes(b"x")
    (folder / ".hidden").write_bytes(b"x")
    shards, skipped = list_shards(Dataset(name="d", source=str(folder)))
    assert [(shard.name, shard.kind) for shard in shards] == [
        ("00000.parquet", ShardKind.PARQUET),
        ("00000.tar", ShardKind.TAR),
        ("laion400m.parquet", ShardKind.PARQUET),
    ]
    assert {one.name for one in skipped} == {
        "00000_stats.json", "part.crc", "emb.npy", "README.md", "_SUCCESS", "x.parquet.incomplete", "notes.txt"
    }  # fmt: skip
    assert all(one.reason for one in skipped)
    assert [one.name for one in skipped if not one.beside] == ["notes.txt", "x.parquet.incomplete"]


def test_img2dataset_files_become_folder_shards_beside_their_parquet(tmp_path: Path) -> None:
    folder = write_img2dataset(tmp_path / "out", "files")
    shards, _ = list_shards(Dataset(name="d", source=str(folder)))
    assert [(shard.name, shard.kind) for shard in shards] == [
        ("00000", ShardKind.FOLDER),
        ("00000.parquet", ShardKind.PARQUET),
    ]


def test_shards_are_ordered_by_the_bytes_of_their_names(tmp_path: Path) -> None:
    for name in ("b", "a/z", "a", "B", "a-1", "é"):
        write_shard("coyo700m", tmp_path / "s", 3).rename(_made(tmp_path / "d" / f"{name}.parquet"))
    shards, _ = list_shards(Dataset(name="d", source=str(tmp_path / "d")))
    names = [shard.name for shard in shards]
    assert names == sorted(names, key=lambda name: name.encode())
    assert len(names) == 6


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_globs_list_what_they_match(tmp_path: Path) -> None:
    for name in ("a-0", "a-1", "b-0"):
        write_shard("coyo700m", tmp_path / "s", 3).rename(_made(tmp_path / "d" / f"{name}.parquet"))
    shards, _ = list_shards(Dataset(name="d", source=str(tmp_path / "d" / "a-*.parquet")))
    assert [shard.name for shard in shards] == ["a-0.parquet", "a-1.parquet"]
    shards, _ = list_shards(Dataset(name="d", source=str(tmp_path / "**" / "*.parquet")))
    assert [shard.name for shard in shards] == ["d/a-0.parquet", "d/a-1.parquet", "d/b-0.parquet"]


@pytest.mark.parametrize("missing", ["nothing", "no-*.parquet", "empty"])
def test_a_dataset_that_is_not_there_is_a_usage_error(missing: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=missing.replace("*", r"\*")):
        list_shards(Dataset(name="d", source=str(tmp_path / missing)))


@pytest.mark.skipif(sys.platform == "win32", reason="links and names of POSIX")
@pytest.mark.parametrize("name", ["loop", "n" * 300, "nul\0"])
def test_a_path_that_cannot_be_looked_at_is_a_usage_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="cannot be looked at"):
        list_shards(Dataset(name="d", source=str(tmp_path / name)))


def test_a_single_picture_or_an_unknown_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(1))
    (tmp_path / "a.bin").write_bytes(b"what is this")
    for name in ("a.jpg", "a.bin"):
        with pytest.raises(UsageError):
            list_shards(Dataset(name="d", source=str(tmp_path / name)))


@pytest.mark.skipif(sys.platform != "linux", reason="the file system decides which names are possible")
def test_pictures_whose_names_are_no_utf8_are_rows(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "p", 2)
    with open(os.fsencode(folder) + b"/caf\xe9.jpg", "wb") as file:  # noqa: PTH123
        file.write(picture(3))
    (shard,), _ = list_shards(Dataset(name="d", source=str(folder)))
    assert digest_shard(shard).sha256
    opened_shard = open_shard(shard)
    table = next(iter(scan_shard(opened_shard, opened_shard.parts(9)[0], EVERY_ROLE))).rows
    assert table.column("row_key").to_pylist() == ["caf\\xe9.jpg", "picture-000.jpg", "picture-001.jpg"]
    assert table.column("image")[0].as_py() == picture(3)


def test_a_picture_that_cannot_be_read_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "p", 3)
    (folder / "picture-001.jpg").unlink()
    (folder / "picture-001.jpg").symlink_to(tmp_path / "gone.jpg")
    (shard,), _ = list_shards(Dataset(name="d", source=str(folder)))
    assert digest_shard(shard).bytes == len(picture(0)) + len(picture(2))
    rows, damage, faults = rows_before_damage(open_shard(shard))
    assert rows == [0, 1, 2]
    assert damage is None
    assert faults == {RowFault.IMAGE_UNDECODABLE: 1}


def test_folders_that_link_to_themselves_are_walked_once(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "p", 3)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (shard,), _ = list_shards(Dataset(name="d", source=str(folder)))
    assert open_shard(shard).rows_total == 3


def test_a_folder_of_nothing_but_its_texts_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="no shard"):
        list_shards(Dataset(name="d", source=str(tmp_path)))
