"""Tiers, grades, statement codes and caveats: tier table version 1, and the one function that applies it.

The scanner grades with ``derive_grading`` and the verifier derives every finding's tier again with the same function,
from nothing but what the record itself states.  The limits here are part of the tier and cannot be configured.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIER_TABLE_VERSION: Final = 1
CHANCE_LIMIT: Final = Decimal("0.001")  # rows of the whole scan expected to come as near by chance


class Tier(StrEnum):
    """What a finding says, strongest first; a finding gets the first tier whose condition holds."""

    PACKAGED_IMAGE = "packaged_image"
    COMPILER_DIGEST = "compiler_digest"
    COMPILER_FINGERPRINT = "compiler_fingerprint"
    LIVE_IMAGE = "live_image"
    ARCHIVED_IMAGE = "archived_image"
    URL_LISTED = "url_listed"
    ASSET_LISTED = "asset_listed"
    FINGERPRINT_LEAD = "fingerprint_lead"
    HOST_LISTED = "host_listed"
    CAPTION_NAMES = "caption_names"


TIER_NUMBER: Final[dict[str, int]] = {tier.value: number for number, tier in enumerate(Tier, 1)}


class Grade(StrEnum):
    """How directly the source speaks: A direct source, B strong, C medium, D weak (a lead)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


GRADE_OF: Final[dict[Tier, Grade]] = {
    Tier.PACKAGED_IMAGE: Grade.A,
    Tier.COMPILER_DIGEST: Grade.A,
    Tier.COMPILER_FINGERPRINT: Grade.B,
    Tier.LIVE_IMAGE: Grade.B,
    Tier.ARCHIVED_IMAGE: Grade.B,
    Tier.URL_LISTED: Grade.C,
    Tier.ASSET_LISTED: Grade.C,
    Tier.FINGERPRINT_LEAD: Grade.D,
    Tier.HOST_LISTED: Grade.D,
    Tier.CAPTION_NAMES: Grade.D,
}


class StatementCode(StrEnum):
    """Which sentence of ``words`` a finding carries; within a tier the stronger statement first."""

    PACKAGED_DIGEST_EQUAL = "packaged_digest_equal"
    PACKAGED_MATCHED = "packaged_matched"
    COMPILER_SHA256_EQUAL = "compiler_sha256_equal"
    COMPILER_MD5_EQUAL = "compiler_md5_equal"
    COMPILER_FINGERPRINT_NEAR = "compiler_fingerprint_near"
    LIVE_DIGEST_EQUAL = "live_digest_equal"
    LIVE_MATCHED = "live_matched"
    ARCHIVED_DIGEST_EQUAL = "archived_digest_equal"
    ARCHIVED_MATCHED = "archived_matched"
    URL_LISTED = "url_listed"
    ASSET_LISTED = "asset_listed"
    LEAD_BY_CHANCE = "lead_by_chance"
    LEAD_UNCHECKED = "lead_unchecked"
    LEAD_CHECK_FAILED = "lead_check_failed"
    HOST_LISTED = "host_listed"
    CAPTION_NAMES = "caption_names"
    NO_MATCH = "no_match"


TIER_OF: Final[dict[StatementCode, Tier]] = {
    StatementCode.PACKAGED_DIGEST_EQUAL: Tier.PACKAGED_IMAGE,
    StatementCode.PACKAGED_MATCHED: Tier.PACKAGED_IMAGE,
    StatementCode.COMPILER_SHA256_EQUAL: Tier.COMPILER_DIGEST,
    StatementCode.COMPILER_MD5_EQUAL: Tier.COMPILER_DIGEST,
    StatementCode.COMPILER_FINGERPRINT_NEAR: Tier.COMPILER_FINGERPRINT,
    StatementCode.LIVE_DIGEST_EQUAL: Tier.LIVE_IMAGE,
    StatementCode.LIVE_MATCHED: Tier.LIVE_IMAGE,
    StatementCode.ARCHIVED_DIGEST_EQUAL: Tier.ARCHIVED_IMAGE,
    StatementCode.ARCHIVED_MATCHED: Tier.ARCHIVED_IMAGE,
    StatementCode.URL_LISTED: Tier.URL_LISTED,
    StatementCode.ASSET_LISTED: Tier.ASSET_LISTED,
    StatementCode.LEAD_BY_CHANCE: Tier.FINGERPRINT_LEAD,
    StatementCode.LEAD_UNCHECKED: Tier.FINGERPRINT_LEAD,
    StatementCode.LEAD_CHECK_FAILED: Tier.FINGERPRINT_LEAD,
    StatementCode.HOST_LISTED: Tier.HOST_LISTED,
    StatementCode.CAPTION_NAMES: Tier.CAPTION_NAMES,
}
_STATEMENT_RANK: Final = {code: rank for rank, code in enumerate(StatementCode)}


