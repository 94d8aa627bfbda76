"""The dataset's side of a finding: the row verbatim, and the pictures a person would want to see beside the Work.

Made after grading, for the rows that are listed, by reading them once more from their shard.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from PIL import Image

from scanner.decoding import ROW_FORMATS, PictureError, decode_picture
from scanner.hashers import ALGORITHMS, Algorithm, grey_pixels, rendition_png
from scanner.second_check import comparison_pictures, in_whole_picture
from scanner.shards.found import read_found
from scanner.variants import render_variant
from scanner.work_pictures import best_check, looked_at, read_work, row_limits
from scanner.works import parse_look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scanner.config import ScanConfig
    from scanner.datasets import Role, VerbatimRow
    from scanner.parts import Region
    from scanner.queries import Queries
    from scanner.shards import OpenShard

THUMBNAIL_SIDE = 360  # px: what a person needs to recognise a picture; never the work itself


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """One finding on a packaged picture: ``fingerprints`` are the ``(algorithm, variant)`` pairs that its basis names.

    ``region`` is the part of the picture that was compared (left, top, right, bottom in px); None for all of it.
    """

    match_id: str
    work: int
    work_sha16: str
    fingerprints: tuple[tuple[Algorithm, str], ...]
    region: Region | None = None


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


def draw_fetched(content: bytes, finding: PictureRequest, queries: Queries, config: ScanConfig) -> dict[str, bytes]:
    """Renditions and figures of one finding on a picture that was fetched, by their path in the package.

    ``finding.fingerprints`` are those that the basis compares with this picture.
    """
    files: dict[str, bytes] = {}
    _add_work_renditions(files, finding, queries, config)
    _add_row_pictures(files, content, (finding,), queries, config)
    return files


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPictures:
    """A Work's own pictures: ``renditions`` by their path in the package, ``thumbnail`` a small JPEG where one is wanted."""

    renditions: Mapping[str, bytes] = field(default_factory=dict)
    thumbnail: bytes | None = None


def draw_work(queries: Queries, config: ScanConfig, work: int, sha16: str) -> WorkPictures:
    """Renditions of a Work's original under both algorithms, and its thumbnail; nothing where the file is gone or another."""
    image = read_work(queries, config, work, 0)
    if image is None:
        return WorkPictures()
    renditions = {
        rendition_path(sha16, "original", algorithm): rendition_png(grey_pixels(image, algorithm))
        for algorithm in ALGORITHMS
    }
    if not config.thumbnails:
        return WorkPictures(renditions=renditions)
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return WorkPictures(renditions=renditions, thumbnail=stream.getvalue())


def rendition_path(sha16: str, variant: str, algorithm: str) -> str:
    """Where the exact grey pixels of a fingerprint lie in a package."""
    return f"renditions/{sha16}-{variant}-{algorithm}.png"


def _add_work_renditions(
    files: dict[str, bytes], finding: PictureRequest, queries: Queries, config: ScanConfig
) -> None:
    for algorithm, look in finding.fingerprints:
        path = rendition_path(finding.work_sha16, look, algorithm)
        if path in files or look == "original":  # originals are made once, with the portfolio
            continue
        number, variant = parse_look(look)
        image = read_work(queries, config, finding.work, number)
        if image is not None:
            files[path] = rendition_png(grey_pixels(render_variant(image, variant, algorithm), algorithm))


def _add_row_pictures(
    files: dict[str, bytes],
    content: bytes,
    findings: tuple[PictureRequest, ...],
    queries: Queries,
    config: ScanConfig,
) -> None:
    try:
        image = decode_picture(content, formats=ROW_FORMATS, limits=row_limits(config)).image
    except PictureError:
        return
    sha16 = hashlib.sha256(content).hexdigest()[:16]
    for finding in findings:
        compared, name = image, "original"
        if finding.region is not None:
            compared, name = image.crop(finding.region), f"region-{'-'.join(map(str, finding.region))}"
        for algorithm, _ in finding.fingerprints:
            path = rendition_path(sha16, name, algorithm)
            if path not in files:
                files[path] = rendition_png(grey_pixels(compared, algorithm))
        looks = [look for _, look in finding.fingerprints] or ["original"]
        best = best_check(partial(looked_at, queries, config, finding.work), compared, looks)
        if best is not None and config.thumbnails:
            own, check = best
            shown = check if finding.region is None else in_whole_picture(check, finding.region, image.size)
            for view, picture in comparison_pictures(own, image, shown).items():
                files[f"thumbnails/{finding.match_id}-{view}.jpg"] = picture
