"""Opening and reading shards of every format: all rows, right numbers, verbatim cells."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import pickle
import tarfile
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from synthetic_shards import (
    ALL_LAYOUTS,
    ROWS,
    picture,
    rows_of,
    table_of,
    write_img2dataset,
    write_pictures,
    write_shard,
)

from scanner.datasets import Dataset, Role, RowFault
from scanner.errors import LayoutUnknown, UsageError
from scanner.layouts import row_hash
from scanner.shards import OpenShard, describe, digest_shard, list_shards, open_shard, read_rows, scan_shard
from scanner.shards.streams import UntilDamage

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

EVERY_ROLE = frozenset(Role)


def opened(path: Path | str, **dataset: Any) -> OpenShard:
    (shard,), _ = list_shards(Dataset(name="synthetic", source=str(path), **dataset))
    return open_shard(shard)


def scanned(
    shard: OpenShard, roles: frozenset[Role] = EVERY_ROLE, max_rows: int = 1 << 30
) -> tuple[pa.Table, Counter[RowFault]]:
    faults: Counter[RowFault] = Counter()
    batches = []
    for part in shard.parts(max_rows):
        for batch in scan_shard(shard, part, roles):
            batches.append(batch.rows)
            faults.update(batch.faults)
    return pa.Table.from_batches(batches), faults


@pytest.mark.parametrize("name", ALL_LAYOUTS)
def test_every_row_of_each_layout_is_read_with_its_number(name: str, tmp_path: Path) -> None:
    shard = opened(write_shard(name, tmp_path))
    table, _ = scanned(shard)
    expected = [row for row in range(ROWS) for _ in range(2 if name == "obelics" else 1)]
    assert table.column("row").to_pylist() == expected
    if Role.URL in shard.roles:
        assert all(url.startswith("https://") for url in table.column("url").to_pylist())
    if Role.CAPTION in shard.roles:
        assert all(" " in caption and "://" not in caption for caption in table.column("caption").to_pylist())
    assert {role.value for role in shard.roles} == set(table.column_names) - {
        "row",
        "row_group",
        "row_in_group",
        "item",
    }


@pytest.mark.parametrize("name", ALL_LAYOUTS)
def test_single_rows_are_those_that_were_scanned(name: str, tmp_path: Path) -> None:
    shard = pickle.loads(pickle.dumps(opened(write_shard(name, tmp_path))))
    wanted = [(3, None), (ROWS - 1, None), (0, 7)]
    found = read_rows(shard, [*wanted, (10**9, None), (-1, None)])
    assert sorted(found, key=str) == sorted(wanted, key=str)
    table, _ = scanned(shard)
    url = Role.URL in shard.roles and name not in {"obelics", "mmc4"}
    for row, item in wanted:
        cells = found[row, item]
        assert cells.row_number == row
        text = json.dumps(cells.values)
        if url:
            assert table.column("url")[row].as_py() in text.replace("\\\\", "\\").replace('\\"', '"')


def test_no_column_but_those_asked_for_is_in_a_batch(tmp_path: Path) -> None:
    table, _ = scanned(opened(write_shard("coyo700m", tmp_path)), frozenset({Role.PHASH64, Role.IMAGE}))
    assert table.column_names == ["row", "row_group", "row_in_group", "item", "phash64"]
    nothing, _ = scanned(opened(tmp_path / "coyo700m.parquet"), frozenset())
    assert nothing.num_rows == ROWS


@pytest.mark.parametrize("name", ["cc3m", "redcaps", "mmc4", "webdataset", "sbu", "obelics"])
def test_rows_are_counted_when_no_role_is_asked(name: str, tmp_path: Path) -> None:
    shard = opened(write_shard(name, tmp_path))
    read = sum(batch.read for part in shard.parts(100) for batch in scan_shard(shard, part, frozenset()))
    assert read == ROWS


def test_row_groups_of_a_hundred_rows_give_the_same_rows(tmp_path: Path) -> None:
    table = table_of("laion400m", 1234)
    results = []
    for size in (100, 7, 10**6):
        pq.write_table(table, tmp_path / f"{size}.parquet", row_group_size=size)
        for max_rows in (1, 500, 10**9):
            found, faults = scanned(opened(tmp_path / f"{size}.parquet"), max_rows=max_rows)
            assert found.column("row_group").to_pylist() == [row // size for row in range(1234)]
            assert found.column("row_in_group").to_pylist() == [row % size for row in range(1234)]
            results.append((found.drop_columns(["row_group", "row_in_group"]).combine_chunks(), faults))
    assert all(result == results[0] for result in results)


def test_exploded_documents_carry_the_item(tmp_path: Path) -> None:
    table, _ = scanned(opened(write_shard("obelics", tmp_path)))
    assert table.column("item").to_pylist()[:4] == [0, 2, 0, 2]  # the null between them is no picture
    assert table.column("caption")[0] == table.column("caption")[1]
    table, _ = scanned(opened(write_shard("mmc4", tmp_path / "m")))
    assert table.column("item").to_pylist()[:2] == [0, 0]
    assert all(caption.endswith(" again") for caption in table.column("caption").to_pylist())
    assert Role.PAGE_URL in opened(tmp_path / "m").roles


def test_documents_of_zero_one_and_many_pictures_keep_their_numbers(tmp_path: Path) -> None:
    images = [["https://a/1", None], [], None, ["https://a/2", "https://a/3"], [None]]
    texts = [[None, "after"], [], None, ["between", None], ["alone"]]
    table = pa.table({"images": images, "metadata": ["[]"] * 5, "general_metadata": ["{}"] * 5, "texts": texts})
    pq.write_table(table, tmp_path / "o.parquet", row_group_size=2)
    found, _ = scanned(opened(tmp_path / "o.parquet"))
    assert found.select(["row", "item", "url", "caption"]).to_pylist() == [
        {"row": 0, "item": 0, "url": "https://a/1", "caption": "after"},
        {"row": 3, "item": 0, "url": "https://a/2", "caption": None},
        {"row": 3, "item": 1, "url": "https://a/3", "caption": "between"},
    ]


# --- verbatim cells ---------------------------------------------------------------------------------------------------------


def test_the_vector_of_values_sha256_is_reproduced(tmp_path: Path) -> None:
    table = pa.table(
        {
            "URL": ["https://example.org/a.jpg"],
            "similarity": pa.array([0.1 + 0.2], pa.float64()),
            "hash": pa.array([-7430482745198234155], pa.int64()),
            "NSFW": pa.array([None], pa.string()),
        }
    )
    pq.write_table(table, tmp_path / "v.parquet")
    row = read_rows(opened(tmp_path / "v.parquet", columns={"url": "URL"}), [(0, None)])[0, None]
    canonical = json.dumps(row.values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    assert (
        hashlib.sha256(canonical.encode()).hexdigest()
        == "eeb58a0137406c0b35885eab5d434e93d3e0e029e7550bf7bfd7ed4ba260eed4"
    )


def test_cells_are_spelled_as_the_contract_says(tmp_path: Path) -> None:
    long = "x" * ((1 << 20) + 1)
    table = pa.table(
        {
            "url": ["https://a.org/1"],
            "half": pa.array([0.1], pa.float32()),
            "nan": pa.array([float("nan")], pa.float64()),
            "big": pa.array([2**63 + 5], pa.uint64()),
            "flag": [True],
            "raw": pa.array([b"\x00\x01"], pa.binary()),
            "at": pa.array([1_600_000_000_123], pa.timestamp("ms")),
            "price": pa.array(["1.50"]).cast(pa.decimal128(10, 2)),
            "bad": pa.array([b"caf\xe9"], pa.binary()).view(pa.string()),
            "long": [long],
            "list": pa.array([["a", None]], pa.list_(pa.string())),
            "badlist": pa.array([[b"\xff", b"a"]], pa.list_(pa.binary())).cast(pa.list_(pa.binary())),
            "pair": [{"bytes": b"x", "n": 3}],
            "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "dict": pa.array(["d"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "c.parquet")
    row = read_rows(opened(tmp_path / "c.parquet", columns={"url": "url"}), [(0, None)])[0, None]
    cells = {name: (kind, value) for name, kind, value in row.values}
    x = hashlib.sha256(b"x").hexdigest()
    assert cells["half"] == ("float", "0.1")
    assert cells["nan"] == ("double", "nan")
    assert cells["big"] == ("uint64", str(2**63 + 5))
    assert cells["flag"] == ("bool", True)
    assert cells["raw"] == ("binary", f"sha256:{hashlib.sha256(bytes([0, 1])).hexdigest()}:2")
    assert cells["at"] == ("timestamp[ms]", "1600000000123")
    assert cells["price"] == ("decimal128(10, 2)", "1.50")
    assert cells["bad"] == ("string;base64", "Y2Fm6Q==")
    assert cells["long"] == ("string;digest", f"sha256:{hashlib.sha256(long.encode()).hexdigest()}:{len(long)}")
    assert cells["list"][1] == ["a", None]
    assert cells["pair"][1] == [["bytes", f"sha256:{x}:1"], ["n", "3"]]
    assert cells["map"][1] == [["k", "1"]]
    assert cells["dict"][1] == "d"
    assert list(cells) == table.column_names


def test_a_row_of_each_format_is_kept_as_it_stands(tmp_path: Path) -> None:
    rows = rows_of("cc3m")
    cells = read_rows(opened(write_shard("cc3m", tmp_path / "t")), [(2, None)])[2, None].values
    assert cells == (("f0", "text", rows[2]["caption"]), ("f1", "text", rows[2]["url"]))
    cells = read_rows(opened(write_shard("mmc4", tmp_path / "j")), [(2, None)])[2, None].values
    assert cells == (("", "line", json.dumps(rows_of("mmc4")[2])),)
    cells = read_rows(opened(write_shard("webdataset", tmp_path / "w")), [(2, None)])[2, None].values
    assert cells[0] == ("000000002.jpg", "member", f"sha256:{hashlib.sha256(picture(2)).hexdigest()}:{len(picture(2))}")
    assert [cell[0] for cell in cells] == ["000000002.jpg", "000000002.txt", "000000002.json"]
    cells = read_rows(opened(write_pictures(tmp_path / "p")), [(2, None)])[2, None].values
    assert cells == (
        ("picture-002.jpg", "member", f"sha256:{hashlib.sha256(picture(2)).hexdigest()}:{len(picture(2))}"),
    )


def test_the_row_check_is_recomputed_for_single_rows(tmp_path: Path) -> None:
    planted = {4: {"URL": "https://img1.etsystatic.com/186/0/5531524/il_340x270.1310915051_5kax.jpg",
                   "TEXT": "Vintage Green Glass Swag Hanging Lamp Mid Century"}, 5: {"hash": 1}}  # fmt: skip
    shard = opened(write_shard("improved-aesthetics", tmp_path, planted=planted))
    found = read_rows(shard, [(4, None), (5, None)])
    assert found[4, None].row_check == {
        "method": "mmh3/url+text/1",
        "column": "hash",
        "recorded": "6170073934346815248",
        "computed": "6170073934346815248",
        "equal": True,
    }
    assert found[5, None].row_check is not None
    assert found[5, None].row_check["equal"] is False
    assert read_rows(opened(write_shard("laion400m", tmp_path / "l")), [(0, None)])[0, None].row_check is None


def test_the_row_check_hashes_the_bytes_of_the_file(tmp_path: Path) -> None:
    table = table_of("laion5b-joined", 3).to_pydict()
    table["TEXT"] = pa.array([b"caf\xe9", None, b"x"], pa.binary()).view(pa.string())
    table["hash"] = pa.array([row_hash(table["URL"][0], b"caf\xe9"), row_hash(table["URL"][1], None), 0], pa.int64())
    pq.write_table(pa.table(table), tmp_path / "x.parquet")
    found = read_rows(opened(tmp_path / "x.parquet"), [(0, None), (1, None), (2, None)])
    assert [found[row, None].row_check["equal"] for row in range(3)] == [True, True, False]  # type: ignore[index]


# --- formats ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst", ".bz2"])
def test_compressed_text_is_read_like_plain_text(suffix: str, tmp_path: Path) -> None:
    body = (write_shard("cc12m", tmp_path / "a")).read_bytes()
    packers: dict[str, Any] = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress, ".bz2": bz2.compress}
    path = tmp_path / f"cc12m.tsv{suffix}"
    path.write_bytes(packers[suffix](body[: len(body) // 2]) + packers[suffix](body[len(body) // 2 :]))  # two members
    table, faults = scanned(opened(path))
    assert table.num_rows == ROWS
    assert not faults


def test_quotes_are_text_in_tsv_and_marks_in_csv(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(b'a "lone quote\thttps://a.org/1\n"whole"\thttps://a.org/2\r\n')
    table, _ = scanned(opened(tmp_path / "a.tsv"))
    assert table.column("caption").to_pylist() == ['a "lone quote', '"whole"']
    (tmp_path / "b.csv").write_bytes(b'url,caption\nhttps://a.org/1,"two\nlines, ""quoted"""\nhttps://a.org/2,plain\n')
    table, _ = scanned(opened(tmp_path / "b.csv"))
    assert table.column("caption").to_pylist() == ['two\nlines, "quoted"', "plain"]