class Caveat(StrEnum):
    """What has to be said with a match."""

    URL_NOT_IMAGE = "url_not_image"
    CONTENT_TODAY = "content_today"
    LIVE_IMAGE_DIFFERS = "live_image_differs"
    ARCHIVE_THIRD_PARTY = "archive_third_party"
    COPY_NOT_EQUAL = "copy_not_equal"
    MD5_COLLISION = "md5_collision"
    HASH_COLUMN_ASSUMED = "hash_column_assumed"
    INDEX_HASH = "index_hash"
    MACHINE_CAPTION = "machine_caption"
    CHANCE_MATCHES_HIGH = "chance_matches_high"
    SECOND_CHECK_NOT_RUN = "second_check_not_run"
    SECOND_CHECK_FAILED = "second_check_failed"
    LOW_DETAIL = "low_detail"
    COMMON_PICTURE = "common_picture"
    SEVERAL_WORKS = "several_works"
    URL_DECLARED = "url_declared"
    HOST_SHARED = "host_shared"
    NAME_SHARED = "name_shared"
    SHARD_DIGEST_UNCONFIRMED = "shard_digest_unconfirmed"
    SHARD_READ_IN_PART = "shard_read_in_part"
    TEXT_NOT_VERBATIM = "text_not_verbatim"
    WITHHELD_UNSAFE = "withheld_unsafe"


class Limitation(StrEnum):
    """What has to be said with a scan: the caveats of ``limitations`` in the Manifest."""

    FETCH_OFF = "fetch_off"
    NO_RECORDED_HASH = "no_recorded_hash"
    INCOMPLETE = "incomplete"
    CHOSEN_BY_CLAIMANT = "chosen_by_claimant"
    CLOCK_UNCHECKED = "clock_unchecked"


class BasisKind(StrEnum):
    """What was compared."""

    DIGEST_EQUAL = "digest_equal"
    FINGERPRINT_NEAR = "fingerprint_near"
    URL_EQUAL = "url_equal"
    ASSET_EQUAL = "asset_equal"
    HOST_EQUAL = "host_equal"
    CAPTION_CONTAINS = "caption_contains"


class HashSource(StrEnum):
    """Whose bytes or statement a digest or fingerprint of the dataset's side comes from."""

    COMPILER = "compiler"
    SHARD_BYTES = "shard_bytes"
    LIVE_BYTES = "live_bytes"
    ARCHIVE_BYTES = "archive_bytes"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSource:
    """What is known about the row and its shard, as far as caveats depend on it.

    ``holds_image``: the row itself holds image bytes.  ``shard_confirmed``: a digest by the publisher was at hand
    (``publisher_digest`` in the coverage).  ``shard_read_whole``: all its bytes were read and its digest computed here.
    """

    lists_url: bool
    holds_image: bool
    shard_confirmed: bool
    shard_read_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """Tier, grade, sentence and the caveats that are due (sorted); a record may carry further caveats, never fewer."""

    tier: Tier
    grade: Grade
    statement_code: StatementCode
    caveats: tuple[str, ...]


class UngradableError(ValueError):
    """A basis that no row of the tier table accepts: the record claims something that was not compared."""


def derive_grading(
    *,
    basis: Sequence[Mapping[str, Any]],
    expected_chance_matches: str | None,
    second_check: Mapping[str, Any] | None,
    observation: Mapping[str, Any] | None,
    row_source: RowSource,
) -> Grading:
    """Apply the tier table: the first basis gives the tier, after all have been put in order.

    ``basis``, ``second_check`` and ``observation`` are those of a line of ``matches.jsonl`` (evidence.md section 5);
    ``basis`` may come in any order here.  ``second_check`` speaks about the pixels that were at hand: those of the
    observation if there is one, else those in the shard.

    Raises:
        UngradableError: no basis; a distance above its threshold; an unknown combination of kind, metric and source; a
            fingerprint without ``expected_chance_matches``; a live or archived finding without its observation.
    """
    if not basis:
        raise UngradableError("no basis")
    codes = [
        statement_of(
            entry, expected_chance_matches=expected_chance_matches, second_check=second_check, observation=observation
        )
        for entry in basis
    ]
    strongest = min(range(len(basis)), key=lambda place: _STATEMENT_RANK[codes[place]])
    code, first = codes[strongest], basis[strongest]
    tier = TIER_OF[code]
    if tier in {Tier.LIVE_IMAGE, Tier.ARCHIVED_IMAGE}:
        _require_observation(tier, observation)
    due = _caveats_of(code, first, expected_chance_matches)
    if tier not in {Tier.PACKAGED_IMAGE, Tier.FINGERPRINT_LEAD} and row_source.lists_url and not row_source.holds_image:
        due.add(Caveat.URL_NOT_IMAGE)
    is_live = observation is not None and observation["kind"] == "live"
    if tier is Tier.COMPILER_FINGERPRINT and is_live and second_check and not second_check["passed"]:
        due.add(Caveat.LIVE_IMAGE_DIFFERS)
    if not row_source.shard_confirmed:
        due.add(Caveat.SHARD_DIGEST_UNCONFIRMED)
    if not row_source.shard_read_whole:
        due.add(Caveat.SHARD_READ_IN_PART)
    return Grading(
        tier=tier, grade=GRADE_OF[tier], statement_code=code, caveats=tuple(sorted(caveat.value for caveat in due))
    )


