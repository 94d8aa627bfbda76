r"""BagIt 1.0 (RFC 8493): the outer lists, in the one spelling that ``sha256sum -c`` reads.

``<lower-case hex>␠␠<path>\n``, sorted by path.  ``manifest-*`` list the payload under ``data/``;
``tagmanifest-sha256.txt`` lists the rest and is written last: it seals the bag.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SEAL: Final = "tagmanifest-sha256.txt"
DECLARATION: Final = "bagit.txt"
DECLARATION_TEXT: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
BAG_INFO: Final = "bag-info.txt"
LISTS: Final = {"sha256": "manifest-sha256.txt", "sha512": "manifest-sha512.txt"}
TEXTS: Final = ("README-FIRST.txt", "VERIFY.md", "VERIFY.zh.md")
TAG_FILES: Final = (BAG_INFO, DECLARATION, *LISTS.values(), *TEXTS)
DIGITS: Final = {"sha256": 64, "sha512": 128}

_LINE = re.compile(rb"([0-9a-f]+)  ([A-Za-z0-9._/-]+)")


def list_bytes(entries: Iterable[tuple[str, str]]) -> bytes:
    """A list file of ``(path, hex)`` pairs."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(entries)).encode("ascii")


def parse_list(data: bytes, algorithm: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """Read a list file: digests by path, and ``(line, what is wrong)`` for every line not spelled as above.

    Lines that cannot be read are left out of the digests; a path listed twice keeps its first digest.
    """
    digests: dict[str, str] = {}
    faults: list[tuple[int, str]] = []
    lines = data.split(b"\n")
    if lines.pop():
        faults.append((len(lines) + 1, "the last line does not end with a line feed"))
    previous = ""
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        if found is None or len(found[1]) != DIGITS[algorithm]:
            faults.append((number, "not '<lower-case hex>  <path>'"))
            continue
        path = found[2].decode("ascii")
        if path in digests:
            faults.append((number, "a path is listed twice"))
        elif path < previous:
            faults.append((number, "paths are not sorted"))
        digests.setdefault(path, found[1].decode("ascii"))
        previous = max(previous, path)
    return digests, faults


def bag_info_bytes(*, payload_bytes: int, payload_files: int, date: str, run_id: str, software: str) -> bytes:
    """``bag-info.txt``; ``date`` as ``2026-11-21``, the day the run finished."""
    return (
        f"Bag-Software-Agent: {software}\nBagging-Date: {date}\nExternal-Identifier: {run_id}\n"
        f"Payload-Oxum: {payload_bytes}.{payload_files}\n"
    ).encode()
