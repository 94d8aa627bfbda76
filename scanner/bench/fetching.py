"""How fast listed pictures are looked at here, beside img2dataset on the same server in the same run.

The server is a process of its own on loopback that serves some painted JPEGs of about 45 kB under any number of addresses.  Ours is the
whole path: guard, robots.txt, manners (set so that nobody waits), every limit, decoding in processes of its own, both fingerprints,
looks committed to disk; then the captures written from them.  img2dataset 1.47 downloads and stores, without resizing or encoding, and
checks nothing.  Its requirements contradict ours (pyarrow < 16), so it is run as the command ``img2dataset`` of its own environment
(``uv tool install img2dataset``), where that is found.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scanner.artwork import artwork
from scanner.captures import CaptureWriter
from scanner.fetch.addresses import parse_networks
from scanner.fetch_policy import FetchPolicy
from scanner.looks import Outside, Wanted, fetch_looks, open_looks
from scanner.observations import FetchOutcome
from scanner.processes import interrupts_held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.queues import Queue

    from PIL import Image

PICTURES: Final = 5_000
AT_ONCE: Final = 64
PICTURE_BYTES: Final = 45_000
DIFFERENT: Final = 6
FEW: Final = 50  # of a second run of the peer, whose processor time is what starting it costs
_SEEDS: Final = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One contestant.

    ``cpu_ms`` is processor time a picture over all its processes, the server's left out; ``peak_mb`` the largest memory of one process.
    """

    name: str
    pictures: int
    pictures_per_second: float
    cpu_ms: float | None
    peak_mb: float | None


def run(pictures: int = PICTURES) -> dict[str, Any]:
    """Measure, ours first.

    Returns:
        ``{"measures": "fetch", "conditions": {…}, "rows": [Timing, …], "ratio": ours with captures to the peer, or None where it is not
        installed}``.
    """
    with served() as base:
        urls = [f"{base}/{number}.jpg" for number in range(pictures)]
        ours = _ours(urls)
        peer = _img2dataset(urls)
    return {
        "measures": "fetch",
        "conditions": {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "at_once": AT_ONCE,
            "picture_bytes": PICTURE_BYTES,
            "peer": "img2dataset" if peer else "img2dataset is not installed",
        },
        "rows": [*ours, *peer],
        "ratio": ours[-1].pictures_per_second / peer[0].pictures_per_second if peer else None,
    }


def _ours(urls: list[str]) -> list[Timing]:
    policy = FetchPolicy(
        contact="bench@example.org",
        per_host_per_minute=1_000_000,
        per_host_connections=AT_ONCE,
        connections=AT_ONCE,
        archives=False,
        pictures_per_worker=10_000,
        max_requests=10 * len(urls) + 10,
        max_bytes=2**45,
    )
    outside = Outside(allowed=parse_networks(["127.0.0.1/32"]))
    with tempfile.TemporaryDirectory(prefix="provscan-bench-") as folder, open_looks(Path(folder)) as store:
        began, used = time.perf_counter(), _cpu_s()
        ran = fetch_looks([Wanted(url=url) for url in urls], policy=policy, store=store, outside=outside)
        looked_s, looked_cpu = time.perf_counter() - began, _cpu_s() - used
        if ran.outcomes != {FetchOutcome.IMAGE: len(urls)}:
            raise RuntimeError(f"not every picture was seen: {dict(ran.outcomes)}")
        with (Path(folder) / "captures.warc.gz").open("wb") as stream:
            for _, records in CaptureWriter({"software": "provscan bench"}).files(store.looks()):
                stream.write(records)
        all_s, all_cpu = time.perf_counter() - began, _cpu_s() - used
    number, peak = len(urls), _peak_mb()
    return [
        Timing(
            name=name,
            pictures=number,
            pictures_per_second=number / seconds,
            cpu_ms=1000 * cpu / number,
            peak_mb=peak,
        )
        for name, seconds, cpu in (
            ("ours: looks, fingerprints", looked_s, looked_cpu),
            ("ours: looks, fingerprints, captures", all_s, all_cpu),
        )
    ]


