"""statements.json: signed statements, and a catalogue of everything that must be refused."""

import hashlib

from model import cose, ed25519
from model.cbor import Raw, Tag, encode, encoded_pairs, head, pairs_map
from model.tree import leaf_hash

SOURCE = "RFC 9052 section 4, RFC 9995, docs/FORMATS.md"
DETERMINISM = "RFC 8949 section 4.2.1"
STRICT = "RFC 8032 section 5.1.7, strict"
MAX_ENTRY_BYTES = 16 * 1024

AUTHOR = ed25519.Key("contractor")
SERVICE = ed25519.Key("service")
SUBJECT = "urn:uuid:6f1f6cb2-7a53-4d0c-9a3e-2b8f4b1c5d70"
AUDIENCE = "ledger.example/attestry"
ISSUED_AT = 1764000000
PAYLOAD = hashlib.sha256(b'{"type":"own-work"}').digest()


def header(**changes):
    return cose.protected(AUTHOR.public, SUBJECT, AUDIENCE, ISSUED_AT) | changes


def with_claims(changes):
    base = cose.claims(AUTHOR.public, SUBJECT, AUDIENCE, ISSUED_AT)
    return {**header(), cose.CLAIMS: {**base, **changes}}


def without(mapping, label):
    return {k: v for k, v in mapping.items() if k != label}


def make(protected=None, payload=PAYLOAD, key=AUTHOR):
    protected = header() if protected is None else protected
    data = protected if isinstance(protected, bytes) else encode(protected)
    return cose.signed(key, data, payload)


def media(kind):
    return f"application/vnd.attestry.{kind}+json"


def service_header(kind):
    subject = cose.uri(cose.thumbprint(SERVICE.public))
    return cose.protected(SERVICE.public, subject, AUDIENCE, ISSUED_AT, media(kind))


def valid():
    yield "a sealed statement, alg -8", AUTHOR, header(), SUBJECT, cose.SEALED, -8
    yield "a sealed statement, alg -19", AUTHOR, {**header(), 1: -19}, SUBJECT, cose.SEALED, -19
    for kind in ("genesis", "policy", "index"):
        h = service_header(kind)
        yield f"a visible {kind} statement", SERVICE, h, h[15][2], media(kind), -8
    enrolled = cose.uri(cose.thumbprint(AUTHOR.public))
    for kind in ("key-enrolled", "key-rotated", "key-revoked"):
        h = cose.protected(SERVICE.public, enrolled, AUDIENCE, ISSUED_AT, media(kind))
        yield f"a {kind} statement about the contractor's key", SERVICE, h, enrolled, media(kind), -8
    h = cose.protected(SERVICE.public, SUBJECT, AUDIENCE, ISSUED_AT, media("status"))
    yield "a status statement about a submission", SERVICE, h, SUBJECT, media("status"), -8


def valid_cases():
    for description, key, protected, subject, content_type, alg in valid():
        data = encode(protected)
        entry = cose.signed(key, data, PAYLOAD)
        assert entry[:2] == b"\xd2\x84"
        yield {
            "description": description, "source": SOURCE, "entry": entry.hex(),
            "protected": data.hex(), "to_be_signed": cose.to_be_signed(data, PAYLOAD).hex(),
            "public": key.public.hex(), "issuer": cose.uri(cose.thumbprint(key.public)),
            "subject": subject, "audience": AUDIENCE, "issued_at": ISSUED_AT,
            "content_type": content_type, "alg": alg, "payload": PAYLOAD.hex(),
            "signature": entry[-64:].hex(), "leaf_hash": leaf_hash(entry).hex(),
        }


