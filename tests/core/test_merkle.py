from hashlib import sha256

import pytest

from core.ledger import merkle


def oracle(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1" + oracle(leaves[:k]) + oracle(leaves[k:])).digest()


@pytest.mark.parametrize("size", [*range(20), 127, 128, 129])
def test_the_root_is_that_of_the_rfc(size: int) -> None:
    leaves = [str(number).encode() for number in range(size)]
    tree = merkle.Tree()
    for each in leaves:
        tree.add(each)
    assert tree.root() == oracle(leaves)


@pytest.mark.parametrize("size", range(1, 20))
def test_a_path_leads_from_its_leaf_to_the_root(size: int) -> None:
    leaves = [str(number).encode() for number in range(size)]
    hashes = [merkle.leaf(each) for each in leaves]
    for index, node in enumerate(hashes):
        for step in merkle.path(hashes, index):
            sibling = bytes.fromhex(step[1:])
            node = merkle.node(sibling, node) if step[0] == "L" else merkle.node(node, sibling)
        assert node == oracle(leaves)
    with pytest.raises(IndexError):
        merkle.path(hashes, size)
