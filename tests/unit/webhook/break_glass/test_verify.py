"""Who may sign exceptions."""

from typing import Any

import pytest

from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.documents import DocumentError
from cosignpy.errors import CosignError, NoMatchingSignatures, PolicyRefused
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.webhook.break_glass.grant import SignedGrant, VerifiedGrant
from cosignpy.webhook.break_glass.verify import verify_grant
from tests.support.grants import GRANT, NOW, sign, sign_document, signers
from tests.support.image_policies import PASS, own
from tests.support.virtual_sigstore import LEAF_KEY, USER_KEY


class Root:
    """Believes nobody."""

    def trusted_root(self) -> TrustedRoot:
        return TrustedRoot()


def verify(signed: SignedGrant, *policies: ImagePolicyDocument) -> VerifiedGrant:
    return verify_grant(signed, policies, Root(), NOW)


def test_exception_by_a_key_of_the_policy() -> None:
    assert verify(sign(), signers()) == VerifiedGrant(GRANT, ("oncall",))


@pytest.mark.parametrize(
    ("signed", "policies", "error"),
    [
        (sign(key=LEAF_KEY), (signers(),), NoMatchingSignatures),
        (sign(), (signers(), signers(LEAF_KEY)), NoMatchingSignatures),
        (sign(), (signers(LEAF_KEY, mode="warn"),), NoMatchingSignatures),
        (SignedGrant(GRANT.encode() + b"\n", sign().bundle), (signers(),), NoMatchingSignatures),
        (SignedGrant(GRANT.encode(), b"{}"), (signers(),), NoMatchingSignatures),
        (sign(), (), PolicyRefused),
        (sign(), (own(PASS),), PolicyRefused),
        (sign(), (own(PASS, images=[], files=[{"glob": "other.yaml"}]),), PolicyRefused),
        (sign_document(b"namespace: shop\n"), (signers(),), DocumentError),
    ],
)
def test_exceptions_that_do_not_count(signed: SignedGrant, policies: Any, error: type[CosignError]) -> None:
    with pytest.raises(error):
        verify(signed, *policies)


def test_one_of_several_keys_is_enough() -> None:
    assert verify(sign(key=LEAF_KEY), signers(USER_KEY, LEAF_KEY)).grant == GRANT
