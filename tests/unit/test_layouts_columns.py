"""The column rules: what odd cells become, and that each is counted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from scanner.datasets import RowFault
from scanner.layouts import columns, row_hash
from scanner.layouts.digest_checks import check_column, count_stored

if TYPE_CHECKING:
    from pathlib import Path


def test_sizes_become_int32_and_odd_ones_are_counted() -> None:
    values, faults = columns.size_column(pa.array([640.0, 0.0, -3.0, float("nan"), float("inf"), 1.5, 3e9, None]))
    assert values.to_pylist() == [640, None, None, None, None, None, None, None]
    assert faults == {RowFault.BAD_SIZE: 6}


@pytest.mark.parametrize("kind", [pa.int32(), pa.int64(), pa.uint64(), pa.uint32(), pa.int8()])
def test_whole_sizes_of_any_integer_type_are_read(kind: pa.DataType) -> None:
    values, faults = columns.size_column(pa.array([0, 1, 100, None], kind))
    assert values.to_pylist() == [None, 1, 100, None]
    assert faults == {RowFault.BAD_SIZE: 1}


def test_a_size_beyond_int32_is_null_and_counted() -> None:
    for kind in (pa.int64(), pa.uint64()):
        values, faults = columns.size_column(pa.array([2**31 - 1, 2**31, 2**62], kind))
        assert values.to_pylist() == [2**31 - 1, None, None]
        assert faults == {RowFault.BAD_SIZE: 2}


def test_sizes_written_as_text_are_read() -> None:
    values, faults = columns.size_column(pa.array(["640", "480.0", "", "tall", None]))
    assert values.to_pylist() == [640, 480, None, None, None]
    assert faults[RowFault.BAD_SIZE] == 1


def test_digests_keep_leading_zeros_and_ignore_case() -> None:
    digest = "00AB" + "cd" * 30
    values, faults = columns.digest_column(
        pa.array([digest, digest.lower(), "null", "None", "", "nan", None, "xyz", digest[2:]]), 32
    )
    assert values.to_pylist() == [bytes.fromhex(digest)] * 2 + [None] * 7
    assert faults == {RowFault.BAD_DIGEST: 2}


def test_digests_of_a_slice_are_those_of_its_rows() -> None:
    digests = [hashlib.md5(str(n).encode()).hexdigest() for n in range(20)]
    values, faults = columns.digest_column(pa.array(digests).slice(5, 7), 16)
    assert values.to_pylist() == [bytes.fromhex(digest) for digest in digests[5:12]]
    assert not faults


def test_digests_stored_as_bytes_are_taken_as_they_are() -> None:
    raw = hashlib.sha256(b"x").digest()
    for kind in (pa.binary(), pa.binary(32), pa.large_binary()):
        values, faults = columns.digest_column(pa.array([raw, None], kind), 32)
        assert values.to_pylist() == [raw, None]
        assert not faults


def test_a_fingerprint_is_the_number_that_imagehash_prints() -> None:
    values, faults = columns.fingerprint_column(pa.array(["8374726575bc0f8a", "00000000000000ff", "83", None]))
    assert values.to_pylist() == [0x8374726575BC0F8A, 255, None, None]
    assert values.type == pa.uint64()
    assert faults == {RowFault.BAD_FINGERPRINT: 1}


def test_empty_batches_pass_every_rule() -> None:
    empty = pa.array([], pa.string())
    for rule in (
        columns.text_column,
        columns.url_column,
        columns.size_column,
        columns.key_column,
        columns.fingerprint_column,
    ):
        values, faults = rule(empty)
        assert len(values) == 0
        assert not faults
    assert len(columns.digest_column(empty, 32)[0]) == 0


def test_urls_that_are_missing_or_odd_are_counted_and_kept() -> None:
    odd = [
        "https://a.org/x",
        "HTTP://a.org/x",
        "//a.org/x",
        "ftp://a.org",
        "javascript:x",
        "",
        None,
        "http://" + "a" * 9000,
    ]
    values, faults = columns.url_column(pa.array(odd))
    assert values.to_pylist() == [*odd[:5], None, None, odd[7]]
    assert faults == {RowFault.NO_URL: 2, RowFault.BAD_URL: 3}


def test_invalid_utf8_is_replaced_and_counted() -> None:
    raw = pa.array([b"good", b"caf\xe9", None, "日本".encode()], pa.binary()).view(pa.string())
    values, faults = columns.text_column(raw)
    assert values.to_pylist() == ["good", "caf\ufffd", None, "日本"]
    assert faults == {RowFault.INVALID_UTF8: 1}


def test_text_over_a_mebibyte_is_cut_on_a_character_and_counted() -> None:
    long = "é" * (1 << 20)
    values, faults = columns.text_column(pa.array(["short", long, None]))
    assert values[0].as_py() == "short"
    assert values[1].as_py() == "é" * (1 << 19)
    assert values[2].as_py() is None
    assert faults == {RowFault.VALUE_TRUNCATED: 1}


def test_hostile_text_passes_unchanged() -> None:
    hostile = ["a\0b", "\u202eevil", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "a\u2028b\u0085c", "\ufeff"]
    values, faults = columns.text_column(pa.array(hostile))
    assert values.to_pylist() == hostile
    assert not faults


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_every_kind_of_text_becomes_string(kind: pa.DataType) -> None:
    values = (
        pa.array(["a", None, "b"]).cast(kind)
        if not pa.types.is_dictionary(kind)
        else pa.array(["a", None, "b"]).dictionary_encode()
    )
    texts, _ = columns.text_column(values)
    assert texts.type == pa.string()
    assert texts.to_pylist() == ["a", None, "b"]


def test_keys_are_decimal_text_and_inexact_doubles_are_counted() -> None:
    values, faults = columns.key_column(pa.array([9007199254740993, 5], pa.int64()))
    assert values.to_pylist() == ["9007199254740993", "5"]
    assert not faults
    values, faults = columns.key_column(pa.array([1017833016590.0, 2.0**60, None]))
    assert values.to_pylist() == ["1017833016590", str(2**60), None]
    assert faults == {RowFault.INEXACT_ID: 1}


def test_scores_keep_their_width() -> None:
    assert columns.score_column(pa.array([0.1], pa.float32()))[0].type == pa.float32()
    assert columns.score_column(pa.array([0.1], pa.float64()))[0].type == pa.float64()
    assert columns.score_column(pa.array(["0.25", "x", None]))[0].to_pylist() == [0.25, None, None]


def test_percent_encoded_text_is_decoded() -> None:
    values, _ = columns.decoded_text_column(pa.array(["My+title%21", "plain", None, "100%"]))
    assert values.to_pylist() == ["My title!", "plain", None, "100%"]


def test_pictures_are_bytes_and_empty_ones_are_none() -> None:
    values, _ = columns.picture_column(pa.array([b"\xff\xd8", b"", None], pa.binary()))
    assert values.to_pylist() == [b"\xff\xd8", None, None]
    assert values.type == pa.large_binary()


# --- row self-check ---------------------------------------------------------------------------------------------------------

GOLDEN_URL = "https://img1.etsystatic.com/186/0/5531524/il_340x270.1310915051_5kax.jpg"
GOLDEN_TEXT = "Vintage Green Glass Swag Hanging Lamp Mid Century"


def test_the_golden_row_has_its_published_hash() -> None:
    assert row_hash(GOLDEN_URL, GOLDEN_TEXT) == 6170073934346815248


def test_every_published_row_reproduces_and_every_changed_byte_is_noticed(shared_data: Path) -> None:
    lines = (shared_data / "laion-known-rows" / "known_rows.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if "hash" in row]
    assert len(rows) == 4
    for row in rows:
        url = row.get("URL") or row["url"]
        text = row.get("TEXT") or row.get("caption") or row["text"]
        assert row_hash(url, text) == row["hash"]
        whole = (url + text).encode()
        for place in range(len(whole)):
            changed = bytes([*whole[:place], whole[place] ^ 1, *whole[place + 1 :]])
            assert row_hash(changed, None) != row["hash"]


def test_null_counts_as_empty_in_the_row_hash() -> None:
    assert row_hash(None, None) == row_hash("", "") == row_hash(b"", None)


# --- digest columns ---------------------------------------------------------------------------------------------------------


def test_a_digest_column_of_wrong_length_is_refused() -> None:
    cells = [hashlib.md5(str(n).encode()).hexdigest() for n in range(50)]
    assert check_column("md5", "md5", cells).refused is None
    assert "not 64 hex digits" in (check_column("sha256", "sha256", cells).refused or "")


def test_a_constant_column_is_refused() -> None:
    assert "only 1 different" in (check_column("md5", "md5", ["0" * 32] * 50).refused or "")


def test_a_column_of_nulls_is_kept_and_says_so() -> None:
    checked = check_column("sha256", "sha256", [None, "", "null"])
    assert (checked.values, checked.nulls, checked.refused) == (0, 3, None)


def test_stored_pictures_tell_whose_bytes_a_digest_is_of() -> None:
    pictures = [str(n).encode() for n in range(60)]
    stored = [hashlib.sha256(picture).hexdigest() for picture in pictures]
    assert count_stored("sha256", stored, pictures) == (50, 50)
    assert count_stored("sha256", stored[::-1], pictures) == (50, 0)
    assert count_stored("sha256", [None, *stored[1:3]], [pictures[0], None, pictures[2]]) == (1, 1)


def test_faults_are_a_counter() -> None:
    assert isinstance(columns.text_column(pa.array(["a"]))[1], Counter)
