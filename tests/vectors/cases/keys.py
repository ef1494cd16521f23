"""keys.json: COSE keys, thumbprints, strict Ed25519."""

import hashlib

from model import cose, ed25519
from model.cbor import Raw, Tag, encode, encoded_pairs, head, pairs_map

RFC9679 = "RFC 9679"
RFC8032_TEST_1 = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
# The thumbprint of that key as the tool of the draft's contributor prints it.
RFC8032_TEST_1_THUMBPRINT = "866eefbd6718c8846cd7ddfe43fc74ab1daac4538ff8514ea2ec2d410a415743"
RFC9679_KEY = (
    "a40102200121582065eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"
    "2258201e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"
)
RFC9679_THUMBPRINT = "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"


def valid():
    named = [("the public key of RFC 8032 section 7.1, test 1", bytes.fromhex(RFC8032_TEST_1))]
    named += [(f"test key {n!r}", ed25519.Key(n).public) for n in ("contractor", "service", "receipt")]
    for description, public in named:
        thumbprint = cose.thumbprint(public)
        yield {
            "description": description, "source": f"{RFC9679} sections 3 and 4.1",
            "public": public.hex(), "cose_key": cose.cose_key(public).hex(),
            "thumbprint": thumbprint.hex(), "uri": cose.uri(thumbprint),
        }


def refused():
    public = ed25519.Key("contractor").public
    base = {1: 1, -1: 6, -2: public}
    pairs = encoded_pairs(base)
    torsion = ed25519.torsion()
    yield from (
        ("not a map", "malformed", encode([1, 6, public])),
        ("nothing", "malformed", b""),
        ("cut short", "malformed", cose.cose_key(public)[:-1]),
        ("a byte after the end", "trailing-bytes", cose.cose_key(public) + b"\x00"),
        ("tagged", "malformed", encode(Tag(18, Raw(cose.cose_key(public))))),
        ("map keys out of order", "not-deterministic", pairs_map(pairs[::-1])),
        ("a key type in two bytes", "not-deterministic",
         pairs_map([(pairs[0][0], head(0, 1, 1)), *pairs[1:]])),
        ("an indefinite map", "not-deterministic",
         b"\xbf" + b"".join(k + v for k, v in pairs) + b"\xff"),
        ("a label twice", "not-deterministic", pairs_map([pairs[0], pairs[0], *pairs[1:]])),
        ("no key type", "malformed", encode({-1: 6, -2: public})),
        ("no curve", "unsupported-key", encode({1: 1, -2: public})),
        ("no x", "missing-label", encode({1: 1, -1: 6})),
        ("key type EC2", "unsupported-key", encode({**base, 1: 2})),
        ("curve X25519", "unsupported-key", encode({**base, -1: 4})),
        ("an EC2 key (RFC 9679 section 6)", "unsupported-key", bytes.fromhex(RFC9679_KEY)),
        ("a private part", "unexpected-label", encode({**base, -4: bytes(32)})),
        ("x of 31 bytes", "bad-point", encode({**base, -2: public[:31]})),
        ("x of 33 bytes", "bad-point", encode({**base, -2: public + b"\x00"})),
        ("x is text", "malformed", encode({**base, -2: "x" * 32})),
    )
    for order, point in enumerate(torsion):
        yield (f"small-order point number {order}", "bad-point",
               encode({**base, -2: ed25519.compress(point)}))
    off_curve = next(n.to_bytes(32, "little") for n in range(2, 99)
                     if ed25519.decompress(n.to_bytes(32, "little")) is None)
    yield "bytes that are no point of the curve", "bad-point", encode({**base, -2: off_curve})
    # y + p, for the few y below 19 that are on the curve and still fit.
    for y in range(2, 19):
        if ed25519.decompress(y.to_bytes(32, "little")) is not None:
            high = (y + ed25519.P).to_bytes(32, "little")
            yield f"y = {y} written as y + p", "bad-point", encode({**base, -2: high})


