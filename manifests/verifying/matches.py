"""One match against everything it rests on: ids, tier, bits, work, shard, row, observation.

``check_match`` derives again what the record claims, with the same pure functions that wrote it, and looks up every
value that another file also holds.  Digests may all be right: these checks find a package that was forged consistently.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from manifests.errors import FormatError, ProblemKind
from manifests.packages import shard16
from manifests.records import match_id, values_sha256
from manifests.tiers import (
    RowSource,
    UngradableError,
    chance_of,
    chance_text,
    derive_grading,
    statement_of,
    statement_rank,
)
from manifests.verifying.murmur import hash64
from manifests.verifying.row_texts import NOT_VERBATIM, cells_of, strings_below, texts_in
from manifests.verifying.tables import observation_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from manifests.verifying.captures import Captures
    from manifests.verifying.checks import Notes
    from manifests.verifying.reading import Line
    from manifests.verifying.tables import ShardFacts, Tables, WorkFacts

    Row = Mapping[str, Any] | None

MATCHES: Final = "data/matches.jsonl"
# types whose cells are kept as the text that a match shows of them
_PLAIN: Final = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "string"})


@dataclass(slots=True)
class MatchChecks:
    """Checks matches one by one; remembers the ids it has seen."""

    tables: Tables
    notes: Notes
    method: Mapping[str, Any]
    columns: Mapping[tuple[str, str | None], Mapping[str, str]]  # of each dataset and release: role to column
    captures: Captures
    _ids: set[str] = field(default_factory=set)

    def check(self, line: Line) -> None:
        """Note everything in one line of ``matches.jsonl`` that does not hold."""
        match, number = line.record, line.number
        row = match["row"]
        verbatim = self._verbatim(row, number)
        shard = self.tables.shards.get((row["dataset"], row["release"], row["shard"]))
        work = self.tables.works.get(match["work_id"] or "")
        for check in ("matches.ids", "matches.tier", "matches.references"):
            self.notes.looked(check)
        self._check_ids(match, number)
        self._check_tier(match, shard, verbatim, number)
        for what in self._broken_references(match, shard, work):
            self._note("matches.references", ProblemKind.REFERENCE, number, what)
        for entry in match["basis"]:
            for what in basis_faults(entry, work, self.tables.identity):
                self._note("matches.references", ProblemKind.VALUE_DIFFERS, number, what)
            if bits := bit_fault(entry):
                self._note("matches.tier", ProblemKind.BITS_DIFFER, number, bits)
            if verbatim is not None and (differs := column_fault(entry, verbatim)):
                self._note("rows.values", ProblemKind.VALUE_DIFFERS, number, differs)
        for what in _observed_faults(match):
            self._note("matches.references", ProblemKind.VALUE_DIFFERS, number, what)

    def _note(self, check: str, kind: ProblemKind, number: int, found: str, expected: object = None) -> None:
        self.notes.problem(check, kind, MATCHES, number, found=found, expected=expected)

    def _verbatim(self, row: Mapping[str, Any], number: int) -> Row:
        """The row as kept in ``rows/``, its digest recomputed; None where it is not there."""
        self.notes.looked("rows.values")
        try:
            verbatim = self.tables.row(shard16(row["shard_id"]), row["row_number"], row["item"])
        except (OSError, FormatError):
            verbatim = None
        if verbatim is None:
            self._note("matches.references", ProblemKind.MISSING, number, "the row is not in rows/")
            return None
        digest = values_sha256(verbatim["values"])
        if digest != row["values_sha256"]:
            self._note("rows.values", ProblemKind.DIGEST_DIFFERS, number, digest, row["values_sha256"])
        for what in row_faults(row, verbatim, self.columns.get((row["dataset"], row["release"]), {})):
            self._note("rows.values", ProblemKind.VALUE_DIFFERS, number, what)
        return verbatim

    def _check_ids(self, match: Mapping[str, Any], number: int) -> None:
        row = match["row"]
        derived = match_id(match["work_sha256"], row["shard_id"], row["row_number"], row["item"])
        if match["match_id"] != derived:
            self._note("matches.ids", ProblemKind.ID_DIFFERS, number, match["match_id"], derived)
        if match["match_id"] in self._ids:
            self._note("matches.ids", ProblemKind.ID_DIFFERS, number, f"{match['match_id']} a second time")
        self._ids.add(match["match_id"])

    def _check_tier(self, match: Mapping[str, Any], shard: ShardFacts | None, verbatim: Row, number: int) -> None:
        """Derive tier, grade, statement and due caveats again."""
        source = RowSource(
            lists_url=match["row"]["url"] is not None,
            holds_image=may_hold_image(verbatim),
            shard_confirmed=shard is None or shard.confirmed,
            shard_read_whole=shard is None or shard.read_whole,
        )
        facts = {name: match[name] for name in ("expected_chance_matches", "second_check", "observation")}
        try:
            derived = derive_grading(basis=match["basis"], row_source=source, **facts)
            ranks = [statement_rank(statement_of(entry, **facts)) for entry in match["basis"]]
        except UngradableError as error:
            self._note("matches.tier", ProblemKind.TIER_DIFFERS, number, str(error))
            return
        claimed = (match["tier"], match["grade"], match["statement_code"])
        due = (derived.tier.value, derived.grade.value, derived.statement_code.value)
        if claimed != due:
            self._note("matches.tier", ProblemKind.TIER_DIFFERS, number, ", ".join(claimed), ", ".join(due))
        if ranks != sorted(ranks):
            self._note("matches.tier", ProblemKind.ORDER, number, "basis is not in tier order")
        caveats = match["caveats"]
        if missing := set(derived.caveats) - set(caveats):
            self._note("matches.tier", ProblemKind.CAVEAT_MISSING, number, ";".join(caveats), ";".join(sorted(missing)))
        if caveats != sorted(set(caveats)):
            self._note("matches.tier", ProblemKind.ORDER, number, "caveats are not sorted, or one is given twice")
        if (chance := match["expected_chance_matches"]) is not None and chance != chance_text(chance_of(chance)):
            self._note("matches.tier", ProblemKind.VALUE_DIFFERS, number, chance, chance_text(chance_of(chance)))
        for what in self._check_faults(match["second_check"]):
            self._note("matches.tier", ProblemKind.VALUE_DIFFERS, number, what)

    def _check_faults(self, check: Mapping[str, Any] | None) -> Iterator[str]:
        """The second check's limit is the method's, and passing means reaching it."""
        if check is None or not self.method:
            return
        stated = self.method["second_check"]
        if (check["method"], check["threshold"]) != (stated["id"], stated["threshold"]):
            yield f"second check {check['method']} at {check['threshold']} is not that of the Manifest"
        if check["passed"] and Decimal(check["value"]) < Decimal(check["threshold"]):
            yield f"second check passed with {check['value']}, below {check['threshold']}"

    def _broken_references(
        self, match: Mapping[str, Any], shard: ShardFacts | None, work: WorkFacts | None
    ) -> Iterator[str]:
        row = match["row"]
        if shard is None:
            yield "the shard is not in coverage.jsonl"
        elif (shard.shard_id, shard.sha256) != (row["shard_id"], row["shard_sha256"]):
            yield "the shard has another digest in coverage.jsonl"
        elif shard.status == "skipped" or (shard.rows is not None and row["row_number"] >= shard.rows):
            yield f"the shard has no row {row['row_number']} that was read"
        if (row["dataset"], row["release"]) not in self.columns:
            yield "the dataset is not in the Manifest"
        named = (match["work_id"], match["work_file"], match["work_sha256"])
        if named != (None, None, None):
            if work is None:
                yield "the work is not in portfolio.jsonl"
            elif (match["work_file"], f"sha256:{match['work_sha256']}") != (work.file, work.sha256):
                yield "the work has another file or digest in portfolio.jsonl"
        seen = match["observation"]
        if seen is None:
            return
        if self.tables.observations.get(seen["observation_id"]) != observation_digest(seen):
            yield "the observation is not, or not so, in observations.jsonl"
        capture = seen["capture"]
        if capture is not None and (capture["file"], capture["record_id"]) not in self.captures.records:
            yield f"the capture {capture['file']} holds no record {capture['record_id']}"


def bit_fault(entry: Mapping[str, Any]) -> str | None:
    """Count the differing bits of one ``fingerprint_near`` again."""
    if entry["kind"] != "fingerprint_near":
        return None
    algorithm, work_hex = _fingerprint(entry["work_value"])
    other, row_hex = _fingerprint(entry["row_value"])
    if entry["metric"] != f"hamming/{algorithm}" or algorithm != other or len(work_hex) != len(row_hex):
        return "the two fingerprints are not of the algorithm that the metric names"
    bits = (int(work_hex, 16) ^ int(row_hex, 16)).bit_count()
    return None if bits == entry["value"] else f"{entry['value']} bits stated, {bits} counted"


def _fingerprint(value: str | None) -> tuple[str, str]:
    """Algorithm and digits; ``("", "0")`` for anything else, which equals no metric."""
    algorithm, _, digits = (value or "").partition(":")
    return (algorithm, digits) if digits and not digits.strip("0123456789abcdef") else ("", "0")


def basis_faults(entry: Mapping[str, Any], work: WorkFacts | None, identity: str) -> Iterator[str]:
    """What one comparison says of the work's side, against ``portfolio.jsonl`` and ``identity.json``."""
    kind, value = entry["kind"], entry["work_value"]
    if kind == "fingerprint_near":
        if work is None or not work.asks(entry["variant"], value):
            yield f"the work has no fingerprint {value} in the form {entry['variant']}"
    elif kind == "digest_equal":
        digests = {with_algorithm(entry["metric"], entry[name]) for name in ("value", "work_value", "row_value")}
        file = work.digests.get(digests.pop()) if work is not None and len(digests) == 1 else None
        if work is None or file is None:
            yield "the digests are not equal, or not those of a file of the work"
        elif file != (entry["detail"] or {}).get("file", work.file):
            yield f"the digest is that of {file}"
    elif kind in {"url_equal", "asset_equal"} and value is not None:
        declared = value in identity or (work is not None and value in work.urls)
        if not declared:
            yield f"the URL {value} is declared nowhere"


