"""``matches.jsonl`` as it stands: the records themselves, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manifests.canonical import parse_canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manifests.exports.choice import Choice
    from manifests.packages import Package


def jsonl(package: Package, choice: Choice) -> Iterator[bytes]:
    """The chosen lines of ``matches.jsonl`` unchanged, each with its line feed."""
    for line in package.lines("matches"):
        if choice.everything or choice(parse_canonical(line)):
            yield line + b"\n"
