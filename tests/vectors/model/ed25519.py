"""Ed25519: signing through `cryptography`, curve arithmetic by hand for the hostile cases.

RFC 8032 section 5.1. Affine coordinates and no speed: a few dozen operations in all.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
IDENTITY = (0, 1)


class Key:
    """A signing key from a name, so that every run makes the same keys."""

    def __init__(self, name):
        self.seed = hashlib.sha256(b"attestry test key: " + name.encode()).digest()
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message):
        return self.private.sign(message)

    def scalar(self):
        digest = bytearray(hashlib.sha512(self.seed).digest()[:32])
        digest[0] &= 248
        digest[31] = digest[31] & 127 | 64
        return int.from_bytes(digest, "little")


def verify(public, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except Exception:  # noqa: BLE001, the library raises several types
        return False
    return True


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P,
    )


def multiply(n, point):
    result = IDENTITY
    while n:
        if n & 1:
            result = add(result, point)
        point, n = add(point, point), n >> 1
    return result


def compress(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decompress(data):
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (v * x * x - u) % P:
        return None
    return (P - x if x & 1 != sign else x, y % P)


def torsion():
    """The eight points of small order, as multiples of one of order eight."""
    counter = 0
    while True:
        counter += 1
        point = decompress(counter.to_bytes(32, "little"))
        if point is None:
            continue
        small = multiply(L, point)
        if multiply(4, small) != IDENTITY:
            return [multiply(i, small) for i in range(8)]


def challenge(r, public, message):
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L


def with_s_plus_order(signature):
    """The same signature with S + L: the equation holds, the encoding is not canonical."""
    s = int.from_bytes(signature[32:], "little") + L
    return signature[:32] + s.to_bytes(32, "little")


def with_identity_r(key, message, r=compress(IDENTITY)):
    """A signature whose R is the identity: S = k a satisfies the equation without a nonce."""
    s = challenge(r, key.public, message) * key.scalar() % L
    return r + s.to_bytes(32, "little")
