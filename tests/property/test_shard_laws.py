"""Laws of reading: fast paths equal slow references, and nothing depends on how the bytes were cut."""

from __future__ import annotations

import io
import itertools
import json
import pickle
import random
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthetic_shards import ALL_LAYOUTS, table_of, write_shard

import scanner.shards.parquet as reader
from scanner.datasets import Dataset, Role
from scanner.layouts import Recognised, recognise_layout
from scanner.layouts.columns import size_column, text_column, url_column
from scanner.layouts.hexadecimal import hex_bytes
from scanner.layouts.items import Items, join_texts
from scanner.shards import list_shards, open_shard, scan_shard
from scanner.shards.delimited import TabbedBlock
from scanner.shards.json_text import JsonText
from scanner.shards.members import Members, stem_and_suffix
from scanner.shards.streams import Cursor, Lines
from scanner.shards.verbatim import arrow_cells

if TYPE_CHECKING:
    from pathlib import Path

quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
fields = st.binary(max_size=12).map(lambda raw: raw.replace(b"\t", b"").replace(b"\n", b"").replace(b"\r", b""))
cells = st.one_of(st.none(), st.text(max_size=8))
WORDS = ["red", "harbour", "étude", "猫", "of", "the", "night", "no. 5"]


def pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[begin:end] for begin, end in itertools.pairwise(edges)]


@quick
@given(st.lists(st.lists(fields, min_size=1, max_size=6), min_size=1, max_size=20), st.integers(1, 5), st.booleans())
def test_tabbed_blocks_equal_splitting_line_by_line(lines: list[list[bytes]], width: int, crlf: bool) -> None:
    body = b"".join(b"\t".join(line) + (b"\r\n" if crlf else b"\n") for line in lines)
    block = TabbedBlock(body, width)
    assert block.lines == len(lines)
    for place in range(width):
        column = block.column(place, 0, len(lines)).view(pa.binary()).to_pylist()
        expected = [line[place] if place < len(line) and b"\t".join(line) else None for line in lines]
        assert column == expected


@quick
@given(st.binary(max_size=300).map(lambda raw: raw.replace(b"\r", b"")), st.lists(st.integers(0, 400), max_size=8))
def test_lines_do_not_depend_on_the_cutting_of_the_stream(body: bytes, cuts: list[int]) -> None:
    blocks = list(Lines(iter(pieces(body, cuts)), "x", block_bytes=16).blocks())
    assert b"".join(blocks) == body
    assert all(block.endswith(b"\n") for block in blocks[:-1])


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@quick
@given(
    st.lists(st.dictionaries(st.text(max_size=4), json_values, max_size=3), max_size=8),
    st.lists(st.integers(0, 2000), max_size=10),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_json_arrays_are_read_as_the_json_module_reads_them(
    rows: list[Any], cuts: list[int], indent: int | None, ascii_only: bool
) -> None:
    body = json.dumps(rows, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    found = list(JsonText(iter(pieces(body, cuts)), "x").rows())
    assert [value for _, value in found] == rows
    assert [json.loads(raw) for raw, _ in found] == rows


@quick
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=4), st.lists(st.text(max_size=5) | st.integers(), max_size=6), max_size=3
    ),
    st.lists(st.integers(0, 500), max_size=8),
)
def test_json_columns_are_read_as_the_json_module_reads_them(columns: dict[str, list[Any]], cuts: list[int]) -> None:
    body = json.dumps(columns).encode()
    found = {key: [value for _, value in values] for key, values in JsonText(iter(pieces(body, cuts)), "x").columns()}
    assert found == columns


@quick
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.sampled_from(["", "null", "xy", "zz"]),
            st.binary(min_size=4, max_size=4).map(bytes.hex),
            st.text(alphabet="0123456789abcdefABCDEFg", max_size=9),
        ),
        max_size=30,
    ),
    st.integers(0, 5),
)
def test_hex_columns_equal_bytes_fromhex(values: list[str | None], start: int) -> None:
    decoded, good, bad = hex_bytes(pa.array(values, pa.string()).slice(start), 4)
    missing = 0
    for value, row, is_good in zip(values[start:], decoded, good, strict=True):
        right = value is not None and len(value) == 8 and not value.strip("0123456789abcdefABCDEF")
        assert is_good == right
        assert row.tobytes() == (bytes.fromhex(value) if right and value is not None else bytes(4))
        missing += not right and value is not None and value.strip().lower() not in {"", "null", "none", "nan"}
    assert bad == missing


