"""Who a Rekor log is, and the entry with which it begins."""

import base64
import hashlib
import json
from typing import Final

import pytest

from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.algorithms import ECDSA_P256, ECDSA_P384, ED25519, ML_DSA_65, RSA_2048, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.core.note.checkpoint import Checkpoint, verify_checkpoint
from cosignpy.core.note.signed_note import Note, encode_note
from cosignpy.core.note.verifier import log_verifier, rekor_v1_verifier
from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.values import value
from log_server.log import LogKind
from log_server.rekor import v2_request
from log_server.rekor.identity import build_genesis, build_v1_identity, build_v2_identity, sign_as_v1, sign_as_v2
from log_server.rekor.kinds_table import accept_proposed

TREE: Final = 1193050959916656506
ALGORITHMS: Final = (ECDSA_P256, ECDSA_P384, ED25519, RSA_2048)


@value
class Hardware:
    """A signer that keeps its private key to itself."""

    inside: PrivateKey

    @property
    def public_key(self) -> PublicKey:
        return self.inside.public_key

    def sign(self, message: bytes) -> bytes:
        return self.inside.sign(message)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.name)
def test_version_1_signs_under_its_host_name(algorithm: Algorithm) -> None:
    signer = PrivateKey.generate(algorithm)
    identity = build_v1_identity("rekor.example", TREE, signer.public_key, 7)
    assert (identity.origin, identity.first) == (f"rekor.example - {TREE}", 7)
    assert identity.log_id == hashlib.sha256(signer.public_key.spki).digest()
    checkpoint = Checkpoint(identity.origin, 5, bytes(32))
    signature = sign_as_v1(identity, signer)(checkpoint, 0)
    assert (signature.name, signature.hint) == ("rekor.example", identity.log_id[:4])
    raw = encode_note(Note(checkpoint.encode(), (signature,)))
    verifier = rekor_v1_verifier("rekor.example", signer.public_key)
    assert verify_checkpoint(raw, verifier, origin=identity.origin) == checkpoint


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.name)
def test_version_2_signs_under_its_origin(algorithm: Algorithm) -> None:
    signer = PrivateKey.generate(algorithm)
    identity = build_v2_identity("log.example", signer.public_key)
    checkpoint = Checkpoint(identity.origin, 5, bytes(32))
    signature = sign_as_v2(identity, signer)(checkpoint, 0)
    assert (signature.name, signature.hint) == ("log.example", identity.log_id[:4])
    raw = encode_note(Note(checkpoint.encode(), (signature,)))
    assert verify_checkpoint(raw, log_verifier("log.example", signer.public_key)) == checkpoint


@pytest.mark.parametrize("host", ["", "a host", "a+host", "log - 7"])
def test_a_host_name_that_cannot_sign_is_refused(host: str) -> None:
    key = PrivateKey.generate(ED25519).public_key
    with pytest.raises(MalformedError) as caught:
        build_v1_identity(host, TREE, key)
    assert caught.value.what == "key name"
    with pytest.raises(MalformedError) as caught:
        build_v2_identity(host, key)
    assert caught.value.what == "key name"


def test_version_1_does_not_sign_for_an_origin_of_version_2() -> None:
    signer = PrivateKey.generate(ED25519)
    with pytest.raises(MalformedError) as caught:
        sign_as_v1(build_v2_identity("log.example", signer.public_key), signer)
    assert caught.value.what == "origin"


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.name)
def test_the_genesis_of_version_1_is_what_the_log_would_make_of_it_were_it_proposed(algorithm: Algorithm) -> None:
    genesis = build_genesis(LogKind.REKOR_V1, PrivateKey.generate(algorithm))
    accepted = accept_proposed(JsonObject.parse(genesis.body, what="genesis"))
    assert accepted.body == genesis.body
    assert set(accepted.search_keys) == set(genesis.search_keys)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.name)
def test_the_genesis_of_version_2_is_what_the_log_would_make_of_it_were_it_proposed(algorithm: Algorithm) -> None:
    genesis = build_genesis(LogKind.REKOR_V2, PrivateKey.generate(algorithm))
    spec = json.loads(genesis.body)["spec"]["hashedRekordV002"]
    proposed = {"digest": spec["data"]["digest"], "signature": spec["signature"]}
    accepted = v2_request.accept(json.dumps({"hashedRekordRequestV002": proposed}).encode())
    assert accepted.body == genesis.body
    assert set(accepted.search_keys) == set(genesis.search_keys)


def test_the_genesis_is_signed_by_the_log_over_its_own_key() -> None:
    signer = PrivateKey.generate(ECDSA_P256)
    spec = json.loads(build_genesis(LogKind.REKOR_V1, signer).body)["spec"]
    assert base64.b64decode(spec["signature"]["publicKey"]["content"]) == signer.public_key.encode_pem()
    signature = base64.b64decode(spec["signature"]["content"])
    verify_signature(signer.public_key, signature, signer.public_key.encode_pem())


@pytest.mark.parametrize("signer", [Hardware(PrivateKey.generate(ED25519)), PrivateKey.generate(ML_DSA_65)])
def test_a_key_that_cannot_sign_digests_begins_no_log(signer: Hardware | PrivateKey) -> None:
    with pytest.raises(KeyUnusable) as caught:
        build_genesis(LogKind.REKOR_V2, signer)
    assert caught.value.source == signer.public_key.fingerprint


def test_hardware_that_signs_digests_begins_a_log() -> None:
    signer = Hardware(PrivateKey.generate(ECDSA_P256))
    assert b"hashedRekordV002" in build_genesis(LogKind.REKOR_V2, signer).body
