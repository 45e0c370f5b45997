"""The same questionable requests to the real Fulcio and to our authority: the same answer, or a difference we name."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, x25519
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cosignpy.core.encoding import PemBlock, encode_b64, parse_pem
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.der import (
    OBJECT_IDENTIFIER,
    encode_bit_string,
    encode_element,
    encode_integer,
    encode_sequence,
)
from cosignpy.values import value
from tests.interop.fulcio_service import issuers_of, serve_fulcio
from tests.support import weak_keys
from tests.support.ca_process import serve_authority
from tests.support.issuance import build_csr, client_key
from tests.support.keys import key_vectors
from tests.support.token_server import serve_tokens
from tests.support.tokens import EMAIL, TokenIssuer

Body = Mapping[str, Any]
Answer = tuple[int, str]

OURS: Final = "transparency: {sct: none}\nauthority: {backend: ephemeral}\nidentity: {issuers: ../fulcio.json}\n"

ISSUED: Final[Answer] = (200, "")
UNPARSABLE: Final[Answer] = (400, "The public key supplied in the request could not be parsed")
INSECURE: Final[Answer] = (400, "The public key supplied in the request is insecure")
NO_PROOF: Final[Answer] = (400, "The signature supplied in the request could not be verified")
NO_CSR: Final[Answer] = (400, "The certificate signing request could not be parsed")
NOT_PERMITTED: Final = "signing algorithm not permitted"
"""How the real server begins, and goes on with the types of Go."""


@value
class Both:
    """The two servers and the issuer that both believe."""

    theirs: str
    ours: str
    issuer: TokenIssuer

    def ask(self, request: Body, **claims: Any) -> tuple[Answer, Answer]:
        """Return what each answers: status and message."""
        body = {"credentials": {"oidcIdentityToken": self.issuer.token(**claims)}, **request}
        theirs, ours = (_post(url, body) for url in (self.theirs, self.ours))
        return theirs, ours


def _post(url: str, body: Body) -> Answer:
    sent = Request(f"{url}/api/v2/signingCert", json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(sent, timeout=30) as answer:
            return answer.status, ""
    except HTTPError as error:
        with error:
            told = json.load(error)
            assert set(told) == {"code", "message", "details"}
            return error.code, told["message"]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("both")
    with serve_tokens() as issuer:
        (folder / "fulcio.json").write_text(issuers_of(issuer))
        with serve_fulcio(folder, issuer) as theirs, serve_authority(folder / "ca", OURS) as ours:
            yield Both(theirs, ours.url, issuer)


def with_key(key: bytes | str, proof: bytes) -> Body:
    text = key if isinstance(key, str) else key.decode()
    return {"publicKeyRequest": {"publicKey": {"content": text}, "proofOfPossession": encode_b64(proof)}}


def pem(spki: bytes, label: str = "PUBLIC KEY") -> bytes:
    return PemBlock(label, spki).encode()


def spki_of(handle: Any) -> bytes:
    return bytes(handle.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def proven(kind: str) -> Body:
    key = key_vectors()[kind].private_key()
    return with_key(key.public_key.encode_pem(), key.sign(EMAIL.encode()))


def csr(pem_: bytes) -> Body:
    return {"certificateSigningRequest": encode_b64(pem_)}


KEY: Final = client_key()
PROOF: Final = KEY.sign(EMAIL.encode())
SPKI: Final = KEY.public_key.spki
PEM: Final = KEY.public_key.encode_pem()
RSA: Final = key_vectors()["RSA-2048"].private_key()
CSR: Final = build_csr(KEY)


def mutated_csr() -> bytes:
    block = parse_pem(CSR, what="test")
    return PemBlock(block.label, block.body[:-1] + bytes((block.body[-1] ^ 1,))).encode()


def sha256_with(kind: str) -> Body:
    key = key_vectors()[kind].private_key()
    assert isinstance(key.handle, ec.EllipticCurvePrivateKey)
    return with_key(key.public_key.encode_pem(), key.handle.sign(EMAIL.encode(), ec.ECDSA(SHA256())))


NULL: Final = b"\x05\x00"
ECDSA_SHA1: Final = bytes.fromhex("2a8648ce3d0401")
ECDSA_SHA256: Final = encode_element(OBJECT_IDENTIFIER, bytes.fromhex("2a8648ce3d040302"))
ORDER_ONE: Final = bytes.fromhex("302a300506032b6570032100") + b"\x01" + bytes(31)
P224: Final = spki_of(ec.generate_private_key(ec.SECP224R1()).public_key())
CSR_HASHES: Final = {
    "P-384": SHA384(),
    "P-521": SHA512(),
    "RSA-2048": SHA256(),
    "RSA-3072": SHA256(),
    "Ed25519": None,
}


def request_of(
    spki: bytes,
    *,
    version: int = 0,
    subject: bytes = b"",
    attributes: bytes = encode_element(0xA0, b""),
    algorithm: bytes = ECDSA_SHA256,
    label: str = "CERTIFICATE REQUEST",
) -> bytes:
    """Write a certificate signing request, signed with `KEY`."""
    info = encode_sequence(encode_integer(version), encode_sequence(subject), spki, attributes)
    return pem(encode_sequence(info, encode_sequence(algorithm), encode_bit_string(KEY.sign(info))), label)


SAME: Final[Mapping[str, tuple[Body, Answer]]] = {
    **{kind: (proven(kind), ISSUED) for kind in ("P-256", "P-384", "P-521", "RSA-2048", "RSA-4096", "Ed25519")},
    "text around": (with_key(b"my key\n" + PEM, PROOF), ISSUED),
    "PKCS#1": (
        with_key(RSA.public_key.handle.public_bytes(Encoding.PEM, PublicFormat.PKCS1), RSA.sign(EMAIL.encode())),
        ISSUED,
    ),
    "CSR": (csr(CSR), ISSUED),
    **{f"CSR of {kind}": (csr(build_csr(client_key(kind), hashed)), ISSUED) for kind, hashed in CSR_HASHES.items()},
    "CSR with the older label": (csr(request_of(SPKI, label="NEW CERTIFICATE REQUEST")), ISSUED),
    "nothing": ({}, UNPARSABLE),
    "no key": (with_key(b"", PROOF), UNPARSABLE),
    "garbage": (with_key(b"garbage", PROOF), UNPARSABLE),
    "a certificate": (with_key(pem(SPKI, "CERTIFICATE"), PROOF), UNPARSABLE),
    "a private key": (with_key(pem(SPKI, "PRIVATE KEY"), PROOF), UNPARSABLE),
    "trailing bytes": (with_key(pem(SPKI + b"\x00"), PROOF), UNPARSABLE),
    "off the curve": (with_key(pem(SPKI[:-1] + bytes((SPKI[-1] ^ 1,))), PROOF), UNPARSABLE),
    "RSA 1024": (with_key(pem(weak_keys.spki(weak_keys.number("a", 1024))), PROOF), INSECURE),
    "RSA 8192": (with_key(pem(weak_keys.spki(weak_keys.number("b", 8192))), PROOF), INSECURE),
    "exponent 3": (with_key(pem(weak_keys.spki(weak_keys.SOUND, 3)), PROOF), INSECURE),
    "small factor": (with_key(pem(weak_keys.spki(weak_keys.with_factor(3))), PROOF), INSECURE),
    "RSA 2560": (with_key(pem(weak_keys.spki(weak_keys.number("c", 2560))), PROOF), INSECURE),
    "close factors": (with_key(pem(weak_keys.spki(weak_keys.with_close_factors(2))), PROOF), INSECURE),
    "ROCA": (with_key(pem(weak_keys.spki(weak_keys.by_infineon())), PROOF), INSECURE),
    "P-224": (with_key(pem(P224), PROOF), INSECURE),
    "secp256k1": (with_key(pem(spki_of(ec.generate_private_key(ec.SECP256K1()).public_key())), PROOF), UNPARSABLE),
    "Ed448": (with_key(pem(spki_of(ed448.Ed448PrivateKey.generate().public_key())), PROOF), UNPARSABLE),
    "DER in a string": (with_key(SPKI.decode("latin-1"), PROOF), UNPARSABLE),
    "carriage returns": (with_key(PEM.replace(b"\n", b"\r\n"), PROOF), ISSUED),
    "no line end": (with_key(PEM.rstrip(), PROOF), ISSUED),
    "DSA": (with_key(pem(spki_of(dsa.generate_private_key(1024).public_key())), PROOF), INSECURE),
    "X25519": (with_key(pem(spki_of(x25519.X25519PrivateKey.generate().public_key())), PROOF), INSECURE),
    "no proof": (with_key(PEM, b""), NO_PROOF),
    "garbage as proof": (with_key(PEM, b"garbage"), NO_PROOF),
    "over another subject": (with_key(PEM, KEY.sign(b"mallory@example.com")), NO_PROOF),
    "by another key": (with_key(PEM, PrivateKey.generate(KEY.algorithm).sign(EMAIL.encode())), NO_PROOF),
    "no CSR": (csr(b"garbage"), NO_CSR),
    "CSR that is a key": (csr(PEM), NO_CSR),
    "CSR with a bad signature": (csr(mutated_csr()), NO_PROOF),
    "CSR in DER": (csr(parse_pem(CSR, what="test").body), NO_CSR),
    "CSR without attributes": (csr(request_of(SPKI, attributes=b"")), NO_CSR),
    "CSR with SHA-1": (csr(request_of(SPKI, algorithm=encode_element(OBJECT_IDENTIFIER, ECDSA_SHA1))), NO_PROOF),
    "CSR of P-224": (csr(request_of(P224)), INSECURE),
}

DIFFERENT: Final[Mapping[str, tuple[Body, Answer, Answer]]] = {
    "P-384 with SHA-256, as clients before Fulcio 1.7": (sha256_with("P-384"), NO_PROOF, ISSUED),
    "P-521 with SHA-256, as clients before Fulcio 1.7": (sha256_with("P-521"), NO_PROOF, ISSUED),
    "a point of order one, whose signatures anyone makes": (
        with_key(pem(ORDER_ONE), b"\x01" + bytes(63)),
        ISSUED,
        INSECURE,
    ),
    "two keys": (with_key(PEM + PEM, PROOF), ISSUED, UNPARSABLE),
    "headers in PEM": (with_key(PEM.replace(b"-----\n", b"-----\nA: b\n\n", 1), PROOF), ISSUED, UNPARSABLE),
    "two CSRs": (csr(CSR + CSR), ISSUED, NO_CSR),
    "a CSR of an unknown version": (csr(request_of(SPKI, version=1)), ISSUED, NO_CSR),
    "a CSR whose algorithm has parameters": (csr(request_of(SPKI, algorithm=ECDSA_SHA256 + NULL)), ISSUED, NO_PROOF),
    "a CSR whose subject is no name": (csr(request_of(SPKI, subject=NULL)), NO_CSR, ISSUED),
}


@pytest.mark.parametrize(
    ("kind", "hashed"),
    [("P-256", SHA384()), ("P-384", SHA256()), ("RSA-2048", SHA512())],
    ids=["P-256", "P-384", "RSA"],
)
def test_a_csr_may_have_another_hash_than_the_registry_pairs_with_its_key(
    both: Both, kind: str, hashed: SHA256 | SHA384 | SHA512
) -> None:
    (status, message), ours = both.ask(csr(build_csr(client_key(kind), hashed)))
    assert (status, ours) == (400, ISSUED)
    assert message.startswith(NOT_PERMITTED)


def test_an_experimental_kind_of_key_is_not_permitted(both: Both) -> None:
    request = with_key(client_key("ML-DSA-65").public_key.encode_pem(), b"proof")
    assert both.ask(request) == (UNPARSABLE, (400, NOT_PERMITTED))


@pytest.mark.parametrize(("request_", "expected"), SAME.values(), ids=SAME)
def test_both_answer_the_same(both: Both, request_: Body, expected: Answer) -> None:
    assert both.ask(request_) == (expected, expected)


@pytest.mark.parametrize(("request_", "theirs", "ours"), DIFFERENT.values(), ids=DIFFERENT)
def test_a_difference_that_is_meant(both: Both, request_: Body, theirs: Answer, ours: Answer) -> None:
    assert both.ask(request_) == (theirs, ours)
