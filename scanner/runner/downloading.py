"""Remote shards that cannot be read where they are: downloaded beside the unfinished work, once, then read like any file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from scanner.coverage import ShardStatus
from scanner.errors import LayoutUnknown, OutputError, ShardError
from scanner.events import Noticed, StageAdvanced, StageBegan, StageEnded, Watcher
from scanner.fetch.downloads import download
from scanner.runner.sources import unknown_layout
from scanner.shards import open_shard
from scanner.shards.remote import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from scanner.coverage import ScannedShard

FOLDER = "downloads"


def download_shards(shards: Sequence[ScannedShard], partial_folder: Path, watch: Watcher) -> None:
    """Download and open what is marked ``to_download``, in scan order; what is not given to us becomes a gap.

    Raises:
        OutputError: not enough room, read-only folder; what was downloaded is kept.
        LayoutUnknown: nothing of a dataset has a known layout.
    """
    wanted = [each for each in shards if each.to_download]
    if not wanted:
        return
    folder = (partial_folder / FOLDER).absolute()  # workers of a cluster are in another folder
    total = sum(each.shard.bytes for each in wanted)
    _make_room(folder, wanted, total)
    files = "1 file" if len(wanted) == 1 else f"{len(wanted):,} files"
    watch(
        Noticed(
            text=f"{files} cannot be read in part: {total:,} bytes are downloaded into {folder.parent.name}/{FOLDER} first"
        )
    )
    done = [0]

    def beat(count: int) -> None:
        done[0] += count
        watch(StageAdvanced(done=done[0]))

    watch(StageBegan(title="Downloading", total=total, unit="B"))
    unknown: dict[str, LayoutUnknown] = {}
    for each in wanted:
        try:
            _download(each, folder, beat)
        except LayoutUnknown as error:
            unknown.setdefault(each.shard.dataset.name, error)
            skipped = unknown_layout(each.shard, error, watch)
            each.status, each.reason = skipped.status, skipped.reason
        except ShardError as error:
            each.status, each.reason = ShardStatus.FAILED, error.message
    watch(StageEnded())
    for dataset, reason in unknown.items():
        if not any(each.opened for each in shards if each.shard.dataset.name == dataset):
            raise reason


def _download(each: ScannedShard, folder: Path, beat: Callable[[int], None]) -> None:
    remote = each.shard.remote
    assert remote is not None
    # Named by what it is: a file that changed meanwhile is another one.  No name from outside becomes a path.
    target = folder / remote.shard_id.partition(":")[2]
    download(remote, target, partial(open_source, remote), beat)
    each.shard = replace(each.shard, path=str(target))
    each.to_download, each.reason = False, None
    each.opened = open_shard(each.shard)


def _make_room(folder: Path, wanted: Sequence[ScannedShard], total: int) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = sum(path.stat().st_size for path in folder.iterdir())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise OutputError(f"the folder {folder} could not be made: {error.strerror or error}") from error
    if total - there > free:
        raise OutputError(
            f"{len(wanted):,} remote files of {total:,} bytes have to be downloaded, and {free:,} bytes are free",
            hint="Choose an --out on a larger disk. Remote parquet files need no room: they are read in part.",
        )
