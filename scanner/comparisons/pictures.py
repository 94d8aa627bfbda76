"""Pictures inside a shard: compared by digest, by fingerprints and by parts, and confirmed by the second check."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from scanner.chance import sampled
from scanner.comparisons.fingerprints import FingerprintComparison, Near
from scanner.comparisons.parts import PartComparison, PartFound
from scanner.comparisons.rows import RowTally, column, row_ref
from scanner.comparisons.seen import Decoded, PictureEye, Seen, words_of
from scanner.outcomes import Checked, Hit
from scanner.parts import METHOD as PARTS_METHOD
from scanner.second_check import METHOD
from scanner.work_pictures import best_check
from scanner.works import Fingerprint

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    import pyarrow as pa
    from PIL import Image

    from scanner.config import ScanConfig
    from scanner.hashers import Algorithm
    from scanner.queries import Queries

ALGORITHMS: Final[tuple[Algorithm, ...]] = ("phash256", "phash64")  # the one that can carry a claim alone comes first
FileOfWork = Callable[[int, int], "Image.Image | None"]
"""Pixels of a file of a Work: ``(index of the Work, 0 for its own file or n for its rendition n)``; None where it is gone."""


class PictureComparison:
    """Compares the packaged pictures of a shard's batches; ``file_of_work`` gives pixels for the second check."""

    def __init__(self, queries: Queries, config: ScanConfig, shard_id: str, file_of_work: FileOfWork) -> None:
        """Compile the queries of both algorithms."""
        self._queries = queries
        self._shard_id = shard_id
        self._file_of_work = file_of_work
        self._eye = PictureEye(config)
        radii = {"phash64": config.radius64, "phash256": config.radius256}
        self.prints = {
            name: FingerprintComparison(queries.fingerprints[name], queries.works, radii[name]) for name in ALGORITHMS
        }
        self.decoded = RowTally()
        self._parts = PartComparison(queries, config, file_of_work)

    @property
    def faults(self) -> Counter[str]:
        """Pictures that could not be compared, by reason."""
        return self._eye.faults

    def hits(self, rows: pa.RecordBatch) -> Iterator[Hit]:
        """Yield hits in row order."""
        images = column(rows, "image")
        if images is None:
            return
        for seen in self._eye.looks(images):
            for picture in seen:
                yield from self._equal(rows, picture)
            yield from self._near(rows, [(each, each.decoded) for each in seen if each.decoded is not None])

    def _equal(self, rows: pa.RecordBatch, picture: Seen) -> Iterator[Hit]:
        digest = picture.sha256
        for query in self._queries.sha256.get(digest, ()):
            yield Hit(
                row=row_ref(rows, picture.index),
                work=query.work,
                kind="digest_equal",
                metric="sha256",
                value=digest,
                source_of_hash="shard_bytes",
                work_value=f"sha256:{digest}",
                row_value=f"sha256:{digest}",
                work_file=query.file,
                picture_sha256=digest,
            )

    def _near(self, rows: pa.RecordBatch, seen: list[tuple[Seen, Decoded]]) -> Iterator[Hit]:
        if not seen:
            return
        numbers = rows.column("row").to_numpy()[[picture.index for picture, _ in seen]]
        self.decoded.add(numbers)
        sample = sampled(numbers, self._shard_id, 1)  # pictures are few beside rows: all of them measure chance
        found: dict[tuple[int, int], list[tuple[str, Near, int]]] = {}
        words: dict[str, npt.NDArray[np.uint64]] = {}
        for name in ALGORITHMS:
            words[name] = words_of([decoded for _, decoded in seen], name)
            near = self.prints[name].near(words[name], sample)
            for position in range(len(near.row)):
                pair = (int(near.row[position]), int(near.work[position]))
                found.setdefault(pair, []).append((name, near, position))
        confirmed: list[set[int]] = [set() for _ in seen]
        hits: dict[tuple[int, int], list[Hit]] = {}
        for (at, work), comparisons in sorted(found.items()):
            picture, decoded = seen[at]
            checked = self._second_check(decoded.image, work, comparisons)
            if checked is not None and checked.passed:
                confirmed[at].add(work)
            hits[at, work] = [
                self._hit(rows, picture, comparison, words[comparison[0]][at], checked) for comparison in comparisons
            ]
        for at, (picture, decoded) in enumerate(seen):
            # A part explains the row better than a whole that was near but not confirmed: a finding has one second check.
            for found_part in self._parts.found(decoded.image, confirmed[at]):
                hits[at, found_part.part.work] = [_part_hit(rows, picture, found_part)]
        for pair in sorted(hits):
            yield from hits[pair]

    def _second_check(self, image: Image.Image, work: int, comparisons: list[tuple[str, Near, int]]) -> Checked | None:
        looks = [self._variant(name, near, position) for name, near, position in comparisons]
        best = best_check(partial(self._file_of_work, work), image, looks)
        if best is None:
            return None
        check = best[1]
        return Checked(method=METHOD, value=str(check.value), threshold=str(check.threshold), passed=check.passed)

    def _variant(self, name: str, near: Near, position: int) -> str:
        return self._queries.fingerprints[name].variant[int(near.query[position])]

    def _hit(
        self,
        rows: pa.RecordBatch,
        picture: Seen,
        where: tuple[str, Near, int],
        row_words: object,
        checked: Checked | None,
    ) -> Hit:
        name, near, position = where
        queries = self._queries.fingerprints[name]
        return Hit(
            row=row_ref(rows, picture.index),
            work=int(near.work[position]),
            kind="fingerprint_near",
            metric=f"hamming/{name}",
            value=int(near.distance[position]),
            source_of_hash="shard_bytes",
            variant=self._variant(name, near, position),
            work_value=str(fingerprint_of(name, queries.words[near.query[position]])),
            row_value=str(fingerprint_of(name, row_words)),
            picture_sha256=picture.sha256,
            checked=checked,
        )


def _part_hit(rows: pa.RecordBatch, picture: Seen, found: PartFound) -> Hit:
    """What is compared is a region of the row's picture: ``detail`` says which, in its pixels, and what suggested it."""
    return Hit(
        row=row_ref(rows, picture.index),
        work=found.part.work,
        kind="fingerprint_near",
        metric=f"hamming/{found.own.algorithm}",
        value=found.own.distance(found.seen),
        source_of_hash="shard_bytes",
        variant=found.part.variant,
        work_value=str(found.own),
        row_value=str(found.seen),
        detail={"region": ",".join(map(str, found.part.region)), "suggested_by": PARTS_METHOD},
        picture_sha256=picture.sha256,
        checked=found.checked,
    )


def fingerprint_of(algorithm: str, words: object) -> Fingerprint:
    """The value of ``uint64[words]``, most significant word first."""
    parts = np.atleast_1d(np.asarray(words, dtype=np.uint64))
    return Fingerprint(
        algorithm=algorithm,
        bits=64 * len(parts),
        value=int.from_bytes(b"".join(int(part).to_bytes(8, "big") for part in parts), "big"),
    )
