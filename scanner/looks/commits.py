"""Looks committed in groups: whoever waits for a commit waits for one flush to disk, however many wait with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scanner.observations import Look


class Commits:
    """Hands looks to ``keep`` in a thread, one group at a time.  Run ``work`` beside whoever commits."""

    def __init__(self, keep: Callable[[Sequence[Look]], None]) -> None:
        """Nothing is pending yet."""
        self._keep = keep
        self._pending: list[tuple[Look, asyncio.Future[None]]] = []
        self._called = asyncio.Event()

    async def commit(self, look: Look) -> None:
        """Return once the look is on disk.

        Raises:
            OutputError: it could not be written.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((look, done))
        self._called.set()
        await done

    async def work(self) -> None:
        """Write groups until cancelled; what is pending then is written before it ends."""
        try:
            while True:
                await self._called.wait()
                self._called.clear()
                await self._write()
        finally:
            held = [look for look, _ in self._pending]
            self._pending.clear()
            self._keep(held)

    async def _write(self) -> None:
        group, self._pending = self._pending, []
        try:
            # Shielded: a group that is being written is written whole, whatever is cancelled meanwhile.
            looks = [look for look, _ in group]
            writing = asyncio.get_running_loop().run_in_executor(None, self._keep, looks)
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                await writing
                raise
        except Exception as error:  # noqa: BLE001 - handed on to everyone who waits for it
            for _, done in group:
                if not done.done():
                    done.set_exception(error)
            return
        for _, done in group:
            if not done.done():
                done.set_result(None)