def test_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    caption = "a\u2028b\u0085c\x0bd\x1ee f"
    (tmp_path / "a.tsv").write_text(f"{caption}\thttps://a.org/1\n" * 3, encoding="utf-8")
    table, _ = scanned(opened(tmp_path / "a.tsv"))
    assert table.column("caption").to_pylist() == [caption] * 3


def test_short_long_empty_and_broken_lines_keep_their_numbers(tmp_path: Path) -> None:
    good = b"https://a.org/%d\tsome words\n"
    lines = [
        good % 0,
        b"https://a.org/1\n",
        b"\n",
        b"https://a.org/3\ta b\tmore\n",
        b"https://a.org/4\tcaf\xe9 au lait\n",
    ]
    (tmp_path / "x.tsv").write_bytes(b"".join(lines) + b"".join(good % n for n in range(5, 30))[:-1])
    shard = opened(tmp_path / "x.tsv")
    table, faults = scanned(shard)
    assert table.column("row").to_pylist() == list(range(30))
    assert table.column("url").to_pylist()[:5] == [f"https://a.org/{n}" if n != 2 else None for n in range(5)]
    assert table.column("caption").to_pylist()[:5] == ["some words", None, None, "a b", "caf\ufffd au lait"]
    assert faults == {RowFault.NO_URL: 1, RowFault.EMPTY_ROW: 1, RowFault.INVALID_UTF8: 1}
    cells = read_rows(shard, [(1, None), (3, None), (4, None)])
    assert cells[1, None].values[1] == ("f1", "text", None)
    assert cells[3, None].values[2] == ("f2", "text", "more")
    assert cells[4, None].values[1][1] == "text;base64"


