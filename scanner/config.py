"""Everything that can change a result, in one frozen value that goes into the Manifest.

A default here is a choice written down with its reason.  The effective whole is ``ScanConfig.record()``; its digest names the
configuration in the ledger, so a changed setting never reuses an old outcome.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Mapping  # noqa: TC003 - used at run time by parse_config's callers
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_type_hints

from scanner.errors import ConfigError
from scanner.fetch_policy import FetchPolicy, parse_policy
from scanner.remote_policy import Access, RemotePolicy, parse_remote_policy

RESULT_VERSION = 3
"""Raised whenever the code may give another outcome for equal inputs; part of every ledger key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanConfig:
    """The settings of one scan.

    Attributes:
        variants: how many appearances of each Work are asked for (``variants.py``): ``fast`` or ``thorough``.
        parts: whether pictures at hand are searched for parts of works as well (half of one, one within a scene): 15 ms a picture.
        radius64: search radius in bits of ``phash64``; distances are even, so 8 and 9 are the same.
        radius256: search radius in bits of ``phash256``, used where the dataset's pixels are at hand.
        chance_sample_rows: rows whose distances feed the chance-match model (``chance.py``).
        control_works: decoy works in the negative control; 0 switches it off.
        leads_per_work: weak leads (grade D) listed for one Work; the rest is counted in ``results.not_listed``.
        leads_per_term: rows listed for one host, profile or name; the rest is counted.
        hits_per_work: nearest rows kept for one Work in one part of a shard before grading; the rest is counted.
        portfolio_max_pixels: the artist's own pictures may be this large (1 Gpx needs 3 GB; 20,000 x 20,000 is allowed).
        row_max_pixels: a stranger's picture may be this large (fetching.md section 1).
        row_max_side: longest side of a stranger's picture.
        row_max_bytes: a stranger's picture file may be this large.
        thumbnails: small pictures of both sides go into the package; off for unpublished works.
        fetch: what may be requested from the network.
        verify_shards: remote shards are downloaded whole and hashed.
        allow_network: address ranges that the guard lets through.
        offline: nothing is asked of the network: a remote dataset is then an error instead of a wait.
        fetch_policy: how listed addresses are requested; not recorded where none is.
        remote_policy: how remote datasets are reached; recorded where it is not the usual way.
    """

    variants: Literal["fast", "thorough"] = "thorough"
    parts: bool = True
    radius64: int = 8
    radius256: int = 60
    chance_sample_rows: int = 200_000
    control_works: int = 100
    leads_per_work: int = 20
    leads_per_term: int = 50
    hits_per_work: int = 1000
    portfolio_max_pixels: int = 420_000_000
    row_max_pixels: int = 64_000_000
    row_max_side: int = 30_000
    row_max_bytes: int = 20 * 1024 * 1024
    thumbnails: bool = True
    fetch: Literal["off", "candidates", "all"] = "off"
    verify_shards: bool = False
    allow_network: tuple[str, ...] = ()
    offline: bool = False
    fetch_policy: FetchPolicy = field(default_factory=FetchPolicy)
    remote_policy: RemotePolicy = field(default_factory=RemotePolicy)

    def record(self) -> dict[str, Any]:
        """The configuration as canonical JSON takes it: integers, strings, booleans and arrays."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        del values["fetch_policy"], values["remote_policy"]
        if self.fetch != "off":  # what is not done has no settings
            values["fetch_policy"] = self.fetch_policy.record()
        if self.remote_policy != RemotePolicy():
            values["remote_policy"] = self.remote_policy.record()
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @property
    def access(self) -> Access:
        """What a process needs to reach remote datasets."""
        return Access(policy=self.remote_policy, networks=self.allow_network, contact=self.fetch_policy.contact)

    @property
    def sha256(self) -> str:
        """Digest of the canonical form of ``record()``, lower-case hex."""
        text = json.dumps(self.record(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def outcome_sha256(self) -> str:
        """Digest of the settings that can change an Outcome: what is fetched or shown afterwards compares no shard anew."""
        told = {name: value for name, value in self.record().items() if name not in _AFTERWARDS}
        return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# Settings that are used only once all shards are compared.  A new setting counts as changing outcomes until it is named here.
_AFTERWARDS = frozenset(
    {"thumbnails", "fetch", "fetch_policy", "verify_shards", "allow_network", "offline", "remote_policy"}
)

# The least value that makes sense; radii beyond these would list a large share of all rows.
_RANGES: Mapping[str, tuple[int, int]] = {
    "radius64": (0, 16),
    "radius256": (0, 100),
    "chance_sample_rows": (0, 100_000_000),
    "control_works": (0, 100_000),
    "leads_per_work": (0, 1_000_000),
    "leads_per_term": (0, 1_000_000),
    "hits_per_work": (1, 10_000_000),
    "portfolio_max_pixels": (1, 1_000_000_000),
    "row_max_pixels": (1, 1_000_000_000),
    "row_max_side": (1, 1_000_000),
    "row_max_bytes": (1, 2**31),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {"variants": ("fast", "thorough"), "fetch": ("off", "candidates", "all")}


def parse_config(text: str, *, where: str, base: ScanConfig | None = None) -> ScanConfig:
    """Read a TOML configuration: keys of ``ScanConfig`` at the top or under ``[scan]``, policies under ``[fetch]`` and ``[remote]``.

    Raises:
        ConfigError: not TOML, an unknown key (with the nearest known one), a wrong type or a value out of range.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not valid TOML: {error}", hint="Compare it with the example in README.") from error
    return config_of(document, where=where, base=base)


def config_of(document: Mapping[str, Any], *, where: str, base: ScanConfig | None = None) -> ScanConfig:
    """The same from a document that is already read.

    Raises:
        ConfigError: as ``parse_config``.
    """
    document = dict(document)
    section = document.pop("scan", {})
    if not isinstance(section, dict):
        raise ConfigError(f"{where}: [scan] must be a table")
    policy = document.pop("fetch") if isinstance(document.get("fetch"), dict) else None
    remote = document.pop("remote", {})
    if not isinstance(remote, dict):
        raise ConfigError(f"{where}: [remote] must be a table")
    values = {key: _checked(key, value, where) for key, value in {**document, **section}.items()}
    if policy is not None:
        values["fetch_policy"] = parse_policy(policy, where=where)
    if remote:
        values["remote_policy"] = parse_remote_policy(remote, where=where)
    return replace(base or ScanConfig(), **values)


def _checked(key: str, value: object, where: str) -> Any:
    hints = get_type_hints(ScanConfig)
    if key in {"fetch_policy", "remote_policy"} or key not in hints:
        near = difflib.get_close_matches(key, hints, n=1)
        raise ConfigError(f"{where}: unknown key scan.{key}", hint=f"Did you mean {near[0]}?" if near else "")
    if key == "allow_network":
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise ConfigError(f"{where}: scan.{key} must be a list of address ranges in quotation marks")
        return tuple(value)
    if key in _CHOICES:
        if value not in _CHOICES[key]:
            raise ConfigError(f"{where}: scan.{key} must be one of {', '.join(_CHOICES[key])}")
        return value
    if hints[key] is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{where}: scan.{key} must be true or false")
        return value
    low, high = _RANGES[key]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{where}: scan.{key} must be a whole number from {low:,} to {high:,}")
    return value
