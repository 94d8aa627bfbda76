"""Procedural artworks: pictures that belong to nobody, for the demonstration and for tests.

`artwork` paints; the same seed gives the same picture, pixel for pixel.  Seeds one apart differ in style, so a short
run of seeds looks like the work of several hands.
"""

from scanner.artwork.painting import STYLES, artwork, title

__all__ = ["STYLES", "artwork", "title"]