def framing():
    """The array, its tag and its four items."""
    good = make()
    data, signature = encode(header()), good[-64:]
    items = [data, Raw(b"\xa0"), PAYLOAD, signature]
    array = b"\x84" + b"".join(map(encode, items))
    yield "nothing", "malformed", b""
    yield "no tag", "wrong-tag", array
    yield "tag 98, COSE_Sign", "wrong-tag", encode(Tag(98, items))
    yield "tag 17, COSE_Mac0", "wrong-tag", encode(Tag(17, items))
    yield "tag 18 inside tag 18", "malformed", b"\xd2" + good
    yield "tag 61 (CWT) around it", "wrong-tag", head(6, 61) + good
    yield "three items", "malformed", encode(Tag(18, items[:3]))
    yield "five items", "malformed", encode(Tag(18, [*items, b""]))
    yield "a map instead of the array", "malformed", encode(Tag(18, {1: 2}))
    yield "protected header as a map, not a byte string", "malformed", encode(
        Tag(18, [header(), *items[1:]]))
    yield "unprotected header as an array", "malformed", encode(Tag(18, [data, [], *items[2:]]))
    yield "a payload of nil", "payload-not-a-digest", encode(
        Tag(18, [data, Raw(b"\xa0"), None, AUTHOR.sign(cose.to_be_signed(data, b""))]))
    yield "a text payload", "malformed", encode(
        Tag(18, [data, Raw(b"\xa0"), "x" * 32, signature]))
    yield "a payload of 31 bytes", "payload-not-a-digest", make(payload=PAYLOAD[:31])
    yield "a payload of 33 bytes", "payload-not-a-digest", make(payload=PAYLOAD + b"x")
    yield "the payload itself instead of its digest", "payload-not-a-digest", make(
        payload=b'{"type":"own-work"}')
    yield "a signature of 63 bytes", "signature-length", good[:-66] + head(2, 63) + signature[:63]
    yield "a signature of 65 bytes", "signature-length", good[:-66] + head(2, 65) + signature + b"x"
    yield "no signature", "signature-length", good[:-66] + head(2, 0)
    yield "a byte after the end", "trailing-bytes", good + b"\x00"
    yield "a second statement after the end", "trailing-bytes", good + good
    for cut in (1, 2, 40, len(good) - 65, len(good) - 1):
        yield f"cut after {cut} bytes", "malformed", good[:cut]
    yield "a tag in two bytes", "not-deterministic", b"\xd8\x12" + good[1:]
    yield "an array length in two bytes", "not-deterministic", b"\xd2\x98\x04" + good[2:]
    yield "an indefinite array", "not-deterministic", b"\xd2\x9f" + good[2:] + b"\xff"
    yield "a protected length in four bytes", "not-deterministic", (
        good[:2] + head(2, len(data), 4) + data + good[2 + len(encode(data)):])
    yield "a payload length in two bytes more than needed", "not-deterministic", (
        good[:2] + encode(data) + b"\xa0" + head(2, 32, 2) + PAYLOAD + encode(signature))
    yield "a signature length in two bytes more than needed", "not-deterministic", (
        good[:-66] + head(2, 64, 2) + signature)
    yield "a payload in chunks", "not-deterministic", (
        good[:2] + encode(data) + b"\xa0\x5f" + encode(PAYLOAD[:16]) + encode(PAYLOAD[16:])
        + b"\xff" + encode(signature))
    yield "an empty unprotected map of indefinite length", "not-deterministic", (
        good[:2] + encode(data) + b"\xbf\xff" + encode(PAYLOAD) + encode(signature))
    yield "larger than 16 KiB", "too-large", make(with_claims({3: "x" * MAX_ENTRY_BYTES}))
    yield "a length that promises 2^40 bytes", "malformed", b"\xd2\x84" + head(2, 1 << 40)
    yield "a length of 2^64 - 1", "malformed", b"\xd2\x84" + head(2, (1 << 64) - 1)
    yield "arrays nested a thousand deep", "malformed", b"\xd2" + b"\x81" * 1000 + b"\x00"


def encodings():
    """Protected headers that mean the same and are written otherwise; each is signed as it is."""
    pairs = encoded_pairs(header())
    alg, kid, claims, hash_alg, preimage = pairs
    claim_pairs = encoded_pairs(header()[15])
    yield "labels in falling order", pairs_map(pairs[::-1])
    yield "kid before alg", pairs_map([kid, alg, claims, hash_alg, preimage])
    yield "label 1 in two bytes", pairs_map([(head(0, 1, 1), alg[1]), *pairs[1:]])
    yield "label 258 in four bytes", pairs_map([alg, kid, claims, (head(0, 258, 4), hash_alg[1]),
                                               preimage])
    yield "alg -8 in two bytes", pairs_map([(alg[0], head(1, 7, 1)), *pairs[1:]])
    yield "hash alg -16 in two bytes", pairs_map([alg, kid, claims, (hash_alg[0], head(1, 15, 1)),
                                                 preimage])
    yield "a kid length in four bytes", pairs_map([alg, (kid[0], head(2, 32, 4) + kid[1][2:]),
                                                  *pairs[2:]])
    yield "kid in chunks", pairs_map([alg, (kid[0], b"\x5f" + kid[1] + b"\xff"), *pairs[2:]])
    yield "a map length in two bytes", head(5, 5, 1) + pairs_map(pairs)[1:]
    yield "an indefinite map", b"\xbf" + b"".join(k + v for k, v in pairs) + b"\xff"
    yield "alg twice", pairs_map([alg, alg, *pairs[1:]])
    yield "kid twice with different values", pairs_map(
        [alg, kid, (kid[0], encode(bytes(32))), *pairs[2:]])
    yield "claims in falling order", pairs_map(
        [alg, kid, (claims[0], pairs_map(claim_pairs[::-1])), hash_alg, preimage])
    yield "a claim twice", pairs_map(
        [alg, kid, (claims[0], pairs_map([claim_pairs[0], *claim_pairs])), hash_alg, preimage])
    yield "iat in eight bytes", pairs_map(
        [alg, kid, (claims[0], pairs_map([*claim_pairs[:3],
                                          (claim_pairs[3][0], head(0, ISSUED_AT, 8))])),
         hash_alg, preimage])
    yield "the subject in chunks", pairs_map(
        [alg, kid, (claims[0], pairs_map([
            claim_pairs[0], (claim_pairs[1][0], b"\x7f" + claim_pairs[1][1] + b"\xff"),
            *claim_pairs[2:]])), hash_alg, preimage])