def signatures():
    """Signatures over one message: what strict verification says (RFC 8032 section 5.1.7)."""
    key, message = ed25519.Key("contractor"), b"what is signed is what was shown"
    good = key.sign(message)
    identity = ed25519.compress(ed25519.IDENTITY)
    torsion = ed25519.torsion()
    cases = [
        ("an ordinary signature", key.public, good, True),
        ("S + L", key.public, ed25519.with_s_plus_order(good), False),
        ("R is the identity", key.public, ed25519.with_identity_r(key, message), False),
        ("R is the identity, written with y + p", key.public,
         ed25519.with_identity_r(key, message, (ed25519.P + 1).to_bytes(32, "little")), False),
        ("R moved by a point of order eight", key.public,
         moved_by_torsion(key, message, torsion[1]), False),
        ("one bit of R flipped", key.public, bytes([good[0] ^ 1]) + good[1:], False),
        ("one bit of S flipped", key.public, good[:32] + bytes([good[32] ^ 1]) + good[33:], False),
        ("all zero", key.public, bytes(64), False),
        ("another key", ed25519.Key("service").public, good, False),
    ]
    for description, public, signature, accepted in cases:
        yield {
            "description": description, "source": "RFC 8032 section 5.1.7, strict",
            "public": public.hex(), "message": message.hex(), "signature": signature.hex(),
            "accepted": accepted,
        }
    # Under a key that is the identity this satisfies the equation for every message.
    assert ed25519.verify(key.public, message, good)
    yield {
        "description": "a small-order key under which R = identity, S = 0 signs everything",
        "source": "RFC 8032 section 5.1.7, strict", "public": identity.hex(),
        "message": message.hex(), "signature": (identity + bytes(32)).hex(), "accepted": False,
    }


def moved_by_torsion(key, message, small):
    """R' = rB + T: only a verifier that multiplies by the cofactor accepts it."""
    nonce = 1234567
    base = ed25519.decompress((4 * pow(5, -1, ed25519.P) % ed25519.P).to_bytes(32, "little"))
    r = ed25519.compress(ed25519.add(ed25519.multiply(nonce, base), small))
    s = (nonce + ed25519.challenge(r, key.public, message) * key.scalar()) % ed25519.L
    return r + s.to_bytes(32, "little")


def key_sets():
    """With and without the optional kid (label 2), which must be the thumbprint."""
    keys = [ed25519.Key(n) for n in ("note", "receipt", "service")]
    bare = [Raw(cose.cose_key(k.public)) for k in keys]
    named = [{1: 1, 2: cose.thumbprint(k.public), -1: 6, -2: k.public} for k in keys]
    for description, encoded, has_ids in [
        ("three keys with their kids", named, True), ("one key with its kid", named[:1], True),
        ("three keys without kids", bare, False),
    ]:
        yield {"description": description, "source": "RFC 9052 section 7",
               "bytes": encode(encoded).hex(), "has_ids": has_ids,
               "keys": [k.public.hex() for k in keys[: len(encoded)]]}


def key_sets_refused():
    first, second = (ed25519.Key(n).public for n in ("note", "receipt"))
    key = Raw(cose.cose_key(first))
    return [
        ("no key", encode([])), ("a key alone, not in an array", bytes(key)),
        ("one key twice", encode([key, key])),
        ("a kid that is another key's", encode([{1: 1, 2: cose.thumbprint(second), -1: 6, -2: first}])),
        ("a byte after the end", encode([key]) + b"\x00"),
        ("an indefinite array", b"\x9f" + key + b"\xff"),
    ]


def build():
    assert hashlib.sha256(bytes.fromhex(RFC9679_KEY)).hexdigest() == RFC9679_THUMBPRINT
    assert cose.thumbprint(bytes.fromhex(RFC8032_TEST_1)).hex() == RFC8032_TEST_1_THUMBPRINT
    return {
        "about": "`error` is a stable word; see tests/vectors/README.md.",
        "example": {
            "description": "the worked example: an EC2 key, so only its digest applies here",
            "source": f"{RFC9679} section 6", "cose_key": RFC9679_KEY,
            "thumbprint": RFC9679_THUMBPRINT,
        },
        "valid": list(valid()),
        "refused": [
            {"description": d, "source": "RFC 9052 section 7, RFC 8949 section 4.2.1", "error": e,
             "bytes": b.hex()}
            for d, e, b in refused()
        ],
        "signatures": list(signatures()),
        "key_sets": list(key_sets()),
        "key_sets_refused": [
            {"description": d, "source": "RFC 9052 section 7", "bytes": b.hex()}
            for d, b in key_sets_refused()
        ],
    }
