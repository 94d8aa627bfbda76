"""Addresses of remote datasets, and the lists that hosts give of their files: pure."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urljoin, urlsplit

from scanner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HUB: Final = re.compile(
    r"hf://datasets/(?P<id>[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95})"
    r"(?:@(?P<revision>refs/(?:convert|pr)/[^/@?#]+|[^/@?#]+))?(?:/(?P<path>[^?#]*))?"
)
_SUM: Final = re.compile(r"([0-9A-Fa-f]{64})[ \t]+\*?(\S.*)")
COMMIT: Final = re.compile(r"[0-9a-f]{40}")
SUMS: Final = re.compile(r"sha256sums?(\.txt)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAddress:
    """``hf://datasets/ORG/NAME[@REVISION][/PATH]``: ``path`` is a file, a folder or a pattern in the repository; "" is all of it."""

    id: str
    revision: str
    path: str


def parse_hub_address(source: str) -> HubAddress:
    """The parts of an ``hf://`` address.

    Raises:
        UsageError: not of that form.
    """
    found = _HUB.fullmatch(source)
    path = unquote(found["path"] or "").strip("/") if found else ""
    if found is None or any(part in {".", ".."} for part in path.split("/")):
        raise UsageError(
            f"{source}: not an address of a dataset at the hub", hint="Use hf://datasets/ORG/NAME[@REVISION][/PATH]."
        )
    return HubAddress(id=found["id"], revision=unquote(found["revision"] or "main"), path=path)


def name_of(source: str) -> str:
    """The last component of a remote dataset's address, without revision and query.

    >>> [name_of(source) for source in ("hf://datasets/laion/laion-art@main", "https://a.example/x/part.parquet?sig=1", "s3://bucket")]
    ['laion-art', 'part.parquet', 'bucket']
    """
    found = _HUB.fullmatch(source)
    if found is not None and not found["path"]:
        return found["id"].rpartition("/")[2]
    parts = urlsplit(source)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or "dataset"
    return re.sub(r"[^A-Za-z0-9._-]", "-", last)


def next_page(link: str | None) -> str | None:
    """The address of the next page in a ``Link`` field (RFC 8288); None on the last."""
    found = re.search(r'<([^<>]*)>\s*;[^,<]*\brel="?next"?', link or "")
    return found[1] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """One entry of a list: its address, and its SHA-256 where the list states one."""

    url: str
    sha256: str | None = None


def parse_file_list(text: str, base: str) -> Iterator[ListedFile]:
    """The files that a text lists, one a line: addresses, names relative to ``base``, or lines of ``sha256sum``; ``#`` begins a comment."""
    for line in text.splitlines():
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        found = _SUM.fullmatch(entry)
        name = found[2].strip() if found else entry
        yield ListedFile(url=_joined(base, name), sha256=found[1].lower() if found else None)


def parse_directory(html: str, base: str) -> tuple[str, ...]:
    """Addresses of the files in a directory as a web server lists it: links to what lies directly below ``base``, each once, sorted."""
    parser = _Links()
    with suppress(AssertionError):  # how html.parser ends at "<![<!": what came before stands
        parser.feed(html)
        parser.close()
    found = set()
    for href in parser.hrefs:
        url = _joined(base, href).partition("#")[0]
        below = url.removeprefix(base)
        if url.startswith(base) and below and "/" not in below and "?" not in below:
            found.add(url)
    return tuple(sorted(found))


def origin_of(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address; port None where it is not a number."""
    parts = urlsplit(url)
    try:
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        return parts.scheme, parts.hostname, None


def _joined(base: str, name: str) -> str:
    try:
        return urljoin(base, name)
    except ValueError:  # brackets that do not close
        return name


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.hrefs += [value for name, value in attrs if name == "href" and value]
