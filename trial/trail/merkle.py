"""Merkle tree hashes of RFC 9162, section 2.1: the root over leaves, and the proof that one is among them.

Hashes are bytes; a leaf is already hashed (with its zero byte). A root of no leaf is the hash of nothing.
"""

import hashlib
from collections.abc import Sequence


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree over these leaf hashes, in their order."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def proof_of(position: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The hashes beside the way from the leaf at `position` up to the root. Raises IndexError."""
    if not 0 <= position < len(leaves):
        raise IndexError(position)
    proof, level = [], list(leaves)
    while len(level) > 1:
        beside = position ^ 1
        if beside < len(level):
            proof.append(level[beside])
        level, position = _level_above(level), position // 2
    return proof


def is_proved(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf at `position` of `size` to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    node, last, steps = leaf, size - 1, list(proof)
    while last:
        if position % 2 or position < last:
            if not steps:
                return False
            beside = steps.pop(0)
            node = _node(beside, node) if position % 2 else _node(node, beside)
        position, last = position // 2, last // 2
    return not steps and node == root


def _level_above(level: list[bytes]) -> list[bytes]:
    """Neighbours joined; one without a neighbour goes up as it is. The same tree as the split at the largest
    power of two that RFC 9162 defines."""
    joined = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return joined + level[len(level) - len(level) % 2 :]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
