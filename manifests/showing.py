"""What ``provscan show`` prints: a package as lines of plain text.

A rescan begins with the difference, everything else with the summary; then the findings by work, each with its one
sentence; then what was not compared.  Third-party text stands in quotation marks, without control characters and bidi
marks: a caption cannot move the cursor, colour the screen or reorder a line.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from manifests.report import chapters, facts
from manifests.report.selection import Section, exhibit_no, sections
from manifests.texts.labels import counted, known_or_code, label, number
from manifests.texts.marks import shortened, speakable
from manifests.words import caveat_text, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from manifests.packages import Package
    from manifests.report.selection import Finding
    from manifests.words import Lang

MAX_FINDINGS: Final = 400  # on one screen roll; all of them are in the CSV
MAX_LINES: Final = 40  # of a list that is no finding
MAX_TEXT: Final = 300  # characters of a URL or caption


def lines(package: Package, lang: Lang = "en") -> Iterator[str]:
    """The package in words, line by line, without line ends.

    Reads the records as they stand and verifies nothing.  Memory: about ``MAX_FINDINGS`` findings.

    Raises:
        FormatError, FileNotFoundError: as ``Package.records``.
    """
    for line in _all(package, lang):
        yield speakable(line).replace("\N{NARROW NO-BREAK SPACE}", " ")


def _all(package: Package, lang: Lang) -> Iterator[str]:
    works = {work["work_id"]: work for work in package.records("portfolio") if work["work_id"] is not None}
    if package.manifest["kind"] == "rescan":
        yield from _difference(package, works, lang)
        yield ""
    yield from _summary(package, lang)
    for section in sections(package, limit=MAX_FINDINGS):
        yield ""
        yield from _work(section, works.get(section.work_id or ""), package, lang)
    yield ""
    yield from _without(package, lang)
    yield from _gaps(package, lang)
    yield ""
    if package.exists("data/report.html"):
        yield label("show_report", lang, path=package.path / "data" / "report.html")
    yield label("show_checked", lang, path=package.path)


def _difference(package: Package, works: Mapping[str, Mapping[str, Any]], lang: Lang) -> Iterator[str]:
    yield chapters.change_lead(chapters.changes(package) or {}, lang)
    files = {work_id: work["files"][0] for work_id, work in works.items()}
    records = package.records("changes")
    for record in islice(records, MAX_LINES):
        yield f"  {chapters.change_line(record, files, lang)}"
    yield from _rest(records, "changes.jsonl", lang)


def _summary(package: Package, lang: Lang) -> Iterator[str]:
    manifest = package.manifest
    yield from chapters.lead(manifest, lang)
    for grade, count in sorted(manifest["results"]["by_grade"].items()):
        if count:
            words = f"{known_or_code(f'grade_{grade}', lang)}. {label(f'grade_{grade}_means', lang)}"
            yield f"  {grade} {number(count):>7}  {words}"
    yield from (f"  {note}" for note in chapters.notes(manifest, lang, None))
    yield f"  {label('says_not_1', lang)}"
    for code in manifest["limitations"]:
        yield f"  {caveat_text(code, lang)}"


def _work(section: Section, work: Mapping[str, Any] | None, package: Package, lang: Lang) -> Iterator[str]:
    title = f" “{shortened(work['title'], MAX_TEXT)}”" if work is not None and work["title"] else ""
    grades = ", ".join(f"{grade} {number(section.grades[grade])}" for grade in sorted(section.grades))
    name = section.work_file or label("without_work", lang)
    yield f"{name}{title}: {counted('finding', section.total, lang)} ({grades})"
    prefix = package.manifest["contents"]["exhibit_prefix"]
    for finding in section.shown:
        yield from _finding(finding, prefix, lang)
    if section.total > len(section.shown):
        yield f"  {label('show_more', lang, n=section.total - len(section.shown))}"


def _finding(finding: Finding, prefix: str, lang: Lang) -> Iterator[str]:
    match = finding.match
    review = f" [{known_or_code('review_' + match['review']['decision'], lang)}]" if match["review"] else ""
    yield f"  {match['grade']}  {exhibit_no(finding.line, prefix)}{review}  {sentence(match, lang)}"
    for code in ("url", "caption"):
        if match["row"][code] is not None:
            yield f"       {label(code, lang)}: “{shortened(str(match['row'][code]), MAX_TEXT)}”"
    for fact in islice(facts.observed(match, lang), 1):  # the rest stands in the report
        yield f"       {fact.label}: {fact.value}"
    if match["caveats"]:
        yield f"       {label('caveats', lang)}: {' '.join(caveat_text(code, lang) for code in match['caveats'])}"


def _without(package: Package, lang: Lang) -> Iterator[str]:
    yield f"{label('negatives', lang)}: {number(package.manifest['results']['works_without'])}"
    records = package.records("negatives")
    for record in islice(records, MAX_LINES):
        yield f"  {sentence(record, lang)}"
    yield from _rest(records, "negatives.jsonl", lang)
    excluded = (work for work in package.records("portfolio") if work["status"] == "excluded")
    for count, work in enumerate(islice(excluded, MAX_LINES)):
        if not count:
            yield f"{label('excluded', lang)}:"
        yield f"  {work['files'][0]} ({work['reason']})"
    yield from _rest(excluded, "portfolio.jsonl", lang)


def _gaps(package: Package, lang: Lang) -> Iterator[str]:
    """Files that were not read, or not wholly: the other half of every negative."""
    gaps = (record for record in package.records("coverage") if chapters.is_gap(record))
    for count, record in enumerate(islice(gaps, MAX_LINES)):
        if not count:
            yield f"{label('not_scanned', lang)}:"
        status = chapters.gap_status(record, lang)
        yield f"  {facts.edition(record)} · {record['shard']}: {status} {record['reason'] or ''}".rstrip()
    yield from _rest(gaps, "coverage.jsonl", lang)


def _rest(records: Iterator[Mapping[str, Any]], file: str, lang: Lang) -> Iterator[str]:
    left = sum(1 for _ in records)
    if left:
        yield f"  {label('more_lines', lang, n=left, file=file)}"
