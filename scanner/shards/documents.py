"""JSON shards: objects by line (jsonl), arrays of objects (RedCaps), objects of arrays (SBU).

They are read as they stream by; one value is held at a time.
"""

from __future__ import annotations

import codecs
import itertools
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from scanner.datasets import RowFault
from scanner.errors import ShardDamaged
from scanner.layouts import Types
from scanner.layouts.sampling import SAMPLE_ROWS
from scanner.shards.batches import BATCH_ROWS, Part, SourceBatch
from scanner.shards.json_values import fields_of, parse_object, record_batch, sample_table, schema_of
from scanner.shards.streams import Lines, UntilDamage, chunks
from scanner.shards.verbatim import SourceRow, text_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.shards.json_values import Document

MAX_VALUE_BYTES = 64 << 20
_BATCH_BYTES = 16 << 20
_BLANK = " \t\n\r"


class JsonLinesReader:
    """One object a line; a line that is none keeps its row number and is counted.  See ``readers.Reader``."""

    types = Types.SCALARS
    headerless = False
    rows_total: int | None = None

    def __init__(self, path: str, name: str) -> None:
        """Read the first 1,000 lines for the columns.

        Raises:
            ShardDamaged: unreadable, or empty.
        """
        self._path, self._name = path, name
        raws = UntilDamage(self._raw())
        self._head = [parse_object(raw, Counter()) for raw in itertools.islice(raws, SAMPLE_ROWS)]
        self.damage = raws.damage
        if not self._head:
            raws.raise_damage()
            raise ShardDamaged(f"{name}: it is empty.", hint="Download the file again.")
        self.schema: pa.Schema = schema_of(self._head)

    def sample(self) -> pa.Table:
        """The first 1,000 objects."""
        return sample_table(self._head, self.schema)

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """One part: lines are found by reading from the start."""
        del max_rows
        return (Part(index=0, first_row=0, rows=None, begin=0, end=-1),)

    def read(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """The asked members of each object, scalars as text."""
        number = part.first_row
        held: list[Document] = []
        faults: Counter[RowFault] = Counter()
        size = 0
        raws = UntilDamage(self._raw())
        for raw in raws:
            held.append(self._parsed(raw, faults))
            size += len(raw)
            if len(held) >= BATCH_ROWS or size >= _BATCH_BYTES:
                yield self._batch(held, number, paths, faults)
                number, held, faults, size = number + len(held), [], Counter(), 0
        if held:
            yield self._batch(held, number, paths, faults)
        raws.raise_damage()

    def _batch(
        self, held: Sequence[Document], number: int, paths: Sequence[str], faults: Counter[RowFault]
    ) -> SourceBatch:
        columns = record_batch(held, self.schema, paths, faults)
        return SourceBatch(columns=columns, rows=np.arange(number, number + len(held), dtype=np.int64), faults=faults)

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """Each row is one cell: the line or array element as it stands."""
        wanted, last = set(rows), max(rows, default=-1)
        for number, raw in enumerate(self._raw()):
            if number in wanted:
                document = parse_object(raw, Counter())
                yield SourceRow(number=number, cells=(text_cell("", self._word, raw),), fields=fields_of(document))
            if number >= last:
                return

    _word = "line"

    def _parsed(self, raw: bytes, faults: Counter[RowFault]) -> Document:
        if not raw.strip():
            faults[RowFault.EMPTY_ROW] += 1
            return {}
        return parse_object(raw, faults)

    def _raw(self) -> Iterator[bytes]:
        for block in Lines(chunks(self._path, self._name), self._name, max_line=MAX_VALUE_BYTES).blocks():
            for line in block.removesuffix(b"\n").split(b"\n"):
                yield line.removesuffix(b"\r")


class JsonArrayReader(JsonLinesReader):
    """The elements of an array of objects, at the top or under the first key that holds one; or objects one after another."""

    _word = "element"

    def _raw(self) -> Iterator[bytes]:
        text = JsonText(chunks(self._path, self._name), self._name)
        for raw, _ in text.rows():
            yield raw.encode("utf-8", "surrogatepass")


class JsonColumnsReader:
    """An object of arrays (SBU): row n is made of the n-th element of each array.  See ``readers.Reader``."""

    types = Types.SCALARS
    headerless = False
    rows_total: int | None = None

    def __init__(self, path: str, name: str) -> None:
        """Read the first elements of each array.

        Raises:
            ShardDamaged: unreadable, or no array in it.
        """
        self._path, self._name = path, name
        columns = {
            key: [value for _, value in itertools.islice(values, SAMPLE_ROWS)] for key, values in self._columns()
        }
        if not columns:
            raise ShardDamaged(
                f"{name}: it holds no array.", hint="A dataset in JSON is an array, or an object of arrays."
            )
        self._head = [dict(zip(columns, values, strict=True)) for values in itertools.zip_longest(*columns.values())]
        found = schema_of(self._head)
        self.schema: pa.Schema = found if len(found) else pa.schema([(key, pa.null()) for key in columns])

    def sample(self) -> pa.Table:
        """The first 1,000 rows."""
        return sample_table(self._head, self.schema)

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """One part."""
        del max_rows
        return (Part(index=0, first_row=0, rows=None, begin=0, end=-1),)

    def read(self, part: Part, paths: Sequence[str]) -> Iterator[SourceBatch]:
        """Rows of the asked arrays; they are held as Arrow columns, since one array ends before the next begins."""
        faults: Counter[RowFault] = Counter()
        held: dict[str, list[pa.Array]] = {}
        longest = 0
        columns = UntilDamage(self._columns())
        elements: UntilDamage[tuple[str, Any]] = UntilDamage(iter(()))
        for key, values in columns:
            pieces = held.setdefault(key, [])
            elements = UntilDamage(values)
            pairs = iter(elements)
            count = 0
            while piece := list(itertools.islice(pairs, BATCH_ROWS)):
                count += len(piece)
                longest = max(longest, count)
                if key in paths:
                    documents = [{key: value} for _, value in piece]
                    pieces.append(record_batch(documents, self.schema, [key], faults).column(0))
            if elements.damage is not None:
                break
        for start in range(0, longest, BATCH_ROWS):
            stop = min(start + BATCH_ROWS, longest)
            sliced = [_slice(held.get(path, []), start, stop) for path in paths]
            rows = np.arange(part.first_row + start, part.first_row + stop, dtype=np.int64)
            yield SourceBatch(
                columns=pa.RecordBatch.from_arrays(sliced, names=list(paths)),
                rows=rows,
                faults=faults if start == 0 else Counter(),
            )
        elements.raise_damage()
        columns.raise_damage()

    def cells(self, rows: Sequence[int]) -> Iterator[SourceRow]:
        """One cell for each array: its element as it stands; null where the array is shorter."""
        wanted = set(rows)
        found: dict[int, dict[str, tuple[str, Any]]] = {row: {} for row in rows}
        keys = []
        for key, values in self._columns():
            keys.append(key)
            for number, pair in enumerate(values):
                if number in wanted:
                    found[number][key] = pair
        for row in rows:
            if not found[row]:
                continue
            cells = tuple(
                text_cell(
                    key, "element", found[row][key][0].encode("utf-8", "surrogatepass") if key in found[row] else None
                )
                for key in keys
            )
            yield SourceRow(
                number=row, cells=cells, fields=fields_of({key: pair[1] for key, pair in found[row].items()})
            )

    def _columns(self) -> Iterator[tuple[str, Iterator[tuple[str, Any]]]]:
        return JsonText(chunks(self._path, self._name), self._name).columns()


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


def open_json(path: str, name: str) -> JsonArrayReader | JsonColumnsReader:
    """The reader for a ``.json`` file, by its form.

    Raises:
        ShardDamaged: unreadable, empty, or none of the forms.
    """
    if JsonText(chunks(path, name), name).is_columnar():
        return JsonColumnsReader(path, name)
    return JsonArrayReader(path, name)


def _slice(pieces: Sequence[pa.Array], start: int, stop: int) -> pa.Array:
    whole = pa.chunked_array(pieces or [pa.nulls(0, pa.string())]).slice(start, stop - start)
    padded = [*whole.chunks, pa.nulls(stop - start - len(whole), whole.type)]
    return pa.concat_arrays(padded)
