"""notes.json: verifier keys, signed notes, checkpoints and cosignatures."""

from model import ed25519
from model.note import COSIGNATURE, ED25519, Signer, b64, checkpoint, key_id, note, vkey
from model.tree import sha256

NOTE, CHECKPOINT, COSIG = "C2SP signed-note", "C2SP tlog-checkpoint", "C2SP tlog-cosignature"
DASH = "\u2014"
ORIGIN = "ledger.example/attestry"
LOG = Signer(ORIGIN)
WITNESS = Signer("witness.example/w1", COSIGNATURE)
TIME = 1764000000

EXAMPLE_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n"
    f"{DASH} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3m"
    "FXmRKuwHjG1Yu72IneyaQM=\n"
)


def check_example():
    import base64
    raw = base64.b64decode(EXAMPLE_VKEY.split("+", 2)[2])
    text, line = EXAMPLE_NOTE.split("\n\n")
    signature = base64.b64decode(line.rsplit(" ", 1)[1])
    assert key_id("example.com/foo", raw[0], raw[1:]).hex() == "530d903a" == signature[:4].hex()
    assert ed25519.verify(raw[1:], (text + "\n").encode(), signature[4:])


def vkeys():
    for description, signer in [("a log key", LOG), ("a witness key", WITNESS)]:
        yield {"description": description, "source": NOTE, "vkey": signer.vkey, "name": signer.name,
               "key_id": key_id(signer.name, signer.kind, signer.key.public).hex(),
               "type": signer.kind, "public": signer.key.public.hex()}


def vkeys_refused():
    public = LOG.key.public
    ident = key_id(ORIGIN, ED25519, public).hex()
    body = b64(bytes([ED25519]) + public)
    torsion = ed25519.compress(ed25519.torsion()[1])
    return [
        ("nothing", ""),
        ("one part", ORIGIN),
        ("two parts", f"{ORIGIN}+{ident}"),
        ("an empty name", f"+{key_id('', ED25519, public).hex()}+{body}"),
        ("a name with a space", vkey("a b", ED25519, public)),
        ("a name with a no-break space", vkey("a\u00a0b", ED25519, public)),
        ("a key id of another name", f"{ORIGIN}+{key_id('other', ED25519, public).hex()}+{body}"),
        ("a key id in capitals", f"{ORIGIN}+{ident.upper()}+{body}"),
        ("a key id of three bytes", f"{ORIGIN}+{ident[:6]}+{body}"),
        ("base64 without padding where padding is due",
         f"{ORIGIN}+{ident}+{b64(bytes([ED25519]) + public + b'x')[:-1]}"),
        ("base64url", f"{ORIGIN}+{ident}+{body[:10]}_{body[11:]}"),
        ("an empty key", f"{ORIGIN}+{ident}+"),
        ("a key of 31 bytes", vkey(ORIGIN, ED25519, public[:31])),
        ("a key of 33 bytes", vkey(ORIGIN, ED25519, public + b"x")),
        ("a small-order key", vkey(ORIGIN, ED25519, torsion)),
        ("type 0x02, ECDSA", vkey(ORIGIN, 2, public)),
        ("type 0xff", vkey(ORIGIN, 255, public)),
        ("a trailing newline", LOG.vkey + "\n"),
    ]


def notes():
    text = "Received on the dock,\n\nin good order.\n"
    other = Signer("another.example/log")
    many = [Signer(f"cosigner.example/{n}") for n in range(15)]
    yield "the example of the specification", NOTE, EXAMPLE_NOTE, EXAMPLE_VKEY, 1
    yield "an empty line inside the text", NOTE, note(text, LOG.line(text)), LOG.vkey, 1
    yield ("a signature by an unknown key comes first", NOTE,
           note(text, other.line(text), LOG.line(text)), LOG.vkey, 2)
    yield ("sixteen signatures", NOTE,
           note(text, *[s.line(text) for s in many], LOG.line(text)), LOG.vkey, 16)
    broken = LOG.line_with(LOG.key.sign(b"something else"))
    renamed = broken.replace(ORIGIN, ORIGIN + "x")
    yield ("same key id under another name is another key", NOTE,
           note(text, renamed, LOG.line(text)), LOG.vkey, 2)
    same_name = Signer(ORIGIN, key=ed25519.Key("a rotated key"))
    yield ("same name with another key id is another key", NOTE,
           note(text, same_name.line_with(bytes(64)), LOG.line(text)), LOG.vkey, 2)


