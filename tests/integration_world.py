"""The real command line on datasets that are made here."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
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


def records(package: Path, name: str) -> list[dict[str, Any]]:
    """The records of a file of a package."""
    content = (package / "data" / f"{name}.jsonl").read_bytes()
    return [json.loads(line) for line in content.split(b"\n") if line]


def manifest(package: Path) -> dict[str, Any]:
    """The Manifest."""
    loaded: dict[str, Any] = json.loads((package / "data" / "manifest.json").read_bytes())
    return loaded
