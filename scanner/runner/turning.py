"""A case that turns back: shards that were withdrawn and are there again, settings and declarations that are taken back.

Then nothing has to be compared, and yet the packages do not state what holds: what one of them says has vanished is there again.
Such shards count for the run as if it had compared them: what was found in them once is held against what the chain states.
After each package the ledger keeps what was asked and which shards its chain has given up, so that an unchanged case is known for one
without a package being read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scanner.config import RESULT_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scanner.cases import Case
    from scanner.ledger import Ledger
    from scanner.query_sets import Asked
    from scanner.runner.case_files import Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What is otherwise than when the last package was written.

    ``asked``: the settings, what is declared, or the releases are others; ``returned``: the shards, by id, that are there again and
    of which packages say that findings have vanished.
    """

    asked: bool = False
    returned: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether the chain may state what does not hold, or not state what does."""
        return self.asked or bool(self.returned)

    def to_read(self, chain: Chain) -> frozenset[str]:
        """The shards, by id, whose findings have to be looked at again."""
        if not self.asked:
            return self.returned
        return frozenset(each.row["shard_id"] for each in (*chain.stated.values(), *chain.vanished.values()))


class LastPackage:
    """What the ledger keeps of the last package, by the number of its run."""

    def __init__(self, ledger: Ledger, case: Case, asked: Asked) -> None:
        """Speak for ``ledger``, with what is asked today."""
        releases = [[each.name, each.release] for each in case.datasets]
        said = json.dumps([RESULT_VERSION, case.config.outcome_sha256, asked.declared, releases])
        self._ledger = ledger
        self._asked = hashlib.sha256(said.encode()).hexdigest()

    def begin(self, number: int) -> None:
        """Keep what run ``number`` asks, before it writes its package."""
        self._ledger.remember(f"run {number} asks", self._asked)

    def written(self, number: int, chain: Chain, present: frozenset[str]) -> None:
        """Keep of which shards the ``chain``, run ``number`` being its last, states that findings have vanished; ``present`` are there."""
        absent = sorted({each.row["shard_id"] for each in chain.vanished.values()} - present)
        self._ledger.remember(f"run {number} vanished", json.dumps(absent))
        self.begin(number)

    def turned(self, number: int, present: frozenset[str], chain: Callable[[], Chain]) -> Turned:
        """What has turned since the package of run ``number``; ``chain`` is read only where that run could not keep what it stated."""
        kept = self._ledger.meta(f"run {number} vanished")
        gone = [each.row["shard_id"] for each in chain().vanished.values()] if kept is None else json.loads(kept)
        asked = self._ledger.meta(f"run {number} asks")
        return Turned(asked=asked not in (None, self._asked), returned=frozenset(gone) & present)


def said_to_vanish(changes: Iterable[Mapping[str, Any]]) -> list[str]:
    """The findings, by match id, that the lines of a ``changes.jsonl`` give up: nothing, or one of another row, stands for them."""
    return [
        change["before"]["match_id"]
        for change in changes
        if change["before"] is not None
        and (change["after"] is None or change["after"]["match_id"] != change["before"]["match_id"])
    ]


def names_of(shards: Sequence[Any], ids: frozenset[str]) -> tuple[str, ...]:
    """``<dataset>/<name>`` of the shards of today (``Present``) with these ids."""
    return tuple(
        f"{each.scanned.shard.dataset.name}/{each.scanned.shard.name}" for each in shards if each.shard_id in ids
    )
