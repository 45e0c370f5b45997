"""What certificates say: the profile of Fulcio, in its order."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from cryptography.x509 import (
    AuthorityKeyIdentifier,
    ExtendedKeyUsage,
    KeyUsage,
    OtherName,
    SubjectAlternativeName,
    SubjectKeyIdentifier,
    load_der_x509_certificate,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from ca_server.identity.principal import Principal
from ca_server.issuance.certificate import (
    SERIAL_SIZE,
    SHORTEST,
    Lifetime,
    Validity,
    build_serial,
    build_template,
    build_validity,
)
from ca_server.issuance.errors import AuthorityFailed
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.fulcio_extensions import fulcio_extensions
from cosignpy.core.x509.fulcio_names import ARC
from cosignpy.core.x509.issuing import MAX_SERIAL, sign_certificate
from cosignpy.core.x509.subject_alt_name import NameKind, SubjectName, subject_names
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import MalformedError
from cosignpy.values import replace
from tests.support.issuance import ALICE_WITH_MAIL, START, USER, WORKFLOW, YEAR, build_issuing, client_key

ISSUING: Final = build_issuing()
MINUTES: Final = timedelta(minutes=20)
VALIDITY: Final = Validity(START, START + MINUTES)
SERIAL: Final = build_serial(bytes(range(SERIAL_SIZE)))


def issue(principal: Principal = ALICE_WITH_MAIL, kind: str = "P-256") -> bytes:
    template = build_template(principal, client_key(kind).public_key, ISSUING, VALIDITY, SERIAL)
    return sign_certificate(template, ISSUING.signer)


def test_the_fields_are_those_that_were_asked_for() -> None:
    found = load_der_x509_certificate(issue())
    issuer = load_der_x509_certificate(ISSUING.chain[0])
    found.verify_directly_issued_by(issuer)
    assert found.serial_number == SERIAL
    assert (found.not_valid_before_utc, found.not_valid_after_utc) == (START, START + MINUTES)
    assert len(found.subject.rdns) == 0
    assert TbsCertificate.parse(issue()).spki == client_key().public_key.spki


def test_the_extensions_stand_in_the_order_of_the_real_server() -> None:
    found = load_der_x509_certificate(issue(WORKFLOW)).extensions
    order = [(extension.oid.dotted_string.removeprefix("2.5.29."), extension.critical) for extension in found]
    assert order == [
        ("15", True),
        ("37", False),
        ("14", False),
        ("35", False),
        ("17", True),
        *[(f"{ARC}.{number}", False) for number in (1, 2, 3, 8, 9, 12, 20, 22, 24)],
    ]


def test_a_leaf_signs_and_nothing_else() -> None:
    found = load_der_x509_certificate(issue()).extensions
    usage = found.get_extension_for_class(KeyUsage).value
    assert usage == KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    assert list(found.get_extension_for_class(ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CODE_SIGNING]


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "Ed25519", "RSA-2048"])
def test_keys_are_called_what_others_call_them(kind: str) -> None:
    found = load_der_x509_certificate(issue(kind=kind))
    named = found.extensions.get_extension_for_class(SubjectKeyIdentifier).value
    assert named == SubjectKeyIdentifier.from_public_key(found.public_key())
    above = load_der_x509_certificate(ISSUING.chain[0]).extensions.get_extension_for_class(SubjectKeyIdentifier).value
    assert found.extensions.get_extension_for_class(
        AuthorityKeyIdentifier
    ).value == AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above)


@pytest.mark.parametrize("principal", [ALICE_WITH_MAIL, WORKFLOW, USER])
def test_the_one_name_is_the_principals(principal: Principal) -> None:
    assert subject_names(Certificate.parse(issue(principal))) == (principal.name,)


def test_a_user_name_is_an_other_name_of_fulcio() -> None:
    (name,) = load_der_x509_certificate(issue(USER)).extensions.get_extension_for_class(SubjectAlternativeName).value
    assert isinstance(name, OtherName)
    assert (name.type_id.dotted_string, name.value) == (f"{ARC}.7", b"\x0c\x11carol!example.com")


def test_the_statements_are_the_issuer_twice_the_subject_and_the_principals_own() -> None:
    said = {found.number: found.text for found in fulcio_extensions(Certificate.parse(issue(WORKFLOW)))}
    own = {statement.number: statement.text for statement in WORKFLOW.extensions}
    assert said == {1: WORKFLOW.issuer, 8: WORKFLOW.issuer, 24: WORKFLOW.subject} | own


def test_a_token_without_a_subject_leaves_its_extension_out() -> None:
    said = fulcio_extensions(Certificate.parse(issue(replace(ALICE_WITH_MAIL, subject=""))))
    assert [found.number for found in said] == [1, 8]


def test_a_name_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(MalformedError):
        issue(replace(ALICE_WITH_MAIL, name=SubjectName(NameKind.EMAIL, "a\nb@example.com")))


@pytest.mark.parametrize("octets", [bytes(SERIAL_SIZE), b"\xff" * SERIAL_SIZE])
def test_serial_numbers_are_positive_and_of_twenty_octets(octets: bytes) -> None:
    serial = build_serial(octets)
    assert 0 < serial <= MAX_SERIAL
    assert (serial.bit_length() + 7) // 8 == SERIAL_SIZE


def test_serial_numbers_have_158_random_bits() -> None:
    assert len({build_serial((1 << bit).to_bytes(SERIAL_SIZE)) for bit in range(8 * SERIAL_SIZE - 2)}) == 158


@pytest.mark.parametrize(
    ("lifetime", "first", "last"),
    [
        (Lifetime(MINUTES), START, START + MINUTES),
        (Lifetime(MINUTES, timedelta(minutes=5)), START - timedelta(minutes=5), START + timedelta(minutes=15)),
        (Lifetime(timedelta(days=1)), START, START + timedelta(days=1)),
    ],
)
def test_validity_follows_the_settings(lifetime: Lifetime, first: datetime, last: datetime) -> None:
    assert build_validity(lifetime, ISSUING, START + timedelta(microseconds=999_999)) == Validity(first, last)


def test_a_certificate_ends_no_later_than_its_issuer() -> None:
    issuing = build_issuing(end=START + timedelta(minutes=5))
    assert build_validity(Lifetime(MINUTES), issuing, START) == Validity(START, START + timedelta(minutes=5))


def test_a_certificate_begins_no_earlier_than_its_issuer() -> None:
    issuing = build_issuing(begin=START - timedelta(minutes=1))
    found = build_validity(Lifetime(MINUTES, timedelta(minutes=5)), issuing, START)
    assert found == Validity(START - timedelta(minutes=1), START + timedelta(minutes=15))


@pytest.mark.parametrize(
    "now",
    [START - YEAR - timedelta(seconds=1), START + YEAR - SHORTEST + timedelta(seconds=1), START + 2 * YEAR],
    ids=["not-yet", "nearly-over", "over"],
)
def test_an_issuer_whose_time_is_over_or_has_not_come_issues_nothing(now: datetime) -> None:
    with pytest.raises(AuthorityFailed):
        build_validity(Lifetime(MINUTES), ISSUING, now)


@pytest.mark.parametrize("now", [START - YEAR, START + YEAR - SHORTEST])
def test_an_issuer_issues_on_its_first_second_and_until_a_minute_before_its_end(now: datetime) -> None:
    assert build_validity(Lifetime(MINUTES), ISSUING, now).last <= START + YEAR


def test_times_are_utc() -> None:
    assert build_validity(Lifetime(MINUTES), ISSUING, START).first.tzinfo is UTC
