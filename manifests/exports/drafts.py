"""Drafts: data sheets for papers that a person decides about, completes and signs.

Only facts of the package are filled in.  Person, belief, oath and signature stay blank; the law's own words appear
only as marked quotations.  Nothing here says what follows from a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from manifests.canonical import canonical_bytes
from manifests.exports.choice import numbered
from manifests.exports.notices import dmca_notice, tongzhishu
from manifests.exports.sheets import BLANK, bullets, code, document, plain, said, table
from manifests.exports.statutes import quoted
from manifests.report import chapters, facts
from manifests.report.facts import Kind
from manifests.report.selection import Finding, exhibit_no
from manifests.texts.labels import number
from manifests.words import caveat_text, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from manifests.exports.choice import Choice
    from manifests.packages import Package

FIRST_LINE: Final = "DRAFT - NOT SIGNED - to be completed and decided by a person"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all drafts are filled from: the package, which findings, their works and shards."""

    package: Package
    choice: Choice
    prefix: str
    works: Mapping[str, Mapping[str, Any]]
    shards: Mapping[str, Mapping[str, Any]]

    def findings(self) -> Iterator[Finding]:
        """The chosen findings in order, read anew each time: they need not fit into memory."""
        return (Finding(line, match) for line, match in numbered(self.package, self.choice))

    def exhibit(self, finding: Finding) -> str:
        """Exhibit number."""
        return exhibit_no(finding.line, self.prefix)


def drafts(package: Package, choice: Choice, *, exhibit_prefix: str | None = None) -> dict[str, bytes]:
    """The four files by name, for the chosen findings; memory grows with the text."""
    sheet = _sheet(package, choice, exhibit_prefix)
    return {
        "certification-902-13.md": _certification_13(sheet),
        "certification-902-14.md": _certification_14(sheet),
        "notice-dmca-512c3.md": dmca_notice(sheet, FIRST_LINE),
        "tongzhishu.zh.md": tongzhishu(sheet, FIRST_LINE),
    }


def _sheet(package: Package, choice: Choice, exhibit_prefix: str | None) -> Sheet:
    works, shards = set(), set()
    for _, match in numbered(package, choice):
        works.add(match["work_id"])
        shards.add(match["row"]["shard_id"])
    works.discard(None)
    return Sheet(
        package=package,
        choice=choice,
        prefix=exhibit_prefix or package.manifest["contents"]["exhibit_prefix"],
        works={work["work_id"]: work for work in package.records("portfolio") if work["work_id"] in works},
        shards={shard["shard_id"]: shard for shard in package.records("coverage") if shard["shard_id"] in shards},
    )


def _certification_13(sheet: Sheet) -> bytes:
    """A process that gives an accurate result: system, method, inputs, settings, error figures, limits."""
    manifest = sheet.package.manifest
    method = [
        f"{plain(fact.label)}: {code(fact.value) if fact.kind is Kind.CODE else plain(fact.value)}"
        for fact in (*chapters.identity_facts(sheet.package, "en"), *chapters.method_facts(manifest, "en"))
        if fact.kind is not Kind.QUOTED
    ]
    return document(
        FIRST_LINE,
        "# Data sheet for a certification under Fed. R. Evid. 902(13)",
        quoted("902(13)"),
        "## 1. System and method",
        bullets(method),
        bullets(_more_method(manifest)),
        "## 2. Inputs",
        "### Works",
        table(("work file", "bytes", "SHA-256"), _work_rows(sheet)),
        "### Files of the datasets",
        table(("dataset", "file", "rows scanned", "SHA-256", "computed by", "publisher's digest"), _shard_rows(sheet)),
        "## 3. Settings",
        f"Digest of the settings: {code(manifest['config_sha256'])}. In full:",
        f"```json\n{canonical_bytes(manifest['config']).decode()}\n```",
        "## 4. Result",
        table(("exhibit", "statement", "caveats"), _finding_rows(sheet)),
        "## 5. Limits",
        bullets(plain(caveat_text(limit, "en")) for limit in manifest["limitations"])
        + bullets((plain("Chance figures are estimates; the bounds of their total stand in section 1."),)),
        "## 6. To be completed by the person who certifies",
        bullets(
            (
                f"Name and address: {BLANK}",
                f"Why this person is qualified to speak of the system above: {BLANK}",
                f"How this person came to know that it gives an accurate result: {BLANK}",
                f"Which steps of VERIFY.md this person repeated, when, with which result: {BLANK}",
                f"Written notice to the adverse party under Rule 902(11), date and way: {BLANK}",
            )
        ),
        _declaration(),
    )


