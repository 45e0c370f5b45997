"""A whole path: who issued whom, for what, and when; each refused one differs from a good one by one thing."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import (
    BasicConstraints,
    CertificateBuilder,
    DNSName,
    ExtendedKeyUsage,
    NameConstraints,
    ObjectIdentifier,
    UnrecognizedExtension,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import SEQUENCE, encode_bit_string, encode_sequence, read_children, read_whole
from cosignpy.core.x509.extensions import CODE_SIGNING as SIGNING
from cosignpy.core.x509.extensions import TIME_STAMPING as STAMPING
from cosignpy.core.x509.path import MAX_ISSUERS, verify_path
from cosignpy.errors import CertificateError, CosignError, LimitExceeded, MalformedError
from tests.support.certificates import CA, LIFETIME, MIDDLE, NAMED, START, Authority, Extensions, key, named, sign

LEAF: Final[Extensions] = (*NAMED, (ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False))
ROOT: Final = Authority.root()
LATE: Final = datetime(2050, 1, 1, tzinfo=UTC)
"""From this year on certificates write all four digits of it (RFC 5280 section 4.1.2.5)."""


def issued(extensions: Extensions = LEAF, *above: Extensions) -> tuple[Certificate, list[Certificate]]:
    """Return a leaf, and its issuers: one for each set of extensions, from the root down, below a root that may all."""
    authorities = [ROOT]
    for place, one in enumerate(above):
        authorities.append(authorities[-1].authority(f"intermediate {place}", one))
    leaf = authorities[-1].certificate_of("", extensions)
    return leaf, [one.certificate for one in reversed(authorities)]


def allowing(*purposes: ObjectIdentifier) -> Extensions:
    return (*CA, (ExtendedKeyUsage(purposes), True))


def limited(below: int) -> Extensions:
    return ((BasicConstraints(ca=True, path_length=below), True),)


OTHER: Final = (UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False)


@pytest.mark.parametrize(
    "above",
    [
        (),
        (CA,),
        (CA, CA),
        (allowing(ExtendedKeyUsageOID.CODE_SIGNING),),
        (allowing(ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING),),
        (allowing(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),),
        (limited(0),),
        (limited(1), limited(0)),
        ((*CA, OTHER),),
    ],
)
def test_a_path_that_holds(above: tuple[Extensions, ...]) -> None:
    leaf, issuers = issued(LEAF, *above)
    verify_path(leaf, issuers, SIGNING, MIDDLE)


@pytest.mark.parametrize(
    "above",
    [
        (allowing(ExtendedKeyUsageOID.TIME_STAMPING),),
        (allowing(ExtendedKeyUsageOID.TIME_STAMPING), CA),
        (((BasicConstraints(ca=False, path_length=None), True),),),
        (limited(0), CA),
        (limited(1), CA, CA),
        ((*CA, (OTHER[0], True)),),
        ((*CA, (NameConstraints([DNSName("example.com")], None), True)),),
        ((*CA, (NameConstraints([DNSName("example.com")], None), False)),),
    ],
)
def test_an_issuer_that_may_not(above: tuple[Extensions, ...]) -> None:
    leaf, issuers = issued(LEAF, *above)
    with pytest.raises(CertificateError) as caught:
        verify_path(leaf, issuers, SIGNING, MIDDLE)
    assert caught.value.what.startswith("issuer")


@pytest.mark.parametrize(
    "extensions",
    [NAMED, (*NAMED, (ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), False)), (*LEAF, (OTHER[0], True))],
    ids=["no purpose", "another purpose", "a critical extension"],
)
def test_a_leaf_that_is_not_for_it(extensions: Extensions) -> None:
    leaf, issuers = issued(extensions, CA)
    with pytest.raises(CertificateError) as caught:
        verify_path(leaf, issuers, SIGNING, MIDDLE)
    assert caught.value.what == "leaf certificate"


def misnamed(certificate: Certificate, issuer: Authority) -> Certificate:
    """Put octets that are not UTF-8 in the place of "stranger", and sign that."""
    raw = certificate.der
    signed, algorithm, _ = read_children(raw, read_whole(raw, SEQUENCE, what="test"), what="test")
    tbs = raw[signed.start : signed.end].replace(b"stranger", b"strange\xff")
    signature = encode_bit_string(issuer.key.sign(tbs, ECDSA(SHA256())))
    return Certificate.parse(encode_sequence(tbs, raw[algorithm.start : algorithm.end], signature))


def test_names_are_octets_that_nobody_has_to_read() -> None:
    """Whoever makes up the issuers that come with a signature may write into them what they like."""
    stranger = Authority.root("stranger")
    issuer = stranger.authority()
    leaf = issuer.certificate_of("", LEAF)
    verify_path(leaf, [issuer.certificate, stranger.certificate], SIGNING, MIDDLE)
    issuers = [misnamed(one, stranger) for one in (issuer.certificate, stranger.certificate)]
    verify_path(leaf, issuers, SIGNING, MIDDLE)
    with pytest.raises(CertificateError) as caught:
        verify_path(leaf, [*issuers, ROOT.certificate], SIGNING, MIDDLE)
    assert caught.value.what == "issuer 2 of the leaf certificate"


@pytest.mark.parametrize("moment", [START, START + LIFETIME])
def test_both_ends_of_its_time_are_in_it(moment: object) -> None:
    leaf, issuers = issued()
    verify_path(leaf, issuers, SIGNING, moment)


@pytest.mark.parametrize("moment", [START - timedelta(seconds=1), START + LIFETIME + timedelta(seconds=1)])
def test_all_have_to_be_valid(moment: object) -> None:
    leaf, issuers = issued()
    with pytest.raises(CertificateError):
        verify_path(leaf, issuers, SIGNING, moment)


def test_the_issuers_have_their_own_time() -> None:
    """The leaf is valid for longer than its issuer: it is the issuer that is refused."""

    builder = CertificateBuilder(
        named("root"), named("short"), key("short").public_key(), 7, START, MIDDLE - timedelta(seconds=1)
    )
    for extension, critical in CA:
        builder = builder.add_extension(extension, critical)
    short = Authority(sign(builder, ROOT.key), key("short"))
    leaf = short.certificate_of("", LEAF)
    verify_path(leaf, [short.certificate, ROOT.certificate], SIGNING, START)
    with pytest.raises(CertificateError) as caught:
        verify_path(leaf, [short.certificate, ROOT.certificate], SIGNING, MIDDLE)
    assert caught.value.what == "issuer 1 of the leaf certificate"


def test_the_leaf_has_its_own_time_within_that_of_its_issuers() -> None:
    builder = CertificateBuilder(named("root"), named(""), key("leaf").public_key(), 7, START, MIDDLE)
    for extension, critical in LEAF:
        builder = builder.add_extension(extension, critical)
    leaf = sign(builder, ROOT.key)
    verify_path(leaf, [ROOT.certificate], SIGNING, MIDDLE)
    with pytest.raises(CertificateError) as caught:
        verify_path(leaf, [ROOT.certificate], SIGNING, MIDDLE + timedelta(seconds=1))
    assert caught.value.what == "leaf certificate"


@pytest.mark.parametrize(("year", "refusal"), [(b"0001", CertificateError), (b"0000", MalformedError)])
def test_a_year_that_no_date_has(year: bytes, refusal: type[CosignError]) -> None:
    """Nothing vouches for a leaf whose time is looked at: it may be anybody's."""
    builder = CertificateBuilder(named("root"), named(""), key("leaf").public_key(), 7, LATE, LATE)
    for extension, critical in LEAF:
        builder = builder.add_extension(extension, critical)
    raw = sign(builder, ROOT.key).der.replace(b"2050", year)
    with pytest.raises(refusal):
        verify_path(Certificate.parse(raw), [ROOT.certificate], SIGNING, MIDDLE)


