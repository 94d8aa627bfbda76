"""Strangers' pictures decoded in processes of their own, within limits: bytes go in, fingerprints and facts come out, never pixels.

A decoder that crashes, hangs or eats memory takes its process with it; the picture gets a second process, and when that ends as well
it is a ``decode_crash``.  On POSIX the kernel holds the limits (memory, processor time, open files, no core); everywhere a watchdog
ends a process that does not answer.  A process is replaced after a number of pictures, so that whatever one of them left behind
does not stay.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import multiprocessing
import queue
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from scanner.decoding import ROW_FORMATS, DecodeLimits, PictureError, PictureFault, decode_picture
from scanner.observations import FetchOutcome
from scanner.processes import interrupts_held, one_thread_each

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import TracebackType

OUTCOMES: Final = {
    PictureFault.EMPTY: FetchOutcome.NOT_IMAGE,
    PictureFault.NOT_A_PICTURE: FetchOutcome.NOT_IMAGE,
    PictureFault.UNSUPPORTED_FORMAT: FetchOutcome.UNSUPPORTED_FORMAT,
    PictureFault.OVER_LIMIT: FetchOutcome.OVER_PIXEL_LIMIT,
    PictureFault.TRUNCATED: FetchOutcome.UNDECODABLE,
    PictureFault.UNDECODABLE: FetchOutcome.UNDECODABLE,
    PictureFault.UNREADABLE: FetchOutcome.UNDECODABLE,
    PictureFault.DECODE_CRASH: FetchOutcome.DECODE_CRASH,
}
MIB: Final = 1 << 20
OPEN_FILES: Final = 64
MAX_SAID_BYTES: Final = 1 << 16  # of a decoder, which strangers may have taken over


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderLimits:
    """What one picture, and one process, may take.

    ``picture`` is checked before a pixel is decoded.  ``memory_mib`` is beyond what the process has at birth.  ``wall_s`` is the
    watchdog's: longer than ``cpu_s``, because a process may have to wait for its turn on the processor.  ``many`` pictures are to come:
    the compiled form of shrinking is worth the second that loading it takes.
    """

    picture: DecodeLimits
    memory_mib: int = 2_048
    cpu_s: int = 10
    wall_s: float = 60.0
    pictures: int = 500
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a decoder said: ``image`` with facts and fingerprints, or why there is none."""

    outcome: FetchOutcome
    facts: dict[str, Any]


class Decoders:
    """``workers`` decoding processes.  Use with ``with``: leaving ends them."""

    def __init__(self, workers: int, limits: DecoderLimits) -> None:
        """Start nothing yet: a process begins with its first picture."""
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="decoder")
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()
        for _ in range(workers):
            self._free.put(_Worker(limits))

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the threads and the processes."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        while not self._free.empty():
            self._free.get().end()

    async def look(self, body: bytes) -> Looked:
        """Decode one picture in the next free process."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.look_now, body)

    def look_now(self, body: bytes) -> Looked:
        """The same for code without an event loop: waits for a free process."""
        worker = self._free.get()
        try:
            for _ in range(2):
                with suppress(EOFError, OSError):  # it died; the next one is asked alone as well: no process has two
                    return worker.look(body)
                worker.end()
            return Looked(outcome=FetchOutcome.DECODE_CRASH, facts={})
        finally:
            self._free.put(worker)


_STARTING: Final = threading.Lock()  # the environment that a process is born with belongs to all threads


class _Worker:
    """One process, born with its first picture and again after the last."""

    def __init__(self, limits: DecoderLimits) -> None:
        self._limits = limits
        self._pictures = 0
        self._process: Any = None
        self._here: Connection | None = None

    def look(self, body: bytes) -> Looked:
        """Raises EOFError or OSError where the process ended or did not answer."""
        if self._pictures >= self._limits.pictures:
            self.end()
        if self._here is None:
            self._begin()
        assert self._here is not None
        self._pictures += 1
        self._here.send_bytes(body)
        if not self._here.poll(self._limits.wall_s):
            raise EOFError("the decoder does not answer")
        said = json.loads(self._here.recv_bytes(MAX_SAID_BYTES))
        return Looked(outcome=FetchOutcome(said["outcome"]), facts=said["facts"])

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, self._limits), daemon=True)
        with _STARTING, interrupts_held(), one_thread_each():
            self._process.start()
        there.close()
        self._pictures = 0

    def end(self) -> None:
        """Kill the process; the next picture begins another."""
        if self._here is None:
            return
        self._here.close()
        self._process.kill()
        self._process.join()
        self._process.close()
        self._here = self._process = None
        self._pictures = 0


def _serve(asked: Connection, limits: DecoderLimits) -> None:
    """The life of a process: pictures until the other side closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the first process decides
    measure = _measurer(limits)
    _limit_memory(limits.memory_mib)
    with suppress(EOFError, OSError):
        while True:
            body = asked.recv_bytes()
            _limit_processor(limits.cpu_s)
            asked.send_bytes(json.dumps(measure(body)).encode())


def _measurer(limits: DecoderLimits) -> Any:
    # Imported here: the process that only asks needs none of it.
    from scanner.hashers import ALGORITHMS, BITS, detail, fingerprints_many  # noqa: PLC0415
    from scanner.shrinking import Shrinker  # noqa: PLC0415

    shrinker = Shrinker(compiled=True if limits.many else None)

    def measure(body: bytes) -> dict[str, Any]:
        try:
            picture = decode_picture(body, formats=ROW_FORMATS, limits=limits.picture, grey=True)
        except PictureError as error:
            return {"outcome": OUTCOMES[error.fault], "facts": {**digests(body), "error": error.detail}}
        squares = shrinker.squares(picture.image)
        facts: dict[str, Any] = {
            "format": picture.format,
            "width": picture.width,
            "height": picture.height,
            "frames": picture.frames,
            "mode": picture.mode,
            "exif_orientation": picture.exif_orientation,
            "detail": str(detail(squares["phash64"])),
        }
        for name in ALGORITHMS:
            words = fingerprints_many(squares[name][None]).reshape(-1)
            facts[name] = words.astype(">u8").tobytes().hex()[: BITS[name] // 4]
        return {"outcome": FetchOutcome.IMAGE, "facts": {**digests(body), **facts}}

    return measure


def digests(body: bytes) -> dict[str, str]:
    """The digests that datasets and archives use: MD5 in hex, SHA-1 in base32."""
    return {
        "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "sha1": base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode(),
    }


def _limit_memory(memory_mib: int) -> None:
    if sys.platform == "win32":
        return  # there the watchdog and the limits on pixels remain
    import resource  # noqa: PLC0415 - exists on POSIX only

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    if sys.platform == "linux":  # other kernels do not hold it
        born_with = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        most = born_with + memory_mib * MIB
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _limit_processor(cpu_s: int) -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - exists on POSIX only

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + cpu_s, hard))
