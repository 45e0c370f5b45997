"""Certificates of anybody: what is read here, `cryptography` reads as well, and it says the same."""

from contextlib import suppress
from typing import Final

import pytest
from cryptography.x509 import load_der_x509_certificate
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import read_key, verify_may_issue
from cosignpy.core.x509.der_values import decode_oid
from cosignpy.core.x509.extensions import read_basic_constraints, read_key_identifier, read_key_usage, read_purposes
from cosignpy.core.x509.fulcio_extensions import fulcio_extensions
from cosignpy.core.x509.names import describe_name
from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.core.x509.tbs import parse_extension
from cosignpy.errors import CertificateError, MalformedError
from tests.support.certificates import Authority
from tests.support.virtual_sigstore import FULCIO_ISSUER, good_leaf

CERTIFICATES: Final = (good_leaf(), FULCIO_ISSUER.der, Authority.root("a name of somebody").der)


def read_all(certificate: Certificate) -> None:
    """Read everything that anybody asks a certificate for.

    Raises:
        MalformedError: A part of it cannot be read.
    """
    for name in (certificate.issuer, certificate.subject):
        describe_name(name, what="test")
    for read in (read_basic_constraints, read_key_identifier, read_key_usage, read_purposes):
        read(certificate)
    read_key(certificate)
    subject_names(certificate)
    fulcio_extensions(certificate)
    for extension in certificate.tbs.extensions:
        decode_oid(extension.oid, what="test")
        parse_extension(extension.raw, what="test")
    with suppress(CertificateError):
        verify_may_issue(certificate, 0)


@pytest.mark.filterwarnings("ignore:Parsed a serial number", "ignore:The parsed certificate")
@given(st.sampled_from(CERTIFICATES), st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=3))
@example(CERTIFICATES[0], [(0, 1)])
@settings(max_examples=1_000)
def test_what_is_read_is_what_cryptography_reads(der: bytes, changes: list[tuple[int, int]]) -> None:
    raw = bytearray(der)
    for place, change in changes:
        raw[place % len(raw)] ^= change
    with suppress(MalformedError):
        ours = Certificate.parse(bytes(raw))
        read_all(ours)
        theirs = load_der_x509_certificate(bytes(raw))
        assert (ours.serial_number, ours.signature) == (theirs.serial_number, theirs.signature)
        assert (ours.not_before, ours.not_after) == (theirs.not_valid_before_utc, theirs.not_valid_after_utc)
        assert ours.tbs.raw == theirs.tbs_certificate_bytes


@given(st.binary(max_size=400))
def test_octets_are_read_or_malformed(raw: bytes) -> None:
    with suppress(MalformedError):
        read_all(Certificate.parse(raw))
