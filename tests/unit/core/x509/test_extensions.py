"""The extensions of authorities, written and read as `cryptography` writes and reads them."""

from collections.abc import Callable
from typing import Final

import pytest
from cryptography.x509 import (
    AuthorityKeyIdentifier,
    BasicConstraints,
    ExtendedKeyUsage,
    ExtensionType,
    KeyUsage,
    ObjectIdentifier,
    SubjectKeyIdentifier,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.der import OBJECT_IDENTIFIER, OCTET_STRING, encode_element, encode_sequence
from cosignpy.core.x509.extensions import (
    AUTHORITY_KEY_IDENTIFIER,
    BASIC_CONSTRAINTS,
    CODE_SIGNING,
    EXTENDED_KEY_USAGE,
    KEY_USAGE,
    MAX_PURPOSES,
    SUBJECT_KEY_IDENTIFIER,
    TIME_STAMPING,
    Usage,
    authority_key_identifier,
    basic_constraints,
    extended_key_usage,
    identify_key,
    is_authority,
    key_usage,
    read_basic_constraints,
    read_key_identifier,
    read_key_usage,
    read_purposes,
    subject_key_identifier,
)
from cosignpy.core.x509.issuing import EMPTY_NAME, CertificateTemplate, sign_certificate
from cosignpy.core.x509.tbs import Extension, NamedExtension, encode_extension
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support.certificates import START
from tests.support.fixed_keys import ALICE, ed25519_signer

IDENTIFIER = bytes(range(20))


EVERY_USAGE: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
"""By the number of its bit (RFC 5280 section 4.2.1.3)."""


def usages(**allowed: bool) -> KeyUsage:
    return KeyUsage(**(dict.fromkeys(EVERY_USAGE, False) | allowed))


@pytest.mark.parametrize(
    ("made", "oid", "critical", "wanted"),
    [
        (basic_constraints(None), BASIC_CONSTRAINTS, True, BasicConstraints(ca=True, path_length=None)),
        (basic_constraints(0), BASIC_CONSTRAINTS, True, BasicConstraints(ca=True, path_length=0)),
        (basic_constraints(200), BASIC_CONSTRAINTS, True, BasicConstraints(ca=True, path_length=200)),
        (key_usage(Usage.DIGITAL_SIGNATURE), KEY_USAGE, True, usages(digital_signature=True)),
        (
            key_usage(Usage.CERTIFICATE_SIGNING, Usage.CRL_SIGNING),
            KEY_USAGE,
            True,
            usages(key_cert_sign=True, crl_sign=True),
        ),
        (
            extended_key_usage((CODE_SIGNING,), critical=False),
            EXTENDED_KEY_USAGE,
            False,
            ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]),
        ),
        (
            extended_key_usage((CODE_SIGNING, TIME_STAMPING), critical=True),
            EXTENDED_KEY_USAGE,
            True,
            ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING]),
        ),
        (subject_key_identifier(IDENTIFIER), SUBJECT_KEY_IDENTIFIER, False, SubjectKeyIdentifier(IDENTIFIER)),
        (
            authority_key_identifier(IDENTIFIER),
            AUTHORITY_KEY_IDENTIFIER,
            False,
            AuthorityKeyIdentifier(IDENTIFIER, None, None),
        ),
    ],
)
def test_an_extension_has_the_bytes_that_cryptography_writes(
    made: NamedExtension, oid: bytes, critical: bool, wanted: ExtensionType
) -> None:
    assert made == encode_extension(oid, Extension(critical, wanted.public_bytes()))
    assert ObjectIdentifier(wanted.oid.dotted_string) == wanted.oid


@given(st.sets(st.sampled_from(Usage), min_size=1))
def test_any_set_of_usages_is_der(chosen: set[Usage]) -> None:
    wanted = usages(
        digital_signature=Usage.DIGITAL_SIGNATURE in chosen,
        content_commitment=Usage.CONTENT_COMMITMENT in chosen,
        key_cert_sign=Usage.CERTIFICATE_SIGNING in chosen,
        crl_sign=Usage.CRL_SIGNING in chosen,
    )
    assert key_usage(*chosen) == encode_extension(KEY_USAGE, Extension(critical=True, content=wanted.public_bytes()))


def test_a_key_is_called_as_cryptography_calls_it() -> None:
    assert (
        identify_key(ALICE.public_key.spki)
        == SubjectKeyIdentifier.from_public_key(ALICE.handle.public_key()).key_identifier
    )
    edwards = ed25519_signer("someone")
    wanted = SubjectKeyIdentifier.from_public_key(edwards.handle.public_key())
    assert identify_key(edwards.public_key.spki) == wanted.key_identifier
    assert identify_key(ALICE.public_key.spki) != identify_key(edwards.public_key.spki)


@pytest.mark.parametrize(
    "broken", [encode_sequence(), encode_sequence(encode_element(OCTET_STRING, b"x")), b"\x04\x00"]
)
def test_something_else_than_a_key_has_no_name(broken: bytes) -> None:
    with pytest.raises(MalformedError):
        identify_key(broken)