def test_what_was_shown_of_an_issuer_before_is_neither_its_time_nor_another_purpose() -> None:
    leaf, issuers = issued(
        (*NAMED, (ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING]), False)),
        allowing(ExtendedKeyUsageOID.CODE_SIGNING),
    )
    for _ in range(2):
        verify_path(leaf, issuers, SIGNING, MIDDLE)
        with pytest.raises(CertificateError):
            verify_path(leaf, issuers, STAMPING, MIDDLE)
        with pytest.raises(CertificateError):
            verify_path(leaf, issuers, SIGNING, START + 2 * LIFETIME)


def test_every_link_has_to_hold() -> None:
    leaf, issuers = issued(LEAF, CA)
    other = ROOT.authority("other")
    verify_path(leaf, issuers, SIGNING, MIDDLE)
    for broken in (issuers[1:], [issuers[0]] * 2, [issuers[0], other.certificate], [Authority.root("x").certificate]):
        with pytest.raises(CertificateError):
            verify_path(leaf, broken, SIGNING, MIDDLE)


def test_an_authority_that_issued_itself_again_is_not_counted() -> None:
    """As when a key is exchanged for another (RFC 5280 section 4.2.1.9)."""
    below = ROOT.authority("intermediate 0", limited(0))
    again = Authority(below.certificate_of("intermediate 0", CA), below.key)
    leaf = again.certificate_of("", LEAF)
    verify_path(leaf, [again.certificate, below.certificate, ROOT.certificate], SIGNING, MIDDLE)


def test_somebody_has_to_be_trusted() -> None:
    with pytest.raises(CertificateError):
        verify_path(ROOT.certificate_of("", LEAF), (), SIGNING, MIDDLE)


def test_a_path_longer_than_any_is_refused() -> None:
    leaf = ROOT.certificate_of("", LEAF)
    again = [ROOT.certificate] * MAX_ISSUERS
    verify_path(leaf, again, SIGNING, MIDDLE)
    with pytest.raises(LimitExceeded):
        verify_path(leaf, [*again, ROOT.certificate], SIGNING, MIDDLE)