def test_broken_json_lines_keep_their_numbers(tmp_path: Path) -> None:
    lines = [
        b'{"url":"https://a.org/0","caption":"a b"}',
        b"{broken",
        b"",
        b"[1]",
        b'{"url":"https://a.org/4","caption":"\xff"}',
    ]
    (tmp_path / "x.jsonl").write_bytes(b"\n".join(lines) + b"\n" + b"[" * 100_000 + b"\n")
    table, faults = scanned(opened(tmp_path / "x.jsonl"))
    assert table.column("url").to_pylist() == ["https://a.org/0", None, None, None, "https://a.org/4", None]
    assert faults == {RowFault.BAD_JSON: 3, RowFault.EMPTY_ROW: 1, RowFault.INVALID_UTF8: 1, RowFault.NO_URL: 4}


def test_pretty_printed_json_in_all_its_forms_is_read(tmp_path: Path) -> None:
    rows = [{"url": f"https://a.org/{n}", "caption": f"word {n}"} for n in range(30)]
    forms = {
        "array": json.dumps(rows, indent=2),
        "annotations": json.dumps({"info": {"a": [1]}, "annotations": rows, "rest": 1}, indent=1),
        "lines": "\n".join(map(json.dumps, rows)),
        "columns": json.dumps({"url": [row["url"] for row in rows], "caption": [row["caption"] for row in rows]}),
    }
    for name, text in forms.items():
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
        table, faults = scanned(opened(tmp_path / f"{name}.json"))
        assert table.select(["url", "caption"]).to_pylist() == rows, name
        assert table.column("row").to_pylist() == list(range(30))
        assert not faults


