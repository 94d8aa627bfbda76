"""The asset key: what names a picture independently of its size.  Keys are for comparing; no URL is ever built from one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Strength = Literal["id", "path", "slug"]
Crop = Literal["no", "maybe", "yes"]
_CROPS: tuple[Crop, ...] = ("no", "maybe", "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetKey:
    """Two URLs name the same asset when ``identity`` is equal.

    Attributes:
        family: the service or software whose URL form this is.
        scope: the host where the key means something; empty for a service's own number.
        key: the number, digest or path.
        strength: ``id`` and ``path`` may become a finding, ``slug`` (a title) is only worth a look.
        declared_w: width the URL asks for, 8 … 20,000, or None.
        declared_h: height likewise.
        crop: whether this rendition may show only part of the picture.
        mockup: a product picture on which the work is printed.
        rule: name and version of the rule, ``<family>/1``.
        revision: what the URL says about the state of the file (``?v=``): shown, not compared.
        wrapped_in: the host of the proxy or archive that the address was wrapped in, outermost first.
        anchors: of which one stands in every URL with this key, in one piece and as whole words; () for paths.
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
    wrapped_in: tuple[str, ...] = ()
    anchors: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What two URLs of one asset have in common."""
        return (self.family, self.scope, self.key)

    @property
    def text(self) -> str:
        """``pinterest:40d3…`` or ``wordpress:example.org/wp-content/…``: one line for records and sentences."""
        return f"{self.family}:{self.scope}{self.key}"


def more_cropped(one: Crop, other: Crop) -> Crop:
    """The stronger of two crop flags."""
    return max(one, other, key=_CROPS.index)


def declared_side(digits: str | None) -> int | None:
    """A side length that a URL asks for; None unless it is 8 … 20,000 (``_1x1`` and ``s99999`` are no sizes)."""
    if digits is None or not digits.isdecimal() or len(digits) > 6:
        return None
    side = int(digits)
    return side if 8 <= side <= 20_000 else None
