#!/usr/bin/env python3
"""Writes tests/vectors/*.json, or with --check says which of them would change.

Needs the packages of tests/requirements.txt. Same input, same bytes: keys come from names, Ed25519
is deterministic, and nothing here reads a clock.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from cases import keys, manifests, notes, policies, proofs, receipts, statements, tiles  # noqa: E402
from cases import transparent, trees  # noqa: E402

FILES = {
    "tree": trees, "tiles": tiles, "keys": keys, "notes": notes, "policies": policies,
    "proofs": proofs, "statements": statements, "receipts": receipts,
    "transparent": transparent, "manifests": manifests,
}


def main(arguments):
    if arguments not in ([], ["--check"]):
        print("usage: generate.py [--check]", file=sys.stderr)
        return 2
    stale = 0
    for name, module in FILES.items():
        path = HERE / f"{name}.json"
        text = json.dumps(module.build(), indent=1, ensure_ascii=True) + "\n"
        if not arguments:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            print(f"{path.name} differs from what generate.py makes", file=sys.stderr)
            stale += 1
    print(f"vectors: {len(FILES)} files, {stale} stale" if arguments else f"wrote {len(FILES)} files")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