def labels():
    """Labels missing, too many, or with values nobody may use."""
    h = header()
    yield "an empty protected header", "missing-label", make(b"")
    yield "an empty protected map", "missing-label", make(b"\xa0")
    yield "a byte after the protected map", "trailing-bytes", make(encode(h) + b"\x00")
    for label in h:
        yield f"without label {label}", "missing-label", make(without(h, label))
    for claim in (1, 2, 3, 6):
        yield f"without claim {claim}", "missing-claim", make(
            {**h, 15: without(h[15], claim)})
    yield "crit that names alg", "crit-present", make({**h, 2: [1]})
    yield "crit that names an unknown label", "crit-present", make({**h, 2: ["x"], "x": 1})
    yield "content type, label 3", "unexpected-label", make({**h, 3: "application/json"})
    yield "payload location, label 260", "unexpected-label", make({**h, 260: "https://e.example/"})
    yield "a partial IV, label 6", "unexpected-label", make({**h, 6: b"\0"})
    yield "an unknown text label", "unexpected-label", make({**h, "note": 1})
    yield "an unknown negative label", "unexpected-label", make({**h, -70000: 1})
    for name, alg in [("ES256", -7), ("EdDSA over Ed448, -53", -53), ("ML-DSA-44", -48),
                      ("HMAC 256/256", 5), ("reserved zero", 0)]:
        yield f"alg {name}", "unknown-algorithm", make({**h, 1: alg})
    yield "alg as text", "unknown-algorithm", make({**h, 1: "EdDSA"})
    yield "hash alg SHA-512", "unknown-hash-algorithm", make({**h, 258: -44})
    yield "hash alg as text", "unknown-hash-algorithm", make({**h, 258: "sha-256"})
    yield "a kid of 31 bytes", "bad-kid", make({**h, 4: h[4][:31]})
    yield "a kid of 33 bytes", "bad-kid", make({**h, 4: h[4] + b"x"})
    yield "a text kid", "bad-kid", make({**h, 4: "x" * 32})
    yield "a kid of another key than iss", "issuer-mismatch", make(
        {**h, 4: cose.thumbprint(SERVICE.public)})
    yield "an iss of another key than kid", "issuer-mismatch", make(
        with_claims({1: cose.uri(cose.thumbprint(SERVICE.public))}))
    yield "an iss that is a URL", "issuer-mismatch", make(with_claims({1: "https://person.example/"}))
    yield "an iss with base64 padding", "issuer-mismatch", make(with_claims({1: h[15][1] + "="}))
    yield "an iss in capitals", "issuer-mismatch", make(with_claims({1: h[15][1].upper()}))
    yield "an iss that is a number", "issuer-mismatch", make(with_claims({1: 7}))
    yield "claims as an array", "bad-claims", make({**h, 15: [1, 2]})
    yield "a claim nobody asked for (exp)", "unexpected-claim", make(with_claims({4: ISSUED_AT}))
    yield "a text claim", "unexpected-claim", make(with_claims({"role": "reviewer"}))
    yield from subjects()
    yield "an empty audience", "bad-audience", make(with_claims({3: ""}))
    yield "an audience list", "bad-audience", make(with_claims({3: [AUDIENCE]}))
    yield "a negative iat", "bad-issued-at", make(with_claims({6: -1}))
    yield "an iat beyond 2^53", "bad-issued-at", make(with_claims({6: 2**53 + 1}))
    yield "an iat in floating point", "malformed", make(
        with_claims({6: Raw(b"\xfb\x41\xda\x49\x28\x00\x00\x00\x00")}))
    yield "an iat as text", "bad-issued-at", make(with_claims({6: str(ISSUED_AT)}))
    yield "an unknown content type", "unknown-content-type", make({**h, 259: "text/plain"})
    yield "a content type that names the sealed kind", "unknown-content-type", make(
        {**h, 259: media("own-work")})
    yield "a content type with a parameter", "unknown-content-type", make(
        {**h, 259: cose.SEALED + "; charset=utf-8"})
    yield "a content type as a CoAP number", "unknown-content-type", make({**h, 259: 50})


