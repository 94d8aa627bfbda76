"""Coverage: one shard and what became of it.  Nothing that could not be compared disappears without its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from scanner.outcomes import Compared

if TYPE_CHECKING:
    from scanner.datasets import Shard, ShardDigest
    from scanner.shards import OpenShard


class ShardStatus(StrEnum):
    """What became of a shard."""

    SCANNED = "scanned"
    SKIPPED = "skipped"  # on purpose, with the reason: given twice, not a file of rows
    FAILED = "failed"  # a gap


@dataclass(slots=True, kw_only=True)
class ScannedShard:
    """One shard; ``opened`` is None where it could not be opened.

    ``keys`` name the outcomes of its parts in the ledger, in row order.  ``stamp`` is that of the file when ``digest`` was taken.
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
