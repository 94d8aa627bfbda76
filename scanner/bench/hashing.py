"""How fast pictures become fingerprints here, beside plain Pillow and imagehash in the same run, on one core.

Every figure is processor time, the best of several rounds over the same pictures in memory, the contestants taking
turns, so that other work on the machine hits all alike.  Equality is measured in the same run: a faster hash that
differs would be worthless.
"""

from __future__ import annotations

import io
import platform
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import imagehash
import numpy as np
import PIL
from PIL import Image

from scanner.artwork import artwork
from scanner.decoding import PORTFOLIO_LIMITS, WORK_FORMATS, PictureError, decode_picture
from scanner.hashers import ALGORITHMS, fingerprints, fingerprints_many, packed
from scanner.shrinking import Shrinker, checked_kernel
from scanner.variants import VARIANT_SETS, variant_fingerprints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

LARGE_PIXELS: Final = 1_000_000
_ROUNDS: Final = 5
_MOST_FILES: Final = 40  # of each kind; more only takes longer
_MOST_FILE_BYTES: Final = 30_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """One picture in memory: the file's bytes and its number of pixels."""

    content: bytes
    pixels: int


def run(works: Path | None = None) -> dict[str, Any]:
    """Measure on the pictures below ``works``, or on painted ones.

    Returns:
        ``{"measures": "hash", "conditions": {…}, "rows": [{"pictures": "over 1 megapixel", "count": n, "megapixels": …,
        "decode_only": …, "imagehash_64": …, "imagehash_64_and_256": …, "ours_64_and_256": …, "ratio_to_64": …,
        "ratio_to_both": …, "ratio_to_decode": …, "equal": n}, …], "variants": [{"set": …, "variants": n,
        "milliseconds": …, "decodes": …}]}``.  Rates are pictures a second on one core; ``equal`` counts the pictures
        whose two fingerprints are those of imagehash on the same pixels, and equals ``count``; ``decodes`` says
        how many times as long as decoding its picture the variants of a work take.
    """
    samples = list(_painted() if works is None else _found(works))
    large = [sample for sample in samples if sample.pixels > LARGE_PIXELS]
    small = [sample for sample in samples if sample.pixels <= LARGE_PIXELS]
    kinds = (("over 1 megapixel", large), ("up to 1 megapixel", small))
    return {
        "measures": "hash",
        "conditions": {
            "machine": platform.machine(),
            "pillow": PIL.__version__,
            "imagehash": imagehash.__version__,
            "numpy": np.__version__,
            "compiled_resize": checked_kernel() is not None,
            "pictures": "painted" if works is None else "given",
            "rounds": _ROUNDS,
        },
        "rows": [_row(name, chosen[:_MOST_FILES]) for name, chosen in kinds if chosen],
        "variants": _variant_costs(max(samples, key=lambda sample: sample.pixels)) if samples else [],
    }


def _row(name: str, samples: Sequence[_Sample]) -> dict[str, Any]:
    shrinker = Shrinker(compiled=True)
    seconds = _best_rounds(
        {
            "decode_only": lambda: _each(samples, _decode_only),
            "imagehash_64": lambda: _each(samples, _plain_64),
            "imagehash_64_and_256": lambda: _each(samples, _plain_both),
            "ours_64_and_256": lambda: _ours(samples, shrinker),
        }
    )
    rates = {contestant: round(len(samples) / taken, 1) for contestant, taken in seconds.items()}
    ours = seconds["ours_64_and_256"]
    return {
        "pictures": name,
        "count": len(samples),
        "megapixels": round(sum(sample.pixels for sample in samples) / len(samples) / 1e6, 2),
        **rates,
        "ratio_to_64": round(seconds["imagehash_64"] / ours, 2),
        "ratio_to_both": round(seconds["imagehash_64_and_256"] / ours, 2),
        "ratio_to_decode": round(seconds["decode_only"] / ours, 2),
        "equal": _equal(samples, shrinker),
    }


def _best_rounds(contestants: dict[str, Callable[[], object]]) -> dict[str, float]:
    best = dict.fromkeys(contestants, float("inf"))
    for round_number in range(_ROUNDS + 1):
        for name, task in contestants.items():
            began = time.process_time()
            task()
            taken = time.process_time() - began
            if round_number:  # the first round warms caches and compiles
                best[name] = min(best[name], taken)
    return best


def _each(samples: Sequence[_Sample], task: Callable[[bytes], object]) -> None:
    for sample in samples:
        task(sample.content)


def _decode_only(content: bytes) -> None:
    with Image.open(io.BytesIO(content)) as image:
        image.load()


def _plain_64(content: bytes) -> None:
    with Image.open(io.BytesIO(content)) as image:
        imagehash.phash(image)


def _plain_both(content: bytes) -> None:
    with Image.open(io.BytesIO(content)) as image:
        imagehash.phash(image)
        imagehash.phash(image, hash_size=16)


def _ours(samples: Sequence[_Sample], shrinker: Shrinker) -> dict[str, np.ndarray[Any, np.dtype[np.uint64]]]:
    squares = [shrinker.squares(_normal(sample)) for sample in samples]
    return {
        algorithm: fingerprints_many(np.stack([square[algorithm] for square in squares])) for algorithm in ALGORITHMS
    }


def _normal(sample: _Sample) -> Image.Image:
    return decode_picture(sample.content, formats=WORK_FORMATS, limits=PORTFOLIO_LIMITS).image


def _equal(samples: Sequence[_Sample], shrinker: Shrinker) -> int:
    words = _ours(samples, shrinker)
    plain = [fingerprints(_normal(sample)) for sample in samples]
    same = np.ones(len(samples), dtype=bool)
    for at, algorithm in enumerate(ALGORITHMS):
        expected = packed([known[at] for known in plain]).reshape(len(samples), -1)
        same &= (words[algorithm].reshape(len(samples), -1) == expected).all(axis=1)
    return int(same.sum())


def _variant_costs(sample: _Sample) -> list[dict[str, Any]]:
    image = _normal(sample)
    seconds = _best_rounds(
        {
            "decode": lambda: _decode_only(sample.content),
            **{name: lambda name=name: variant_fingerprints(image, name) for name in VARIANT_SETS},  # type: ignore[misc]
        }
    )
    return [
        {
            "set": name,
            "variants": len(variants),
            "milliseconds": round(1000 * seconds[name], 1),
            "decodes": round(seconds[name] / seconds["decode"], 1),
        }
        for name, variants in VARIANT_SETS.items()
    ]


def _painted() -> Iterator[_Sample]:
    """Eight pictures of four megapixels and two dozen of a tenth, as JPEG and PNG."""
    for seed in range(8):
        yield _stored(artwork(seed, (1200, 850)).resize((2400, 1700)), "JPEG" if seed % 4 else "PNG")
    for seed in range(24):
        yield _stored(artwork(seed, (400, 280)), "JPEG" if seed % 4 else "PNG")


def _stored(image: Image.Image, kind: str) -> _Sample:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=88)
    return _Sample(content=buffer.getvalue(), pixels=image.width * image.height)


def _found(works: Path) -> Iterator[_Sample]:
    """The pictures below a folder, in the order of their names; what cannot be decoded is left out."""
    for path in sorted(works.rglob("*")):
        if not path.is_file() or path.stat().st_size > _MOST_FILE_BYTES:
            continue
        content = path.read_bytes()
        try:
            picture = decode_picture(content, formats=WORK_FORMATS, limits=PORTFOLIO_LIMITS)
        except PictureError:
            continue
        yield _Sample(content=content, pixels=picture.width * picture.height)
