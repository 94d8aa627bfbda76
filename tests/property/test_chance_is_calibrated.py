"""Law: on rows that hold no copies, no more rows come near than were expected, on real fingerprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageOps

from scanner.chance import ChanceModel, composition, decoy_fingerprints, fit, nearest_histogram
from scanner.hashers import fingerprints_many, grey_image
from scanner.variants import variant_fingerprints

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CROPS = 250  # of each picture: its rows, for the works made of the other pictures


class Corpus:
    """Works from some pictures, and rows from crops of all; ``source`` says whose crop a row is."""

    def __init__(self, folder: Path) -> None:
        generator = np.random.default_rng(8)
        paths = [*sorted(folder.glob("kodak/**/*.png"))[:14], *sorted(folder.glob("openstax-us-history/**/*.jpg"))[:14]]
        queries, owner, greys = [], [], []
        for number, path in enumerate(paths):
            with Image.open(path) as opened:
                picture = ImageOps.exif_transpose(opened).convert("RGB")
            picture.thumbnail((512, 512))
            known = [
                one.fingerprint.value for one in variant_fingerprints(picture, "fast") if one.fingerprint.bits == 64
            ]
            queries += known
            owner += [number] * len(known)
            greys += crops(grey_image(picture), generator)
        self.works = len(paths)
        self.queries = np.array(queries, np.uint64)
        self.owner = np.array(owner, np.int32)
        self.rows = fingerprints_many(np.array(greys))
        self.source = np.repeat(np.arange(self.works), CROPS)

    def histogram(self, queries: NDArray[np.uint64], kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Nearest distances of the kept rows that are not crops of the work itself."""
        found = np.zeros((self.works, 65), np.int64)
        for work in range(self.works):
            own = queries[self.owner == work]
            rows = self.rows[kept & (self.source != work)]
            found[work] = nearest_histogram(own, np.zeros(len(own), np.int32), 1, rows)[0]
        return found


def crops(grey: Image.Image, generator: np.random.Generator) -> list[NDArray[np.uint8]]:
    width, height = grey.size
    found = []
    for _ in range(CROPS):
        part = np.exp(generator.uniform(np.log(0.1), np.log(0.6)))
        x, y = generator.uniform(0, 1 - part, 2) * (width, height)
        box = (x, y, x + part * width, y + part * height)
        found.append(np.asarray(grey.resize((32, 32), Image.Resampling.LANCZOS, box=box)))
    return found


@pytest.fixture(scope="module")
def corpus(shared_data: Path) -> Corpus:
    return Corpus(shared_data)


def within(known: ChanceModel, counts: NDArray[np.int64], limit: float) -> tuple[float, int, float]:
    """Expected and observed rows within each work's distance for ``limit``, and the interval's upper bound."""
    below, rows = counts.cumsum(axis=1), int(counts.sum(axis=1).max())
    distances = [known.largest_distance(work, rows, limit) for work in range(len(counts))]
    observed = sum(int(below[work, near]) for work, near in enumerate(distances) if near is not None)
    mean, _, high = known.total(distances, rows)
    return mean, observed, high


@pytest.mark.parametrize("sample", [0, 0.01, 0.5])
@pytest.mark.parametrize("decoys", [False, True])
def test_no_more_rows_come_near_than_expected(corpus: Corpus, sample: float, decoys: bool) -> None:
    queries = decoy_fingerprints(corpus.queries) if decoys else corpus.queries
    draw = np.random.default_rng(2).random(len(corpus.rows))
    measured = corpus.histogram(queries, draw < sample)
    known = fit(measured, 64, composition(queries, corpus.owner, corpus.works))
    others = corpus.histogram(queries, draw >= 0.5)
    for limit in (0.001, 0.1, 1.0):
        mean, observed, high = within(known, others, limit)
        assert mean <= limit * corpus.works
        assert observed <= high
        assert observed <= max(1, mean)


def test_most_works_keep_a_distance_that_carries_a_claim(corpus: Corpus) -> None:
    known = fit(
        corpus.histogram(corpus.queries, np.ones(len(corpus.rows), bool)),
        64,
        composition(corpus.queries, corpus.owner, corpus.works),
    )
    largest = [known.largest_distance(work, 30_000) for work in range(corpus.works)]
    assert np.median([-1 if near is None else near for near in largest]) >= 4
