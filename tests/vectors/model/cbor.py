"""CBOR in the core deterministic encoding (RFC 8949 section 4.2.1), and the ways to leave it.

Python values map to CBOR as expected: int, bytes, str, list, None, bool. A `dict` is sorted by its
encoded keys; a `Raw` is spliced in untouched, which is how malformed cases are made.
"""


class Raw(bytes):
    """Bytes that already are CBOR."""


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


def head(major, argument, width=None):
    """Initial bytes of an item; `width` (1, 2, 4, 8) forces a longer form than needed."""
    if width is None:
        if argument < 24:
            return bytes([major << 5 | argument])
        width = next(w for w in (1, 2, 4, 8) if argument < 1 << 8 * w)
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width]]) + argument.to_bytes(width, "big")


def encode(value):
    if isinstance(value, Raw):
        return bytes(value)
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return head(3, len(text)) + text
    if isinstance(value, (list, tuple)):
        return head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        pairs = sorted((encode(k), encode(v)) for k, v in value.items())
        return pairs_map(pairs)
    if isinstance(value, Tag):
        return head(6, value.number) + encode(value.value)
    raise TypeError(type(value))


def pairs_map(pairs):
    """A definite map of already encoded pairs, in the order given, duplicates and all."""
    return head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


def encoded_pairs(mapping):
    return sorted((encode(k), encode(v)) for k, v in mapping.items())
