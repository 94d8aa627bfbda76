"""What looking at listed addresses needs to know of rows, and what it gives: values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from scanner.archives import CrawlWindow, window_of
from scanner.datasets import Role, RowRef
from scanner.fetch.entities import entity
from scanner.looks import Wanted
from scanner.placeholders import Received
from scanner.urls import asset_key, host_of
from scanner.works import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scanner.comparisons.fingerprints import FingerprintComparison
    from scanner.coverage import ScannedShard
    from scanner.grading import RowLook
    from scanner.observations import Look, Observation, ObservationKind
    from scanner.outcomes import Hit

UNSAFE = 0.45
MAX_ENTITY_BYTES = 20 << 20  # a stranger's picture (fetching.md section 1)
Row3 = tuple[int, int, int]  # as ``Match.row``: shard, row number, item or -1
LookKey = tuple["ObservationKind", str]  # kind, and the address as it was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """A row whose address is looked at.

    ``recorded`` are the digests that it states of the bytes once served; ``unsafe``: the dataset marks it so.
    """

    shard: int
    row: RowRef
    url: str
    window: CrawlWindow
    caption: str | None = None
    page_url: str | None = None
    size: tuple[int, int] | None = None
    unsafe: bool = False
    recorded: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Row3:
        """As ``Match.row``."""
        return self.shard, self.row.row_number, -1 if self.row.item is None else self.row.item


def listed_row(shard: int, row: RowRef, scanned: ScannedShard, values: Mapping[Role, object]) -> ListedRow | None:
    """What a row's own values say; None where it lists no address."""
    url = values.get(Role.URL)
    if not isinstance(url, str) or not url:
        return None
    opened = scanned.opened
    served = (
        {Role(column.algorithm) for column in opened.layout.digests if column.of == "served_bytes"} if opened else set()
    )
    width, height = values.get(Role.WIDTH), values.get(Role.HEIGHT)
    sized = isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0
    return ListedRow(
        shard=shard,
        row=row,
        url=url,
        window=window_of(opened.layout.name if opened else "", scanned.shard.dataset.release),
        caption=_text(values.get(Role.CAPTION)),
        page_url=_text(values.get(Role.PAGE_URL)),
        size=(width, height) if sized and isinstance(width, int) and isinstance(height, int) else None,
        unsafe=is_unsafe(values),
        recorded={
            role.value: digest for role in sorted(served) if (digest := _hexadecimal(values.get(role))) is not None
        },
    )


def is_unsafe(values: Mapping[Role, object]) -> bool:
    """Whether the dataset marks a row as unsafe (fetching.md section 1): LAION's ``punsafe`` above 0.45, or ``NSFW`` in its NSFW column."""
    punsafe, mark = values.get(Role.PUNSAFE), values.get(Role.NSFW)
    try:
        likely = punsafe is not None and float(str(punsafe)) > UNSAFE
    except ValueError:
        likely = False
    return likely or (isinstance(mark, str) and mark.strip().upper() == "NSFW")


def wanted_of(rows: Sequence[tuple[ListedRow, int]]) -> list[Wanted]:
    """What is asked for: each row's address as it stands; what may raise the stronger tier (a rank with each row) first."""
    return [Wanted(url=row.url, rank=rank, unsafe=row.unsafe) for row, rank in rows]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _hexadecimal(value: object) -> str | None:
    return value.hex() if isinstance(value, bytes) else value.lower() if isinstance(value, str) and value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenLook:
    """A look as the scan uses it: without its bodies, which stay in the store under ``key``."""

    key: LookKey
    observation: Observation
    facts: Mapping[str, Any]
    has_body: bool

    @property
    def fingerprints(self) -> dict[str, Fingerprint]:
        """Both fingerprints of the picture; none where it is no picture."""
        names = [name for name in ("phash64", "phash256") if isinstance(self.facts.get(name), str)]
        return {name: Fingerprint.parse(f"{name}:{self.facts[name]}") for name in names}

    @property
    def size(self) -> tuple[int, int] | None:
        """Of the picture, in pixels."""
        width, height = self.facts.get("width"), self.facts.get("height")
        return (width, height) if isinstance(width, int) and isinstance(height, int) else None

    @property
    def detail(self) -> Decimal | None:
        """Of the picture, as ``hashers.detail``; 0 is one colour."""
        try:
            return Decimal(str(self.facts["detail"])) if "detail" in self.facts else None
        except InvalidOperation:
            return None


def received(look: TakenLook, url: str, caption: str | None, *, low_detail: bool) -> Received:
    """A look as the rules for placeholders want it."""
    key = asset_key(url)
    observation = look.observation
    return Received(
        observation_id=observation.observation_id,
        url=url,
        host=host_of(url) or "",
        asset=url if key is None else f"{key.family}\n{key.scope}\n{key.key}",
        outcome=observation.outcome,
        final_url=observation.final_url,
        caption=caption,
        sha256=observation.content_sha256,
        bytes=observation.bytes or 0,
        size=look.size,
        phash256=look.fingerprints.get("phash256"),
        low_detail=low_detail,
        one_colour=look.detail == 0,
    )


def recorded_digests(row: ListedRow, look: TakenLook) -> dict[str, str]:
    """Whether the digests that a row records are those of the bytes returned, by ``recorded_<algorithm>``."""
    returned = {"sha256": look.observation.content_sha256, "md5": look.facts.get("md5")}
    said = {}
    for algorithm, recorded in row.recorded.items():
        found = returned.get(algorithm)
        if isinstance(found, str):
            said[f"recorded_{algorithm}"] = (
                "equals the bytes returned" if found == recorded else "differs from the bytes returned"
            )
    return said


def body_of(look: Look | None) -> bytes | None:
    """The entity of the last answer of a look; None where there is none."""
    return None if look is None or not look.exchanges else entity(look.exchanges[-1], MAX_ENTITY_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLooks:
    """All looks that a scan used, for its package; ``observations`` by id, ``read`` gives a look with its bodies."""

    observations: Sequence[tuple[LookKey, Observation]]
    read: Callable[[LookKey], Look | None]

    def body(self, key: LookKey) -> bytes | None:
        """The entity of the last answer of a look; None where there is none."""
        return body_of(self.read(key))

    def looks(self) -> Iterator[Look]:
        """Each look, one in memory at a time, by time and id; its observation as the scan understood it."""
        for key, observation in sorted(
            self.observations, key=lambda entry: (entry[1].requested_at, entry[1].observation_id)
        ):
            look = self.read(key)
            if look is not None:
                yield replace(look, observation=observation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of looking.

    ``rows``: the looks at each row, for grading.  ``hits``: comparisons that hold with pictures that were returned.  ``prints``: what
    these comparisons add to the chance figures.  ``pictured``: rows by shard whose picture was compared.  ``bodies``: of each
    observation with a picture, where its bytes are.  ``unfinished``: what another run may still find out, a sentence each.
    """

    rows: Mapping[Row3, Sequence[RowLook]]
    hits: Sequence[tuple[int, Hit]]
    prints: Mapping[str, FingerprintComparison]
    pictured: Mapping[int, int]
    bodies: Mapping[str, LookKey]
    kept: KeptLooks
    unfinished: tuple[str, ...] = ()
