"""Pack and verify many matches: processor seconds and peak memory, printed.

From a checkout: ``PYTHONPATH=.:tests python tests/bench/manifest_scaling.py 100000 [FOLDER]``.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import package_builder as build

from manifests.packages import shard16
from manifests.records import match_id, values_sha256
from manifests.tiers import RowSource, derive_grading
from manifests.verifying import verify_package
from manifests.writing import PackageWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

PER_WORK = 100
SHARDS = 32
CHANCE = "0.00034"
SOURCE = RowSource(lists_url=True, holds_image=False, shard_confirmed=False, shard_read_whole=True)


class ManyMatches:
    """``number`` findings of a recorded hash, 100 a work, spread over 32 shards; made one by one."""

    def __init__(self, number: int) -> None:
        """Make works and shards; ``number`` is a multiple of 100."""
        works = [
            build.work(f"w{index:06d}.png", index % 50 + 1, title=f"Work {index}")
            for index in range(number // PER_WORK)
        ]
        shards = [build.shard("coyo700m", f"part-{index:05d}.parquet", rows=10**6) for index in range(SHARDS)]
        datasets = [build.dataset("coyo700m", SHARDS, rows=10**6)]
        self.world = build.World(works=works, coverage=shards, datasets=datasets)
        self.near = [build.near(work, 4, "compiler", column="image_phash") for work in works]

    def values(self, work: int, row: int) -> list[list[Any]]:
        """The verbatim row of a match."""
        url = f"https://img{row % 997}.example.org/a/b/c/{row}.jpg"
        recorded = self.near[work]["row_value"].partition(":")[2]
        caption = f"Fox {row}, ink on paper, 狐狸, with a caption about as long as they are in these datasets"
        return [["URL", "string", url], ["TEXT", "string", caption], ["image_phash", "string", recorded]]

    def matches(self) -> Iterator[dict[str, Any]]:
        """In the order of ``matches.jsonl``: by work, shard, row."""
        for number, work in enumerate(self.world.works):
            for place in sorted(range(PER_WORK), key=lambda place: (place % SHARDS, place)):
                yield self._match(number, work, number * PER_WORK + place, self.world.coverage[place % SHARDS])

    def _match(self, number: int, work: dict[str, Any], row: int, shard: dict[str, Any]) -> dict[str, Any]:
        values, basis = self.values(number, row), [self.near[number]]
        graded = derive_grading(
            basis=basis, expected_chance_matches=CHANCE, second_check=None, observation=None, row_source=SOURCE
        )
        shown = {"row_number": row, "item": None, "row_group": 0, "row_in_group": row, "key": str(row)}
        picture = {"url": values[0][2], "caption": values[1][2], "width": 800, "height": 600}
        names = ("dataset", "release", "shard", "shard_id", "shard_sha256")
        return {
            "match_id": match_id(work["sha256"], shard["shard_id"], row),
            "grade": graded.grade.value,
            "tier": graded.tier.value,
            "statement_code": graded.statement_code.value,
            "work_id": work["work_id"],
            "work_file": work["files"][0],
            "work_sha256": work["sha256"],
            "row": {name: shard[name] for name in names} | shown | picture | {"values_sha256": values_sha256(values)},
            "basis": basis,
            "expected_chance_matches": CHANCE,
            "second_check": None,
            "observation": None,
            "caveats": list(graded.caveats),
            "subsets": [],
            "review": None,
        }

    def rows(self, shard: int) -> Iterator[dict[str, Any]]:
        """The verbatim rows of one shard."""
        for number in range(len(self.world.works)):
            for place in range(shard, PER_WORK, SHARDS):
                row = number * PER_WORK + place
                values = self.values(number, row)
                yield {"row_number": row, "item": None, "row_check": None, "values": values}

    def pack(self, folder: Path) -> None:
        """Write the package."""
        with PackageWriter(folder) as writer:
            writer.add_records("portfolio", self.world.works)
            writer.add_records("matches", self.matches())
            writer.add_records("coverage", self.world.coverage)
            writer.add_records("events", build.events())
            for number, shard in enumerate(self.world.coverage):
                writer.add_rows(shard16(shard["shard_id"]), self.rows(number))
            writer.seal(build.manifest(self.world))


def measure(number: int, folder: Path) -> tuple[float, float]:
    """Processor seconds to pack and to verify.

    Raises:
        AssertionError: the package does not verify.
    """
    begun = time.process_time()
    ManyMatches(number).pack(folder)
    packed = time.process_time()
    assert not verify_package(folder).problems
    return packed - begun, time.process_time() - packed


if __name__ == "__main__":
    place = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp()) / "package"
    pack_s, verify_s = measure(int(sys.argv[1]), place)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{sys.argv[1]} matches: packed {pack_s:.1f} s, verified {verify_s:.1f} s, peak memory {peak_mb:.0f} MB")
    shutil.rmtree(place)
