"""The tree of RFC 9162, held against its own definition by recursion."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.trail.merkle import is_proved, proof_of, root_of

LEAVES = st.lists(st.binary(min_size=32, max_size=32), max_size=70, unique=True)


def by_definition(leaves: list[bytes]) -> bytes:
    """Section 2.1.1: a tree is split at the largest power of two that is smaller than its size."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


@given(LEAVES)
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert root_of(leaves) == by_definition(leaves)


@given(LEAVES, st.data())
def test_a_leaf_is_proved_at_its_place_and_at_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    if not leaves:
        return
    position = data.draw(st.integers(0, len(leaves) - 1))
    proof, root = proof_of(position, leaves), root_of(leaves)
    assert is_proved(leaves[position], position, len(leaves), proof, root)
    other = data.draw(st.integers(0, len(leaves)))
    if other != position:
        assert not is_proved(leaves[position], other, len(leaves), proof, root)
    assert not is_proved(b"\x00" * 32, position, len(leaves), proof, root) or leaves[position] == b"\x00" * 32


@pytest.mark.parametrize(("size", "steps"), [(1, 0), (2, 1), (4096, 12)])
def test_a_proof_grows_with_the_logarithm(size: int, steps: int) -> None:
    leaves = [hashlib.sha256(str(number).encode()).digest() for number in range(size)]
    assert len(proof_of(0, leaves)) == steps


def test_a_proof_of_a_leaf_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        proof_of(1, [b"\x00" * 32])
