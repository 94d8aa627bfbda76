"""Column references of layouts, resolved against the columns a file really has.

A reference is what ``Layout.columns`` holds: a name, alternatives (``a or b``), a join (``a + b``), a path into structs
(``image.bytes``) or the text that belongs to an item of an exploded list (``texts[beside]``, ``text_list[info.index]``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

_INDEXED = re.compile(r"(?P<texts>[^\[\]]+)\[(?P<index>[^\[\]]+)\]")

_CLASSES: Mapping[str, str] = {
    **dict.fromkeys(("text", "string", "large_string", "string_view"), "text"),
    **dict.fromkeys(("number", "int32", "int64", "float", "double"), "number"),
    **dict.fromkeys(("binary", "large_binary", "binary_view"), "binary"),
    **{name: name for name in ("list", "struct", "bool", "time", "null", "other")},
}


def type_class(kind: pa.DataType | str) -> str:
    """The coarse class by which layouts are matched: int32, int64 and double are all ``number``.

    Accepts an Arrow type, or the spelling used in signatures.  A dictionary counts as its values.  Other results: ``text``
    ``list`` ``binary`` ``struct`` ``bool`` ``time`` ``null`` (a column without a single value fits every class) ``other``.

    Raises:
        KeyError: a string that is no type name of signatures (a mistake in a Layout).
    """
    if isinstance(kind, str):
        return _CLASSES[kind]
    types = pa.types
    if types.is_dictionary(kind):
        return type_class(kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return "text"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_nested(kind):
        return "struct" if types.is_struct(kind) else "list" if not types.is_union(kind) else "other"
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return "binary"
    if types.is_binary_view(kind):
        return "binary"
    if types.is_boolean(kind):
        return "bool"
    if types.is_null(kind):
        return "null"
    return "time" if types.is_temporal(kind) else "other"


class Names:
    """The columns of one schema, found by exact name first and by case-folded name where that is unambiguous.

    A name that stands there twice is found never: nobody can say which column is meant.
    """

    def __init__(self, schema: pa.Schema) -> None:
        """Index the names of ``schema``."""
        self.schema = schema
        self._exact: dict[str, int] = {}
        self._folded: dict[str, list[int]] = {}
        for position, name in enumerate(schema.names):
            self._exact[name] = -1 if name in self._exact else position
            self._folded.setdefault(name.casefold(), []).append(position)

    def column(self, name: str) -> pa.Field | None:
        """The field called ``name``; only its case may differ."""
        position = self._exact.get(name)
        if position is None:
            folded = self._folded.get(name.casefold(), [])
            position = folded[0] if len(folded) == 1 else -1
        return None if position < 0 else self.schema.field(position)

    def path(self, dotted: str) -> tuple[str, pa.DataType] | None:
        """Real spelling and type of a dotted path, entering structs and lists of structs; None where it does not lead on."""
        whole = self.column(dotted)
        if whole is not None:
            return whole.name, whole.type
        head, dot, tail = dotted.partition(".")
        field = self.column(head)
        if field is None or not dot:
            return None
        inner = field.type
        if type_class(inner) == "list":
            inner = inner.value_type
        if not pa.types.is_struct(inner):
            return None
        found = Names(pa.schema(list(inner))).path(tail)
        return None if found is None else (f"{field.name}.{found[0]}", found[1])

    def reference(self, text: str) -> str | None:
        """``text`` with every name in its real spelling, alternatives decided; None where a needed column is absent.

        A join keeps the parts that are there, and is absent when none is.
        """
        for alternative in text.split(" or "):
            parts = [self._single(part) for part in alternative.split(" + ")]
            present = [part for part in parts if part is not None]
            if present:
                return " + ".join(present)
        return None

    def _single(self, text: str) -> str | None:
        indexed = _INDEXED.fullmatch(text)
        if indexed is None:
            found = self.path(text)
            return None if found is None else found[0]
        texts = self.path(indexed["texts"])
        if texts is None:
            return None
        if indexed["index"] == "beside":
            return f"{texts[0]}[beside]"
        index = self.path(indexed["index"])
        return None if index is None else f"{texts[0]}[{index[0]}]"


def parts_of(reference: str) -> tuple[str, ...]:
    """The joined parts of a resolved reference: ``a + b`` → ``("a", "b")``."""
    return tuple(reference.split(" + "))


def paths_of(reference: str) -> tuple[str, ...]:
    """Every column path a resolved reference reads: ``t[i.n]`` → ``("t", "i.n")``."""
    paths: list[str] = []
    for part in parts_of(reference):
        indexed = _INDEXED.fullmatch(part)
        if indexed is None:
            paths.append(part)
        else:
            paths.append(indexed["texts"])
            if indexed["index"] != "beside":
                paths.append(indexed["index"])
    return tuple(paths)


def split_index(part: str) -> tuple[str, str] | None:
    """``text_list[info.n]`` → ``("text_list", "info.n")``; None for a plain path."""
    indexed = _INDEXED.fullmatch(part)
    return None if indexed is None else (indexed["texts"], indexed["index"])
