"""Members of a tar stream, one header at a time: nothing is extracted, no member's name is ever used as a path.

The standard library's tarfile reads a pax header of any stated size into memory, so one lying header is enough to exhaust it; here
every length is bounded first.  Links, devices and sparse files are passed over: they hold no picture bytes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.errors import ShardDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.shards.streams import Cursor

BLOCK = 512
MAX_MEMBERS = 10_000_000
MAX_HEADER_BYTES = 1 << 20  # of a long name or pax header; real ones are a few hundred bytes
_REGULAR = frozenset(b"0\x007")
_WITHOUT_BYTES = frozenset(b"123456")  # links, devices, folders: their size field counts nothing
_SPARSE = ord("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A regular file of the archive.  ``header`` is the byte offset of its first header block, extended headers included."""

    name: bytes
    size: int
    header: int


class Members:
    """Iterates over regular members; ``read`` and nothing else takes bytes of the current one."""

    def __init__(self, cursor: Cursor, name: str) -> None:
        """Begin at the cursor, which stands at a header; ``name`` is what errors call the archive."""
        self._cursor, self._name = cursor, name
        self._left = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Member]:
        """Regular members in file order.

        Raises:
            ShardDamaged: while iterating: a damaged header, a truncated archive, too many members.
        """
        count = 0
        while True:
            begin = self._cursor.position
            header, extended = self._header()
            if header is None:
                return
            count += 1
            if count > MAX_MEMBERS:
                raise ShardDamaged(f"{self._name}: it has more than {MAX_MEMBERS:,} members.")
            size = _number(header[124:136])
            if b"size" in extended:
                size = _decimal(extended[b"size"])
            kind = header[156]
            if size < 0:
                raise self._damaged(begin, "a member with a negative size")
            if kind == _SPARSE:
                self._sparse_map(header)
            self._left = 0 if kind in _WITHOUT_BYTES else size
            self._padding = -self._left % BLOCK
            if kind in _REGULAR and not any(key.startswith(b"GNU.sparse.") for key in extended):
                yield Member(name=extended.get(b"path") or _name(header), size=size, header=begin)
            self._pass_over(begin)

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes of the current member, fewer only at its end.

        Raises:
            ShardDamaged: the archive ends inside the member.
        """
        wanted = min(count, self._left)
        data = self._cursor.read(wanted)
        self._left -= len(data)
        if len(data) < wanted:
            raise self._damaged(self._cursor.position, "it ends inside a member")
        return data

    def _pass_over(self, begin: int) -> None:
        if not self._cursor.skip(self._left + self._padding):
            raise self._damaged(begin, "it ends inside the member that begins there")
        self._left = self._padding = 0

    def _header(self) -> tuple[bytes | None, dict[bytes, bytes]]:
        """The next member's header block and what extended headers before it say; None at the end mark."""
        extended: dict[bytes, bytes] = {}
        for _ in range(16):  # a member has at most a global, a pax, a long-name and a long-link header before it
            begin = self._cursor.position
            block = self._cursor.read(BLOCK)
            if len(block) < BLOCK:
                raise self._damaged(begin, "it ends without an end mark")
            if not block.strip(b"\0"):
                return None, extended
            if not _is_header(block):
                raise self._damaged(begin, "no member header")
            kind = chr(block[156])
            if kind not in "xgLK":
                return block, extended
            size = _number(block[124:136])
            if not 0 <= size <= MAX_HEADER_BYTES:
                raise self._damaged(begin, "an extended header of impossible size")
            body = self._cursor.read(size)
            self._cursor.skip(-size % BLOCK)
            if kind == "x":
                extended.update(_pax(body))
            elif kind == "L":
                extended[b"path"] = body.rstrip(b"\0")
        raise self._damaged(self._cursor.position, "extended headers without a member")

    def _sparse_map(self, header: bytes) -> None:
        more = header[482]
        while more:
            block = self._cursor.read(BLOCK)
            more = block[504] if len(block) == BLOCK else 0

    def _damaged(self, offset: int, what: str) -> ShardDamaged:
        return ShardDamaged(
            f"{self._name}: {what} (at byte {offset:,}).",
            hint="Download the file again and compare its digest with the publisher's.",
        )


def stem_and_suffix(name: bytes) -> tuple[bytes, str]:
    """The stem that members of one sample share, and the suffix in lower case: ``a/b.seg.png`` → ``a/b``, ``seg.png``."""
    folder, slash, base = name.rpartition(b"/")
    dot = base.find(b".", 1)
    if dot < 0:
        return name, ""
    return folder + slash + base[:dot], base[dot + 1 :].decode("ascii", "replace").casefold()


def _name(header: bytes) -> bytes:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _number(field: bytes) -> int:
    """Octal with blanks and NULs around it, or base 256 (first bit set); -1 for anything else."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        return value if field[0] == 0x80 else -1
    try:
        return int(field.split(b"\0", 1)[0].strip() or b"0", 8)
    except ValueError:
        return -1


def _decimal(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < 20 else -1


def _is_header(block: bytes) -> bool:
    """Whether the recorded checksum is that of the block: of unsigned bytes, or (old archives) of signed ones."""
    recorded = _number(block[148:156])
    others = block[:148] + block[156:]
    unsigned = sum(others) + 8 * 0x20
    return recorded == unsigned or recorded == unsigned - 256 * sum(1 for byte in others if byte > 0x7F)


def _pax(body: bytes) -> dict[bytes, bytes]:
    r"""Records ``LENGTH KEY=VALUE\n``; a damaged rest is left out."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(body):
        digits = body[at : at + 8].split(b" ", 1)[0]
        length = _decimal(digits)
        if length <= len(digits) + 2 or at + length > len(body):
            break
        key, equals, value = body[at + len(digits) + 1 : at + length - 1].partition(b"=")
        if equals:
            found[key] = value
        at += length
    return found
