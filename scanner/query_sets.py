"""What is asked together: the works that a shard has not been compared with yet, and, or not, everything that was declared.

Two kinds of question have answers that can be kept apart and put together again (``merging``): one for each Work's pictures
(``Work.item``), and one for *all* that was declared, because names, titles and addresses are counted and weighed beside each other
(a short name needs a second one in the same caption; a title is counted on declared hosts).  So a new picture asks for itself, and
a new title or address asks for everything that was declared, which reads only the columns of addresses and captions.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.metadata import compile_identifiers
from scanner.queries import Queries, compile_queries, identity_roles
from scanner.works import Portfolio

if TYPE_CHECKING:
    from scanner.identity import Identity
    from scanner.works import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Everything that a case asks today: ``items`` of its works in portfolio order, ``declared`` the digest of what was declared.

    ``declared`` is None where nothing was: then neither addresses nor captions are read.
    """

    portfolio: Portfolio
    identity: Identity | None
    items: tuple[str, ...]
    declared: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySet:
    """Works by index as outcomes have them: the first ``len(items)`` are asked by picture and digest, all by what was declared."""

    works: tuple[str, ...]
    items: tuple[str, ...]
    declared: str | None

    @property
    def digest(self) -> str:
        """Equal digests are equal questions, with equal indices."""
        said = json.dumps([self.works, self.items, self.declared], separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()


def asked_today(portfolio: Portfolio, identity: Identity | None) -> Asked:
    """What a portfolio and an identity ask."""
    return Asked(
        portfolio=portfolio,
        identity=identity,
        items=tuple(work.item for work in portfolio.works),
        declared=declared_digest(portfolio, identity),
    )


def declared_digest(portfolio: Portfolio, identity: Identity | None) -> str | None:
    """Digest of all that is looked for in addresses and captions, whatever the works' files are called; None where nothing is."""
    if not identity_roles(compile_identifiers(identity, portfolio.works)):
        return None
    of_works = sorted(
        [work.sha256, work.declared.title, list(work.declared.published_urls)] for work in _declared(portfolio)
    )
    said = json.dumps([None if identity is None else identity.digest, of_works], separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def query_set(asked: Asked, items: frozenset[str], *, declared: bool) -> tuple[QuerySet, Portfolio]:
    """The set that asks ``items`` and, if ``declared``, what was declared; with its works in the order of its indices."""
    first = [work for work, item in zip(asked.portfolio.works, asked.items, strict=True) if item in items]
    rest = [work for work in _declared(asked.portfolio) if work.item not in items] if declared else []
    chosen = QuerySet(
        works=tuple(work.sha256 for work in (*first, *rest)),
        items=tuple(work.item for work in first),
        declared=asked.declared if declared else None,
    )
    return chosen, Portfolio(works=(*first, *rest))


def compile_query_set(asked: Asked, chosen: QuerySet, works: Portfolio, *, control_works: int) -> Queries:
    """The queries of a set; pure, deterministic."""
    identifiers = None if chosen.declared is None else compile_identifiers(asked.identity, works.works)
    pictures = Portfolio(works=works.works[: len(chosen.items)])
    return compile_queries(pictures, identifiers, control_works=control_works, digest=chosen.digest)


def _declared(portfolio: Portfolio) -> list[Work]:
    return [work for work in portfolio.works if work.declared.title or work.declared.published_urls]
