"""Which findings a document shows in full: read once, in order, with a bound on what is kept.

Within a work the findings are grouped by what the row says it is: its fingerprint, else its digest, else the address.
 The first of a group is the strongest, because ``matches.jsonl`` is ordered by tier within a work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from manifests.packages import shard16
from manifests.texts.labels import counted, label
from manifests.texts.marks import shortened

if TYPE_CHECKING:
    from manifests.packages import Package
    from manifests.words import Lang

MAX_SHOWN: Final = 1_500  # findings of one report; beyond it a browser on a phone gets slow
MAX_SHOWN_OF_WORK: Final = 40
MAX_COLUMNS: Final = 12  # of a verbatim row; the rest is in rows/
MAX_VALUE: Final = 400  # characters of one value

Chosen = Callable[[Mapping[str, Any]], bool]


def everything(_match: Mapping[str, Any]) -> bool:
    """Every finding is chosen."""
    return True


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of ``matches.jsonl`` with its number, from 1: exhibit n."""

    line: int
    match: Mapping[str, Any]


@dataclass(slots=True)
class Section:
    """The findings of one work, or (``work_id`` None) those that concern no single work."""

    work_id: str | None
    work_file: str | None
    first_line: int = 0
    last_line: int = 0
    total: int = 0
    grades: Counter[str] = field(default_factory=Counter)
    groups: Counter[str] = field(default_factory=Counter)
    shown: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding, room: int) -> None:
        """Count one finding; keep it while there is room."""
        self.first_line = self.first_line or finding.line
        self.last_line = finding.line
        self.total += 1
        self.grades[finding.match["grade"]] += 1
        self.groups[group_of(finding.match)] += 1
        if len(self.shown) < room:
            self.shown.append(finding)

    def grouped(self) -> Iterator[tuple[str, list[Finding]]]:
        """The findings shown, by group, groups in the order of their first finding."""
        groups: dict[str, list[Finding]] = {}
        for finding in self.shown:
            groups.setdefault(group_of(finding.match), []).append(finding)
        yield from groups.items()


def sections(package: Package, chosen: Chosen = everything, *, limit: int = MAX_SHOWN) -> list[Section]:
    """Every work with a chosen finding, in order; of each the first findings, of all together about ``limit``.

    Every work keeps at least one finding, so that none disappears behind a busy one.
    """
    works = max(1, int(package.manifest["results"]["works_with_findings"]))
    room = max(1, min(MAX_SHOWN_OF_WORK, limit // works))
    numbered = (Finding(line, match) for line, match in enumerate(package.records("matches"), 1))
    wanted = (finding for finding in numbered if chosen(finding.match))
    found = []
    for (work_id, work_file), findings in groupby(wanted, _work_of):
        section = Section(work_id, work_file)
        for finding in findings:
            section.add(finding, room)
        found.append(section)
    return found


def _work_of(finding: Finding) -> tuple[str | None, str | None]:
    return finding.match["work_id"], finding.match["work_file"]


def group_of(match: Mapping[str, Any]) -> str:
    """What the row says it is: ``fingerprint phash64:9b…``, ``digest …``, ``url …``, ``other …``, in one string."""
    for basis in match["basis"]:
        if basis["metric"].startswith("hamming/"):
            return f"fingerprint {basis['row_value']}"
    first = match["basis"][0]
    if first["kind"] == "digest_equal":
        return f"digest {first['row_value'] or first['value']}"
    kind = "url" if first["kind"] in {"url_equal", "asset_equal"} else "other"
    return f"{kind} {first['value']}"


def group_title(group: str, count: int, lang: Lang) -> str:
    """Heading of a group: how many rows carry the fingerprint, digest or address."""
    kind, _, value = group.partition(" ")
    return label(f"group_{kind}", lang, rows=counted("row", count, lang), value=shortened(value, 120))


def exhibit_no(line: int, prefix: str) -> str:
    """Prefix and eight digits, as in ``evidence.csv``."""
    return f"{prefix}{line:08d}"


@dataclass(frozen=True, slots=True)
class VerbatimRow:
    """A row of ``rows/``, cut for the eye: ``(column, type, value)``, the number of columns left out, the file."""

    values: tuple[tuple[str, str, str | None], ...]
    left_out: int
    file: str


def verbatim_rows(
    package: Package, findings: list[Finding], *, max_columns: int = MAX_COLUMNS, max_value: int = MAX_VALUE
) -> dict[str, VerbatimRow]:
    """The verbatim rows of ``findings``, by ``match_id``; each file of ``rows/`` is read once, at most."""
    wanted: dict[str, dict[tuple[int, int | None], list[str]]] = {}
    for finding in findings:
        row = finding.match["row"]
        places = wanted.setdefault(shard16(row["shard_id"]), {})
        places.setdefault((row["row_number"], row["item"]), []).append(finding.match["match_id"])
    found: dict[str, VerbatimRow] = {}
    for name in sorted(wanted):
        left = len(wanted[name])
        for record in package.rows(name):
            left -= (record["row_number"], record["item"]) in wanted[name]
            for match_id in wanted[name].get((record["row_number"], record["item"]), ()):
                values = record["values"]
                kept = tuple(
                    (str(column), str(kind), None if value is None else shortened(str(value), max_value))
                    for column, kind, value in values[:max_columns]
                )
                found[match_id] = VerbatimRow(kept, max(0, len(values) - max_columns), f"rows/{name}.jsonl")
            if not left:
                break
    return found
