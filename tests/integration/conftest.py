"""One small world for all tests of the command line: painted once, never written to."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from integration_world import Ran, Run, command, environment

from scanner.demo import DemoWorld, make_demo_world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def provscan(tmp_path: Path) -> Run:
    """Run ``provscan`` in ``tmp_path``; any warning of Python in it is an error."""

    def run(*arguments: str | Path, cwd: Path = tmp_path, timeout: float = 900) -> Ran:
        done = subprocess.run(
            command(arguments), capture_output=True, cwd=cwd, env=environment(), timeout=timeout, check=False
        )
        return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    return run


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> DemoWorld:
    """The demonstration's portfolio and datasets."""
    return make_demo_world(tmp_path_factory.mktemp("world") / "demo")
