from typing import NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import ML_DSA_65
from cosignpy.core.keys.foreign_pem import parse_foreign_pem
from cosignpy.core.keys.pem_file import MAX_KEY_FILE
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import KeyUnusable, LimitExceeded, MalformedError, WrongPassword
from tests.support.keys import SECP112R1, KeyVector, key_vectors

PLAIN = NoEncryption()
LOCKED = BestAvailableEncryption(b"their password")
TRADITIONAL = PrivateFormat.TraditionalOpenSSL


def ask_nobody() -> NoReturn:
    message = "this file has no password to ask for"
    raise AssertionError(message)


def written(kind: str, form: PrivateFormat, lock: KeySerializationEncryption) -> bytes:
    return key_vectors()[kind].private_key().handle.private_bytes(Encoding.PEM, form, lock)


@pytest.mark.parametrize("vector", key_vectors().values(), ids=lambda vector: vector.kind)
def test_pkcs8_as_openssl_writes_it_is_imported(vector: KeyVector) -> None:
    assert parse_foreign_pem(vector.plain, ask_nobody) == vector.private_key()


def test_pkcs8_of_ml_dsa_is_imported() -> None:
    key = PrivateKey.generate(ML_DSA_65)
    assert parse_foreign_pem(PemBlock("PRIVATE KEY", key.encode_pkcs8()).encode(), ask_nobody) == key


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256", "P-384", "P-521"])
def test_the_traditional_forms_are_imported(kind: str) -> None:
    """PKCS#1 for RSA, SEC1 for elliptic curves."""
    raw = written(kind, TRADITIONAL, PLAIN)
    assert parse_foreign_pem(raw, ask_nobody) == key_vectors()[kind].private_key()


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("RSA-2048", PrivateFormat.PKCS8),
        ("P-256", PrivateFormat.PKCS8),
        ("Ed25519", PrivateFormat.PKCS8),
        ("RSA-2048", TRADITIONAL),
        ("P-256", TRADITIONAL),
    ],
)
def test_an_encrypted_file_opens_with_its_password_only(kind: str, form: PrivateFormat) -> None:
    raw = written(kind, form, LOCKED)
    assert parse_foreign_pem(raw, lambda: b"their password") == key_vectors()[kind].private_key()
    for wrong in (b"another", b""):
        with pytest.raises(WrongPassword) as caught:
            parse_foreign_pem(raw, lambda given=wrong: given, what="k")  # type: ignore[misc]
        assert caught.value.source == "k"


def test_curve_parameters_before_the_key_are_ignored() -> None:
    parameters = PemBlock("EC PARAMETERS", bytes.fromhex("06082a8648ce3d030107")).encode()
    raw = parameters + written("P-256", TRADITIONAL, PLAIN)
    assert parse_foreign_pem(raw, ask_nobody) == key_vectors()["P-256"].private_key()


def test_text_around_the_key_is_ignored() -> None:
    vector = key_vectors()["P-256"]
    assert parse_foreign_pem(b"mine\n" + vector.plain + b"\nend", ask_nobody) == vector.private_key()


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        (written("Ed25519", PrivateFormat.OpenSSH, PLAIN), "ssh-keygen -p -m PKCS8"),
        (key_vectors()["P-256"].public, "needs no import"),
        (PemBlock("RSA PUBLIC KEY", b"x").encode(), "needs no import"),
        (PemBlock("CERTIFICATE", b"x").encode(), "private key that belongs"),
        (key_vectors()["P-256"].cosign3, "--key when signing"),
    ],
    ids=["OpenSSH", "public key", "RSA public key", "certificate", "cosign's own"],
)
def test_what_cannot_be_imported_gets_a_hint(raw: bytes, hint: str) -> None:
    with pytest.raises(KeyUnusable) as caught:
        parse_foreign_pem(raw, ask_nobody, what="k")
    assert caught.value.source == "k"
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "handle", [ed448.Ed448PrivateKey.generate(), ec.generate_private_key(ec.SECP256K1())], ids=["Ed448", "secp256k1"]
)
def test_a_kind_of_key_that_cannot_sign_here_is_refused(
    handle: ed448.Ed448PrivateKey | ec.EllipticCurvePrivateKey,
) -> None:
    with pytest.raises(KeyUnusable):
        parse_foreign_pem(handle.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN), ask_nobody)


def test_a_curve_that_openssl_does_not_have_is_refused() -> None:
    with pytest.raises(KeyUnusable):
        parse_foreign_pem(PemBlock("PRIVATE KEY", SECP112R1).encode(), ask_nobody)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x30\x82",
        b"nothing here",
        key_vectors()["P-256"].plain[:-30],
        key_vectors()["P-256"].plain * 2,
        PemBlock("EC PARAMETERS", b"x").encode(),
        PemBlock("X509 CRL", b"x").encode(),
        PemBlock("PRIVATE KEY", b"x").encode(),
        PemBlock("RSA PRIVATE KEY", key_vectors()["P-256"].public_key().spki).encode(),
        b"",
    ],
)
def test_what_is_not_one_whole_private_key_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_foreign_pem(raw, ask_nobody, what="k")
    assert caught.value.what == "k"


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        parse_foreign_pem(key_vectors()["P-256"].plain.ljust(MAX_KEY_FILE + 1), ask_nobody)
