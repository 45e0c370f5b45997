"""Signatures of logs: SHA-256 with ECDSA or RSA, and what they say they are."""

from typing import Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256, ECDSA_P384, ED25519, RSA_2048, Algorithm, Scheme
from cosignpy.core.keys.digitally_signed import DigitallySigned, refuse_unusable_log_key, sign_for_log
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import KeyUnusable, MalformedError, SignatureMismatch

P256: Final = PrivateKey.generate(ECDSA_P256)
P384: Final = PrivateKey.generate(ECDSA_P384)
RSA: Final = PrivateKey.generate(RSA_2048)


@pytest.mark.parametrize(("key", "head"), [(P256, "0403"), (RSA, "0401")], ids=["ecdsa", "rsa"])
def test_a_signature_says_what_made_it(key: PrivateKey, head: str) -> None:
    signed = sign_for_log(key, b"message")
    signed.verify(key.public_key, b"message")
    raw = signed.encode()
    assert raw[:2].hex() == head
    assert int.from_bytes(raw[2:4], "big") == len(raw) - 4
    assert DigitallySigned.parse(raw) == signed


@pytest.mark.parametrize(
    "raw", ["", "04", "0403", "040300", "04030001", "0403000078", "05030000", "04020000", "04000000"]
)
def test_another_form_is_refused(raw: str) -> None:
    assert DigitallySigned.parse(bytes.fromhex("04030000")) == DigitallySigned(Scheme.ECDSA, b"")
    with pytest.raises(MalformedError) as caught:
        DigitallySigned.parse(bytes.fromhex(raw), what="test")
    assert caught.value.what == "test"


def test_another_message_or_key_does_not_verify() -> None:
    signed = sign_for_log(P256, b"message")
    other = PrivateKey.generate(ECDSA_P256).public_key
    for key, message in ((P256.public_key, b"massage"), (other, b"message"), (RSA.public_key, b"message")):
        with pytest.raises(SignatureMismatch):
            signed.verify(key, message)


def test_a_signature_by_something_else_than_it_says_does_not_verify() -> None:
    signature = P256.sign(b"message")
    DigitallySigned(Scheme.ECDSA, signature).verify(P256.public_key, b"message")
    with pytest.raises(SignatureMismatch):
        DigitallySigned(Scheme.RSA_PKCS1V15, signature).verify(P256.public_key, b"message")
    with pytest.raises(SignatureMismatch):
        DigitallySigned(Scheme.ECDSA, P384.sign(b"message")).verify(P384.public_key, b"message")


@pytest.mark.parametrize("algorithm", [ECDSA_P384, ED25519], ids=lambda algorithm: algorithm.key)
def test_other_keys_cannot_sign_for_a_log(algorithm: Algorithm) -> None:
    refuse_unusable_log_key(P256.public_key)
    key = PrivateKey.generate(algorithm)
    with pytest.raises(KeyUnusable):
        refuse_unusable_log_key(key.public_key)
    with pytest.raises(KeyUnusable):
        sign_for_log(key, b"message")
