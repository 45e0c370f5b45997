"""Proofs that a client has the private key, and what is none."""

from collections.abc import Callable
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca_server.config import CERTIFIED
from ca_server.issuance.errors import (
    AlgorithmNotAllowed,
    IssuanceRefused,
    KeyInsecure,
    KeyUnparsable,
    ProofRefused,
    RequestUnparsable,
)
from ca_server.issuance.proof_of_possession import MAX_PROOF, prove_possession
from ca_server.issuance.public_keys import AllowedKeys
from ca_server.issuance.request import SigningRequest
from cosignpy.core.encoding import PemBlock, parse_pem
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.der import encode_bit_string, encode_element, encode_integer, encode_sequence
from cosignpy.values import replace
from tests.support import weak_keys
from tests.support.issuance import ALICE_WITH_MAIL, BOB, ask, build_csr, client_key
from tests.support.keys import key_vectors

ALLOWED: Final = AllowedKeys.select(CERTIFIED)
KINDS: Final = sorted(ALLOWED.kinds)
CHALLENGE: Final = ALICE_WITH_MAIL.challenge


def key_of(kind: str) -> PrivateKey:
    return key_vectors()[kind].private_key()


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_over_the_name_is_a_proof(kind: str) -> None:
    key = key_of(kind)
    assert prove_possession(ask(signer=key), CHALLENGE, ALLOWED) == key.public_key


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_signing_request_is_a_proof(kind: str) -> None:
    key = key_of(kind)
    assert prove_possession(SigningRequest(csr=build_csr(key)), CHALLENGE, ALLOWED) == key.public_key


@pytest.mark.parametrize("kind", ["P-384", "P-521"])
def test_the_hash_of_older_clients_is_accepted(kind: str) -> None:
    key = key_of(kind)
    assert isinstance(key.handle, EllipticCurvePrivateKey)
    proof = key.handle.sign(CHALLENGE.encode(), ECDSA(SHA256()))
    assert prove_possession(replace(ask(signer=key), proof=proof), CHALLENGE, ALLOWED) == key.public_key


def test_a_name_is_signed_in_utf8() -> None:
    principal = replace(ALICE_WITH_MAIL, challenge="jürgen")
    prove_possession(ask(principal), "jürgen", ALLOWED)


def test_where_there_is_a_certificate_signing_request_the_rest_does_not_count() -> None:
    request = SigningRequest(public_key=b"garbage", proof=b"", csr=build_csr())
    assert prove_possession(request, CHALLENGE, ALLOWED) == client_key().public_key


def another_hash() -> bytes:
    handle = client_key().handle
    assert isinstance(handle, EllipticCurvePrivateKey)
    return handle.sign(CHALLENGE.encode(), ECDSA(SHA384()))


GOOD: Final = ask()
OTHER_KEY: Final = PrivateKey.generate(client_key().algorithm)


@pytest.mark.parametrize(
    "proof",
    [
        b"",
        bytes(MAX_PROOF + 1),
        b"garbage",
        GOOD.proof[:-1],
        GOOD.proof + b"\x00",
        OTHER_KEY.sign(CHALLENGE.encode()),
        ask(BOB).proof,
        client_key().sign(CHALLENGE.encode() + b"\n"),
        client_key().sign(CHALLENGE.upper().encode()),
        client_key().sign(b""),
        another_hash(),
    ],
    ids=[
        "missing",
        "too-long",
        "garbage",
        "cut",
        "trailing-byte",
        "by-another-key",
        "over-another-subject",
        "over-a-line",
        "over-another-case",
        "over-nothing",
        "by-another-hash",
    ],
)
def test_anything_else_is_no_proof(proof: bytes) -> None:
    with pytest.raises(ProofRefused):
        prove_possession(replace(GOOD, proof=proof), CHALLENGE, ALLOWED)


def test_the_prehashed_variant_of_ed25519_is_no_proof() -> None:
    vector = key_vectors()["Ed25519"]
    (made,) = [one for one in vector.signatures if one.algorithm == "PKIX_ED25519_PH"][:1]
    request = SigningRequest(public_key=vector.public, proof=made.raw)
    with pytest.raises(ProofRefused):
        prove_possession(request, made.message.decode(), ALLOWED)


def test_pss_is_no_proof() -> None:
    key = key_of("RSA-2048")
    assert isinstance(key.handle, RSAPrivateKey)
    proof = key.handle.sign(CHALLENGE.encode(), PSS(MGF1(SHA256()), 32), SHA256())
    with pytest.raises(ProofRefused):
        prove_possession(replace(ask(signer=key), proof=proof), CHALLENGE, ALLOWED)


def mutate_csr(change: Callable[[bytes], bytes]) -> bytes:
    block = parse_pem(build_csr(), what="test")
    return PemBlock(block.label, change(block.body)).encode()


def flip_last(body: bytes) -> bytes:
    return body[:-1] + bytes((body[-1] ^ 1,))


def csr_of(spki: bytes) -> bytes:
    """Put another key into a request, whose signature is not looked at any more."""
    info = encode_sequence(encode_integer(0), encode_sequence(), spki, encode_element(0xA0, b""))
    return PemBlock("CERTIFICATE REQUEST", encode_sequence(info, encode_sequence(), encode_bit_string(b""))).encode()


P224: Final = ec.generate_private_key(ec.SECP224R1()).public_key()


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (SigningRequest(), KeyUnparsable),
        (SigningRequest(public_key=b"garbage", proof=GOOD.proof), KeyUnparsable),
        (SigningRequest(csr=b"garbage"), RequestUnparsable),
        (SigningRequest(csr=mutate_csr(lambda body: body + b"\x00")), RequestUnparsable),
        (SigningRequest(csr=mutate_csr(flip_last)), ProofRefused),
        (SigningRequest(csr=csr_of(weak_keys.spki(weak_keys.with_factor(3)))), KeyInsecure),
        (SigningRequest(csr=csr_of(weak_keys.spki(weak_keys.number("short", 2040)))), KeyInsecure),
        (SigningRequest(csr=csr_of(P224.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))), KeyInsecure),
        (SigningRequest(csr=csr_of(encode_sequence())), RequestUnparsable),
        (SigningRequest(public_key=weak_keys.spki(weak_keys.SOUND, 3), proof=GOOD.proof), KeyInsecure),
    ],
    ids=[
        "nothing",
        "no-key",
        "no-csr",
        "csr-trailing",
        "csr-signature",
        "csr-weak",
        "csr-short",
        "csr-p224",
        "csr-without-key",
        "weak-exponent",
    ],
)
def test_each_refusal_has_its_class(request_: SigningRequest, refusal: type[IssuanceRefused]) -> None:
    with pytest.raises(IssuanceRefused) as caught:
        prove_possession(request_, CHALLENGE, ALLOWED)
    assert type(caught.value) is refusal


@pytest.mark.parametrize("request_", [GOOD, SigningRequest(csr=build_csr())], ids=["key", "csr"])
def test_a_kind_that_is_not_allowed_is_refused_in_both_forms(request_: SigningRequest) -> None:
    with pytest.raises(AlgorithmNotAllowed):
        prove_possession(request_, CHALLENGE, AllowedKeys.select(["ed25519"]))
