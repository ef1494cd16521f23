"""proofs.json: `.tlog-proof` files."""

from model.note import COSIGNATURE, Signer, b64, checkpoint, note, proof_file
from model.tree import sha256

from .trees import counted

SOURCE = "C2SP tlog-proof"
ORIGIN = "ledger.example/attestry"
LOG = Signer(ORIGIN)
WITNESS = Signer("witness.example/w1", COSIGNATURE)
TIME = 1764000000
POLICY = f"log {LOG.vkey}\nwitness w1 {WITNESS.vkey}\nquorum w1\n"
NONE = f"log {LOG.vkey}\nquorum none\n"


def signed(text, *signers):
    return note(text, LOG.line(text), *[s.line(text, TIME) for s in signers])


def valid(tree):
    for description, size, index, extra in [
        ("a leaf in the middle", 11, 4, None),
        ("the last leaf", 11, 10, None),
        ("with extra data", 11, 0, b"context the log does not vouch for"),
        ("with empty extra data", 11, 0, b""),
        ("the only leaf: a proof without hashes", 1, 0, None),
        ("a large tree", 70000, 69999, None),
    ]:
        head = signed(checkpoint(ORIGIN, size, tree.root(size)), WITNESS)
        path = tree.inclusion(index, size)
        yield {
            "description": description, "source": SOURCE, "policy": POLICY,
            "proof": proof_file(index, path, head, extra), "leaf": tree.leaves[index].hex(),
            "index": index, "size": size, "path": [h.hex() for h in path],
            "extra": None if extra is None else extra.hex(), "witnessed": True,
        }
    head = signed(checkpoint(ORIGIN, 11, tree.root(11)))
    yield {
        "description": "no witness, under a policy that asks for none", "source": SOURCE,
        "policy": NONE, "proof": proof_file(4, tree.inclusion(4, 11), head),
        "leaf": tree.leaves[4].hex(), "index": 4, "size": 11,
        "path": [h.hex() for h in tree.inclusion(4, 11)], "extra": None, "witnessed": False,
    }


def unproven(tree):
    """Well formed, but they do not prove the leaf."""
    text = checkpoint(ORIGIN, 11, tree.root(11))
    head, path = signed(text, WITNESS), tree.inclusion(4, 11)
    forged = signed(checkpoint(ORIGIN, 11, sha256(b"another root")), WITNESS)
    cases = [
        ("another leaf's index", "not-included", proof_file(5, path, head), 4),
        ("another leaf", "not-included", proof_file(4, path, head), 5),
        ("a hash short", "not-included", proof_file(4, path[:-1], head), 4),
        ("a hash too many", "not-included", proof_file(4, [*path, path[0]], head), 4),
        ("another root", "not-included", proof_file(4, path, forged), 4),
        ("an index beyond the tree", "not-included", proof_file(11, path, head), 4),
        ("the witness is missing", "quorum-not-met", proof_file(4, path, signed(text)), 4),
        ("the checkpoint's size was changed", "signature-invalid",
         proof_file(4, path, head.replace("\n11\n", "\n12\n")), 4),
        ("another log", "unknown-log", proof_file(4, path, note(text, Signer("b.example").line(text))), 4),
    ]
    for description, error, proof, index in cases:
        yield {"description": description, "source": SOURCE, "policy": POLICY, "error": error,
               "proof": proof, "leaf": tree.leaves[index].hex()}


def refused(tree):
    head = signed(checkpoint(ORIGIN, 11, tree.root(11)), WITNESS)
    path = tree.inclusion(4, 11)
    good = proof_file(4, path, head)
    first = b64(path[0])
    return [
        ("nothing", ""),
        ("another version", good.replace("@v1", "@v2", 1)),
        ("a space after the first line", good.replace("@v1\n", "@v1 \n", 1)),
        ("no index line", good.replace("index 4\n", "", 1)),
        ("an index with a leading zero", good.replace("index 4", "index 04", 1)),
        ("an index with a sign", good.replace("index 4", "index +4", 1)),
        ("an index beyond 64 bits", good.replace("index 4", f"index {2**64}", 1)),
        ("an empty index", good.replace("index 4", "index ", 1)),
        ("extra data after the index", good.replace("index 4\n", "index 4\nextra AAAA\n", 1)),
        ("extra data twice", good.replace("index", "extra AAAA\nextra AAAA\nindex", 1)),
        ("extra data that is not base64", good.replace("index", "extra ?\nindex", 1)),
        ("a hash of 31 bytes", good.replace(first, b64(path[0][:31]), 1)),
        ("a hash of 33 bytes", good.replace(first, b64(path[0] + b"x"), 1)),
        ("a hash that is not base64", good.replace(first, "?" * 44, 1)),
        ("a hash without padding", good.replace(first, first.rstrip("="), 1)),
        ("no empty line before the checkpoint", good.replace("\n\n", "\n", 1)),
        ("no checkpoint", good[:good.index("\n\n") + 2]),
        ("carriage returns", good.replace("\n", "\r\n")),
        ("more hashes than any tree has levels", proof_file(4, [path[0]] * 65, head)),
    ]


def build():
    tree = counted()
    return {
        "about": "Leaves are of the counted tree of tree.json.",
        "valid": list(valid(tree)),
        "unproven": list(unproven(tree)),
        "refused": [
            {"description": d, "source": SOURCE, "proof": p} for d, p in refused(tree)
        ],
    }
