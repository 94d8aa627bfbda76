"""The pixels of the works, read again where a picture of a dataset has to be compared with them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from scanner.decoding import (
    PORTFOLIO_LIMITS,
    WORK_FORMATS,
    DecodeLimits,
    PictureError,
    PictureFault,
    decode_picture,
)
from scanner.errors import WorkChanged
from scanner.second_check import SecondCheck, second_check
from scanner.works import parse_look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scanner.config import ScanConfig
    from scanner.queries import Queries

COLOUR_PIXELS = (
    100_000_000  # larger files are looked at in grey: every worker may hold one, and colour takes four times as much
)
LOOKED_AT_SIDE = 1024  # px: the longest side kept of a Work's picture; the second check compares at a few hundred


def row_limits(config: ScanConfig) -> DecodeLimits:
    """What a stranger's picture may be."""
    return DecodeLimits(max_pixels=config.row_max_pixels, max_side=config.row_max_side, max_bytes=config.row_max_bytes)


def read_work(queries: Queries, config: ScanConfig, work: int, number: int) -> Image.Image | None:
    """File ``number`` of a Work (0 its own, n its rendition n) in normal form, a very large one in grey.

    None where it cannot be decoded any more, is gone, or is not the file whose digest the portfolio has: what is shown beside a
    finding is what was compared, or nothing.
    """
    try:
        return surely_read(queries, config, work, number)
    except WorkChanged:
        return None


def surely_read(queries: Queries, config: ScanConfig, work: int, number: int) -> Image.Image | None:
    """As ``read_work``, for a comparison whose outcome is kept: a file that is back later must find the question open.

    Raises:
        WorkChanged: the file is gone, or not the one whose digest the portfolio has.
    """
    path = queries.paths[work][number]
    return None if path is None else _decoded(path, queries.path_sha256[work][number], config)


def looked_at(queries: Queries, config: ScanConfig, work: int, number: int) -> Image.Image | None:
    """As ``read_work``, its longest side at most ``LOOKED_AT_SIDE``."""
    try:
        return surely_looked_at(queries, config, work, number)
    except WorkChanged:
        return None


def surely_looked_at(queries: Queries, config: ScanConfig, work: int, number: int) -> Image.Image | None:
    """As ``looked_at``, for a comparison whose outcome is kept.

    Raises:
        WorkChanged: see ``surely_read``.
    """
    path = queries.paths[work][number]
    return None if path is None else _kept(path, queries.path_sha256[work][number], config)


@lru_cache(maxsize=32)
def _kept(path: str, sha256: str, config: ScanConfig) -> Image.Image | None:
    image = _decoded(path, sha256, config)
    if image is not None:
        image.thumbnail((LOOKED_AT_SIDE, LOOKED_AT_SIDE), Image.Resampling.LANCZOS)
    return image


def _decoded(path: str, sha256: str, config: ScanConfig) -> Image.Image | None:
    limits = replace(PORTFOLIO_LIMITS, max_pixels=config.portfolio_max_pixels)
    in_colour = replace(limits, max_pixels=min(COLOUR_PIXELS, limits.max_pixels))
    try:
        with Path(path).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise _changed(path, "changed")
            file.seek(0)
            try:
                return decode_picture(file, formats=WORK_FORMATS, limits=in_colour).image
            except PictureError as error:
                if error.fault is not PictureFault.OVER_LIMIT or limits == in_colour:
                    return None
            file.seek(0)
            try:
                return decode_picture(file, formats=WORK_FORMATS, limits=limits, grey=True).image
            except PictureError:
                return None
    except OSError as error:
        raise _changed(path, "cannot be read any more") from error


def _changed(path: str, how: str) -> WorkChanged:
    name = Path(path).name.encode("utf-8", "backslashreplace").decode()
    return WorkChanged(
        f"the work's file {name} {how} during the scan",
        hint="Put the file back as it was and run the same command again.",
    )


def best_check(
    file_of_work: Callable[[int], Image.Image | None], picture: Image.Image, looks: Sequence[str]
) -> tuple[Image.Image, SecondCheck] | None:
    """The second check under each of the looks that were near; the best one, with the Work's file it was made on.

    None where no file of the Work can be read any more: the check was not run.
    """
    best: tuple[Image.Image, SecondCheck] | None = None
    for look in dict.fromkeys(looks):
        number, variant = parse_look(look)
        own = file_of_work(number)
        if own is None:
            continue
        check = second_check(own, picture, variant)
        if best is None or (check.passed, check.value) > (best[1].passed, best[1].value):
            best = own, check
    return best