def statement_of(
    entry: Mapping[str, Any],
    *,
    expected_chance_matches: str | None,
    second_check: Mapping[str, Any] | None,
    observation: Mapping[str, Any] | None,
) -> StatementCode:
    """The sentence that one basis alone would carry; its place in ``StatementCode`` is the order of ``basis``.

    Raises:
        UngradableError: as ``derive_grading``.
    """
    kind, source = entry["kind"], entry["source_of_hash"]
    if kind == BasisKind.DIGEST_EQUAL:
        return _digest_statement(str(entry["metric"]), source)
    if kind == BasisKind.FINGERPRINT_NEAR:
        if expected_chance_matches is None:
            raise UngradableError("a fingerprint was compared, but expected_chance_matches is null")
        distance, limit = entry["value"], entry["threshold"]
        if not isinstance(distance, int) or not isinstance(limit, int) or not 0 <= distance <= limit:
            raise UngradableError(f"distance {distance} is not within the limit {limit}")
        return _fingerprint_statement(source, chance_of(expected_chance_matches), second_check, observation)
    if source is not None:
        raise UngradableError(f"{kind} has no source_of_hash")
    try:
        return _IDENTITY[kind]
    except KeyError:
        raise UngradableError(f"unknown kind {kind!r}") from None


_IDENTITY: Final = {
    BasisKind.URL_EQUAL: StatementCode.URL_LISTED,
    BasisKind.ASSET_EQUAL: StatementCode.ASSET_LISTED,
    BasisKind.HOST_EQUAL: StatementCode.HOST_LISTED,
    BasisKind.CAPTION_CONTAINS: StatementCode.CAPTION_NAMES,
}
_DIGEST: Final = {
    ("sha256", HashSource.SHARD_BYTES): StatementCode.PACKAGED_DIGEST_EQUAL,
    ("sha256", HashSource.COMPILER): StatementCode.COMPILER_SHA256_EQUAL,
    ("md5", HashSource.COMPILER): StatementCode.COMPILER_MD5_EQUAL,
    ("sha256", HashSource.LIVE_BYTES): StatementCode.LIVE_DIGEST_EQUAL,
    ("sha256", HashSource.ARCHIVE_BYTES): StatementCode.ARCHIVED_DIGEST_EQUAL,
}
# Source of the pixels: the statement once the second check passed, and the kind of observation it was made on.
_PIXELS: Final = {
    HashSource.SHARD_BYTES: (StatementCode.PACKAGED_MATCHED, None),
    HashSource.LIVE_BYTES: (StatementCode.LIVE_MATCHED, "live"),
    HashSource.ARCHIVE_BYTES: (StatementCode.ARCHIVED_MATCHED, "archive"),
}


def _digest_statement(metric: str, source: str | None) -> StatementCode:
    for (known_metric, known_source), code in _DIGEST.items():
        if (metric, source) == (known_metric, known_source):
            return code
    raise UngradableError(f"no tier for an equal {metric} from {source}")


