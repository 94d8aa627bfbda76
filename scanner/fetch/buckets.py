"""``s3://`` and ``gs://`` through pyarrow's own filesystems, as nobody in particular unless the user's keys are asked for.

An object is known by its version or ETag, size and date.  The ETag of an S3 object that was uploaded in parts is no MD5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import fs

from scanner.errors import ShardChanged, ShardUnreachable, UsageError
from scanner.fetch.web_ranges import CHANGED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.datasets import RemoteFile
    from scanner.remote_policy import Access

_ERRORS = (OSError, pa.ArrowException)
CONNECT_S, REQUEST_S = 10, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One object of a bucket: ``path`` is ``BUCKET/KEY``."""

    path: str
    bytes: int
    modified: str | None


def filesystem(scheme: str, access: Access) -> fs.FileSystem:
    """The filesystem behind ``s3`` or ``gs``.

    Raises:
        UsageError: this build of pyarrow lacks it.
    """
    policy = access.policy
    try:
        if scheme == "gs":
            return fs.GcsFileSystem(anonymous=not policy.cloud_credentials)
        options: dict[str, Any] = {
            "anonymous": not policy.cloud_credentials,
            "request_timeout": REQUEST_S,
            "connect_timeout": CONNECT_S,
        }
        if policy.s3_endpoint:
            options["scheme"], _, options["endpoint_override"] = policy.s3_endpoint.partition("://")
            options["region"] = policy.s3_region or "us-east-1"
        elif policy.s3_region:
            options["region"] = policy.s3_region
        return fs.S3FileSystem(**options)
    except AttributeError as error:
        raise UsageError(
            f"{scheme}://: this build of pyarrow cannot read it", hint="Install pyarrow from PyPI."
        ) from error


def list_objects(scheme: str, base: str, access: Access) -> Iterator[Listed]:
    """All objects below ``BUCKET/PREFIX``, or the one object of that name, sorted by path.

    Raises:
        ShardUnreachable: no such bucket, no right to list it, no answer.
    """
    where = filesystem(scheme, access)
    try:
        found = where.get_file_info(base)
        if found.type == fs.FileType.File:
            entries = [found]
        else:
            entries = where.get_file_info(fs.FileSelector(base, recursive=True, allow_not_found=True))
    except _ERRORS as error:
        raise ShardUnreachable(f"{scheme}://{base}: it cannot be listed ({_sentence(error)})") from None
    for entry in sorted(entries, key=lambda one: one.path.encode()):
        if entry.type == fs.FileType.File:
            yield Listed(
                path=entry.path, bytes=entry.size, modified=None if entry.mtime is None else entry.mtime.isoformat()
            )


def described(scheme: str, path: str, access: Access) -> tuple[str | None, int]:
    """Version or ETag of an object as its store spells it, and its size.

    Raises:
        ShardUnreachable: it is not given to us.
    """
    try:
        with filesystem(scheme, access).open_input_file(path) as file:
            return _identity(file), file.size()
    except _ERRORS as error:
        raise ShardUnreachable(f"{scheme}://{path}: it cannot be read ({_sentence(error)})") from None


class BucketRanges:
    """Ranges of one object.  See ``ranges.ByteSource``."""

    def __init__(self, remote: RemoteFile) -> None:
        """Open it.

        Raises:
            ShardUnreachable: it is not given to us.
            ShardChanged: it is not the object that was listed.
        """
        self._remote = remote
        scheme, _, self._path = remote.asked.partition("://")
        self._fs = filesystem(scheme, remote.access)
        self._file = self._open()

    @property
    def size(self) -> int:
        """See ``ByteSource``."""
        return self._remote.bytes

    def close(self) -> None:
        """See ``ByteSource``."""
        self._file.close()

    def read(self, start: int, stop: int) -> bytes:
        """See ``ByteSource``: after reading, the object is still the one that was listed."""
        try:
            content = bytes(self._file.read_at(stop - start, start))
        except _ERRORS as error:
            raise ShardUnreachable(f"{self._remote.address}: it cannot be read ({_sentence(error)})") from None
        self._open().close()
        if len(content) != stop - start:
            raise ShardChanged(f"{self._remote.address}: {CHANGED}")
        return content

    def _open(self) -> Any:
        try:
            file = self._fs.open_input_file(self._path)
            if (_identity(file), file.size()) != (self._remote.etag, self._remote.bytes):
                file.close()
                raise ShardChanged(f"{self._remote.address}: {CHANGED}")
        except _ERRORS as error:
            raise ShardUnreachable(f"{self._remote.address}: it cannot be read ({_sentence(error)})") from None
        return file


def _identity(file: Any) -> str | None:
    said = {_text(key).casefold(): _text(value) for key, value in (file.metadata() or {}).items()}
    version = said.get("versionid")
    return f"version:{version}" if version and version != "null" else said.get("etag")


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _sentence(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