def issued(*extensions: tuple[bytes, bytes, bool]) -> Certificate:
    """Return a certificate with extensions as they are, whatever they are: identifier, content, criticality."""
    made = [encode_extension(oid, Extension(critical, content)) for oid, content, critical in extensions]
    template = CertificateTemplate(7, EMPTY_NAME, START, START, EMPTY_NAME, ALICE.public_key.spki, tuple(made))
    return Certificate.parse(sign_certificate(template, ALICE))


NOTHING: Final = issued()


@pytest.mark.parametrize(
    ("constraints", "found"),
    [
        (BasicConstraints(ca=True, path_length=None), (True, None)),
        (BasicConstraints(ca=True, path_length=0), (True, 0)),
        (BasicConstraints(ca=True, path_length=300), (True, 300)),
        (BasicConstraints(ca=False, path_length=None), (False, None)),
    ],
)
def test_basic_constraints_are_read(constraints: BasicConstraints, found: tuple[bool, int | None]) -> None:
    certificate = issued((BASIC_CONSTRAINTS, constraints.public_bytes(), True))
    read = read_basic_constraints(certificate)
    assert read is not None
    assert (read.is_authority, read.path_length) == found
    assert is_authority(certificate) is found[0]


def test_what_is_not_said_is_not_read() -> None:
    assert read_basic_constraints(NOTHING) is None
    assert not is_authority(NOTHING)
    assert (read_key_usage(NOTHING), read_purposes(NOTHING), read_key_identifier(NOTHING)) == (None, None, None)


@given(st.sets(st.sampled_from(EVERY_USAGE), min_size=1))
def test_usages_are_read_as_cryptography_writes_them(names: set[str]) -> None:
    names = names | ({"key_agreement"} if names & {"encipher_only", "decipher_only"} else set())
    certificate = issued((KEY_USAGE, usages(**dict.fromkeys(names, True)).public_bytes(), True))
    assert read_key_usage(certificate) == {EVERY_USAGE.index(name) for name in names}


def test_purposes_are_read_in_their_order() -> None:
    purposes = ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING])
    certificate = issued((EXTENDED_KEY_USAGE, purposes.public_bytes(), False))
    assert read_purposes(certificate) == (TIME_STAMPING, CODE_SIGNING)


def test_the_name_of_a_key_is_read() -> None:
    certificate = issued((SUBJECT_KEY_IDENTIFIER, SubjectKeyIdentifier(IDENTIFIER).public_bytes(), False))
    assert read_key_identifier(certificate) == IDENTIFIER


PURPOSE: Final = encode_element(OBJECT_IDENTIFIER, CODE_SIGNING)


@pytest.mark.parametrize(
    ("read", "oid", "content"),
    [
        (read_basic_constraints, BASIC_CONSTRAINTS, ""),
        (read_basic_constraints, BASIC_CONSTRAINTS, "3100"),
        (read_basic_constraints, BASIC_CONSTRAINTS, "3003010100"),  # FALSE, which is the default
        (read_basic_constraints, BASIC_CONSTRAINTS, "3003010101"),
        (read_basic_constraints, BASIC_CONSTRAINTS, "30060101ff0201ff"),  # a length below zero
        (read_basic_constraints, BASIC_CONSTRAINTS, "30070101ff02020001"),
        (read_basic_constraints, BASIC_CONSTRAINTS, "30080101ff0201000500"),
        (read_key_usage, KEY_USAGE, "0300"),
        (read_key_usage, KEY_USAGE, "030100"),
        (read_key_usage, KEY_USAGE, "0303088000"),
        (read_key_usage, KEY_USAGE, "03020181"),
        (read_key_usage, KEY_USAGE, "04020780"),
        (read_purposes, EXTENDED_KEY_USAGE, "3000"),
        (read_purposes, EXTENDED_KEY_USAGE, "30020500"),
        (read_purposes, EXTENDED_KEY_USAGE, encode_sequence(*[PURPOSE] * (MAX_PURPOSES + 1)).hex()),
        (read_key_identifier, SUBJECT_KEY_IDENTIFIER, "0500"),
        (read_key_identifier, SUBJECT_KEY_IDENTIFIER, "04010000"),
    ],
)
def test_an_extension_of_another_form_is_refused(read: Callable[..., object], oid: bytes, content: str) -> None:
    with pytest.raises((MalformedError, LimitExceeded)) as caught:
        read(issued((oid, bytes.fromhex(content), True)), what="test")
    assert caught.value.what == "test"


def test_as_many_purposes_as_are_read() -> None:
    content = encode_sequence(*[PURPOSE] * MAX_PURPOSES)
    assert read_purposes(issued((EXTENDED_KEY_USAGE, content, False))) == (CODE_SIGNING,) * MAX_PURPOSES