def _img2dataset(urls: list[str]) -> list[Timing]:
    command = shutil.which("img2dataset")
    if command is None:
        return []
    few = _peer_run(command, urls[:FEW])
    many = _peer_run(command, urls)
    cpu = (many[1] - few[1]) / (len(urls) - FEW) if len(urls) > FEW else None
    return [
        Timing(
            name="img2dataset",
            pictures=len(urls),
            pictures_per_second=len(urls) / many[0],
            cpu_ms=None if cpu is None else 1000 * cpu,
            peak_mb=None,
        )
    ]


def _peer_run(command: str, urls: list[str]) -> tuple[float, float]:
    """Seconds by its own statistics (from its first download to its last, starting not counted) and processor seconds of all of it."""
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="provscan-bench-") as folder:
        (Path(folder) / "urls.txt").write_text("\n".join(urls), encoding="ascii")
        options = {
            "url_list": Path(folder) / "urls.txt",
            "output_folder": Path(folder) / "out",
            "processes_count": cores,
            "thread_count": AT_ONCE // cores,
            "resize_mode": "no",
            "skip_reencode": "True",
            "number_sample_per_shard": 500,
            "max_shard_retry": 0,
        }
        used = _cpu_s()
        done = subprocess.run(  # noqa: S603 - the peer, as the user installed it
            [command, *(f"--{name}={value}" for name, value in options.items())],
            env={**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"},
            capture_output=True,
            check=False,
        )
        spans = [json.loads(path.read_text("utf-8")) for path in (Path(folder) / "out").glob("*_stats.json")]
        if sum(span["successes"] for span in spans) != len(urls):
            raise RuntimeError(f"img2dataset did not download every picture: {done.stderr.decode()[-500:]}")
        seconds = max(span["end_time"] for span in spans) - min(span["start_time"] for span in spans)
        return seconds, _cpu_s() - used


def _cpu_s() -> float:
    """Processor seconds of this process and of those that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak_mb() -> float | None:
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - exists on POSIX only

    unit = 1e6 if sys.platform == "darwin" else 1e3
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / unit


@contextlib.contextmanager
def served() -> Iterator[str]:
    """A server of pictures in a process of its own; the address that they lie below."""
    context = multiprocessing.get_context("spawn")
    told: Queue[int] = context.Queue()
    server = context.Process(target=_serve, args=(told,), daemon=True)
    with interrupts_held():
        server.start()
    try:
        yield f"http://127.0.0.1:{told.get(timeout=120)}"
    finally:
        server.terminate()
        server.join()


def _serve(told: Queue[int]) -> None:
    answers = [_answer(body) for body in _pictures()]
    nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self._transport = transport
            self._held = b""

        def data_received(self, data: bytes) -> None:
            self._held += data
            while b"\r\n\r\n" in self._held:
                head, _, self._held = self._held.partition(b"\r\n\r\n")
                number = head.split(b" ", 2)[1].strip(b"/").removesuffix(b".jpg")
                self._transport.write(answers[int(number) % len(answers)] if number.isdigit() else nothing)
                if b"\r\nconnection: close" in head.lower():
                    self._transport.close()

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=1024)
        told.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\nServer: bench\r\n\r\n"
    return head.encode("ascii") + body


def _pictures() -> list[bytes]:
    return [_of_size(artwork(_SEEDS + seed, (640, 480)).convert("RGB")) for seed in range(DIFFERENT)]


def _of_size(picture: Image.Image) -> bytes:
    """The picture as a JPEG of about ``PICTURE_BYTES``: the highest quality that does not pass it."""
    low, high, best = 1, 98, b""
    while low <= high:
        quality = (low + high) // 2
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=quality)
        if stream.tell() <= PICTURE_BYTES:
            low, best = quality + 1, stream.getvalue()
        else:
            high = quality - 1
    return best
