"""What is new: the works that parts of shards have not been compared with.  Pure: from what is asked and what was done to groups.

New is ``(new works x all shards) + (all works x new shards)``, and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scanner.ledger import Compared, QuerySetRecord
    from scanner.query_sets import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What some parts have not been asked: works by picture (``Work.item``), and what was declared."""

    items: frozenset[str]
    declared: bool

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return bool(self.items) or self.declared


@dataclass(slots=True, kw_only=True)
class Group:
    """Shards (by their place in the list that was given) that are asked the same.

    ``parts`` names the parts of a shard that are to be asked; a shard that is not in it is asked whole.
    """

    missing: Missing
    shards: list[int] = field(default_factory=list)
    parts: dict[int, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardToPlan:
    """A shard of today: its id, its reading and number of parts where these are known; all None for one never seen before."""

    shard_id: str | None
    reading: str | None
    parts: int


class Done:
    """What was compared with what, as the ledger has it."""

    def __init__(self, rows: Iterable[Compared], query_sets: Mapping[str, QuerySetRecord]) -> None:
        """Sort the rows by shard and reading."""
        self._query_sets = query_sets
        self._sets: dict[tuple[str, str], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for row in rows:
            if row.complete:
                self._sets[row.shard_id, row.reading][row.part].add(row.query_set)

    def sets_of(self, shard: ShardToPlan) -> list[frozenset[str]]:
        """By part, the query sets that were asked of it."""
        if shard.shard_id is None or shard.reading is None:
            return []
        known = self._sets.get((shard.shard_id, shard.reading), {})
        return [frozenset(known.get(part, ())) for part in range(shard.parts)]

    def missing(self, asked: Asked, sets: frozenset[str]) -> Missing:
        """What is asked today and was in none of the ``sets``."""
        done = [self._query_sets[digest] for digest in sets if digest in self._query_sets]
        had = frozenset(item for each in done for item in each.items)
        declared = asked.declared is not None and all(each.declared != asked.declared for each in done)
        return Missing(items=frozenset(asked.items) - had, declared=declared)


def plan(asked: Asked, shards: Sequence[ShardToPlan], done: Done) -> list[Group]:
    """Group the shards by what they have not been asked; the largest questions first.  Finished shards are in no group."""
    answers: dict[frozenset[str], Missing] = {}
    groups: dict[Missing, Group] = {}
    for place, shard in enumerate(shards):
        lacking: dict[Missing, list[int]] = defaultdict(list)
        for part, sets in enumerate(done.sets_of(shard)):
            if sets not in answers:
                answers[sets] = done.missing(asked, sets)
            if answers[sets]:
                lacking[answers[sets]].append(part)
        if shard.reading is None:
            lacking[done.missing(asked, frozenset())] = []
        for missing, parts in lacking.items():
            group = groups.setdefault(missing, Group(missing=missing))
            group.shards.append(place)
            if shard.reading is not None:
                group.parts[place] = frozenset(parts)
    return sorted(
        groups.values(), key=lambda group: (-len(group.missing.items), not group.missing.declared, group.shards)
    )
