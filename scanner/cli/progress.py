"""Progress bars for a person at a terminal, plain lines for a log, nothing with ``--quiet``: the only importer of tqdm."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

from scanner.events import Event, Noticed, StageAdvanced, StageBegan

if TYPE_CHECKING:
    from types import TracebackType

LINE_EVERY_S = 30.0  # in a log file a line now and then says that it lives


class Progress:
    """A watcher of scan events that draws on stderr."""

    def __init__(self, *, quiet: bool) -> None:
        """Draw bars on a terminal, lines elsewhere; with ``quiet`` nothing but notices."""
        self._quiet = quiet
        self._bar: Any = None
        self._stage: StageBegan | None = None
        self._began = self._said = 0.0

    def __enter__(self) -> Self:
        """Use with ``with``: leaving closes the bar."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the bar so that an error stands on a line of its own."""
        self._close()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, Noticed):
            self._notice(event.text)
        elif self._quiet:
            return
        elif isinstance(event, StageBegan):
            self._begin(event)
        elif isinstance(event, StageAdvanced):
            self._advance(event)
        else:
            self._close()

    def _notice(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            sys.stderr.write(f"{text}\n")

    def _begin(self, stage: StageBegan) -> None:
        self._close()
        self._stage, self._began, self._said = stage, time.monotonic(), time.monotonic()
        if not sys.stderr.isatty():
            return
        from tqdm import tqdm

        self._bar = tqdm(
            total=stage.total,
            desc=stage.title,
            unit=stage.unit,
            unit_scale=stage.unit == "B",
            dynamic_ncols=True,
            file=sys.stderr,
            mininterval=0.2,
            smoothing=0.1,
        )

    def _advance(self, event: StageAdvanced) -> None:
        elapsed = max(time.monotonic() - self._began, 1e-6)
        rate = f"{event.rows:,} rows, {event.rows / elapsed:,.0f}/s" if event.rows else ""
        if self._bar is not None:
            self._bar.set_postfix_str(", ".join(part for part in (rate, event.doing) if part), refresh=False)
            self._bar.update(event.done - self._bar.n)
        elif self._stage is not None and time.monotonic() - self._said >= LINE_EVERY_S:
            self._said = time.monotonic()
            share = (
                f"{event.done:,} of {self._stage.total:,} {self._stage.unit}"
                if self._stage.total
                else f"{event.done:,}"
            )
            left = (
                f", about {elapsed * (self._stage.total - event.done) / event.done:,.0f} s left"
                if event.done and self._stage.total
                else ""
            )
            sys.stderr.write(f"{self._stage.title}: {share}{', ' + rate if rate else ''}{left}\n")

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = self._stage = None
