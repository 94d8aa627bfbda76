"""Which layout a file has: decided by its columns and, where names say too little, by sampled values.  Never a guess.

Names of files, folders or repositories decide nothing.  The order of the rules (datasets.md section 3):

1. A registered signature whose names and type classes are all there, case folded where need be.  Of several, the one with the most
   columns; then the one whose names agree in case; then, if all give the same roles, exact types and the order of registration.
2. Structure: exactly one text column of URLs, at most one of sentences, a binary column of pictures.  Hex columns are offered.
3. Anything else is ``Unrecognised``, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from scanner.datasets import DigestColumn, FingerprintColumn, Layout, Role, RowCheck
from scanner.layouts import sampling
from scanner.layouts.references import Names, paths_of, type_class
from scanner.layouts.sampling import HexColumn, texts_of, unique_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOSTLY = 0.9  # of 1,000 sampled values: datasets.md section 3, rule 3
_HALF = 0.5
_SCALARS = frozenset({"text", "number", "bool", "time"})


class Types(StrEnum):
    """How far the types of a file's columns can be relied on when names are compared with a signature."""

    CLASSES = "classes"  # parquet: text, number, list … must agree
    SCALARS = "scalars"  # json: a number may be written as text, a list is a list
    NONE = "none"  # csv, tsv: everything is text


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A layout and the real spelling of its columns in this file.

    ``also`` names further layouts that fit as well and mean the same; ``hex_columns`` are columns the layout does not use and that
    look like digests: offered, not used.
    """

    layout: Layout
    columns: Mapping[Role, str]
    also: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    hex_columns: tuple[HexColumn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognised:
    """Why no layout was chosen, and roles that the sampled values suggest (for the ``--columns`` line to print)."""

    reason: str
    suggested: Mapping[Role, str] = field(default_factory=dict)
    hex_columns: tuple[HexColumn, ...] = ()


def recognise_layout(
    schema: pa.Schema,
    sample: pa.Table | None,
    *,
    layouts: Sequence[Layout],
    types: Types = Types.CLASSES,
    headerless: bool = False,
) -> Recognised | Unrecognised:
    """Choose a layout for a file of this schema; ``sample`` holds some of its rows (1,000 are looked at), None if there are none.

    ``headerless`` says that the schema's names are made up: then only the number and the look of the columns count.
    """
    rows = sample if sample is not None else schema.empty_table()
    named = _headerless(schema, rows, layouts) if headerless else _by_signature(schema, rows, layouts, types=types)
    outcome = named or _by_structure(rows)
    if isinstance(outcome, Unrecognised):
        return outcome
    used = {path for column in outcome.columns.values() for path in paths_of(column)}
    free = [name for name in unique_names(schema) if name not in used]
    return replace(outcome, hex_columns=sampling.hex_columns(rows, free))


def bind(layout: Layout, schema: pa.Schema) -> Recognised:
    """Spell the columns of ``layout`` as this schema does; references that lead nowhere are left out.

    Digests and fingerprints become the roles ``sha256``, ``md5``, ``phash64`` and ``phash256``; a row check needs all its columns.
    """
    names = Names(schema)
    columns = {role: real for role, text in layout.columns.items() if (real := names.reference(text)) is not None}
    digests, fingerprints = [], []
    for digest in layout.digests:
        real = names.reference(digest.column)
        if real is not None:
            digests.append(replace(digest, column=real))
            columns[Role(digest.algorithm)] = real
    for fingerprint in layout.fingerprints:
        real = names.reference(fingerprint.column)
        if real is not None:
            fingerprints.append(replace(fingerprint, column=real))
            columns[Role(fingerprint.algorithm)] = real
    bound = replace(
        layout,
        columns=columns,
        digests=tuple(digests),
        fingerprints=tuple(fingerprints),
        row_check=_bound_check(layout.row_check, names),
    )
    return Recognised(layout=bound, columns=bound.columns)


def _bound_check(check: RowCheck | None, names: Names) -> RowCheck | None:
    if check is None:
        return None
    column, url, text = (names.reference(name) for name in (check.column, *check.of))
    if column is None or url is None or text is None:
        return None
    return replace(check, column=column, of=(url, text))


def layout_from_columns(mapping: Mapping[str, str], schema: pa.Schema, *, base: Layout | None = None) -> Layout:
    """The layout that the user wrote down with ``--columns role=NAME``, on top of ``base`` where one was recognised.

    Raises:
        ValueError: an unknown role, or a column that the file does not have; the message names both and lists what there is.
    """
    names = Names(schema)
    columns: dict[Role, str] = dict(base.columns) if base else {}
    digests = {digest.algorithm: digest for digest in (base.digests if base else ())}
    fingerprints = {known.algorithm: known for known in (base.fingerprints if base else ())}
    for text, name in mapping.items():
        try:
            role = Role(text.strip().lower())
        except ValueError:
            raise ValueError(f"{text!r} is no role; roles are {', '.join(sorted(Role))}") from None
        real = names.reference(name)
        if real is None:
            raise ValueError(f"there is no column {name!r}; the columns are {', '.join(schema.names)}")
        if role is Role.SHA256:
            digests["sha256"] = DigestColumn(column=real, algorithm="sha256")
        elif role is Role.MD5:
            digests["md5"] = DigestColumn(column=real, algorithm="md5")
        elif role is Role.PHASH64:
            fingerprints["phash64"] = FingerprintColumn(column=real)
        elif role is Role.PHASH256:
            fingerprints["phash256"] = FingerprintColumn(column=real, algorithm="phash256")
        columns[role] = real
    if base is None:
        base = Layout(name="columns", source="given with --columns", signature={}, columns={})
    return replace(
        base, columns=columns, digests=tuple(digests.values()), fingerprints=tuple(fingerprints.values()), generic=False
    )


# --- by signature -----------------------------------------------------------------------------------------------------------


def _by_signature(
    schema: pa.Schema, sample: pa.Table, layouts: Sequence[Layout], *, types: Types
) -> Recognised | Unrecognised | None:
    names = Names(schema)
    fitting = [layout for layout in layouts if layout.signature and _fits(layout, names, types=types)]
    fitting = [layout for layout in fitting if not (layout.generic and _is_doubtful(layout, schema, sample))]
    if not fitting:
        return None
    fitting = [layout for layout in fitting if not layout.generic] or fitting
    most = max(len(layout.signature) for layout in fitting)
    fitting = [layout for layout in fitting if len(layout.signature) == most]
    spelled = [layout for layout in fitting if all(name in schema.names for name in layout.signature)]
    fitting = spelled or fitting
    bound = [bind(layout, schema) for layout in fitting]
    if len({tuple(sorted(known.columns.items())) for known in bound}) > 1:
        return Unrecognised(reason=f"fits {' and '.join(layout.name for layout in fitting)}, which read it differently")
    best = max(range(len(fitting)), key=lambda index: (_exact_types(fitting[index], names), -index))
    contradiction = _contradiction(bound[best], sample)
    if contradiction:
        return Unrecognised(reason=contradiction)
    return replace(bound[best], also=tuple(known.name for known in fitting if known is not fitting[best]))


def _fits(layout: Layout, names: Names, *, types: Types) -> bool:
    if any(names.column(name) is not None for name in layout.forbids):
        return False
    for name, wanted in layout.signature.items():
        found = names.path(name)
        if found is None:
            return False
        if not _agrees(type_class(found[1]), type_class(wanted), types):
            return False
    return True


def _agrees(found: str, wanted: str, types: Types) -> bool:
    """Whether a column of class ``found`` may stand for ``wanted``."""
    if found in {wanted, "null"} or types is Types.NONE:
        return True
    return types is Types.SCALARS and found in _SCALARS and wanted in _SCALARS


def _exact_types(layout: Layout, names: Names) -> int:
    found = {name: names.path(name) for name in layout.signature}
    return sum(1 for name, real in found.items() if real is not None and str(real[1]) == layout.signature[name])


def _is_doubtful(layout: Layout, schema: pa.Schema, sample: pa.Table) -> bool:
    """Plain names that many files share count only where the values agree and no second column of URLs competes."""
    url = bind(layout, schema).columns[Role.URL]
    if texts_of(sample, url) and not sampling.url_share(texts_of(sample, url)):
        return True
    return any(sampling.url_share(texts_of(sample, name)) >= _MOSTLY for name in unique_names(schema) if name != url)


def _contradiction(found: Recognised, sample: pa.Table) -> str:
    """The names say URL where the values hold none, and captions that are URLs: somebody mixed the columns up."""
    url, caption = found.columns.get(Role.URL), found.columns.get(Role.CAPTION)
    if url is None or caption is None or not {url, caption} <= set(sample.column_names):
        return ""
    urls, captions = texts_of(sample, url), texts_of(sample, caption)
    if urls and not sampling.url_share(urls) and sampling.url_share(captions) >= _MOSTLY:
        return f"looks like {found.layout.name}, but {caption} holds URLs and {url} holds none"
    return ""


def _headerless(schema: pa.Schema, sample: pa.Table, layouts: Sequence[Layout]) -> Recognised | None:
    """By the number of columns and by which of them holds URLs: this tells CC3M (caption, url) from CC12M (url, caption)."""
    for layout in layouts:
        if len(layout.headerless) != len(schema.names):
            continue
        place = {name: schema.names[position] for position, name in enumerate(layout.headerless)}
        if sampling.url_share(texts_of(sample, place[layout.columns[Role.URL]])) < _MOSTLY:
            continue
        caption = layout.columns.get(Role.CAPTION)
        if caption in place and sampling.url_share(texts_of(sample, place[caption])) >= _MOSTLY:
            continue
        widths = {"sha256": 64, "md5": 32}
        if all(
            sampling.hex_digits(texts_of(sample, place[digest.column])) == widths[digest.algorithm]
            for digest in layout.digests
        ):
            return rename(layout, schema)
    return None


def rename(layout: Layout, schema: pa.Schema) -> Recognised:
    """A headerless layout with the reader's made-up column names (``f0``, ``f1`` …) in place of the documented ones.

    Raises:
        ValueError: the schema has another number of columns.
    """
    place = dict(zip(layout.headerless, schema.names, strict=True))

    def renamed(text: str) -> str:
        return " + ".join(place[part] for part in text.split(" + "))

    moved = replace(
        layout,
        columns={role: renamed(text) for role, text in layout.columns.items()},
        digests=tuple(replace(digest, column=place[digest.column]) for digest in layout.digests),
        url_encoded=frozenset(place[name] for name in layout.url_encoded),
    )
    return bind(moved, schema)


# --- by structure -----------------------------------------------------------------------------------------------------------


def _by_structure(sample: pa.Table) -> Recognised | Unrecognised:
    texts = {name: texts_of(sample, name) for name in unique_names(sample.schema)}
    urls = [name for name, values in texts.items() if sampling.url_share(values) >= _MOSTLY]
    sentences = [
        name for name, values in texts.items() if name not in urls and sampling.sentence_share(values) >= _HALF
    ]
    pictures = _picture_columns(sample)
    roles = _suggest(urls, sentences, pictures)
    offered = sampling.hex_columns(sample, unique_names(sample.schema))
    for what, found in (("URLs", urls), ("sentences", sentences), ("pictures", pictures)):
        if len(found) > 1:
            reason = f"{len(found)} columns hold {what}: {', '.join(found)}"
            return Unrecognised(reason=reason, suggested=roles, hex_columns=offered)
    if not urls and not pictures:
        return Unrecognised(reason="no column holds URLs or pictures", suggested=roles, hex_columns=offered)
    layout = Layout(
        name="packaged-pictures" if pictures else "url-text",
        version="structure",
        source="recognised by the values of its columns",
        signature={},
        columns=roles,
        size_of="stored" if pictures else None,
    )
    return bind(layout, sample.schema)


def _suggest(urls: Sequence[str], sentences: Sequence[str], pictures: Sequence[str]) -> Mapping[Role, str]:
    found = {Role.URL: urls, Role.CAPTION: sentences, Role.IMAGE: pictures}
    return {role: names[0] for role, names in found.items() if names}


def _picture_columns(sample: pa.Table) -> list[str]:
    """Binary columns (or ``bytes`` of a struct) whose sampled values all begin like picture files."""
    found = []
    for name in unique_names(sample.schema):
        values, path = sample.column(name), name
        if pa.types.is_struct(values.type) and values.type.get_field_index("bytes") >= 0:
            values, path = pc.struct_field(values, "bytes"), f"{name}.bytes"
        if type_class(values.type) != "binary" or pa.types.is_dictionary(values.type):
            continue
        stored = [value for value in values.slice(0, 50).to_pylist() if value is not None]
        if stored and all(sampling.looks_like_picture(value) for value in stored):
            found.append(path)
    return found
