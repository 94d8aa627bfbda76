"""Identity and order of the records: ids, digests of verbatim rows, the order of every file, the counts of results."""

from __future__ import annotations

import hashlib
import re
import struct
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from manifests.canonical import canonical_bytes
from manifests.tiers import TIER_NUMBER, Grade, Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FIRST_PREVIOUS: Final = "0" * 64  # prev_sha256 of the first event

_HOST = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#\\]*@)?(\[[^\]/?#]*\]|[^/?#\\:@]*)")


def match_id(work_sha256: str | None, shard_id: str, row_number: int, item: int | None = None) -> str:
    """Id of the match of one work with one row: the same in every run, at every tier.

    >>> match_id("a" * 64, "sha256:" + "b" * 64, 1234567)
    'm-a0336a0d5675423b81322312ec9ae3db'
    """
    place = f"{row_number}" if item is None else f"{row_number}.{item}"
    text = f"provscan.match/1\n{work_sha256 or '-'}\n{shard_id}\n{place}\n"
    return f"m-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def work_id(sha256: str) -> str:
    """Id of a Work: ``w-`` and the first 16 hex digits of its file's SHA-256."""
    return f"w-{sha256[:16]}"


def values_sha256(values: Sequence[Sequence[Any]]) -> str:
    """Digest of a verbatim row: ``values`` are ``[name, type, value]`` in file column order (evidence.md section 5)."""
    return hashlib.sha256(canonical_bytes(values)).hexdigest()


def float_text(value: float, width: str) -> str:
    """Spell a float of a verbatim row: the shortest decimal that reads back as the same float of its width, as Python.

    ``width`` is ``struct``'s letter: e, f or d for 16, 32 or 64 bits.  Not ``str`` of numpy: it writes ``1e+06`` in some
    of its versions.

    >>> float_text(0.30000001192092896, "f"), float_text(0.1 + 0.2, "d"), float_text(1e6, "f")
    ('0.3', '0.30000000000000004', '1000000.0')
    """
    if width == "d" or value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - nan
        return repr(value)
    stored = struct.pack(width, value)
    candidates = (float(f"{value:.{digits}g}") for digits in range(1, 18))
    return repr(next(candidate for candidate in candidates if _packed(candidate, width) == stored))


def _packed(value: float, width: str) -> bytes:
    try:
        return struct.pack(width, value)
    except OverflowError:  # rounded up beyond the largest float of this width
        return b""


def chain_digest(line: bytes) -> str:
    """``prev_sha256`` of the event that follows ``line`` (without its line feed)."""
    return hashlib.sha256(line).hexdigest()


def host_of(url: str | None) -> str | None:
    """Host of a URL as listed, lower case, without user, port and final dot; None where there is none.

    >>> host_of("HTTPS://me@CDN.Example.org:443/a.jpg")
    'cdn.example.org'
    """
    found = _HOST.match(url) if url else None
    host = found[1].lower().rstrip(".") if found else ""
    return host or None


def _text(value: str | None) -> tuple[bool, bytes]:
    """Null first, then by UTF-8 bytes: Python's own order of str is by code point, which is the same, but says less."""
    return value is not None, (value or "").encode()


def match_order(match: Mapping[str, Any]) -> tuple[Any, ...]:
    """Sort key of ``matches.jsonl``: line n is exhibit n, so two runs must agree on it."""
    row, work_file = match["row"], match["work_file"]
    item = row["item"]
    return (
        work_file is None,
        (work_file or "").encode(),
        TIER_NUMBER[match["tier"]],
        row["dataset"].encode(),
        _text(row["release"]),
        row["shard"].encode(),
        row["row_number"],
        -1 if item is None else item,
        match["match_id"],
    )


def _by_work_file(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return (record["work_file"].encode(),)


def _by_file(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return (record["files"][0].encode(),)


def _by_shard(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return (record["dataset"].encode(), _text(record["release"]), record["shard"].encode())


def _by_observation(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return (record["observation_id"],)


def _by_seq(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return (record["seq"],)


# changes.jsonl has the order of its writer (rescans.md names none): by work, then by the rows.
ORDER_OF: Final[dict[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]] = {
    "matches": match_order,
    "negatives": _by_work_file,
    "portfolio": _by_file,
    "coverage": _by_shard,
    "observations": _by_observation,
    "events": _by_seq,
}


def row_order(record: Mapping[str, Any]) -> tuple[int, int]:
    """Sort key of ``rows/<shard16>.jsonl``."""
    item = record["item"]
    return record["row_number"], -1 if item is None else item


class Tally:
    """Counts the matches as they pass, for ``results``; memory grows with works and hosts, not with matches."""

    __slots__ = ("_grades", "_hosts", "_pairs", "_reviews", "_tiers", "works")

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._tiers: Counter[str] = Counter()
        self._grades: Counter[str] = Counter()
        self._reviews: Counter[str] = Counter()
        self._hosts: Counter[str] = Counter()
        self._pairs: defaultdict[str, set[str]] = defaultdict(set)
        self.works: set[str] = set()

    def add(self, match: Mapping[str, Any]) -> None:
        """Count one line of ``matches.jsonl``."""
        self._tiers[match["tier"]] += 1
        self._grades[match["grade"]] += 1
        self._reviews[match["review"]["decision"] if match["review"] else "unreviewed"] += 1
        work = match["work_id"]
        if work is not None:
            self.works.add(work)
        host = host_of(match["row"]["url"])
        if host is not None:
            self._hosts[host] += 1
            if work is not None:
                self._pairs[host].add(work)

    @property
    def findings(self) -> int:
        """Matches counted so far."""
        return self._tiers.total()

    def by_tier(self) -> dict[str, int]:
        """Every tier, also those without a finding."""
        return {tier.value: self._tiers[tier.value] for tier in Tier}

    def by_grade(self) -> dict[str, int]:
        """Every grade."""
        return {grade.value: self._grades[grade.value] for grade in Grade}

    def reviewed(self) -> dict[str, int] | None:
        """Decisions of people; None where nobody decided anything."""
        if self.findings == self._reviews["unreviewed"]:
            return None
        return {decision: self._reviews[decision] for decision in ("confirmed", "rejected", "undecided", "unreviewed")}

    def by_host(self) -> list[tuple[str, int, int]]:
        """``(host, findings, works)`` of the rows' URLs, by host."""
        return [(host, self._hosts[host], len(self._pairs[host])) for host in sorted(self._hosts, key=str.encode)]