def _more_method(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What the report leaves to the Manifest: normal form, second check, chance method, tier table, commit."""
    how = manifest["method"]
    steps = "; ".join(plain(step["step"]) for step in how["pixels"])
    yield f"Normal form of a picture before its fingerprint: {steps}"
    yield f"Second check: {plain(how['second_check']['id'])}, limit {plain(how['second_check']['threshold'])}"
    rows = number(how["chance"]["sample_rows"])
    yield f"Chance figures: {plain(how['chance']['id'])}, from a sample of {rows} rows"
    yield f"Tier table: version {how['tiers']}"
    yield f"Source commit of the program: {code(manifest['tool']['source_commit'] or 'not recorded')}"


def _declaration() -> str:
    return "\n".join(
        (
            "Form of the declaration, within and outside the United States:\n",
            quoted("1746(2)"),
            quoted("1746(1)"),
            f"Date: {BLANK}  Signature: {BLANK}\n",
        )
    )


def _certification_14(sheet: Sheet) -> bytes:
    """Digital identification: what was digested, by which algorithm, and whether two statements of it agree."""
    return document(
        FIRST_LINE,
        "# Data sheet for a certification under Fed. R. Evid. 902(14)",
        quoted("902(14)"),
        f"Package: {code(sheet.package.manifest['run']['run_id'])}, SHA-256 of data/manifest.json "
        f"{code(sheet.package.manifest_sha256)}.",
        "## 1. Items and their digests",
        "“Equal” compares the value of this package with a second statement of it; where there is none, nothing is said.",
        table(("item", "source", "algorithm", "value", "second statement", "equal"), _digest_rows(sheet)),
        "## 2. To be completed by the person who certifies",
        bullets(
            (
                f"Name and address: {BLANK}",
                f"Why this person is qualified: {BLANK}",
                f"From which device or medium the items were copied, when, by whom: {BLANK}",
                f"With which program the digests were computed again, when, with which result: {BLANK}",
                f"Written notice to the adverse party under Rule 902(11), date and way: {BLANK}",
            )
        ),
        _declaration(),
    )


def _work_rows(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    for work in sheet.works.values():
        yield said(work["files"][0]), number(work["bytes"]), code(work["sha256"])


def _shard_rows(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    for shard in sheet.shards.values():
        digest = shard["publisher_digest"]
        yield (
            plain(facts.edition(shard)),
            said(shard["shard"]),
            number(shard["rows_scanned"]),
            _shard_digest(shard),
            plain(shard["shard_digest_by"]),
            "none published" if digest is None else _EQUAL[digest["equal"]],
        )


def _shard_digest(shard: Mapping[str, Any]) -> str:
    return code(shard["shard_sha256"]) if shard["shard_sha256"] is not None else "none of the whole file"


_EQUAL: Final = {True: "equal", False: "different", None: "not compared"}


def _finding_rows(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    for finding in sheet.findings():
        caveats = " ".join(caveat_text(one, "en") for one in finding.match["caveats"])
        yield sheet.exhibit(finding), said(sentence(finding.match, "en")), plain(caveats) or "-"


def _digest_rows(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    for work in sheet.works.values():
        for algorithm in ("sha256", "md5"):
            yield f"work {said(work['files'][0])}", "portfolio", algorithm, code(work[algorithm]), "-", "-"
    for shard in sheet.shards.values():
        digest = shard["publisher_digest"]
        yield (
            f"file {said(shard['shard'])}",
            plain(facts.edition(shard)),
            "sha256",
            _shard_digest(shard),
            "-" if digest is None else f"{code(str(digest['value']))} by {said(str(digest['source']))}",
            "-" if digest is None else _EQUAL[digest["equal"]],
        )
        for part in shard["parts"]:
            place = f"{number(part['bytes'])} bytes from byte {number(part['offset'])} on"
            yield f"file {said(shard['shard'])}: {place}", "as read", "sha256", code(part["sha256"]), "-", "-"
    for finding in sheet.findings():
        yield from _finding_digests(sheet, finding)


def _finding_digests(sheet: Sheet, finding: Finding) -> Iterator[tuple[str, ...]]:
    match, exhibit = finding.match, sheet.exhibit(finding)
    yield f"{exhibit}: values of the row", "rows/", "sha256", code(match["row"]["values_sha256"]), "-", "-"
    seen = match["observation"]
    if seen is not None and seen["content_sha256"] is not None:
        source = plain(f"{seen['kind']}, {seen['fetched_at']}")
        value = seen["content_sha256"]
        equal = "equal" if value == match["work_sha256"] else "different"
        yield f"{exhibit}: file returned", source, "sha256", code(value), "the work's file", equal
    for basis in match["basis"]:
        if basis["kind"] == "digest_equal":
            second = f"{plain(str(basis['source_of_hash']))}: {code(str(basis['row_value']))}"
            work = code(str(basis["work_value"]))
            yield f"{exhibit}: digest compared", "the work's file", plain(basis["metric"]), work, second, "equal"
