"""The shards of the datasets, opened: which files are shards, which layout each has, which cannot be had and why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from scanner.config import ScanConfig
from scanner.coverage import ScannedShard, ShardStatus
from scanner.datasets import Shard, ShardKind, is_address
from scanner.errors import LayoutUnknown, NetworkOff, ShardError, UsageError
from scanner.events import Noticed, Watcher
from scanner.releases import list_release
from scanner.shards import list_shards, open_shard
from scanner.shards.folders import sort_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scanner.datasets import Dataset, Role
    from scanner.shards import OpenShard, Skipped

OPENED_AT_ONCE = 8  # remote shards


def say_what_cannot_be_compared(shards: Sequence[ScannedShard], wanted: frozenset[Role], watch: Watcher) -> None:
    """Tell the user, before the scan, of columns and shards in which nothing can be looked for; equal sentences once."""
    said: dict[tuple[str, str], list[str]] = {}
    for each in shards:
        for sentence in _not_compared(each.opened, wanted) if each.opened is not None else ():
            said.setdefault((each.shard.dataset.name, sentence), []).append(each.shard.name)
    for (dataset, sentence), names in said.items():
        others = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        watch(Noticed(text=f"{dataset}/{names[0]}{others}: {sentence}"))


def _not_compared(opened: OpenShard, wanted: frozenset[Role]) -> Iterator[str]:
    yield from opened.warnings
    for checked in opened.checked:
        if checked.refused is not None:
            yield f"column {checked.column} is not compared: {checked.refused}."
    for offer in opened.offers:
        option = f"--columns {offer.algorithm}={offer.column}"
        yield f"column {offer.column} is not compared; if it is a hash of the pictures, say so: {option}"
    if not wanted & opened.roles:
        yield (
            "it holds neither hashes nor pictures, so nothing in it can be compared with the works. "
            "Declare where they were published: --identity FILE, or published_url in a works.csv."
        )


def listed_shards(given: Dataset, watch: Watcher, config: ScanConfig) -> list[ScannedShard]:
    """What a dataset has, by name, none of it opened; what is not read, or not given to us, has its status and reason already.

    A remote dataset is listed by its host; files of it that cannot be read where they are wait for ``downloading`` (``to_download``).

    Raises:
        UsageError: it is not there, or holds no shard.
        NetworkOff: it is remote, and the configuration says offline.
    """
    dataset, listed, skipped, gaps = _listed(given, config)
    for each in skipped:
        watch(Noticed(text=f"{dataset.name}/{each.name}: not read ({each.reason})"))
    found = [*gaps, *(_not_read(dataset, each) for each in skipped if not each.beside)]
    if not listed and not gaps:
        raise UsageError(
            f"{dataset.source} holds no dataset file",
            hint="Give a parquet, csv, jsonl or tar file, a folder of them, or a folder of pictures.",
        )
    found += [_unopened(shard, config) for shard in listed]
    return sorted(found, key=lambda each: sort_key(each.shard.name))


def open_listed(listed: Sequence[ScannedShard], watch: Watcher) -> list[LayoutUnknown]:
    """Open what can be opened where it is, or note in it why that cannot be; gives the errors where no layout fits.

    Several remote shards are opened at once, for each costs a few answers from afar.
    """
    wanted = [each for each in listed if each.status is ShardStatus.SCANNED and not each.to_download]
    unknown: list[LayoutUnknown] = []
    with ThreadPoolExecutor(OPENED_AT_ONCE) as threads:
        remote = any(each.shard.remote is not None for each in wanted)
        for each, one in zip(wanted, (threads.map if remote else map)(_open, wanted), strict=True):
            if isinstance(one, LayoutUnknown):
                unknown.append(one)
                skipped = unknown_layout(each.shard, one, watch)
                each.status, each.reason = skipped.status, skipped.reason
            elif isinstance(one, ShardError):
                each.status, each.reason = ShardStatus.FAILED, one.message
            else:
                each.opened = one
    return unknown


def open_shards(datasets: Sequence[Dataset], watch: Watcher, config: ScanConfig | None = None) -> list[ScannedShard]:
    """Open every shard of every dataset, in scan order (datasets as given, shards by name).

    A shard that cannot be opened is a gap; one file of a folder that is no dataset at all is skipped and named.

    Raises:
        UsageError: a dataset that is not there or holds no shard.
        LayoutUnknown: no shard of a dataset has a known layout.
        NetworkOff: a remote dataset while the configuration says offline.
    """
    found: list[ScannedShard] = []
    for given in datasets:
        listed = listed_shards(given, watch, config or ScanConfig())
        unknown = open_listed(listed, watch)
        if unknown and not any(each.opened or each.to_download for each in listed):
            raise unknown[0]
        found += listed
    return found


def unknown_layout(shard: Shard, error: LayoutUnknown, watch: Watcher) -> ScannedShard:
    """A shard whose columns nobody described: skipped, and said."""
    columns = ", ".join(error.columns[:8])
    watch(Noticed(text=f"{shard.dataset.name}/{shard.name}: not read (columns of no known layout: {columns})"))
    return ScannedShard(shard=shard, opened=None, status=ShardStatus.SKIPPED, reason="columns of no known layout")


def _listed(dataset: Dataset, config: ScanConfig) -> tuple[Dataset, list[Shard], list[Skipped], list[ScannedShard]]:
    """A dataset as its host resolves it, its shards, what is none, and what is not given to us."""
    if not is_address(dataset.source):
        return dataset, *list_shards(dataset), []
    if config.offline:
        raise NetworkOff(
            f"{dataset.source.partition('?')[0]}: the configuration says offline = true",
            hint="Remove that line to let provscan ask this host, or give a dataset on this computer.",
        )
    release = list_release(dataset, config.access)
    gaps = [_gap(release.dataset, name, reason) for name, reason in release.refused]
    if release.gap is None:
        return release.dataset, list(release.shards), list(release.skipped), gaps
    names = [shard.name for shard in release.shards] or [dataset.source.partition("?")[0]]
    gaps = gaps or [_gap(release.dataset, name, release.gap) for name in names]
    return release.dataset, [], list(release.skipped), gaps


def _gap(dataset: Dataset, name: str, reason: str) -> ScannedShard:
    shard = Shard(dataset=dataset, name=name, path="", kind=ShardKind.OTHER, bytes=0)
    return ScannedShard(shard=shard, opened=None, status=ShardStatus.FAILED, reason=reason)


def _unopened(shard: Shard, config: ScanConfig) -> ScannedShard:
    remote = shard.remote
    if remote is not None and (config.verify_shards or not remote.ranged or shard.kind is not ShardKind.PARQUET):
        reason = f"read from a copy of {remote.bytes:,} bytes that a scan downloads first"
        return ScannedShard(shard=shard, opened=None, to_download=True, reason=reason)
    return ScannedShard(shard=shard, opened=None)


def _open(each: ScannedShard) -> OpenShard | LayoutUnknown | ShardError:
    try:
        return open_shard(each.shard)
    except (LayoutUnknown, ShardError) as error:
        return error


def _not_read(dataset: Dataset, skipped: Skipped) -> ScannedShard:
    """What may hold rows and is not read stands in coverage; a folder that is closed to us is a gap."""
    shard = Shard(dataset=dataset, name=skipped.name, path="", kind=ShardKind.OTHER, bytes=0)
    status = ShardStatus.FAILED if skipped.closed else ShardStatus.SKIPPED
    return ScannedShard(shard=shard, opened=None, status=status, reason=skipped.reason)
