"""The real command line on datasets that are made here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
_START = "import sys; sys.argv[0] = 'provscan'; from scanner.cli import main; main()"


@dataclass(frozen=True)
class Ran:
    """What a command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


def command(arguments: Sequence[str | Path]) -> list[str]:
    return [sys.executable, "-c", _START, *map(str, arguments)]


def environment() -> dict[str, str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONWARNINGS": "error"}


@pytest.fixture
def provscan(tmp_path: Path) -> Run:
    """Run ``provscan`` in ``tmp_path``; any warning of Python in it is an error."""

    def run(*arguments: str | Path, cwd: Path = tmp_path, timeout: float = 300) -> Ran:
        done = subprocess.run(
            command(arguments), capture_output=True, cwd=cwd, env=environment(), timeout=timeout, check=False
        )
        return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    return run


def records(package: Path, name: str) -> list[dict[str, Any]]:
    """The records of a file of a package."""
    content = (package / "data" / f"{name}.jsonl").read_bytes()
    return [json.loads(line) for line in content.split(b"\n") if line]


def manifest(package: Path) -> dict[str, Any]:
    """The Manifest."""
    loaded: dict[str, Any] = json.loads((package / "data" / "manifest.json").read_bytes())
    return loaded
