"""The one module that speaks HTTP: every import of ``httpx`` stands here.

Nothing of the environment is used (no proxy, no netrc), no redirect is followed, no cookie kept.  A body is counted raw while it
streams: httpx would decompress before one can count (256 MiB of zeros fit into 405 bytes of brotli, measured), so only ``identity``
is asked for and anything else refused.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

from scanner._version import __version__
from scanner.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENT = f"provscan/{__version__}"
CONNECT_S = 5.0
READ_S = 10.0
TOTAL_S = 30.0
MAX_BYTES = 1 << 20  # a time stamp with its certificates has some ten kilobytes


def post(
    url: str, body: bytes, *, content_type: str, max_bytes: int = MAX_BYTES, total_s: float = TOTAL_S
) -> tuple[int, Mapping[str, str], bytes]:
    """POST ``body`` to an address that the user gave; the status, header fields and body of the answer.

    Raises:
        NetworkError: no connection, a bad certificate, too slow, too large, an encoded body.
    """
    deadline = time.monotonic() + total_s
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity", "Content-Type": content_type}
    limits = httpx.Timeout(READ_S, connect=CONNECT_S)
    try:
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=limits) as client,
            client.stream("POST", url, content=body, headers=headers) as answer,
        ):
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise NetworkError(f"{url}: the answer is compressed though that was not asked for")
            received = bytearray()
            for chunk in answer.iter_raw(65536):
                received += chunk
                if len(received) > max_bytes:
                    raise NetworkError(f"{url}: the answer has more than {max_bytes:,} bytes")
                if time.monotonic() > deadline:
                    raise NetworkError(f"{url}: no complete answer within {total_s:g} s")
            return answer.status_code, dict(answer.headers), bytes(received)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NetworkError(
            f"{url}: {str(error) or type(error).__name__}", hint="Check the address and the connection."
        ) from error
