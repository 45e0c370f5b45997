"""What comes beside a bundle, or within it where its version has no place for it."""

from typing import Final

import pytest

from cosignpy.core.bundle.model import Bundle, CertificateMaterial
from cosignpy.core.bundle.versions import ChainRule
from cosignpy.core.verify.bundle import Trust, verify_bundle
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.errors import CertificateError, ClaimMismatch, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.support.legacy_signatures import ISSUERS
from tests.support.virtual_sigstore import (
    BY_ALICE,
    FILE,
    LEAF_KEY,
    TRUST,
    Signing,
    certify,
    good_leaf,
    key_bundle,
    v1_bundle,
)

CHAINED: Final = replace(v1_bundle(), material=CertificateMaterial((good_leaf(), *ISSUERS)))
BESIDE: Final = replace(TRUST, detached_certificate=CertificateMaterial((good_leaf(),)))


def verify(bundle: Bundle, trust: Trust = TRUST) -> VerifiedBundle:
    return verify_bundle(bundle, FILE, trust, BY_ALICE)


def test_a_chain_in_a_bundle_of_03_is_refused_unless_it_is_allowed() -> None:
    with pytest.raises(MalformedError):
        verify(CHAINED)
    assert verify(CHAINED, replace(TRUST, chains=ChainRule.ALLOW)) == verify(v1_bundle())


def test_a_chain_that_is_allowed_still_has_to_be_one() -> None:
    disordered = replace(v1_bundle(), material=CertificateMaterial((good_leaf(), *ISSUERS[::-1])))
    with pytest.raises(CertificateError):
        verify(disordered, replace(TRUST, chains=ChainRule.ALLOW))


def test_a_certificate_beside_a_bundle_that_a_key_made() -> None:
    made = Signing(leaf=None, signer=LEAF_KEY).bundle()
    found = verify(made, BESIDE).certificate
    assert found is not None
    assert found.der == good_leaf()
    with pytest.raises(SignatureMismatch, match="made with a key"):
        verify(made)
    with pytest.raises(ClaimMismatch):
        verify(key_bundle(), BESIDE)


def test_a_certificate_beside_a_bundle_that_has_one_has_to_be_that_one() -> None:
    assert verify(v1_bundle(), BESIDE) == verify(v1_bundle())
    with pytest.raises(SignatureMismatch, match="another certificate"):
        verify(v1_bundle(), replace(TRUST, detached_certificate=CertificateMaterial((certify(),))))