@quick
@given(st.lists(st.binary(max_size=10), max_size=12), st.integers(0, 4))
def test_text_is_what_python_decodes(raws: list[bytes], start: int) -> None:
    values = pa.array(raws, pa.binary()).view(pa.string()).slice(start)
    texts, _ = text_column(values)
    assert texts.to_pylist() == [raw.decode("utf-8", "replace") for raw in raws[start:]]


@quick
@given(st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62), st.floats()), max_size=20))
def test_sizes_are_the_integral_positive_values_that_fit(values: list[float | int | None]) -> None:
    sizes, _ = size_column(pa.array([None if value is None else float(value) for value in values], pa.float64()))
    for value, size in zip(values, sizes.to_pylist(), strict=True):
        fits = value is not None and 0 < float(value) < 2**31 and float(value).is_integer()
        assert size == (int(float(value)) if fits and value is not None else None)


@quick
@given(st.lists(st.tuples(cells, cells, cells), max_size=12))
def test_joined_texts_leave_nulls_out(rows: list[tuple[str | None, str | None, str | None]]) -> None:
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(3)]
    expected = [
        "\n".join(cell for cell in row if cell is not None) if any(cell is not None for cell in row) else None
        for row in rows
    ]
    assert join_texts(columns).to_pylist() == expected


@quick
@given(st.lists(st.one_of(st.none(), st.lists(cells, max_size=4)), max_size=8), st.integers(0, 3))
def test_exploded_items_equal_a_loop(images: list[list[str | None] | None], start: int) -> None:
    texts = [None if row is None else [f"t{place}" for place in range(len(row))] for row in images]
    batch = pa.RecordBatch.from_pydict(
        {"images": pa.array(images, pa.list_(pa.string())), "texts": pa.array(texts, pa.list_(pa.string()))}
    ).slice(start)
    items = Items(batch, "images", batch.num_rows)
    expected = []
    for row in images[start:]:
        for place, url in enumerate(row or []):
            around = [f"t{other}" for other in (place - 1, place + 1) if 0 <= other < len(row or [])]
            if url is not None:
                expected.append((url, place, "\n".join(around) or None))
    numbers = items.numbers if items.numbers is not None else np.array([])
    found = zip(
        items.values("images").to_pylist(), numbers.tolist(), items.values("texts[beside]").to_pylist(), strict=True
    )
    assert list(found) == expected


names = st.text(alphabet="ab./é画", min_size=1, max_size=140).filter(
    lambda name: name.strip("/") == name and "//" not in name
)


@quick
@given(
    st.lists(
        st.tuples(
            names, st.binary(max_size=1200), st.sampled_from([tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE])
        ),
        max_size=6,
    ),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_members_are_those_of_the_standard_library(
    tmp_path: Path, members: list[tuple[str, bytes, bytes]], form: int
) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w", format=form) as archive:
        for name, body, kind in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.size = len(body) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(body) if kind == tarfile.REGTYPE else None)
    with tarfile.open(path) as archive:
        expected = []
        for known in archive:
            stream = archive.extractfile(known) if known.isreg() else None
            if stream is not None:
                expected.append((known.name, stream.read()))
    with closing(Cursor(str(path), "x")) as cursor:
        reader = Members(cursor, "x")
        found = [(member.name.decode(), reader.read(member.size)) for member in reader]
    assert found == expected


def test_stems_are_cut_as_webdataset_cuts_them() -> None:
    assert stem_and_suffix(b"a/b.c/000.seg.PNG") == (b"a/b.c/000", "seg.png")
    assert stem_and_suffix(b"plain") == (b"plain", "")
    assert stem_and_suffix(b"dir/.hidden.jpg") == (b"dir/.hidden", "jpg")


