"""From hits to findings: group by Work and Row, put chance figures to fingerprints, apply the tier table, list what is listed.

Pure.  The tier table itself is ``manifests.tiers``: the verifier derives every grade again with the same function.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from manifests.tiers import CHANCE_LIMIT, TIER_OF, Tier, chance_of, chance_text, statement_of, statement_rank
from scanner.hashers import is_low_detail
from scanner.metadata.statistics import furniture_of, is_shared_name
from scanner.observations import FetchOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.chance import ChanceModel
    from scanner.config import ScanConfig
    from scanner.observations import Observation
    from scanner.outcomes import Checked, Hit
    from scanner.works import Portfolio

COMMON_ROWS = 20  # other rows as near as this one, before a picture is called common (a stock motif, a placeholder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """The chance models of a scan: one for each algorithm, and the rows that were compared under it."""

    models: Mapping[str, ChanceModel]
    rows: Mapping[str, int]

    def expected(self, algorithm: str, work: int, distance: int) -> str:
        """``expected_chance_matches`` as a plain decimal."""
        return chance_text(self.models[algorithm].expected(work, distance, self.rows[algorithm]))

    def largest_distance(self, algorithm: str, work: int, radius: int) -> int:
        """The largest distance within the radius that carries a claim; the radius where none does."""
        largest = self.models[algorithm].largest_distance(work, self.rows[algorithm])
        return radius if largest is None else min(largest, radius)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """All comparisons that hold between one Work (or none) and one Row, graded.

    ``shard`` is the index of the shard in the scan, ``work`` that of the Work in the portfolio.  ``basis`` is in tier order, as in
    ``matches.jsonl``.  ``checked`` speaks of the pixels of ``observation`` where there is one, else of those inside the shard.
    """

    shard: int
    work: int | None
    hits: tuple[Hit, ...]
    basis: tuple[dict[str, Any], ...]
    tier: Tier
    expected_chance_matches: str | None
    checked: Checked | None
    caveats: frozenset[str] = frozenset()
    observation: Observation | None = None

    @property
    def row(self) -> tuple[int, int, int]:
        """Shard, row number, item (-1 where there is none): where it stands in the scan."""
        row = self.hits[0].row
        return self.shard, row.row_number, -1 if row.item is None else row.item


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLook:
    """A look at the address of a row, live or in an archive, with what was found out about the picture it returned.

    ``checks``: second checks by index of the Work.  ``suspected``: it may be a placeholder (``placeholders``).  ``said``: what
    else the look tells of the row, as it will stand in ``detail`` of the first basis (whether a recorded digest is that of the
    bytes returned, how far the capture lies from the crawl).
    """

    observation: Observation
    checks: Mapping[int, Checked] = field(default_factory=dict)
    suspected: bool = False
    said: Mapping[str, str] = field(default_factory=dict)


Looks = Mapping[tuple[int, int, int], Sequence[RowLook]]  # by ``Match.row``; the live one first


def group_hits(
    hits: Iterable[tuple[int, Hit]],
    portfolio: Portfolio,
    chance: Chance,
    config: ScanConfig,
    looks: Looks | None = None,
) -> list[Match]:
    """Bring the hits of one Work and Row together and grade them; in scan order (shard, row, item, Work; no Work last).

    What holds for a row but concerns no single Work (its host, a name in its caption) stands in the basis of the Works found on
    that row; on a row without any it is a finding of its own.  ``looks`` at the rows' addresses, where any were made.
    """
    on_row: dict[tuple[int, int, int], dict[int | None, list[Hit]]] = defaultdict(lambda: defaultdict(list))
    for shard, hit in hits:
        item = -1 if hit.row.item is None else hit.row.item
        on_row[shard, hit.row.row_number, item][hit.work].append(hit)
    matches = []
    for place, by_work in sorted(on_row.items()):
        seen = () if looks is None else looks.get(place, ())
        of_the_row = by_work.pop(None, [])
        works: list[tuple[int | None, list[Hit]]] = sorted(by_work.items(), key=lambda entry: entry[0] or 0)
        matches += [
            _graded(place[0], work, (*found, *of_the_row), seen, (chance, config))
            for work, found in works or [(None, [])]
        ]
    return _with_company(matches, portfolio)


def _graded(
    shard: int, work: int | None, hits: tuple[Hit, ...], looks: Sequence[RowLook], by: tuple[Chance, ScanConfig]
) -> Match:
    """The Match under the look that carries most; of equals the first, and a look rather than none: it says what was returned."""
    standing = [(look, tuple(hit for hit in hits if _may_stand(hit, look))) for look in (*looks, None)]
    views = [_seen_with(look, shard, work, kept, by) for look, kept in standing if kept]
    return min(views, key=lambda view: view[0])[1]


def _seen_with(
    look: RowLook | None, shard: int, work: int | None, hits: tuple[Hit, ...], by: tuple[Chance, ScanConfig]
) -> tuple[int, Match]:
    """The Match as it stands with one look, and the rank of what it then says."""
    entries = [_basis(hit, *by) for hit in hits]
    if look is None:
        own = (hit.checked for hit in hits if hit.checked is not None and hit.observation is None)
        checked, observation = next(own, None), None
    else:
        checked, observation = (None if work is None else look.checks.get(work)), {"kind": look.observation.kind}
    second_check = None if checked is None else {"passed": checked.passed}
    expected = [_expected(hit, by[0]) for hit in hits]

    def rank(place: int, figure: str | None) -> tuple[int, int, int, str]:
        code = statement_of(
            entries[place], expected_chance_matches=figure, second_check=second_check, observation=observation
        )
        wide_first = 0 if hits[place].metric == "hamming/phash256" else 1
        distance = hits[place].value
        return statement_rank(code), wide_first, distance if isinstance(distance, int) else 0, str(entries[place])

    places = sorted(range(len(hits)), key=lambda place: rank(place, expected[place]))
    figure = next((expected[place] for place in places if expected[place] is not None), None)
    places.sort(key=lambda place: rank(place, figure))
    code = statement_of(
        entries[places[0]], expected_chance_matches=figure, second_check=second_check, observation=observation
    )
    basis = [entries[place] for place in places]
    match = Match(
        shard=shard,
        work=work,
        hits=tuple(hits[place] for place in places),
        basis=tuple(basis if look is None else _said_of_look(basis, [hits[place] for place in places], look)),
        tier=TIER_OF[code],
        expected_chance_matches=figure,
        checked=checked,
        caveats=frozenset(caveat for hit in hits for caveat in hit.caveats) | _caveats_of_look(look),
        observation=None if look is None else look.observation,
    )
    return statement_rank(code), match


def _may_stand(hit: Hit, look: RowLook | None) -> bool:
    """Whether a comparison may stand in the basis beside this look.

    What was fetched needs a look beside it, and an equal digest the look that returned those bytes.  A fingerprint of a look of the
    other kind stands too: it says so in its detail, and carries nothing there.  Of another capture it does not: its distance would
    be told of this one.
    """
    if hit.observation is None:
        return True
    if look is None:
        return False
    if hit.kind == "digest_equal":
        return hit.picture_sha256 == look.observation.content_sha256
    is_of_archive = hit.source_of_hash == "archive_bytes"
    return hit.observation == look.observation.observation_id or is_of_archive != (look.observation.kind == "archive")


def _said_of_look(basis: Sequence[dict[str, Any]], hits: Sequence[Hit], look: RowLook) -> Iterator[dict[str, Any]]:
    """The basis with what only the look tells: whose picture it was, if another's, and what the row's own digest says of it."""
    own = look.observation.observation_id
    for place, (entry, hit) in enumerate(zip(basis, hits, strict=True)):
        added = {"observation": hit.observation} if hit.observation not in {None, own} else {}
        if place == 0:
            added |= dict(sorted(look.said.items()))
        yield {**entry, "detail": {**(entry["detail"] or {}), **added}} if added else entry


def _caveats_of_look(look: RowLook | None) -> frozenset[str]:
    if look is None:
        return frozenset()
    said = {"common_picture"} if look.suspected else set()
    if look.observation.outcome is FetchOutcome.WITHHELD_UNSAFE:
        said.add("withheld_unsafe")
    return frozenset(said)


def _algorithm(hit: Hit) -> str:
    return hit.metric.removeprefix("hamming/")


def _expected(hit: Hit, chance: Chance) -> str | None:
    if hit.kind != "fingerprint_near" or hit.work is None:
        return None
    return chance.expected(_algorithm(hit), hit.work, int(hit.value))


def _basis(hit: Hit, chance: Chance, config: ScanConfig) -> dict[str, Any]:
    threshold = None
    if hit.kind == "fingerprint_near" and hit.work is not None:
        algorithm = _algorithm(hit)
        threshold = config.radius64 if algorithm == "phash64" else config.radius256
        if hit.source_of_hash == "compiler" and chance_of(_expected(hit, chance) or "1") <= CHANCE_LIMIT:
            threshold = chance.largest_distance(algorithm, hit.work, threshold)
    detail = dict(hit.detail)
    if hit.work_file is not None:
        detail["file"] = hit.work_file
    return {
        "kind": hit.kind,
        "metric": hit.metric,
        "value": hit.value,
        "threshold": threshold,
        "variant": hit.variant,
        "source_of_hash": hit.source_of_hash,
        "column": hit.column,
        "work_value": hit.work_value,
        "row_value": hit.row_value,
        "detail": detail or None,
    }


def _with_company(matches: list[Match], portfolio: Portfolio) -> list[Match]:
    """Add the caveats that depend on the other matches: low detail, common picture, several works."""
    distances: dict[int, list[int]] = defaultdict(list)
    on_row: dict[tuple[int, int, int], list[Match]] = defaultdict(list)
    for match in matches:
        if match.work is not None:
            on_row[match.row].append(match)
            if (near := _distance(match)) is not None:
                distances[match.work].append(near)
    for found in distances.values():
        found.sort()
    done = []
    for match in matches:
        caveats = set(match.caveats)
        near = _distance(match)
        if match.work is not None and near is not None:
            if is_low_detail(portfolio.works[match.work].detail):
                caveats.add("low_detail")
            if bisect_right(distances[match.work], near) > COMMON_ROWS:
                caveats.add("common_picture")
        if match.work is not None and _others_as_strong(match, on_row[match.row]):
            caveats.add("several_works")
        done.append(replace(match, caveats=frozenset(caveats)))
    return done


def _distance(match: Match) -> int | None:
    """Differing bits of the nearest 64-bit comparison, else of the 256-bit one scaled to 64."""
    near: dict[str, int] = {}
    for hit in match.hits:
        if hit.kind == "fingerprint_near":
            name = _algorithm(hit)
            near[name] = min(near.get(name, int(hit.value)), int(hit.value))
    if "phash64" in near:
        return near["phash64"]
    return near["phash256"] // 4 if near else None


def _others_as_strong(match: Match, company: Sequence[Match]) -> bool:
    own = match.hits[0]
    for other in company:
        if other.work == match.work:
            continue
        for hit in other.hits:
            if (hit.kind, hit.metric) != (own.kind, own.metric):
                continue
            if own.kind != "fingerprint_near" or int(hit.value) <= int(own.value):
                return True
    return False


def listed(matches: Sequence[Match], config: ScanConfig) -> tuple[list[Match], Counter[str]]:
    """Keep the findings that are listed; count by tier the weak leads beyond the limits of the configuration.

    Everything above grade D is listed.  Of fingerprint leads, the nearest ``leads_per_work`` of each Work; of hosts and captions,
    the first ``leads_per_term`` rows of each term.  Of a shared name, only rows where another rule agrees; where none does, its first
    row, which says how many there are.
    """
    beyond: Counter[str] = Counter()
    kept = [match for match in matches if match.tier not in _LEADS]
    agreed = {match.row for match in kept}
    weak = [match for match in matches if match.row not in agreed and _is_shared_name_alone(match)]
    passed = set(map(id, weak))
    named = {name for match in matches if id(match) not in passed for name in _names(match)}
    leads: dict[tuple[str, object], list[Match]] = defaultdict(list)
    for match in matches:
        if match.tier not in _LEADS:
            continue
        key = match.work if match.tier is Tier.FINGERPRINT_LEAD else match.basis[0]["value"]
        if id(match) in passed and _names(match) <= named:
            beyond[match.tier] += 1
        else:
            leads[match.tier, key].append(match)
            named |= _names(match)
    for (tier, _), found in sorted(leads.items(), key=lambda entry: str(entry[0])):
        limit = config.leads_per_term
        if tier == Tier.FINGERPRINT_LEAD:
            limit = config.leads_per_work
            found.sort(key=lambda match: (chance_of(match.expected_chance_matches or "0"), match.row))
        kept += found[:limit]
        if len(found) > limit:
            beyond[tier] += len(found) - limit
    return sorted(kept, key=lambda match: (match.row, match.work is None, match.work or 0)), beyond


def _is_shared_name_alone(match: Match) -> bool:
    return all(hit.kind == "caption_contains" and "name_shared" in hit.caveats for hit in match.hits)


def _names(match: Match) -> set[str]:
    return {str(hit.value) for hit in match.hits if hit.kind == "caption_contains"}


def weigh_terms(
    hits: Sequence[tuple[int, Hit]], terms: Mapping[str, int], rows_scanned: int
) -> tuple[list[tuple[int, Hit]], Counter[str]]:
    """Apply what only the whole scan can tell of identity hits (identity.md sections 5 and 8).

    Rows of an asset that is site furniture (a logo) are counted, not listed, unless they hold the declared address itself.  A name
    says in how many of all rows it stands, in how
    many of these on a declared host, and beside how many a phrase like "in the style of"; one that many rows hold is ``name_shared``.
    """
    kept: list[tuple[int, Hit]] = []
    dropped: set[tuple[int, int, int | None]] = set()
    logos = furniture_of(terms)
    for shard, hit in hits:
        if hit.kind == "asset_equal" and str(hit.value) in logos:
            dropped.add((shard, hit.row.row_number, hit.row.item))
        elif hit.kind == "caption_contains":
            shared = {"name_shared"} if is_shared_name(str(hit.value), terms, rows_scanned) else set()
            counts = {
                shown: str(terms.get(f"{counted}:caption_contains:{hit.value}", 0))
                for counted, shown in (
                    ("rows", "rows_with_name"),
                    ("hosts", "on_declared_hosts"),
                    ("styled", "in_style_phrase"),
                )
            }
            caveats = tuple(sorted({*hit.caveats, *shared}))
            kept.append((shard, replace(hit, caveats=caveats, detail={**hit.detail, **counts})))
        else:
            kept.append((shard, hit))
    dropped -= {(shard, hit.row.row_number, hit.row.item) for shard, hit in kept if hit.kind == "url_equal"}
    return kept, Counter({Tier.ASSET_LISTED: len(dropped)} if dropped else {})


_LEADS = frozenset({Tier.FINGERPRINT_LEAD, Tier.HOST_LISTED, Tier.CAPTION_NAMES})


def tiers_not_listed(counted: Mapping[str, int], chance: Chance) -> Counter[str]:
    """By tier, the hits that ``pipeline.within_limits`` counted without keeping them."""
    beyond: Counter[str] = Counter()
    for key, count in counted.items():
        kind, _, rest = key.partition(":")
        if kind == "host_equal":
            beyond[Tier.HOST_LISTED] += count
        elif kind == "caption_contains":
            beyond[Tier.CAPTION_NAMES] += count
        else:
            source, work, distance = rest.split(":")
            near = chance.expected(kind.removeprefix("hamming/"), int(work), int(distance))
            carries = source == "compiler" and chance_of(near) <= CHANCE_LIMIT
            beyond[Tier.COMPILER_FINGERPRINT if carries else Tier.FINGERPRINT_LEAD] += count
    return beyond
