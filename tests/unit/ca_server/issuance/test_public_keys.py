"""Keys as clients send them: read or not, sound or not, allowed or not."""

from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca_server.config import CERTIFIED
from ca_server.issuance.errors import AlgorithmNotAllowed, KeyInsecure, KeyUnparsable
from ca_server.issuance.public_keys import AllowedKeys, parse_public_key
from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import ML_DSA_65
from cosignpy.core.keys.pem_file import MAX_KEY_FILE
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import UsageError
from tests.support import weak_keys
from tests.support.keys import KeyVector, key_vectors

P256: Final = key_vectors()["P-256"].public_key()
ALLOWED: Final = AllowedKeys.select(CERTIFIED)
CERTIFIED_VECTORS: Final = {kind: vector for kind, vector in key_vectors().items() if kind in ALLOWED.kinds}


def spki(handle: ec.EllipticCurvePublicKey | dsa.DSAPublicKey | ed448.Ed448PublicKey | x25519.X25519PublicKey) -> bytes:
    return handle.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def compressed() -> bytes:
    """Write the point of a P-256 key in the form that would be a second name of it."""
    handle = P256.handle
    assert isinstance(handle, ec.EllipticCurvePublicKey)
    point = handle.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point


def pem(body: bytes, label: str = "PUBLIC KEY") -> bytes:
    return PemBlock(label, body).encode()


@pytest.mark.parametrize("vector", CERTIFIED_VECTORS.values(), ids=CERTIFIED_VECTORS)
def test_every_kind_is_read_and_certified(vector: KeyVector) -> None:
    key = vector.public_key()
    for raw in (vector.public, key.spki, b"my key:\n" + vector.public + b"\n"):
        assert ALLOWED.accept(parse_public_key(raw)) == key


def test_pkcs1_is_read_as_the_real_server_reads_it() -> None:
    key = key_vectors()["RSA-2048"].public_key()
    raw = key.handle.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    assert parse_public_key(raw) == key


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"garbage",
        b"\x30\x00",
        P256.spki + b"\x00",
        P256.spki[:-1],
        P256.spki[:-1] + bytes((P256.spki[-1] ^ 1,)),
        compressed(),
        pem(P256.spki)[:-30],
        pem(P256.spki) + pem(P256.spki),
        pem(P256.spki + b"\x00"),
        pem(P256.spki, "CERTIFICATE"),
        pem(P256.spki, "PRIVATE KEY"),
        pem(P256.spki, "RSA PUBLIC KEY"),
        pem(b""),
        pem(bytes(MAX_KEY_FILE)),
        bytes(MAX_KEY_FILE + 1),
        weak_keys.spki(weak_keys.SOUND) + b"\x00",
        spki(ec.generate_private_key(ec.SECP256K1()).public_key()),
        spki(ed448.Ed448PrivateKey.generate().public_key()),
    ],
    ids=[
        "empty",
        "blank",
        "garbage",
        "empty-sequence",
        "trailing-byte",
        "cut",
        "point-not-on-curve",
        "compressed-point",
        "pem-cut",
        "two-keys",
        "trailing-byte-in-pem",
        "certificate",
        "private",
        "not-rsa",
        "empty-pem",
        "huge-pem",
        "huge-der",
        "rsa-trailing-byte",
        "secp256k1",
        "ed448",
    ],
)
def test_what_cannot_be_read_is_called_that(raw: bytes) -> None:
    with pytest.raises(KeyUnparsable):
        parse_public_key(raw)


@pytest.mark.parametrize(
    "raw",
    [
        weak_keys.spki(weak_keys.number("short", 1024)),
        weak_keys.spki(weak_keys.number("odd", 2049)),
        weak_keys.spki(weak_keys.number("between", 2560)),
        weak_keys.spki(weak_keys.number("long", 8192)),
        spki(ec.generate_private_key(ec.SECP224R1()).public_key()),
        spki(dsa.generate_private_key(1024).public_key()),
        spki(x25519.X25519PrivateKey.generate().public_key()),
    ],
    ids=["rsa-1024", "rsa-2049", "rsa-2560", "rsa-8192", "p-224", "dsa", "x25519"],
)
def test_kinds_and_sizes_that_are_never_certified_are_insecure(raw: bytes) -> None:
    for form in (raw, pem(raw)):
        with pytest.raises(KeyInsecure):
            parse_public_key(form)


@pytest.mark.parametrize(
    "modulus",
    [weak_keys.with_factor(3), weak_keys.with_close_factors(2), weak_keys.by_infineon()],
    ids=["small-factor", "close-factors", "roca"],
)
def test_weak_moduli_are_insecure(modulus: int) -> None:
    with pytest.raises(KeyInsecure):
        ALLOWED.accept(parse_public_key(weak_keys.spki(modulus)))


def test_a_small_exponent_is_insecure() -> None:
    with pytest.raises(KeyInsecure):
        ALLOWED.accept(parse_public_key(weak_keys.spki(weak_keys.SOUND, 3)))


def test_a_sound_key_of_a_kind_that_is_not_allowed_is_called_that() -> None:
    only = AllowedKeys.select(["ed25519", "ecdsa-sha2-384-nistp384"])
    assert only.kinds == {"Ed25519", "P-384"}
    with pytest.raises(AlgorithmNotAllowed):
        only.accept(P256)


def test_an_experimental_kind_is_certified_only_where_it_is_named() -> None:
    key = PrivateKey.generate(ML_DSA_65).public_key
    assert AllowedKeys.select(["ml-dsa-65"]).accept(parse_public_key(key.spki)) == key
    with pytest.raises(AlgorithmNotAllowed):
        ALLOWED.accept(key)


def test_an_unknown_algorithm_is_a_wrong_setting() -> None:
    with pytest.raises(UsageError):
        AllowedKeys.select(["dsa"])
