"""Both verifiers agree on what the runs of a case really write: the first, the next, a withdrawal, a replacement, a repetition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import second_verifier
from case_world import CaseWorld, make_case, run_here

from scanner.artwork import artwork

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_both_verifiers_accept_every_package_of_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_here(monkeypatch)
    world = make_case(tmp_path)
    stated(world, "scan")
    world.write_shard("c.parquet", 2, url="https://img.example.org/2.jpg", text="by Ada Example")
    (world.data / "again.parquet").write_bytes((world.data / "a.parquet").read_bytes())  # the same file twice
    stated(world, "rescan")
    artwork(9, (320, 240)).save(world.works / "new.png")
    world.write_toml(identity='[identity]\nnames = ["Ada Example"]\nwork_urls = ["https://img.example.org/2.jpg"]\n')
    stated(world, "rescan")
    (world.data / "b.parquet").unlink()
    world.write_shard("c.parquet", 2, row=9)
    stated(world, "rescan")
    world.data.rename(tmp_path / "unplugged")
    stated(world, "rescan")


def stated(world: CaseWorld, kind: str) -> None:
    result = world.rescan()  # checked by the first verifier there
    assert result.kind == kind
    assert result.package is not None
    second_verifier.verify(result.package)
