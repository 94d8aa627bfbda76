"""The workers of a Dask cluster as an ``Executor``: every import of ``distributed`` stands here.

Dask sends functions and values between its own machines by pickle, so whoever can speak to the scheduler can run anything on the
workers: ``runner.executors.cluster_address`` refuses open connections.  Nothing that comes from a dataset is ever unpickled.

A worker process keeps what it was prepared with, is prepared again for another run, and works on one task at a time whatever its
threads: matrix libraries and caches are made for that.  Before its first task it makes sure that it would compute the same bytes as
this computer (same code, same libraries) and that it sees the same files.

A task whose worker dies is given to another by the scheduler; when its workers died more often than the scheduler allows
(``distributed.scheduler.allowed-failures``, 3), it is tried once more with nothing else at work, and then given back as ``Died``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import secrets
import sys
import threading
import time
from collections import deque
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from distributed import Client, KilledWorker, WorkerPlugin
from distributed.comm import CommClosedError
from distributed.security import Security

from scanner.errors import NetworkError, UsageError
from scanner.installation import code_sha256, installed_libraries
from scanner.processes import POLL_S, Died, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from distributed import Future, Worker

CONNECT_S: Final = 15
WORKERS_S: Final = 60  # without any worker for this long a run ends: batch systems take workers away
LOOK_S: Final = 2.0  # how often the scheduler is asked who is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a run gives every worker: how to prepare, what must be installed, which files it has to see."""

    run: str
    prepare: Callable[..., None]
    arguments: tuple[Any, ...]
    installed: Mapping[str, str]
    paths: tuple[str, ...]


class _Charged(WorkerPlugin):  # type: ignore[misc]  # distributed's classes are untyped
    """Brings a charge to every worker, also to those that join later or are started anew."""

    def __init__(self, charge: Charge) -> None:
        self.name = f"provscan-{charge.run}"
        self._charge = charge

    def setup(self, worker: Worker) -> None:  # noqa: ARG002 - distributed's signature
        with _state.changed:
            _state.charges[self._charge.run] = self._charge
            _state.changed.notify_all()

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - distributed's signature
        with _state.changed:
            _state.charges.pop(self._charge.run, None)


