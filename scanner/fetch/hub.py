"""What a hub of datasets says in its answers, and the token it may be asked with: no requests here.

Hugging Face's protocol (https://huggingface.co/docs/hub/api): errors carry ``X-Error-Code`` and ``X-Error-Message``, limits
``RateLimit: "api";r=0;t=55`` (draft-ietf-httpapi-ratelimit-headers).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.fetch.client import field_of

if TYPE_CHECKING:
    from scanner.observations import Exchange

WAIT_S: Final = 60.0  # where a limit does not say how long
LONGEST_WAIT_S: Final = 3600.0
_DISABLED: Final = "access to this resource is disabled"
_SECONDS: Final = re.compile(r";\s*t=(\d{1,7})")


def hub_token() -> str | None:
    """The user's token, from ``HF_TOKEN`` or the file ``$HF_HOME/token``; read where it is sent, kept nowhere."""
    said = os.environ.get("HF_TOKEN", "").strip()
    if not said:
        home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
        try:
            said = (home / "token").read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
    # A header field is made of it: anything but plain visible characters is no token.
    return said if said and said.isascii() and said.isprintable() and " " not in said else None


def credentials_for(token: str | None) -> tuple[tuple[str, str], ...]:
    """The header fields that show a token; the client sends them to the first host of a chain of redirects alone."""
    return () if token is None else (("Authorization", f"Bearer {token}"),)


def wait_of(exchange: Exchange) -> float:
    """Seconds to wait after a 429."""
    found = _SECONDS.search(field_of(exchange, "ratelimit") or "")
    said = found[1] if found else (field_of(exchange, "retry-after") or "").strip()
    return min(float(said), LONGEST_WAIT_S) if said.isdecimal() and len(said) <= 7 else WAIT_S


def refusal_of(exchange: Exchange, page: str) -> str:
    """Why a hub or another host did not give a file, as a clause; ``page`` is where a person may ask for access."""
    code = field_of(exchange, "x-error-code") or ""
    if _DISABLED in (field_of(exchange, "x-error-message") or "").lower():
        return "taken down by the hub (access to this resource is disabled)"
    if code == "GatedRepo":
        return f"gated, not scanned: accept its terms in a browser ({page}) and set HF_TOKEN"
    if exchange.status in {401, 403}:
        return f"access is refused (HTTP {exchange.status}): it is private, gated or withdrawn"
    if exchange.status in {404, 410}:
        return f"it is not there (HTTP {exchange.status}): withdrawn, renamed or misspelt"
    return f"its host answers with HTTP {exchange.status}"
