"""The chapters around the findings: summary, changes, works without a match, coverage, method, how to check."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from manifests.report import facts
from manifests.report.cards import fact_list, grade_mark
from manifests.report.facts import Fact, Kind
from manifests.report.hosts import hosts_table, more_lines
from manifests.report.markup import Markup, joined, tag
from manifests.texts.labels import counted, known_or_code, label, number, tier_name
from manifests.words import caveat_text, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from manifests.packages import Package
    from manifests.words import Lang

MAX_LINES: Final = 300  # of a list that is no finding; the rest is in the records
COMPARISONS: Final = ("digest", "fingerprint", "image", "url", "caption")


def lead(manifest: Mapping[str, Any], lang: Lang) -> tuple[str, str]:
    """The two sentences that everything begins with: what was found, in what."""
    results = manifest["results"]
    rows = counted("row", rows_here(manifest), lang)
    works = counted("work", manifest["portfolio"]["works"], lang)
    findings = counted("finding", results["findings"], lang)
    if results["works_with_findings"]:
        first = label("lead_some", lang, works=works, works_with=results["works_with_findings"])
    elif results["findings"]:
        first = label("lead_no_work", lang, findings=findings)
    else:
        first = label("lead_none" if manifest["kind"] == "scan" else "lead_none_new", lang, works=works)
    return first, label("lead_more", lang, findings=findings, rows=rows, datasets=dataset_names(manifest, lang))


def rows_here(manifest: Mapping[str, Any]) -> int:
    """Rows that this package accounts for; the chance figures of a rescan count those of earlier runs too."""
    return sum(dataset["rows_scanned"] for dataset in manifest["datasets"])


def dataset_names(manifest: Mapping[str, Any], lang: Lang) -> str:
    """Names of the datasets, the first few of many."""
    names = [facts.edition(dataset, "name") for dataset in manifest["datasets"]]
    if len(names) > 3:
        return f"{counted('dataset', len(names), lang)} ({', '.join(names[:3])}, …)"
    return ("、" if lang == "zh" else ", ").join(names) or counted("dataset", 0, lang)


def changes(package: Package) -> Counter[str] | None:
    """How many findings appeared, vanished and changed; None where the package is no rescan."""
    if package.manifest["kind"] != "rescan":
        return None
    return Counter(record["change"] for record in package.records("changes"))


def change_lead(counts: Mapping[str, int], lang: Lang) -> str:
    """The difference in one sentence."""
    if not any(counts.values()):
        return label("lead_rescan_none", lang)
    return label("lead_rescan", lang, **{code: counts.get(code, 0) for code in ("appeared", "vanished", "changed")})


def change_line(record: Mapping[str, Any], files: Mapping[str, str], lang: Lang) -> str:
    """One difference: what happened, to which work, where the row stands (or stood)."""
    row = (record["after"] or record["before"])["row"]
    return label(
        "change_line",
        lang,
        change=known_or_code(f"change_{record['change']}", lang),
        work=files.get(record["work_id"] or "", label("a_work_of_claimant", lang)),
        dataset=facts.edition(row),
        row=str(row["row_number"]),
        shard=row["shard"],
    )


def summary(package: Package, lang: Lang, chosen: int | None) -> Markup:
    """What was scanned, how many findings of each grade in plain words, what all this does not say."""
    manifest = package.manifest
    results = manifest["results"]
    first, more = lead(manifest, lang)
    counts = changes(package)
    difference = tag("p", change_lead(counts, lang), class_="difference") if counts is not None else Markup("")
    limits = [tag("li", caveat_text(code, lang)) for code in manifest["limitations"]]
    return tag(
        "section",
        tag("h2", label("summary", lang)),
        tag("p", first, class_="lead"),
        tag("p", more, class_="more"),
        difference,
        tag(
            "ul", *(_grade(grade, count, lang) for grade, count in sorted(results["by_grade"].items())), class_="grades"
        ),
        *(tag("p", note, class_="note") for note in notes(manifest, lang, chosen)),
        tag("div", _list("says", 3, lang), _list("says_not", 4, lang), class_="columns"),
        tag("div", tag("h3", label("limits_of_scan", lang)), tag("ul", *limits), class_="limits")
        if limits
        else Markup(""),
        class_="summary",
    )


def notes(manifest: Mapping[str, Any], lang: Lang, chosen: int | None) -> Iterator[str]:
    """What must be said beside the counts: what was left out here, what people decided, what was not listed."""
    results = manifest["results"]
    if chosen is not None:
        yield label("selected", lang, shown=chosen, all=results["findings"])
    if results["reviewed"] is not None:
        yield label("reviewed", lang, **results["reviewed"])
    if manifest["search"]["rows_scanned"] > rows_here(manifest):
        yield label("rows_to_date", lang, rows=counted("row", manifest["search"]["rows_scanned"], lang))
    for tier, count in sorted(results["not_listed"].items()):
        if count:
            yield label("not_listed", lang, n=count, tier=tier_name(tier, lang))


def _grade(grade: str, count: int, lang: Lang) -> Markup:
    name, means = known_or_code(f"grade_{grade}", lang), label(f"grade_{grade}_means", lang)
    words = joined(tag("strong", name), tag("span", means))
    return tag(
        "li", grade_mark(grade, lang), tag("b", number(count)), tag("div", words), class_=None if count else "none"
    )


def _list(code: str, count: int, lang: Lang) -> Markup:
    lines = [tag("li", label(f"{code}_{number_}", lang)) for number_ in range(1, count + 1)]
    return tag("div", tag("h3", label(code, lang)), tag("ul", *lines))


def changed(package: Package, files: Mapping[str, str], lang: Lang) -> Markup:
    """What differs from the package before, line by line; nothing for other kinds than a rescan."""
    if package.manifest["kind"] != "rescan":
        return Markup("")
    lines, rest = first_of(package.records("changes"))
    shown = [tag("li", change_line(record, files, lang)) for record in lines]
    inside = tag("ul", *shown, class_="lines") if shown else tag("p", label("lead_rescan_none", lang))
    return tag("section", tag("h2", label("changes", lang)), inside, more_lines(rest, "changes.jsonl", lang))


def negatives(package: Package, lang: Lang) -> Markup:
    """Works without a finding, each with its sentence, and files that could not be compared."""
    lines, rest = first_of(package.records("negatives"))
    shown = [tag("li", sentence(record, lang), _codes(record["caveats"], lang)) for record in lines]
    inside = tag("ul", *shown, class_="lines") if shown else tag("p", label("negatives_none", lang))
    outside, more = first_of(work for work in package.records("portfolio") if work["status"] == "excluded")
    left = [tag("li", work["files"][0], " ", tag("code", work["reason"] or "")) for work in outside]
    excluded = joined(tag("h3", label("excluded", lang)), tag("ul", *left, class_="lines")) if left else Markup("")
    return tag(
        "section",
        tag("h2", label("negatives", lang)),
        inside,
        more_lines(rest, "negatives.jsonl", lang),
        excluded,
        more_lines(more, "portfolio.jsonl", lang),
    )


def _codes(codes: list[str], lang: Lang) -> Markup:
    return joined(*(tag("small", " ", caveat_text(code, lang)) for code in codes))


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read of each dataset, ``(name, facts)``, and the files that were not read wholly, the first of many."""

    datasets: tuple[tuple[str, tuple[Fact, ...]], ...]
    gaps: tuple[Mapping[str, Any], ...]
    more_gaps: int


