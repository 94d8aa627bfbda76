"""Archives on loopback: a CDX index with resume keys, raw playback, a TimeGate and Common Crawl, as their services document them."""

from __future__ import annotations

import gzip
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from scanner.archives.wayback import payload_digest

HEADER = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]


@dataclass(frozen=True)
class Captured:
    """One capture that the archive holds; ``revisit`` of an earlier one with the same body."""

    timestamp: str
    url: str
    body: bytes
    mimetype: str = "image/jpeg"
    status: str = "200"
    revisit: bool = False

    @property
    def at(self) -> datetime:
        return datetime.strptime(self.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)

    @property
    def cdx(self) -> list[str]:
        kind, status = ("warc/revisit", "-") if self.revisit else (self.mimetype, self.status)
        return ["org,x)/", self.timestamp, self.url, kind, status, payload_digest(self.body), str(len(self.body))]


@dataclass
class ArchiveWorld:
    """What the archives hold and how they misbehave; ``asked`` are the paths of all requests, in order."""

    captures: list[Captured] = field(default_factory=list)
    pages: dict[str, bytes] = field(default_factory=dict)  # page address to its HTML, in crawl CC-MAIN-2021-04
    page_size: int = 10_000  # rows of the index an answer holds at most
    limited_at: int | None = None  # the number of the index request (from 1) that is answered with 429
    error_page_at: frozenset[int] = frozenset()  # index requests answered with HTML and 200
    plays_other: dict[str, str] = field(
        default_factory=dict
    )  # asked timestamp to the one that is played, or an address
    original_fields: tuple[tuple[str, str], ...] = ()
    asked: list[str] = field(default_factory=list)
    index_requests: int = 0

    @property
    def crawl_file(self) -> bytes:
        return b"".join(self._member(url, html) for url, html in sorted(self.pages.items()))

    def place(self, page: str) -> tuple[int, int]:
        offset = 0
        for url, html in sorted(self.pages.items()):
            length = len(self._member(url, html))
            if url == page:
                return offset, length
            offset += length
        raise KeyError(page)

    @staticmethod
    def _member(url: str, html: bytes) -> bytes:
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + html
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nContent-Length: {len(http)}\r\n\r\n"
        return gzip.compress(head.encode() + http + b"\r\n\r\n", mtime=0)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: ArchiveWorld

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        world = self.world
        world.asked.append(self.path)
        path = urlsplit(self.path).path
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if path == "/cdx":
            self._cdx(asked)
        elif path.startswith("/web/"):
            self._playback(self.path)
        elif path.startswith("/timegate/"):
            self._timegate(self.path.removeprefix("/timegate/"))
        elif path == "/live.jpg":  # a site that calls itself an archive of its own pages
            said = [("Memento-Datetime", "Tue, 01 Jan 2019 00:00:00 GMT")]
            said.append(("Link", f'<http://{self.headers["Host"]}/live.jpg>; rel="original"'))
            self._answer(200, b"today's", said)
        elif path == "/crawls/collinfo.json":
            base = f"http://{self.headers['Host']}"
            crawls = [
                {
                    "id": "CC-MAIN-2021-04",
                    "cdx-api": f"{base}/crawls/CC-MAIN-2021-04-index",
                    "from": "2021-01-15T00:00:00",
                    "to": "2021-01-28T23:59:59",
                }
            ]
            self._answer(200, json.dumps(crawls).encode(), [("Content-Type", "application/json")])
        elif path == "/crawls/CC-MAIN-2021-04-index":
            self._crawl_index(asked["url"])
        elif path == "/data/crawl-data/a.warc.gz":
            first, last = self.headers["Range"].removeprefix("bytes=").split("-")
            self._answer(
                206, world.crawl_file[int(first) : int(last) + 1], [("Content-Type", "application/octet-stream")]
            )
        else:
            self._answer(404, b"nothing here", [])

    def _cdx(self, asked: dict[str, str]) -> None:
        world = self.world
        world.index_requests += 1
        if world.limited_at is not None and world.index_requests >= world.limited_at:
            self._answer(429, b"Too Many Requests", [("Retry-After", "1")])
            return
        if world.index_requests in world.error_page_at:
            self._answer(200, b"<html>Something went wrong</html>", [("Content-Type", "text/html")])
            return
        rows = [each.cdx for each in world.captures if each.url.lower() == asked["url"].lower()]
        start = int(asked.get("resumeKey", "0"))
        some = rows[start : start + min(world.page_size, int(asked["limit"]))]
        answer: list[list[str]] = [HEADER, *some] if some else []
        if start + len(some) < len(rows):
            answer += [[], [str(start + len(some))]]
        self._answer(200, json.dumps(answer).encode(), [("Content-Type", "application/json")])

    def _playback(self, path: str) -> None:
        timestamp, _, url = path.removeprefix("/web/").partition("id_/")
        other = self.world.plays_other.get(timestamp)
        if other is not None:
            self._answer(302, b"", [("Location", other if "://" in other else f"/web/{other}id_/{url}")])
            return
        self._play(timestamp, url)

    def _play(self, timestamp: str, url: str) -> None:
        held = next((each for each in self.world.captures if (each.timestamp, each.url) == (timestamp, url)), None)
        if held is None:
            self._answer(404, b"<html>not in archive</html>", [("Content-Type", "text/html")])
            return
        fields = [("Content-Type", held.mimetype), ("Memento-Datetime", format_datetime(held.at, usegmt=True))]
        fields += [("Link", f'<{url}>; rel="original", <http://x/timemap/{url}>; rel="timemap"')]
        self._answer(
            200,
            held.body,
            [*fields, *((f"X-Archive-Orig-{name}", value) for name, value in self.world.original_fields)],
        )

    def _timegate(self, url: str) -> None:
        wanted = datetime.strptime(self.headers["Accept-Datetime"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        if "gate" in self.world.plays_other:
            self._answer(302, b"", [("Location", self.world.plays_other["gate"])])
            return
        held = [each for each in self.world.captures if each.url == unquote(url)]
        if not held:
            self._answer(404, b"", [])
            return
        nearest = min(held, key=lambda each: abs(each.at - wanted))
        self._answer(302, b"", [("Location", f"/web/{nearest.timestamp}id_/{url}"), ("Vary", "accept-datetime")])

    def _crawl_index(self, page: str) -> None:
        if page not in self.world.pages:
            self._answer(404, b'{"message": "No Captures found"}', [])
            return
        offset, length = self.world.place(page)
        line = {
            "urlkey": "x",
            "timestamp": "20210120101112",
            "url": page,
            "filename": "crawl-data/a.warc.gz",
            "offset": str(offset),
            "length": str(length),
        }
        self._answer(200, json.dumps(line).encode() + b"\n", [("Content-Type", "text/x-ndjson")])

    def _answer(self, status: int, body: bytes, fields: list[tuple[str, str]]) -> None:
        self.send_response(status)
        for name, value in (*fields, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class ArchiveServer:
    """The world on a socket; ``with ArchiveServer(world) as server: server.url``."""

    def __init__(self, world: ArchiveWorld) -> None:
        self.world = world
        handler = type("Handler", (_Handler,), {"world": world})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"
