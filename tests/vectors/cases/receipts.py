"""receipts.json: COSE receipts for inclusion and consistency."""

from model import cose, ed25519
from model.cbor import Raw, encode, head
from model.tree import root_from_inclusion, sha256

from .trees import counted

SOURCE = "RFC 9942 section 5"
SIZE_LABEL = "docs/FORMATS.md: a position counts only under an authenticated size"
KEY = ed25519.Key("receipt")
ORIGIN = "ledger.example/attestry"


def make(tree, index, size, *, signed_size="same", claimed=None, path=None, root=None, key=KEY):
    """A receipt for a leaf; every part can be made to lie."""
    path = tree.inclusion(index, size) if path is None else path
    protected = cose.receipt_protected(key, ORIGIN, size if signed_size == "same" else signed_size)
    proof = cose.inclusion_proof(*(claimed or (size, index)), path)
    return cose.receipt(key, protected, tree.root(size) if root is None else root, proof)


def valid(tree):
    for index, size in [(0, 2), (1, 2), (4, 11), (10, 11), (69999, 70000), (0, 70000)]:
        yield {
            "description": f"leaf {index} of {size}", "source": SOURCE,
            "receipt": make(tree, index, size).hex(), "leaf": tree.leaves[index].hex(),
            "public": KEY.public.hex(), "origin": ORIGIN, "size": size, "index": index,
            "root": tree.root(size).hex(), "path": [h.hex() for h in tree.inclusion(index, size)],
        }


def without_size(tree):
    """Receipts of services that sign the root alone: the root is proven, no position is."""
    index, size = 0, 3
    path, root = tree.inclusion(index, size), tree.root(size)
    assert root_from_inclusion(tree.leaves[0], 0, 4, path) == root
    for description, claimed in [("the true position", (3, 0)), ("an alias of it", (4, 0))]:
        yield {
            "description": f"no size is signed: {description}", "source": SIZE_LABEL,
            "receipt": make(tree, index, size, signed_size=None, claimed=claimed).hex(),
            "leaf": tree.leaves[index].hex(), "public": KEY.public.hex(), "origin": ORIGIN,
            "root": root.hex(),
        }


def refused(tree):
    size, index = 11, 4
    good = make(tree, index, size)
    path = tree.inclusion(index, size)
    protected = cose.receipt_protected(KEY, ORIGIN, size)
    root = tree.root(size)

    def raw(header, proofs, payload=None, over=root):
        signature = KEY.sign(cose.to_be_signed(header, over))
        return cose.sign1(header, proofs, payload, signature)

    def header(**changes):
        base = {1: -8, 4: cose.thumbprint(KEY.public),
                15: {1: cose.uri(cose.thumbprint(KEY.public)), 2: ORIGIN}, 395: 1,
                "attestry-tree-size": size}
        merged = {**base, **{int(k[1:]) if k[1:].isdigit() else k: v for k, v in changes.items()}}
        return encode({k: v for k, v in merged.items() if v != "absent"})

    proofs = {396: cose.inclusion_proof(size, index, path)}
    one = encode([size, index, path])
    yield "the size label says 12, the proof 11", "size-mismatch", make(
        tree, index, size, signed_size=12)
    yield "an alias of leaf 0 of 3, under the signed size 3", "size-mismatch", make(
        tree, 0, 3, claimed=(4, 0))
    yield "another index", "not-included", make(tree, index, size, claimed=(11, 5))
    yield "an index beyond the size", "not-included", make(tree, index, size, claimed=(11, 11))
    yield "a hash short", "not-included", make(tree, index, size, path=path[:-1])
    yield "a hash too many", "not-included", make(tree, index, size, path=[*path, root])
    yield "another root was signed", "not-included", make(tree, index, size, root=sha256(b"other"))
    yield "signed by another key under this kid", "not-included", raw_other(header(), proofs, root)
    yield "another key's kid", "wrong-key", make(tree, index, size, key=ed25519.Key("service"))
    yield "S + L", "not-included", good[:-64] + ed25519.with_s_plus_order(good[-64:])
    yield "another origin", "wrong-origin", raw(
        header(_15={1: cose.uri(cose.thumbprint(KEY.public)), 2: "staging.example"}), proofs)
    yield "no tag", "wrong-tag", good[1:]
    yield "tag 98", "wrong-tag", head(6, 98) + good[1:]
    yield "a byte after the end", "trailing-bytes", good + b"\x00"
    yield "cut short", "malformed", good[:-1]
    yield "nothing", "malformed", b""
    yield "an attached payload", "payload-attached", raw(protected, proofs, root)
    yield "no verifiable data structure", "missing-label", raw(header(_395="absent"), proofs)
    yield "verifiable data structure 2", "unknown-structure", raw(header(_395=2), proofs)
    yield "alg ES256", "unknown-algorithm", raw(header(_1=-7), proofs)
    yield "no alg", "missing-label", raw(header(_1="absent"), proofs)
    yield "no kid", "missing-label", raw(header(_4="absent"), proofs)
    yield "crit", "crit-present", raw(header(_2=[395]), proofs)
    yield "no proofs", "missing-proof", raw(protected, Raw(b"\xa0"))
    yield "an empty list of proofs", "missing-proof", raw(protected, {396: {-1: []}})
    yield "proofs that are not byte strings", "malformed", raw(protected, {396: {-1: [[11, 4, path]]}})
    yield "a proof of two items", "malformed", raw(protected, {396: {-1: [encode([size, index])]}})
    yield "a proof with a path hash of 31 bytes", "malformed", raw(
        protected, {396: {-1: [encode([size, index, [path[0][:31], *path[1:]]])]}})
    yield "a proof with a byte after its end", "malformed", raw(
        protected, {396: {-1: [one + b"\x00"]}})
    yield "a proof of 65 hashes", "malformed", raw(
        protected, {396: {-1: [encode([size, index, [root] * 65])]}})
    yield "a negative index", "malformed", raw(protected, {396: {-1: [encode([size, -1, path])]}})
    yield "a signed size that is text", "malformed", raw(header(**{"attestry-tree-size": "11"}), proofs)
    yield "a signed size of zero", "malformed", raw(header(**{"attestry-tree-size": 0}), proofs)


