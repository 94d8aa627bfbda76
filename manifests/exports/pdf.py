"""The report as a PDF: a summary, one exhibit a page, coverage and method; on each page exhibit number and Manifest digest.

Needs reportlab.  Equal packages give equal bytes (``invariant``: no date, no random id).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from manifests.exports.choice import Choice, extra
from manifests.report import chapters, facts, signals_of, works_of
from manifests.report.facts import Fact, Kind
from manifests.report.pictures import Album
from manifests.report.selection import Finding, Section, everything, exhibit_no, sections, verbatim_rows
from manifests.texts.labels import known_or_code, label, number, tier_name
from manifests.words import caveat_text, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from manifests.packages import Package
    from manifests.report.selection import VerbatimRow
    from manifests.words import Lang

MARGIN: Final = 48.0  # points
WIDTH: Final = 595.28 - 2 * MARGIN  # A4
MAX_COLUMNS: Final = 60
MAX_VALUE: Final = 3_000


def pdf(package: Package, choice: Choice, *, exhibit_prefix: str | None = None, lang: Lang | None = None) -> bytes:
    """The document; of more than 1,500 findings the first of each work, with a note where the rest is.

    Raises:
        ExportError: reportlab is not installed.
    """
    extra("reportlab.platypus", "exports")
    from manifests.exports import typesetting  # noqa: PLC0415 - imports reportlab

    typesetting.register_fonts()
    lang = lang or package.manifest["contents"]["locale"]
    shown = sections(package, everything if choice.everything else choice)
    book = _Book(package, lang, exhibit_prefix, shown)
    return book.made(None if choice.everything else sum(section.total for section in shown))


class _Book:
    """One document while it is made."""

    def __init__(self, package: Package, lang: Lang, exhibit_prefix: str | None, shown: list[Section]) -> None:
        from reportlab import platypus  # noqa: PLC0415

        from manifests.exports import typesetting  # noqa: PLC0415

        self.set: Any = typesetting
        self.platypus: Any = platypus
        self.package, self.lang, self.shown = package, lang, shown
        self.prefix = exhibit_prefix or package.manifest["contents"]["exhibit_prefix"]
        self.album = Album(package, max_bytes=None)
        findings = [finding for section in shown for finding in section.shown]
        self.works = works_of(package, shown)
        self.signals = signals_of(package, findings)
        self.rows: Mapping[str, VerbatimRow] = verbatim_rows(
            package, findings, max_columns=MAX_COLUMNS, max_value=MAX_VALUE
        )

    def made(self, chosen: int | None) -> bytes:
        """Lay everything out."""
        target = io.BytesIO()
        document = self.platypus.BaseDocTemplate(
            target,
            pagesize=(WIDTH + 2 * MARGIN, 841.89),
            title=f"{label('title', 'en')} {self.package.manifest['run']['run_id']}",
            author="provscan",
            invariant=1,
        )
        frame = self.platypus.Frame(MARGIN, 56, WIDTH, 841.89 - 56 - 52, 0, 0, 0, 0, id="text")
        story = [*self._summary(chosen), *self._exhibits(), *self._coverage(), *self._method()]
        templates = [self.platypus.PageTemplate("plain", [frame], onPage=self._furniture(""))]
        for section in self.shown:
            for finding in section.shown:
                exhibit = exhibit_no(finding.line, self.prefix)
                templates.append(self.platypus.PageTemplate(exhibit, [frame], onPage=self._furniture(exhibit)))
        document.addPageTemplates(templates)
        document.build(story)
        return target.getvalue()

    def _furniture(self, exhibit: str) -> Any:
        """What each page carries beside its text."""
        aid = f"{label('aid', self.lang)} · {self.package.manifest['run']['run_id']}"
        digest = f"{label('manifest_short', self.lang)} {self.package.manifest_sha256}"
        right = f"{label('exhibit', self.lang)} {exhibit}" if exhibit else ""

        def draw(canvas: Any, document: Any) -> None:
            self._line(canvas, MARGIN, 841.89 - 36, aid)
            self._line(canvas, WIDTH + MARGIN, 841.89 - 36, right, right=True)
            self._line(canvas, MARGIN, 34, digest)
            self._line(canvas, WIDTH + MARGIN, 34, f"{label('page', self.lang)} {document.page}", right=True)

        return draw

    def _line(self, canvas: Any, x: float, y: float, value: str, *, right: bool = False) -> None:
        size = 7.5
        pieces = self.set.runs(value)
        if right:
            x -= sum(canvas.stringWidth(text, font, size) for font, text in pieces)
        canvas.setFillColor(self.set.SOFT)
        for font, text in pieces:
            canvas.setFont(font, size)
            canvas.drawString(x, y, text)
            x += canvas.stringWidth(text, font, size)

    def _p(self, value: str, style: str = "body") -> Any:
        return self.set.paragraph(value, style)

    def _facts(self, found: Iterable[Fact], title: str = "") -> Iterator[Any]:
        pairs = [
            (fact.label, f"“{fact.value}”" if fact.kind is Kind.QUOTED else fact.value, fact.kind is Kind.CODE)
            for fact in found
        ]
        table = self.set.fact_table(pairs, WIDTH)
        if table is not None:
            if title:
                yield self._p(title, "heading")
            yield table

    def _summary(self, chosen: int | None) -> Iterator[Any]:
        manifest, lang = self.package.manifest, self.lang
        yield self._p(label("eyebrow", lang), "soft")
        yield self._p(label("title", lang), "title")
        yield from self._facts(chapters.identity_facts(self.package, lang))
        yield self._p(label("aid_long", lang), "soft")
        yield self._p(label("summary", lang), "chapter")
        first, more = chapters.lead(manifest, lang)
        yield self._p(first, "lead")
        yield self._p(more)
        counts = chapters.changes(self.package)
        if counts is not None:
            yield self._p(chapters.change_lead(counts, lang))
        for note in chapters.notes(manifest, lang, chosen):
            yield self._p(note, "soft")
        grades = [
            Fact(
                label=f"{grade}: {number(count)}",
                value=f"{known_or_code(f'grade_{grade}', lang)}. {label(f'grade_{grade}_means', lang)}",
            )
            for grade, count in sorted(manifest["results"]["by_grade"].items())
        ]
        yield from self._facts(grades, label("grade", lang))
        for code, count in (("says", 3), ("says_not", 4)):
            yield self._p(label(code, lang), "heading")
            yield from (self._p(f"- {label(f'{code}_{line}', lang)}") for line in range(1, count + 1))
        if manifest["limitations"]:
            yield self._p(label("limits_of_scan", lang), "heading")
            yield from (self._p(f"- {caveat_text(code, lang)}") for code in manifest["limitations"])

    def _exhibits(self) -> Iterator[Any]:
        for section in self.shown:
            for finding in section.shown:
                yield self.platypus.NextPageTemplate(exhibit_no(finding.line, self.prefix))
                yield self.platypus.PageBreak()
                yield from self._exhibit(section, finding)
        yield self.platypus.NextPageTemplate("plain")
        yield self.platypus.PageBreak()
        for section in self.shown:
            if section.total > len(section.shown):
                name = section.work_file or label("without_work", self.lang)
                yield self._p(
                    f"{name}: {label('more_in_csv', self.lang, n=section.total - len(section.shown))}", "soft"
                )

    def _exhibit(self, section: Section, finding: Finding) -> Iterator[Any]:
        match, lang = finding.match, self.lang
        yield self._p(exhibit_no(finding.line, self.prefix), "chapter")
        kind = f"{match['grade']} · {known_or_code('grade_' + match['grade'], lang)} · {tier_name(match['tier'], lang)}"
        yield self._p(kind, "soft")
        yield self._p(sentence(match, lang), "says")
        yield from self._pictures(match)
        yield from self._facts(facts.compared(match, lang), label("compared", lang))
        yield self._p(label("caveats", lang), "heading")
        for code in match["caveats"]:
            yield self._p(f"- {caveat_text(code, lang)} ({code})")
        signals = self.signals.get((match["observation"] or {}).get("observation_id", ""))
        seen = list(facts.observed(match, lang))
        if signals:
            seen.append(Fact(label=label("opt_out", lang), value=signals, kind=Kind.QUOTED))
        yield from self._facts(seen, label("observation", lang))
        yield from self._facts(facts.reviewed(match, lang), label("review", lang))
        yield from self._facts(facts.filters(match, lang), label("subsets", lang))
        yield from self._facts([*facts.where(match, lang), *facts.digests(match, lang)], label("where", lang))
        yield from self._verbatim(match)
        work = self.works.get(section.work_id or "")
        if work is not None:
            file = Fact(label=label("work_file", lang), value=str(section.work_file))
            yield from self._facts([file, *facts.declared(work, lang)], label("work", lang))

    def _verbatim(self, match: Mapping[str, Any]) -> Iterator[Any]:
        row = self.rows.get(match["match_id"])
        if row is None:
            return
        yield from self._facts(facts.kept(row), label("row_values", self.lang))
        if row.left_out:
            yield self._p(label("row_values_more", self.lang, n=row.left_out, file=row.file), "soft")

    def _pictures(self, match: Mapping[str, Any]) -> Iterator[Any]:
        """Pictures and fingerprints in lines of as many as fit."""
        cells: list[tuple[Any, str]] = []
        for picture in self.album.of(match):
            found = self.album.bytes_of(picture)
            wide, high = (330.0, 200.0) if picture.name == "pair" else (132.0, 132.0)
            side = 80.0 if picture.name.startswith("rendition") else None
            image = found and self.set.picture(found[1], side or wide, side or high)
            if image:
                cells.append((image, picture.caption(self.lang)))
        near = facts.near(match)
        if near is not None:
            work, row = str(near["work_value"]), str(near["row_value"])
            cells.append((self.set.BitGrid(work, row, 76), label("bits_work", self.lang)))
            cells.append((self.set.BitGrid(row, work, 76), label("bits_row", self.lang)))
        yield from self._lines_of(cells)

    def _lines_of(self, cells: list[tuple[Any, str]]) -> Iterator[Any]:
        line: list[tuple[Any, str]] = []
        used = 0.0
        for cell in [*cells, None]:
            size = 0.0 if cell is None else _width(cell[0]) + 14
            if line and (cell is None or used + size > WIDTH):
                pictures, captions = zip(*line, strict=True)
                table = self.platypus.Table(
                    [list(pictures), [self._p(caption, "soft") for caption in captions]],
                    colWidths=[_width(picture) + 14 for picture in pictures],
                    hAlign="LEFT",
                )
                table.setStyle(
                    [
                        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
                        ("LEFTPADDING", (0, 0), (-1, -1), 0),
                        ("VALIGN", (0, 1), (-1, 1), "TOP"),
                    ]
                )
                yield table
                line, used = [], 0.0
            if cell is not None:
                line.append(cell)
                used += size

    def _coverage(self) -> Iterator[Any]:
        lang = self.lang
        yield self._p(label("negatives", lang), "chapter")
        negatives, more = chapters.first_of(self.package.records("negatives"))
        if not negatives:
            yield self._p(label("negatives_none", lang))
        yield from (self._p(sentence(record, lang)) for record in negatives)
        if more:
            yield self._p(label("more_lines", lang, n=more, file="negatives.jsonl"), "soft")
        yield self._p(label("coverage", lang), "chapter")
        yield self._p(label("coverage_intro", lang), "soft")
        read = chapters.covered(self.package, lang)
        for name, lines in read.datasets:
            yield from self._facts(lines, name)
        yield self._p(label("not_scanned", lang), "heading")
        if not read.gaps:
            yield self._p(label("not_scanned_none", lang))
        for record in read.gaps:
            status = chapters.gap_status(record, lang)
            yield self._p(f"{facts.edition(record)} · {record['shard']}: {status} {record['reason'] or ''}")
        if read.more_gaps:
            yield self._p(label("more_lines", lang, n=read.more_gaps, file="coverage.jsonl"), "soft")

    def _method(self) -> Iterator[Any]:
        lang = self.lang
        yield self._p(label("method", lang), "chapter")
        yield from self._facts(chapters.method_facts(self.package.manifest, lang))
        yield self._p(label("check", lang), "chapter")
        yield from (self._p(f"- {label(f'check_{line}', lang)}") for line in (1, 2))
        yield from self._facts(
            [Fact(label=label("manifest_sha256", lang), value=self.package.manifest_sha256, kind=Kind.CODE)]
        )


def _width(drawn: Any) -> float:
    return float(getattr(drawn, "drawWidth", None) or drawn.width)