def _fingerprint_statement(
    source: str | None, chance: Decimal, second_check: Mapping[str, Any] | None, observation: Mapping[str, Any] | None
) -> StatementCode:
    seen = observation["kind"] if observation else None
    if source in _PIXELS:
        matched, looked_at = _PIXELS[HashSource(source)]
        if second_check is None or seen != looked_at:
            return StatementCode.LEAD_UNCHECKED
        return matched if second_check["passed"] else StatementCode.LEAD_CHECK_FAILED
    if source == HashSource.COMPILER and chance <= CHANCE_LIMIT:
        return StatementCode.COMPILER_FINGERPRINT_NEAR
    if source not in {HashSource.COMPILER, HashSource.INDEX}:
        raise UngradableError(f"no tier for a fingerprint from {source}")
    if second_check is not None and not second_check["passed"]:
        return StatementCode.LEAD_CHECK_FAILED
    return StatementCode.LEAD_BY_CHANCE if chance > CHANCE_LIMIT else StatementCode.LEAD_UNCHECKED


def _require_observation(tier: Tier, observation: Mapping[str, Any] | None) -> None:
    needed = "live" if tier is Tier.LIVE_IMAGE else "archive"
    if observation is None or observation["kind"] != needed:
        raise UngradableError(f"{tier} without an observation of kind {needed}")


_ALWAYS: Final[dict[StatementCode, frozenset[Caveat]]] = {
    StatementCode.PACKAGED_DIGEST_EQUAL: frozenset(),
    StatementCode.PACKAGED_MATCHED: frozenset({Caveat.COPY_NOT_EQUAL}),
    StatementCode.COMPILER_SHA256_EQUAL: frozenset({Caveat.HASH_COLUMN_ASSUMED}),
    StatementCode.COMPILER_MD5_EQUAL: frozenset({Caveat.HASH_COLUMN_ASSUMED, Caveat.MD5_COLLISION}),
    StatementCode.COMPILER_FINGERPRINT_NEAR: frozenset({Caveat.HASH_COLUMN_ASSUMED}),
    StatementCode.LIVE_DIGEST_EQUAL: frozenset({Caveat.CONTENT_TODAY}),
    StatementCode.LIVE_MATCHED: frozenset({Caveat.CONTENT_TODAY, Caveat.COPY_NOT_EQUAL}),
    StatementCode.ARCHIVED_DIGEST_EQUAL: frozenset({Caveat.ARCHIVE_THIRD_PARTY}),
    StatementCode.ARCHIVED_MATCHED: frozenset({Caveat.ARCHIVE_THIRD_PARTY, Caveat.COPY_NOT_EQUAL}),
    StatementCode.URL_LISTED: frozenset({Caveat.URL_DECLARED}),
    StatementCode.ASSET_LISTED: frozenset({Caveat.URL_DECLARED}),
    StatementCode.LEAD_BY_CHANCE: frozenset({Caveat.CHANCE_MATCHES_HIGH}),
    StatementCode.LEAD_UNCHECKED: frozenset({Caveat.SECOND_CHECK_NOT_RUN}),
    StatementCode.LEAD_CHECK_FAILED: frozenset({Caveat.SECOND_CHECK_FAILED}),
    StatementCode.HOST_LISTED: frozenset(),
    StatementCode.CAPTION_NAMES: frozenset(),
}


def _caveats_of(code: StatementCode, first: Mapping[str, Any], expected_chance_matches: str | None) -> set[Caveat]:
    due = set(_ALWAYS[code])
    if TIER_OF[code] is Tier.FINGERPRINT_LEAD:
        if first["source_of_hash"] == HashSource.INDEX:
            due.add(Caveat.INDEX_HASH)
        if expected_chance_matches is not None and chance_of(expected_chance_matches) > CHANCE_LIMIT:
            due.add(Caveat.CHANCE_MATCHES_HIGH)
    return due


def statement_rank(code: StatementCode) -> int:
    """Place of a statement in the order of ``basis``: by tier, within a tier the stronger first; 0 is the strongest."""
    return _STATEMENT_RANK[code]


def chance_of(text: str) -> Decimal:
    """Read an ``expected_chance_matches``.

    Raises:
        UngradableError: not a plain, non-negative decimal.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise UngradableError(f"not a decimal: {text[:40]!r}") from None
    if not value.is_finite() or value < 0:
        raise UngradableError(f"not a number of rows: {text[:40]!r}")
    return value


def chance_text(value: Decimal | float) -> str:
    """Spell an ``expected_chance_matches``: three significant digits, rounded up, never below ``"0.000001"``.

    >>> chance_text(0.00033801), chance_text(0), chance_text(12345)
    ('0.000339', '0.000001', '12400')
    """
    exact = Decimal(value)
    if not exact.is_finite() or exact < 0:
        raise UngradableError(f"not a number of rows: {value}")
    if exact < Decimal("0.000001"):
        return "0.000001"
    step = Decimal(1).scaleb(exact.adjusted() - 2)
    return f"{exact.quantize(step, rounding=ROUND_CEILING).normalize():f}"
