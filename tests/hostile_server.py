"""A small HTTP server on loopback that misbehaves on purpose, byte by byte; real sockets, because mocks hide these very faults."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl

RESET = object()  # end the connection with a reset
HANG = object()  # say nothing more, until the other side goes away


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it arrived; ``at`` on the server loop's clock."""

    method: str
    path: str
    head: bytes
    body: bytes
    at: float
    connection: int

    def field(self, name: str) -> str | None:
        for line in self.head.split(b"\r\n")[1:]:
            known, _, value = line.partition(b":")
            if known.strip().lower() == name.lower().encode():
                return value.strip().decode("latin-1")
        return None


Said = bytes | float | object  # bytes to send, seconds to wait, RESET or HANG
Behaviour = Callable[[Asked], AsyncIterator[Said]]


def saying(*words: Said) -> Behaviour:
    """A behaviour that sends, waits, resets or hangs as listed."""

    async def behave(asked: Asked) -> AsyncIterator[Said]:
        for word in words:
            yield word

    return behave


def answer(body: bytes = b"", status: str = "200 OK", fields: str = "", *, length: int | None = None) -> bytes:
    """A whole answer; ``fields`` are header lines joined by CRLF, ``length`` is what Content-Length claims."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n"
    return (head + (fields + "\r\n" if fields else "") + "\r\n").encode("latin-1") + body


def for_ever(chunk: bytes, *, first: bytes = b"", pause_s: float = 0.0) -> Behaviour:
    """A behaviour without an end."""

    async def behave(asked: Asked) -> AsyncIterator[Said]:
        yield first
        while True:
            yield chunk
            yield pause_s

    return behave


@dataclass(slots=True)
class HostileServer:
    """Answers by path; an unknown path is a 404.  Use with ``with``."""

    tls: ssl.SSLContext | None = None
    address: str = "127.0.0.1"
    greeting: bytes = b""  # said before anything was asked
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    busiest: int = 0  # most requests at once
    sent: int = 0  # bytes that left
    _open: int = 0
    _connections: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _listening: asyncio.Server | None = None
    port: int = 0

    def __enter__(self) -> Self:
        ready = threading.Event()

        async def serve() -> None:
            self._listening = await asyncio.start_server(self._serve, self.address, 0, ssl=self.tls)
            self.port = self._listening.sockets[0].getsockname()[1]
            ready.set()

        def run() -> None:
            self._loop.create_task(serve())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread is not None

        async def end() -> None:
            assert self._listening is not None
            self._listening.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)  # what was aborted closes its socket in the next round
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def url(self, path: str, host: str | None = None) -> str:
        return f"{'https' if self.tls else 'http'}://{host or self.address}:{self.port}{path}"

    def says(self, path: str, *words: Said) -> str:
        """Let a path say this; its URL."""
        self.behaviours[path] = saying(*words)
        return self.url(path)

    def behaves(self, path: str, behaviour: Behaviour) -> str:
        self.behaviours[path] = behaviour
        return self.url(path)

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        connection = self._connections
        try:
            writer.write(self.greeting)
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                while await self._answer_one(reader, writer, connection):
                    pass
        finally:
            writer.transport.abort()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        body = await reader.readexactly(int(lengths[0].partition(b":")[2])) if lengths else b""
        asked = Asked(
            method=method, path=path, head=head, body=body, at=asyncio.get_running_loop().time(), connection=connection
        )
        self.asked.append(asked)
        behaviour = self.behaviours.get(path) or saying(answer(b"not here", "404 Not Found"))
        self._open += 1
        self.busiest = max(self.busiest, self._open)
        try:
            return await self._behave(behaviour, asked, reader, writer)
        finally:
            self._open -= 1

    async def _behave(
        self, behaviour: Behaviour, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        async for word in behaviour(asked):
            if word is RESET:
                channel: socket.socket = writer.get_extra_info("socket")
                channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
            if word is HANG:
                while await reader.read(65_536):
                    pass
                return False
            if isinstance(word, float):
                await asyncio.sleep(word)
            elif isinstance(word, bytes):
                writer.write(word)
                self.sent += len(word)
                await writer.drain()
        return b"connection: close" not in asked.head.lower()
