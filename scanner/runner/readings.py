"""How a shard is cut and read: what opening it gave, kept so that a rescan need not open it again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from scanner.coverage import ShardFacts, facts_of
from scanner.runner.shard_loop import compared_part_rows

if TYPE_CHECKING:
    from scanner.datasets import Dataset
    from scanner.ledger import History
    from scanner.shards import OpenShard


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """``digest`` is over layout, columns and parts: rows compared under another reading do not count for this one."""

    digest: str
    parts: int
    facts: ShardFacts


def reading_of(opened: OpenShard) -> Reading:
    """The reading of an opened shard.

    Raises:
        ShardDamaged: the format's own index cannot be read.
    """
    parts = opened.parts(compared_part_rows(opened))
    said = [opened.layout.id, sorted(opened.columns.items()), [repr(part) for part in parts]]
    digest = hashlib.sha256(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogateescape")).hexdigest()
    return Reading(digest=digest, parts=len(parts), facts=facts_of(opened))


def mapping_of(dataset: Dataset) -> str:
    """Digest of how the user says that a dataset's files are to be read."""
    said = json.dumps([dataset.layout, sorted(dataset.columns.items())])
    return hashlib.sha256(said.encode()).hexdigest()


class Readings:
    """The readings of a case's shards, in memory and in the ledger."""

    def __init__(self, history: History) -> None:
        """Begin with what the ledger has."""
        self._history = history
        self._known: dict[tuple[str, str], Reading] = {}
        self._opened: dict[tuple[str, str], Reading] = {}

    def known(self, shard_id: str, mapping: str) -> Reading | None:
        """What is known of a shard without opening it."""
        key = (shard_id, mapping)
        if key not in self._known:
            text = self._history.reading(shard_id, mapping)
            if text is None:
                return None
            self._known[key] = _loads(text)
        return self._known[key]

    def opened(self, opened: OpenShard, shard_id: str) -> Reading:
        """The reading of a shard that is open, kept from now on.

        Raises:
            ShardDamaged: as ``reading_of``.
        """
        mapping = mapping_of(opened.shard.dataset)
        key = (shard_id, mapping)
        if key not in self._opened:
            self._opened[key] = reading = reading_of(opened)
            if reading != self.known(shard_id, mapping):
                self._known[key] = reading
                self._history.keep_reading(shard_id, mapping, _dumps(reading))
        return self._opened[key]


def _dumps(reading: Reading) -> str:
    return json.dumps({"digest": reading.digest, "parts": reading.parts, "facts": asdict(reading.facts)})


def _loads(text: str) -> Reading:
    told = json.loads(text)
    return Reading(digest=told["digest"], parts=told["parts"], facts=ShardFacts(**told["facts"]))