def covered(package: Package, lang: Lang) -> Coverage:
    """Add up ``coverage.jsonl`` by dataset; memory does not grow with the number of files."""
    compared: defaultdict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    faults: defaultdict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    gaps: list[Mapping[str, Any]] = []
    more = 0
    for record in package.records("coverage"):
        key = record["dataset"], record["release"]
        compared[key].update(record["compared"])
        faults[key].update(record["row_faults"])
        if not is_gap(record):
            continue
        if len(gaps) < MAX_LINES:
            gaps.append(record)
        else:
            more += 1
    datasets = []
    for dataset in package.manifest["datasets"]:
        key = dataset["name"], dataset["release"]
        lines = tuple(_dataset_facts(dataset, compared[key], faults[key], lang))
        datasets.append((facts.edition(dataset, "name"), lines))
    return Coverage(tuple(datasets), tuple(gaps), more)


def _dataset_facts(
    dataset: Mapping[str, Any], compared: Counter[str], faults: Counter[str], lang: Lang
) -> Iterator[Fact]:
    yield Fact(label=label("shards", lang), value=label("shards_value", lang, **dataset["shards"]))
    rows = facts.rows_read(dataset["rows_scanned"], dataset["rows_total"], lang)
    yield Fact(label=label("rows_scanned", lang), value=rows)
    by = "; ".join(f"{label(f'compared_{code}', lang)} {number(compared[code])}" for code in COMPARISONS)
    yield Fact(label=label("compared_rows", lang), value=by)
    wrong = "; ".join(f"{code} {number(count)}" for code, count in sorted(faults.items()) if count)
    yield Fact(label=label("row_faults", lang), value=wrong or label("row_faults_none", lang))
    yield Fact(label=label("layout", lang), value=dataset["layout"])
    if dataset["publisher"] is not None:
        yield Fact(label=label("publisher", lang), value=dataset["publisher"])
    yield Fact(label=label("source", lang), value=dataset["source"], kind=Kind.QUOTED)
    if dataset["statement"]:
        yield Fact(label=label("dataset_statement", lang), value=dataset["statement"], kind=Kind.QUOTED)


