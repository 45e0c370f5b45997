"""What holds for all keys, files and passwords."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosignpy.core.encoding import PemBlock, parse_pem
from cosignpy.core.keys.encrypted_pem import LABEL, EncryptedKey, parse_encrypted_pem, seal_pkcs8
from cosignpy.core.keys.foreign_pem import parse_foreign_pem
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_signature
from cosignpy.errors import CosignError, KeyUnusable, MalformedError, SignatureMismatch, WrongPassword
from tests.support.keys import FOLDER, key_vectors

DEMO = parse_pem((FOLDER / "demo-password.key").read_bytes(), what="vector")
KINDS = sorted(key_vectors())


@cache
def derived(salt: bytes, cost: int) -> bytes:
    return EncryptedKey(salt, b"", b"", cost).derive(b"demo-password")


def open_with_demo_password(raw: bytes) -> bytes:
    key = parse_encrypted_pem(raw)
    return key.open(derived(key.salt, key.cost))


@given(
    salt=st.binary(min_size=32, max_size=32),
    nonce=st.binary(min_size=24, max_size=24),
    ciphertext=st.binary(max_size=200),
    cost=st.sampled_from([32768, 65536, 131072]),
)
def test_parsing_undoes_encoding(salt: bytes, nonce: bytes, ciphertext: bytes, cost: int) -> None:
    key = EncryptedKey(salt, nonce, ciphertext, cost)
    assert parse_encrypted_pem(key.encode()) == key
    assert parse_encrypted_pem(key.encode()).encode() == key.encode()


@settings(max_examples=4, deadline=None)
@given(pkcs8=st.binary(max_size=300), password=st.binary(max_size=40), other=st.binary(max_size=40))
def test_only_its_password_opens_a_key(pkcs8: bytes, password: bytes, other: bytes) -> None:
    sealed = seal_pkcs8(pkcs8, password, salt=bytes(32), nonce=bytes(24))
    assert sealed.open(sealed.derive(password)) == pkcs8
    # HMAC, on which scrypt is built, pads its key with zeros (RFC 2104 section 2): these are one password.
    if other.rstrip(b"\x00") != password.rstrip(b"\x00"):
        with pytest.raises(WrongPassword):
            sealed.open(sealed.derive(other))


@settings(deadline=None)
@given(position=st.integers(0, len(DEMO.body) - 1), flip=st.integers(1, 255))
def test_a_changed_byte_in_the_document_is_noticed(position: int, flip: int) -> None:
    body = bytearray(DEMO.body)
    body[position] ^= flip
    with pytest.raises((MalformedError, WrongPassword)):
        open_with_demo_password(PemBlock(LABEL, bytes(body)).encode())


@given(position=st.integers(0, len(LABEL) - 1), flip=st.integers(1, 255))
def test_a_changed_byte_in_the_label_is_noticed(position: int, flip: int) -> None:
    raw = bytearray(DEMO.encode())
    raw[len("-----BEGIN ") + position] ^= flip
    with pytest.raises((MalformedError, KeyUnusable)):
        parse_encrypted_pem(bytes(raw))


@given(kind=st.sampled_from(KINDS), data=st.data())
def test_a_changed_byte_in_a_public_key_never_leaves_the_same_key(kind: str, data: st.DataObject) -> None:
    key = key_vectors()[kind].public_key()
    spki = bytearray(key.spki)
    spki[data.draw(st.integers(0, len(spki) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        parsed = PublicKey.parse_der(bytes(spki))
    except (MalformedError, KeyUnusable):
        return
    assert parsed.spki == bytes(spki) != key.spki


@settings(deadline=None)
@given(
    kind=st.sampled_from([kind for kind in KINDS if kind != "RSA-4096"]),
    message=st.binary(),
    position=st.integers(0, 10_000),
    flip=st.integers(1, 255),
)
def test_a_signature_verifies_and_with_one_changed_byte_does_not(
    kind: str, message: bytes, position: int, flip: int
) -> None:
    key = key_vectors()[kind].private_key()
    signature = bytearray(key.sign(message))
    assert verify_signature(key.public_key, bytes(signature), message) == key.algorithm
    signature[position % len(signature)] ^= flip  # ECDSA signatures vary in length
    with pytest.raises(SignatureMismatch):
        verify_signature(key.public_key, bytes(signature), message)


@given(raw=st.binary(max_size=400))
def test_no_bytes_make_a_parser_fail_in_another_way(raw: bytes) -> None:
    for label in ("PUBLIC KEY", "RSA PUBLIC KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", LABEL):
        pem = PemBlock(label, raw).encode()
        for parse in (
            PublicKey.parse_pem,
            parse_encrypted_pem,
            lambda text: parse_foreign_pem(text, lambda: b"password"),
        ):
            with pytest.raises(CosignError):
                parse(pem)
    with pytest.raises(MalformedError):
        PrivateKey.parse_pkcs8(raw)
