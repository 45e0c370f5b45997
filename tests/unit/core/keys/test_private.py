import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from cosignpy.core.keys.algorithms import SIGNING, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.errors import KeyUnusable, MalformedError
from tests.support.keys import SECP112R1, KeyVector, key_vectors

VECTORS = key_vectors().values()
by_kind = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.kind)


@pytest.mark.parametrize(
    "algorithm", [a for a in SIGNING.values() if a.key != "RSA-4096"], ids=lambda algorithm: algorithm.key
)
def test_a_generated_key_signs_with_its_registered_algorithm_and_survives_encoding(algorithm: Algorithm) -> None:
    key = PrivateKey.generate(algorithm)
    assert key.algorithm == algorithm
    assert verify_signature(key.public_key, key.sign(b"message"), b"message") == algorithm
    assert PrivateKey.parse_pkcs8(key.encode_pkcs8()) == key


@by_kind
def test_cosigns_key_file_opens_and_holds_what_was_imported(vector: KeyVector) -> None:
    key = PrivateKey.parse(vector.cosign3, vector.password)
    assert key == vector.private_key()
    assert key.public_key == vector.public_key()
    assert verify_signature(key.public_key, key.sign(b"message"), b"message") == SIGNING[vector.kind]


@pytest.mark.parametrize("kind", ["P-256", "Ed25519"])
def test_the_key_file_of_cosign_2_opens(kind: str) -> None:
    vector = key_vectors()[kind]
    assert PrivateKey.parse(vector.cosign2, vector.password) == vector.private_key()


def test_neither_repr_shows_the_key() -> None:
    key = key_vectors()["P-256"].private_key()
    assert "handle" not in repr(key)


@pytest.mark.parametrize("der", [b"", b"\x30\x00", key_vectors()["P-256"].public_key().spki])
def test_what_is_not_pkcs8_is_refused(der: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        PrivateKey.parse_pkcs8(der, what="k")
    assert caught.value.what == "k"


def test_a_key_that_is_encrypted_once_more_is_refused() -> None:
    der = (
        key_vectors()["P-256"]
        .private_key()
        .handle.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    )
    with pytest.raises(MalformedError):
        PrivateKey.parse_pkcs8(der)


@pytest.mark.parametrize(
    "handle",
    [
        ed448.Ed448PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256K1()),
        dsa.generate_private_key(1024),
        rsa.generate_private_key(65537, 1024),
    ],
    ids=["Ed448", "secp256k1", "DSA", "RSA-1024"],
)
def test_a_kind_of_key_that_cannot_sign_here_is_refused(
    handle: ed448.Ed448PrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey | rsa.RSAPrivateKey,
) -> None:
    der = handle.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyUnusable) as caught:
        PrivateKey.parse_pkcs8(der, what="k")
    assert caught.value.source == "k"


def test_a_curve_that_openssl_does_not_have_is_refused() -> None:
    with pytest.raises(KeyUnusable):
        PrivateKey.parse_pkcs8(SECP112R1)


@pytest.mark.parametrize("kind", [kind for kind, algorithm in SIGNING.items() if algorithm.hash])
def test_signature_of_a_digest_is_one_of_the_message(kind: str) -> None:
    key = PrivateKey.generate(SIGNING[kind])
    digest = hashlib.new(key.algorithm.hash, b"message").digest()
    assert verify_signature(key.public_key, key.sign_digest(digest), b"message") == key.algorithm
    with pytest.raises(MalformedError, match="bytes"):
        key.sign_digest(digest[:-1])


@pytest.mark.parametrize("kind", [kind for kind, algorithm in SIGNING.items() if not algorithm.hash])
def test_kinds_that_sign_messages_sign_no_digests(kind: str) -> None:
    with pytest.raises(KeyUnusable, match="whole messages"):
        PrivateKey.generate(SIGNING[kind]).sign_digest(hashlib.sha256(b"message").digest())
