"""One certificate for many signatures, renewed in time, its key in memory only."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

import pytest
from cryptography.x509 import ExtendedKeyUsage, RFC822Name, SubjectAlternativeName
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.core.fulcio import IssuedCertificate
from cosignpy.core.keys.algorithms import DEFAULT, ECDSA_P384
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import Signer, verify_signature
from cosignpy.core.rekor.hashedrekord import VerifierForm
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import RemoteError
from cosignpy.operations.keyless import RESERVE, KeylessSigner
from cosignpy.values import value
from tests.support.certificates import LIFETIME, START, Authority, Extensions

SECOND: Final = timedelta(seconds=1)
CODE: Final[Extensions] = (
    (SubjectAlternativeName([RFC822Name("alice@example.com")]), True),
    (ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
)
ROOT: Final = Authority.root("keyless root")
ISSUING: Final = ROOT.authority("keyless intermediate")


@value
class Alice:
    """Who the token is about."""

    challenge: str = "alice@example.com"


@value
class Token:
    """A token of hers."""

    raw: str
    identity: Alice = Alice()


class Identities:
    """Gives a new token each time."""

    def __init__(self) -> None:
        self.asked = 0

    def obtain(self) -> Token:
        self.asked += 1
        return Token(f"token {self.asked}")


class Certificates:
    """Certifies for the lifetime of test certificates from `START`, or fails."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, str, str]] = []
        self.failing = False
        self.delay = threading.Event()

    def request_certificate(self, signer: Signer, token: str, subject: str) -> IssuedCertificate:
        self.asked.append((signer.public_key.spki, token, subject))
        if self.failing:
            raise RemoteError("the certificate authority", "https://ca.example", 503, "busy", retryable=True)
        assert isinstance(signer, PrivateKey)
        self.delay.wait(0.01)
        leaf = ISSUING.certificate_for("", _key_of(signer), CODE)
        return IssuedCertificate(leaf.der, (ISSUING.der, ROOT.der))


def _key_of(signer: PrivateKey) -> object:
    return signer.handle


class Site:
    """A signer with its ports, at a time that the test sets."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment
        self.identities, self.authority = Identities(), Certificates()
        self.signer = KeylessSigner(self.identities, self.authority, lambda: self.moment)

    def at(self, moments: Sequence[datetime]) -> list[bytes]:
        """Return the leaf that is used at each moment."""
        leaves = []
        for self.moment in moments:
            leaves.append(self.signer.certified().certificate)
        return leaves


def test_nobody_is_asked_before_there_is_something_to_sign() -> None:
    site = Site()
    assert (site.identities.asked, site.authority.asked) == (0, [])


def test_the_key_is_certified_for_the_identity_of_the_token() -> None:
    site = Site()
    made = site.signer.certified()
    assert site.authority.asked == [(made.signer.public_key.spki, "token 1", "alice@example.com")]
    assert TbsCertificate.parse(made.certificate).spki == made.signer.public_key.spki
    assert made.signer.public_key.algorithm == DEFAULT


def test_what_it_signs_the_certificate_verifies_and_a_log_is_told_so() -> None:
    made = Site().signer.certified()
    verify_signature(made.signer.public_key, made.signer.sign(b"message"), b"message")
    assert (made.verifier.form, made.verifier.der) == (VerifierForm.CERTIFICATE, made.certificate)
    assert made.verifier.algorithm == DEFAULT


def test_another_kind_of_key_can_be_asked_for() -> None:
    site = Site()
    signer = KeylessSigner(site.identities, site.authority, lambda: START, ECDSA_P384)
    assert signer.certified().signer.public_key.algorithm == ECDSA_P384


def test_one_certificate_serves_for_many_signatures() -> None:
    site = Site()
    end = START + LIFETIME - RESERVE
    assert len(set(site.at([START, START, START + LIFETIME / 2, end - SECOND]))) == 1
    assert site.identities.asked == 1


def test_a_certificate_that_could_expire_half_way_is_renewed_for_another_key() -> None:
    site = Site()
    first, second = site.at([START, START + LIFETIME - RESERVE])
    assert first != second
    assert site.identities.asked == 2
    assert len({spki for spki, _, _ in site.authority.asked}) == 2


def test_a_certificate_with_little_time_left_is_used_for_half_of_it() -> None:
    """An authority may issue for less than the reserve: to ask it for each signature would help nobody."""
    late = START + LIFETIME - RESERVE
    site = Site()
    leaves = site.at([late, late + RESERVE / 2 - SECOND, late + RESERVE / 2])
    assert (leaves[0] == leaves[1], leaves[1] == leaves[2]) == (True, False)


def test_threads_share_a_certificate() -> None:
    site = Site()
    with ThreadPoolExecutor(8) as pool:
        leaves = set(pool.map(lambda _: site.signer.certified().certificate, range(32)))
    assert (len(leaves), site.identities.asked) == (1, 1)


def test_after_a_failure_it_is_asked_again() -> None:
    site = Site()
    site.authority.failing = True
    with pytest.raises(RemoteError):
        site.signer.certified()
    site.authority.failing = False
    assert site.signer.certified().certificate
    assert site.identities.asked == 2


def test_a_renewal_that_fails_does_not_bring_the_old_certificate_back() -> None:
    site = Site()
    site.signer.certified()
    site.authority.failing = True
    with pytest.raises(RemoteError):
        site.at([START + LIFETIME - RESERVE])


def test_the_key_does_not_show() -> None:
    made = Site().signer.certified()
    assert "PrivateKey" not in repr(made)
