"""Merkle trees as RFC 6962 has them (section 2.1): the root of many leaves in memory for few, and paths to one leaf."""

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\0" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node from those of its children."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf and keeps only the roots of its whole subtrees: one for each bit of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Append a leaf."""
        self._subtrees.append(leaf(data))
        self.size += 1
        merged = self.size
        while merged % 2 == 0:
            right, left = self._subtrees.pop(), self._subtrees.pop()
            self._subtrees.append(node(left, right))
            merged //= 2

    def root(self) -> bytes:
        """Return the hash of the whole tree."""
        if not self._subtrees:
            return EMPTY
        *rest, root = self._subtrees
        for left in reversed(rest):
            root = node(left, root)
        return root


def path(leaves: Sequence[bytes], index: int) -> list[str]:
    """Return the siblings from leaf `index` up to the root, each as `L` or `R` (its side) and its hash in hex.

    `leaves`: the hashes of all leaves. Raises IndexError where there is no such leaf.
    """
    level, siblings = list(leaves), []
    if not 0 <= index < len(level):
        raise IndexError(index)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            siblings.append(("L" if sibling < index else "R") + level[sibling].hex())
        # A last node without sibling moves up as it is: the same tree as RFC 6962's, which splits at powers of two.
        pairs = range(0, len(level), 2)
        level = [node(*level[at : at + 2]) if at + 1 < len(level) else level[at] for at in pairs]
        index //= 2
    return siblings