def raw_other(protected, proofs, root):
    signature = ed25519.Key("service").sign(cose.to_be_signed(protected, root))
    return cose.sign1(protected, proofs, None, signature)


def consistency(tree):
    for old, new in [(2, 11), (6, 11), (10, 11), (65536, 70000)]:
        protected = cose.receipt_protected(KEY, ORIGIN, new)
        path = tree.consistency(old, new)
        proofs = cose.consistency_proof(old, new, path)
        yield {
            "description": f"from {old} to {new}", "source": SOURCE,
            "receipt": cose.receipt(KEY, protected, tree.root(new), proofs).hex(),
            "public": KEY.public.hex(), "origin": ORIGIN, "old_size": old, "new_size": new,
            "old_root": tree.root(old).hex(), "new_root": tree.root(new).hex(),
            "path": [h.hex() for h in path],
        }


def consistency_refused(tree):
    old, new = 6, 11
    path, root = tree.consistency(old, new), tree.root(new)

    def made(signed_size=new, claimed=(old, new), hashes=path, signed_root=root):
        protected = cose.receipt_protected(KEY, ORIGIN, signed_size)
        return cose.receipt(KEY, protected, signed_root, cose.consistency_proof(*claimed, hashes))

    for description, receipt, old_root in [
        ("another old root", made(), sha256(b"other")),
        ("another new root was signed", made(signed_root=sha256(b"other")), tree.root(old)),
        ("a hash short", made(hashes=path[:-1]), tree.root(old)),
        ("a hash too many", made(hashes=[*path, root]), tree.root(old)),
        ("sizes exchanged", made(claimed=(new, old)), tree.root(old)),
        ("the size label names another tree", made(signed_size=12), tree.root(old)),
        ("an inclusion receipt", make(tree, 4, 11), tree.root(old)),
    ]:
        yield {
            "description": description, "source": SOURCE, "receipt": receipt.hex(),
            "public": KEY.public.hex(), "origin": ORIGIN, "old_size": old,
            "old_root": old_root.hex(),
        }


def build():
    tree = counted()
    return {
        "about": "Leaves are of the counted tree of tree.json; refused ones are for leaf 4 of 11.",
        "inclusion": list(valid(tree)),
        "inclusion_without_size": list(without_size(tree)),
        "inclusion_refused": [
            {"description": d, "source": SIZE_LABEL if e == "size-mismatch" else SOURCE, "error": e,
             "receipt": r.hex(), "leaf": tree.leaves[0 if "leaf 0" in d else 4].hex(),
             "public": KEY.public.hex(), "origin": ORIGIN}
            for d, e, r in refused(tree)
        ],
        "consistency": list(consistency(tree)),
        "consistency_refused": list(consistency_refused(tree)),
    }
