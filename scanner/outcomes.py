"""What the comparison of one part of a shard gave: values, and their one spelling on disk.

A Hit is one comparison that holds between one Work (or none) and one Row; it is not graded, because chance matches count the rows
of the whole scan.  An Outcome is all hits of a part, what was compared, what could not be, and the distance histograms.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scanner.datasets import RowRef

if TYPE_CHECKING:
    from collections.abc import Mapping

Histogram = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The second check of a pair of pictures: ``value`` and ``threshold`` are plain decimal strings."""

    method: str
    value: str
    threshold: str
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One comparison that holds.

    Attributes:
        row: where.
        work: index of the Work in the portfolio; None where the rule concerns no single Work.
        kind: ``digest_equal``, ``fingerprint_near``, ``url_equal``, ``asset_equal``, ``host_equal``, ``caption_contains``.
        metric: ``sha256``, ``md5``, ``hamming/phash64`` …, or the rule set.
        value: differing bits, or the equal string.
        source_of_hash: ``compiler`` (the row's own column), ``shard_bytes`` (a picture inside the shard), ``live_bytes`` or
            ``archive_bytes`` (a picture that was fetched), or None.
        variant: the appearance of the Work that was near.
        detail: short strings of the rule (crop, family, revision, folded; of a part: region, suggested_by).
        work_file: the file whose digest was equal, where that is a rendition.
        picture_sha256: of the picture bytes inside the shard, or fetched.
        observation: id of the look that fetched them.
        checked: second check, where the pixels of both sides were at hand.
    """

    row: RowRef
    work: int | None
    kind: str
    metric: str
    value: int | str
    source_of_hash: str | None = None
    variant: str | None = None
    column: str | None = None
    work_value: str | None = None
    row_value: str | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    work_file: str | None = None
    picture_sha256: str | None = None
    observation: str | None = None
    checked: Checked | None = None

    @property
    def region(self) -> tuple[int, int, int, int] | None:
        """The part of the row's picture that was compared (left, top, right, bottom in px); None for all of it."""
        if "region" not in self.detail:
            return None
        left, top, right, bottom = map(int, self.detail["region"].split(","))
        return left, top, right, bottom


def row_order(hit: Hit) -> tuple[int, int]:
    """Sort key: where the row stands."""
    return hit.row.row_number, -1 if hit.row.item is None else hit.row.item


def hit_order(hit: Hit) -> tuple[object, ...]:
    """Sort key of the hits of an Outcome: by row, then Work."""
    work = -1 if hit.work is None else hit.work
    return (*row_order(hit), work, hit.kind, hit.metric, str(hit.value), hit.work_file or "", hit.column or "")


@dataclass(slots=True, kw_only=True)
class Compared:
    """Rows for which each comparison could be made."""

    digest: int = 0
    fingerprint: int = 0
    image: int = 0
    url: int = 0
    caption: int = 0

    def add(self, other: Compared) -> None:
        """Sum in place."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The result of comparing one part of a shard.

    ``not_listed`` counts hits beyond the limits of the configuration: by Work index and distance for fingerprints (key
    ``"64:<work>:<distance>"``), by term for identity rules (key ``"<kind>:<value>"``).
    ``nearest`` maps an algorithm to int64[works, bits + 1]: over ``sampled`` rows, how many came how near to each Work.
    ``control`` is the same for the decoys, ``control_near`` their hits as ``(algorithm, decoy, distance, rows)``.
    ``stopped_at`` is the sentence that says where and why reading ended early.
    ``chunks`` are the stretches of a remote file that were read: offset, bytes, SHA-256; sorted, each once.
    ``candidates`` are rows worth a look at their address and no more (an equal file name, a title in it); never listed by themselves.
    """

    rows: int = 0
    compared: Compared = field(default_factory=Compared)
    faults: Counter[str] = field(default_factory=Counter)
    hits: list[Hit] = field(default_factory=list)
    control_near: list[tuple[str, int, int, int]] = field(default_factory=list)
    not_listed: Counter[str] = field(default_factory=Counter)
    terms: Counter[str] = field(default_factory=Counter)
    nearest: dict[str, Histogram] = field(default_factory=dict)
    control: dict[str, Histogram] = field(default_factory=dict)
    sampled: dict[str, int] = field(default_factory=dict)
    fingerprinted: dict[str, int] = field(default_factory=dict)
    stopped_at: str | None = None
    chunks: list[tuple[int, int, str]] = field(default_factory=list)
    candidates: list[RowRef] = field(default_factory=list)

    def dumps(self) -> bytes:
        """One JSON object a line, keys sorted: equal outcomes are equal bytes."""
        head = {
            "rows": self.rows,
            "compared": asdict(self.compared),
            "faults": self.faults,
            "control_near": self.control_near,
            "not_listed": self.not_listed,
            "terms": self.terms,
            "nearest": {name: _sparse(table) for name, table in self.nearest.items()},
            "control": {name: _sparse(table) for name, table in self.control.items()},
            "sampled": self.sampled,
            "fingerprinted": self.fingerprinted,
            "stopped_at": self.stopped_at,
        }
        if self.chunks:
            head["chunks"] = self.chunks
        if self.candidates:
            head["candidates"] = [_row_record(row) for row in self.candidates]
        lines = [head, *(_hit_record(hit) for hit in self.hits)]
        return b"".join(json.dumps(line, sort_keys=True, separators=(",", ":")).encode() + b"\n" for line in lines)

    @classmethod
    def loads(cls, content: bytes) -> Outcome:
        """The inverse of ``dumps``."""
        head, *hits = (json.loads(line) for line in content.split(b"\n") if line)
        return cls(
            rows=head["rows"],
            compared=Compared(**head["compared"]),
            faults=Counter(head["faults"]),
            hits=[_hit_of(record) for record in hits],
            control_near=[(name, work, distance, count) for name, work, distance, count in head["control_near"]],
            not_listed=Counter(head["not_listed"]),
            terms=Counter(head["terms"]),
            nearest={name: _dense(table) for name, table in head["nearest"].items()},
            control={name: _dense(table) for name, table in head["control"].items()},
            sampled=head["sampled"],
            fingerprinted=head["fingerprinted"],
            stopped_at=head["stopped_at"],
            chunks=[(start, size, sha256) for start, size, sha256 in head.get("chunks", ())],
            candidates=[_row_of(row) for row in head.get("candidates", ())],
        )


def is_complete(content: bytes) -> bool:
    """Whether an outcome's bytes are of a part that was read to its end."""
    return json.loads(content[: content.index(b"\n")])["stopped_at"] is None


def _hit_record(hit: Hit) -> dict[str, Any]:
    record = {name: value for name, value in asdict(hit).items() if value is not None and value not in ((), {})}
    record["row"] = _row_record(hit.row)
    return record


def _row_record(row: RowRef) -> list[int | None]:
    return [row.row_number, row.item, row.row_group, row.row_in_group]


def _row_of(record: list[Any]) -> RowRef:
    number, item, group, position = record
    return RowRef(row_number=number, item=item, row_group=group, row_in_group=position)


def _hit_of(record: Mapping[str, Any]) -> Hit:
    values = dict(record)
    values["row"] = _row_of(record["row"])
    values.setdefault("work", None)
    values["caveats"] = tuple(values.get("caveats", ()))
    if "checked" in values:
        values["checked"] = Checked(**values["checked"])
    return Hit(**values)


def _sparse(table: Histogram) -> dict[str, Any]:
    at = np.flatnonzero(table)
    return {"shape": list(table.shape), "at": at.tolist(), "count": table.reshape(-1)[at].tolist()}


def _dense(record: Mapping[str, Any]) -> Histogram:
    table = np.zeros(int(np.prod(record["shape"])), dtype=np.int64)
    table[np.asarray(record["at"], dtype=np.int64)] = record["count"]
    return table.reshape(record["shape"])
