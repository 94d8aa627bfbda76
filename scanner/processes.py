"""What worker processes of this program share: one thread each, and a quiet end on Ctrl-C.

numpy's matrix library starts a thread per core in every process, and they spin while they wait for each other.  Two
workers on two busy cores took 86 s for what one did in 12 s; with one thread each they take 8 s (216 pictures).
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
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


def ignore_interrupts() -> None:
    """Leave Ctrl-C to the first process: it reaches the whole group, and the others would only print tracebacks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
