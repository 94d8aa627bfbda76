"""Every rule takes every type; odd references, odd JSON, odd samples."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest

from scanner.datasets import Layout, Role, RowFault
from scanner.layouts import Recognised, Types, Unrecognised, layout_from_columns, recognise_layout, rename, type_class
from scanner.layouts import columns as rules
from scanner.layouts.digest_checks import check_column, count_stored
from scanner.layouts.items import Items
from scanner.layouts.recognition import recognise_layout as recognise_among
from scanner.layouts.references import Names, paths_of, split_index
from scanner.layouts.sampling import looks_like_picture, texts_of
from scanner.shards.json_values import parse_object, record_batch, sample_table, schema_of

DAY = dt.date(2020, 1, 1)
MOMENT = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
ARRAYS: dict[str, pa.Array] = {
    "null": pa.nulls(3),
    "bool": pa.array([True, None, False]),
    **{
        str(kind): pa.array([1, None, 3], kind)
        for kind in (pa.int8(), pa.int64(), pa.uint8(), pa.uint32(), pa.uint64())
    },
    **{str(kind): pa.array([1.5, None, 3], kind) for kind in (pa.float32(), pa.float64())},
    "half": pa.array([1.5, None, 3.0], pa.float32()).cast(pa.float16()),
    "decimal": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal(2)], pa.decimal128(10, 2)),
    "decimal256": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal(2)], pa.decimal256(40, 2)),
    "date32": pa.array([DAY, None, DAY], pa.date32()),
    "date64": pa.array([DAY, None, DAY], pa.date64()),
    "time32": pa.array([1, None, 2], pa.time32("s")),
    "time64": pa.array([1, None, 2], pa.time64("ns")),
    "timestamp": pa.array([MOMENT, None, MOMENT], pa.timestamp("us", "UTC")),
    "naive": pa.array([1, None, 3], pa.timestamp("ns")),
    "duration": pa.array([1, None, 3], pa.duration("ms")),
    "binary": pa.array([b"\xff", None, b"x"], pa.binary()),
    "large_binary": pa.array([b"\xff", None, b"x"], pa.large_binary()),
    "binary_view": pa.array([b"\xff", None, b"x"], pa.binary_view()),
    "fixed": pa.array([b"12", None, b"34"], pa.binary(2)),
    "string_view": pa.array(["a", None, "b"], pa.string_view()),
    "dictionary": pa.array(["7", None, "b"]).dictionary_encode(),
    "dictionary of numbers": pa.array([7, None, 8]).dictionary_encode(),
    "list": pa.array([["a"], None, []], pa.list_(pa.string())),
    "struct": pa.array([{"a": 1}, None, {"a": 2}]),
    "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
}
RULES: dict[str, Any] = {
    "text": rules.text_column,
    "url": rules.url_column,
    "decoded": rules.decoded_text_column,
    "size": rules.size_column,
    "score": rules.score_column,
    "key": rules.key_column,
    "sha256": lambda values: rules.digest_column(values, 32),
    "md5": lambda values: rules.digest_column(values, 16),
    "phash64": rules.fingerprint_column,
    "phash256": rules.wide_fingerprint_column,
    "image": rules.picture_column,
}
TYPES = {
    "text": pa.string(), "url": pa.string(), "decoded": pa.string(), "size": pa.int32(), "key": pa.string(),
    "sha256": pa.binary(32), "md5": pa.binary(16), "phash64": pa.uint64(), "phash256": pa.binary(32), "image": pa.large_binary(),
}  # fmt: skip


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_takes_every_type_and_keeps_the_length(kind: str, rule: str) -> None:
    for values in (ARRAYS[kind], ARRAYS[kind].slice(1), ARRAYS[kind].slice(0, 0)):
        ruled, faults = RULES[rule](values)
        assert len(ruled) == len(values)
        assert all(count > 0 for count in faults.values())
        assert ruled.type == TYPES.get(rule, ruled.type)
        if len(values) and rule != "score":
            assert ruled[0 if len(values) == 2 else 1].as_py() is None


@pytest.mark.parametrize("kind", ARRAYS)
def test_every_type_has_a_class_and_can_be_sampled(kind: str) -> None:
    values = ARRAYS[kind]
    assert type_class(values.type)
    table = pa.table({"a": values, "url": [f"https://a.org/{n}" for n in range(3)]})
    found = recognise_layout(table.schema, table)
    assert isinstance(found, Recognised), found
    assert found.columns[Role.URL] == "url"
    assert texts_of(table, "a") is not None


def test_an_unknown_type_word_in_a_layout_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        type_class("strnig")


def test_references_find_their_way_or_nothing() -> None:
    inner = pa.struct([("bytes", pa.binary()), ("x.y", pa.string())])
    names = Names(
        pa.schema(
            [
                ("image", inner),
                ("a.b", pa.string()),
                ("list", pa.list_(inner)),
                ("Same", pa.int8()),
                ("same", pa.int8()),
            ]
        )
    )
    assert names.reference("image.bytes") == "image.bytes"
    assert names.reference("image.x.y") == "image.x.y"
    assert names.reference("A.B") == "a.b"
    assert names.reference("list.bytes") == "list.bytes"
    assert names.reference("SAME") is None  # two columns answer to it
    assert names.reference("same") == "same"
    assert names.reference("nothing or image.none or a.b") == "a.b"
    assert names.reference("nothing + a.b") == "a.b"
    assert names.reference("nothing[beside]") is None
    assert names.reference("list[image.none]") is None
    assert names.reference("list[image.bytes]") == "list[image.bytes]"
    assert names.reference("a.b.c") is None
    assert paths_of("a + t[i.n] + u[beside]") == ("a", "t", "i.n", "u")
    assert split_index("a") is None


def test_items_of_what_is_no_list_are_none() -> None:
    columns = pa.RecordBatch.from_pydict({"images": pa.array(["a", "b"]), "texts": pa.array(["a", "b"])})
    assert Items(columns, "images", 2).length == 0
    plain = Items(columns, None, 2)
    assert plain.values("texts[beside]").to_pylist() == [None, None]
    lists = pa.RecordBatch.from_pydict({"images": pa.array([["a"]]), "texts": pa.array([[]], pa.list_(pa.string()))})
    assert Items(lists, "images", 1).values("texts[beside]").to_pylist() == [None]


def test_a_layout_by_hand_takes_every_role_of_digests() -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.string()), ("c", pa.string()), ("d", pa.string())])
    layout = layout_from_columns({"sha256": "a", "MD5": "b", "phash64": "c", "phash256": "d"}, schema)
    assert [digest.column for digest in layout.digests] == ["a", "b"]
    assert [fingerprint.algorithm for fingerprint in layout.fingerprints] == ["phash64", "phash256"]


def test_headerless_columns_that_hold_no_digests_are_not_taken_for_the_hash_file() -> None:
    rows = pa.table({"f0": [f"https://a.org/{n}" for n in range(9)], "f1": ["a b"] * 9, "f2": ["c"] * 9})
    found = recognise_layout(rows.schema, rows, types=Types.NONE, headerless=True)
    assert isinstance(found, Recognised)
    assert (found.layout.id, found.columns) == ("url-text/structure", {Role.URL: "f0", Role.CAPTION: "f1"})


def test_two_headerless_columns_of_urls_are_no_guess() -> None:
    rows = pa.table({"f0": [f"https://a.org/{n}" for n in range(9)], "f1": [f"https://b.org/{n}" for n in range(9)]})
    assert isinstance(recognise_layout(rows.schema, rows, types=Types.NONE, headerless=True), Unrecognised)


def test_layouts_that_read_a_file_differently_are_an_error() -> None:
    first = Layout(name="one", source="s", signature={"u": "string", "v": "string"}, columns={Role.URL: "u"})
    second = Layout(name="two", source="s", signature={"u": "string", "v": "string"}, columns={Role.URL: "v"})
    schema = pa.schema([("u", pa.string()), ("v", pa.string())])
    found = recognise_among(schema, None, layouts=(first, second))
    assert isinstance(found, Unrecognised)
    assert "one and two" in found.reason
    with pytest.raises(ValueError, match="argument"):
        rename(first, schema)


def test_pictures_in_a_binary_column_are_found_by_their_first_bytes() -> None:
    pictures = [b"\xff\xd8\xff1", None, b"\x89PNG\r\n\x1a\n", b"RIFF....WEBPxx", b"....ftypavif"]
    for column in (pa.array(pictures, pa.binary()), pa.array([{"bytes": one, "path": "x"} for one in pictures])):
        table = pa.table({"content": column, "note": ["a b"] * 5})
        found = recognise_layout(table.schema, table)
        assert isinstance(found, Recognised)
        assert found.columns[Role.IMAGE].startswith("content")
        assert found.layout.name == "packaged-pictures"
    table = pa.table({"content": pa.array([b"text"] * 5, pa.binary()), "note": ["a b"] * 5})
    assert isinstance(recognise_layout(table.schema, table), Unrecognised)
    assert not looks_like_picture(b"")


def test_digest_checks_read_bytes_and_skip_what_is_short() -> None:
    assert check_column("m", "md5", [b"0123456789abcdef"] * 3).refused is None
    assert count_stored("md5", ["abc", None], [b"x", b"y"]) == (0, 0)


def test_mixed_json_becomes_text_and_nothing_is_lost() -> None:
    documents = [
        {"a": 1, "b": [1, "x"], "c": {"d": 1}, "e": 1, "f": None, "g": [[1]], "h": [{"p": 1}, {"q": "r"}], "i": 1},
        {"a": "x", "b": [None], "c": {"d": "y", "z": [True]}, "e": 2.5, "f": False, "g": None, "h": [], "i": {"j": 1}},
    ]
    schema = schema_of(documents)
    assert str(schema.field("a").type) == "string"
    assert str(schema.field("e").type) == "double"
    assert str(schema.field("i").type) == "string"
    table = sample_table(documents, schema)
    assert table.column("a").to_pylist() == ["1", "x"]
    assert table.column("e").to_pylist() == ["1", "2.5"]
    assert table.column("f").to_pylist() == [None, "false"]
    assert table.column("i").to_pylist() == ["1", json.dumps({"j": 1})]
    batch = record_batch(documents, schema, ["c.d", "h.q", "nothing", "b"], Counter())
    assert batch.column("c").to_pylist() == [{"d": "1"}, {"d": "y"}]
    assert batch.column("h").to_pylist() == [[{"q": None}, {"q": "r"}], []]
    assert batch.schema.names == ["c", "h", "b"]


def test_lone_surrogates_anywhere_in_json_are_replaced_and_counted() -> None:
    faults: Counter[RowFault] = Counter()
    document = parse_object(b'{"a":"\\ud800","b":["\\udfff"],"c":{"d":"\\ud800x"}}', faults)
    schema = schema_of([document])
    batch = record_batch([document, {"a": "fine"}], schema, ["a", "b", "c.d"], faults)
    assert batch.column("a").to_pylist() == ["\ufffd", "fine"]
    assert batch.column("b").to_pylist() == [["\ufffd"], None]
    assert batch.column("c").to_pylist() == [{"d": "\ufffdx"}, None]
    assert faults == {RowFault.INVALID_UTF8: 3}
