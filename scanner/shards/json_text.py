"""A JSON text that is read value by value: RedCaps files are one array, SBU's arrays hold a million elements."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

from scanner.errors import ShardDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_VALUE_BYTES = 64 << 20
_BLANK = " \t\n\r"


class JsonText:
    """A JSON text read value by value, never as a whole."""

    def __init__(self, pieces: Iterator[bytes], name: str) -> None:
        """Decode ``pieces`` as UTF-8; invalid bytes become lone surrogates and are replaced and counted later."""
        self._pieces = pieces
        self._name = name
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._ended = False

    def rows(self) -> Iterator[tuple[str, Any]]:
        """``(raw text, value)`` of each row object."""
        if self._peek() == "[":
            yield from self._array()
            return
        if self._is_sequence():
            while self._peek():
                yield self._value()
            return
        for _ in self._keys():
            if self._peek() == "[" and self._begins_object():
                yield from self._array()
                return
            self._value()

    def columns(self) -> Iterator[tuple[str, Iterator[tuple[str, Any]]]]:
        """``(key, elements)`` of each array of the object; each must be used up before the next."""
        for key in self._keys():
            if self._peek() != "[":
                self._value()
                continue
            elements = self._array()
            yield key, elements
            for _ in elements:
                pass

    def is_columnar(self) -> bool:
        """Whether the text is an object whose first array holds scalars: SBU's form."""
        if self._peek() != "{" or self._is_sequence():
            return False
        for _ in self._keys():
            if self._peek() == "[":
                return not self._begins_object()
            self._value()
        return False

    def _is_sequence(self) -> bool:
        """Whether a whole object without an array of objects stands first: objects one after another, or a single one."""
        while len(self._text) - self._at < 1 << 20 and self._more():
            pass
        try:
            value, end = self._json.raw_decode(self._text, self._at)
        except (ValueError, RecursionError):
            return False
        rest = self._text[end:].lstrip(_BLANK)
        arrays = [member for member in value.values() if isinstance(member, list)] if isinstance(value, dict) else []
        return bool(rest) or not arrays

    def _keys(self) -> Iterator[str]:
        """Keys of the object that begins here; the caller reads the value after each."""
        self._expect("{")
        if self._peek() == "}":
            return
        while True:
            _, key = self._value()
            self._expect(":")
            yield str(key)
            if self._expect(",}") == "}":
                return

    def _array(self) -> Iterator[tuple[str, Any]]:
        self._expect("[")
        if self._peek() == "]":
            self._expect("]")
            return
        while True:
            yield self._value()
            if self._expect(",]") == "]":
                return

    def _begins_object(self) -> bool:
        """Whether the array that begins here has an object as its first element; nothing is consumed."""
        offset = 1
        while True:
            while self._at + offset >= len(self._text):
                if not self._more():
                    return False
            letter = self._text[self._at + offset]
            if letter not in _BLANK:
                return letter == "{"
            offset += 1

    def _value(self) -> tuple[str, Any]:
        self._peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
                if end < len(self._text) or self._ended or not self._more():
                    raw = self._text[self._at : end]
                    self._at = end
                    return raw, value
            except (ValueError, RecursionError) as error:
                size = len(self._text) - self._at
                if size > MAX_VALUE_BYTES or not self._more(size):
                    raise self._damaged() from error

    def _expect(self, letters: str) -> str:
        found = self._peek()
        if not found or found not in letters:
            raise self._damaged()
        self._at += 1
        return found

    def _peek(self) -> str:
        """The next character that is not blank, "" at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK + "\ufeff":
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _more(self, at_least: int = 0) -> bool:
        """Add text to the buffer; ``at_least`` as many characters, so that a long value is retried few times."""
        if self._ended:
            return False
        added: list[str] = []
        size = 0
        while size <= at_least:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
                added.append(self._decode(b"", True))  # noqa: FBT003 - the decoder's own signature
                break
            added.append(self._decode(piece))
            size += len(added[-1])
        self._text = self._text[self._at :] + "".join(added)
        self._at = 0
        return bool(size) or not self._ended

    def _damaged(self) -> ShardDamaged:
        return ShardDamaged(
            f"{self._name}: it is no whole JSON text.",
            hint="Download the file again; objects by line belong in a .jsonl.",
        )
