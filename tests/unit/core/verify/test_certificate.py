"""The certificate of a keyless signature: authority, validity at every time, purpose, SCT."""

from datetime import timedelta
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1
from cryptography.x509 import BasicConstraints, ExtendedKeyUsage, PrecertPoison
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.core.bundle.model import CertificateMaterial
from cosignpy.core.ct.precertificate import build_certificate_entry
from cosignpy.core.policy.transparency import RequireSct, SkipSctUnsafe
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.trust.validity import Validity
from cosignpy.core.verify.certificate import Leaf, parse_leaf, read_identity, verify_authority, verify_scts
from cosignpy.core.verify.findings import ObservedTime, SctFinding, TimeSource
from cosignpy.errors import CertificateError, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support import timestamps
from tests.support.certificates import LIFETIME, MIDDLE, START, Authority, Extensions
from tests.support.virtual_sigstore import (
    CODE_SIGNING,
    CT_KEY,
    EMAIL,
    FULCIO,
    FULCIO_ISSUER,
    FULCIO_ROOT,
    ISSUER,
    LEAF_KEY,
    REKOR_V1,
    ROOT,
    SIGNING,
    USER_KEY,
    certify,
    good_leaf,
    named,
    promise,
)

AUTHORITY: Final = ROOT.certificate_authorities[0]
CT_LOG: Final = ROOT.ct_logs[0]
SECOND: Final = timedelta(seconds=1)
SHOWN: Final = SctFinding("https://ct.test", MIDDLE)


def leaf(*certificates: bytes) -> Leaf:
    return parse_leaf(CertificateMaterial(certificates or (good_leaf(),)))


def at(*moments: object) -> list[ObservedTime]:
    return [ObservedTime(moment, TimeSource.LOG, "log") for moment in moments or (MIDDLE,)]


def authorities(*found: object) -> TrustedRoot:
    return replace(ROOT, certificate_authorities=found)


def test_leaf_and_key_are_read() -> None:
    found = leaf()
    assert (found.certificate.der, found.key) == (good_leaf(), LEAF_KEY.public_key)
    identity = read_identity(found.certificate)
    assert (identity.names, identity.issuer) == ((EMAIL,), ISSUER)


def test_certificates_have_to_be_a_chain() -> None:
    assert leaf(good_leaf(), FULCIO_ISSUER.der, FULCIO_ROOT.der).certificate.der == good_leaf()
    for chain in (
        (good_leaf(), FULCIO_ROOT.der, FULCIO_ISSUER.der),
        (good_leaf(), FULCIO_ROOT.der),
        (good_leaf(), FULCIO_ISSUER.der, FULCIO_ISSUER.der),
    ):
        with pytest.raises(CertificateError):
            leaf(*chain)
    with pytest.raises(MalformedError):
        leaf(good_leaf()[:-1])


def test_a_trusted_authority_is_found() -> None:
    assert verify_authority(leaf(), at(), ROOT) is AUTHORITY
    assert verify_authority(leaf(), at(START, MIDDLE, START + LIFETIME), ROOT).uri == FULCIO


@pytest.mark.parametrize("moment", [START - SECOND, START + LIFETIME + SECOND])
def test_the_certificate_has_to_be_valid_at_every_time(moment: object) -> None:
    with pytest.raises(CertificateError, match="valid from"):
        verify_authority(leaf(), at(MIDDLE, moment), ROOT)
    with pytest.raises(CertificateError, match="valid from"):
        verify_authority(leaf(), at(moment, MIDDLE), ROOT)


def test_the_authority_has_to_be_trusted_at_every_time() -> None:
    verify_authority(leaf(), at(), authorities(replace(AUTHORITY, validity=Validity(MIDDLE, MIDDLE))))
    for validity in (Validity(MIDDLE + SECOND), Validity(START, MIDDLE - SECOND), Validity(None)):
        with pytest.raises(CertificateError, match="was not trusted"):
            verify_authority(leaf(), at(), authorities(replace(AUTHORITY, validity=validity)))
    with pytest.raises(CertificateError, match="was not trusted"):
        verify_authority(leaf(), at(MIDDLE, START), authorities(replace(AUTHORITY, validity=Validity(MIDDLE))))


def test_one_of_several_authorities_of_a_name_suffices() -> None:
    before = replace(AUTHORITY, validity=Validity(START, START))
    assert verify_authority(leaf(), at(), authorities(before, AUTHORITY)) is AUTHORITY


def test_an_authority_of_the_same_name_is_not_the_authority() -> None:
    stranger = replace(AUTHORITY, chain=(FULCIO_ISSUER.certificate, Authority.root("another root").certificate))
    with pytest.raises(CertificateError, match="another name"):
        verify_authority(leaf(), at(), authorities(stranger))
    impostor = replace(AUTHORITY, chain=(Authority.root("fulcio", curve=SECP384R1).certificate,))
    with pytest.raises(CertificateError, match="another name"):
        verify_authority(leaf(), at(), authorities(impostor))


def test_what_did_not_hold_once_does_not_hold_later() -> None:
    impostor = replace(AUTHORITY, chain=(Authority.root("fulcio", curve=SECP384R1).certificate,))
    for _ in range(2):
        with pytest.raises(CertificateError, match="another name"):
            verify_authority(leaf(), at(), authorities(impostor))
        verify_authority(leaf(), at(), ROOT)


