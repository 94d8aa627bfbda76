"""URLs, hosts and captions against what the artist declares; one hit for each rule and row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.comparisons.rows import column, row_ref
from scanner.datasets import Role
from scanner.metadata import Identifiers, MetadataHit, count_terms, match_batch
from scanner.outcomes import Hit

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from scanner.datasets import RowRef


def by_identity(
    rows: pa.RecordBatch,
    identifiers: Identifiers,
    names: Mapping[Role, str],
    terms: Counter[str],
    candidates: list[tuple[str, RowRef]],
) -> Iterator[Hit]:
    """Yield a Hit for every rule of the identity that a row satisfies; ``terms`` takes the counts that weigh them later.

    ``names`` are the real names of the columns.  Candidate rules (equal file names, slugs) are counted, never listed: ``candidates``
    takes their rows, each with its term, for whoever may look at their addresses.
    """
    captions = column(rows, "caption")
    found = match_batch(column(rows, "url"), captions, column(rows, "machine_caption"), identifiers)
    terms.update(count_terms(found, captions))
    for match in found:
        if match.strength == "finding":
            yield _hit(rows, match, names)
        else:
            candidates.append((f"{match.kind}:{match.value}", row_ref(rows, match.index)))


def _hit(rows: pa.RecordBatch, match: MetadataHit, names: Mapping[Role, str]) -> Hit:
    return Hit(
        row=row_ref(rows, match.index),
        work=match.work,
        kind=match.kind,
        metric=match.metric,
        value=match.value,
        column=names.get(match.column),
        work_value=match.work_value,
        # a caption may be a megabyte of text; it stands in the row itself
        row_value=match.row_value if match.column is Role.URL else None,
        detail=dict(_named(word) for word in match.detail),
        caveats=tuple(sorted(match.caveats)),
    )


def _named(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    return (name, value) if equals else (name, "yes")