def coverage(package: Package, lang: Lang) -> Markup:
    """By dataset: files and rows read, rows compared by each means, faults; then the files not read wholly."""
    read = covered(package, lang)
    parts = [tag("div", tag("h3", name), fact_list(lines), class_="dataset") for name, lines in read.datasets]
    lines = [tag("li", _gap(record, lang)) for record in read.gaps]
    missing = tag("ul", *lines, class_="lines") if lines else tag("p", label("not_scanned_none", lang))
    return tag(
        "section",
        tag("h2", label("coverage", lang)),
        tag("p", label("coverage_intro", lang), class_="note"),
        *parts,
        tag("h3", label("not_scanned", lang)),
        missing,
        more_lines(read.more_gaps, "coverage.jsonl", lang),
        hosts_table(package.manifest, lang),
    )


def is_gap(record: Mapping[str, Any]) -> bool:
    """Whether a line of coverage is a file that was not read, or not wholly."""
    return record["status"] != "scanned" or (record["rows"] is not None and record["rows_scanned"] != record["rows"])


def gap_status(record: Mapping[str, Any], lang: Lang) -> str:
    """What became of a file that is a gap, in words."""
    if record["status"] == "scanned":
        return label("in_part", lang, scanned=record["rows_scanned"], total=record["rows"])
    return known_or_code(f"status_{record['status']}", lang)


def _gap(record: Mapping[str, Any], lang: Lang) -> Markup:
    reason = joined(" ", tag("code", record["reason"])) if record["reason"] else Markup("")
    return joined(f"{facts.edition(record)} · {record['shard']}: {gap_status(record, lang)}", reason)


def method(manifest: Mapping[str, Any], lang: Lang) -> Markup:
    """How it was done, what the error figures are, and what was fixed when."""
    return tag("section", tag("h2", label("method", lang)), fact_list(method_facts(manifest, lang)))


def method_facts(manifest: Mapping[str, Any], lang: Lang) -> Iterator[Fact]:
    """Fingerprints, forms, limits' date, pairs, chance total with interval, control, self-test, clock, command."""
    how, search, run, tool = manifest["method"], manifest["search"], manifest["run"], manifest["tool"]
    yield Fact(label=label("tool", lang), value=f"{tool['name']} {tool['version']}")
    for known in how["fingerprints"]:
        value = f"{known['id']}: {known['spec']} ({known['implementation']})"
        yield Fact(label=label("fingerprints", lang), value=value)
    yield Fact(label=label("variants", lang), value=f"{number(len(how['variants']))}: {', '.join(how['variants'])}")
    yield Fact(label=label("method_fixed", lang), value=run["method_fixed_at"])
    yield Fact(label=label("comparisons", lang), value=number(int(search["comparisons"])))
    low, high = search["interval95"]
    total = label("chance_total_value", lang, value=search["expected_chance_matches_total"], low=low, high=high)
    yield Fact(label=label("chance_total", lang), value=total)
    control = search["control"]
    value = label("control_none", lang)
    if control is not None:
        value = label("control_value", lang, works=control["works"], findings=control["findings"])
    yield Fact(label=label("control", lang), value=value)
    tested = label("self_test_value", lang, passed=tool["self_test"]["passed"], total=tool["self_test"]["total"])
    yield Fact(label=label("self_test", lang), value=tested)
    yield Fact(label=label("clock", lang), value=known_or_code(f"clock_{run['clock']['synchronised']}", lang))
    yield Fact(label=label("command", lang), value=" ".join(run["command"]), kind=Kind.QUOTED)


def checking(package: Package, lang: Lang) -> Markup:
    """How to check all this without trusting the program."""
    lines = [tag("li", label(f"check_{number_}", lang)) for number_ in (1, 2, 3)]
    digest = tag("p", label("manifest_sha256", lang), tag("code", package.manifest_sha256), class_="digest")
    return tag(
        "section",
        tag("h2", label("check", lang)),
        tag("ul", *lines),
        digest,
        tag("p", label("self_look", lang), class_="note"),
    )


def identity(package: Package, lang: Lang) -> Markup:
    """The lines under the title."""
    return fact_list(identity_facts(package, lang))


def identity_facts(package: Package, lang: Lang) -> Iterator[Fact]:
    """Whose works, which run, when, which package."""
    manifest = package.manifest
    run, subject = manifest["run"], manifest["subject"]
    for code in ("claimant", "asserted_by", "statement"):
        if subject[code] is not None:
            name = label("declaration" if code == "statement" else code, lang)
            yield Fact(label=name, value=subject[code], kind=Kind.QUOTED)
    span = label("from_to", lang, start=run["started_at"], end=run["finished_at"])
    yield Fact(label=label("scanned_on", lang), value=span)
    yield Fact(label=label("run", lang), value=run["run_id"], kind=Kind.CODE)
    yield Fact(label=label("manifest_sha256", lang), value=package.manifest_sha256, kind=Kind.CODE)
    if manifest["previous"] is not None:
        previous = manifest["previous"]["manifest_sha256"]
        yield Fact(label=label("previous", lang), value=previous, kind=Kind.CODE)


def first_of(records: Iterator[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], int]:
    """The first ``MAX_LINES`` records, and how many follow."""
    kept = list(islice(records, MAX_LINES))
    return kept, sum(1 for _ in records)
