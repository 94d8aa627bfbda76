"""What a package holds of the world outside: observations, captures, and what lay between this machine and the hosts."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence  # noqa: TC003 - used in dataclass field types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manifests.canonical import canonical_bytes
from scanner._version import __version__
from scanner.fetch.client import agent

if TYPE_CHECKING:
    from scanner.config import ScanConfig
    from scanner.observations import Look, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenOutside:
    """What was looked at: every observation of the scan, and ``looks``, the same with what was exchanged, one at a time.

    ``pictures``: renditions and figures of what was returned, by path.  ``unfinished``: what another run may still find out.
    """

    observations: Sequence[Observation]
    looks: Callable[[], Iterator[Look]]
    pictures: Mapping[str, bytes]
    unfinished: tuple[str, ...] = ()


def capture_info(config: ScanConfig) -> dict[str, str]:
    """What every capture file says of who made it, in the names of the WARC specification."""
    policy = config.fetch_policy.record()
    return {
        "software": f"provscan/{__version__}",
        "http-header-user-agent": agent(config.fetch_policy.contact),
        "robots": config.fetch_policy.robots,
        "provscan-fetch-settings": canonical_bytes(
            {name: policy[name] for name in policy if name != "contact"}
        ).decode(),
    }


def network_record() -> dict[str, Any]:
    """What lay between this machine and the hosts that were asked."""
    hosts = Path(r"C:\Windows\System32\drivers\etc\hosts") if sys.platform == "win32" else Path("/etc/hosts")
    try:
        digest = hashlib.sha256(hosts.read_bytes()).hexdigest()
    except OSError:
        digest = None
    return {"proxy": "none", "resolver": "system", "hosts_file_sha256": digest}
