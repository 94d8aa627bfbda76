"""Worker processes that never hang: a killed worker costs its task a second try, alone, and nothing else.

``multiprocessing.Pool`` waits for ever when a worker is killed (measured); ``ProcessPoolExecutor`` raises ``BrokenProcessPool``,
but for every task in flight.  So after a break the tasks in flight are run again one at a time: the one that dies alone as well is
given back as ``Died``, the others are finished.

Each process has one thread: numpy's matrix library starts a thread per core in every process, and they spin while they wait for
each other.  Two workers on two busy cores took 86 s for what one did in 12 s; with one thread each they take 8 s (216 pictures).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection
from typing import TYPE_CHECKING, Any, Protocol, Self

from scanner.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

_THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
POLL_S = 0.2  # how often the watcher hears of progress inside a running task


def _silent() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A function of this package and its arguments, to be run in a worker; ``key`` is handed back with the result."""

    key: Any
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """The worker process ended twice while it ran this task, the second time with nothing else at work."""


class Executor(Protocol):
    """Where tasks run: processes of this computer (``WorkerPool``) or of a cluster (``cluster.ClusterPool``).

    What is done is decided by whoever takes the results, never here.  Used with ``with``: leaving it ends what it began.
    """

    @property
    def width(self) -> int:
        """How many tasks can be at work at once."""
        ...

    @property
    def progress(self) -> Sequence[int]:
        """Counters that the tasks at work add to; empty where only finished tasks are heard of."""
        ...

    def __enter__(self) -> Self:
        """Use with ``with``."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what was begun; without waiting for tasks when an exception passes."""
        ...

    def submit(self, task: Task) -> None:
        """Add a task to the end of the queue."""
        ...

    def outstanding(self) -> int:
        """Number of tasks without a result."""
        ...

    def completed(self, beat: Callable[[], None] = _silent) -> Iterator[tuple[Any, Any]]:
        """Yield ``(key, result)`` until no task is left, in any order; ``beat`` is called a few times a second meanwhile.

        A result is what the function returned, or ``Died``.  An exception of the function passes on to the caller.
        """
        ...


class WorkerPool:
    """``workers`` spawned processes; tasks may be added while results are taken.

    ``prepare`` with ``arguments`` runs once in each process.  Results come in any order: whoever needs one sorts.
    ``progress`` is shared memory among the arguments that the tasks count in, if any.
    """

    def __init__(
        self,
        workers: int,
        prepare: Callable[..., None] | None = None,
        arguments: tuple[Any, ...] = (),
        *,
        progress: Sequence[int] = (),
    ) -> None:
        """Start nothing yet: processes begin with the first task."""
        self.progress = progress
        self._workers = max(1, workers)
        self._prepare = prepare
        self._arguments = arguments
        self._waiting: deque[Task] = deque()
        self._alone: deque[Task] = deque()
        self._running: dict[Future[Any], Task] = {}
        self._tried: set[Any] = set()  # keys of tasks that have been in flight when a worker died
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Use with ``with``: leaving ends the processes."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes; without waiting for their tasks when an exception passes."""
        self._stop(kill=kind is not None)

    @property
    def width(self) -> int:
        """See ``Executor``."""
        return self._workers

    def submit(self, task: Task) -> None:
        """Add a task to the end of the queue."""
        self._waiting.append(task)

    def outstanding(self) -> int:
        """Number of tasks without a result."""
        return len(self._waiting) + len(self._alone) + len(self._running)

    def completed(self, beat: Callable[[], None] = _silent) -> Iterator[tuple[Any, Any]]:
        """Yield ``(key, result)`` until no task is left; ``beat`` is called a few times a second meanwhile.

        A result is what the function returned, or ``Died``.  An exception of the function passes on to the caller.
        """
        while self.outstanding():
            self._fill()
            done, _ = wait(self._running, timeout=POLL_S, return_when=FIRST_COMPLETED)
            beat()
            for future in done:
                task = self._running.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    yield from self._after_break(task)
                    break
                yield task.key, result

    def _fill(self) -> None:
        if self._executor is None:
            self._executor = self._new_executor()
        try:
            if self._alone:
                if not self._running:
                    self._start(self._alone.popleft())
                return
            # No more than one task a worker in flight: whatever is in flight when a worker dies has to be tried again.
            while self._waiting and len(self._running) < self._workers:
                self._start(self._waiting.popleft())
        except BrokenProcessPool:
            if not self._running:  # died between two tasks: nothing was lost
                self._stop(kill=True)
            # Otherwise what is in flight hears of it as well, and is tried again from there.

    def _new_executor(self) -> ProcessPoolExecutor:
        try:
            return ProcessPoolExecutor(
                max_workers=self._workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin_worker,
                initargs=(self._prepare, self._arguments),
            )
        except OSError as error:
            raise OutputError(
                f"no worker processes can be started: {error.strerror or error}",
                hint="They need shared memory (on Linux: room in /dev/shm). Free some and run the same command again.",
            ) from error

    def _start(self, task: Task) -> None:
        assert self._executor is not None
        try:
            with interrupts_held(), one_thread_each():
                self._running[self._executor.submit(task.function, *task.arguments)] = task
        except BrokenProcessPool:
            self._waiting.appendleft(task)
            raise

    def _after_break(self, first: Task) -> Iterator[tuple[Any, Any]]:
        suspects = [first, *self._running.values()]
        was_alone = len(suspects) == 1 and first.key in self._tried
        self._stop(kill=True)
        if was_alone:
            yield first.key, Died()
            return
        self._tried.update(task.key for task in suspects)
        self._alone.extend(suspects)

    def _stop(self, *, kill: bool) -> None:
        executor, self._executor = self._executor, None
        self._running.clear()
        if executor is None:
            return
        if kill:
            for process in list((executor._processes or {}).values()):  # noqa: SLF001 - 3.14's kill_workers() for older versions
                with contextlib.suppress(OSError, ValueError):
                    process.kill()
        executor.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started inside have matrix libraries of one thread, unless the user's environment says a number.

    The libraries read their environment when they are loaded, before any of our code runs in the new process: there is
    no other way to tell them.  This process's own libraries are loaded already and keep their threads.
    """
    added = [name for name in _THREAD_COUNTS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while a process is started, so that it is born deaf to it and whole; it reaches us right after.

    The new process inherits that the signal is blocked (on Windows it ignores it once it runs).  That alone does not hold it back
    from us: it is then delivered to a thread of the matrix library, and Python raises it here all the same, in the middle.
    """
    held: list[int] = []
    here = threading.current_thread() is threading.main_thread()  # the only one that is ever interrupted
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number)) if here else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        if held:
            signal.raise_signal(signal.SIGINT)


def _begin_worker(prepare: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    # Ctrl-C reaches the whole group: the first process decides, the others would only print tracebacks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if prepare is not None:
        prepare(*arguments)


def _end_with_parent() -> None:
    # A worker waits for tasks for ever, also when the scan was killed with -9: leave with it.
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
