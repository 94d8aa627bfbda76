"""Opening a shard: its format, its layout, what can be compared in it and what not."""

from __future__ import annotations

import hashlib
import json
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scanner import layouts
from scanner.datasets import DigestColumn, FingerprintColumn, Layout, Role, Shard, ShardKind
from scanner.errors import LayoutUnknown, ShardDamaged, UsageError
from scanner.layouts.digest_checks import CheckedColumn, check_column, count_stored
from scanner.layouts.references import paths_of
from scanner.shards.formats import open_reader
from scanner.shards.hash_index import LAYOUT as INDEX_LAYOUT
from scanner.shards.hash_index import HashIndexReader, read_header
from scanner.shards.parquet import ParquetReader
from scanner.shards.samples import cells_of, columns_with_samples

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from scanner.shards.batches import Part
    from scanner.shards.hash_index import IndexHeader
    from scanner.shards.readers import Reader, Sampled


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShard:
    """A shard with its layout.  A value: it may be sent to another process, and holds no open file.

    ``columns`` maps roles to the real spelling of columns; ``roles`` are those that may be asked of ``scan_shard``.  ``checked``
    holds the digest and fingerprint columns after their check, refused ones too; ``offers`` are further columns that look like
    digests.
    ``schema_sha256`` is over the names and types of all columns, in file order.
    """

    shard: Shard
    layout: Layout
    columns: Mapping[Role, str]
    schema_sha256: str
    roles: frozenset[Role]
    rows_total: int | None
    checked: tuple[CheckedColumn, ...]
    offers: tuple[layouts.HexColumn, ...]
    also: tuple[str, ...]
    warnings: tuple[str, ...]
    names: tuple[str, ...]
    reader: Reader

    def parts(self, max_rows: int) -> tuple[Part, ...]:
        """Independent spans in file order for parallel workers.

        Raises:
            ShardDamaged: the format's own index cannot be read.
        """
        return self.reader.parts(max_rows)

    def session(self) -> AbstractContextManager[None]:
        """Inside, what is fetched of a remote shard stays at hand for the next reading.

        Raises:
            ShardError: it changed or is not given.
        """
        return self.reader.source.session() if isinstance(self.reader, ParquetReader) else nullcontext()

    @property
    def digests(self) -> tuple[DigestColumn, ...]:
        """The digest columns in use."""
        return self.layout.digests

    @property
    def fingerprints(self) -> tuple[FingerprintColumn, ...]:
        """The fingerprint columns in use."""
        return self.layout.fingerprints


def open_shard(shard: Shard) -> OpenShard:
    """Recognise the layout of a shard from its columns, as its dataset says or as the user mapped them, and check its digests.

    Raises:
        LayoutUnknown: no layout fits and nothing was mapped; the message shows columns, sample values and the option to use.
        UsageError: ``--layout`` or ``--columns`` name what is not there.
        ShardDamaged: the file cannot be read at all.
    """
    sampled = open_reader(shard)
    reader = sampled.reader
    header = read_header(reader.schema, shard.name)
    if header is not None:
        return _open_index(shard, header, sampled)
    found = _layout(shard, sampled)
    layout, checked = _checked(found.layout, sampled.sample)
    return OpenShard(
        shard=shard,
        layout=layout,
        columns=layout.columns,
        schema_sha256=_schema_sha256(reader.schema),
        roles=frozenset(layout.columns),
        rows_total=reader.rows_total,
        checked=checked,
        offers=found.hex_columns,
        also=found.also,
        warnings=(*found.warnings, *_named_otherwise(shard, found)),
        names=tuple(reader.schema.names),
        reader=reader,
    )


def _open_index(shard: Shard, header: IndexHeader, sampled: Sampled) -> OpenShard:
    """A HashIndex: its columns are those of its format, whatever ``--layout`` and ``--columns`` say of the other datasets."""
    assert isinstance(sampled.reader, ParquetReader)
    reader = HashIndexReader(sampled.reader.source, shard.name)
    if reader.rows_total != header.rows:
        raise ShardDamaged(f"{shard.name}: an index of {header.rows:,} rows that holds {reader.rows_total:,}")
    layout = replace(INDEX_LAYOUT, source=header.summary)
    checked = []
    for known in layout.fingerprints:
        nulls = sampled.sample[known.column].null_count
        values = sampled.sample.num_rows - nulls
        checked.append(
            CheckedColumn(column=known.column, algorithm=known.algorithm, values=values, nulls=nulls, of="indexed")
        )
    return OpenShard(
        shard=replace(shard, kind=ShardKind.INDEX),
        layout=layout,
        columns=layout.columns,
        schema_sha256=_schema_sha256(reader.schema),
        roles=frozenset(layout.columns),
        rows_total=reader.rows_total,
        checked=tuple(checked),
        offers=(),
        also=(),
        warnings=header.warnings,
        names=tuple(reader.schema.names),
        reader=reader,
    )


