"""A self-test before every scan: does this machine compute the fingerprints that the golden vectors say?

The vectors ship with the package (``vectors.json``), are made of whole-number arithmetic alone, and are only ever added to.  Their
expected values were computed by ``imagehash`` itself.  The Manifest says how many passed; a court may ask (FRE 702, 902(13)).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

from manifests.records import match_id
from scanner.hashers import ALGORITHMS, GREY_SIDE, fingerprint_of_grey, fingerprints_many, unpacked
from scanner.layouts import row_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """The result: ``vectors_sha256`` names the vectors, ``failed`` lists what differed."""

    vectors_sha256: str
    total: int
    failed: tuple[str, ...]

    @property
    def passed(self) -> int:
        """Number of vectors that came out as expected."""
        return self.total - len(self.failed)


def grey_pattern(seed: int, side: int) -> npt.NDArray[np.uint8]:
    """A grey square of smooth, overlapping waves and edges, ``uint8[side, side]``, from whole numbers alone."""
    y, x = np.mgrid[0:side, 0:side].astype(np.int64) * (64 // side)
    wave = (x * x * (3 + seed % 7) + y * y * (2 + seed % 5) + x * y * (seed % 11)) // (17 + seed % 13)
    edges = 64 * ((x + seed * 5) // 23 % 2) + 48 * ((y + seed * 3) // 19 % 2)
    grey: npt.NDArray[np.uint8] = ((wave + edges + seed * 29) % 256).astype(np.uint8)
    return grey


def run_self_test() -> SelfTest:
    """Compute every vector in this process."""
    content = resources.files("scanner").joinpath("vectors.json").read_bytes()
    vectors = json.loads(content)
    failed = [name for name, (expected, found) in _results(vectors).items() if expected != found]
    return SelfTest(
        vectors_sha256=hashlib.sha256(content).hexdigest(), total=len(_results(vectors)), failed=tuple(failed)
    )


def _results(vectors: dict[str, list[dict[str, str]]]) -> dict[str, tuple[str, str]]:
    results = {}
    for vector in vectors["fingerprints"]:
        algorithm = next(known for known in ALGORITHMS if known == vector["algorithm"])
        seed = int(vector["seed"])
        grey = grey_pattern(seed, GREY_SIDE[algorithm])
        many = unpacked(fingerprints_many(grey[np.newaxis]), algorithm)[0]
        name = f"{algorithm} of pattern {seed}"
        results[name] = (vector["value"], str(fingerprint_of_grey(grey, algorithm)))
        results[f"{name}, many at once"] = (vector["value"], str(many))
    for number, vector in enumerate(vectors["row_hashes"]):
        results[f"row hash {number}"] = (vector["value"], str(row_hash(vector["url"], vector["text"])))
    for number, vector in enumerate(vectors["match_ids"]):
        found = match_id(vector["work_sha256"], vector["shard_id"], int(vector["row_number"]))
        results[f"match id {number}"] = (vector["value"], found)
    return results
