"""Asset keys: whether two URLs name the same picture at another size.  Keys are for comparing; no URL is ever built from one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanner.urls.canonicalize import BadUrl, CanonicalUrl, canonicalize_url

Strength = Literal["id", "path", "slug"]
Crop = Literal["no", "maybe", "yes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetKey:
    """What names a picture independently of its size.  Two URLs name the same asset when ``identity`` is equal.

    Attributes:
        family: the service or software whose URL form this is.
        scope: the host where the key means something; empty for a service's own number.
        key: the number, digest or path.
        strength: ``id`` and ``path`` may become a finding, ``slug`` (a title) is only worth a look.
        declared_w: width the URL asks for, 8 … 20,000, or None.
        declared_h: height likewise.
        crop: whether this rendition may show only part of the picture.
        mockup: a product picture on which the work is printed.
        rule: name and version of the rule.
        revision: what the URL says about the state of the file (``?v=``), shown, not compared.
    """

    family: str
    scope: str
    key: str
    strength: Strength
    declared_w: int | None = None
    declared_h: int | None = None
    crop: Crop = "no"
    mockup: bool = False
    rule: str
    revision: str | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What two URLs of one asset have in common."""
        return (self.family, self.scope, self.key)

    @property
    def text(self) -> str:
        """``pinterest:40d3…`` or ``wordpress:example.org/wp-content/…``: one line for records and sentences."""
        return f"{self.family}:{self.scope}{self.key}"


def asset_key(url: str | CanonicalUrl | BadUrl | None) -> AssetKey | None:
    """The asset key of a URL; None where it has no canonical form."""
    canonical = canonicalize_url(url) if url is None or isinstance(url, str) else url
    if isinstance(canonical, BadUrl):
        return None
    rest = canonical.path if canonical.query is None else f"{canonical.path}?{canonical.query}"
    return AssetKey(family="generic", scope=canonical.compare_host, key=rest, strength="path", rule="generic/1")
