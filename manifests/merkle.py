"""Merkle trees of RFC 9162 section 2.1 (and RFC 6962): one exhibit can be shown, and checked, without the others.

Leaf ``SHA-256(00 ‖ line without its LF)``, node ``SHA-256(01 ‖ left ‖ right)``, split at the largest power of two below
n, empty tree ``SHA-256("")``.  Linear in the number of leaves; memory logarithmic.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import islice

from manifests.errors import FormatError


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


def inclusion_path(leaves: Iterable[bytes], index: int, size: int | None = None) -> list[bytes]:
    """Sibling hashes from the leaf up to the root (RFC 9162 section 2.1.3.1); at most 20 for a million leaves.

    ``size`` is the number of leaves; needed only where ``leaves`` is an iterator, which is then read once.

    Raises:
        FormatError: there is no leaf of that index.
    """
    if size is None:
        leaves = leaves if isinstance(leaves, Sequence) else list(leaves)
        size = len(leaves)
    if not 0 <= index < size:
        raise FormatError(f"leaf {index} of a tree of {size}")
    before, after = _beside(index, size)
    source = iter(leaves)
    siblings = [(depth, root(islice(source, span))) for depth, span in before]
    next(source)  # the leaf itself: its hash is not part of its own path
    siblings += [(depth, root(islice(source, span))) for depth, span in reversed(after)]
    return [sibling for _, sibling in sorted(siblings, reverse=True)]


def _beside(index: int, size: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The subtrees beside the way down to a leaf, as (depth, number of leaves): those before it and those after it."""
    before: list[tuple[int, int]] = []
    after: list[tuple[int, int]] = []
    depth = 0
    while size > 1:
        split = 1 << (size - 1).bit_length() - 1
        if index < split:
            after.append((depth, size - split))
            size = split
        else:
            before.append((depth, split))
            index, size = index - split, size - split
        depth += 1
    return before, after


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
