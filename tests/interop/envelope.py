# SPDX-FileCopyrightText: The lustre-dist authors
# SPDX-License-Identifier: MIT OR Apache-2.0

"""Checks a DSSE envelope with securesystemslib: envelope.py ENVELOPE STATEMENT KEYID KEY...

A key is `ed25519:HEX`, `p256:HEX` (an SEC1 point), `rsa:HEX:HEX` (modulus and exponent) or a line of
an SSH public key."""

import json
import sys

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

path, statement, *rest = sys.argv[1:]
keys = []
for keyid, text in zip(rest[::2], rest[1::2]):
    kind, _, value = text.partition(":")
    scheme = None
    if kind == "ed25519":
        public = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(value))
    elif kind == "p256":
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(value))
    elif kind == "rsa":
        modulus, exponent = (int(part, 16) for part in value.split(":"))
        public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        scheme = "rsa-pkcs1v15-sha256"
    else:
        public = load_ssh_public_key(text.encode())
    keys.append(SSlibKey.from_crypto(public, keyid=keyid, scheme=scheme))

with open(path, "rb") as file:
    envelope = Envelope.from_dict(json.load(file))
with open(statement, "rb") as file:
    assert envelope.payload == file.read(), "another statement"
assert envelope.payload_type == "application/vnd.in-toto+json", envelope.payload_type
envelope.verify(keys, len(keys))
