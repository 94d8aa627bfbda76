"""Hosts of datasets on loopback: files in parts, directories, a hub with its storage on another port, a bucket store."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

SECRET = "hf_plantedTOKENthatMustNotBeWritten"
SIGNATURE = "X-Amz-Signature=plantedSIGNATUREthatMustNotBeWritten"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it came, and how many bytes of body were sent for it."""

    method: str
    path: str
    query: str
    fields: dict[str, str]
    sent: list[int] = field(default_factory=lambda: [0])

    @property
    def range(self) -> str | None:
        return self.fields.get("range")


@dataclass(kw_only=True)
class Answer:
    """What to say: ``body`` is cut by the asked range unless ``whole``; ``cut`` bytes are sent and the connection closed."""

    status: int = 200
    body: bytes = b""
    fields: dict[str, str] = field(default_factory=dict)
    whole: bool = False
    cut: int | None = None


class Host:
    """A server on loopback; ``answer`` decides, ``requests`` remembers."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.requests: list[Request] = []
        self.answer = answer
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._respond()

            def do_HEAD(self) -> None:
                self._respond()

            def _respond(self) -> None:
                parts = urlsplit(self.path)
                asked = Request(method=self.command, path=unquote(parts.path), query=parts.query, fields={name.lower(): value for name, value in self.headers.items()})  # fmt: skip
                host.requests.append(asked)
                _say(self, asked, host.answer(asked))

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that leaves is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:  # fmt: skip
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def body_bytes(self) -> int:
        """Bytes of bodies that were sent so far."""
        return sum(each.sent[0] for each in self.requests)


def _say(handler: BaseHTTPRequestHandler, asked: Request, answer: Answer) -> None:
    status, body = answer.status, answer.body
    fields = dict(answer.fields)
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.range or "")
    condition = asked.fields.get("if-range")
    if found and status == 200 and not answer.whole and condition in (None, fields.get("ETag")):
        start, stop = int(found[1]), min(int(found[2] or len(body) - 1), len(body) - 1) + 1
        status = 206 if start < stop else 416
        fields.setdefault("Content-Range", f"bytes {start}-{stop - 1}/{len(body)}")
        body = body[start:stop]
    handler.send_response(status)
    for name, value in fields.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    if answer.cut is not None:
        handler.send_header("Connection", "close")
        handler.close_connection = True
        body = body[: answer.cut]
    handler.end_headers()
    if asked.method != "HEAD":
        try:
            handler.wfile.write(body)
            asked.sent[0] += len(body)
        except OSError:
            handler.close_connection = True


@dataclass
class FileHost:
    """Files by path, directories as a web server lists them; ``ranges`` off, it always sends the whole file."""

    files: dict[str, bytes]
    ranges: bool = True
    dated: bool = True
    faults: list[Callable[[Request, Answer], Answer | None]] = field(default_factory=list)

    def __call__(self, asked: Request) -> Answer:
        answer = self._answer(asked)
        for fault in self.faults:
            answer = fault(asked, answer) or answer
        return answer

    def _answer(self, asked: Request) -> Answer:
        if asked.path.endswith("/"):
            names = sorted(
                {name.removeprefix(asked.path).partition("/")[0] for name in self.files if name.startswith(asked.path)}
            )
            links = "".join(f'<li><a href="{escape(name)}">{escape(name)}</a></li>' for name in names)
            return Answer(body=f'<html><a href="../">..</a><a href="?C=N">Name</a><ul>{links}</ul></html>'.encode(), fields={"Content-Type": "text/html"})  # fmt: skip
        content = self.files.get(asked.path)
        if content is None:
            return Answer(status=404, body=b"no such file")
        fields = {"ETag": f'"{hashlib.md5(content).hexdigest()}"'}
        if self.dated:
            fields["Last-Modified"] = formatdate(1_700_000_000, usegmt=True)
        return Answer(body=content, fields=fields, whole=not self.ranges)


COMMIT = "0123456789abcdef0123456789abcdef01234567"
OLDER = "fedcba9876543210fedcba9876543210fedcba98"


@dataclass
class Hub:
    """A hub with one dataset; ``storage`` is where large files are redirected to, with a signature in the query."""

    files: dict[str, bytes]
    storage: str = ""
    id: str = "org/name"
    gated: bool | str = False
    disabled: bool = False
    token: str | None = None  # asked for to read files, where gated
    page: int = 2
    limited: int = 0  # requests that are answered with 429 first
    small: frozenset[str] = frozenset()  # files that lie in git itself
    faults: list[Callable[[Request, Answer], Answer | None]] = field(default_factory=list)
    url: str = ""

    def __call__(self, asked: Request) -> Answer:
        answer = self._answer(asked)
        for fault in self.faults:
            answer = fault(asked, answer) or answer
        return answer

    def _answer(self, asked: Request) -> Answer:
        if self.limited:
            self.limited -= 1
            return Answer(status=429, fields={"RateLimit": '"api";r=0;t=3'})
        api, raw = f"/api/datasets/{self.id}", f"/datasets/{self.id}/resolve/"
        if asked.path == api:
            if self.disabled:
                return Answer(status=403, fields={"X-Error-Message": "Access to this resource is disabled."})
            return said({"id": self.id, "gated": self.gated, "disabled": False, "sha": COMMIT})
        if asked.path == f"{api}/refs":
            return said({"branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": COMMIT}], "converts": [], "tags": [{"name": "v1.0", "ref": "refs/tags/v1.0", "targetCommit": OLDER}]})  # fmt: skip
        for commit in (COMMIT, OLDER):
            if asked.path.startswith(f"{api}/tree/{commit}"):
                return self._tree(asked, asked.path.removeprefix(f"{api}/tree/{commit}").strip("/"))
            if asked.path.startswith(f"{raw}{commit}/"):
                return self._file(asked, asked.path.removeprefix(f"{raw}{commit}/"), commit)
        if asked.path.startswith(f"{api}/tree/"):
            return Answer(status=404, fields={"X-Error-Code": "RevisionNotFound"})
        return Answer(status=401, fields={"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})

    def _tree(self, asked: Request, folder: str) -> Answer:
        names = sorted(name for name in self.files if not folder or name.startswith(f"{folder}/"))
        if folder and not names:
            return Answer(status=404, fields={"X-Error-Code": "EntryNotFound"})
        start = int(re.search(r"cursor=(\d+)", asked.query)[1]) if "cursor=" in asked.query else 0  # type: ignore[index]
        entries = [self._entry(name) for name in names[start : start + self.page]]
        answer = said(entries)
        if start + self.page < len(names):
            answer.fields["Link"] = f'<{self.url}{asked.path}?recursive=true&cursor={start + self.page}>; rel="next"'
        return answer

    def _entry(self, name: str) -> dict[str, Any]:
        content = self.files[name]
        entry: dict[str, Any] = {
            "type": "file",
            "path": name,
            "size": len(content),
            "oid": hashlib.sha1(content).hexdigest(),
        }
        if name not in self.small:
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        return entry

    def _file(self, asked: Request, name: str, commit: str) -> Answer:
        if self.gated and asked.fields.get("authorization") != f"Bearer {self.token}":
            return Answer(status=401, fields={"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to this dataset is restricted"})  # fmt: skip
        if name not in self.files:
            return Answer(status=404, fields={"X-Error-Code": "EntryNotFound"})
        content = self.files[name]
        if name in self.small:
            return Answer(
                body=content, fields={"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": commit}
            )
        linked = {
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Linked-Size": str(len(content)),
        }
        return Answer(status=302, fields={**linked, "Location": f"{self.storage}/{name}?{SIGNATURE}"})


def said(value: object) -> Answer:
    return Answer(body=json.dumps(value).encode(), fields={"Content-Type": "application/json"})


@dataclass
class Bucket:
    """As much of S3 as pyarrow asks for: lists of objects, their heads, parts of them."""

    name: str
    files: dict[str, bytes]

    def __call__(self, asked: Request) -> Answer:
        key = asked.path.removeprefix(f"/{self.name}").strip("/")
        if not asked.path.startswith(f"/{self.name}"):
            return self._missing("NoSuchBucket")
        if not key and asked.method == "GET":
            return self._list(asked)
        if not key:
            return Answer()
        if key not in self.files:
            return self._missing("NoSuchKey")
        return Answer(body=self.files[key], fields={"ETag": f'"{hashlib.md5(self.files[key]).hexdigest()}-2"', "Last-Modified": formatdate(1_700_000_000, usegmt=True)})  # fmt: skip

    def _missing(self, code: str) -> Answer:
        return Answer(status=404, body=f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def _list(self, asked: Request) -> Answer:
        prefix = unquote((re.search(r"(?:^|&)prefix=([^&]*)", asked.query) or ["", ""])[1])
        flat = "delimiter=" in asked.query
        found, folders = "", set()
        for key, content in sorted(self.files.items()):
            rest = key.removeprefix(prefix)
            if not key.startswith(prefix):
                continue
            if flat and "/" in rest:
                folders.add(prefix + rest.partition("/")[0] + "/")
                continue
            found += f"<Contents><Key>{escape(key)}</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified><Size>{len(content)}</Size></Contents>"
        found += "".join(
            f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in sorted(folders)
        )
        count = found.count("<Key>") + len(folders)
        body = f'<?xml version="1.0"?><ListBucketResult><Name>{self.name}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{count}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{found}</ListBucketResult>'
        return Answer(body=body.encode(), fields={"Content-Type": "application/xml"})
