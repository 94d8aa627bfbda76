"""Laws of the format: canonical JSON is one spelling, a table can be undone, a hostile package never crashes the verifier."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import package_builder
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(package_builder.HERE / "tamper"))
import forging

from manifests.canonical import MAX_INTEGER, canonical_bytes, parse_canonical
from manifests.errors import FormatError, ManifestError
from manifests.exports.cells import MAX_CELL_UNITS, escape, unescape
from manifests.exports.evidence_csv import COLUMN_NAMES, COLUMNS, csv_line, evidence_csv, raw_rows
from manifests.packages import open_package
from manifests.verifying import verify_package

if TYPE_CHECKING:
    from pathlib import Path

text = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=127), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
# What a caption may throw at a spreadsheet: formulas, controls, bidi marks, backslashes, surrogate pairs.
nasty = st.text(
    st.sampled_from("=+-@＝＋－＠'\"\\,;u0 \t\r\n\x00\x1b\x85\xa0\u061c\u200b\u202e\u2066\u3000\ufeff狐é😀ab19")
    | st.characters(exclude_categories=["Cs"])
)


@settings(deadline=None)
@given(values)
def test_a_canonical_value_is_read_back_as_itself(value: Any) -> None:
    spelled = canonical_bytes(value)
    assert parse_canonical(spelled) == value
    assert canonical_bytes(parse_canonical(spelled)) == spelled


@settings(deadline=None)
@given(st.binary(max_size=60) | st.from_regex(rb"[\[\]{}\",:0-9a\\u\-. ntf]{0,40}", fullmatch=True))
def test_bytes_are_read_only_if_they_are_their_own_spelling(data: bytes) -> None:
    try:
        value = parse_canonical(data)
    except FormatError:
        return
    assert canonical_bytes(value) == data


@settings(deadline=None)
@given(values, st.data())
def test_another_order_of_keys_or_more_white_space_is_refused(value: Any, data: st.DataObject) -> None:
    spelled = canonical_bytes({"a": value, "b": 1})
    other = json.dumps({"b": 1, "a": value}, ensure_ascii=False).encode()
    assert parse_canonical(spelled)
    with pytest.raises(FormatError):
        parse_canonical(other)
    place = data.draw(st.integers(0, len(spelled)))
    with pytest.raises(FormatError):
        parse_canonical(spelled[:place] + b"\n" + spelled[place:])


@settings(max_examples=600, deadline=None)
@given(nasty, st.sampled_from(["", "id:", "sha256:"]))
def test_a_cell_can_be_undone_and_is_harmless(raw: str, prefix: str) -> None:
    cell = escape(raw, prefix)
    assert unescape(cell.text, cell.escaped, prefix) == raw
    assert cell.text.lstrip()[:1] not in set("=+-@＝＋－＠")
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in cell.text)
    assert not any(mark in cell.text for mark in "\u061c\u200b\u200e\u2028\u202e\u2066\ufeff")


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab\\\t\x00狐😀="), min_size=1, max_size=40), st.integers(800, 40_000))
def test_a_long_cell_is_cut_on_a_whole_character_and_names_its_digest(piece: str, times: int) -> None:
    raw = piece * times
    cell = escape(raw)
    assert len(cell.text.encode("utf-16-le")) // 2 <= MAX_CELL_UNITS
    assert cell.truncated == cell.text.endswith("]")
    if cell.truncated:
        kept = cell.text.partition("…[sha256:")[0]
        assert raw.startswith(unescape(kept, cell.escaped))
    else:
        assert unescape(cell.text, cell.escaped) == raw


@settings(deadline=None)
@given(st.lists(nasty, min_size=8, max_size=8))
def test_a_line_of_the_table_gives_back_every_value(texts: list[str]) -> None:
    raw: dict[str, Any] = dict.fromkeys(COLUMN_NAMES)
    names = ["statement", "work_title", "work_file", "listed_url", "caption", "row_key", "review_note", "final_url"]
    raw |= dict(zip(names, texts, strict=True))
    raw |= {"row_number": 7}
    line = csv_line(raw)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\r\n")
    cells = dict(zip(COLUMN_NAMES, next(csv.reader(io.StringIO(line.decode(), newline=""))), strict=True))
    escapes = dict(entry.split(":") for entry in cells["escaped_fields"].split(";") if entry)
    prefixes = {name: prefix for name, prefix, *_ in COLUMNS}
    for name, value in zip(names, texts, strict=True):
        assert unescape(cells[name], escapes.get(name, ""), prefixes[name]) == value
    assert cells["row_number"] == "7"
    assert cells["publisher"] == ""


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed") / "package"
    package_builder.build_package(folder)
    return folder


def test_the_table_has_a_line_for_each_match_and_splits_at_its_limit(sealed: Path) -> None:
    package = open_package(sealed)
    matches = sum(1 for _ in package.records("matches"))
    whole = b"".join(chunk for _, chunk in evidence_csv(package))
    assert whole.count(b"\r\n") == whole.count(b"\n") == matches + 1
    assert sum(1 for _ in raw_rows(package)) == matches
    parts: dict[str, bytes] = {}
    for name, chunk in evidence_csv(package, rows_per_file=5):
        parts[name] = parts.get(name, b"") + chunk
    assert list(parts) == ["evidence.csv", "evidence-2.csv", "evidence-3.csv", "evidence-4.csv"]
    assert sum(part.count(b"\n") - 1 for part in parts.values()) == matches


junk: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**60)
    | st.text(max_size=5)
    | st.lists(st.none(), max_size=2)
    | st.just({})
    | st.just("../../etc/passwd")
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a nested value."""
    found = [here]
    if isinstance(value, dict):
        found += [place for key, member in value.items() for place in places(member, (*here, key))]
    elif isinstance(value, list):
        found += [place for at, member in enumerate(value) for place in places(member, (*here, at))]
    return found


def put(value: Any, place: tuple[Any, ...], new: Any) -> None:
    for key in place[:-1]:
        value = value[key]
    value[place[-1]] = new


NAMES = ["matches", "negatives", "coverage", "portfolio", "observations", "events", "manifest"]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from([*NAMES, "rows"]), new=junk)
def test_a_package_with_junk_in_its_records_never_crashes_the_verifier(
    sealed: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str, new: Any
) -> None:
    """Any value anywhere becomes any other, and all digests are right again: a verdict, not a traceback."""
    folder = tmp_path_factory.mktemp("junk") / "package"
    shutil.copytree(sealed, folder)
    file = f"rows/{next((folder / 'data/rows').iterdir()).stem}" if name == "rows" else name
    path = folder / f"data/{file}.json{'' if name == 'manifest' else 'l'}"
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    place = data.draw(st.sampled_from(places(lines)[1:]))
    put(lines, place, new)
    spelled = [json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() for line in lines]
    path.write_bytes(spelled[0] if name == "manifest" else b"".join(line + b"\n" for line in spelled))
    try:
        forging.reseal(folder)
    except (LookupError, TypeError, AttributeError, ValueError, OSError, ManifestError):
        forging.reseal_bag(folder)
    verification = verify_package(folder)
    assert json.dumps(verification.as_json())
    shutil.rmtree(folder)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), content=st.binary(max_size=200))
def test_a_package_with_any_bytes_in_any_file_never_crashes_the_verifier(
    sealed: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes") / "package"
    shutil.copytree(sealed, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    path.write_bytes(content)
    assert verify_package(folder).failed or path.parent.name == "tsa"
    shutil.rmtree(folder)
