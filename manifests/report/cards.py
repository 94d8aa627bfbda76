"""Works and their findings as HTML: one section a work, one card a finding, the rest of a group folded away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from manifests.report import facts
from manifests.report.facts import Fact, Kind
from manifests.report.markup import Markup, joined, tag, text, third_party
from manifests.report.pictures import Album, fingerprint_pair
from manifests.report.selection import exhibit_no, group_title
from manifests.texts.labels import counted, known_or_code, label, number, tier_name
from manifests.words import caveat_text, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from manifests.report.selection import Finding, Section, VerbatimRow
    from manifests.words import Lang


@dataclass(slots=True)
class Desk:
    """What all cards of one report need: language, prefix, works by id, verbatim rows, signals, pictures."""

    lang: Lang
    prefix: str
    album: Album
    works: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, VerbatimRow] = field(default_factory=dict)
    signals: Mapping[str, str] = field(default_factory=dict)


def fact_list(found: Iterable[Fact]) -> Markup:
    """A definition list; empty markup where there are no facts."""
    lines = [joined(tag("dt", fact.label), tag("dd", _value(fact), class_=fact.kind)) for fact in found]
    return tag("dl", *lines) if lines else Markup("")


def _value(fact: Fact) -> Markup:
    return third_party(fact.value) if fact.kind is Kind.QUOTED else text(fact.value)


def grade_mark(grade: str, lang: Lang) -> Markup:
    """The letter of a grade in its mark; in words for those who listen."""
    return tag("span", grade, class_=f"mark g{grade}", title=known_or_code(f"grade_{grade}", lang))


def work_section(section: Section, desk: Desk, page: str) -> Markup:
    """One work: what is declared about it, then its findings by group."""
    lang, work = desk.lang, desk.works.get(section.work_id or "")
    marks = [
        tag("span", grade_mark(grade, lang), f" {number(section.grades[grade])}") for grade in sorted(section.grades)
    ]
    first, last = exhibit_no(section.first_line, desk.prefix), exhibit_no(section.last_line, desk.prefix)
    range_ = f"{label('exhibit', lang)} {first}" if first == last else label("exhibits", lang, first=first, last=last)
    head = tag(
        "header",
        tag("h3", _title(section, work, lang)),
        tag(
            "p",
            f"{counted('finding', section.total, lang)} · {range_}",
            tag("span", *marks, class_="marks"),
            class_="sub",
        ),
    )
    declared = fact_list(facts.declared(work, lang)) if work is not None else Markup("")
    if declared:
        file = Fact(label=label("work_file", lang), value=str(section.work_file))
        declared = tag(
            "details", tag("summary", label("work", lang)), fact_list([file, *facts.declared(work or {}, lang)])
        )
    hidden = section.total - len(section.shown)
    note = tag("p", label("more_in_csv", lang, n=hidden), class_="note") if hidden else Markup("")
    groups = [_group(group, found, section, desk) for group, found in section.grouped()]
    return tag("section", head, declared, *groups, note, class_="work", style=f"page:{page}")


def _title(section: Section, work: Mapping[str, Any] | None, lang: Lang) -> Markup:
    if section.work_file is None:
        return text(label("without_work", lang))
    if work is not None and work["title"]:
        return joined(third_party(work["title"]), " ", tag("small", section.work_file))
    return text(section.work_file)


def _group(group: str, found: list[Finding], section: Section, desk: Desk) -> Markup:
    total = section.groups[group]
    title = tag("h4", group_title(group, total, desk.lang), class_="group") if total > 1 else Markup("")
    if len(found) == 1:
        return joined(title, card(found[0], desk))
    others = [_folded(finding, desk) for finding in found[1:]]
    rest = tag(
        "details",
        tag("summary", f"{label('rest_of_group', desk.lang)} ({number(len(others))})"),
        *others,
        class_="rest",
    )
    return tag("div", title, card(found[0], desk), rest, class_="together")


def card(finding: Finding, desk: Desk) -> Markup:
    """A finding in full."""
    match, lang = finding.match, desk.lang
    head = tag(
        "header",
        grade_mark(match["grade"], lang),
        tag(
            "div",
            tag("strong", known_or_code(f"grade_{match['grade']}", lang)),
            tag("span", tier_name(match["tier"], lang)),
            class_="kind",
        ),
        tag("span", exhibit_no(finding.line, desk.prefix), class_="exhibit"),
    )
    return tag(
        "article", head, tag("p", sentence(match, lang), class_="says"), *_pictures(match, desk), _body(match, desk)
    )


def _folded(finding: Finding, desk: Desk) -> Markup:
    """A finding of a group after its first: one line, the facts behind it."""
    match, lang = finding.match, desk.lang
    row = match["row"]
    line = tag(
        "summary",
        grade_mark(match["grade"], lang),
        tag("span", exhibit_no(finding.line, desk.prefix), class_="exhibit"),
        tag("span", f"{row['dataset']} · {row['shard']} · {row['row_number']}", class_="place"),
    )
    return tag("details", line, tag("p", sentence(match, lang), class_="says"), _body(match, desk), class_="folded")


def _pictures(match: Mapping[str, Any], desk: Desk) -> list[Markup]:
    shown = [figure for picture in desk.album.of(match) if (figure := desk.album.shown(picture, desk.lang)) is not None]
    near = facts.near(match)
    grids = fingerprint_pair(near, desk.lang) if near is not None else Markup("")
    if not shown and not grids:
        return []
    alone = match["observation"] is None and match["tier"] in {
        "compiler_fingerprint",
        "compiler_digest",
        "fingerprint_lead",
    }
    note = tag("p", label("no_row_picture", desk.lang), class_="note") if grids and alone else Markup("")
    return [tag("div", *shown, grids, class_="pictures"), note]


def _body(match: Mapping[str, Any], desk: Desk) -> Markup:
    lang = desk.lang
    caveats = [tag("li", caveat_text(code, lang), " ", tag("code", code)) for code in match["caveats"]]
    compared, where = list(facts.compared(match, lang)), list(facts.where(match, lang))
    filters = list(facts.filters(match, lang))
    blocks = [
        _block(label("compared", lang), (fact for fact in compared if not fact.minor)),
        _block(label("where", lang), (fact for fact in where if not fact.minor)),
        _block(label("observation", lang), [*facts.observed(match, lang), *_signals(match, desk)]),
        _block(label("review", lang), facts.reviewed(match, lang)),
        _block(label("subsets", lang), (fact for fact in filters if not fact.minor)),
    ]
    warned = (
        tag("div", tag("h5", label("caveats", lang)), tag("ul", *caveats), class_="caveats") if caveats else Markup("")
    )
    minor = [fact for fact in (*compared, *where, *facts.digests(match, lang), *filters) if fact.minor]
    return joined(tag("div", *blocks, class_="blocks"), warned, _verbatim(match, minor, desk))


def _block(title: str, found: Iterable[Fact]) -> Markup:
    listed = fact_list(found)
    return tag("section", tag("h5", title), listed) if listed else Markup("")


def _signals(match: Mapping[str, Any], desk: Desk) -> list[Fact]:
    seen = desk.signals.get((match["observation"] or {}).get("observation_id", ""))
    return [Fact(label=label("opt_out", desk.lang), value=seen, kind=Kind.QUOTED)] if seen else []


def _verbatim(match: Mapping[str, Any], minor: list[Fact], desk: Desk) -> Markup:
    lang, row = desk.lang, desk.rows.get(match["match_id"])
    lines = [] if row is None else list(facts.kept(row))
    more = Markup("")
    if row is not None and row.left_out:
        more = tag("p", label("row_values_more", lang, n=row.left_out, file=row.file), class_="note")
    kept = joined(tag("h5", label("row_values", lang)), fact_list(lines), more) if lines else Markup("")
    inside = joined(kept, tag("h5", label("for_lookup", lang)), fact_list(minor))
    return tag("details", tag("summary", label("row_details", lang)), inside, class_="verbatim")
