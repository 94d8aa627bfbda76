"""The Wayback Machine's index (CDX server API) and its playback of single captures.  Pure.

Sources: github.com/internetarchive/wayback, ``wayback-cdx-server/README.md``; RFC 7089 for ``Memento-Datetime``.  The digest of an
index entry is the base32 SHA-1 of the stored payload: comparing it with a file of a portfolio costs no request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS_A_PAGE: Final = 5000  # of one answer; more come with the resume key
_PLAYED: Final = re.compile(r"/(\d{14})(?:[a-z]{2}_)?/(.*)", re.DOTALL)


class ArchiveAnswerError(ValueError):
    """An answer that is not what the service documents: an error page, a cut list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxRow:
    """One capture in the index; ``status`` is None and ``mimetype`` ``warc/revisit`` where it repeats an earlier one.

    ``timestamp``: fourteen digits, UTC.  ``digest``: base32 SHA-1 of the stored payload.  ``original``: the address as captured.
    """

    timestamp: str
    original: str
    mimetype: str
    status: int | None
    digest: str

    @property
    def captured_at(self) -> str:
        """As records spell times."""
        return spelled(self.timestamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxPage:
    """Some captures of one address, and the key with which the list goes on."""

    rows: tuple[CdxRow, ...]
    resume_key: str | None


def cdx_address(endpoint: str, url: str, *, resume_key: str | None = None) -> str:
    """The question for all captures of exactly this address."""
    asked: dict[str, str] = {"url": url, "output": "json", "limit": str(ROWS_A_PAGE), "showResumeKey": "true"}
    if resume_key is not None:
        asked["resumeKey"] = resume_key
    return f"{endpoint}?{urlencode(asked, errors='replace')}"


def parse_cdx(content: bytes) -> CdxPage:
    """Read an answer of the index: a list whose first row names the columns; a resume key stands alone after an empty row.

    Rows that are no captures (no timestamp) are left out; unknown columns are ignored.

    Raises:
        ArchiveAnswerError: not such a list.
    """
    try:
        lines = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ArchiveAnswerError("the index did not answer with a list") from error
    if not isinstance(lines, list) or not all(isinstance(line, list) for line in lines):
        raise ArchiveAnswerError("the index did not answer with a list of rows")
    resume_key = None
    if len(lines) >= 2 and lines[-2] == [] and len(lines[-1]) == 1:
        resume_key = str(lines[-1][0])
        lines = lines[:-2]
    if not lines:
        return CdxPage(rows=(), resume_key=resume_key)
    names = [str(name) for name in lines[0]]
    if "timestamp" not in names or "original" not in names:
        raise ArchiveAnswerError("the index's first row does not name its columns")
    rows = (_row(dict(zip(names, line, strict=False))) for line in lines[1:])
    return CdxPage(rows=tuple(row for row in rows if row is not None), resume_key=resume_key)


def _row(cells: Mapping[str, Any]) -> CdxRow | None:
    timestamp = str(cells.get("timestamp", ""))
    if not re.fullmatch(r"\d{14}", timestamp) or not is_time(timestamp):
        return None
    status = str(cells.get("statuscode", ""))
    return CdxRow(
        timestamp=timestamp,
        original=str(cells.get("original", "")),
        mimetype=str(cells.get("mimetype", "")).lower(),
        status=int(status) if status.isascii() and status.isdigit() and len(status) == 3 else None,
        digest=str(cells.get("digest", "")).upper(),
    )


def playback_address(endpoint: str, row: CdxRow) -> str:
    """Where the archive returns the capture as it was stored: ``id_`` asks for the bytes without the archive's own changes."""
    return f"{endpoint.rstrip('/')}/{row.timestamp}id_/{row.original}"


def played_timestamp(final_url: str, memento_datetime: str | None) -> str | None:
    """The time of the capture that was really returned: of the address that answered, else of ``Memento-Datetime``."""
    found = _PLAYED.search(final_url)
    if found is not None and is_time(found[1]):
        return found[1]
    if memento_datetime is None:
        return None
    try:
        at = parsedate_to_datetime(memento_datetime)
    except ValueError:
        return None
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S") if at.tzinfo is not None else at.strftime("%Y%m%d%H%M%S")


def played_address(final_url: str) -> str | None:
    """Whose capture the address that answered names; None where it names none.

    >>> played_address("https://web.archive.org/web/20200101000000id_/http://a.example/b?c")
    'http://a.example/b?c'
    """
    found = _PLAYED.search(final_url)
    return found[2] if found is not None and is_time(found[1]) else None


def is_time(timestamp: str) -> bool:
    """Whether fourteen digits are a time."""
    try:
        datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def spelled(timestamp: str) -> str:
    """Fourteen digits as records spell times.

    >>> spelled("20210304050607")
    '2021-03-04T05:06:07Z'
    """
    at = datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def payload_digest(content: bytes) -> str:
    """The digest of bytes as the index spells it.

    >>> payload_digest(b"")
    '3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return base64.b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode("ascii")
