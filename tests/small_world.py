"""Three works and one good COYO shard with a copy in it: what must still be found beside whatever else is wrong."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from integration_world import Ran, Run, manifest, records
from PIL import Image
from synthetic_shards import table_of

from manifests.verifying import verify_package
from scanner.artwork import artwork
from scanner.hashers import fingerprints

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZE = (320, 240)
SEEDS = (0, 1, 2)
COPIED = 1  # the work of which a copy is planted
COPY_ROW = 77
ROWS = 400
NAMES = tuple(f"work-{seed}.png" for seed in SEEDS)


@functools.cache
def work_bytes(seed: int) -> bytes:
    """The file of a work."""
    stream = io.BytesIO()
    artwork(seed, SIZE).save(stream, "PNG")
    return stream.getvalue()


@functools.cache
def copy_bytes(seed: int, side: int = 200) -> bytes:
    """A smaller JPEG of a work, as datasets hold them."""
    picture = artwork(seed, SIZE)
    picture.thumbnail((side, side))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85)
    return stream.getvalue()


@functools.cache
def copy_hash(seed: int = COPIED) -> str:
    """The hash that a compiler would have computed of the copy."""
    with Image.open(io.BytesIO(copy_bytes(seed))) as picture:
        return fingerprints(picture)[0].hex


def write_works(folder: Path) -> Path:
    """The portfolio."""
    folder.mkdir(parents=True)
    for seed, name in zip(SEEDS, NAMES, strict=True):
        (folder / name).write_bytes(work_bytes(seed))
    return folder


def coyo(rows: int = ROWS, planted: Mapping[int, Mapping[str, Any]] | None = None) -> pa.Table:
    """A COYO table; row ``COPY_ROW`` has the hash of the copy unless ``planted`` says otherwise."""
    cells = {COPY_ROW: {"image_phash": copy_hash()}} if planted is None else planted
    return table_of("coyo700m", rows, cells)


def write_good(folder: Path, name: str = "good.parquet") -> Path:
    """A good shard."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(coyo(), folder / name)
    return folder / name


@dataclass(frozen=True)
class Scanned:
    """A finished scan, with what it says of each shard and what it found."""

    ran: Ran
    package: Path

    @property
    def found(self) -> set[tuple[str, int, str]]:
        """``(shard, row number, work file's last name)`` of every finding."""
        return {
            (one["row"]["shard"], one["row"]["row_number"], (one["work_file"] or "").rpartition("/")[2])
            for one in records(self.package, "matches")
        }

    @property
    def reasons(self) -> dict[str, str]:
        """Shards that were not finished, and why."""
        lines = records(self.package, "coverage")
        return {line["shard"]: line["reason"] for line in lines if line["status"] != "scanned"}

    @property
    def coverage(self) -> dict[str, Any]:
        """The coverage record of each shard."""
        return {line["shard"]: line for line in records(self.package, "coverage")}

    @property
    def limitations(self) -> list[str]:
        """What the Manifest says about the whole scan."""
        limitations: list[str] = manifest(self.package)["limitations"]
        return limitations


def scan(
    provscan: Run, works: Path | Sequence[Path], *datasets: Path | str, out: Path, code: int = 0, **more: Any
) -> Scanned:
    """Scan through the command line; assert its exit code, that no traceback is shown and that the package verifies."""
    given = [works] if isinstance(works, Path) else list(works)
    options = more.pop("options", ())
    ran = provscan(
        "scan", *given, *_named(datasets), "--variants", "fast", "--workers", "1", "--out", out, *options, **more
    )
    assert ran.code == code, (ran.code, ran.out, ran.err)
    assert_clear(ran)
    assert_sound(out)
    assert not out.with_name(out.name + ".partial").exists() or code == 3
    return Scanned(ran, out)


def assert_clear(ran: Ran) -> None:
    """Nobody is shown the inside of the program."""
    for text in (ran.out, ran.err):
        assert "Traceback" not in text, text
        assert "unexpected error" not in text, text
        assert "Warning" not in text, text


def assert_sound(package: Path) -> None:
    """Every check of the package that can be made here passes."""
    verified = verify_package(package)
    assert not verified.failed, verified.problems


def _named(datasets: Sequence[Path | str]) -> Iterator[str]:
    for dataset in datasets:
        yield "--dataset"
        yield str(dataset)
