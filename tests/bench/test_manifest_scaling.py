"""Packing and verifying grow with the number of matches, and memory does not."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("resource", reason="peak memory is asked of POSIX")

import manifest_scaling

from manifests.verifying import verify_package

if TYPE_CHECKING:
    from pathlib import Path


def test_time_is_linear_and_memory_bounded(tmp_path: Path) -> None:
    manifest_scaling.measure(100, tmp_path / "warm")
    few = sum(manifest_scaling.measure(500, tmp_path / "few"))
    many = sum(manifest_scaling.measure(2000, tmp_path / "many"))
    assert many < 8 * few


def peak_bytes(number: int, folder: Path) -> int:
    manifest_scaling.ManyMatches(number).pack(folder)
    tracemalloc.start()
    try:
        assert not verify_package(folder).problems
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_verifier_does_not_hold_the_matches(tmp_path: Path) -> None:
    peak_bytes(100, tmp_path / "warm")
    grown = peak_bytes(1600, tmp_path / "many") - peak_bytes(800, tmp_path / "few")
    assert grown < 800 * 1000, grown  # ids and places of rows, never the records: those are above 3 kB each
