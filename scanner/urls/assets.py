"""Asset keys: from a canonical URL to what names its picture, through wrappers, services and site builders."""

from __future__ import annotations

from dataclasses import replace

from scanner.urls.canonicalize import BadUrl, CanonicalUrl, canonicalize_url
from scanner.urls.families import rules_for
from scanner.urls.families.stores import STORE_RULES, generic
from scanner.urls.keys import AssetKey, Crop, more_cropped
from scanner.urls.wrapped import MAX_DEPTH, unwrap


def asset_key(url: str | CanonicalUrl | BadUrl | None) -> AssetKey | None:
    """The asset key of a URL; None where it has no canonical form.

    Total and linear in the length, like ``canonicalize_url``; a URL and its canonical form have the same key.
    """
    canonical = canonicalize_url(url) if url is None or isinstance(url, str) else url
    if isinstance(canonical, BadUrl):
        return None
    hosts: list[str] = []
    crop: Crop = "no"
    inner = canonical
    while len(hosts) < MAX_DEPTH and (wrapped := unwrap(inner)) is not None:
        hosts.append(inner.compare_host)
        crop = more_cropped(crop, wrapped.crop)
        inner = wrapped.inner
    key = _key_of(inner, may_unwrap=len(hosts) < MAX_DEPTH)
    return replace(key, wrapped_in=tuple(hosts), crop=more_cropped(key.crop, crop)) if hosts else key


def _key_of(url: CanonicalUrl, *, may_unwrap: bool) -> AssetKey:
    if may_unwrap:
        for rule in rules_for(url.compare_host):
            key = rule.apply(url)
            if key is not None:
                return key
        for store in STORE_RULES:
            key = store(url)
            if key is not None:
                return key
    return generic(url)
