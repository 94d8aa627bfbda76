"""How listed addresses are looked at: one frozen value, part of ``ScanConfig``, from the table ``[fetch]`` of a configuration file.

A default is a choice with its reason (fetching.md sections 1, 4, 7 and 10).  Everything here can change what a look gives: also the
contact, since a host may answer another agent otherwise, and the pace, since a budget of minutes may end sooner.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping  # noqa: TC003 - used in a public signature
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, get_type_hints

from scanner.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """The settings of looking outside.

    Attributes:
        contact: an address or page of whoever looks, told to every host; hosts block whom they cannot ask.
        robots: ``obey`` robots.txt, or only ``record`` what it says.
        unsafe: rows that the dataset marks as unsafe are not requested (``withhold``), or hashed and forgotten (``digest``).
        max_requests: of one run; what is beyond is ``over_budget``, and the next run goes on there.
        max_bytes: received in one run.
        max_minutes: of one run.
        per_host_per_minute: requests to one registrable domain, and to one address.
        per_host_connections: at once to one registrable domain, and to one address.
        connections: at once in all.
        connect_s: for the name, the connection and TLS, each.
        read_s: the longest silence.
        total_s: one address with its redirects, waiting for one's turn not counted.
        min_bytes_per_s: a slower answer ends, measured over 10 s.
        max_redirects: hops of one look.
        decode_memory_mib: what a decoder may take beyond what its process has at birth.
        decode_cpu_s: processor seconds for one picture.
        pictures_per_worker: after so many a decoding process is replaced; the birth of one costs as much as some 500 pictures.
        reuse_days: a look younger than this is not repeated by a later run on the same ledger; captures of archives never are.
        archives: whether archives are asked at all.
        cdx_url: the list of captures (Wayback CDX server).
        playback_url: raw captures lie below ``<playback_url>/<timestamp>id_/<url>``.
        timegates: Memento TimeGates (RFC 7089) of other archives; the address is appended.
        common_crawl_index: where Common Crawl lists its indexes.
        common_crawl_data: where its records lie.
        archive_per_minute: requests to one archive; the Wayback CDX server bars who asks more than 30.
    """

    contact: str = ""
    robots: Literal["obey", "record"] = "obey"
    unsafe: Literal["withhold", "digest"] = "withhold"
    max_requests: int = 100_000
    max_bytes: int = 20_000_000_000
    max_minutes: int = 1_440
    per_host_per_minute: int = 120
    per_host_connections: int = 2
    connections: int = 64
    connect_s: int = 5
    read_s: int = 10
    total_s: int = 30
    min_bytes_per_s: int = 1_024
    max_redirects: int = 5
    decode_memory_mib: int = 2_048
    decode_cpu_s: int = 10
    pictures_per_worker: int = 5_000
    reuse_days: int = 7
    archives: bool = True
    cdx_url: str = "https://web.archive.org/cdx/search/cdx"
    playback_url: str = "https://web.archive.org/web"
    timegates: tuple[str, ...] = ()
    common_crawl_index: str = "https://index.commoncrawl.org"
    common_crawl_data: str = "https://data.commoncrawl.org"
    archive_per_minute: int = 24

    def less(self, *, requests: int, received: int, seconds: float) -> FetchPolicy:
        """What is left of the budgets of one run."""
        return replace(
            self,
            max_requests=max(0, self.max_requests - requests),
            max_bytes=max(0, self.max_bytes - received),
            max_minutes=max(0, self.max_minutes - int(seconds // 60)),
        )

    def record(self) -> dict[str, Any]:
        """The policy as canonical JSON takes it."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"robots": ("obey", "record"), "unsafe": ("withhold", "digest")}
_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "max_requests": (0, 1_000_000_000),
    "max_bytes": (0, 2**50),
    "max_minutes": (0, 525_600),
    "per_host_per_minute": (1, 1_000_000),
    "per_host_connections": (1, 256),
    "connections": (1, 1_024),
    "connect_s": (1, 600),
    "read_s": (1, 600),
    "total_s": (1, 3_600),
    "min_bytes_per_s": (0, 2**30),
    "max_redirects": (0, 20),
    "decode_memory_mib": (64, 2**20),
    "decode_cpu_s": (1, 3_600),
    "pictures_per_worker": (1, 1_000_000),
    "reuse_days": (0, 36_500),
    "archive_per_minute": (1, 24),  # no setting exceeds what Wayback bears; it bars who asks more than 30
}


def parse_policy(table: Mapping[str, object], *, where: str) -> FetchPolicy:
    """The policy of a ``[fetch]`` table; what it leaves out has its default.

    Raises:
        ConfigError: an unknown key (with the nearest known one), a wrong type or a value out of range.
    """
    return FetchPolicy(**{key: _checked(key, value, where) for key, value in table.items()})


def _checked(key: str, value: object, where: str) -> Any:
    hints = get_type_hints(FetchPolicy)
    if key not in hints:
        near = difflib.get_close_matches(key, hints, n=1)
        raise ConfigError(f"{where}: unknown key fetch.{key}", hint=f"Did you mean {near[0]}?" if near else "")
    if key in _CHOICES:
        if value not in _CHOICES[key]:
            raise ConfigError(f"{where}: fetch.{key} must be one of {', '.join(_CHOICES[key])}")
        return value
    if hints[key] is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{where}: fetch.{key} must be true or false")
        return value
    if key == "timegates":
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise ConfigError(f"{where}: fetch.{key} must be a list of addresses in quotation marks")
        return tuple(value)
    if hints[key] is str:
        # a header field is made of the contact: one line of plain ASCII
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise ConfigError(f"{where}: fetch.{key} must be one line of plain letters in quotation marks")
        return value
    low, high = _RANGES[key]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{where}: fetch.{key} must be a whole number from {low:,} to {high:,}")
    return value
