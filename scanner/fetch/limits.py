"""What one request may cost: values, and the way a request fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scanner.errors import NetworkError

if TYPE_CHECKING:
    from scanner.fetch.guard import CheckedUrl
    from scanner.observations import Exchange, FetchOutcome

KIB: Final = 1024
MIB: Final = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one request and its redirects (fetching.md section 1).

    Attributes:
        connect_s: name, connection and TLS handshake, each.
        read_s: the longest silence.
        total_s: the whole chain of redirects, waiting for one's turn not counted.
        min_bytes_per_s: a slower answer ends, measured over ``rate_window_s``.
        max_bytes: of the body, raw and after decompression.
        max_text_bytes: of a body that begins like no picture, where only pictures are wanted; None: ``max_bytes``.
        max_error_bytes: kept of the body of a refusal; the rest is not read.
        max_redirects: hops beyond the first request.
        max_head_bytes: of status line and header fields; ``max_fields`` their number.
    """

    connect_s: float = 5.0
    read_s: float = 10.0
    total_s: float = 30.0
    min_bytes_per_s: int = KIB
    rate_window_s: float = 10.0
    max_bytes: int = 20 * MIB
    max_text_bytes: int | None = None
    max_error_bytes: int = 64 * KIB
    max_redirects: int = 5
    max_head_bytes: int = 100 * KIB
    max_fields: int = 200


class FetchFailed(NetworkError):
    """A request that gave no answer to use.

    ``outcome`` says what came of it, ``why`` in a few words without the address, ``exchanges`` holds the hops that were answered, the
    last perhaps without its body; ``hop`` is the one that failed.
    """

    def __init__(self, outcome: FetchOutcome, url: str, why: str, *, exchanges: tuple[Exchange, ...] = ()) -> None:
        """Keep outcome and exchanges beside the sentence."""
        super().__init__(f"{url[:200]}: {why}", hint="Check the address and the connection.")
        self.outcome = outcome
        self.why = why
        self.exchanges = exchanges
        self.hop: CheckedUrl | None = None
