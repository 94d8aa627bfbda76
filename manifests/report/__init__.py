"""``report.html``: an illustrative aid for the eye; the records are the evidence, and the page says so.

One file that loads nothing: no script, no link, pictures inside, addresses as text.  Opening it calls on nobody.  It
stays usable for any number of findings: of each work the first are shown in full, the rest counted, with a note where
they are.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from manifests.report import chapters
from manifests.report.cards import Desk, grade_mark, work_section
from manifests.report.markup import Markup, css_string, joined, style, tag
from manifests.report.pictures import Album
from manifests.report.selection import MAX_SHOWN, Section, everything, exhibit_no, sections, verbatim_rows
from manifests.texts.labels import label, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manifests.packages import Package
    from manifests.report.selection import Chosen, Finding
    from manifests.words import Lang

POLICY: Final = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"
MAX_WORKS_LISTED: Final = 500
MAX_WORKS_OPEN: Final = 25  # a longer list of works is folded, so that the first work is near
_LANGUAGE: Final = {"en": "en", "zh": "zh-Hans"}


def write_report(
    package: Package, lang: Lang = "en", *, chosen: Chosen = everything, exhibit_prefix: str | None = None
) -> bytes:
    """The report of ``package`` as one UTF-8 file; equal records give equal bytes.

    ``package`` may be a folder not yet sealed.  ``chosen`` leaves out findings (they keep their exhibit numbers),
    ``exhibit_prefix`` replaces that of the package.  Memory: about 1,500 findings and 24 MiB of pictures at most.
    """
    shown = sections(package, chosen)
    desk = open_desk(package, lang, shown, exhibit_prefix)
    files_ = {work_id: work["files"][0] for work_id, work in desk.works.items()}
    count = None if chosen is everything else sum(section.total for section in shown)
    body = joined(
        _head(package, lang),
        tag(
            "main",
            chapters.summary(package, lang, count),
            chapters.changed(package, files_, lang),
            _findings(shown, desk),
            chapters.negatives(package, lang),
            chapters.coverage(package, lang),
            chapters.method(package.manifest, lang),
            chapters.checking(package, lang),
        ),
        tag("footer", label("aid", lang), " · ", tag("code", package.manifest_sha256)),
    )
    return _document(package, lang, body, shown, desk).encode()


def open_desk(package: Package, lang: Lang, shown: list[Section], exhibit_prefix: str | None) -> Desk:
    """Everything the findings of ``shown`` need beside their own record, each file read once."""
    findings = [finding for section in shown for finding in section.shown]
    return Desk(
        lang=lang,
        prefix=exhibit_prefix or package.manifest["contents"]["exhibit_prefix"],
        album=Album(package),
        works=works_of(package, shown),
        rows=verbatim_rows(package, findings),
        signals=signals_of(package, findings),
    )


def works_of(package: Package, shown: list[Section]) -> dict[str, dict[str, Any]]:
    """The portfolio's lines of the works shown, by id."""
    wanted = {section.work_id for section in shown} - {None}
    return {work["work_id"]: work for work in package.records("portfolio") if work["work_id"] in wanted}


def signals_of(package: Package, findings: list[Finding]) -> dict[str, str]:
    """Opt-out signals seen at the looks that the findings name, by observation."""
    looks = {(finding.match["observation"] or {}).get("observation_id") for finding in findings}
    return {
        record["observation_id"]: "; ".join(f"{signal['signal']}={signal['value']}" for signal in record["opt_out"])
        for record in package.records("observations")
        if record["opt_out"] and record["observation_id"] in looks
    }


def _head(package: Package, lang: Lang) -> Markup:
    return tag(
        "header",
        tag("p", tag("span", label("eyebrow", lang)), tag("span", label("aid", lang), class_="aid"), class_="eyebrow"),
        tag("h1", label("title", lang)),
        chapters.identity(package, lang),
        tag("p", label("aid_long", lang), class_="aidlong"),
        class_="top",
    )


def _findings(shown: list[Section], desk: Desk) -> Markup:
    lang = desk.lang
    if not shown:
        return tag("section", tag("h2", label("findings", lang)), tag("p", label("no_findings", lang)))
    works: list[Markup] = []
    room = MAX_SHOWN
    for index, section in enumerate(shown):
        if room <= 0:
            works.append(tag("p", label("more_works", lang, n=len(shown) - index), class_="note"))
            break
        room -= len(section.shown)
        works.append(work_section(section, desk, f"w{index}"))
    left = tag("p", label("pictures_left_out", lang), class_="note") if desk.album.left_out else Markup("")
    return tag("section", tag("h2", label("findings", lang)), _contents(shown, desk), *works, left, class_="findings")


def _contents(shown: list[Section], desk: Desk) -> Markup:
    """The works with findings as a table; not for one work alone."""
    lang = desk.lang
    if len(shown) < 2:
        return Markup("")
    rows = [
        tag(
            "tr",
            tag("td", section.work_file or label("without_work", lang)),
            tag("td", exhibit_no(section.first_line, desk.prefix), class_="exhibit"),
            *(tag("td", number(section.grades[grade]) if section.grades[grade] else "") for grade in "ABCD"),
        )
        for section in shown[:MAX_WORKS_LISTED]
    ]
    head = tag(
        "tr",
        tag("th", label("work", lang)),
        tag("th", label("exhibit", lang)),
        *(tag("th", grade_mark(grade, lang)) for grade in "ABCD"),
    )
    more = Markup("")
    if len(shown) > MAX_WORKS_LISTED:
        more = tag("p", label("more_works", lang, n=len(shown) - MAX_WORKS_LISTED), class_="note")
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="works")
    title = label("works_table", lang)
    if len(shown) > MAX_WORKS_OPEN:
        return tag("details", tag("summary", f"{title} ({number(len(shown))})"), table, more)
    return joined(tag("p", title, class_="note"), table)


def _document(package: Package, lang: Lang, body: Markup, shown: list[Section], desk: Desk) -> str:
    css = (files(__name__) / "style.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{label('title', lang)} {package.manifest['run']['run_id']}"),
        style(css + _page_rules(package.manifest, package.manifest_sha256, lang, shown, desk.prefix)),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", body), lang=_LANGUAGE[lang]) + "\n"


def _page_rules(manifest: Mapping[str, Any], digest: str, lang: Lang, shown: list[Section], prefix: str) -> str:
    """What every printed page carries: run, Manifest digest, label, page number, and the exhibits of the work on it."""
    page = css_string(f"{label('page', lang)} ")
    title = f"{label('aid', lang)} · {label('title', lang)} {manifest['run']['run_id']}"
    rules = [
        "@page {",
        f"  @top-left {{ content: {css_string(title)} }}",
        f"  @bottom-left {{ content: {css_string(label('manifest_short', lang) + ' ' + digest)} }}",
        f"  @bottom-right {{ content: {page} counter(page) }}",
        "}",
    ]
    for index, section in enumerate(shown):
        if not section.shown:
            continue
        first, last = exhibit_no(section.first_line, prefix), exhibit_no(section.last_line, prefix)
        words = (
            f"{label('exhibit', lang)} {first}" if first == last else label("exhibits", lang, first=first, last=last)
        )
        rules.append(f"@page w{index} {{ @top-right {{ content: {css_string(words)} }} }}")
    return "\n".join(rules) + "\n"
