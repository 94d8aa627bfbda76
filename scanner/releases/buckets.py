"""Datasets in buckets: ``s3://BUCKET[/PREFIX]`` and ``gs://``, listed by pyarrow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from scanner.datasets import RemoteFile, ShardKind
from scanner.errors import ShardUnreachable
from scanner.fetch.buckets import Listed, described, list_objects
from scanner.releases.listed import Release, judged, shard_of
from scanner.releases.web import require_encryption
from scanner.shards.listing import Skipped

if TYPE_CHECKING:
    from scanner.datasets import Dataset
    from scanner.remote_policy import Access

AT_ONCE: Final = 8


def list_bucket(dataset: Dataset, access: Access) -> Release:
    """The objects below an address, each asked for its ETag or version.

    Raises:
        ShardUnreachable: no such bucket, no right to list it, no answer.
    """
    require_encryption(access.policy.s3_endpoint, access)
    scheme, _, base = dataset.source.partition("://")
    base = base.strip("/")
    wanted: list[tuple[str, ShardKind, Listed]] = []
    skipped = []
    for each in list_objects(scheme, base, access):
        alone = each.path == base
        name = each.path.rpartition("/")[2] if alone else each.path.removeprefix(f"{base}/")
        kind = judged(name, alone=alone)
        if isinstance(kind, Skipped):
            skipped.append(kind)
        else:
            wanted.append((name, kind, each))
    shards, refused = [], list[tuple[str, str]]()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(partial(_described, scheme, access), (each for _, _, each in wanted))
        for (name, kind, _), remote in zip(wanted, found, strict=True):
            if isinstance(remote, str):
                refused.append((name, remote))
            else:
                shards.append(shard_of(dataset, name, kind, remote))
    gap = refused[0][1] if refused and not shards else None
    return Release(dataset=dataset, shards=tuple(shards), skipped=tuple(skipped), refused=tuple(refused), gap=gap)


def _described(scheme: str, access: Access, listed: Listed) -> RemoteFile | str:
    address = f"{scheme}://{listed.path}"
    try:
        etag, size = described(scheme, listed.path, access)
    except ShardUnreachable as error:
        return error.message
    return RemoteFile(
        address=address, asked=address, bytes=size, etag=etag, last_modified=listed.modified, access=access
    )
