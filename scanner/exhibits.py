"""The dataset's side of a finding: the row verbatim, and the pictures a person would want to see beside the Work.

Made after grading, for the rows that are listed, by reading them once more from their shard.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from scanner.decoding import ROW_FORMATS, WORK_FORMATS, DecodeLimits, PictureError, decode_picture
from scanner.hashers import ALGORITHMS, Algorithm, grey_pixels, rendition_png
from scanner.second_check import comparison_pictures, second_check
from scanner.shards.found import read_found
from scanner.variants import render_variant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scanner.config import ScanConfig
    from scanner.datasets import Role, VerbatimRow
    from scanner.queries import Queries
    from scanner.shards import OpenShard

THUMBNAIL_SIDE = 360  # px: what a person needs to recognise a picture; never the work itself
LOOKED_AT_SIDE = (
    1024  # px: the longest side of a Work's picture kept for the second check; it compares at a few hundred
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """One finding on a packaged picture: ``fingerprints`` are the ``(algorithm, variant)`` pairs that its basis names."""

    match_id: str
    work: int
    work_sha16: str
    fingerprints: tuple[tuple[Algorithm, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitRequest:
    """One row, and the findings on its picture; ``work_renditions`` are asked of rows without a picture too."""

    row_number: int
    item: int | None
    pictures: tuple[PictureRequest, ...] = ()
    work_renditions: tuple[PictureRequest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A row as it stands, its values by role, and files for the package (path -> content)."""

    row_number: int
    item: int | None
    verbatim: VerbatimRow
    values: Mapping[Role, object]
    files: Mapping[str, bytes] = field(default_factory=dict)


def exhibit_rows(
    shard: OpenShard, requests: tuple[ExhibitRequest, ...], queries: Queries, config: ScanConfig
) -> list[Exhibit]:
    """Read the asked rows of one shard; pictures only where a finding needs them.

    Raises:
        ShardError: the shard cannot be read any more.
    """
    found = read_found(shard, [(request.row_number, request.item) for request in requests])
    exhibits = []
    for request in requests:
        row = found[request.row_number, request.item]
        files: dict[str, bytes] = {}
        for finding in (*request.pictures, *request.work_renditions):
            _add_work_renditions(files, finding, queries, config)
        if request.pictures and row.picture is not None:
            _add_row_pictures(files, row.picture, request.pictures, queries, config)
        exhibits.append(
            Exhibit(
                row_number=request.row_number, item=request.item, verbatim=row.verbatim, values=row.values, files=files
            )
        )
    return exhibits


def work_picture(paths: tuple[str | None, ...], config: ScanConfig, index: int) -> Image.Image | None:
    """The pixels of a Work in normal form, its longest side at most ``LOOKED_AT_SIDE``; None where the file is gone."""
    path = paths[index]
    return None if path is None else _looked_at(path, config.portfolio_max_pixels)


@lru_cache(maxsize=32)
def _looked_at(path: str, max_pixels: int) -> Image.Image | None:
    image = _work_at(path, max_pixels)
    if image is None:
        return None
    image = image.copy()
    image.thumbnail((LOOKED_AT_SIDE, LOOKED_AT_SIDE), Image.Resampling.LANCZOS)
    return image


def _work_at(path: str, max_pixels: int) -> Image.Image | None:
    limits = DecodeLimits(max_pixels=max_pixels, max_side=1_000_000, max_bytes=2**31)
    try:
        return decode_picture(Path(path), formats=WORK_FORMATS, limits=limits).image
    except (PictureError, OSError):
        return None


def work_files(path: str | None, sha16: str, config: ScanConfig) -> dict[str, bytes]:
    """Renditions of a Work's original under both algorithms, and its thumbnail; nothing where the file is gone."""
    image = None if path is None else _work_at(path, config.portfolio_max_pixels)
    if image is None:
        return {}
    files = {
        rendition_path(sha16, "original", algorithm): rendition_png(grey_pixels(image, algorithm))
        for algorithm in ALGORITHMS
    }
    if config.thumbnails:
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=80)
        files[f"thumbnails/{sha16}-work.jpg"] = stream.getvalue()
    return files


def rendition_path(sha16: str, variant: str, algorithm: str) -> str:
    """Where the exact grey pixels of a fingerprint lie in a package."""
    return f"renditions/{sha16}-{variant}-{algorithm}.png"


def _add_work_renditions(
    files: dict[str, bytes], finding: PictureRequest, queries: Queries, config: ScanConfig
) -> None:
    image = None
    for algorithm, variant in finding.fingerprints:
        path = rendition_path(finding.work_sha16, variant, algorithm)
        if path in files or variant == "original":  # originals are made once, with the portfolio
            continue
        own = queries.paths[finding.work]
        image = image or (None if own is None else _work_at(own, config.portfolio_max_pixels))
        if image is not None:
            files[path] = rendition_png(grey_pixels(render_variant(image, variant, algorithm), algorithm))


def _add_row_pictures(
    files: dict[str, bytes],
    content: bytes,
    findings: tuple[PictureRequest, ...],
    queries: Queries,
    config: ScanConfig,
) -> None:
    limits = DecodeLimits(
        max_pixels=config.row_max_pixels, max_side=config.row_max_side, max_bytes=config.row_max_bytes
    )
    try:
        image = decode_picture(content, formats=ROW_FORMATS, limits=limits).image
    except PictureError:
        return
    sha16 = hashlib.sha256(content).hexdigest()[:16]
    for finding in findings:
        for algorithm, _ in finding.fingerprints:
            path = rendition_path(sha16, "original", algorithm)
            if path not in files:
                files[path] = rendition_png(grey_pixels(image, algorithm))
        own = work_picture(queries.paths, config, finding.work)
        if own is None or not config.thumbnails:
            continue
        variant = finding.fingerprints[0][1] if finding.fingerprints else "original"
        check = second_check(own, image, variant)
        for view, picture in comparison_pictures(own, image, check).items():
            files[f"thumbnails/{finding.match_id}-{view}.jpg"] = picture
