"""Datasets at Hugging Face, by its plain HTTP interface (https://huggingface.co/docs/hub/api): a revision becomes a commit, once."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from scanner.datasets import PublisherDigest, RemoteFile
from scanner.errors import ShardUnreachable, UsageError
from scanner.fetch.client import Asking, field_of
from scanner.fetch.hub import refusal_of
from scanner.fetch.web_ranges import ASKING, Door
from scanner.releases.addresses import COMMIT, HubAddress, next_page, origin_of, parse_hub_address
from scanner.releases.listed import Release, judged, shard_of
from scanner.releases.web import require_encryption
from scanner.shards.listing import Skipped, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scanner.datasets import Dataset
    from scanner.fetch.web_ranges import Answered
    from scanner.remote_policy import Access

PAGES_AT_MOST: Final = 10_000  # of 1,000 files
_PAGE_BYTES: Final = 64 << 20
_NOT_THERE: Final = frozenset({"RepoNotFound", "RevisionNotFound", "EntryNotFound"})


def list_hub(dataset: Dataset, access: Access) -> Release:
    """The files of ``hf://datasets/ORG/NAME[@REVISION][/PATH]`` at one commit.

    Raises:
        UsageError: no such dataset, revision or path.
        ShardUnreachable: gated, taken down, no answer.
    """
    address = parse_hub_address(dataset.source)
    require_encryption(access.policy.hub_url, access)
    with closing(Door(access)) as door:
        hub = _Hub(address, access, door)
        facts = hub.json(f"/api/datasets/{address.id}")
        if facts.get("disabled") is True:
            raise ShardUnreachable(f"{hub.page}: taken down by the hub (access to this resource is disabled)")
        commit, tag = hub.resolved()
        resolved = replace(dataset, revision=commit, release=dataset.release or tag or commit)
        shards, skipped = [], list[Skipped]()
        for entry in hub.files(commit):
            kind = judged(entry["path"], alone=entry["path"] == address.path)
            if isinstance(kind, Skipped):
                skipped.append(kind)
            else:
                shards.append(shard_of(resolved, entry["path"], kind, hub.remote_file(entry, commit)))
        shards.sort(key=lambda shard: shard.name.encode())
        gap = None
        if facts.get("gated") not in {False, None} and shards and shards[0].remote is not None:
            gap = hub.refused(shards[0].remote)  # one answer speaks for all files of a gated dataset
        return Release(dataset=resolved, shards=tuple(shards), skipped=tuple(skipped), gap=gap)


class _Hub:
    """What is asked of the hub about one dataset."""

    def __init__(self, address: HubAddress, access: Access, door: Door) -> None:
        self._address, self._access, self._door = address, access, door
        self._url = access.policy.hub_url
        self.page = f"{self._url}/datasets/{address.id}"

    def json(self, path: str) -> Mapping[str, Any]:
        answer = self._get(self._url + path)
        found = _parsed(answer, self.page)
        if not isinstance(found, dict):
            raise ShardUnreachable(f"{self.page}: the hub's answer is not what its interface says")
        return found

    def resolved(self) -> tuple[str, str | None]:
        """The commit of the asked revision, and its tag if it is one."""
        wanted = self._address.revision
        if COMMIT.fullmatch(wanted):
            return wanted, None
        refs = self.json(f"/api/datasets/{self._address.id}/refs")
        known: dict[str, tuple[str, str | None]] = {}
        for kind in ("branches", "converts", "tags"):
            for entry in refs.get(kind) or ():
                if isinstance(entry, dict) and COMMIT.fullmatch(str(entry.get("targetCommit"))):
                    name = str(entry.get("name"))
                    found = str(entry["targetCommit"]), name if kind == "tags" else None
                    known.setdefault(name, found)
                    known.setdefault(str(entry.get("ref")), found)
        if wanted not in known:
            names = ", ".join(sorted(name for name in known if not name.startswith("refs/heads/"))[:20])
            raise UsageError(f"{self.page} has no revision {wanted}", hint=f"It has: {names or 'none'}.")
        return known[wanted]

    def files(self, commit: str) -> Iterator[dict[str, Any]]:
        """The files of the asked path: of a folder all below it, of a pattern those that fit, of a file itself."""
        path = self._address.path
        is_pattern = any(mark in path for mark in "*?[")
        is_file = not is_pattern and kind_of(path.rpartition("/")[2]) is not None
        if not is_pattern and not is_file:
            yield from self._tree(commit, path)
            return
        fixed = path
        while is_file or any(mark in fixed for mark in "*?["):
            fixed, is_file = fixed.rpartition("/")[0], False
        found = [
            entry
            for entry in self._tree(commit, fixed)
            if entry["path"] == path or (is_pattern and fnmatchcase(entry["path"], path))
        ]
        if not found:
            raise UsageError(
                f"{self.page} has no file {path} at {commit[:12]}", hint="Check the path and the revision."
            )
        yield from found

    def _tree(self, commit: str, folder: str) -> Iterator[dict[str, Any]]:
        below = f"/{quote(folder)}" if folder else ""
        url: str | None = (
            f"{self._url}/api/datasets/{self._address.id}/tree/{commit}{below}?recursive=true&expand=false"
        )
        for _ in range(PAGES_AT_MOST):
            if url is None:
                return
            answer = self._get(url)
            entries = _parsed(answer, self.page)
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict) and entry.get("type") == "file" and isinstance(entry.get("path"), str):
                    yield entry
            url = next_page(field_of(answer.last, "link"))
            if url is not None and origin_of(url) != origin_of(self._url):
                raise ShardUnreachable(f"{self.page}: the next page of its files is said to lie on another host")

    def remote_file(self, entry: Mapping[str, Any], commit: str) -> RemoteFile:
        """One entry of the tree; the SHA-256 of a large file is stated there, of a small one only git's own digest."""
        raw = entry.get("lfs")
        lfs: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
        size, oid = lfs.get("size", entry.get("size")), lfs.get("oid")
        if not isinstance(size, int) or size < 0:
            raise ShardUnreachable(f"{self.page}: the hub's answer is not what its interface says")
        digest = str(oid).removeprefix("sha256:") if oid is not None else ""
        is_sha256 = len(digest) == 64 and all(character in "0123456789abcdef" for character in digest)
        stated_at = f"hf://datasets/{self._address.id}@{commit}"
        address = f"{self.page}/resolve/{commit}/{quote(entry['path'])}"
        return RemoteFile(
            address=address,
            asked=address,
            bytes=size,
            etag=digest if is_sha256 else str(entry.get("oid")),
            publisher=PublisherDigest(value=digest, source=stated_at) if is_sha256 else None,
            pinned=True,
            access=self._access,
        )

    def refused(self, remote: RemoteFile) -> str | None:
        """Why a file is not given; None if it is."""
        limits = replace(ASKING, max_bytes=1)
        answer = self._door.ask(
            remote.asked, Asking(fields=(("Range", "bytes=0-0"),)), limits=limits, name=self.page
        ).last
        return f"{self.page}: {refusal_of(answer, self.page)}" if answer.status in {401, 403} else None

    def _get(self, url: str) -> Answered:
        answered = self._door.ask(url, Asking(), limits=replace(ASKING, max_bytes=_PAGE_BYTES), name=self.page)
        answer = answered.last
        code = field_of(answer, "x-error-code")
        if answer.status == 200:
            return answered
        refusal = refusal_of(answer, self.page)
        if code in _NOT_THERE or (answer.status == 404 and "taken down" not in refusal):
            what = {"RevisionNotFound": "no such revision", "EntryNotFound": "no such path"}.get(
                code or "", "no such dataset"
            )
            raise UsageError(
                f"{self.page}: {what} at the hub, or not for us to see (HTTP {answer.status})",
                hint="Check the spelling; of a private dataset set HF_TOKEN. It may have been withdrawn.",
            )
        raise ShardUnreachable(f"{self.page}: {refusal}")


def _parsed(answered: Answered, page: str) -> object:
    try:
        return json.loads(answered.last.body)
    except (ValueError, RecursionError):
        raise ShardUnreachable(f"{page}: the hub's answer is not what its interface says") from None
