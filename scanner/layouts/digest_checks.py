"""Before a digest column is used, its meaning is checked on the shard: a wrong column never matches, and nobody would notice.

img2dataset issue 366 is such a case: every comparison failed in silence.  A column that fails is reported and not compared.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scanner.layouts import sampling

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPARED_PICTURES = 50  # datasets.md section 4
_FEW = 20  # below so many values, repetition says nothing
_DIGITS = {"sha256": 64, "md5": 32, "phash64": 16, "phash256": 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedColumn:
    """One digest or fingerprint column after its check.

    ``refused`` is None for a column in use, else why it is not compared.  ``of`` says whose bytes a digest is taken to be of;
    ``stored_equal`` of ``stored_compared`` sampled rows had the digest of the picture stored in the same row.
    """

    column: str
    algorithm: Literal["sha256", "md5", "phash64", "phash256"]
    values: int
    nulls: int
    refused: str | None = None
    of: Literal["served_bytes", "stored_bytes", "picture", "indexed"] = "served_bytes"
    stored_compared: int = 0
    stored_equal: int = 0


def check_column(
    column: str, algorithm: Literal["sha256", "md5", "phash64", "phash256"], cells: Sequence[str | bytes | None]
) -> CheckedColumn:
    """Judge sampled cells: length, characters, repetition, share of nulls (reported, not judged)."""
    digits = _DIGITS[algorithm]
    texts = [cell.hex() if isinstance(cell, bytes) else cell for cell in cells if cell is not None]
    values = [text for text in texts if not sampling.is_nullish(text)]
    refused = None
    wrong = [text for text in values if sampling.hex_digits([text]) != digits]
    if len(wrong) > len(values) // 10:
        refused = f"{len(wrong)} of {len(values)} sampled values are not {digits} hex digits"
    elif len(values) >= _FEW and len({text.lower() for text in values}) <= len(values) // 100 + 1:
        refused = f"{len(values)} sampled values are only {len({text.lower() for text in values})} different ones"
    return CheckedColumn(
        column=column,
        algorithm=algorithm,
        values=len(values),
        nulls=len(cells) - len(values),
        refused=refused,
        of="picture" if algorithm.startswith("phash") else "served_bytes",
    )


def count_stored(
    algorithm: Literal["sha256", "md5"], cells: Sequence[str | bytes | None], pictures: Sequence[str | bytes | None]
) -> tuple[int, int]:
    """How many rows hold both a digest and a picture, and of how many of them the digest is that of the stored picture."""
    compared = equal = 0
    for cell, picture in list(zip(cells, pictures, strict=False))[:COMPARED_PICTURES]:
        if cell is None or not isinstance(picture, bytes):
            continue
        recorded = cell.hex() if isinstance(cell, bytes) else cell.strip().lower()
        if len(recorded) != _DIGITS[algorithm]:
            continue
        compared += 1
        equal += hashlib.new(algorithm, picture, usedforsecurity=False).hexdigest() == recorded
    return compared, equal
