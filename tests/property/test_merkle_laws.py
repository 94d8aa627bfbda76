"""Merkle trees: every leaf of every tree leads to the root, and nothing else does."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.errors import FormatError
from manifests.merkle import inclusion_paths, leaf_hash, node_hash, root, root_from_path


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def by_the_book(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word: split at the largest power of two below n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(by_the_book(leaves[:split]), by_the_book(leaves[split:]))


@pytest.mark.parametrize("count", range(70))
def test_every_leaf_of_every_tree_leads_to_the_root(count: int) -> None:
    leaves = leaves_of(count)
    assert root(leaves) == by_the_book(leaves)
    for index, path in enumerate(inclusion_paths(leaves, range(count))):
        assert root_from_path(leaves[index], index, count, path) == root(leaves)
        assert len(path) <= (count - 1).bit_length()


@given(st.integers(1, 300), st.data())
@settings(deadline=None, max_examples=150)
def test_a_path_fits_no_other_leaf_place_or_size(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    index = data.draw(st.integers(0, count - 1))
    (path,) = inclusion_paths(leaves, [index])
    other = data.draw(st.integers(0, count + 3))
    size = data.draw(st.integers(1, count + 3))
    if (other, size) != (index, count):
        try:
            led_to = root_from_path(leaves[index], other, size, path)
        except FormatError:
            return
        # another size may have a leaf with the same way up; the Manifest's line count rules it out
        assert led_to != root(leaves) or size != count
    assert root_from_path(leaf_hash(b"another"), index, count, path) != root(leaves)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_leaf_that_is_not_there_is_an_error(index: int) -> None:
    with pytest.raises(FormatError, match="tree of 3"):
        inclusion_paths(leaves_of(3), [index])