def subjects():
    uuid = SUBJECT.removeprefix("urn:uuid:")
    for description, subject in [
        ("an empty subject", ""), ("a bare UUID", uuid),
        ("a UUID in capitals", "urn:uuid:" + uuid.upper()),
        ("a UUID without hyphens", "urn:uuid:" + uuid.replace("-", "")),
        ("a UUID in braces", "urn:uuid:{" + uuid + "}"),
        ("a scheme in capitals", SUBJECT.replace("urn:uuid", "URN:UUID")),
        ("a UUID one digit short", SUBJECT[:-1]),
        ("a subject with a trailing space", SUBJECT + " "),
        ("a subject that is a URL", "https://person.example/work"),
        ("a subject that is a number", 7),
    ]:
        yield description, "bad-subject", make(with_claims({2: subject}))


def signatures():
    """Well formed, but the signature must not count."""
    data, good = encode(header()), make()
    message = cose.to_be_signed(data, PAYLOAD)
    signature = good[-64:]

    def carrying(replacement):
        return good[:-64] + replacement

    yield "S + L", AUTHOR.public, carrying(ed25519.with_s_plus_order(signature))
    yield "R is the identity", AUTHOR.public, carrying(ed25519.with_identity_r(AUTHOR, message))
    yield "signed by another key", AUTHOR.public, make(key=SERVICE)
    yield "signed over the payload alone", AUTHOR.public, carrying(AUTHOR.sign(PAYLOAD))
    yield "signed with external data", AUTHOR.public, carrying(
        AUTHOR.sign(encode(["Signature1", data, b"x", PAYLOAD])))
    yield "signed in the context of COSE_Sign", AUTHOR.public, carrying(
        AUTHOR.sign(encode(["Signature", data, b"", PAYLOAD])))
    other = hashlib.sha256(b"another payload").digest()
    yield "another payload digest", AUTHOR.public, good.replace(PAYLOAD, other)
    moved = with_claims({3: "staging.example/attestry"})
    yield "moved to another log after signing", AUTHOR.public, cose.sign1(
        encode(moved), Raw(b"\xa0"), PAYLOAD, signature)
    yield "the right statement under somebody else's key", SERVICE.public, good


def sequences():
    first, second = make(), make({**header(), 1: -19})
    return [
        {"description": "no statement", "source": "RFC 8742", "bytes": "", "items": [], "max": 4},
        {"description": "two statements", "source": "RFC 8742", "bytes": (first + second).hex(),
         "items": [first.hex(), second.hex()], "max": 4},
        {"description": "as many as allowed", "source": "RFC 8742", "bytes": (first * 4).hex(),
         "items": [first.hex()] * 4, "max": 4},
        {"description": "one more than allowed", "source": "RFC 8742", "bytes": (first * 5).hex(),
         "items": None, "max": 4},
        {"description": "the last one cut short", "source": "RFC 8742",
         "bytes": (first + second[:-1]).hex(), "items": None, "max": 4},
        {"description": "something else in between", "source": "RFC 8742",
         "bytes": (first + b"\x00" + second).hex(), "items": None, "max": 4},
    ]


def loose():
    """Accepted with attachments allowed, refused as an entry: the unprotected header is not empty."""
    data = encode(header())
    for description, unprotected in [
        ("an unknown unprotected label", {"x-note": "discard me"}),
        ("a kid in the unprotected header", {4: b"hint"}),
    ]:
        whole = cose.signed(AUTHOR, data, PAYLOAD, Raw(encode(unprotected)))
        yield {"description": description, "source": SOURCE, "bytes": whole.hex(),
               "entry": make().hex(), "public": AUTHOR.public.hex()}


def build():
    def refused(cases, source):
        return [{"description": d, "source": source, "error": e, "bytes": b.hex()}
                for d, e, b in cases]

    encoding_cases = ((d, "not-deterministic", make(b)) for d, b in encodings())
    return {
        "about": "Every refused statement carries a signature that is valid over what it holds, so "
                 "that the named fault is its only one.",
        "valid": list(valid_cases()),
        "refused": refused(framing(), SOURCE) + refused(encoding_cases, DETERMINISM)
        + refused(labels(), SOURCE),
        "signature_refused": [
            {"description": d, "source": STRICT, "entry": b.hex(), "public": p.hex()}
            for d, p, b in signatures()
        ],
        "loose": list(loose()),
        "sequences": sequences(),
    }
