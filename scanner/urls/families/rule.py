"""One rule of the table: where it applies, what the URL looks like, and which part of it names the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scanner.urls.keys import AssetKey, Crop, Strength, declared_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scanner.urls.canonicalize import CanonicalUrl

_SIDES: Final = re.compile(r"(?<![0-9a-zA-Z])(?:([0-9]{2,5})x([0-9]{2,5})|w_?([0-9]{2,5})|s([0-9]{2,5}))(?![0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A URL form of one service.

    Attributes:
        family: the service; rules of one family give comparable keys.
        hosts: domains it applies to, sub-domains included.
        form: searched for in the path; its named groups fill ``key``.  The group ``id`` (else ``shop``) is whole words: no letter or
            digit stands before it, nor behind its first 8 characters but one of ``suffixes``.
        suffixes: letters that may follow the id directly.
        prefixes: words that may stand directly before it.
        key: the key as a format string over the groups; a group that is absent is empty.
        on_query: the form is searched for in path and query instead.
        strength: what an equal key is worth.
        scoped: the key means something on this host only.
        crop_yes: searched for in path and query: this rendition shows a part.
        crop_maybe: likewise: it may show a part.
        mockup: likewise: a product picture.
        mockup_unless: likewise: a product picture unless this is found.
        lower: the key's case means nothing.
    """

    family: str
    hosts: tuple[str, ...]
    form: re.Pattern[str]
    key: str = "{id}"
    on_query: bool = False
    strength: Strength = "id"
    scoped: bool = False
    crop_yes: re.Pattern[str] | None = None
    crop_maybe: re.Pattern[str] | None = None
    mockup: re.Pattern[str] | None = None
    mockup_unless: re.Pattern[str] | None = None
    lower: bool = False
    suffixes: str = ""
    prefixes: tuple[str, ...] = ()

    def apply(self, url: CanonicalUrl) -> AssetKey | None:
        """The key of a URL on one of the rule's hosts, or None where it has another form."""
        rest = url.path if url.query is None else f"{url.path}?{url.query}"
        match = self.form.search(rest if self.on_query else url.path)
        if match is None:
            return None
        groups = {name: value or "" for name, value in match.groupdict().items()}
        key = self.key.format(**groups)
        width, height = self._sides(groups, rest)
        return AssetKey(
            family=self.family,
            scope=url.compare_host if self.scoped else "",
            key=key.lower() if self.lower else key,
            strength=self.strength,
            declared_w=width,
            declared_h=height,
            crop=self._crop(rest),
            mockup=self._is_mockup(rest),
            rule=f"{self.family}/1",
            anchors=tuple(
                prefix + (groups.get("id") or groups["shop"]) + suffix
                for prefix in ("", *self.prefixes)
                for suffix in ("", *self.suffixes)
            ),
        )

    def _sides(self, groups: Mapping[str, str], rest: str) -> tuple[int | None, int | None]:
        match = _SIDES.search(groups.get("size") or rest)
        if match is None:
            return declared_side(groups.get("size")), None
        width, height, alone, square = match.groups()
        return declared_side(width or alone or square), declared_side(height)

    def _crop(self, rest: str) -> Crop:
        if self.crop_yes is not None and self.crop_yes.search(rest):
            return "yes"
        return "maybe" if self.crop_maybe is not None and self.crop_maybe.search(rest) else "no"

    def _is_mockup(self, rest: str) -> bool:
        if self.mockup_unless is not None and self.mockup_unless.search(rest):
            return False
        return self.mockup is not None and self.mockup.search(rest) is not None


def form(pattern: str) -> re.Pattern[str]:
    """A compiled form; patterns hold no nested repetition, so that matching stays linear."""
    return re.compile(pattern)


ALWAYS: Final = re.compile("")
EXT: Final = r"\.[A-Za-z0-9]{2,5}"
END: Final = EXT + "$"
