#!/usr/bin/env python3
"""Reads the vectors with libraries that know nothing of this project: cbor2 and pycose.

A second opinion on the encodings and signatures that the model in `model/` makes. pycose knows
alg -8 only, so statements with alg -19 are left to the signature check of `cryptography`.
"""

import json
import pathlib
import sys

import cbor2
from pycose.keys import OKPKey
from pycose.messages import CoseMessage

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from model import ed25519  # noqa: E402


def load(name):
    return json.loads((HERE / f"{name}.json").read_text())


def verified_by_pycose(message, public, **extra):
    decoded = CoseMessage.decode(bytes.fromhex(message))
    decoded.key = OKPKey(crv="ED25519", x=bytes.fromhex(public))
    return decoded.verify_signature(**extra)


def main():
    checked = 0
    for case in load("statements")["valid"]:
        tag = cbor2.loads(bytes.fromhex(case["entry"]))
        protected, unprotected, payload, _ = tag.value
        assert tag.tag == 18 and unprotected == {} and payload.hex() == case["payload"]
        assert cbor2.dumps(cbor2.loads(protected), canonical=True) == protected
        assert cbor2.dumps(["Signature1", protected, b"", payload]).hex() == case["to_be_signed"]
        if case["alg"] == -8:
            assert verified_by_pycose(case["entry"], case["public"]), case["description"]
        else:
            assert ed25519.verify(*(bytes.fromhex(case[k]) for k in
                                    ("public", "to_be_signed", "signature")))
        checked += 1
    receipts = load("receipts")
    for case in receipts["inclusion"] + receipts["inclusion_without_size"]:
        assert verified_by_pycose(case["receipt"], case["public"],
                                  detached_payload=bytes.fromhex(case["root"])), case["description"]
        checked += 1
    for case in receipts["consistency"]:
        assert verified_by_pycose(case["receipt"], case["public"],
                                  detached_payload=bytes.fromhex(case["new_root"]))
        checked += 1
    for case in load("transparent")["valid"]:
        assert verified_by_pycose(case["bytes"], case["public"]), case["description"]
        checked += 1
    for case in load("keys")["valid"]:
        key = cbor2.loads(bytes.fromhex(case["cose_key"]))
        assert key == {1: 1, -1: 6, -2: bytes.fromhex(case["public"])}
        checked += 1
    print(f"crosscheck: {checked} vectors agree with cbor2 and pycose")


if __name__ == "__main__":
    main()
