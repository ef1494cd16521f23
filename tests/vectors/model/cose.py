"""COSE keys, signed statements, receipts and transparent statements.

RFC 9052 (COSE_Sign1), RFC 9597 (CWT claims in headers), RFC 9679 (thumbprints), RFC 9995 (hash
envelope), RFC 9942 (receipts).
"""

import base64
import hashlib

from .cbor import Raw, Tag, encode

ALG, CRIT, CONTENT_TYPE, KID, CLAIMS = 1, 2, 3, 4, 15
PAYLOAD_HASH_ALG, PREIMAGE_CONTENT_TYPE = 258, 259
RECEIPTS, VDS, VDP = 394, 395, 396
EDDSA, ED25519, SHA256 = -8, -19, -16
SEALED = "application/vnd.attestry.statement+json"


def cose_key(public):
    return encode({1: 1, -1: 6, -2: public})


def thumbprint(public):
    return hashlib.sha256(cose_key(public)).digest()


def uri(print_):
    text = base64.urlsafe_b64encode(print_).rstrip(b"=").decode()
    return "urn:ietf:params:oauth:ckt:sha-256:" + text


def claims(public, subject, audience, issued_at):
    return {1: uri(thumbprint(public)), 2: subject, 3: audience, 6: issued_at}


def protected(public, subject, audience, issued_at, content_type=SEALED, alg=EDDSA):
    return {
        ALG: alg,
        KID: thumbprint(public),
        CLAIMS: claims(public, subject, audience, issued_at),
        PAYLOAD_HASH_ALG: SHA256,
        PREIMAGE_CONTENT_TYPE: content_type,
    }


def to_be_signed(protected_bytes, payload):
    return encode(["Signature1", protected_bytes, b"", payload])


def sign1(protected_bytes, unprotected, payload, signature):
    return encode(Tag(18, [protected_bytes, unprotected, payload, signature]))


def signed(key, protected_bytes, payload, unprotected=Raw(b"\xa0")):
    signature = key.sign(to_be_signed(protected_bytes, payload))
    return sign1(protected_bytes, unprotected, payload, signature)


def receipt_protected(key, origin, size):
    header = {
        ALG: EDDSA,
        KID: thumbprint(key.public),
        CLAIMS: {1: uri(thumbprint(key.public)), 2: origin},
        VDS: 1,
    }
    if size is not None:
        header["attestry-tree-size"] = size
    return encode(header)


def inclusion_proof(size, index, path):
    return {-1: [encode([size, index, path])]}


def consistency_proof(old, new, path):
    return {-2: [encode([old, new, path])]}


def receipt(key, protected_bytes, root, proofs):
    signature = key.sign(to_be_signed(protected_bytes, root))
    return sign1(protected_bytes, {VDP: proofs}, None, signature)
