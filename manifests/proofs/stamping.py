"""Obtain time stamps: by a request that is sent, by a response that is brought, by a list of proofs to stamp again.

What leaves the machine is a digest and a nonce.  Sending is the caller's: it passes ``send``, because this package
has no network of its own.  A response is checked (imprint, nonce, policy) before it is kept, and kept as it came.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from manifests.errors import ManifestError
from manifests.packages import read_inside
from manifests.proofs.der import DerError
from manifests.proofs.issuers import as_pem, without_self_named
from manifests.proofs.names import (
    PENDING,
    SEAL,
    STAMPS,
    covered_file,
    files_below,
    require_sealed,
    restamp_list,
    stamp_name,
    write_proof,
)
from manifests.proofs.stamps import (
    MAX_STAMP_BYTES,
    Stamp,
    StampRequest,
    parse_request,
    parse_response,
    pending_request,
    request_nonce,
)

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

Send = Callable[[str, bytes], bytes]
Random = Callable[[int], bytes]
MAX_RESTAMPS: Final = 99  # one for each algorithm or key that ages; more is a mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A stamp that was kept: its name in ``proofs/tsa/``, what it covers, the time it states (UTC)."""

    name: str
    covers: str
    stamped_at: datetime


def timestamp(
    package: Path, tsa_url: str, *, send: Send, random: Random = os.urandom, restamp: bool = False
) -> Stamped:
    """Ask one authority for a stamp over the seal (``restamp``: over a list of the seal and all earlier proofs).

    ``send(url, request)`` posts ``application/timestamp-query`` and returns the body; its errors pass through.  A
    request that waits as ``PENDING-<host>.tsq`` is used, else one is made.  Asking a second authority adds a second
    stamp.

    Raises:
        ManifestError: not a finished package, not an http(s) address, or an answer that is no stamp for this request.
    """
    require_sealed(package)
    address = urlsplit(tsa_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ManifestError(
            f"not an address of a time stamping authority: {tsa_url[:120]!r}",
            hint="It begins with https:// or http://.",
        )
    covers = _list_to_restamp(package) if restamp else SEAL
    host = stamp_name(address.hostname)
    query = _waiting(package, f"{_prefix(covers)}{host}", covers) or _new_request(package, covers, random)
    return _keep(package, host, covers, query, send(tsa_url, query))


def attach(package: Path, response_file: Path) -> Stamped:
    """Keep a response that was obtained by hand; what it covers is found by its imprint, its request by its nonce.

    Raises:
        ManifestError: not a finished package, not a full response, or its imprint is of neither the seal nor a list.
    """
    require_sealed(package)
    try:
        response = response_file.read_bytes() if response_file.stat().st_size <= MAX_STAMP_BYTES else b""
    except OSError as error:
        raise ManifestError(f"{response_file.name} cannot be read: {error.strerror}") from error
    stamp = _parsed(response)
    covers = next((path for path in _coverable(package) if stamp.covers(read_inside(package, path))), None)
    if covers is None:
        raise ManifestError(f"the stamp in {response_file.name} is about other bytes than this package's seal")
    pending, query = _answered(package, stamp)
    stem = pending or response_file.name.split(".tsr")[0].removeprefix(PENDING)
    return _keep(package, stamp_name(stem.removeprefix(_prefix(covers))), covers, query, response)


def restamp(package: Path, *, random: Random = os.urandom) -> str:
    """Write the next list of the seal and all earlier proofs, and its request; return the list's path.

    For the day before an authority's algorithm or key ages.  An unstamped list is returned as it is.
    """
    require_sealed(package)
    covers = _list_to_restamp(package)
    name = f"{_prefix(covers)}seal"
    if _waiting(package, name, covers) is None:
        write_proof(package, f"{STAMPS}/{PENDING}{name}.tsq", _new_request(package, covers, random))
    return covers


def pending(package: Path) -> tuple[str, ...]:
    """Return the requests that nobody has answered yet; paths relative to the package.

    Raises:
        ManifestError: not a finished package.
    """
    require_sealed(package)
    there = set(files_below(package, STAMPS))
    requests = (path for path in sorted(there) if path.startswith(f"{STAMPS}/{PENDING}") and path.endswith(".tsq"))
    return tuple(path for path in requests if path.replace(PENDING, "").removesuffix(".tsq") + ".tsr" not in there)


def _keep(package: Path, name: str, covers: str, query: bytes | None, response: bytes) -> Stamped:
    stamp = _parsed(response)
    wrong = mismatch(stamp, parse_request(query) if query is not None else None, read_inside(package, covers))
    if wrong is not None:
        raise ManifestError(f"the authority's answer is not kept: {wrong}")
    base = _free_name(package, _prefix(covers) + name)
    chain = as_pem(without_self_named(stamp.certificates))
    for suffix, content in (
        (".tsq", query),
        (".chain.pem", chain),
        (".tsr", response),
    ):  # the response, last, makes it one
        if content:
            write_proof(package, f"{STAMPS}/{base}{suffix}", content)
    return Stamped(name=base, covers=covers, stamped_at=stamp.stamped_at)


def mismatch(stamp: Stamp, request: StampRequest | None, covered: bytes) -> str | None:
    """Say in what a stamp differs from what it covers and what was asked; null if in nothing."""
    if not stamp.covers(covered):
        return "its imprint is the digest of other bytes"
    if request is None:
        return None
    if (request.digest_name, request.imprint) != (stamp.digest_name, stamp.imprint):
        return "its imprint is not the one that was asked for"
    if request.nonce != stamp.nonce:
        return "its nonce is not the one that was asked for: an answer to another request"
    if request.policy not in (None, stamp.policy):
        return f"its policy {stamp.policy} is not the policy {request.policy} that was asked for"
    return None


def _parsed(response: bytes) -> Stamp:
    try:
        return parse_response(response)
    except DerError as error:
        raise ManifestError(
            f"not a time stamp response: {error}", hint="Give the full response, as the authority sent it."
        ) from error


def _new_request(package: Path, covers: str, random: Random) -> bytes:
    return pending_request(hashlib.sha256(read_inside(package, covers)).digest(), request_nonce(random(8)))


def _waiting(package: Path, name: str, covers: str) -> bytes | None:
    """Read a pending request of that name, if it asks about these bytes."""
    path = f"{STAMPS}/{PENDING}{name}.tsq"
    if path not in files_below(package, STAMPS):
        return None
    query = read_inside(package, path, MAX_STAMP_BYTES)
    try:
        asked = parse_request(query)
    except DerError:
        return None  # damaged: a new one is made, this one stays for `verify` to report
    return query if asked.imprint == hashlib.new(asked.digest_name, read_inside(package, covers)).digest() else None


def _answered(package: Path, stamp: Stamp) -> tuple[str | None, bytes | None]:
    """Find the pending request that this stamp answers: its name without PENDING, and its bytes."""
    for path in files_below(package, STAMPS):
        name = path.rpartition("/")[2]
        if not (name.startswith(PENDING) and name.endswith(".tsq")):
            continue
        query = read_inside(package, path, MAX_STAMP_BYTES)
        try:
            asked = parse_request(query)
        except DerError:
            continue
        if (asked.nonce, asked.imprint) == (stamp.nonce, stamp.imprint):
            return name.removeprefix(PENDING).removesuffix(".tsq"), query
    return None, None


def _coverable(package: Path) -> list[str]:
    return [SEAL, *_lists(package)]


def _lists(package: Path) -> list[str]:
    there = set(files_below(package, "proofs"))
    return [restamp_list(number) for number in range(1, MAX_RESTAMPS + 1) if restamp_list(number) in there]


def _list_to_restamp(package: Path) -> str:
    """Return the last list if nobody stamped it yet, else write the next one."""
    lists = _lists(package)
    stamped = {
        covered_file(path.rpartition("/")[2].removesuffix(".tsr"))
        for path in files_below(package, STAMPS)
        if path.endswith(".tsr")
    }
    if lists and lists[-1] not in stamped:
        return lists[-1]
    fresh = restamp_list(len(lists) + 1)
    proofs = [path for folder in ("proofs", STAMPS) for path in files_below(package, folder) if PENDING not in path]
    digests = {path: hashlib.sha256(read_inside(package, path)).hexdigest() for path in (SEAL, *proofs)}
    lines = [f"{digests[path]}  {path}\n" for path in sorted(digests)]
    write_proof(package, fresh, "".join(lines).encode("ascii"))
    return fresh


def _prefix(covers: str) -> str:
    return "" if covers == SEAL else covers.removeprefix("proofs/").removesuffix(".txt") + "-"


def _free_name(package: Path, name: str) -> str:
    taken = {path.rpartition("/")[2] for path in files_below(package, STAMPS)}
    numbered = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(
        free for free in numbered if taken.isdisjoint(free + suffix for suffix in (".tsq", ".tsr", ".chain.pem"))
    )
