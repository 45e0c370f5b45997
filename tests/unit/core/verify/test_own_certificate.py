"""A certificate of one's own: of this key, named, for signing code, valid now, its issuers in order."""

from datetime import datetime, timedelta
from typing import Final

import pytest
from cryptography.x509 import ExtendedKeyUsage, ObjectIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.verify.own_certificate import verify_own_certificate
from cosignpy.errors import CertificateError, MalformedError
from tests.support.certificates import CA, LIFETIME, MIDDLE, START, Authority, Extensions
from tests.support.virtual_sigstore import FULCIO_ISSUER, FULCIO_ROOT, GOOD, LEAF_KEY, SIGNING, USER_KEY, named

ISSUERS: Final = (FULCIO_ISSUER.der, FULCIO_ROOT.der)
LEAF: Final = FULCIO_ISSUER.leaf(GOOD)
SECOND: Final = timedelta(seconds=1)


def verify(
    leaf: bytes = LEAF,
    issuers: tuple[bytes, ...] = ISSUERS,
    key: PublicKey = LEAF_KEY.public_key,
    moment: datetime = MIDDLE,
) -> None:
    verify_own_certificate(leaf, issuers, key, moment)


def purposes(*wanted: ObjectIdentifier) -> Extensions:
    return (SIGNING[0], (ExtendedKeyUsage(wanted), False)) if wanted else SIGNING[:1]


def test_a_good_one_passes_with_its_issuers_and_without() -> None:
    verify()
    verify(issuers=ISSUERS[:1])
    verify(issuers=())


@pytest.mark.parametrize("issuers", [ISSUERS, ()], ids=["with issuers", "without"])
@pytest.mark.parametrize(
    ("leaf", "key", "moment"),
    [
        pytest.param(LEAF, USER_KEY.public_key, MIDDLE, id="of another key"),
        pytest.param(FULCIO_ISSUER.leaf(SIGNING), LEAF_KEY.public_key, MIDDLE, id="of nobody"),
        pytest.param(FULCIO_ISSUER.leaf((*named(), *purposes())), LEAF_KEY.public_key, MIDDLE, id="for no purpose"),
        pytest.param(
            FULCIO_ISSUER.leaf((*named(), *purposes(ExtendedKeyUsageOID.SERVER_AUTH))),
            LEAF_KEY.public_key,
            MIDDLE,
            id="for another purpose",
        ),
        pytest.param(FULCIO_ISSUER.leaf((*GOOD, CA[0])), LEAF_KEY.public_key, MIDDLE, id="of an authority"),
        pytest.param(LEAF, LEAF_KEY.public_key, START - SECOND, id="not valid yet"),
        pytest.param(LEAF, LEAF_KEY.public_key, START + LIFETIME + SECOND, id="expired"),
    ],
)
def test_one_thing_wrong_is_refused(leaf: bytes, key: PublicKey, moment: datetime, issuers: tuple[bytes, ...]) -> None:
    with pytest.raises(CertificateError):
        verify(leaf, issuers, key, moment)


@pytest.mark.parametrize(
    "issuers",
    [
        pytest.param(ISSUERS[::-1], id="in the wrong order"),
        pytest.param(ISSUERS[1:], id="without the nearest"),
        pytest.param((LEAF, *ISSUERS), id="with the certificate itself"),
        pytest.param((Authority.root("other").der,), id="others"),
    ],
)
def test_issuers_that_did_not_issue_it_are_refused(issuers: tuple[bytes, ...]) -> None:
    with pytest.raises(CertificateError):
        verify(issuers=issuers)


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(MalformedError):
        verify(leaf=b"x")
    with pytest.raises(MalformedError):
        verify(issuers=(b"x",))
