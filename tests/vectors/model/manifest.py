"""Manifest commitments on a complete binary Merkle tree, and proofs for several files at once.

The tree of n leaves is an array of 2n - 1 nodes: leaves at n - 1 onward, the children of node i at
2i + 1 and 2i + 2. A proof lists the siblings that cannot be computed, in the order in which a
verifier that works from the highest index down asks for them.
"""

from .tree import node_hash, sha256


def u64(number):
    return number.to_bytes(8, "big")


def leaf(record, tag=b"attestry/file/v1"):
    fields = [
        record["path"].encode(),
        u64(record["size"]),
        record["media_type"].encode(),
        bytes.fromhex(record["sha256"]),
        record["salt_bytes"],
    ]
    return sha256(b"\x00" + tag + b"".join(u64(len(f)) + f for f in fields))


def nodes(leaves):
    n = len(leaves)
    array = [b""] * (n - 1) + list(leaves)
    for i in reversed(range(n - 1)):
        array[i] = node_hash(array[2 * i + 1], array[2 * i + 2])
    return array


def commitment(leaves, tag=b"attestry/manifest/v1"):
    return sha256(tag + u64(len(leaves)) + nodes(leaves)[0])


def lemmas(leaves, indices):
    """Level by level from the deepest: whatever sibling is not itself known becomes a lemma."""
    array, n = nodes(leaves), len(leaves)
    known = sorted((n - 1 + i for i in indices), reverse=True)
    out = []
    while known and known[0] != 0:
        node = known.pop(0)
        sibling = node - 1 if node % 2 == 0 else node + 1
        if known and known[0] == sibling:
            known.pop(0)
        else:
            out.append(array[sibling])
        parent = (node - 1) // 2
        if parent:
            known.append(parent)
    return out
