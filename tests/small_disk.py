"""A disk so small that it is full at once: ``tmpfs``, where it may be mounted."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def disk_of(size: str, place: Path) -> Iterator[Path]:
    """A disk of ``size`` (``700k``, ``40m``) at ``place``; the test is skipped where none may be mounted."""
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or sys.platform != "linux":
        pytest.skip("no small disk can be mounted here")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no small disk may be mounted here")
    try:
        yield place
    finally:
        subprocess.run([shutil.which("umount") or "umount", place], check=True)
