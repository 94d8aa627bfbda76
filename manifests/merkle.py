"""Merkle trees of RFC 9162 section 2.1 (and RFC 6962): one exhibit can be shown, and checked, without the others.

Leaf ``SHA-256(00 ‖ line without its LF)``, node ``SHA-256(01 ‖ left ‖ right)``, split at the largest power of two below
n, empty tree ``SHA-256("")``.  Linear in the number of leaves; memory logarithmic.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from manifests.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def leaf_hash(line: bytes) -> bytes:
    """Hash of one line (without its line feed), 32 bytes."""
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node, 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def empty_root() -> bytes:
    """Root of the tree without leaves."""
    return hashlib.sha256(b"").digest()


class TreeHash:
    """A root computed while the leaves pass by: one hash a level is kept, never the leaves."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        """Begin with no leaf."""
        self.size = 0
        self._peaks: list[bytes] = []  # roots of the perfect subtrees so far, largest first

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        merges = self.size
        while merges & 1:  # a binary counter: each trailing one is a subtree of the same size, waiting
            leaf = node_hash(self._peaks.pop(), leaf)
            merges >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Root of the leaves added so far; more may follow."""
        if not self._peaks:
            return empty_root()
        peaks = iter(reversed(self._peaks))
        top = next(peaks)
        for peak in peaks:
            top = node_hash(peak, top)
        return top


def root(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes, in their order.

    >>> root(leaf_hash(b'{"n":%d}' % n) for n in range(3)).hex()
    '2cfef7627597e00b564975774ad728ef210706759fca6d64138c6dfc1cbf2cda'
    """
    tree = TreeHash()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def inclusion_paths(leaves: Sequence[bytes], indexes: Sequence[int]) -> list[list[bytes]]:
    """For each index the sibling hashes from that leaf up to the root (RFC 9162 section 2.1.3.1).

    At most 20 hashes each for a million leaves.  One pass over the tree for all of them, level by level; memory: one level.

    Raises:
        FormatError: there is no leaf of that index.
    """
    for index in indexes:
        if not 0 <= index < len(leaves):
            raise FormatError(f"leaf {index} of a tree of {len(leaves)}")
    paths: list[list[bytes]] = [[] for _ in indexes]
    positions, level = list(indexes), leaves
    while len(level) > 1:
        for path, position in zip(paths, positions, strict=True):
            if position ^ 1 < len(level):  # the last of an odd level has no sibling: it moves up as it is
                path.append(level[position ^ 1])
        positions = [position >> 1 for position in positions]
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [node_hash(left, right) for left, right in pairs] + list(level[len(level) & ~1 :])
    return paths


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Root that follows from a leaf hash and its inclusion path (RFC 9162 section 2.1.3.2).

    Raises:
        FormatError: index, size and length of the path do not fit together.
    """
    if not 0 <= index < size:
        raise FormatError(f"leaf {index} of a tree of {size}")
    position, last, top = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise FormatError(f"a path of {len(path)} hashes is too long for a tree of {size}")
        if position & 1 or position == last:
            top = node_hash(sibling, top)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            top = node_hash(top, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise FormatError(f"a path of {len(path)} hashes is too short for a tree of {size}")
    return top
