"""Parts of a file over HTTP, each checked to be of the file that was described: a ``ByteSource``."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from scanner.errors import ShardChanged, ShardUnreachable
from scanner.fetch.addresses import parse_networks
from scanner.fetch.blocking import BlockingClient
from scanner.fetch.client import Asking, field_of
from scanner.fetch.hub import credentials_for, hub_token, refusal_of, wait_of
from scanner.fetch.limits import FetchFailed, Limits
from scanner.observations import FetchOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.datasets import RemoteFile
    from scanner.observations import Exchange
    from scanner.remote_policy import Access

TRIES: Final = 3  # of a request whose connection was lost; what a host answers is never asked twice
LIMITED_AT_MOST: Final = 5  # times that a limit is waited for
ASKING: Final = Limits(connect_s=10.0, read_s=30.0, total_s=900.0)
_LOST: Final = frozenset(
    {FetchOutcome.CONNECT_FAILED, FetchOutcome.TRUNCATED, FetchOutcome.TIMEOUT, FetchOutcome.TOO_SLOW, FetchOutcome.PROTOCOL_ERROR}
)  # fmt: skip
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
CHANGED: Final = "changed while reading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to a request: the hop that described the file (a hub's own), and the last one, which holds the body."""

    first: Exchange
    last: Exchange


class Door:
    """Asks for remote files with the manners of section 5 of datasets.md: waits for limits, sends a token to the hub alone.

    Messages never hold an address that a host redirected to: its query is a credential.
    """

    def __init__(self, access: Access, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Open nothing yet."""
        self._access = access
        self._sleep = sleep
        self._client = BlockingClient(contact=access.contact, allowed=parse_networks(access.networks))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(self, url: str, asking: Asking, *, limits: Limits, name: str) -> Answered:
        """One request; a lost connection is tried again, a limit waited for.  ``name`` is what errors call it.

        Raises:
            ShardUnreachable: no answer.
        """
        if url.startswith(f"{self._access.policy.hub_url}/"):
            asking = replace(asking, credentials=credentials_for(hub_token()))
        lost = limited = 0
        while True:
            try:
                hops = self._client.fetch(url, asking, limits=limits)
            except FetchFailed as error:
                if error.outcome is FetchOutcome.TOO_LARGE and error.exchanges:
                    return Answered(first=error.exchanges[0], last=error.exchanges[-1])
                lost += 1
                if error.outcome not in _LOST or lost >= TRIES:
                    host, outcome = urlsplit(url).hostname, error.outcome
                    raise ShardUnreachable(
                        f"{name}: no answer from {host} ({outcome})",
                        hint="Check the address and the connection; the same command goes on from here.",
                    ) from None  # the client's own sentence may name a signed address
                self._sleep(float(lost))
                continue
            if hops[-1].status != 429 or limited >= LIMITED_AT_MOST:
                return Answered(first=hops[0], last=hops[-1])
            limited += 1
            self._sleep(wait_of(hops[-1]))


class WebRanges:
    """Ranges of one file at an ``https://`` address or a hub's.  See ``ranges.ByteSource``."""

    def __init__(self, remote: RemoteFile, door: Door) -> None:
        """Ask for nothing yet; the door is closed with the source."""
        self._remote = remote
        self._door = door
        self._target: str | None = None  # where the file's own address led last
        self._target_etag: str | None = None

    @property
    def size(self) -> int:
        """See ``ByteSource``."""
        return self._remote.bytes

    def close(self) -> None:
        """See ``ByteSource``."""
        self._door.close()

    def read(self, start: int, stop: int) -> bytes:
        """See ``ByteSource``."""
        name = self._remote.address
        target = self._target
        answered = self._asked(target or self._remote.asked, start, stop)
        if target is not None and answered.last.status not in {200, 206}:  # a signed address lives for a while only
            self._target = self._target_etag = None
            answered = self._asked(self._remote.asked, start, stop)
        self._check_same(answered)
        last = answered.last
        if last.status == 200:
            raise ShardUnreachable(
                f"{name}: its host does not give parts of it", hint="Use --verify-shards: it is downloaded whole."
            )
        if last.status in {412, 416}:
            raise ShardChanged(f"{name}: {CHANGED}")
        if last.status != 206:
            raise ShardUnreachable(f"{name}: {refusal_of(last, page_of(self._remote))}")
        if field_of(last, "content-range") != f"bytes {start}-{stop - 1}/{self.size}" or len(last.body) != stop - start:
            raise ShardChanged(f"{name}: {CHANGED} (another part than was asked for)")
        if last.url != answered.first.url:
            self._target = last.url
        return last.body

    def _asked(self, url: str, start: int, stop: int) -> Answered:
        fields = [("Range", f"bytes={start}-{stop - 1}")]
        expected = self._target_etag if self._remote.pinned else self._remote.etag
        if expected is not None and expected.startswith('"'):  # a weak one makes no condition (RFC 9110, 13.1.5)
            fields.append(("If-Range", expected))
        limits = replace(ASKING, max_bytes=stop - start)
        return self._door.ask(url, Asking(fields=tuple(fields)), limits=limits, name=self._remote.address)

    def _check_same(self, answered: Answered) -> None:
        """The file's own address and the place it leads to still say what they said at first."""
        if answered.last.status not in {200, 206}:
            return
        name = self._remote.address
        linked = field_of(answered.first, "x-linked-etag")
        if self._remote.pinned and linked is not None and unquoted(linked) != unquoted(self._remote.etag or linked):
            raise ShardChanged(f"{name}: {CHANGED}")
        etag, date = field_of(answered.last, "etag"), field_of(answered.last, "last-modified")
        if self._remote.pinned:  # its storage has names of its own for it: the same until the address leads elsewhere
            if etag != (self._target_etag or etag):
                raise ShardChanged(f"{name}: {CHANGED}")
            self._target_etag = etag
        elif unquoted(etag or "") != unquoted(self._remote.etag or "") or date != self._remote.last_modified:
            raise ShardChanged(f"{name}: {CHANGED}")


def total_of(exchange: Exchange) -> int | None:
    """Bytes of the whole file, as a 206 or 200 says; None where it does not."""
    found = _CONTENT_RANGE.fullmatch(field_of(exchange, "content-range") or "")
    said = found[3] if found else field_of(exchange, "content-length") if exchange.status == 200 else None
    return int(said) if said is not None and said.isdecimal() and len(said) < 19 else None


def unquoted(etag: str) -> str:
    """An entity tag without quotes and mark of weakness."""
    return etag.removeprefix("W/").strip('"')


def page_of(remote: RemoteFile) -> str:
    """The page at which a person may ask for access to a file of a hub; its host elsewhere."""
    return remote.address.partition("/resolve/")[0]
