import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import ML_DSA_65, SIGNING
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import KeyUnusable, MalformedError
from tests.support.keys import KeyVector, key_vectors

VECTORS = key_vectors().values()
by_kind = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.kind)


@by_kind
def test_cosigns_public_key_is_read_and_written_byte_for_byte(vector: KeyVector) -> None:
    key = PublicKey.parse_pem(vector.public)
    assert key.encode_pem() == vector.public
    assert key.algorithm == SIGNING[vector.kind]


@by_kind
def test_the_hint_is_what_cosign_writes_into_bundles(vector: KeyVector) -> None:
    key = vector.public_key()
    assert key.hint == vector.hint
    assert key.fingerprint == f"sha256:{base64.b64decode(vector.hint).hex()}"


def test_ml_dsa_is_read_back() -> None:
    key = PrivateKey.generate(ML_DSA_65).public_key
    assert PublicKey.parse_pem(key.encode_pem()) == key


def test_a_bare_rsa_key_becomes_the_same_key() -> None:
    key = key_vectors()["RSA-2048"].public_key()
    assert isinstance(key.handle, rsa.RSAPublicKey)
    pkcs1 = key.handle.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    assert pkcs1.startswith(b"-----BEGIN RSA PUBLIC KEY-----")
    assert PublicKey.parse_pem(pkcs1) == key


def flip_last_bit(spki: bytes) -> bytes:
    return spki[:-1] + bytes([spki[-1] ^ 1])


def cut_last_byte(spki: bytes) -> bytes:
    return spki[:-1]


def append_byte(spki: bytes) -> bytes:
    return spki + b"\x00"


def compress_point(spki: bytes) -> bytes:
    return spki[:26] + b"\x02" + spki[27:59]


@pytest.mark.parametrize("mutate", [flip_last_bit, cut_last_byte, append_byte, compress_point, lambda _: b""])
def test_a_p256_key_changed_in_one_way_is_refused(mutate: Callable[[bytes], bytes]) -> None:
    spki = key_vectors()["P-256"].public_key().spki
    with pytest.raises(MalformedError) as caught:
        PublicKey.parse_der(mutate(spki), what="k")
    assert caught.value.what == "k"


@pytest.mark.parametrize("mutate", [cut_last_byte, append_byte])
def test_an_rsa_key_that_is_not_exact_der_is_refused(mutate: Callable[[bytes], bytes]) -> None:
    spki = key_vectors()["RSA-2048"].public_key().spki
    with pytest.raises(MalformedError):
        PublicKey.parse_der(mutate(spki))


def test_rsa_without_its_null_parameters_is_not_canonical() -> None:
    spki = key_vectors()["RSA-2048"].public_key().spki
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    bare = bytes.fromhex("300b06092a864886f70d010101")
    rest = spki[4 + len(algorithm) :]
    inner = bare + rest
    with pytest.raises(MalformedError):
        PublicKey.parse_der(b"\x30\x82" + len(inner).to_bytes(2, "big") + inner)


def test_a_key_of_another_kind_that_mentions_rsa_is_refused() -> None:
    """The bytes of the RSA identifier do not make an RSA key."""
    x25519 = bytes.fromhex("302a300506032b656e032100") + bytes.fromhex("06092a864886f70d010101").ljust(32, b"\x07")
    with pytest.raises(MalformedError):
        PublicKey.parse_der(x25519)


@pytest.mark.parametrize("bits", [1024, 2560])
def test_rsa_of_a_size_that_is_not_registered_is_refused(bits: int) -> None:
    handle = rsa.generate_private_key(65537, bits).public_key()
    with pytest.raises(KeyUnusable) as caught:
        PublicKey.from_handle(handle, what="k")
    assert caught.value.source == "k"
    assert str(bits) in caught.value.why


@pytest.mark.parametrize(
    "handle", [ed448.Ed448PrivateKey.generate().public_key(), ec.generate_private_key(ec.SECP256K1()).public_key()]
)
def test_another_kind_of_key_is_refused(handle: ed448.Ed448PublicKey | ec.EllipticCurvePublicKey) -> None:
    with pytest.raises(MalformedError):
        PublicKey.parse_pem(handle.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("PRIVATE KEY", "cosignpy public-key"),
        ("ENCRYPTED SIGSTORE PRIVATE KEY", "cosignpy public-key"),
        ("CERTIFICATE", "openssl x509"),
    ],
)
def test_another_kind_of_file_gets_a_hint(label: str, expected: str) -> None:
    with pytest.raises(KeyUnusable) as caught:
        PublicKey.parse_pem(PemBlock(label, b"x").encode())
    assert expected in (caught.value.hint or "")


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(MalformedError):
        PublicKey.parse_pem(PemBlock("X509 CRL", b"x").encode())


def test_a_bare_rsa_file_with_another_key_inside_is_refused() -> None:
    spki = key_vectors()["Ed25519"].public_key().spki
    with pytest.raises(MalformedError):
        PublicKey.parse_pem(PemBlock("RSA PUBLIC KEY", spki).encode())
