"""The extensions that authorities write, as `cryptography` reads and writes them."""

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

from cosignpy.core.x509.der import OCTET_STRING, encode_element, encode_sequence
from cosignpy.core.x509.extensions import (
    AUTHORITY_KEY_IDENTIFIER,
    BASIC_CONSTRAINTS,
    CODE_SIGNING,
    EXTENDED_KEY_USAGE,
    KEY_USAGE,
    SUBJECT_KEY_IDENTIFIER,
    TIME_STAMPING,
    Usage,
    authority_key_identifier,
    basic_constraints,
    extended_key_usage,
    identify_key,
    key_usage,
    subject_key_identifier,
)
from cosignpy.core.x509.tbs import Extension, NamedExtension, encode_extension
from cosignpy.errors import MalformedError
from tests.support.fixed_keys import ALICE, ed25519_signer

IDENTIFIER = bytes(range(20))


def usages(**allowed: bool) -> KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
        " key_cert_sign crl_sign encipher_only decipher_only"
    )
    return KeyUsage(**(dict.fromkeys(every.split(), False) | allowed))


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
