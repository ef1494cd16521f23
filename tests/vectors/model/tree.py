"""The Merkle tree of RFC 9162 section 2.1, by its recursive definitions."""

import hashlib


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(entry):
    return sha256(b"\x00" + entry)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def split(n):
    """The largest power of two smaller than n."""
    return 1 << (n - 1).bit_length() - 1


class Tree:
    """Leaves known by their hashes; whole subtrees are hashed once."""

    def __init__(self, leaves):
        self.leaves, self.cache = leaves, {}

    def subtree(self, start, end):
        if end - start == 0:
            return sha256(b"")
        if end - start == 1:
            return self.leaves[start]
        if (start, end) not in self.cache:
            middle = start + split(end - start)
            self.cache[start, end] = node_hash(self.subtree(start, middle), self.subtree(middle, end))
        return self.cache[start, end]

    def root(self, size=None):
        return self.subtree(0, len(self.leaves) if size is None else size)

    def inclusion(self, index, size, start=0):
        """PATH(m, D_n) of section 2.1.3.1."""
        if size == 1:
            return []
        k = split(size)
        if index < k:
            return self.inclusion(index, k, start) + [self.subtree(start + k, start + size)]
        return self.inclusion(index - k, size - k, start + k) + [self.subtree(start, start + k)]

    def consistency(self, old, new):
        """PROOF(m, D_n) of section 2.1.4.1; nothing for an empty or equal old tree."""
        return [] if old in (0, new) else self._subproof(old, new, 0, True)

    def _subproof(self, old, size, start, whole):
        if old == size:
            return [] if whole else [self.subtree(start, start + size)]
        k = split(size)
        if old <= k:
            right = self.subtree(start + k, start + size)
            return self._subproof(old, k, start, whole) + [right]
        left = self.subtree(start, start + k)
        return self._subproof(old - k, size - k, start + k, False) + [left]


def root_from_inclusion(leaf, index, size, path):
    """Section 2.1.3.2; None where the path has the wrong length for (index, size)."""
    if index >= size:
        return None
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None
