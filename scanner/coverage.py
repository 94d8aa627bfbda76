"""Coverage: one shard and what became of it.  Nothing that could not be compared disappears without its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from scanner.datasets import Role
from scanner.outcomes import Compared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scanner.datasets import Shard, ShardDigest
    from scanner.shards import OpenShard


class ShardStatus(StrEnum):
    """What became of a shard."""

    SCANNED = "scanned"
    SKIPPED = "skipped"  # on purpose, with the reason: given twice, not a file of rows
    FAILED = "failed"  # a gap


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFacts:
    """What opening a shard told of it, for the records: kept by a case, so that a rescan need not open it again.

    ``layout`` is its id, ``columns`` maps roles to the real spelling of columns; see ``shards.OpenShard``.
    """

    layout: str
    publisher: str | None
    columns: Mapping[str, str]
    schema_sha256: str
    rows_total: int | None

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that it has a column for."""
        return frozenset(Role(role) for role in self.columns)


def facts_of(opened: OpenShard) -> ShardFacts:
    """What is kept of an opened shard."""
    return ShardFacts(
        layout=opened.layout.id,
        publisher=opened.layout.publisher,
        columns={role.value: name for role, name in sorted(opened.columns.items())},
        schema_sha256=opened.schema_sha256,
        rows_total=opened.rows_total,
    )


@dataclass(slots=True, kw_only=True)
class ScannedShard:
    """One shard; ``opened`` is None where it could not be opened, or need not be: then ``known`` may say what it is.

    ``keys`` name the outcomes of its parts in the ledger, in row order.  ``stamp`` is that of the file when ``digest`` was taken.
    ``chunks`` are the stretches of a remote file that were read: offset, bytes, SHA-256.  ``to_download`` says that the file is
    read from a copy that is not there yet.
    """

    shard: Shard
    opened: OpenShard | None
    status: ShardStatus = ShardStatus.SCANNED
    reason: str | None = None
    digest: ShardDigest | None = None
    stamp: str = ""
    keys: list[str] = field(default_factory=list)
    rows_scanned: int = 0
    compared: Compared = field(default_factory=Compared)
    faults: Counter[str] = field(default_factory=Counter)
    known: ShardFacts | None = None
    chunks: set[tuple[int, int, str]] = field(default_factory=set)
    to_download: bool = False

    @property
    def facts(self) -> ShardFacts | None:
        """What opening it told, now or in an earlier run."""
        return self.known if self.opened is None else facts_of(self.opened)

    def add_pictured(self, rows: int) -> None:
        """Count rows whose picture was fetched and compared; where the shard holds pictures, its rows are counted already."""
        facts = self.facts
        if facts is None or Role.IMAGE not in facts.roles:
            self.compared.image = min(self.rows_scanned, self.compared.image + rows)