def _layout(shard: Shard, sampled: Sampled) -> layouts.Recognised:
    dataset, reader, sample = shard.dataset, sampled.reader, sampled.sample
    if dataset.layout is not None:
        found: layouts.Recognised | layouts.Unrecognised = _asked(dataset.layout, dict(dataset.columns), reader)
    else:
        found = layouts.recognise_layout(reader.schema, sample, types=reader.types, headerless=reader.headerless)
    if dataset.columns:
        base = found.layout if isinstance(found, layouts.Recognised) else None
        try:
            mapped = layouts.layout_from_columns(dataset.columns, reader.schema, base=base)
        except ValueError as error:
            raise UsageError(f"--columns: {error}", hint="Use --columns role=NAME,role=NAME.") from error
        kept = layouts.bind(mapped, reader.schema)
        return replace(kept, also=found.also if isinstance(found, layouts.Recognised) else ())
    if isinstance(found, layouts.Unrecognised):
        if sampled.damage is not None:
            raise sampled.damage
        raise _unknown(shard, reader, sample, found)
    return found


def _asked(name: str, mapped: Mapping[str, str], reader: Reader) -> layouts.Recognised:
    """The layout of ``--layout``; its columns must be there, but for roles that ``--columns`` maps."""
    layout = layouts.layout_named(name)
    if layout is None:
        known = ", ".join(sorted(known.name for known in layouts.LAYOUTS))
        raise UsageError(f"--layout {name}: there is no such layout.", hint=f"Known layouts: {known}.")
    schema = reader.schema
    if reader.headerless and layout.headerless:
        if len(layout.headerless) != len(schema.names):
            raise UsageError(
                f"--layout {name}: it has {len(layout.headerless)} columns, the file {len(schema.names)}.",
                hint="Leave out --layout, or use --columns.",
            )
        return layouts.rename(layout, schema)
    bound = layouts.bind(layout, schema)
    wanted = {
        **layout.columns,
        **{Role(digest.algorithm): digest.column for digest in layout.digests},
        **{Role(fingerprint.algorithm): fingerprint.column for fingerprint in layout.fingerprints},
    }
    missing = [
        f"{text} ({role})"
        for role, text in wanted.items()
        if role not in bound.columns and role not in mapped and any(path in layout.signature for path in paths_of(text))
    ]
    if missing or not (bound.columns or mapped):
        raise UsageError(
            f"--layout {name}: the file has no column {', '.join(missing) or 'of it'}; it has {', '.join(schema.names)}.",
            hint="Map the column with --columns role=NAME.",
        )
    return bound


def _unknown(shard: Shard, reader: Reader, sample: pa.Table, found: layouts.Unrecognised) -> LayoutUnknown:
    lines = columns_with_samples(reader.schema, sample)
    mapped: dict[str, str] = {str(role): column for role, column in found.suggested.items()}
    mapped.update({column.algorithm: column.column for column in found.hex_columns})
    mapped = mapped or {"url": "NAME"}
    option = ",".join(f"{role}={column}" for role, column in mapped.items())
    return LayoutUnknown(
        f"{shard.name}: no known layout has these columns ({found.reason}):\n{lines}",
        hint=f"Say which is which, for example: --columns {option}",
        columns=tuple(reader.schema.names),
    )


def _checked(layout: Layout, sample: pa.Table) -> tuple[Layout, tuple[CheckedColumn, ...]]:
    """``layout`` without the digest columns that failed their check, and with ``of`` as the stored pictures show it."""
    checked: list[CheckedColumn] = []
    pictures = cells_of(sample, layout.columns.get(Role.IMAGE))
    digests: list[DigestColumn] = []
    for digest in layout.digests:
        cells = cells_of(sample, digest.column)
        found = check_column(digest.column, digest.algorithm, cells)
        compared, equal = count_stored(digest.algorithm, cells, pictures)
        of = "stored_bytes" if compared and equal == compared else digest.of
        checked.append(replace(found, of=of, stored_compared=compared, stored_equal=equal))
        if found.refused is None:
            digests.append(replace(digest, of=of))
    fingerprints = []
    for fingerprint in layout.fingerprints:
        found = check_column(fingerprint.column, fingerprint.algorithm, cells_of(sample, fingerprint.column))
        checked.append(found)
        if found.refused is None:
            fingerprints.append(fingerprint)
    refused = {Role(known.algorithm) for known in checked if known.refused is not None}
    columns = {role: column for role, column in layout.columns.items() if role not in refused}
    return replace(layout, columns=columns, digests=tuple(digests), fingerprints=tuple(fingerprints)), tuple(checked)


def _schema_sha256(schema: pa.Schema) -> str:
    listed = [[field.name, str(field.type)] for field in schema]
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _named_otherwise(shard: Shard, found: layouts.Recognised) -> tuple[str, ...]:
    """A warning where a folder or dataset is called like another corpus: names never decide, but they may be a hint."""
    corpora = {layout.name for layout in layouts.LAYOUTS if layout.publisher is not None}
    if found.layout.name not in corpora:
        return ()
    words = {shard.dataset.name.casefold(), *(part.casefold() for part in shard.path.replace("\\", "/").split("/"))}
    called = sorted(corpora & words)
    if called and not set(called) & {found.layout.name, *found.also}:
        return (f"the name says {called[0]}, the columns say {found.layout.name}",)
    return ()