def with_algorithm(algorithm: str, value: object) -> str:
    """A digest as ``sha256:<lower-case hex>``, however the cell spelled it."""
    return f"{algorithm}:{str(value).strip().lower().removeprefix(f'{algorithm}:')}"


def _observed_faults(match: Mapping[str, Any]) -> Iterator[str]:
    """What was fetched has the digest that the comparison says."""
    seen = match["observation"]
    for entry in match["basis"]:
        if entry["kind"] == "digest_equal" and entry["source_of_hash"] in {"live_bytes", "archive_bytes"}:
            content = seen["content_sha256"] if seen else None
            if with_algorithm("sha256", content) != with_algorithm("sha256", entry["row_value"]):
                yield "the observation returned another digest"


def column_fault(entry: Mapping[str, Any], verbatim: Mapping[str, Any]) -> str | None:
    """What one comparison says of the row's side, against the verbatim row."""
    source, value = entry["source_of_hash"], entry["row_value"]
    if source == "shard_bytes" and entry["kind"] == "digest_equal":
        wanted = with_algorithm("sha256", value) + ":"
        stored = any(text.startswith(wanted) for cell in verbatim["values"] for text in strings_below(cell[2]))
        return None if stored else "no cell of the row holds bytes of that digest"
    if source == "index" and (differs := _index_fault(entry, verbatim)):
        return differs
    if value is None or entry["column"] is None or source not in {"compiler", None}:
        return None
    texts = texts_in(verbatim, entry["column"])
    if texts is None:
        return None
    algorithm = entry["metric"].rpartition("/")[2]
    if source == "compiler":
        recorded = with_algorithm(algorithm, value)
        held = any(with_algorithm(algorithm, text) == recorded for text in texts)
    else:
        held = value in texts
    return None if held else f"column {entry['column']} of the row does not hold {value}"


