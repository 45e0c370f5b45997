import hashlib
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import (
    BasicConstraints,
    CertificateBuilder,
    DNSName,
    GeneralName,
    IPAddress,
    ObjectIdentifier,
    OtherName,
    RegisteredID,
    RFC822Name,
    SubjectAlternativeName,
    UniformResourceIdentifier,
)

from cosignpy.core.encoding import PemBlock
from cosignpy.errors import CertificateError, LimitExceeded, MalformedError
from log_server.rekor.kinds.verifiers import (
    MAX_CHAIN,
    parse_certificate_verifier,
    parse_key_verifier,
    parse_x509_verifier,
)
from tests.support.certificates import CA, LIFETIME, START, Authority, key, named, sign
from tests.support.rekor_proposals import certificate_pem, certified, signer

KEY_PEM = signer().public_key.encode_pem()
_, LEAF, CHAIN = certified()


def hex_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def carriage_returns(pem: bytes) -> bytes:
    return pem.replace(b"\n", b"\r\n")


def no_last_line_break(pem: bytes) -> bytes:
    return pem.rstrip()


def text_before(pem: bytes) -> bytes:
    return b"a comment\n" + pem


def long_lines(pem: bytes) -> bytes:
    first, *middle, last = pem.splitlines()
    return b"\n".join([first, b"".join(middle), last])


@pytest.mark.parametrize("spelling", [bytes, carriage_returns, no_last_line_break, text_before, long_lines])
@pytest.mark.parametrize("pem", [KEY_PEM, CHAIN[0]])
def test_every_spelling_has_the_same_canonical_form(pem: bytes, spelling: Callable[[bytes], bytes]) -> None:
    found = parse_x509_verifier(spelling(pem))
    assert (found.canonical, found.fingerprint) == (pem, hex_of(pem))


def test_a_key_is_found_by_its_hash_alone() -> None:
    assert parse_x509_verifier(KEY_PEM).search_keys() == (hex_of(KEY_PEM),)
    assert parse_x509_verifier(KEY_PEM).key == signer().public_key


def test_a_chain_stands_for_the_key_and_the_names_of_its_leaf() -> None:
    found = parse_x509_verifier(b"".join(CHAIN))
    assert found.canonical == b"".join(CHAIN)
    assert found.key == certified()[0].public_key
    assert found.search_keys() == (hex_of(b"".join(CHAIN)), "someone@example.com")
    found.verify_chain()


def test_der_has_the_canonical_form_of_its_pem() -> None:
    assert parse_key_verifier(signer().public_key.spki) == parse_x509_verifier(KEY_PEM)
    assert parse_certificate_verifier(LEAF) == parse_x509_verifier(CHAIN[0])


def with_names(*names: GeneralName) -> tuple[str, ...]:
    _, leaf, _ = certified(((SubjectAlternativeName(names), True),))
    return parse_certificate_verifier(leaf).search_keys()[1:]


USERNAME = ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (RFC822Name("Some.One@Example.com"), ("some.one@example.com",)),
        (UniformResourceIdentifier("https://Example.com/A"), ("https://example.com/a",)),
        (DNSName("example.com"), ("example.com",)),
        (IPAddress(ip_address("127.0.0.1")), ("127.0.0.1",)),
        (OtherName(USERNAME, b"\x0c\x02Me"), ("me",)),
        (OtherName(ObjectIdentifier("1.2.3"), b"\x0c\x02Me"), ()),
        (RegisteredID(ObjectIdentifier("1.2.3")), ()),
    ],
)
def test_a_certificate_is_found_by_its_names(name: GeneralName, keys: tuple[str, ...]) -> None:
    assert with_names(name) == keys


def test_a_certificate_without_names_is_found_by_its_hash_alone() -> None:
    _, leaf, chain = certified(())
    assert parse_certificate_verifier(leaf).search_keys() == (hex_of(chain[0]),)


def test_a_user_name_that_is_not_utf8_is_malformed() -> None:
    with pytest.raises(MalformedError):
        with_names(OtherName(USERNAME, b"\x0c\x02\xff\xff"))


