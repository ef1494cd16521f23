"""tree.json: roots, inclusion and consistency proofs of RFC 9162 section 2.1."""

from model.tree import Tree, leaf_hash, node_hash, root_from_inclusion, sha256

RFC = "RFC 9162 section 2.1"
REFERENCE = "the eight leaves used by Certificate Transparency implementations since RFC 6962"

REFERENCE_LEAVES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
REFERENCE_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

# Around every power of two up to the second tile level, and one size in the middle of nowhere.
ROOT_SIZES = [*range(0, 71), 127, 128, 129, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 70000]
PROOF_SIZES = [*range(1, 18), 70, 256, 257, 70000]
LARGEST = max(ROOT_SIZES)


def counted(size=LARGEST):
    """Entry i is the eight bytes of i, big endian."""
    return Tree([leaf_hash(i.to_bytes(8, "big")) for i in range(size)])


def indices(size):
    return range(size) if size <= 17 else sorted({0, 1, size // 3, size // 2, size - 2, size - 1})


def pairs():
    small = [(old, new) for new in range(1, 13) for old in range(0, new + 1)]
    return small + [(1, 70), (64, 70), (69, 70), (255, 256), (256, 257), (255, 70000),
                    (256, 70000), (65536, 70000), (65537, 70000), (69999, 70000)]


def inclusion_cases(tree):
    for size in PROOF_SIZES:
        root = tree.root(size)
        for index in indices(size):
            path = tree.inclusion(index, size)
            assert root_from_inclusion(tree.leaves[index], index, size, path) == root
            yield {
                "description": f"leaf {index} of {size}", "source": RFC, "size": size,
                "index": index, "leaf": tree.leaves[index].hex(),
                "path": [h.hex() for h in path], "root": root.hex(),
            }


def bad_inclusion_cases(tree):
    size, index = 13, 6
    leaf, path, root = tree.leaves[index], tree.inclusion(index, size), tree.root(size)
    flipped = [bytes([path[0][0] ^ 1]) + path[0][1:], *path[1:]]
    cases = [
        ("a path that is one hash short", size, index, path[:-1]),
        ("a path with one hash too many", size, index, [*path, root]),
        ("an empty path for a tree of more than one leaf", size, index, []),
        ("two hashes swapped", size, index, [path[1], path[0], *path[2:]]),
        ("one bit flipped in the first hash", size, index, flipped),
        ("the neighbouring index", size, index + 1, path),
        ("an index equal to the size", size, size, path),
        ("an index beyond the size", size, 1 << 63, path),
        ("an empty tree", 0, 0, []),
        ("a size below the index", index, index, path),
        ("the largest index under the largest size", 2**64 - 1, 2**64 - 2, path),
    ]
    for description, n, i, p in cases:
        yield {
            "description": description, "source": RFC, "size": n, "index": i,
            "leaf": leaf.hex(), "path": [h.hex() for h in p], "root": root.hex(),
        }


def alias_cases(tree):
    """The path of one (size, index) that also leads to the same root from another."""
    for size in (3, 5, 6, 7, 11):
        for index in range(size):
            leaf, path, root = tree.leaves[index], tree.inclusion(index, size), tree.root(size)
            others = [
                [n, i] for n in range(1, 20) for i in range(n)
                if (n, i) != (size, index) and root_from_inclusion(leaf, i, n, path) == root
            ]
            if others:
                yield {
                    "description": f"leaf {index} of {size} also passes for other positions",
                    "source": "RFC 9162 section 2.1.3.2 authenticates neither size nor index",
                    "size": size, "index": index, "leaf": leaf.hex(),
                    "path": [h.hex() for h in path], "root": root.hex(), "aliases": others,
                }


def consistency_cases(tree):
    for old, new in pairs():
        yield {
            "description": f"from {old} to {new}", "source": RFC, "old_size": old, "new_size": new,
            "old_root": tree.root(old).hex(), "new_root": tree.root(new).hex(),
            "path": [h.hex() for h in tree.consistency(old, new)],
        }


def bad_consistency_cases(tree):
    old, new = 6, 11
    path, a, b = tree.consistency(old, new), tree.root(old), tree.root(new)
    other = sha256(b"another history")
    cases = [
        ("a path one hash short", old, a, new, b, path[:-1]),
        ("a path with one hash too many", old, a, new, b, [*path, other]),
        ("an empty path between different sizes", old, a, new, b, []),
        ("another old root", old, other, new, b, path),
        ("another new root", old, a, new, other, path),
        ("sizes exchanged", new, b, old, a, path),
        ("equal sizes with different roots", new, a, new, b, []),
        ("equal sizes with a path", new, b, new, b, path),
        ("an old tree of nothing whose root is not the empty root", 0, a, new, b, []),
        ("an old tree of nothing with a path", 0, tree.root(0), new, b, path),
        ("the old size off by one", old + 1, a, new, b, path),
        ("the new size doubled", old, a, 2 * new, b, path),
    ]
    for description, o, oroot, n, nroot, p in cases:
        yield {
            "description": description, "source": RFC, "old_size": o, "new_size": n,
            "old_root": oroot.hex(), "new_root": nroot.hex(), "path": [h.hex() for h in p],
        }


def build():
    reference = Tree([leaf_hash(bytes.fromhex(entry)) for entry in REFERENCE_LEAVES])
    assert [reference.root(n).hex() for n in range(9)] == REFERENCE_ROOTS
    tree = counted()
    assert node_hash(tree.leaves[0], tree.leaves[1]) == tree.root(2)
    return {
        "about": "Entry i of the counted tree is i in eight bytes, big endian.",
        "reference": {
            "description": "roots of the first 0 to 8 leaves", "source": REFERENCE,
            "entries": REFERENCE_LEAVES, "roots": REFERENCE_ROOTS,
        },
        "roots": [
            {"description": f"{n} counted leaves", "source": RFC, "size": n, "root": tree.root(n).hex()}
            for n in ROOT_SIZES
        ],
        "inclusion": list(inclusion_cases(tree)),
        "inclusion_refused": list(bad_inclusion_cases(tree)),
        "aliases": list(alias_cases(tree)),
        "consistency": list(consistency_cases(tree)),
        "consistency_refused": list(bad_consistency_cases(tree)),
    }
