"""Opening remote files: which source speaks which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner.fetch.buckets import BucketRanges
from scanner.fetch.web_ranges import Door, WebRanges

if TYPE_CHECKING:
    from scanner.datasets import RemoteFile
    from scanner.fetch.ranges import ByteSource


def open_source(remote: RemoteFile) -> ByteSource:
    """The file's ranges, over HTTP or from a bucket; each process opens connections of its own.

    Raises:
        ShardUnreachable: it is not given to us.
    """
    if remote.asked.startswith(("s3://", "gs://")):
        return BucketRanges(remote)
    return WebRanges(remote, Door(remote.access))