@quick
@given(st.floats(), st.floats(width=32))
def test_floats_are_spelled_so_that_they_read_back(wide: float, narrow: float) -> None:
    row = pa.RecordBatch.from_pydict({"w": pa.array([wide], pa.float64()), "n": pa.array([narrow], pa.float32())})
    (_, _, spelled), (_, _, short) = arrow_cells(row)
    assert isinstance(spelled, str)
    assert isinstance(short, str)
    assert np.array(float(spelled)).tobytes() == np.array(wide).tobytes() or wide != wide  # noqa: PLR0124
    assert np.float32(short) == np.float32(narrow) or narrow != narrow  # noqa: PLR0124
    assert len(short) <= len(repr(float(np.float32(narrow))))


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 120), st.integers(1, 200), st.sampled_from([1, 64, 1 << 18]))
def test_rows_do_not_depend_on_row_groups_parts_or_spans(tmp_path: Path, group: int, part_rows: int, span: int) -> None:
    path = tmp_path / "x.parquet"
    table = table_of("coyo700m", 101)
    pq.write_table(table, path, row_group_size=group)
    kept, reader.SPAN_ROWS = reader.SPAN_ROWS, span
    try:
        (shard,), _ = list_shards(Dataset(name="d", source=str(path)))
        opened = open_shard(shard)
        batches = [
            batch.rows for part in opened.parts(part_rows) for batch in scan_shard(opened, part, frozenset(Role))
        ]
    finally:
        reader.SPAN_ROWS = kept
    found = pa.Table.from_batches(batches)
    assert found.column("row").to_pylist() == list(range(101))
    assert found.column("url").to_pylist() == table.column("url").to_pylist()
    assert found.column("row_group").to_pylist() == [row // group for row in range(101)]


def test_an_open_shard_is_small_enough_to_be_kept_forty_thousand_times(tmp_path: Path) -> None:
    for name in ("webdataset", "mmc4", "coyo700m", "cc3m", "redcaps"):
        (shard,), _ = list_shards(Dataset(name="d", source=str(write_shard(name, tmp_path / name, 400))))
        assert len(pickle.dumps(open_shard(shard))) < 20_000, name


# --- recognition -------------------------------------------------------------------------------------------------------------


def random_column(rng: random.Random) -> tuple[str, list[Any]]:
    kind = rng.choice(["url", "url", "text", "text", "number", "hex", "mixed", "null", "key"])
    rows = rng.randrange(5, 40)
    make = {
        "url": lambda: (
            f"http{rng.choice(['', 's'])}://h{rng.randrange(99)}.org/{rng.choice(WORDS)}/{rng.randrange(10**6)}.jpg"
        ),
        "text": lambda: " ".join(rng.choice(WORDS) for _ in range(rng.randrange(2, 7))),
        "number": rng.random,
        "hex": lambda: f"{rng.getrandbits(256):064x}",
        "mixed": lambda: rng.choice(["see https://a.org/x", "https://a.org/x", "some words", "w"]),
        "null": lambda: None,
        "key": lambda: f"k{rng.randrange(10**9)}",
    }[kind]
    return kind, [make() if rng.random() > 0.05 else None for _ in range(rows)]


NAMES = [
    "url",
    "URL",
    "caption",
    "TEXT",
    "text",
    "image_url",
    "a",
    "b",
    "hash",
    "sha256",
    "width",
    "key",
    "title",
    "alt",
    "page",
    "link",
]


def test_a_url_column_is_never_taken_for_a_caption_nor_the_reverse() -> None:
    recognised = 0
    for seed in range(1000):
        rng = random.Random(seed)
        kinds: dict[str, str] = {}
        columns: dict[str, list[Any]] = {}
        for name in rng.sample(NAMES, rng.randrange(1, 7)):
            kinds[name], columns[name] = random_column(rng)
        rows = min(map(len, columns.values()))
        table = pa.table({name: values[:rows] for name, values in columns.items()})
        found = recognise_layout(table.schema, table)
        if not isinstance(found, Recognised):
            continue
        recognised += 1
        assert kinds[found.columns[Role.URL]] in {"url", "mixed", "null"}, (seed, kinds, found.columns)
        if Role.CAPTION in found.columns:
            assert kinds[found.columns[Role.CAPTION]] != "url", (seed, kinds, found.columns)
    assert recognised > 100


def test_random_schemas_are_not_taken_for_a_corpus() -> None:
    corpora = {name for name in ALL_LAYOUTS if name not in {"url-text", "url-caption", "cc3m-hf"}}
    for seed in range(1000):
        rng = random.Random(seed)
        columns = {name: random_column(rng)[1][:5] for name in rng.sample(NAMES, rng.randrange(1, 9))}
        table = pa.table(columns)
        found = recognise_layout(table.schema, table)
        if isinstance(found, Recognised):
            assert found.layout.name not in corpora - {"cc12m-hashes"} or set(found.layout.signature) <= set(columns)


def test_url_rules_agree_with_python_on_odd_beginnings() -> None:
    odd = [
        "http://",
        "https://",
        "HtTpS://a",
        "//",
        "//a",
        "http:/a",
        " http://a",
        "ttp://a",
        "h",
        "",
        None,
        "https://" + "a" * 8185,
    ]
    _, faults = url_column(pa.array(odd))
    good = [u for u in odd if u and u.lower().startswith(("http://", "https://", "//")) and len(u) <= 8192]
    assert sum(faults.values()) == len(odd) - len(good)
