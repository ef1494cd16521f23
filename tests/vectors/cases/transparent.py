"""transparent.json: statements with receipts, the issuer's key and a proof file attached."""

from model import cose, ed25519
from model.cbor import Raw, encode, encoded_pairs, pairs_map
from model.note import Signer, checkpoint, note, proof_file
from model.tree import Tree, leaf_hash

from . import statements

SOURCE = "RFC 9943, docs/FORMATS.md"
ORIGIN = statements.AUDIENCE
KEY = ed25519.Key("receipt")
LOG = Signer(ORIGIN)


def logged():
    """The log whose fifth entry is the statement."""
    entry = statements.make()
    leaves = [leaf_hash(i.to_bytes(8, "big")) for i in range(11)]
    leaves[4] = leaf_hash(entry)
    return entry, Tree(leaves)


def parts():
    entry, tree = logged()
    receipt = cose.receipt(KEY, cose.receipt_protected(KEY, ORIGIN, 11), tree.root(11),
                           cose.inclusion_proof(11, 4, tree.inclusion(4, 11)))
    text = checkpoint(ORIGIN, 11, tree.root(11))
    proof = proof_file(4, tree.inclusion(4, 11), note(text, LOG.line(text))).encode()
    return entry, receipt, cose.cose_key(statements.AUTHOR.public), proof


def assemble(unprotected):
    raw = unprotected if isinstance(unprotected, bytes) else encode(unprotected)
    return cose.signed(statements.AUTHOR, encode(statements.header()), statements.PAYLOAD, Raw(raw))


def valid():
    entry, receipt, key, proof = parts()
    payload = b'{"type":"own-work"}'
    everything = {394: [receipt], "attestry-key": key, "attestry-tlog-proof": proof}
    for description, unprotected in [
        ("nothing attached", {}),
        ("a receipt", {394: [receipt]}),
        ("two receipts", {394: [receipt, receipt]}),
        ("the key", {"attestry-key": key}),
        ("a proof", {"attestry-tlog-proof": proof}),
        ("everything", everything),
        ("everything and the payload", {**everything, "attestry-payload": payload}),
    ]:
        yield {
            "description": description, "source": SOURCE, "bytes": assemble(unprotected).hex(),
            "entry": entry.hex(), "public": statements.AUTHOR.public.hex(),
            "receipts": [r.hex() for r in unprotected.get(394, [])],
            "key": None if "attestry-key" not in unprotected else statements.AUTHOR.public.hex(),
            "proof": None if "attestry-tlog-proof" not in unprotected else proof.hex(),
            "payload": None if "attestry-payload" not in unprotected else payload.hex(),
        }


def refused():
    _, receipt, key, proof = parts()
    stranger = cose.cose_key(ed25519.Key("stranger").public)
    pairs = encoded_pairs({394: [receipt], "attestry-key": key})
    yield "a key whose thumbprint is not kid", {"attestry-key": stranger}
    yield "a key that is not a COSE key", {"attestry-key": b"\x00"}
    yield "a key as a map, not bytes", {"attestry-key": Raw(key)}
    yield "receipts that are not a list", {394: receipt}
    yield "a receipt that is not a byte string", {394: [Raw(receipt)]}
    yield "an empty list of receipts", {394: []}
    yield "a proof that is text", {"attestry-tlog-proof": proof.decode()}
    yield "receipts twice", pairs_map([pairs[0], pairs[0], pairs[1]])


def build():
    entry, tree = logged()
    return {
        "about": "Dropping everything attached gives back `entry`.",
        "checkpoint_vkey": LOG.vkey, "receipt_key": KEY.public.hex(), "origin": ORIGIN,
        "leaf": leaf_hash(entry).hex(), "root": tree.root(11).hex(), "size": 11, "index": 4,
        "valid": list(valid()),
        "refused": [
            {"description": d, "source": SOURCE, "bytes": assemble(u).hex()} for d, u in refused()
        ],
    }
