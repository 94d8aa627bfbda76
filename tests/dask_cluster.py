"""A real Dask cluster on loopback: one scheduler and some worker processes, each with its nanny."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from integration_world import environment

START_S = 600


class DaskCluster:
    """A scheduler and ``workers`` worker processes on ``port``; the processes are Dask's own commands."""

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 2,
        port: int | None = None,
        options: tuple[str, ...] = (),
        tls: bool = False,
    ) -> None:
        self.folder, self.port = folder, port or free_port()
        self._workers, self._options = workers, options
        self._protocol = "tls" if tls else "tcp"
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        return f"{self._protocol}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        scheduler = [
            "scheduler",
            "--host",
            "127.0.0.1",
            "--protocol",
            self._protocol,
            "--port",
            str(self.port),
            "--no-dashboard",
            *self._options,
        ]
        self._processes.append(self._start(*scheduler))
        worker = ["worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--nworkers", str(self._workers), "--no-dashboard", "--protocol", self._protocol, "--local-directory", str(self.folder), "--death-timeout", "60", *self._options]  # fmt: skip
        self._processes.append(self._start(*worker))
        return self

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        settings = {
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
            "DASK_CONFIG": str(self.folder),
            "PYTHONWARNINGS": "ignore",
        }
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                env={**environment(), **settings},
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def kill_scheduler(self) -> None:
        self._processes[0].kill()
        self._processes[0].wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def worker_processes(self) -> list[int]:
        """The processes in which tasks run: children of the nannies."""
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, IndexError):
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    children.setdefault(int(parent), []).append(int(stat.parent.name))
        found = []
        for child in children.get(self._processes[1].pid, []):
            with contextlib.suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(child)
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(moment: object, timeout_s: float = START_S) -> None:
    """Wait for a condition, never for a time."""
    assert callable(moment)
    end = time.monotonic() + timeout_s
    while not moment():
        assert time.monotonic() < end, "the moment never came"
        time.sleep(0.02)
