"""Canonical JSON, profile ``provscan.json/1``: one value, one spelling.

A subset of RFC 8785: UTF-8, ASCII keys sorted, no white space, strings, true, false, null, arrays, objects, integers
within ±(2^53-1), no floats.  Inside the profile ``json.dumps`` equals RFC 8785 byte for byte; outside it does not (key
order beyond the BMP, ``1e-07``), so the writer enforces the profile and the reader refuses what does not re-encode to
itself.
"""

from __future__ import annotations

import json
from typing import Any, Final

from manifests.errors import FormatError

MAX_INTEGER: Final = 2**53 - 1  # beyond it a reader that uses doubles would see another number
MAX_DEPTH: Final = 32

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical_bytes(value: Any) -> bytes:
    r"""Return the one spelling of ``value`` (dict, list, tuple, str or StrEnum, int, bool, None), without line feed.

    Raises:
        FormatError: a float, an integer beyond ±(2^53-1), a key that is not ASCII, a lone surrogate, depth above 32, or a
            type outside the profile.

    >>> canonical_bytes({"b": [1, None], "a": "é"})
    b'{"a":"\xc3\xa9","b":[1,null]}'
    """
    _require_profile(value, 0)
    try:
        return _encode(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError("a string holds a lone surrogate, which has no UTF-8 form") from error


def _require_profile(value: Any, depth: int) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise FormatError(f"integer {value} is beyond ±(2^53-1): write it as a string")
        return
    if depth >= MAX_DEPTH:
        raise FormatError(f"more than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise FormatError(f"key {key!r} is not ASCII text")
            if type(member) is not str:  # most members are text: a call saved
                _require_profile(member, depth + 1)
    elif isinstance(value, (list, tuple)):
        for member in value:
            if type(member) is not str:
                _require_profile(member, depth + 1)
    else:
        raise FormatError(f"{type(value).__name__} is not part of provscan.json/1")


def parse_canonical(data: bytes) -> Any:
    """Read bytes that must be the one spelling of their value; without line feed.

    Raises:
        FormatError: not UTF-8, not JSON, a repeated key, depth above 32, a float, or any spelling but the canonical.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("not UTF-8") from error
    _require_shallow(text)
    try:
        value = _decode(text)
        again = _encode(value).encode("utf-8")
    except RecursionError as error:
        raise FormatError(f"more than {MAX_DEPTH} levels") from error
    except UnicodeEncodeError as error:
        raise FormatError("a string holds a lone surrogate, which has no UTF-8 form") from error
    except ValueError as error:
        raise FormatError(f"not JSON: {error}") from error
    if again != data:
        raise FormatError("not the canonical spelling of its value")
    return value


def _require_shallow(text: str) -> None:
    """Count brackets outside strings, but only where there are enough of them to matter."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for part in _outside_strings(text):
        for character in part:
            if character in "[{":
                depth += 1
                if depth > MAX_DEPTH:
                    raise FormatError(f"more than {MAX_DEPTH} levels")
            elif character in "]}":
                depth -= 1


def _outside_strings(text: str) -> list[str]:
    """The pieces between string literals; backslash pairs cannot end a literal and go first."""
    return text.replace("\\\\", "").replace('\\"', "").split('"')[::2]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FormatError("a key is repeated")
    for key in members:
        if not key.isascii():
            raise FormatError(f"key {key!r} is not ASCII")
    return members


def _integer(digits: str) -> int:
    # 17 characters: a sign and 16 digits; longer ones are refused before int() spends time on them
    number = int(digits) if len(digits) <= 17 else MAX_INTEGER + 1
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise FormatError("an integer is beyond ±(2^53-1)")
    return number


def _refuse_float(digits: str) -> float:
    raise FormatError(f"{digits[:40]} is a float: the profile has none")


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_refuse_float, parse_int=_integer, parse_constant=_refuse_float
).decode
