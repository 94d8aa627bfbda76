"""What a running scan tells whoever watches: values for a callback, so that only the command line prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBegan:
    """A stretch of work begins: ``total`` in ``unit`` (``files``, ``B`` …), None when unknown."""

    title: str
    total: int | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageAdvanced:
    """``done`` of the stage's total are finished; ``doing`` says what is at work, ``rows`` how many rows were compared."""

    done: int
    doing: str = ""
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEnded:
    """The stage is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """One sentence the user should read (a skipped shard, a warning about a name)."""

    text: str


Event = StageBegan | StageAdvanced | StageEnded | Noticed
Watcher = Callable[[Event], None]


def unwatched(event: Event) -> None:
    """Take an event and do nothing: the default watcher."""