def notes_refused():
    text = "Received on the dock.\n"
    line = LOG.line(text)
    encoded = line.rstrip("\n").rsplit(" ", 1)[1]
    unsigned = Signer("another.example/log").line(text)
    cases = [
        ("nothing", "malformed", b""),
        ("text only", "malformed", text.encode()),
        ("no signature line", "malformed", (text + "\n").encode()),
        ("no empty line before the signatures", "malformed", (text + line).encode()),
        ("no newline at the end", "malformed", note(text, line)[:-1].encode()),
        ("text after the signatures", "malformed", (note(text, line) + "more\n").encode()),
        ("carriage returns", "malformed", note(text, line).replace("\n", "\r\n").encode()),
        ("a tab in the text", "malformed", note("a\tb\n", LOG.line("a\tb\n")).encode()),
        ("a NUL in the text", "malformed", note("a\0b\n", LOG.line("a\0b\n")).encode()),
        ("text that is not UTF-8", "malformed", b"\xff" + note(text, line).encode()),
        ("a hyphen instead of the em dash", "malformed", note(text, line.replace(DASH, "-")).encode()),
        ("two spaces after the dash", "malformed", note(text, line.replace(" ", "  ", 1)).encode()),
        ("a plus in the key name", "malformed", note(text, line.replace(ORIGIN, "a+b")).encode()),
        ("an empty key name", "malformed", note(text, f"{DASH}  {encoded}\n").encode()),
        ("a no-break space in the key name", "malformed",
         note(text, line.replace(ORIGIN, "a\u00a0b")).encode()),
        ("a signature that is not base64", "malformed", note(text, f"{DASH} {ORIGIN} !!!!\n").encode()),
        ("base64 with stray bits", "malformed", stray_bits(text, line).encode()),
        ("a signature shorter than a key id", "malformed",
         note(text, f"{DASH} {ORIGIN} {b64(b'abc')}\n").encode()),
        ("only an unknown key signed", "unsigned", note(text, unsigned).encode()),
        ("the known key's signature is over other text", "signature-invalid",
         note(text, LOG.line("Received nothing.\n")).encode()),
        ("the known key's signature is cut to 63 bytes", "signature-invalid",
         note(text, LOG.line_with(LOG.key.sign(text.encode())[:63])).encode()),
        ("the known key's signature has S + L", "signature-invalid",
         note(text, LOG.line_with(ed25519.with_s_plus_order(LOG.key.sign(text.encode())))).encode()),
        ("the text was changed after signing", "signature-invalid",
         note(text.replace("dock", "deck"), line).encode()),
        ("a bad signature of the known key beside a good one", "signature-invalid",
         note(text, line, LOG.line_with(bytes(64))).encode()),
    ]
    for description, error, data in cases:
        yield {"description": description, "source": NOTE, "error": error, "note": data.hex(),
               "vkey": LOG.vkey}


def stray_bits(text, line):
    """68 bytes end in a group with four unused bits; set one of them."""
    name, encoded = line.rstrip("\n").rsplit(" ", 1)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(encoded.rstrip("=")) - 1
    changed = alphabet[alphabet.index(encoded[at]) ^ 1]
    return note(text, f"{name} {encoded[:at]}{changed}{encoded[at + 1:]}\n")


ROOT = sha256(b"root of a checkpoint")


def checkpoints():
    for description, origin, size, root, extensions in [
        ("three lines", ORIGIN, 20852163, ROOT, []),
        ("an empty tree", ORIGIN, 0, sha256(b""), []),
        ("the largest size", ORIGIN, 2**64 - 1, ROOT, []),
        ("two extension lines", ORIGIN, 7, ROOT, ["first", "second line"]),
        ("an origin with spaces, allowed though not recommended", "Example Ledger No. 1", 7, ROOT, []),
    ]:
        yield {"description": description, "source": CHECKPOINT,
               "text": checkpoint(origin, size, root, *extensions), "origin": origin,
               "size": size, "root": root.hex(), "extensions": extensions}


