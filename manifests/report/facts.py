"""What a finding states, as labelled lines: the one list that the report, the PDF and the terminal print.

Values come from the record as they stand.  A line whose value is third-party text says so: whoever prints it sets
quotation marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from manifests.texts.filters import FILTER_SOURCES
from manifests.texts.labels import known_or_code, label, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from manifests.report.selection import VerbatimRow
    from manifests.words import Lang


class Kind(StrEnum):
    """How a value wants to be printed."""

    PLAIN = "plain"
    CODE = "code"  # digests, ids: fixed width, may break anywhere
    QUOTED = "quoted"  # text of others: always in quotation marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One labelled line; ``minor`` ones are for whoever looks the row up, not for the first look."""

    label: str
    value: str
    kind: Kind = Kind.PLAIN
    minor: bool = False


def edition(source: Mapping[str, Any], name: str = "dataset") -> str:
    """Dataset and release, as in the sentences: a null release is left out."""
    return f"{source[name]} {source['release']}" if source["release"] is not None else str(source[name])


def where(match: Mapping[str, Any], lang: Lang) -> Iterator[Fact]:
    """Where the row stands: enough to find it in the publisher's file."""
    row = match["row"]
    yield Fact(label=label("dataset", lang), value=edition(row))
    yield Fact(label=label("shard", lang), value=row["shard"])
    yield Fact(label=label("row", lang), value=str(row["row_number"]))
    if row["item"] is not None:
        yield Fact(label=label("item", lang), value=str(row["item"]))
    for name in ("caption", "url"):
        if row[name] is not None:
            yield Fact(label=label(name, lang), value=str(row[name]), kind=Kind.QUOTED)
    if row["row_group"] is not None:
        place = label("row_group_value", lang, group=str(row["row_group"]), position=str(row["row_in_group"]))
        yield Fact(label=label("row_group", lang), value=place, minor=True)
    if row["key"] is not None:
        yield Fact(label=label("row_key", lang), value=str(row["key"]), kind=Kind.QUOTED, minor=True)
    if row["width"] is not None and row["height"] is not None:
        yield Fact(label=label("row_size", lang), value=f"{row['width']} × {row['height']}", minor=True)


def digests(match: Mapping[str, Any], lang: Lang) -> Iterator[Fact]:
    """Digests and ids by which the line is found again, all minor."""
    row = match["row"]
    if row["shard_sha256"] is not None:
        yield Fact(label=label("shard_sha256", lang), value=row["shard_sha256"], kind=Kind.CODE, minor=True)
    else:  # known by its address, ETag, size and date; the pieces that were read have their digests in the coverage
        yield Fact(label=label("shard_id", lang), value=row["shard_id"], kind=Kind.CODE, minor=True)
    yield Fact(label=label("row_values_sha256", lang), value=row["values_sha256"], kind=Kind.CODE, minor=True)
    yield Fact(label=label("match_id", lang), value=match["match_id"], kind=Kind.CODE, minor=True)


def compared(match: Mapping[str, Any], lang: Lang) -> Iterator[Fact]:
    """What was compared, how near it came, how many rows come as near by chance, and the second check."""
    for basis in match["basis"]:
        yield from _basis(basis, lang)
    if match["expected_chance_matches"] is not None:
        value = label("chance_value", lang, chance=match["expected_chance_matches"])
        yield Fact(label=label("chance", lang), value=value)
    if match["second_check"] is not None or any(basis["kind"] == "fingerprint_near" for basis in match["basis"]):
        yield Fact(label=label("second_check", lang), value=_second_check(match["second_check"], lang))


def _basis(basis: Mapping[str, Any], lang: Lang) -> Iterator[Fact]:
    kind = known_or_code(f"kind_{basis['kind']}", lang)
    words = [kind]
    if basis["source_of_hash"] is not None:
        words.append(known_or_code(f"source_{basis['source_of_hash']}", lang))
    if basis["column"] is not None:
        words.append(label("column", lang, column=basis["column"]))
    listed = basis["source_of_hash"] is None  # an address or a name: its value says it all
    yield Fact(label=label("basis", lang), value="; ".join(words), minor=listed)
    if basis["metric"].startswith("hamming/"):
        yield Fact(label=label("distance", lang), value=distance(basis, lang))
        yield Fact(label=label("variant", lang), value=str(basis["variant"]))
        yield Fact(label=label("work_value", lang), value=str(basis["work_value"]), kind=Kind.CODE, minor=True)
        yield Fact(label=label("row_value", lang), value=str(basis["row_value"]), kind=Kind.CODE, minor=True)
    elif listed:
        yield Fact(label=kind, value=str(basis["value"]), kind=Kind.QUOTED)
        counts = basis["detail"] or {}
        if "rows_with_name" in counts:
            said = {
                "rows": counts["rows_with_name"],
                "hosts": counts.get("on_declared_hosts", "0"),
                "styled": counts.get("in_style_phrase", "0"),
            }
            yield Fact(label=label("name_rows", lang), value=label("name_rows_value", lang, **said))
    else:
        yield Fact(label=label("equal_value", lang), value=str(basis["value"]), kind=Kind.CODE)


