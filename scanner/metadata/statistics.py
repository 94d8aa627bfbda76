"""How often each declared thing occurs in all rows scanned, and what that says about single hits.

"1,204 rows name John Smith": a name that many bear is a weak lead, an address that thousands of rows share is site furniture.  Both are
known only after the last shard, so batches are counted into a mergeable ``Counter`` (its keys are text, its sum is the merge) and
``grading`` weighs the hits at the end.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scanner.metadata.values import MetadataHit

FURNITURE_ROWS = 1_000  # identity.md section 5: more rows than this …
FURNITURE_CAPTIONS = 20  # … with more distinct captions than this: a logo, not a work
SHARED_PER_ROWS = 100_000  # a name in more than one row of so many belongs to other people too …
SHARED_LEAST_ROWS = 10  # … but in a small dataset a few rows of one artist are no sign of a common name


def count_terms(hits: Sequence[MetadataHit], captions: Any = None) -> Counter[str]:
    """Count the hits of one batch, as a value that is merged by ``+``.

    Keys are ``rows:<kind>:<value>`` (distinct rows), ``styled:<kind>:<value>`` (of these, beside a style phrase),
    ``hosts:<kind>:<value>`` (of these, on a declared host or address) and ``caption:<value>:<digest>`` for the distinct captions of
    an asset, at most 21 of one batch.

    Args:
        hits: of ``match_batch``.
        captions: the batch's caption column (an Arrow array) or None.
    """
    counts: Counter[str] = Counter()
    rows = {(hit.index, hit.kind, hit.value) for hit in hits}
    declared_rows = {
        hit.index
        for hit in hits
        if hit.kind in {"url_equal", "asset_equal", "host_equal"} and hit.strength == "finding"
    }
    styled = {(hit.index, hit.kind, hit.value) for hit in hits if "style_phrase" in hit.detail}
    for index, kind, value in rows:
        counts[f"rows:{kind}:{value}"] += 1
        if kind == "caption_contains" and index in declared_rows:
            counts[f"hosts:{kind}:{value}"] += 1
    for _, kind, value in styled:
        counts[f"styled:{kind}:{value}"] += 1
    if captions is not None:
        for index, kind, value in rows:
            if kind == "asset_equal":
                counts[f"caption:{value}:{_digest(captions[index].as_py())}"] += 1
    return trim_terms(counts)


def _digest(caption: object) -> str:
    text = caption if isinstance(caption, bytes) else str(caption).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:16]


def trim_terms(counts: Counter[str]) -> Counter[str]:
    """The same without more distinct captions of an asset than the rule needs: the 21 with the least digests."""
    digests: dict[str, list[str]] = defaultdict(list)
    for key in counts:
        if key.startswith("caption:"):
            asset, _, digest = key.rpartition(":")
            digests[asset].append(digest)
    dropped = {
        f"{asset}:{digest}"
        for asset, found in digests.items()
        if len(found) > FURNITURE_CAPTIONS + 1
        for digest in sorted(found)[FURNITURE_CAPTIONS + 1 :]
    }
    return Counter({key: count for key, count in counts.items() if key not in dropped}) if dropped else counts


def furniture_of(counts: Mapping[str, int]) -> frozenset[str]:
    """All assets (values of ``asset_equal`` hits) that are site furniture."""
    distinct = Counter(key.rpartition(":")[0].removeprefix("caption:") for key in counts if key.startswith("caption:"))
    return frozenset(
        value
        for value, captions in distinct.items()
        if captions > FURNITURE_CAPTIONS and counts.get(f"rows:asset_equal:{value}", 0) > FURNITURE_ROWS
    )


def is_shared_name(value: str, counts: Mapping[str, int], rows_scanned: int) -> bool:
    """Whether a term stands in more than one of 100,000 rows scanned, and in more than ten at all."""
    rows = counts.get(f"rows:caption_contains:{value}", 0)
    return rows > SHARED_LEAST_ROWS and rows * SHARED_PER_ROWS > rows_scanned
