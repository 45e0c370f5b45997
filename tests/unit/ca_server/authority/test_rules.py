"""Chains that are refused before anything is signed under them: each differs from a sound one by one thing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import pytest

from ca_server.authority.hierarchy import draw_serial
from ca_server.authority.profile import Issuer, Period, Role, Subject, root_template, template_under
from ca_server.authority.protocol import CertifiedKey, Chain
from ca_server.authority.rules import verify_chain, verify_key
from cosignpy.core.keys.algorithms import ECDSA_P256, SIGNING
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.extensions import (
    BASIC_CONSTRAINTS,
    CODE_SIGNING,
    EXTENDED_KEY_USAGE,
    KEY_USAGE,
    TIME_STAMPING,
    Usage,
    basic_constraints,
    extended_key_usage,
    key_usage,
)
from cosignpy.core.x509.issuing import CertificateTemplate, encode_name, sign_certificate
from cosignpy.core.x509.tbs import NamedExtension
from cosignpy.errors import CertificateError, CosignError, KeyUnusable, MalformedError, SignatureMismatch
from cosignpy.values import replace, value
from tests.support.authorities import BEGIN, DAY
from tests.support.fixed_keys import ecdsa_signer

PERIOD: Final = Period(BEGIN, BEGIN + 100 * DAY)
NOW: Final = BEGIN + DAY

Change = Callable[[CertificateTemplate], CertificateTemplate]


def root(change: Change = lambda template: template) -> CertifiedKey:
    """Make a root that is different by some change."""
    signer = ecdsa_signer("root")
    template = change(root_template(Subject(encode_name("root", "org"), signer.public_key.spki), PERIOD, 1))
    return CertifiedKey(signer, (sign_certificate(template, signer),))


def under(
    issuer: CertifiedKey, role: Role, change: Change = lambda template: template, name: str = "below"
) -> CertifiedKey:
    """Make what an issuer issues, different by some change."""
    signer = ecdsa_signer(name)
    subject = Subject(encode_name(name, "org"), signer.public_key.spki)
    template = change(template_under(Issuer.of(issuer.chain[0]), role, subject, PERIOD, draw_serial()))
    return CertifiedKey(signer, (sign_certificate(template, issuer.signer), *issuer.chain))


def without(oid: bytes) -> Change:
    return lambda template: replace(template, extensions=tuple([one for one in template.extensions if one.oid != oid]))


def having(extension: NamedExtension) -> Change:
    return lambda template: replace(
        without(extension.oid)(template), extensions=(*without(extension.oid)(template).extensions, extension)
    )


def lasting(begin: datetime, end: datetime) -> Change:
    return lambda template: replace(template, not_before=begin, not_after=end)


EARLY: Final = lasting(BEGIN, NOW - DAY / 2)
LATE: Final = lasting(NOW + DAY, NOW + 2 * DAY)
STAMPING_AUTHORITY: Final = having(extended_key_usage((TIME_STAMPING,), critical=False))

ISSUING: Final[Mapping[str, Callable[[], Chain]]] = {
    "expired": lambda: under(root(), Role.ISSUING, EARLY).chain,
    "not yet valid": lambda: under(root(), Role.ISSUING, LATE).chain,
    "expired root": lambda: under(root(EARLY), Role.ISSUING).chain,
    "no authority": lambda: under(root(), Role.ISSUING, without(BASIC_CONSTRAINTS)).chain,
    "no purpose": lambda: under(root(), Role.ISSUING, without(EXTENDED_KEY_USAGE)).chain,
    "another purpose": lambda: (
        under(root(), Role.ISSUING, having(extended_key_usage((TIME_STAMPING,), critical=False))).chain
    ),
    "not for certificates": lambda: under(root(), Role.ISSUING, having(key_usage(Usage.DIGITAL_SIGNATURE))).chain,
    "root that may not issue": lambda: under(root(without(BASIC_CONSTRAINTS)), Role.ISSUING).chain,
    "root without room below it": lambda: under(root(having(basic_constraints(0))), Role.ISSUING).chain,
    "without its root": lambda: under(root(), Role.ISSUING).chain[:1],
    "in the wrong order": lambda: under(root(), Role.ISSUING).chain[::-1],
    "another root of the same name": lambda: (
        under(root(), Role.ISSUING).chain[0],
        under(CertifiedKey(ecdsa_signer("other"), root().chain), Role.ISSUING).chain[0],
    ),
    "a stamping certificate": lambda: under(root(), Role.TIMESTAMPING).chain,
}


def test_sound_chains_of_any_length_are_accepted() -> None:
    verify_chain(root().chain, Role.ISSUING, NOW, what="chain")
    verify_chain(under(root(), Role.ISSUING).chain, Role.ISSUING, NOW, what="chain")
    verify_chain(under(root(), Role.TIMESTAMPING).chain, Role.TIMESTAMPING, NOW, what="chain")
    top = root(having(basic_constraints(2)))
    middle = under(top, Role.ISSUING, having(basic_constraints(1)), "middle")
    verify_chain(under(middle, Role.ISSUING).chain, Role.ISSUING, NOW, what="chain")
    stamping = under(top, Role.ISSUING, STAMPING_AUTHORITY, "middle")
    verify_chain(under(stamping, Role.TIMESTAMPING).chain, Role.TIMESTAMPING, NOW, what="chain")


@pytest.mark.parametrize("moment", [BEGIN, PERIOD.end])
def test_both_ends_of_its_time_belong_to_it(moment: datetime) -> None:
    verify_chain(under(root(), Role.ISSUING).chain, Role.ISSUING, moment, what="chain")


@pytest.mark.parametrize("make", ISSUING.values(), ids=ISSUING)
def test_an_unsound_issuing_chain_is_refused(make: Callable[[], Chain]) -> None:
    with pytest.raises(CertificateError) as caught:
        verify_chain(make(), Role.ISSUING, NOW, what="/some/chain.pem")
    assert caught.value.what.endswith(" of /some/chain.pem")


TIMESTAMPING: Final[Mapping[str, Callable[[], Chain]]] = {
    "expired": lambda: under(root(), Role.TIMESTAMPING, EARLY).chain,
    "no purpose": lambda: under(root(), Role.TIMESTAMPING, without(EXTENDED_KEY_USAGE)).chain,
    "a purpose that is not critical": lambda: (
        under(root(), Role.TIMESTAMPING, having(extended_key_usage((TIME_STAMPING,), critical=False))).chain
    ),
    "two purposes": lambda: (
        under(root(), Role.TIMESTAMPING, having(extended_key_usage((TIME_STAMPING, CODE_SIGNING), critical=True))).chain
    ),
    "no signatures": lambda: under(root(), Role.TIMESTAMPING, having(key_usage(Usage.CRL_SIGNING))).chain,
    "an authority": lambda: under(root(), Role.TIMESTAMPING, having(basic_constraints(0))).chain,
    "a root alone": lambda: root().chain,
    "a root that may not issue": lambda: under(root(without(BASIC_CONSTRAINTS)), Role.TIMESTAMPING).chain,
    "an intermediate for something else": lambda: (
        under(under(root(), Role.ISSUING, name="middle"), Role.TIMESTAMPING).chain
    ),
    "an issuing certificate": lambda: under(root(), Role.ISSUING).chain,
}


@pytest.mark.parametrize("make", TIMESTAMPING.values(), ids=TIMESTAMPING)
def test_an_unsound_stamping_chain_is_refused(make: Callable[[], Chain]) -> None:
    with pytest.raises(CertificateError) as caught:
        verify_chain(make(), Role.TIMESTAMPING, NOW, what="/some/chain.pem")
    assert caught.value.what.endswith(" of /some/chain.pem")


def test_a_certificate_without_a_key_usage_may_stamp() -> None:
    verify_chain(under(root(), Role.TIMESTAMPING, without(KEY_USAGE)).chain, Role.TIMESTAMPING, NOW, what="chain")


def test_what_is_no_certificate_is_malformed_and_named() -> None:
    with pytest.raises(MalformedError) as caught:
        verify_chain((b"0\x00", *root().chain), Role.ISSUING, NOW, what="chain")
    assert caught.value.what == "certificate 1 of chain"


@value
class Lying:
    """Says that it has a key, and signs with another."""

    said: Signer
    used: Signer

    @property
    def public_key(self) -> object:
        return self.said.public_key

    def sign(self, message: bytes) -> bytes:
        return self.used.sign(message)


KEYS: Final[Mapping[str, tuple[Signer, type[CosignError]]]] = {
    "another": (PrivateKey.generate(ECDSA_P256), KeyUnusable),
    "a lying one": (Lying(ecdsa_signer("below"), ecdsa_signer("root")), SignatureMismatch),
}


@pytest.mark.parametrize(("signer", "refusal"), KEYS.values(), ids=KEYS)
def test_a_key_that_does_not_belong_to_the_chain_is_refused(signer: Signer, refusal: type[CosignError]) -> None:
    made = under(root(), Role.ISSUING)
    verify_key(made.chain, made.signer, what="key")
    with pytest.raises(refusal):
        verify_key(made.chain, signer, what="key")


def test_a_key_that_signs_no_certificates_is_refused() -> None:
    key = PrivateKey.generate(SIGNING["ML-DSA-65"])
    subject = Subject(encode_name("below", "org"), key.public_key.spki)
    issuer = root()
    template = template_under(Issuer.of(issuer.chain[0]), Role.ISSUING, subject, PERIOD, 2)
    with pytest.raises(KeyUnusable):
        verify_key((sign_certificate(template, issuer.signer), *issuer.chain), key, what="key")
