"""Datasets at ``https://``: one file, a directory as a web server lists it, a text that lists files, a ``sha256sums``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from scanner.datasets import PublisherDigest, RemoteFile, ShardKind
from scanner.errors import ShardUnreachable, UsageError
from scanner.fetch.addresses import parse_networks
from scanner.fetch.client import Asking, field_of
from scanner.fetch.hub import refusal_of
from scanner.fetch.web_ranges import ASKING, Door, total_of
from scanner.releases.addresses import SUMS, ListedFile, origin_of, parse_directory, parse_file_list
from scanner.releases.listed import Release, judged, shard_of
from scanner.shards.listing import Skipped, kind_of

if TYPE_CHECKING:
    from scanner.datasets import Dataset
    from scanner.fetch.web_ranges import Answered
    from scanner.remote_policy import Access

LIST_BYTES: Final = 64 << 20
AT_ONCE: Final = 8
_PROBE: Final = Asking(fields=(("Range", "bytes=0-3"),))


def require_encryption(url: str, access: Access) -> None:
    """Over ``http://`` anybody on the way can put in other rows: only a network that the user named may be asked so.

    Raises:
        UsageError: it is no such network.
    """
    if url.startswith("http://") and not access.networks:
        raise UsageError(
            f"{url.partition('?')[0]}: http:// is not encrypted, so what arrives is nobody's word",
            hint="Use https://, or name the network as your own: --allow-network CIDR.",
        )


def list_web(dataset: Dataset, access: Access) -> Release:
    """The files behind an ``https://`` address.

    Raises:
        UsageError: nothing is there, or nothing that is or lists shards.
        ShardUnreachable: no answer, or a refusal.
    """
    source = dataset.source
    if "@" in source.partition("://")[2].partition("/")[0]:
        raise UsageError("a name or password stands in the address of a dataset", hint="Leave it out: it is not sent.")
    require_encryption(source, access)
    with closing(Door(access)) as door:
        shown = source.partition("?")[0]
        first = door.ask(source, _PROBE, limits=replace(ASKING, max_bytes=4), name=shown)
        _check_network(first, source, access)
        if first.last.status in {404, 410}:
            raise UsageError(f"{shown}: {refusal_of(first.last, shown)}", hint="Check the address.")
        if first.last.status not in {200, 206}:
            raise ShardUnreachable(f"{shown}: {refusal_of(first.last, shown)}")
        last = unquote(shown.rpartition("/")[2])
        kind = ShardKind.PARQUET if first.last.body.startswith(b"PAR1") else kind_of(last)
        is_list = shown.endswith("/") or kind is None or last.casefold().endswith(".txt") or SUMS.fullmatch(last)
        if not is_list and kind is not None:
            remote = _described(first, ListedFile(url=source), shown, access)
            return Release(dataset=dataset, shards=(shard_of(dataset, last, kind, remote),))
        listed = _listed(door, source)
        return _probed(dataset, access, door, listed)


def _listed(door: Door, source: str) -> tuple[ListedFile, ...]:
    """What a directory or a list names; beside a directory its ``sha256sums`` are read."""
    shown = source.partition("?")[0]
    text, is_html = _text(door, source)
    if not is_html:
        return tuple(parse_file_list(text, source))
    base = shown if shown.endswith("/") else shown.rpartition("/")[0] + "/"
    urls = parse_directory(text, base)
    sums: dict[str, str | None] = {}
    for url in urls:
        if SUMS.fullmatch(unquote(url.rpartition("/")[2])):
            sums.update({each.url: each.sha256 for each in parse_file_list(_text(door, url)[0], url)})
    return tuple(ListedFile(url=url, sha256=sums.get(url)) for url in urls)


def _text(door: Door, url: str) -> tuple[str, bool]:
    shown = url.partition("?")[0]
    answer = door.ask(url, Asking(), limits=replace(ASKING, max_bytes=LIST_BYTES), name=shown).last
    if answer.status != 200:
        raise ShardUnreachable(f"{shown}: {refusal_of(answer, shown)}")
    try:
        text = answer.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(
            f"{shown}: neither a known kind of file nor a list of files",
            hint="Give the address of a file whose name ends in .parquet, .csv, .tar …",
        ) from None
    return text, "html" in (field_of(answer, "content-type") or "").lower() or text.lstrip()[:1] == "<"


@dataclass(frozen=True, slots=True)
class _Probe:
    """One listed file, asked for what it is."""

    dataset: Dataset
    access: Access
    door: Door

    def __call__(self, wanted: tuple[str, ShardKind, ListedFile]) -> tuple[str, ShardKind, RemoteFile | str]:
        name, kind, listed = wanted
        shown = listed.url.partition("?")[0]
        try:
            answered = self.door.ask(listed.url, _PROBE, limits=replace(ASKING, max_bytes=4), name=name)
            if answered.last.status not in {200, 206}:
                return name, kind, f"{name}: {refusal_of(answered.last, shown)}"
            return name, kind, _described(answered, listed, shown, self.access)
        except ShardUnreachable as error:
            return name, kind, error.message


def _probed(dataset: Dataset, access: Access, door: Door, listed: tuple[ListedFile, ...]) -> Release:
    """The listed files of this host, each asked for size and identity; others are named, not asked."""
    own, skipped = origin_of(dataset.source), list[Skipped]()
    base = dataset.source.partition("?")[0].rpartition("/")[0] + "/"
    wanted: dict[str, tuple[str, ShardKind, ListedFile]] = {}
    for each in listed:
        path = each.url.partition("?")[0]
        name = unquote(path.removeprefix(base) if path.startswith(base) else path.partition("://")[2].partition("/")[2])
        if SUMS.fullmatch(name.rpartition("/")[2]):
            continue
        kind = judged(name)
        if isinstance(kind, Skipped):
            skipped.append(kind)
        elif origin_of(each.url) != own:
            skipped.append(
                Skipped(
                    name=name,
                    reason=f"lies on another host ({origin_of(each.url)[1]}): name it as a dataset of its own",
                )
            )
        else:
            wanted.setdefault(name, (name, kind, each))
    shards, refused = [], list[tuple[str, str]]()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, kind, found in pool.map(_Probe(dataset, access, door), wanted.values()):
            if isinstance(found, str):
                refused.append((name, found))
            else:
                shards.append(shard_of(dataset, name, kind, found))
    shards.sort(key=lambda shard: shard.name.encode())
    gap = "; ".join(reason for _, reason in refused[:1]) if refused and not shards else None
    return Release(
        dataset=dataset, shards=tuple(shards), skipped=tuple(skipped), refused=tuple(sorted(refused)), gap=gap
    )


def _described(answered: Answered, listed: ListedFile, shown: str, access: Access) -> RemoteFile:
    """A file as its host describes it in the answer to a request for a part of it."""
    last = answered.last
    size = total_of(last)
    if size is None:
        raise ShardUnreachable(f"{shown}: its host does not say how large it is")
    etag, date = field_of(last, "etag"), field_of(last, "last-modified")
    publisher = None
    if listed.sha256 is not None:
        publisher = PublisherDigest(value=listed.sha256, source="sha256sums")
    ranged = last.status == 206 and (etag is not None or date is not None)
    return RemoteFile(
        address=shown,
        asked=listed.url,
        bytes=size,
        etag=etag,
        last_modified=date,
        publisher=publisher,
        ranged=ranged,
        access=access,
    )


def _check_network(answered: Answered, source: str, access: Access) -> None:
    networks = parse_networks(access.networks)
    ip = answered.last.ip
    if source.startswith("http://") and not (ip and any(ip_address(ip) in network for network in networks)):
        raise UsageError(
            f"{source.partition('?')[0]}: http:// outside the networks that were named as your own",
            hint="Use https://.",
        )
