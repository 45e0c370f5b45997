import hashlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from cosignpy.core.keys.algorithms import ALGORITHMS, ECDSA_P256, ECDSA_P384_SHA256, ED25519, SIGNING, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_digest_signature, verify_signature, verify_signature_by
from cosignpy.errors import MalformedError, SignatureMismatch
from tests.support.keys import KeyVector, MadeSignature, key_vectors

VECTORS = key_vectors().values()
MADE = [
    pytest.param(vector, made, id=f"{vector.kind}-{made.made_by}") for vector in VECTORS for made in vector.signatures
]
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.parametrize(("vector", "made"), MADE)
def test_what_others_signed_verifies_and_names_its_algorithm(vector: KeyVector, made: MadeSignature) -> None:
    assert verify_signature(vector.public_key(), made.raw, made.message).name == made.algorithm


@pytest.mark.parametrize(("vector", "made"), MADE)
def test_a_signature_is_by_the_algorithm_it_was_made_with_and_no_other(vector: KeyVector, made: MadeSignature) -> None:
    others = [algorithm for algorithm in ALGORITHMS.values() if algorithm.name != made.algorithm]
    key = vector.public_key()
    assert verify_signature_by(key, ALGORITHMS.values(), made.raw, made.message).name == made.algorithm
    with pytest.raises(SignatureMismatch):
        verify_signature_by(key, others, made.raw, made.message)


@pytest.mark.parametrize(("vector", "made"), MADE)
def test_the_same_signature_over_another_message_is_refused(vector: KeyVector, made: MadeSignature) -> None:
    with pytest.raises(SignatureMismatch):
        verify_signature(vector.public_key(), made.raw, made.message + b".")


@pytest.mark.parametrize(("vector", "made"), MADE)
def test_the_same_signature_by_another_key_is_refused(vector: KeyVector, made: MadeSignature) -> None:
    if vector.kind.startswith("RSA"):
        other = key_vectors()["RSA-2048" if vector.kind != "RSA-2048" else "RSA-3072"].public_key()
    else:
        other = PrivateKey.generate(SIGNING[vector.kind]).public_key
    with pytest.raises(SignatureMismatch):
        verify_signature(other, made.raw, made.message)


def flip_first_bit(raw: bytes) -> bytes:
    return bytes([raw[0] ^ 0x80]) + raw[1:]


def flip_last_bit(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


def cut(raw: bytes) -> bytes:
    return raw[:-1]


def extend(raw: bytes) -> bytes:
    return raw + b"\x00"


def empty(_: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("mutate", [flip_first_bit, flip_last_bit, cut, extend, empty])
@pytest.mark.parametrize(("vector", "made"), MADE)
def test_a_signature_changed_in_one_way_is_refused(
    vector: KeyVector, made: MadeSignature, mutate: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(SignatureMismatch):
        verify_signature(vector.public_key(), mutate(made.raw), made.message)


def zero_r(r: int, s: int) -> bytes:
    return encode_dss_signature(0 * r, s)


def zero_s(r: int, s: int) -> bytes:
    return encode_dss_signature(r, 0 * s)


def order_added_to_s(r: int, s: int) -> bytes:
    return encode_dss_signature(r, s + P256_ORDER)


def raw_concatenation(r: int, s: int) -> bytes:
    """The IEEE P1363 form that JOSE uses."""
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def superfluous_zero(r: int, s: int) -> bytes:
    """BER lets an integer begin with zeros; DER does not."""
    proper = encode_dss_signature(r, s)
    length = proper[3]
    padded = proper[2:3] + bytes([length + 1]) + b"\x00" + proper[4:]
    return b"\x30" + bytes([len(padded)]) + padded


@pytest.mark.parametrize("encode", [zero_r, zero_s, order_added_to_s, raw_concatenation, superfluous_zero])
def test_an_ecdsa_signature_in_another_encoding_or_range_is_refused(encode: Callable[[int, int], bytes]) -> None:
    vector = key_vectors()["P-256"]
    made = vector.signatures[0]
    r, s = decode_dss_signature(made.raw)
    with pytest.raises(SignatureMismatch):
        verify_signature(vector.public_key(), encode(r, s), made.message)


MADE_OVER_DIGESTS = [case for case in MADE if ALGORITHMS[case.values[1].algorithm].hash]


def digest_of(made: MadeSignature, message: bytes | None = None) -> bytes:
    return hashlib.new(ALGORITHMS[made.algorithm].hash, made.message if message is None else message).digest()


@pytest.mark.parametrize(("vector", "made"), MADE_OVER_DIGESTS)
def test_what_others_signed_verifies_with_the_digest_alone(vector: KeyVector, made: MadeSignature) -> None:
    verify_digest_signature(vector.public_key(), ALGORITHMS[made.algorithm], made.raw, digest_of(made))


@pytest.mark.parametrize(("vector", "made"), MADE_OVER_DIGESTS)
def test_another_digest_is_refused(vector: KeyVector, made: MadeSignature) -> None:
    with pytest.raises(SignatureMismatch):
        verify_digest_signature(
            vector.public_key(), ALGORITHMS[made.algorithm], made.raw, digest_of(made, made.message + b".")
        )


@pytest.mark.parametrize("mutate", [flip_first_bit, flip_last_bit, cut, extend, empty])
@pytest.mark.parametrize(("vector", "made"), MADE_OVER_DIGESTS)
def test_a_signature_over_a_digest_changed_in_one_way_is_refused(
    vector: KeyVector, made: MadeSignature, mutate: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(SignatureMismatch):
        verify_digest_signature(vector.public_key(), ALGORITHMS[made.algorithm], mutate(made.raw), digest_of(made))


@pytest.mark.parametrize(("vector", "made"), MADE_OVER_DIGESTS)
def test_a_digest_of_another_length_is_malformed(vector: KeyVector, made: MadeSignature) -> None:
    with pytest.raises(MalformedError) as caught:
        verify_digest_signature(vector.public_key(), ALGORITHMS[made.algorithm], made.raw, digest_of(made)[:-1])
    assert caught.value.what == "digest"


@pytest.mark.parametrize(
    ("kind", "algorithm"), [("Ed25519", ED25519), ("P-384", ECDSA_P256), ("P-256", ECDSA_P384_SHA256)]
)
def test_an_algorithm_that_the_key_does_not_sign_digests_by_is_refused(kind: str, algorithm: Algorithm) -> None:
    with pytest.raises(SignatureMismatch):
        verify_digest_signature(key_vectors()[kind].public_key(), algorithm, b"", bytes(32))


ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
SMALL_ORDER = bytes([1]) + bytes(31)


def ed25519ph() -> tuple[KeyVector, MadeSignature]:
    return next(case.values for case in MADE if case.values[1].algorithm == "PKIX_ED25519_PH")


def test_an_ed25519ph_signature_with_the_order_added_to_its_scalar_is_refused() -> None:
    vector, made = ed25519ph()
    scalar = int.from_bytes(made.raw[32:], "little") + ED25519_ORDER
    with pytest.raises(SignatureMismatch):
        verify_digest_signature(
            vector.public_key(),
            ALGORITHMS[made.algorithm],
            made.raw[:32] + scalar.to_bytes(32, "little"),
            digest_of(made),
        )


def test_an_ed25519_key_of_small_order_signs_nothing() -> None:
    """With the neutral element as key, R = S*B would verify for every message."""
    _, made = ed25519ph()
    key = PublicKey.parse_der(ED25519.spki_prefix + SMALL_ORDER)
    with pytest.raises(SignatureMismatch):
        verify_digest_signature(key, ALGORITHMS[made.algorithm], made.raw, digest_of(made))
