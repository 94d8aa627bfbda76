"""JSON Schema, as much of it as our own schemas use, compiled once: types and unknown keys, by path.

The files in ``manifests/schema`` are the one description of the records; the verifier obeys them instead of repeating
them.  A keyword outside the subset below is an error when a schema is compiled, so none is silently ignored.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Fault = tuple[str, str]  # path below the value, what is wrong
    Shape = Callable[[Any], tuple[Fault, ...]]

_TYPES: Final = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
_NOTES: Final = frozenset({"$schema", "$id", "$defs", "title", "description"})
_KNOWN: Final = _NOTES | {
    "$ref", "type", "enum", "const", "pattern", "minimum", "minItems", "maxItems", "items", "prefixItems", "required",
    "properties", "additionalProperties",
}  # fmt: skip


@cache
def shape_of(name: str) -> Shape:
    """The compiled ``<name>.schema.json``: returns the faults of a value, none if it has the shape."""
    text = resources.files("manifests").joinpath("schema", f"{name}.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    return _compile(schema, schema.get("$defs", {}))


def _compile(schema: dict[str, Any], defs: dict[str, Any]) -> Shape:
    if unknown := schema.keys() - _KNOWN:
        raise ValueError(f"keywords outside the subset: {sorted(unknown)}")
    if "$ref" in schema:
        return _compile(defs[schema["$ref"].removeprefix("#/$defs/")], defs)
    steps = tuple(_steps(schema, defs))
    if len(steps) == 1:
        return steps[0]

    def all_of(value: Any) -> tuple[Fault, ...]:
        for step in steps:
            if faults := step(value):
                return faults
        return ()

    return all_of


def _steps(schema: dict[str, Any], defs: dict[str, Any]) -> Iterator[Shape]:
    """The type first: what follows may then rely on it."""
    if "type" in schema:
        yield _typed(schema["type"])
    if "enum" in schema or "const" in schema:
        yield _one_of(schema.get("enum", [schema.get("const")]))
    if "pattern" in schema:
        yield _spelled(schema["pattern"])
    if "minimum" in schema:
        yield _at_least(schema["minimum"])
    if "items" in schema or "prefixItems" in schema or "minItems" in schema:
        yield _array(schema, defs)
    if "properties" in schema or "additionalProperties" in schema:
        yield _object(schema, defs)


def _typed(names: str | list[str]) -> Shape:
    allowed = frozenset(_TYPES[name] for name in ([names] if isinstance(names, str) else names))

    def check(value: Any) -> tuple[Fault, ...]:
        # by exact type: True is an int to isinstance, and no number to JSON
        return () if type(value) in allowed else (("", f"is {_name_of(value)}, not {names}"),)

    return check


def _one_of(values: list[Any]) -> Shape:
    def check(value: Any) -> tuple[Fault, ...]:
        fits = any(type(value) is type(known) and value == known for known in values)
        return () if fits else (("", f"is {_short(value)}, not one of {len(values)} known values"),)

    return check


def _spelled(pattern: str) -> Shape:
    # "$" also matches before a final line feed; \Z does not
    search = re.compile(pattern.removesuffix("$") + (r"\Z" if pattern.endswith("$") else "")).search

    def check(value: Any) -> tuple[Fault, ...]:
        fits = not isinstance(value, str) or search(value) is not None
        return () if fits else (("", f"{_short(value)} does not have the form {pattern}"),)

    return check


def _at_least(minimum: int) -> Shape:
    def check(value: Any) -> tuple[Fault, ...]:
        return (("", f"{value} is below {minimum}"),) if isinstance(value, int) and value < minimum else ()

    return check


def _array(schema: dict[str, Any], defs: dict[str, Any]) -> Shape:
    first = tuple(_compile(entry, defs) for entry in schema.get("prefixItems", ()))
    other = _compile(schema.get("items", {}), defs)
    fewest, most = schema.get("minItems", 0), schema.get("maxItems", float("inf"))

    def check(value: Any) -> tuple[Fault, ...]:
        if not isinstance(value, list):
            return ()
        if not fewest <= len(value) <= most:
            return (("", f"has {len(value)} elements"),)
        faults: tuple[Fault, ...] = ()
        for place, member in enumerate(value):
            for path, what in first[place](member) if place < len(first) else other(member):
                faults += ((f"[{place}]{path}", what),)
        return faults

    return check


def _object(schema: dict[str, Any], defs: dict[str, Any]) -> Shape:
    known = {key: _compile(member, defs) for key, member in schema.get("properties", {}).items()}
    required = frozenset(schema.get("required", ()))
    more = schema.get("additionalProperties", True)
    other = _compile(more, defs) if isinstance(more, dict) else None

    def check(value: Any) -> tuple[Fault, ...]:
        if not isinstance(value, dict):
            return ()
        faults: tuple[Fault, ...] = ()
        if not required <= value.keys():
            faults += tuple((f".{key}", "is missing") for key in sorted(required - value.keys()))
        for key, member in value.items():
            shape = known.get(key, other)
            if shape is None:
                faults += ((f".{_short(key)}", "is no key of this record"),) if more is False else ()
                continue
            for path, what in shape(member):
                faults += ((f".{key}{path}", what),)
        return faults

    return check


def _name_of(value: Any) -> str:
    return next(name for name, known in _TYPES.items() if type(value) is known)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