def checkpoints_refused():
    r = b64(ROOT)
    return [
        ("nothing", ""),
        ("two lines", f"{ORIGIN}\n7\n"),
        ("no newline at the end", f"{ORIGIN}\n7\n{r}"),
        ("an empty origin", f"\n7\n{r}\n"),
        ("an empty size", f"{ORIGIN}\n\n{r}\n"),
        ("a size with a leading zero", f"{ORIGIN}\n07\n{r}\n"),
        ("size zero written twice", f"{ORIGIN}\n00\n{r}\n"),
        ("a size with a plus", f"{ORIGIN}\n+7\n{r}\n"),
        ("a negative size", f"{ORIGIN}\n-7\n{r}\n"),
        ("a size with a space", f"{ORIGIN}\n7 \n{r}\n"),
        ("a hexadecimal size", f"{ORIGIN}\n0x7\n{r}\n"),
        ("a size beyond 64 bits", f"{ORIGIN}\n{2**64}\n{r}\n"),
        ("a root of 31 bytes", f"{ORIGIN}\n7\n{b64(ROOT[:31])}\n"),
        ("a root of 33 bytes", f"{ORIGIN}\n7\n{b64(ROOT + b'x')}\n"),
        ("a root in hex", f"{ORIGIN}\n7\n{ROOT.hex()}\n"),
        ("a root without padding", f"{ORIGIN}\n7\n{r.rstrip('=')}\n"),
        ("an empty extension line", f"{ORIGIN}\n7\n{r}\n\n"),
    ]


def cosigned():
    text = checkpoint(ORIGIN, 7, ROOT)
    extended = checkpoint(ORIGIN, 7, ROOT, "an extension line")
    message = f"cosignature/v1\ntime {TIME}\n{text}".encode()
    stamp = TIME.to_bytes(8, "big")
    late = 2**63
    yield "one witness", text, WITNESS.line(text, TIME), TIME
    yield "extension lines are signed too", extended, WITNESS.line(extended, TIME), TIME
    yield "the largest timestamp", text, WITNESS.line(text, 2**63 - 1), 2**63 - 1
    yield "a timestamp beyond 2^63 - 1", text, WITNESS.line(text, late), None
    yield ("another timestamp than the signed one", text,
           WITNESS.line_with((TIME + 1).to_bytes(8, "big") + WITNESS.key.sign(message)), None)
    yield ("a plain note signature under the witness key", text,
           WITNESS.line_with(WITNESS.key.sign(text.encode())), None)
    yield ("a cosignature without its header line", text,
           WITNESS.line_with(stamp + WITNESS.key.sign(f"time {TIME}\n{text}".encode())), None)
    yield "one byte short", text, WITNESS.line_with(stamp + WITNESS.key.sign(message)[:63]), None
    yield "one byte long", text, WITNESS.line_with(stamp + WITNESS.key.sign(message) + b"x"), None
    yield ("of another checkpoint", text,
           WITNESS.line(checkpoint(ORIGIN, 8, ROOT), TIME), None)


def build():
    check_example()
    return {
        "about": "`note` is hex where it may not be text; `timestamp` null means refused.",
        "vkeys": list(vkeys()),
        "vkeys_refused": [
            {"description": d, "source": NOTE, "vkey": v} for d, v in vkeys_refused()
        ],
        "notes": [
            {"description": d, "source": s, "note": n.encode().hex(), "vkey": v, "signatures": c,
             "text": n[:n.rindex("\n\n") + 1]}
            for d, s, n, v, c in notes()
        ],
        "notes_refused": list(notes_refused()),
        "checkpoints": list(checkpoints()),
        "checkpoints_refused": [
            {"description": d, "source": CHECKPOINT, "text": t} for d, t in checkpoints_refused()
        ],
        "cosignatures": [
            {"description": d, "source": COSIG, "vkey": WITNESS.vkey, "timestamp": t,
             "note": note(text, LOG.line(text), line).encode().hex()}
            for d, text, line, t in cosigned()
        ],
    }
