"""Certificates, read as `cryptography` reads them, and refused where they are spelled in another way."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pytest
from cryptography.x509 import CertificateBuilder, load_der_x509_certificate

from cosignpy.core.encoding import parse_pem
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    INTEGER,
    SEQUENCE,
    UTC_TIME,
    encode_element,
    encode_sequence,
    read_children,
    read_whole,
)
from cosignpy.errors import MalformedError
from tests.support import vectors
from tests.support.certificates import LIFETIME, START, Authority, key, named, sign

ROOT: Final = Authority.root()
GOOD: Final = ROOT.leaf()
ALGORITHM: Final = bytes.fromhex("300a06082a8648ce3d040302")


def parts(der: bytes) -> list[bytes]:
    """Return what an element consists of, each whole."""
    return [der[one.start : one.end] for one in read_children(der, read_whole(der, SEQUENCE, what="test"), what="test")]


def with_field(place: int, *content: bytes) -> bytes:
    """Put something else in the place of one field of the signed part; nothing takes it away."""
    tbs, *others = parts(GOOD)
    fields = parts(tbs)
    return encode_sequence(encode_sequence(*fields[:place], *content, *fields[place + 1 :]), *others)


def lifetime(*times: tuple[int, bytes]) -> bytes:
    return encode_sequence(*[encode_element(tag, content) for tag, content in times])


VALIDITY: Final = 4
EARLY: Final = (UTC_TIME, b"260101000000Z")
LATE: Final = (UTC_TIME, b"260101001000Z")


def test_a_certificate_says_what_was_put_into_it() -> None:
    found = Certificate.parse(GOOD)
    assert (found.der, found.serial_number, found.algorithm) == (GOOD, 1000, ALGORITHM)
    assert (found.issuer, found.subject) == (ROOT.certificate.subject, encode_sequence())
    assert (found.not_before, found.not_after) == (START, START + LIFETIME)
    assert (found.issuer_name, found.subject_name) == ("CN=root", "")


def test_certificates_are_equal_where_their_octets_are() -> None:
    assert Certificate.parse(GOOD) == Certificate.parse(GOOD)
    assert len({Certificate.parse(GOOD), Certificate.parse(GOOD), Certificate.parse(ROOT.leaf())}) == 2


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"\x30\x00", b"-----BEGIN CERTIFICATE-----", GOOD[:-1], GOOD + b"\x00", encode_sequence(GOOD)),
        encode_sequence(encode_sequence(), *parts(GOOD)[1:]),
    ],
)
def test_octets_that_are_no_certificate_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        Certificate.parse(raw, what="test")
    assert caught.value.what == "test"


@pytest.mark.parametrize("number", [b"\x01", b"\x7f", b"\x00\x80"])
def test_a_serial_number_is_positive(number: bytes) -> None:
    found = Certificate.parse(with_field(1, encode_element(INTEGER, number)))
    assert found.serial_number == int.from_bytes(number, "big")


@pytest.mark.parametrize("number", [b"\x00", b"\xff", b"\x80\x00", b"", b"\x00\x01"])
def test_another_serial_number_is_refused(number: bytes) -> None:
    with pytest.raises(MalformedError):
        Certificate.parse(with_field(1, encode_element(INTEGER, number)))


@pytest.mark.parametrize("version", [b"\x00", b"\x01", b"\x03", b"\x7f"])
def test_extensions_are_of_the_third_version(version: bytes) -> None:
    Certificate.parse(with_field(0, encode_element(0xA0, encode_element(INTEGER, b"\x02"))))
    with pytest.raises(MalformedError):
        Certificate.parse(with_field(0, encode_element(0xA0, encode_element(INTEGER, version))))
    with pytest.raises(MalformedError):
        Certificate.parse(with_field(0))


@pytest.mark.parametrize("version", [b"\x00", b"\x03"])
def test_an_unknown_version_is_refused(version: bytes) -> None:
    tbs, *others = parts(GOOD)
    for number, is_read in ((b"\x02", True), (version, False)):
        head = encode_element(0xA0, encode_element(INTEGER, number))
        made = encode_sequence(encode_sequence(head, *parts(tbs)[1:-1]), *others)
        if is_read:
            Certificate.parse(made)
        else:
            with pytest.raises(MalformedError):
                Certificate.parse(made)


def test_the_first_version_has_neither_a_number_nor_extensions() -> None:
    tbs, *others = parts(GOOD)
    fields = parts(tbs)
    assert Certificate.parse(encode_sequence(encode_sequence(*fields[1:-1]), *others)).tbs.extensions == ()


@pytest.mark.parametrize(("version", "is_read"), [(b"\x01", True), (b"\x02", True), (None, False)])
def test_unique_identifiers_came_with_the_second_version(version: bytes | None, is_read: bool) -> None:
    tbs, *others = parts(GOOD)
    number = [encode_element(0xA0, encode_element(INTEGER, version))] if version is not None else []
    fields = [*number, *parts(tbs)[1:-1], encode_element(0x81, b"\x00\x01"), encode_element(0x82, b"\x00\x01")]
    made = encode_sequence(encode_sequence(*fields), *others)
    if is_read:
        assert Certificate.parse(made).tbs.extensions == ()
    else:
        with pytest.raises(MalformedError):
            Certificate.parse(made)


@pytest.mark.parametrize("place", range(1, 7))
def test_every_field_has_its_tag(place: int) -> None:
    with pytest.raises(MalformedError):
        Certificate.parse(with_field(place, encode_element(BIT_STRING, b"\x00")))


@pytest.mark.parametrize("behind", [encode_element(0x84, b""), encode_element(0x82, b"\x00") * 2])
def test_there_are_no_other_fields(behind: bytes) -> None:
    tbs, *others = parts(GOOD)
    with pytest.raises(MalformedError):
        Certificate.parse(encode_sequence(encode_sequence(*parts(tbs), behind), *others))


def test_one_signature_algorithm_is_named() -> None:
    other = bytes.fromhex("300a06082a8648ce3d040303")
    tbs, algorithm, signature = parts(GOOD)
    assert algorithm == ALGORITHM
    for made in (with_field(2, other), encode_sequence(tbs, other, signature)):
        with pytest.raises(MalformedError):
            Certificate.parse(made)


def test_a_signature_is_of_whole_octets() -> None:
    """Else whoever has a certificate could make another of it, which verifies as well and no deny list has."""
    even = next(one for one in iter(ROOT.leaf, None) if Certificate.parse(one).signature[-1] % 2 == 0)
    tbs, algorithm, _ = parts(even)
    signature = Certificate.parse(even).signature
    respelled = encode_sequence(tbs, algorithm, encode_element(BIT_STRING, b"\x01" + signature))
    load_der_x509_certificate(respelled).verify_directly_issued_by(load_der_x509_certificate(ROOT.der))
    with pytest.raises(MalformedError):
        Certificate.parse(respelled)


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        (EARLY, START),
        ((UTC_TIME, b"500101000000Z"), datetime(1950, 1, 1, tzinfo=UTC)),
        ((UTC_TIME, b"491231235959Z"), datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ((GENERALIZED_TIME, b"20500101000000Z"), datetime(2050, 1, 1, tzinfo=UTC)),
        ((GENERALIZED_TIME, b"99991231235959Z"), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_have_two_forms(time: tuple[int, bytes], moment: datetime) -> None:
    found = Certificate.parse(with_field(VALIDITY, lifetime(time, LATE)))
    assert (found.not_before, found.not_after) == (moment, START + LIFETIME)


@pytest.mark.parametrize(
    "times",
    [
        (),
        (EARLY,),
        (EARLY, LATE, LATE),
        (EARLY, (UTC_TIME, b"260101001000+0000")),
        (EARLY, (UTC_TIME, b"2601010010Z")),
        (EARLY, (UTC_TIME, b"260101001000z")),
        (EARLY, (UTC_TIME, b"26010100100 Z")),
        (EARLY, (UTC_TIME, b"261301001000Z")),
        (EARLY, (UTC_TIME, b"20260101001000Z")),
        (EARLY, (GENERALIZED_TIME, b"20260101001000.5Z")),
        (EARLY, (GENERALIZED_TIME, b"00000101001000Z")),
        (EARLY, (INTEGER, b"260101001000Z")),
    ],
)
def test_other_times_are_refused(times: tuple[tuple[int, bytes], ...]) -> None:
    with pytest.raises(MalformedError):
        Certificate.parse(with_field(VALIDITY, lifetime(*times)))


def foreign() -> Iterator[bytes]:
    """Return all certificates that other projects test with."""
    for file in vectors.files("**/*"):
        if file.suffix in {".pem", ".crt", ".cert"} and file.is_file():
            for block in file.read_bytes().split(b"-----BEGIN ")[1:]:
                if block.startswith(b"CERTIFICATE-----"):
                    yield parse_pem(b"-----BEGIN " + block, what=str(file)).body


@vectors.NEEDED
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_certificates_of_others_are_read_as_cryptography_reads_them() -> None:
    found = set(foreign())
    assert len(found) > 30
    refused = []
    for der in found:
        try:
            ours = Certificate.parse(der)
        except MalformedError as error:
            refused.append(error.why)
            continue
        theirs = load_der_x509_certificate(der)
        assert (ours.serial_number, ours.signature) == (theirs.serial_number, theirs.signature)
        assert (ours.issuer, ours.subject) == (theirs.issuer.public_bytes(), theirs.subject.public_bytes())
        assert (ours.not_before, ours.not_after) == (theirs.not_valid_before_utc, theirs.not_valid_after_utc)
        assert ours.tbs.raw == theirs.tbs_certificate_bytes
        assert len(ours.tbs.extensions) == len(theirs.extensions)
    assert set(refused) <= {"its serial number is not positive"}


def test_a_builder_of_cryptography_makes_what_is_read() -> None:
    builder = CertificateBuilder(named("root"), named("leaf"), key("leaf").public_key(), 7, START, START + LIFETIME)
    assert sign(builder, ROOT.key).tbs.extensions == ()