def private(pem: bytes) -> bytes:
    return pem.replace(b"PUBLIC KEY", b"PRIVATE KEY")


def text_after(pem: bytes) -> bytes:
    return pem + b"a comment"


def cut(pem: bytes) -> bytes:
    return pem[: len(pem) // 2]


def empty(_: bytes) -> bytes:
    return b""


def followed_by_a_certificate(pem: bytes) -> bytes:
    return pem + CHAIN[0]


def other_der(pem: bytes) -> bytes:
    label = b"CERTIFICATE" if b"CERTIFICATE" in pem else b"PUBLIC KEY"
    return PemBlock(label.decode(), b"\x30\x00").encode()


@pytest.mark.parametrize("mutate", [private, text_after, cut, empty, followed_by_a_certificate, other_der])
def test_what_is_no_verifier_is_malformed(mutate: Callable[[bytes], bytes]) -> None:
    with pytest.raises(MalformedError):
        parse_x509_verifier(mutate(KEY_PEM))


def test_a_certificate_that_cannot_be_parsed_is_malformed() -> None:
    with pytest.raises(MalformedError):
        parse_x509_verifier(other_der(CHAIN[0]))


def test_more_certificates_than_the_real_server_reads_are_over_the_limit() -> None:
    assert len(parse_x509_verifier(CHAIN[0] * MAX_CHAIN).chain) == MAX_CHAIN
    with pytest.raises(LimitExceeded):
        parse_x509_verifier(CHAIN[0] * (MAX_CHAIN + 1))


def self_signed(own: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    builder = CertificateBuilder(named("x"), named("x"), own.public_key(), 1, START, START + LIFETIME)
    return builder.sign(own, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "own",
    [ec.generate_private_key(ec.SECP256K1()), rsa.generate_private_key(65537, 1024)],
    ids=["secp256k1", "RSA-1024"],
)
def test_a_key_of_a_kind_or_size_that_is_not_accepted_is_malformed(
    own: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
) -> None:
    with pytest.raises(MalformedError):
        parse_key_verifier(own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(MalformedError):
        parse_certificate_verifier(self_signed(own))


EC_KEY = bytes.fromhex("06072a8648ce3d0201")
NO_KEY = bytes.fromhex("06072a8648ce3d0263")


def test_a_certificate_with_a_key_of_an_unknown_kind_is_malformed() -> None:
    with pytest.raises(MalformedError):
        parse_certificate_verifier(LEAF.replace(EC_KEY, NO_KEY))


def chain_of(*ders: bytes) -> bytes:
    return b"".join([certificate_pem(der) for der in ders])


def test_a_chain_with_a_link_left_out_is_refused() -> None:
    with pytest.raises(CertificateError):
        parse_x509_verifier(CHAIN[0] + CHAIN[2]).verify_chain()


def test_a_chain_through_a_certificate_that_may_not_issue_is_refused() -> None:
    root = Authority.root()
    middle = root.authority(extensions=((BasicConstraints(ca=False, path_length=None), True),))
    with pytest.raises(CertificateError):
        parse_x509_verifier(chain_of(middle.leaf(), middle.der, root.der)).verify_chain()


def test_a_chain_longer_than_its_root_allows_is_refused() -> None:
    root = Authority.root(extensions=((BasicConstraints(ca=True, path_length=0), True),))
    middle = root.authority()
    with pytest.raises(CertificateError):
        parse_x509_verifier(chain_of(middle.leaf(), middle.der, root.der)).verify_chain()


def test_a_chain_whose_issuer_was_not_valid_then_is_refused() -> None:
    past = START - LIFETIME
    builder = CertificateBuilder(
        named("root"), named("root"), key("root").public_key(), 1, past, START - timedelta(seconds=1)
    )
    for extension, critical in CA:
        builder = builder.add_extension(extension, critical)
    expired = Authority(sign(builder, key("root")), key("root"))
    with pytest.raises(CertificateError):
        parse_x509_verifier(chain_of(expired.leaf(), expired.der)).verify_chain()
