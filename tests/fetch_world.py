"""What tests of fetching share: pictures, a resolver for which every name is this machine, a clock that never waits."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from scanner.fetch.addresses import parse_networks
from scanner.fetch.limits import Limits
from scanner.fetch_policy import FetchPolicy
from scanner.looks import Outside

if TYPE_CHECKING:
    from typing import Any

LOOPBACK = parse_networks(["127.0.0.1/32"])
QUICK = Limits(connect_s=20, read_s=20, total_s=60, max_bytes=20_000_000, max_text_bytes=512 * 1024)


def resolver(host: str) -> tuple[str, ...]:
    """Every name is this machine; .invalid is nowhere (RFC 6761), .inward an address that the guard refuses."""
    if host.endswith(".invalid"):
        raise OSError(-2, "no such name")
    return ("10.0.0.8",) if host.endswith(".inward") else ("127.0.0.1",)


def policy(**changes: Any) -> FetchPolicy:
    """A policy in which nobody waits for their turn."""
    return replace(FetchPolicy(contact="tests@example.org", per_host_per_minute=1_000_000), **changes)


def outside(**changes: Any) -> Outside:
    """This machine as the whole world; waits between tries have no length."""
    return replace(Outside(allowed=LOOPBACK, resolver=resolver, limits=QUICK, workers=1, random=lambda: 0.0), **changes)


def picture(seed: int = 0, side: int = 96, kind: str = "JPEG") -> bytes:
    """A picture with some detail, another one for each seed."""
    noise = Image.effect_noise((12, 12), 90 + seed % 7).resize((side, side), Image.Resampling.BICUBIC)
    tilted = Image.linear_gradient("L").resize((side, side)).rotate(seed * 37)
    stream = io.BytesIO()
    Image.blend(noise, tilted, 0.5).convert("RGB").save(stream, kind)
    return stream.getvalue()