def _index_fault(entry: Mapping[str, Any], verbatim: Mapping[str, Any]) -> str | None:
    """A row of an index holds the fingerprint (text, or a number in decimal) and the origin that the comparison names."""
    if entry["column"] is not None:
        digits = _fingerprint(entry["row_value"])[1]
        cells = cells_of(verbatim, entry["column"])
        wanted = {str(int(digits, 16)) if kind == "uint64" else digits for _, kind, _ in cells}
        if wanted != {cell[2] for cell in cells}:
            return f"column {entry['column']} of the row does not hold {entry['row_value']}"
    for name, stated in (entry["detail"] or {}).items():
        column = name.removeprefix("indexed_")
        if column != name and stated not in [cell[2] for cell in cells_of(verbatim, column)]:
            return f"{column} of the row is not {stated}"
    return None


def row_faults(row: Mapping[str, Any], verbatim: Mapping[str, Any], columns: Mapping[str, str]) -> Iterator[str]:
    """What a match repeats of its row, and the row's own check, against the verbatim values."""
    for shown, role in (("url", "url"), ("caption", "caption")):
        column = columns.get(role)
        if column is None or row[shown] is None:
            continue
        texts = texts_in(verbatim, column)
        held = texts is None or row[shown] in texts
        if not held and (texts or cells_of(verbatim, column)):  # shards of one release may name their columns otherwise
            yield f"{shown} is not what column {column} of the row holds"
    for shown, role in (("width", "width"), ("height", "height"), ("key", "row_key")):
        cells = [cell for cell in verbatim["values"] if cell[0] == columns.get(role) and cell[1] in _PLAIN]
        if row[shown] is not None and cells and str(row[shown]) not in {cell[2] for cell in cells}:
            yield f"{shown} is not what column {columns[role]} of the row holds"
    yield from _row_check_faults(verbatim, columns)


def _row_check_faults(verbatim: Mapping[str, Any], columns: Mapping[str, str]) -> Iterator[str]:
    check = verbatim["row_check"]
    if check is None or check["method"] != "mmh3/url+text/1":
        return
    cells = [cells_of(verbatim, columns.get(role, "")) for role in ("url", "caption")]
    if not all(cells) or any(kind.endswith(NOT_VERBATIM) for cell in cells for _, kind, _ in cell):
        return
    texts = [cell[0][2] or "" for cell in cells]  # the publisher counted null as ""
    computed = str(hash64("".join(text for text in texts if isinstance(text, str)).encode()))
    if check["computed"] != computed or check["equal"] is not (check["recorded"] == computed):
        yield f"row_check computes to {computed}"
    if not any(cell[2] == check["recorded"] for cell in cells_of(verbatim, check["column"])):
        yield f"column {check['column']} does not hold the recorded row_check"


def may_hold_image(verbatim: Row) -> bool:
    """Whether a cell of the row could be image bytes: then ``url_not_image`` is not demanded."""
    return verbatim is None or any("binary" in kind or kind == "member" for _, kind, _ in verbatim["values"])
