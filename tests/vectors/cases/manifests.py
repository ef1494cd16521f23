"""manifests.json: file records, commitments and proofs for one or several files."""

import base64
import hashlib

from model import manifest
from model.tree import sha256

SOURCE = "docs/FORMATS.md, on the node order of a complete binary Merkle tree"


def record(number, path=None):
    salt = sha256(b"salt %d" % number)
    return {
        "path": path or f"folder/file-{number:03}.txt", "size": number * 1000,
        "media_type": "text/plain" if number % 2 else "application/octet-stream",
        "sha256": hashlib.sha256(b"content %d" % number).hexdigest(), "salt_bytes": salt,
    }


def shown(r):
    public = {k: v for k, v in r.items() if k != "salt_bytes"}
    salt = base64.urlsafe_b64encode(r["salt_bytes"]).rstrip(b"=").decode()
    return public | {"salt": salt}


def index_sets(count):
    sets = [[i] for i in range(count)] if count <= 8 else [[0], [count // 2], [count - 1]]
    if count > 1:
        sets += [[0, count - 1], list(range(count)), list(range(0, count, 2))]
    unique = []
    for s in sets:
        if s not in unique:
            unique.append(s)
    return unique


def cases():
    for count in [*range(1, 10), 16, 17, 33]:
        records = [record(n) for n in range(count)]
        leaves = [manifest.leaf(r) for r in records]
        yield {
            "description": f"{count} file{'s' if count > 1 else ''}", "source": SOURCE,
            "files": [shown(r) for r in records], "leaves": [x.hex() for x in leaves],
            "cbt_root": manifest.nodes(leaves)[0].hex(), "count": count,
            "total_size": sum(r["size"] for r in records),
            "commitment": manifest.commitment(leaves).hex(),
            "proofs": [
                {"indices": s, "lemmas": [x.hex() for x in manifest.lemmas(leaves, s)]}
                for s in index_sets(count)
            ],
        }


def tampered():
    """Each field of a record changes its leaf; no two fields can be confused."""
    base = record(1)
    changes = [
        ("path", {"path": "folder/file-002.txt"}), ("size", {"size": 1001}),
        ("media type", {"media_type": "text/html"}),
        ("digest", {"sha256": hashlib.sha256(b"other").hexdigest()}),
        ("salt", {"salt_bytes": sha256(b"another salt")}),
    ]
    yield {"description": "the record itself", "source": SOURCE, "file": shown(base),
           "leaf": manifest.leaf(base).hex()}
    for name, change in changes:
        changed = {**base, **change}
        yield {"description": f"another {name}", "source": SOURCE, "file": shown(changed),
               "leaf": manifest.leaf(changed).hex()}


def paths():
    for description, path, accepted in [
        ("a plain name", "memo.docx", True),
        ("a folder", "a/b/c.txt", True),
        ("spaces and brackets", "Final (2) report.pdf", True),
        ("accents, composed", "r\u00e9sum\u00e9.docx", True),
        ("three dots", ".../x", True),
        ("a hidden file", ".gitignore", True),
        ("nothing", "", False),
        ("an absolute path", "/etc/passwd", False),
        ("a parent segment", "a/../b", False),
        ("only a parent segment", "..", False),
        ("a dot segment", "a/./b", False),
        ("an empty segment", "a//b", False),
        ("a trailing slash", "a/", False),
        ("a backslash", "a\\b", False),
        ("a drive", "C:/a", False),
        ("a NUL", "a\0b", False),
        ("a newline", "a\nb", False),
        ("a DEL", "a\x7fb", False),
        ("accents, decomposed", "re\u0301sume\u0301.docx", False),
        ("longer than 4,096 bytes", "a/" * 2048 + "b", False),
    ]:
        yield {"description": description, "source": "docs/FORMATS.md", "path": path,
               "accepted": accepted}


def sets():
    for description, names, accepted in [
        ("two files", ["a", "b"], True),
        ("one path twice", ["a", "a"], False),
        ("paths that differ in case only", ["a/Readme.md", "a/README.md"], False),
        ("a file that is also a folder", ["a", "a/b"], False),
        ("a sibling that merely starts alike", ["a", "a.b"], True),
        ("no file", [], False),
    ]:
        yield {"description": description, "source": "docs/FORMATS.md", "paths": names,
               "accepted": accepted}


def build():
    return {
        "about": "Files are in path order; indices count files, not nodes.",
        "manifests": list(cases()),
        "records": list(tampered()),
        "paths": list(paths()),
        "sets": list(sets()),
    }