def distance(basis: Mapping[str, Any], lang: Lang) -> str:
    """``4 of 64 bits differ (phash64), limit 8``."""
    values = {
        "distance": str(basis["value"]),
        "bits": str(4 * len(str(basis["row_value"]).partition(":")[2])),
        "algorithm": basis["metric"].partition("/")[2],
    }
    if basis["threshold"] is None:
        return label("distance_nolimit", lang, **values)
    return label("distance_value", lang, threshold=str(basis["threshold"]), **values)


def near(match: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The first fingerprint comparison of a finding, or None."""
    found: Mapping[str, Any] | None = next((b for b in match["basis"] if b["metric"].startswith("hamming/")), None)
    return found


def _second_check(check: Mapping[str, Any] | None, lang: Lang) -> str:
    if check is None:
        return label("second_check_not_run", lang)
    code = "second_check_passed" if check["passed"] else "second_check_failed"
    return label(code, lang, value=check["value"], threshold=check["threshold"], method=check["method"])


_NOT_ASKED: Final = frozenset(  # outcomes of a look for which nothing was sent to the address
    {"bad_url", "address_refused", "robots_disallowed", "withheld_unsafe", "over_budget", "host_parked"}
)


def observed(match: Mapping[str, Any], lang: Lang) -> Iterator[Fact]:
    """What one dated look at the outside world returned; nothing where none was made."""
    seen = match["observation"]
    if seen is None:
        return
    if seen["archive"] is not None:
        value = label(
            "observation_archive",
            lang,
            fetched_at=seen["fetched_at"],
            archive=f"“{seen['archive']['name']}”",
            captured_at=seen["archive"]["captured_at"],
        )
    else:
        value = label("observation_live", lang, fetched_at=seen["fetched_at"], outcome=seen["outcome"])
    unasked = seen["status"] is None and seen["outcome"] in _NOT_ASKED
    yield Fact(label=label("observation_not_asked" if unasked else "observation", lang), value=value)
    if seen["final_url"] is not None and seen["final_url"] != match["row"]["url"]:
        yield Fact(label=label("final_url", lang), value=seen["final_url"], kind=Kind.QUOTED)
    if seen["content_sha256"] is not None:
        yield Fact(label=label("content_sha256", lang), value=seen["content_sha256"], kind=Kind.CODE)
    if seen["capture"] is not None:
        value = f"{seen['capture']['file']} {seen['capture']['record_id']}"
        yield Fact(label=label("capture", lang), value=value, kind=Kind.CODE)


def filters(match: Mapping[str, Any], lang: Lang) -> Iterator[Fact]:
    """Filters of known subsets, each with its state and its source; those whose conditions the row meets first, the others minor."""
    for subset in sorted(match["subsets"], key=lambda subset: (subset["state"] != "eligible", subset["rule"])):
        state = known_or_code(f"state_{subset['state']}", lang)
        yield Fact(label=subset["rule"], value=state, minor=subset["state"] != "eligible")
        if (source := FILTER_SOURCES.get(subset["rule"])) is not None:
            yield Fact(
                label=label("subset_rule", lang, rule=subset["rule"]), value=source, kind=Kind.QUOTED, minor=True
            )


def reviewed(match: Mapping[str, Any], lang: Lang) -> Iterator[Fact]:
    """What a person decided, where one did."""
    review = match["review"]
    if review is None:
        return
    decision = known_or_code(f"review_{review['decision']}", lang)
    value = label("review_value", lang, decision=decision, by=review["by"], at=review["at"])
    yield Fact(label=label("review", lang), value=value)
    if review["note"]:
        yield Fact(label=label("review_note", lang), value=review["note"], kind=Kind.QUOTED)


def declared(work: Mapping[str, Any], lang: Lang) -> Iterator[Fact]:
    """What the owner says about a work: declarations, never findings."""
    if work["title"] is not None:
        yield Fact(label=label("work_title", lang), value=work["title"], kind=Kind.QUOTED)
    registration = work["registration"] or {}
    parts = [registration[key] for key in ("no", "date", "office") if registration.get(key) is not None]
    if parts:
        yield Fact(label=label("registration", lang), value=", ".join(parts), kind=Kind.QUOTED)
    if work["first_published"] is not None:
        yield Fact(label=label("first_published", lang), value=work["first_published"], kind=Kind.QUOTED)
    for url in work["published_urls"]:
        yield Fact(label=label("published_urls", lang), value=url, kind=Kind.QUOTED)
    if work["width"] is not None:
        yield Fact(label=label("work_size", lang), value=f"{work['width']} × {work['height']}")
    if work["sha256"] is not None:
        yield Fact(label=label("work_sha256", lang), value=work["sha256"], kind=Kind.CODE)


def kept(row: VerbatimRow) -> Iterator[Fact]:
    """The row verbatim, column by column; null is no text and stands without quotation marks."""
    for name, kind, value in row.values:
        shown, how = ("null", Kind.PLAIN) if value is None else (value, Kind.QUOTED)
        yield Fact(label=f"{name} ({kind})", value=shown, kind=how)


def rows_read(count: int, total: int | None, lang: Lang) -> str:
    """``123 of 456``, or ``123`` where nobody knows how many there are."""
    if total is None or total == count:
        return number(count)
    return label("rows_of", lang, scanned=count, total=total)
