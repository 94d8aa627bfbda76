"""The values of metadata matching: what is looked for, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from scanner.datasets import Role

HitKind = Literal["url_equal", "asset_equal", "host_equal", "caption_contains", "file_name_equal"]
KIND_ORDER: dict[str, int] = {
    "url_equal": 0,
    "asset_equal": 1,
    "host_equal": 2,
    "caption_contains": 3,
    "file_name_equal": 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A declared URL: the Work it was declared for (None: by the Identity alone) and how it was written."""

    work: int | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataHit:
    """One rule that holds between one row and one declaration.

    Attributes:
        index: of the row in its batch.
        kind: which rule; ``file_name_equal`` is always a candidate.
        metric: ``url_rules/1``, or ``url_rules/1;folded`` where a caption is equal only without combining marks.
        value: what is equal: the canonical URL, the asset key, the declared host or profile, the declared name.
        work: index of the Work, None where the declaration concerns none.
        column: the role of the column.
        work_value: as declared.
        row_value: the cell, verbatim.
        detail: short words of the rule (``verbatim``, ``family=etsy/1``, ``crop=yes``, ``term=name``, ``style_phrase`` …), sorted.
        strength: ``finding``, or ``candidate``: worth a look or a fetch, never in a package by itself.
        caveats: codes of evidence.md section 2.
    """

    index: int
    kind: HitKind
    metric: str
    value: str
    work: int | None
    column: Role
    work_value: str
    row_value: str
    detail: tuple[str, ...] = ()
    strength: Literal["finding", "candidate"] = "finding"
    caveats: frozenset[str] = frozenset()

    @property
    def sort_key(self) -> tuple[int, int, int, str, str, str]:
        """Row, rule, Work (none first), then text: a total order, so that equal inputs give equal lists."""
        work = -1 if self.work is None else self.work
        return (self.index, KIND_ORDER[self.kind], work, self.column.value, self.value, self.work_value)