def test_an_authority_that_nobody_named_is_refused() -> None:
    with pytest.raises(CertificateError, match="'CN=fulcio'"):
        verify_authority(leaf(), at(), authorities())
    with pytest.raises(CertificateError, match="does not name"):
        verify_authority(leaf(), at(), authorities(ROOT.timestamp_authorities[0]))


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ((SIGNING[0],), "extended key usage"),
        ((SIGNING[0], (ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), False)), "extended key usage"),
        ((*SIGNING, (BasicConstraints(ca=True, path_length=None), True)), "may issue"),
        (((timestamps.usage("key_agreement"), True), CODE_SIGNING), "key usage does not allow signatures"),
    ],
)
def test_a_certificate_for_something_else_is_refused(extensions: Extensions, why: str) -> None:
    with pytest.raises(CertificateError, match=why):
        verify_authority(leaf(certify((*named(), *extensions))), at(), ROOT)


def test_a_leaf_may_say_that_it_is_one_and_nothing_of_its_key() -> None:
    verify_authority(
        leaf(certify((*named(), CODE_SIGNING, (BasicConstraints(ca=False, path_length=None), True)))), at(), ROOT
    )


def test_a_promise_to_show_the_certificate_is_found() -> None:
    assert verify_scts(leaf(), AUTHORITY, ROOT, RequireSct()) == (SHOWN,)


def test_too_few_promises_are_refused_unless_waived() -> None:
    bare = leaf(FULCIO_ISSUER.leaf((*named(), *SIGNING)))
    with pytest.raises(CertificateError, match="0 SCTs"):
        verify_scts(bare, AUTHORITY, ROOT, RequireSct())
    with pytest.raises(CertificateError, match="1 SCTs"):
        verify_scts(leaf(), AUTHORITY, ROOT, RequireSct(2))
    assert verify_scts(bare, AUTHORITY, ROOT, SkipSctUnsafe("test")) == ()


def test_a_log_counts_once() -> None:
    tbs = leaf().certificate.der
    again = promise(build_certificate_entry(tbs))
    with pytest.raises(CertificateError, match="1 SCTs"):
        verify_scts(leaf(), AUTHORITY, ROOT, RequireSct(2), [again])


def test_promises_of_strangers_are_passed_over() -> None:
    theirs = leaf(certify(signer=USER_KEY))
    with pytest.raises(CertificateError, match="0 SCTs"):
        verify_scts(theirs, AUTHORITY, ROOT, RequireSct())
    with pytest.raises(CertificateError, match="0 SCTs"):
        verify_scts(leaf(), AUTHORITY, replace(ROOT, ct_logs=(replace(CT_LOG, key=None),)), RequireSct())
    with pytest.raises(CertificateError, match="0 SCTs"):
        verify_scts(leaf(), AUTHORITY, replace(ROOT, ct_logs=(REKOR_V1.trusted,)), RequireSct())


def test_a_promise_has_to_be_of_a_time_when_the_log_was_trusted() -> None:
    def root(*validities: Validity) -> TrustedRoot:
        return replace(ROOT, ct_logs=tuple(replace(CT_LOG, validity=validity) for validity in validities))

    assert verify_scts(leaf(), AUTHORITY, root(Validity(MIDDLE, MIDDLE)), RequireSct()) == (SHOWN,)
    assert verify_scts(leaf(), AUTHORITY, root(Validity(None), Validity(MIDDLE)), RequireSct()) == (SHOWN,)
    for validity in (Validity(MIDDLE + SECOND), Validity(START, MIDDLE - SECOND), Validity(None)):
        with pytest.raises(CertificateError, match="was not trusted"):
            verify_scts(leaf(), AUTHORITY, root(validity), RequireSct())


def test_a_promise_about_another_certificate_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify_scts(leaf(), replace(AUTHORITY, chain=AUTHORITY.chain[1:]), ROOT, RequireSct())


def test_a_promise_beside_the_certificate_counts_like_one_inside() -> None:
    bare = leaf(FULCIO_ISSUER.leaf((*named(), *SIGNING)))
    beside = promise(build_certificate_entry(bare.certificate.der))
    assert verify_scts(bare, AUTHORITY, ROOT, RequireSct(), [beside]) == (SHOWN,)
    with pytest.raises(SignatureMismatch):
        verify_scts(leaf(), AUTHORITY, ROOT, RequireSct(), [beside])
    with pytest.raises(CertificateError, match="0 SCTs"):
        verify_scts(bare, AUTHORITY, ROOT, RequireSct(), [replace(beside, log_id=bytes(32))])


def test_a_promise_of_a_time_beyond_all_dates_is_refused() -> None:
    bare = leaf(FULCIO_ISSUER.leaf((*named(), *SIGNING)))
    beside = promise(build_certificate_entry(bare.certificate.der), CT_KEY)
    with pytest.raises(CertificateError, match="beyond all dates"):
        verify_scts(bare, AUTHORITY, ROOT, RequireSct(), [replace(beside, timestamp_ms=2**64 - 1)])


def test_a_poison_that_is_not_critical_is_refused_where_no_sct_is_asked_for() -> None:
    poisoned = leaf(FULCIO_ISSUER.leaf((*named(), *SIGNING, (PrecertPoison(), False))))
    with pytest.raises(MalformedError, match="poison"):
        verify_scts(poisoned, AUTHORITY, ROOT, SkipSctUnsafe("test"))
    plain = leaf(FULCIO_ISSUER.leaf((*named(), *SIGNING)))
    assert verify_scts(plain, AUTHORITY, ROOT, SkipSctUnsafe("test")) == ()


@pytest.mark.parametrize("rule", [RequireSct(), SkipSctUnsafe("test")])
def test_a_precertificate_is_refused_whatever_is_asked_for(rule: RequireSct | SkipSctUnsafe) -> None:
    poisoned = leaf(FULCIO_ISSUER.leaf((*named(), *SIGNING, (PrecertPoison(), True))))
    with pytest.raises(CertificateError, match="it is a precertificate"):
        verify_scts(poisoned, AUTHORITY, ROOT, rule)