def test_pictures_in_img2dataset_output_are_the_stored_bytes(tmp_path: Path) -> None:
    for form in ("webdataset", "files", "parquet"):
        shards, _ = list_shards(Dataset(name="i", source=str(write_img2dataset(tmp_path / form, form))))
        with_pictures = next(shard for shard in map(open_shard, shards) if Role.IMAGE in shard.roles)
        table, _ = scanned(with_pictures)
        stored = dict(zip(*(table.column(n).to_pylist() for n in ("row_key", "image")), strict=True))
        assert stored["000000003"] == picture(3)
        assert sum(image is not None for image in stored.values()) == ROWS - ROWS // 10
        checked = next(one for one in with_pictures.checked if one.algorithm == "sha256")
        assert (checked.of, checked.stored_equal) == ("served_bytes", 0)
        assert checked.stored_compared > 0
        assert "equal to the stored picture in 0 of" in "\n".join(describe(with_pictures).lines)


def test_a_digest_of_the_stored_picture_is_noticed(tmp_path: Path) -> None:
    stored = [picture(number) for number in range(20)]
    table = table_of("img2dataset", 20).drop_columns(["sha256"])
    table = table.append_column("sha256", pa.array([hashlib.sha256(one).hexdigest() for one in stored]))
    pq.write_table(table.append_column("jpg", pa.array(stored, pa.binary())), tmp_path / "s.parquet")
    shard = opened(tmp_path / "s.parquet")
    assert shard.digests[0].of == "stored_bytes"


