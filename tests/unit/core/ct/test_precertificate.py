"""Precertificates, and SCTs embedded in the certificates that follow."""

from hashlib import sha256
from typing import Final

import pytest
from cryptography.x509 import ObjectIdentifier, UnrecognizedExtension, load_der_x509_certificate
from cryptography.x509 import PrecertificateSignedCertificateTimestamps as PrecertificateSCTs

from cosignpy.core.ct.entry import EntryType, SignedEntry, TimestampedEntry
from cosignpy.core.ct.precertificate import (
    SCT_LIST,
    build_certificate_entry,
    build_embedded_entry,
    build_precertificate_entry,
    hash_issuer_key,
    is_precertificate,
    parse_embedded_scts,
    poison,
    sct_list,
    verify_embedded_sct,
    verify_sct,
)
from cosignpy.core.ct.sct import Sct
from cosignpy.core.keys.algorithms import ECDSA_P256, RSA_2048
from cosignpy.core.keys.digitally_signed import sign_for_log
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import ClaimMismatch, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support import certificates
from tests.support.certificates import NAMED, POISONED, Authority

POISON: Final = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.3")
LOG: Final = PrivateKey.generate(ECDSA_P256)
ROOT: Final = Authority.root()
ISSUER_KEY_HASH: Final = hash_issuer_key(TbsCertificate.parse(ROOT.der))


def promise(entry: SignedEntry, key: PrivateKey = LOG) -> Sct:
    signed = sign_for_log(key, TimestampedEntry(1000, entry, b"ext").encode_leaf())
    return Sct(sha256(key.public_key.spki).digest(), 1000, b"ext", signed)


def embedded(key: PrivateKey = LOG) -> tuple[Sct, bytes]:
    entry = build_precertificate_entry(TbsCertificate.parse(ROOT.leaf(POISONED)), ISSUER_KEY_HASH)
    sct = promise(entry, key)
    return sct, ROOT.leaf_with([sct])


def test_the_precertificate_and_the_certificate_are_the_same_entry() -> None:
    poisoned, leaf = TbsCertificate.parse(ROOT.leaf(POISONED)), TbsCertificate.parse(embedded()[1])
    entry = build_embedded_entry(leaf, ISSUER_KEY_HASH)
    assert entry == build_precertificate_entry(poisoned, ISSUER_KEY_HASH)
    assert entry.kind is EntryType.PRECERTIFICATE
    assert entry.content == load_der_x509_certificate(embedded()[1]).tbs_precertificate_bytes


def test_the_issuer_is_named_by_its_key() -> None:
    assert sha256(TbsCertificate.parse(ROOT.der).spki).digest() == ISSUER_KEY_HASH


@pytest.mark.parametrize("key", [LOG, PrivateKey.generate(RSA_2048)], ids=["ecdsa", "rsa"])
def test_an_embedded_sct_verifies(key: PrivateKey) -> None:
    sct, leaf = embedded(key)
    assert parse_embedded_scts(leaf) == (sct,)
    verify_embedded_sct(sct, leaf, ROOT.der, key.public_key)


def test_an_sct_beside_its_certificate_verifies() -> None:
    leaf = ROOT.leaf()
    entry = build_certificate_entry(leaf)
    assert (entry.kind, entry.content) == (EntryType.X509, leaf)
    verify_sct(promise(entry), entry, LOG.public_key)
    assert parse_embedded_scts(leaf) == ()


@pytest.mark.parametrize("change", [{"timestamp_ms": 1001}, {"extensions": b""}, {"extensions": b"exu"}])
def test_a_changed_sct_is_refused(change: dict[str, int | bytes]) -> None:
    sct, leaf = embedded()
    with pytest.raises(SignatureMismatch):
        verify_embedded_sct(replace(sct, **change), leaf, ROOT.der, LOG.public_key)


def test_an_sct_of_another_log_is_refused() -> None:
    sct, leaf = embedded()
    other = PrivateKey.generate(ECDSA_P256).public_key
    with pytest.raises(ClaimMismatch) as caught:
        verify_embedded_sct(sct, leaf, ROOT.der, other)
    assert (caught.value.wanted, caught.value.found) == (sha256(other.spki).hexdigest(), sct.log_id.hex())


def test_another_certificate_or_issuer_is_refused() -> None:
    sct, leaf = embedded()
    renamed = ROOT.leaf_with([sct], certificates.CA)
    for one, issuer in ((renamed, ROOT.der), (leaf, Authority.root("other").der)):
        with pytest.raises(SignatureMismatch):
            verify_embedded_sct(sct, one, issuer, LOG.public_key)


def test_a_precertificate_proves_nothing() -> None:
    sct, _ = embedded()
    with pytest.raises(MalformedError):
        verify_embedded_sct(sct, ROOT.leaf_with([sct], POISONED), ROOT.der, LOG.public_key)


def test_the_poison_makes_a_precertificate() -> None:
    assert is_precertificate(TbsCertificate.parse(ROOT.leaf(POISONED)))
    assert not is_precertificate(TbsCertificate.parse(ROOT.leaf(NAMED)))


@pytest.mark.parametrize(("content", "critical"), [(b"\x05\x00", False), (b"", True), (b"\x04\x00", True)])
def test_a_poison_of_another_form_is_refused(content: bytes, critical: bool) -> None:
    leaf = ROOT.leaf((*NAMED, (UnrecognizedExtension(POISON, content), critical)))
    with pytest.raises(MalformedError) as caught:
        is_precertificate(TbsCertificate.parse(leaf), what="test")
    assert caught.value.what == "test"


@pytest.mark.parametrize("content", [b"", b"\x05\x00", b"\x04\x02\x00\x00", b"\x04\x00\x00"])
def test_a_list_of_scts_of_another_form_is_refused(content: bytes) -> None:
    leaf = ROOT.leaf((*NAMED, (UnrecognizedExtension(certificates.SCT_LIST, content), False)))
    with pytest.raises(MalformedError):
        parse_embedded_scts(leaf)


def test_identifiers_are_those_of_the_rfc() -> None:
    leaf = ROOT.leaf_with([embedded()[0]])
    assert TbsCertificate.parse(leaf).extensions[-1].oid == SCT_LIST


def test_the_poison_is_encoded_as_others_encode_it() -> None:
    assert poison() == TbsCertificate.parse(ROOT.leaf(POISONED)).extensions[-1]


def test_a_list_of_scts_is_read_by_others() -> None:
    """The value is an OCTET STRING in the one of the extension; with one around it, `cryptography` would refuse it."""
    sct, leaf = embedded()
    extension = sct_list((sct,))
    assert extension == TbsCertificate.parse(leaf).extensions[-1]
    (read,) = load_der_x509_certificate(leaf).extensions.get_extension_for_class(PrecertificateSCTs).value
    assert read.log_id == sct.log_id