class _WorkerState:
    """What a worker process knows: the charges of the runs at work, and the one it is prepared for."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.at_work = threading.Lock()
        self.charges: dict[str, Charge] = {}
        self.prepared_for: str | None = None


_state = _WorkerState()  # a worker process has no other place for it (as in ``runner.tasks``)


def carry_out(run: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """In a worker: one task of ``run``, after preparing for that run where the process was not.

    Raises:
        UsageError: this worker would compute something else, or does not see the files.
        NetworkError: the run is over.
    """
    with _state.at_work:
        if _state.prepared_for != run:
            with _state.changed:
                if not _state.changed.wait_for(lambda: run in _state.charges, timeout=WORKERS_S):
                    raise NetworkError("a worker was given a task of a run that is over")
                charge = _state.charges[run]
            _check(charge)
            charge.prepare(*charge.arguments)
            _state.prepared_for = run
        return function(*arguments)


def _check(charge: Charge) -> None:
    here = installed()
    differing = [
        f"{name} {here.get(name)} instead of {known}"
        for name, known in charge.installed.items()
        if here.get(name) != known
    ]
    if differing:
        raise UsageError(
            f"a worker of the cluster has {', '.join(differing)}",
            hint="Install the same versions on all machines: the evidence must not depend on where a shard was read.",
        )
    unseen = [path for path in charge.paths if not os.path.exists(path)]  # noqa: PTH110 - keeps names that are not UTF-8
    if unseen:
        raise UsageError(
            f"a worker of the cluster does not see {unseen[0]}",
            hint="Pictures and datasets have to lie under the same path on all machines (a shared file system), or datasets at an address.",
        )


def installed() -> dict[str, str]:
    """What the results of this process depend on, as it is installed here."""
    return {
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "provscan's code": code_sha256()[:16],
        **installed_libraries(),
    }


class ClusterPool:
    """All workers of the Dask cluster whose scheduler is at ``address``.  See ``processes.Executor``."""

    progress: Sequence[int] = ()

    def __init__(
        self, address: str, prepare: Callable[..., None], arguments: tuple[Any, ...], *, paths: tuple[str, ...] = ()
    ) -> None:
        """Connect, and charge every worker with ``prepare`` and the ``paths`` that it has to see.

        Certificates for ``tls://`` are those of Dask's own configuration (``distributed.comm.tls``).

        Raises:
            NetworkError: no scheduler answers, or it has no workers.
        """
        self._run = secrets.token_hex(8)
        self._address = address
        _silence()
        secure = Security(require_encryption=True) if address.startswith("tls:") else None
        try:
            self._client = Client(address, timeout=CONNECT_S, set_as_default=False, security=secure)
        except (OSError, TypeError, ValueError) as error:  # TypeError: no certificates where they are needed
            raise NetworkError(
                f"--cluster {address}: no scheduler answers ({_first_line(error)})",
                hint="Check the address, and for tls:// the certificates in Dask's configuration.",
            ) from error
        self._waiting: deque[Task] = deque()
        self._alone: deque[Task] = deque()
        self._running: dict[str, tuple[Future, Task]] = {}
        self._tried: set[Any] = set()
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._sent = 0
        self._workers = 0
        self._seen_at = self._looked_at = time.monotonic()
        charge = Charge(run=self._run, prepare=prepare, arguments=arguments, installed=installed(), paths=paths)
        try:
            with self._mapped():
                self._client.wait_for_workers(1, timeout=WORKERS_S)
                self._client.register_plugin(_Charged(charge))
            self._look()
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> Self:
        """Use with ``with``: leaving takes the run off the cluster."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is at work, relieve the workers of their charge, disconnect."""
        self._close()

    @property
    def width(self) -> int:
        """See ``Executor``: the workers that are there now."""
        return max(1, self._workers)

    def submit(self, task: Task) -> None:
        """See ``Executor``."""
        self._waiting.append(task)

    def outstanding(self) -> int:
        """See ``Executor``."""
        return len(self._waiting) + len(self._alone) + len(self._running)

    def completed(self, beat: Callable[[], None] = lambda: None) -> Iterator[tuple[Any, Any]]:
        """See ``Executor``.

        Raises:
            NetworkError: the scheduler or all workers are gone; what was finished is with the caller.
        """
        while self.outstanding():
            self._fill()
            self._look()
            beat()
            try:
                key = self._ended.get(timeout=POLL_S)
            except queue.Empty:
                continue
            future, task = self._running.pop(key)
            try:
                with self._mapped():
                    result = future.result()
            except KilledWorker:
                if task.key in self._tried:
                    yield task.key, Died()
                else:
                    self._tried.add(task.key)
                    self._alone.append(task)
                continue
            yield task.key, result

    def _fill(self) -> None:
        if self._alone:
            if not self._running:
                self._start(self._alone.popleft())
            return
        # One more than is at work for each worker: it lies ready there when the first is done.
        while self._waiting and len(self._running) < 2 * self.width:
            self._start(self._waiting.popleft())

    def _start(self, task: Task) -> None:
        self._sent += 1
        key = f"provscan-{self._run}-{self._sent}"
        with self._mapped():
            future = self._client.submit(carry_out, self._run, task.function, task.arguments, key=key, pure=False)
        self._running[key] = future, task
        future.add_done_callback(lambda done: self._ended.put(done.key))

    def _look(self) -> None:
        """Ask who is there, now and then; without anybody for a minute the run ends."""
        now = time.monotonic()
        if self._workers and now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        with self._mapped():
            self._workers = len(self._client.nthreads())
        if self._workers:
            self._seen_at = now
        elif now - self._seen_at > WORKERS_S:
            raise NetworkError(
                f"the cluster at {self._address} has no workers any more",
                hint="Nothing finished is lost: start workers and run the same command again.",
            )

    @contextlib.contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except (CancelledError, CommClosedError, OSError) as error:  # OSError and TimeoutError: nobody answers
            raise NetworkError(
                f"the scheduler at {self._address} was lost, or has no workers ({type(error).__name__})",
                hint="Nothing finished is lost: when the cluster is back, the same command goes on from here.",
            ) from error

    def _close(self) -> None:
        client = self._client
        # The cluster may be gone: leaving must not fail, and what is still at work there is of no use to anybody.
        with contextlib.suppress(OSError, CancelledError, CommClosedError, ValueError, RuntimeError):
            if client.status == "running":
                client.cancel([future for future, _ in self._running.values()], force=True)
                client.unregister_worker_plugin(f"provscan-{self._run}")
        self._running.clear()
        with contextlib.suppress(OSError, CancelledError, CommClosedError, RuntimeError):
            client.close(timeout=5)


def _silence() -> None:
    """Keep Dask's own log off the screen: what matters of it is said as an error."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in {"distributed", "tornado"}]
    for name in ("distributed", "tornado", *names):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
