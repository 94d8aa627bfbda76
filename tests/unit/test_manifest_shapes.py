"""Our small reader of JSON Schema says what a full one says, on our own schemas."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import package_builder
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.verifying import shapes

SCHEMAS = {
    entry.name.removesuffix(".schema.json"): json.loads(entry.read_text(encoding="utf-8"))
    for entry in (resources.files("manifests") / "schema").iterdir()
}
WORLD = package_builder.world()
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "match": WORLD.matches,
    "portfolio": WORLD.works,
    "coverage": WORLD.coverage,
    "observation": WORLD.observations,
    "event": package_builder.events(),
    "negative": package_builder.negatives(WORLD),
    "row": [row for rows in WORLD.rows.values() for row in rows],
}
JUNK = [
    None,
    True,
    0,
    -1,
    1,
    2**40,
    "",
    "x",
    "0" * 64,
    "sha256:" + "0" * 64,
    "A",
    [],
    {},
    [1],
    {"a": 1},
]


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, member in members for place in places(member, (*here, key))]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_a_schema_and_can_be_compiled(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert shapes.shape_of(name)([])


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_records_of_the_writer_have_their_shape(name: str) -> None:
    for record in SAMPLES[name]:
        assert shapes.shape_of(name)(record) == ()
        jsonschema.validate(record, SCHEMAS[name], jsonschema.Draft202012Validator)


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(SAMPLES)))
def test_a_changed_record_is_judged_as_by_a_full_validator(data: st.DataObject, name: str) -> None:
    record = copy.deepcopy(data.draw(st.sampled_from(SAMPLES[name])))
    *way, last = data.draw(st.sampled_from(places(record)))
    inner: Any = record
    for key in way:
        inner = inner[key]
    if isinstance(inner, dict) and data.draw(st.booleans()):
        inner["more" if data.draw(st.booleans()) else last] = inner.pop(last)
    else:
        inner[last] = data.draw(st.sampled_from(JUNK))
    validator = jsonschema.Draft202012Validator(SCHEMAS[name])
    ours, full = shapes.shape_of(name)(record), list(validator.iter_errors(record))
    assert bool(ours) == bool(full)


def test_a_fault_names_the_path(capsys: pytest.CaptureFixture[str]) -> None:
    record = copy.deepcopy(WORLD.matches[0])
    record["row"]["row_number"] = "7"
    record["basis"][0]["extra"] = 1
    del record["grade"]
    assert shapes.shape_of("match")(record) == (
        (".grade", "is missing"),
        (".row.row_number", "is string, not integer"),
        (".basis[0].extra", "is no key of this record"),
    )


def test_a_keyword_we_do_not_know_is_an_error_not_a_silence() -> None:
    with pytest.raises(ValueError, match="oneOf"):
        shapes._compile({"oneOf": []}, {})


def test_true_is_no_number_and_a_final_line_feed_no_digit() -> None:
    check = shapes._compile(
        {"type": "object", "properties": {"n": {"type": "integer"}, "h": {"pattern": "^[0-9]$"}}}, {}
    )
    assert check({"n": 1, "h": "1"}) == ()
    assert check({"n": True})
    assert check({"h": "1\n"})