def test_a_folder_of_pictures_is_a_shard_of_its_list(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures")
    shards, _ = list_shards(Dataset(name="p", source=str(folder)))
    assert [shard.name for shard in shards] == ["pictures"]
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jpg"))
    listed = "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    seen: list[int] = []
    digest = digest_shard(shards[0], seen.append)
    assert digest.sha256 == hashlib.sha256(listed.encode()).hexdigest()
    assert sum(seen) == digest.bytes == shards[0].bytes
    table, _ = scanned(open_shard(shards[0]), max_rows=7)
    assert table.column("row_key").to_pylist() == names
    assert table.column("row").to_pylist() == list(range(ROWS))


def test_a_shard_is_digested_over_all_its_bytes(tmp_path: Path) -> None:
    path = write_shard("coyo700m", tmp_path)
    (shard,), _ = list_shards(Dataset(name="c", source=str(path)))
    found = digest_shard(shard)
    assert found.shard_id == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert (found.digest_by, found.bytes) == ("computed", path.stat().st_size)


def test_tar_samples_with_several_pictures_are_items(tmp_path: Path) -> None:
    members = [("a.jpg", b"\xff\xd8\xff1"), ("a.mask.png", b"\x89PNG\r\n\x1a\n2"), ("a.json", b'{"url":"https://a.org/a"}'),
               ("b.jpg", b"\xff\xd8\xff3"), ("b.txt", b"some words"), ("c.json", b"{}")]  # fmt: skip
    with tarfile.open(tmp_path / "t.tar", "w") as archive:
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    table, faults = scanned(opened(tmp_path / "t.tar"))
    assert table.select(["row", "item"]).to_pylist() == [
        {"row": 0, "item": 0},
        {"row": 0, "item": 1},
        {"row": 1, "item": None},
        {"row": 2, "item": None},
    ]
    assert table.column("caption").to_pylist() == [None, None, "some words", None]
    assert table.column("image").to_pylist() == [b"\xff\xd8\xff1", b"\x89PNG\r\n\x1a\n2", b"\xff\xd8\xff3", None]
    assert faults == {RowFault.NO_URL: 2}


def test_an_archive_is_the_same_in_parts_as_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_shard("webdataset", tmp_path)
    shard = opened(path)
    whole, _ = scanned(shard)
    monkeypatch.setattr("scanner.shards.archives.INDEX_BYTES", 0)
    for max_rows in (1, 7, 50, 1000):
        assert len(shard.parts(max_rows)) == -(-ROWS // max_rows)
        parted, _ = scanned(shard, max_rows=max_rows)
        assert parted.combine_chunks() == whole.combine_chunks()


# --- layouts by hand --------------------------------------------------------------------------------------------------------


def test_columns_can_be_mapped_by_hand(tmp_path: Path) -> None:
    table = pa.table(
        {
            "MYURL": ["x"] * 30,
            "T": ["a b"] * 30,
            "U": ["https://a.org"] * 30,
            "S": ["%064x" % (n * 7) for n in range(30)],
        }
    )
    pq.write_table(table, tmp_path / "m.parquet")
    shard = opened(tmp_path / "m.parquet", columns={"url": "MYURL", "caption": "t", "sha256": "S"})
    assert shard.columns == {Role.URL: "MYURL", Role.CAPTION: "T", Role.SHA256: "S"}
    found, _ = scanned(shard)
    assert found.column("sha256")[1].as_py() == (7).to_bytes(32, "big")
    with pytest.raises(UsageError, match="NOPE"):
        opened(tmp_path / "m.parquet", columns={"url": "NOPE"})
    with pytest.raises(UsageError, match="is no role"):
        opened(tmp_path / "m.parquet", columns={"link": "U"})


def test_a_mapped_column_replaces_that_of_the_recognised_layout(tmp_path: Path) -> None:
    table = table_of("coyo700m").append_column("better", pa.array(["https://b.org/x"] * ROWS))
    pq.write_table(table, tmp_path / "m.parquet")
    shard = opened(tmp_path / "m.parquet", columns={"url": "better"})
    assert shard.layout.name == "coyo700m"
    assert shard.columns[Role.URL] == "better"
    assert Role.PHASH64 in shard.roles


def test_a_layout_can_be_asked_for_by_name(tmp_path: Path) -> None:
    path = write_shard("laion400m", tmp_path)
    assert opened(path, layout="laion5b").layout.name == "laion5b"
    assert opened(path, layout="LAION5B/1").layout.name == "laion5b"
    with pytest.raises(UsageError, match="no such layout"):
        opened(path, layout="laion6b")
    with pytest.raises(UsageError, match="image_phash"):
        opened(path, layout="coyo700m")
    assert opened(write_shard("cc3m", tmp_path / "h"), layout="cc3m").columns[Role.URL] == "f1"


def test_an_unknown_file_is_an_error_with_columns_values_and_the_option(tmp_path: Path) -> None:
    table = pa.table(
        {
            "a\x1b[31m": ["one\x1b[2J two", "b c", None, "d", "e"],
            "n": [1, 2, 3, 4, 5],
            "h": [f"{n:032x}" for n in range(5)],
        }
    )
    pq.write_table(table, tmp_path / "u.parquet")
    with pytest.raises(LayoutUnknown) as caught:
        opened(tmp_path / "u.parquet")
    assert "\x1b" not in caught.value.message
    assert "n (int64): 1 · 2 · 3" in caught.value.message
    assert "--columns" in caught.value.hint
    assert "md5=h" in caught.value.hint
    assert caught.value.columns == ("a\x1b[31m", "n", "h")


def test_a_folder_named_like_another_corpus_gives_a_warning(tmp_path: Path) -> None:
    shard = opened(write_shard("coyo700m", tmp_path / "laion400m"))
    assert shard.warnings == ("the name says laion400m, the columns say coyo700m",)


def test_a_damaged_digest_column_is_reported_and_not_compared(tmp_path: Path) -> None:
    planted = {row: {"sha256": "not a digest"} for row in range(30)}
    shard = opened(write_shard("datacomp", tmp_path, planted=planted))
    assert Role.SHA256 not in shard.roles
    assert any("sha256 column sha256: 30 of 50" in sentence for sentence in describe(shard).not_compared)


def test_one_damaged_digest_is_counted(tmp_path: Path) -> None:
    shard = opened(write_shard("datacomp", tmp_path, planted={3: {"sha256": "abc"}}))
    table, faults = scanned(shard)
    assert table.column("sha256").null_count == 1
    assert faults == {RowFault.BAD_DIGEST: 1}


def test_a_truncated_file_keeps_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv.gz"
    path.write_bytes(
        gzip.compress(b"".join(b"words %d\thttps://a.org/%d\n" % (n, n * n) for n in range(20_000)))[:-3000]
    )
    shard = opened(path)
    batches = UntilDamage(scan_shard(shard, shard.parts(10)[0], EVERY_ROLE))
    rows = sum(batch.read for batch in batches)
    assert 0 < rows < 20_000
    assert batches.damage is not None
    assert "ends too early" in batches.damage.message
