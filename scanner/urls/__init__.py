"""URLs as evidence: canonical forms, asset keys, hosts.  Everything here only compares; nothing builds an address."""

from __future__ import annotations

from scanner.urls.assets import asset_key
from scanner.urls.canonicalize import URL_RULES, BadUrl, BadUrlReason, CanonicalUrl, canonicalize_url
from scanner.urls.hosts import host_of, is_public_suffix, platform_of, registrable_domain
from scanner.urls.keys import AssetKey

__all__ = [
    "URL_RULES",
    "AssetKey",
    "BadUrl",
    "BadUrlReason",
    "CanonicalUrl",
    "asset_key",
    "canonicalize_url",
    "host_of",
    "is_public_suffix",
    "platform_of",
    "registrable_domain",
]
