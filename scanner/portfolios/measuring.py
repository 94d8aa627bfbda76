"""One file to its digests, facts and fingerprints; many files in worker processes that may die.

A decoder can crash on a damaged file and take its process with it: that file is excluded (``processes.WorkerPool``).
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from PIL import Image

from scanner.decoding import WORK_FORMATS, DecodeLimits, Picture, PictureError, decode_picture
from scanner.hashers import detail, grey_pixels
from scanner.parts import work_points
from scanner.processes import Died, Task, WorkerPool
from scanner.works import ExcludedReason, Fingerprint, VariantFingerprint, WorkPoints

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Variants = Callable[[Image.Image], tuple[VariantFingerprint, ...]]

SHARED_PIXELS = 64_000_000
"""Pictures above this (256 MB while decoded) wait until the others are done and are then measured one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the decoded picture said: size as shown, and what its pixels hash to."""

    format: str
    width: int
    height: int
    detail: Decimal
    fingerprints: tuple[VariantFingerprint, ...]
    points: WorkPoints | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One file: its digests, and either facts or the reason why there are none."""

    sha256: str | None = None
    md5: str | None = None
    bytes: int | None = None
    facts: Facts | None = None
    reason: ExcludedReason | None = None
    note: str = ""

    def dumps(self) -> str:
        """A readable picture as text; the inverse of ``loads``."""
        assert self.facts is not None
        facts = self.facts
        looks = [[known.variant, str(known.fingerprint)] for known in facts.fingerprints]
        points = None if facts.points is None else _points_text(facts.points)
        told = [
            self.sha256,
            self.md5,
            self.bytes,
            facts.format,
            facts.width,
            facts.height,
            str(facts.detail),
            looks,
            points,
        ]
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> Measured:
        """The inverse of ``dumps``."""
        sha256, md5, size, form, width, height, detail_, looks, points = json.loads(text)
        facts = Facts(
            format=form,
            width=width,
            height=height,
            detail=Decimal(detail_),
            fingerprints=tuple(
                VariantFingerprint(variant=name, fingerprint=Fingerprint.parse(value)) for name, value in looks
            ),
            points=None if points is None else _points_of(points),
        )
        return cls(sha256=sha256, md5=md5, bytes=size, facts=facts)


def _points_text(points: WorkPoints) -> list[Any]:
    places = [base64.b64encode(each.astype("<f4").tobytes()).decode() for each in points.places]
    words = [base64.b64encode(each.astype("<u8").tobytes()).decode() for each in points.words]
    return [list(points.size), places, words]


def _points_of(told: list[Any]) -> WorkPoints:
    (width, height), places, words = told
    found = [np.frombuffer(base64.b64decode(each), "<f4").reshape(-1, 2).astype(np.float32) for each in places]
    features = [np.frombuffer(base64.b64decode(each), "<u8").reshape(-1, 4).astype(np.uint64) for each in words]
    return WorkPoints(size=(width, height), places=(found[0], found[1]), words=(features[0], features[1]))


def stamp_of(path: str) -> str | None:
    """Size and modification time of a file; None where it cannot be asked."""
    try:
        status = os.stat(path)  # noqa: PTH116 - the name may hold bytes that are not UTF-8
    except OSError:
        return None
    return f"{status.st_size}:{status.st_mtime_ns}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How a file is measured: a value that is sent to worker processes, so ``variants`` must be importable there.

    ``points``: whether its local features are found too.
    """

    limits: DecodeLimits
    variants: Variants
    points: bool = False

    def __call__(self, path: str) -> Measured:
        """Digest the file's bytes, then decode those bytes; faults are values."""
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - the name may hold bytes that are not UTF-8
                digests = _digested(file)
                try:
                    return replace(digests, facts=self._facts(file))
                except PictureError as error:
                    return replace(digests, reason=ExcludedReason(error.fault.value), note=error.detail)
                except OSError:
                    raise
                except Exception as error:  # noqa: BLE001 - a fault of ours on one picture must not cost the others
                    return replace(digests, reason=ExcludedReason.DECODE_CRASH, note=type(error).__name__)
        except OSError as error:
            return Measured(reason=ExcludedReason.UNREADABLE, note=error.strerror or type(error).__name__)

    def _facts(self, file: BinaryIO) -> Facts:
        # Colour is not compared: grey has the same fingerprints in a quarter of the memory.
        picture: Picture = decode_picture(file, formats=WORK_FORMATS, limits=self.limits, grey=True)
        return Facts(
            format=picture.format,
            width=picture.width,
            height=picture.height,
            detail=detail(grey_pixels(picture.image, "phash64")),
            fingerprints=self.variants(picture.image),
            points=work_points(picture.image) if self.points else None,
        )


def _digested(file: BinaryIO) -> Measured:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    while block := file.read(1 << 20):
        sha256.update(block)
        md5.update(block)
    size = file.tell()
    file.seek(0, io.SEEK_SET)
    return Measured(sha256=sha256.hexdigest(), md5=md5.hexdigest(), bytes=size)


def measure_all(paths: Sequence[str], measure: Measure, workers: int) -> Iterator[tuple[str, Measured]]:
    """Measure every path, each once, in any order.

    Args:
        paths: of regular files, no two alike.
        measure: how.
        workers: processes at work at once; 0 decodes in this one, where a crash of a decoder is everybody's.
    """
    if not workers:
        yield from ((path, measure(path)) for path in paths)
        return
    ordinary = replace(measure.limits, max_pixels=min(SHARED_PIXELS, measure.limits.max_pixels))
    large: list[str] = []
    for path, measured in _in_workers(paths, replace(measure, limits=ordinary), workers):
        if measured.reason is ExcludedReason.OVER_LIMIT and measure.limits.max_pixels > SHARED_PIXELS:
            large.append(path)
        else:
            yield path, measured
    yield from _in_workers(sorted(large), measure, 1)


def _in_workers(paths: Sequence[str], measure: Measure, workers: int) -> Iterator[tuple[str, Measured]]:
    with WorkerPool(min(workers, len(paths))) as pool:
        for path in paths:
            pool.submit(Task(key=path, function=measure, arguments=(path,)))
        for path, result in pool.completed():
            yield path, _CRASHED if isinstance(result, Died) else result


_CRASHED = Measured(reason=ExcludedReason.DECODE_CRASH, note="the process that decoded it ended, twice")
