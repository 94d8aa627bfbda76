"""A small case: three works, shards of hashes with a copy of one of them in each, and runs of it in this process."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow.parquet as pq
from integration_world import manifest, records
from small_world import assert_sound, copy_hash, coyo, write_works

from scanner.runner import rescanning, tasks
from scanner.runner.case_portfolio import read_case_portfolio
from scanner.runner.case_results import RescanResult
from scanner.runner.rescanning import RescanRequest, run_rescan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pytest

    from scanner.processes import Task
    from scanner.runner.executors import Preparation

ROWS = 120
SETTINGS = 'variants = "fast"\nparts = false\ncontrol_works = 2\n'


@dataclass(frozen=True)
class CaseWorld:
    """A folder with ``works/``, ``d/`` and ``case/``."""

    root: Path

    @property
    def case(self) -> Path:
        return self.root / "case"

    @property
    def works(self) -> Path:
        return self.root / "works"

    @property
    def data(self) -> Path:
        return self.root / "d"

    @property
    def packages(self) -> list[Path]:
        """The packages in the order of ``PACKAGES.txt``."""
        lines = (self.case / "packages" / "PACKAGES.txt").read_text(encoding="ascii").splitlines()
        return [self.case / "packages" / line.split("  ")[1].partition("/")[0] for line in lines]

    def write_toml(self, *, top: str = "", identity: str = "", dataset: str = "", works: str = "../works") -> None:
        text = f'portfolio = ["{works}"]\nworkers = 1\n{top}\n[[datasets]]\nname = "coyo"\nsource = "../d"\n{dataset}\n[scan]\n{SETTINGS}'
        (self.case / "case.toml").write_text(f"{text}\n{identity}", encoding="utf-8")

    def write_shard(self, name: str, seed: int, row: int = 50, **cells: Any) -> Path:
        """A shard with a copy of work ``seed`` in one row."""
        table = coyo(ROWS, {row: {"image_phash": copy_hash(seed), **cells}})
        path = self.data / name
        pq.write_table(table.replace_schema_metadata({"shard": name}), path)
        return path

    def rescan(self) -> RescanResult:
        """Run; what it wrote verifies and names the package before it."""
        before = self.packages if (self.case / "packages" / "PACKAGES.txt").exists() else []
        result = run_rescan(RescanRequest(folder=self.case))
        if result.kind is not None:
            assert result.package is not None
            assert_sound(result.package)
            assert self.packages == [*before, result.package]
            named = manifest(result.package)["previous"]
            assert (named or {}).get("manifest_sha256") == result.previous
        else:
            assert self.packages == before
        return result

    def found(self, package: Path | None) -> set[tuple[str, int, str]]:
        """``(shard, row, work file)`` of the findings of a package."""
        assert package is not None
        return {
            (one["row"]["shard"], one["row"]["row_number"], one["work_file"].rpartition("/")[2])
            for one in records(package, "matches")
        }


def make_case(root: Path) -> CaseWorld:
    world = CaseWorld(root)
    write_works(world.works)
    world.data.mkdir()
    world.case.mkdir()
    world.write_toml()
    for seed, name in enumerate(("a.parquet", "b.parquet")):
        world.write_shard(name, seed)
    return world


def statuses(package: Path | None) -> Mapping[str, str]:
    """Status of each shard in a package's coverage."""
    assert package is not None
    return {line["shard"]: line["status"] for line in records(package, "coverage")}


RESULT = RescanResult(  # of a run that never was
    case=Path("case"),
    package=Path("case/packages/p"),
    kind="rescan",
    previous="0" * 64,
    manifest_sha256="1" * 64,
    works=3,
    files_excluded=0,
    shards=2,
    opened=1,
    compared=1,
    withdrawn=(),
    rows_scanned=100,
    comparisons=5,
    findings=2,
    findings_by_tier={"url_listed": 2},
    works_with_findings=1,
    changes={"appeared": 2, "vanished": 0, "changed": 0},
    incomplete=(),
    finished_at="2026-11-30T00:00:00Z",
    seconds=1.0,
)


class Here:
    """An executor in this process: what a run of a case decides does not depend on where its tasks run, and this starts at once."""

    def __init__(self, preparation: Preparation, *_: object) -> None:
        self.progress = [0] * (2 * tasks.PROGRESS_SLOTS)
        self.width = 1
        self._waiting: deque[Task] = deque()
        preparation.function(*preparation.arguments, self.progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, task: Task) -> None:
        self._waiting.append(task)

    def outstanding(self) -> int:
        return len(self._waiting)

    def completed(self, beat: Callable[[], None] = lambda: None) -> Iterator[tuple[Any, Any]]:
        while self._waiting:
            task = self._waiting.popleft()
            beat()
            yield task.key, task.function(*task.arguments)


def run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs of cases do all their work in this process."""
    monkeypatch.setattr(rescanning, "open_executor", Here)
    monkeypatch.setattr(
        rescanning, "read_case_portfolio", lambda case, history, _, watch: read_case_portfolio(case, history, 0, watch)
    )
