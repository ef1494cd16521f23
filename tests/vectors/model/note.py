"""C2SP signed-note, tlog-checkpoint, tlog-cosignature and tlog-proof, as text."""

import base64
import hashlib

from . import ed25519

ED25519, COSIGNATURE = 0x01, 0x04


def b64(data):
    return base64.b64encode(data).decode()


def key_id(name, kind, public):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def vkey(name, kind, public):
    return f"{name}+{key_id(name, kind, public).hex()}+{b64(bytes([kind]) + public)}"


class Signer:
    """A named note key: a log (`ED25519`) or a witness (`COSIGNATURE`)."""

    def __init__(self, name, kind=ED25519, key=None):
        self.name, self.kind = name, kind
        self.key = key or ed25519.Key(f"note {name} {kind}")

    @property
    def vkey(self):
        return vkey(self.name, self.kind, self.key.public)

    def line_with(self, signature):
        return f"\u2014 {self.name} {b64(key_id(self.name, self.kind, self.key.public) + signature)}\n"

    def line(self, text, timestamp=None):
        if self.kind == ED25519:
            return self.line_with(self.key.sign(text.encode()))
        message = f"cosignature/v1\ntime {timestamp}\n{text}".encode()
        return self.line_with(timestamp.to_bytes(8, "big") + self.key.sign(message))


def note(text, *lines):
    return text + "\n" + "".join(lines)


def checkpoint(origin, size, root, *extensions):
    return "".join(f"{line}\n" for line in (origin, size, b64(root), *extensions))


def proof_file(index, path, signed_checkpoint, extra=None):
    lines = ["c2sp.org/tlog-proof@v1"]
    if extra is not None:
        lines.append("extra " + b64(extra))
    lines.append(f"index {index}")
    lines += map(b64, path)
    return "\n".join(lines) + "\n\n" + signed_checkpoint
