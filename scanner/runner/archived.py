"""Asking the archives about rows: one address after the other, the most telling first, and what waits is kept."""

from __future__ import annotations

import hashlib
import time
from base64 import b32encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.archives import Archives, ArchiveStopped, tried, wanted_captures
from scanner.events import StageAdvanced, StageBegan, StageEnded
from scanner.observations import FetchOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.archives import CdxRow, Queue
    from scanner.archives.asker import Asker
    from scanner.events import Watcher
    from scanner.fetch_policy import FetchPolicy
    from scanner.observations import Look, ObservationKind
    from scanner.queries import Queries
    from scanner.runner.looked import ListedRow, LookKey, Row3

QUEUE = "wayback"


@dataclass(slots=True, kw_only=True)
class Archived:
    """What archives gave: ``looks`` at captures by the address that a row lists, ``said`` of rows, and what is ``unfinished``."""

    looks: dict[str, list[LookKey]] = field(default_factory=dict)
    said: dict[Row3, dict[str, str]] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)


class RecordingAsker:
    """An asker that remembers which looks were used: they are observations of this scan."""

    def __init__(self, asker: Asker) -> None:
        """Pass everything on."""
        self._asker = asker
        self.used: dict[LookKey, None] = {}

    def known(self, kind: ObservationKind, url: str) -> Look | None:
        """See ``Asker``."""
        look = self._asker.known(kind, url)
        if look is not None:
            self.used[kind, url] = None
        return look

    def ask(self, kind: ObservationKind, url: str, fields: tuple[tuple[str, str], ...] = ()) -> Look:
        """See ``Asker``."""
        look = self._asker.ask(kind, url, fields)
        self.used[kind, url] = None
        return look

    def keep(self, look: Look) -> None:
        """See ``Asker``."""
        self._asker.keep(look)


class StillPace:
    """The pace of a run that asks nothing: every archive is left alone."""

    def turn(self, archive: str, interval_s: float) -> None:
        """Never due: not even after ``interval_s``."""
        raise ArchiveStopped(f"{archive}, {interval_s} s")

    def stopped_for(self, archive: str) -> float:
        """For as long as this run takes."""
        return 1.0 if archive else 0.0

    def stop(self, archive: str) -> None:
        """It is."""

    def answered(self, archive: str) -> None:
        """A kept answer changes nothing."""


def look_into_archives(
    rows: Sequence[ListedRow],
    archives: Archives,
    queue: Queue,
    queries: Queries,
    limits: FetchPolicy,
    how: tuple[bool, Watcher],
) -> Archived:
    """Ask about each distinct address once, for no longer than ``limits`` say.

    ``how``: whether anything is asked, or only what is kept read, and who is told.

    An address counts as it stands in its row: the capture of another spelling would be of another address than the row lists.
    """
    asks, watch = how
    by_url: dict[str, list[ListedRow]] = {}
    for row in rows:
        by_url.setdefault(row.url, []).append(row)
    if asks:
        queue.add(QUEUE, sorted(by_url))
    digests = digests_of_works(queries)
    given = Archived()
    left = 0
    watch(StageBegan(title="Asking archives", total=len(by_url), unit=" addresses"))
    end = time.monotonic() + 60 * limits.max_minutes
    for done, url in enumerate(sorted(by_url), 1):
        try:
            is_done = (not asks or time.monotonic() < end) and _ask_about(url, by_url[url], archives, digests, given)
        except ArchiveStopped:
            is_done = False
        if not is_done:
            left += 1
        elif asks:
            queue.done(QUEUE, url)
        watch(StageAdvanced(done=done))
    watch(StageEnded())
    if left and asks:
        given.unfinished.append(
            f"{left:,} addresses are still to be asked about at {archives.name}: it gave no answer, wants rest, or the time ended"
        )
    return given


def _ask_about(
    url: str, rows: Sequence[ListedRow], archives: Archives, digests: dict[str, str], given: Archived
) -> bool:
    """Whether everything that was asked gave an answer."""
    window = rows[0].window
    captures = archives.captures(url)
    if captures:
        _say_of_digests(rows, captures, digests, given)
        look = tried(archives, wanted_captures(captures, window, digests))
        if look is not None and look.observation.outcome is FetchOutcome.IMAGE:
            given.looks.setdefault(url, []).append(("archive", look.observation.url))
    if url not in given.looks and window.last is not None:
        for look in archives.mementos(url, f"{window.last.isoformat()}T00:00:00Z"):
            given.looks.setdefault(url, []).append(("archive", asked_of(look)))
    for row in rows:
        if row.page_url is not None:
            _say_of_page(row, archives, given)
    return captures is not None


def asked_of(look: Look) -> str:
    """The address as it was asked for."""
    return str(look.facts.get("asked", look.observation.url))


def _say_of_digests(
    rows: Sequence[ListedRow], captures: Sequence[CdxRow], digests: dict[str, str], given: Archived
) -> None:
    for capture in captures:
        if capture.digest in digests:
            said = f"SHA-1 stated for the capture of {capture.captured_at} equals that of {digests[capture.digest]}"
            for row in rows:
                given.said.setdefault(row.place, {}).setdefault("archive_index", said)
            return


def _say_of_page(row: ListedRow, archives: Archives, given: Archived) -> None:
    for proof in archives.page_proofs(row.url, row.page_url or "", row.window):
        if proof.listing is not None and proof.look.observation.archive is not None:
            said = f"{proof.crawl}, captured {proof.look.observation.archive.captured_at}: the page lists this address"
            alt = "" if proof.listing.alt is None else f" with the text {proof.listing.alt[:200]!r}"
            given.said.setdefault(row.place, {})["page_capture"] = said + alt
            given.said[row.place]["page_observation"] = proof.look.observation.observation_id
            return


def digests_of_works(queries: Queries) -> dict[str, str]:
    """SHA-1 in base32 of every file of the portfolio that can still be read, to its last name.

    Archives state SHA-1, so the files are read once more; a portfolio of 10 GB takes some twenty seconds from a disk of today.
    """
    found: dict[str, str] = {}
    for files in queries.paths:
        for path in files:
            if path is None:
                continue
            try:
                with Path(path).open("rb") as stream:
                    digest = hashlib.file_digest(stream, lambda: hashlib.sha1(usedforsecurity=False)).digest()
            except OSError:
                continue  # a file that is gone is compared with nothing
            found.setdefault(b32encode(digest).decode("ascii"), Path(path).name)
    return found
