"""What others do: one hash a picture, one threshold.  For the accuracy bench, at the same false-positive rate as ours."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Bits = NDArray[np.bool_]  # [n, bits]
_PDQ_SIDE: Final = 512  # px: PDQ's reference shrinks to this before hashing


def peers() -> dict[str, Callable[[Image.Image], Bits]]:
    """Hash functions by name, ``bool[bits]`` each; ``pdq`` only where the package is installed (extra ``bench``)."""
    found: dict[str, Callable[[Image.Image], Bits]] = {"phash64": _phash, "dhash64": _dhash}
    try:
        pdqhash: Any = importlib.import_module("pdqhash")
    except ImportError:
        return found
    return {**found, "pdq": lambda image: _pdq(pdqhash, image)}


def hashed(images: Iterable[Image.Image], function: Callable[[Image.Image], Bits]) -> Bits:
    """Hashes of many pictures, ``bool[n, bits]``."""
    return np.stack([function(image) for image in images])


def distances(one: Bits, other: Bits) -> NDArray[np.int64]:
    """Hamming distances of all pairs, ``int64[len(one), len(other)]``."""
    first, second = one.astype(np.float32), other.astype(np.float32)
    return np.rint(first @ (1 - second.T) + (1 - first) @ second.T).astype(np.int64)


def _phash(image: Image.Image) -> Bits:
    return np.asarray(imagehash.phash(image).hash, np.bool_).ravel()


def _dhash(image: Image.Image) -> Bits:
    return np.asarray(imagehash.dhash(image).hash, np.bool_).ravel()


def _pdq(package: Any, image: Image.Image) -> Bits:
    small = image.copy()
    small.thumbnail((_PDQ_SIDE, _PDQ_SIDE), Image.Resampling.BILINEAR)
    return np.asarray(package.compute(np.asarray(small.convert("RGB")))[0], np.bool_)
