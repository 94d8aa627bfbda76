"""Looks that worker processes can import: quick ones, and one whose decoder crashes."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from scanner.hashers import fingerprints
from scanner.works import VariantFingerprint

if TYPE_CHECKING:
    from PIL import Image

CRASHING_WIDTH = 13


def original_only(image: Image.Image) -> tuple[VariantFingerprint, ...]:
    """The picture as it is."""
    return tuple(VariantFingerprint(variant="original", fingerprint=known) for known in fingerprints(image))


def crashing(image: Image.Image) -> tuple[VariantFingerprint, ...]:
    """End the process, as a decoder's fault would, on a picture 13 pixels wide."""
    if image.width == CRASHING_WIDTH:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return original_only(image)
