"""A certificate that a key on a curve signed has two spellings, and no more."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import verify_issued_by
from cosignpy.core.x509.spellings import spell_certificate, spell_path
from tests.support.certificates import START
from tests.support.virtual_sigstore import FULCIO_ISSUER, FULCIO_ROOT, good_leaf


def certificate(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> Certificate:
    builder = CertificateBuilder(Name([]), Name([]), key.public_key(), 7, START, START + timedelta(days=1))
    signed = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256())
    return Certificate.parse(signed.public_bytes(Encoding.DER))


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_the_other_spelling_verifies_and_leads_back(curve: ec.EllipticCurve) -> None:
    issued = certificate(ec.generate_private_key(curve))
    der = issued.der
    first, second = spell_certificate(issued, issued)
    assert first == der
    assert second != der
    other = Certificate.parse(second)
    verify_issued_by(other, issued)
    assert other.tbs == issued.tbs
    assert spell_certificate(other, issued) == (second, der)


def test_signatures_of_other_keys_have_one() -> None:
    for key in (ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)):
        issued = certificate(key)
        assert spell_certificate(issued, issued) == (issued.der,)


def test_of_a_path_all_but_the_last_have_both() -> None:
    leaf = Certificate.parse(good_leaf())
    issuer, root = FULCIO_ISSUER.certificate, FULCIO_ROOT.certificate
    assert list(spell_path((leaf, issuer, root))) == [
        *spell_certificate(leaf, issuer),
        *spell_certificate(issuer, root),
        FULCIO_ROOT.der,
    ]
    assert list(spell_path((root,))) == [FULCIO_ROOT.der]
