"""Where the column chunks of a parquet file lie, read from its footer: pure.

pyarrow knows it too, but asked about a single column chunk of a damaged footer it ends the process (pyarrow 26, found by flipping
bits), and footers of remote files are strangers' bytes.  So the few fields that are needed are read here: Thrift's compact protocol,
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md, structures of
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAGIC: Final = b"PAR1"
TAIL: Final = 8  # length of the footer, magic
_DEPTH: Final = 16
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)
_INTEGERS: Final = frozenset({_I16, _I32, _I64})


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChunk:
    """One column of one row group: ``path`` dotted, ``start`` and ``bytes`` in the file."""

    group: int
    path: str
    start: int
    bytes: int


def footer_bytes(tail: bytes) -> int:
    """Bytes of the footer with its length and magic, from the last eight bytes of the file.

    Raises:
        ValueError: no parquet file, or an encrypted footer.
    """
    if len(tail) < TAIL or tail[-4:] != MAGIC:
        raise ValueError("it does not end like a parquet file")
    return int.from_bytes(tail[-8:-4], "little") + TAIL


def column_chunks(footer: bytes, size: int) -> tuple[ColumnChunk, ...]:
    """All column chunks of a file of ``size`` bytes, by row group and column; ``footer`` without length and magic.

    Raises:
        ValueError: not such a footer, or a chunk outside the file.
    """
    reader = _Compact(footer)
    found: list[ColumnChunk] = []
    groups = 0

    def row_group(field: int, kind: int) -> None:
        if field == 1 and kind == _LIST:
            reader.each_struct(chunk)
        else:
            reader.skip(kind)

    def chunk(field: int, kind: int) -> None:
        if field == 3 and kind == _STRUCT:
            found.append(_chunk(reader, groups - 1, size))
        elif field == 1:
            raise ValueError("its columns lie in other files")
        else:
            reader.skip(kind)

    def one_more_group() -> None:
        nonlocal groups
        groups += 1

    def document(field: int, kind: int) -> None:
        if field == 4 and kind == _LIST:
            reader.each_struct(row_group, one_more_group)
        else:
            reader.skip(kind)

    reader.struct(document)
    return tuple(found)


def chosen(chunks: Sequence[ColumnChunk], paths: Sequence[str]) -> tuple[ColumnChunk, ...]:
    """The chunks of columns, given as pyarrow takes them: a path, or the beginning of one."""
    names = tuple(f"{path}." for path in paths)
    exact = frozenset(paths)
    return tuple(each for each in chunks if each.path in exact or each.path.startswith(names))


def _chunk(reader: _Compact, group: int, size: int) -> ColumnChunk:
    numbers: dict[int, int] = {}
    path: list[str] = []

    def metadata(field: int, kind: int) -> None:
        if field == 3 and kind == _LIST:
            path.extend(text.decode("utf-8", "replace") for text in reader.binaries())
        elif kind in _INTEGERS:
            numbers[field] = reader.integer()
        else:
            reader.skip(kind)

    reader.struct(metadata)
    data, dictionary, length = numbers.get(9, -1), numbers.get(11, 0), numbers.get(7, -1)
    start = min(data, dictionary) if dictionary > 0 else data
    if start < 0 or length < 0 or start + length > size:
        raise ValueError("a column chunk lies outside the file")
    return ColumnChunk(group=group, path=".".join(path), start=start, bytes=length)


class _Compact:
    """A cursor over Thrift's compact protocol."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self._depth = 0

    def struct(self, field: Callable[[int, int], None]) -> None:
        """Call ``field`` with number and type of each field; it has to read or skip the value."""
        self._depth += 1
        if self._depth > _DEPTH:
            raise ValueError("nested too deeply")
        number = 0
        while (head := self._byte()) != _STOP:
            delta, kind = head >> 4, head & 15
            number = number + delta if delta else _unzigzag(self._varint())
            field(number, kind)
        self._depth -= 1

    def each_struct(self, field: Callable[[int, int], None], begin: Callable[[], None] = lambda: None) -> None:
        """A list of structs."""
        count, kind = self._list_head()
        if kind != _STRUCT:
            raise ValueError("a list of something else")
        for _ in range(count):
            begin()
            self.struct(field)

    def binaries(self) -> list[bytes]:
        """A list of texts."""
        count, kind = self._list_head()
        if kind != _BINARY:
            raise ValueError("a list of something else")
        return [self._bytes(self._varint()) for _ in range(count)]

    def integer(self) -> int:
        """A number of 16, 32 or 64 bits."""
        return _unzigzag(self._varint())

    def skip(self, kind: int) -> None:
        """Pass over a value."""
        if kind in (_TRUE, _FALSE):
            return
        if kind == _BYTE:
            self._bytes(1)
        elif kind in _INTEGERS:
            self._varint()
        elif kind == _DOUBLE:
            self._bytes(8)
        elif kind == _BINARY:
            self._bytes(self._varint())
        elif kind in (_LIST, _SET):
            self._skip_list()
        elif kind == _MAP:
            self._skip_map()
        elif kind == _STRUCT:
            self.struct(lambda _, inner: self.skip(inner))
        else:
            raise ValueError(f"a value of unknown type {kind}")

    def _skip_list(self) -> None:
        count, inner = self._list_head()
        for _ in range(count):
            self._skip_element(inner)

    def _skip_map(self) -> None:
        count = self._varint()
        if count:
            kinds = self._byte()
            for _ in range(count):
                self._skip_element(kinds >> 4)
                self._skip_element(kinds & 15)

    def _skip_element(self, kind: int) -> None:
        # In collections a truth value takes a byte of its own.
        if kind in (_TRUE, _FALSE):
            self._bytes(1)
        else:
            self._depth += 1
            if self._depth > _DEPTH:
                raise ValueError("nested too deeply")
            self.skip(kind)
            self._depth -= 1

    def _list_head(self) -> tuple[int, int]:
        head = self._byte()
        count = head >> 4
        if count == 15:
            count = self._varint()
        if count > len(self._content) - self._at:  # every element takes a byte or more
            raise ValueError("a list longer than the footer")
        return count, head & 15

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def _byte(self) -> int:
        if self._at >= len(self._content):
            raise ValueError("it ends early")
        self._at += 1
        return self._content[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        if count > len(self._content) - self._at:
            raise ValueError("it ends early")
        self._at += count
        return self._content[self._at - count : self._at]


def _unzigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
