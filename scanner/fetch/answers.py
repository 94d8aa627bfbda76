"""How much of an answer is taken, and how slowly it may come.  Pure but for the clock that is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scanner.observations import FetchOutcome
from scanner.sniffing import sniff_format

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scanner.fetch.limits import Limits

SNIFFED_BYTES: Final = 64
_ENCODINGS: Final = frozenset({b"", b"identity", b"gzip", b"x-gzip", b"deflate"})


class Stopped(Exception):
    """We end an exchange: the outcome, and why in a few words."""

    def __init__(self, outcome: FetchOutcome, why: str) -> None:
        """Keep the outcome beside the words."""
        super().__init__(why)
        self.outcome = outcome


@dataclass(slots=True)
class Pace:
    """How long the next read may take, and whether what came was enough."""

    limits: Limits
    deadline: float
    clock: Callable[[], float]
    _since: float | None = None  # when the first bytes came: before that, silence has its own limit
    _bytes: int = 0

    def next_read(self) -> float:
        """When the next read has to have ended."""
        return min(self.clock() + self.limits.read_s, self.deadline)

    def count(self, received: int) -> None:
        """Take note of bytes that came.

        Raises:
            Stopped: too few of them, over a whole window.
        """
        if self._since is None:
            self._since = self.clock()
        self._bytes += received
        passed = self.clock() - self._since
        if passed >= self.limits.rate_window_s:
            if self._bytes < self.limits.min_bytes_per_s * passed:
                raise Stopped(FetchOutcome.TOO_SLOW, f"{self._bytes:,} bytes in {passed:.1f} s")
            self._since, self._bytes = self.clock(), 0


class Answer:
    """The body of one answer as it comes, and whether more of it is wanted."""

    def __init__(
        self,
        status: int,
        fields: Sequence[tuple[bytes, bytes]],
        *,
        limits: Limits,
        has_body: bool,
        sink: Callable[[bytes], None] | None,
    ) -> None:
        """Begin with the head.

        Raises:
            Stopped: its fields are too many, or say that the body is too large or compressed in a way that was not asked for.
        """
        self.body = bytearray()
        self.is_cut = False
        self._limits = limits
        self.received = 0
        self._is_wanted = 200 <= status < 300
        if len(fields) > limits.max_fields:
            raise Stopped(FetchOutcome.PROTOCOL_ERROR, f"more than {limits.max_fields} header fields")
        if not self._is_wanted:
            self._cap, self._sniffed, self._sink = limits.max_error_bytes, True, None
            return
        self._cap, self._sniffed, self._sink = limits.max_bytes, limits.max_text_bytes is None, sink
        named = {name.lower(): value for name, value in fields}
        codings = [value.strip().lower() for name, value in fields if name.lower() == b"content-encoding"]
        if len(codings) > 1 or not _ENCODINGS.issuperset(codings):
            raise Stopped(FetchOutcome.ENCODED_BODY, "the answer is compressed in a way that was not asked for")
        length = int(named.get(b"content-length", b"0"))  # the grammar has made sure that it is a number
        if has_body and length > self._cap:
            raise Stopped(FetchOutcome.TOO_LARGE, f"{length:,} bytes, the limit is {self._cap:,}")

    def take(self, chunk: bytes) -> None:
        """Take bytes of the body as they came; afterwards ``is_cut`` says that no more are wanted.

        Raises:
            Stopped: more than the limit of what was asked for.
        """
        self.received += len(chunk)
        if self._sink is not None and self.received <= self._cap:
            self._sink(chunk)
            return
        self.body += chunk
        if not self._sniffed and len(self.body) >= SNIFFED_BYTES:
            self._sniffed = True
            if sniff_format(bytes(self.body[:SNIFFED_BYTES])) is None:
                self._cap = min(self._cap, self._limits.max_text_bytes or 0)
        if self.received > self._cap:
            if self._is_wanted and self._cap == self._limits.max_bytes:
                raise Stopped(FetchOutcome.TOO_LARGE, f"more than {self._cap:,} bytes")
            del self.body[self._cap :]
            self.is_cut = True
