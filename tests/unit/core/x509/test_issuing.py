"""Certificates as an authority makes them: read by `cryptography` and by openssl."""

import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate, load_der_x509_csr

from cosignpy.core.keys.algorithms import ALGORITHMS, ECDSA_P256, ED25519PH, SIGNING
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.certificate_request import CertificateRequest
from cosignpy.core.x509.chain import verify_issued_by, verify_may_issue
from cosignpy.core.x509.extensions import (
    CODE_SIGNING,
    Usage,
    authority_key_identifier,
    basic_constraints,
    extended_key_usage,
    identify_key,
    key_usage,
    subject_key_identifier,
)
from cosignpy.core.x509.issuing import (
    EMPTY_NAME,
    MAX_NAME,
    MAX_SERIAL,
    CertificateTemplate,
    encode_algorithm,
    encode_name,
    encode_tbs,
    encode_time,
    sign_certificate,
    sign_request,
)
from cosignpy.core.x509.names import COMMON_NAME, ORGANIZATION, find_attribute
from cosignpy.errors import KeyUnusable, UsageError
from cosignpy.values import replace
from tests.support.fixed_keys import ALICE
from tests.support.keys import key_vectors

KINDS: Final = ("P-256", "P-384", "P-521", "Ed25519", "RSA-2048", "RSA-3072", "RSA-4096")
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
END: Final = START + timedelta(days=3650)
MIDDLE: Final = START + timedelta(days=1)
NAME: Final = encode_name("Röot", "Example, Inc.")
TEMPLATE: Final = CertificateTemplate(1000, NAME, START, END, NAME, ALICE.public_key.spki)


@cache
def signer(kind: str) -> PrivateKey:
    """Return a key of a kind; those of RSA come from the vectors, because making them takes long."""
    vectors = key_vectors()
    return vectors[kind].private_key() if kind in vectors else PrivateKey.generate(SIGNING[kind])


def root_template(key: PrivateKey) -> CertificateTemplate:
    identifier = identify_key(key.public_key.spki)
    return replace(
        TEMPLATE,
        spki=key.public_key.spki,
        extensions=(
            basic_constraints(1),
            key_usage(Usage.CERTIFICATE_SIGNING, Usage.CRL_SIGNING),
            extended_key_usage((CODE_SIGNING,), critical=False),
            subject_key_identifier(identifier),
            authority_key_identifier(identifier),
        ),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_is_what_the_template_says_and_verifies(kind: str) -> None:
    template = root_template(signer(kind))
    der = sign_certificate(template, signer(kind))
    read = Certificate.parse(der)
    verify_issued_by(read, read)
    verify_may_issue(read, 1)
    assert read.serial_number == template.serial
    assert (read.not_before, read.not_after) == (START, END)
    assert find_attribute(read.subject, COMMON_NAME, what="test") == "Röot"
    assert find_attribute(read.subject, ORGANIZATION, what="test") == "Example, Inc."
    tbs = read.tbs
    assert tbs.raw == encode_tbs(template, signer(kind).algorithm)
    assert (tbs.subject, tbs.spki, tbs.extensions) == (NAME, template.spki, template.extensions)


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_reads_it_and_verifies_it(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "root.pem"
    der = sign_certificate(root_template(signer(kind)), signer(kind))
    path.write_bytes(load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    names = ("-subject", "-issuer", "-serial", "-nameopt", "utf8,sep_comma_plus,sname")
    assert openssl("x509", "-noout", *names, "-in", path).splitlines() == [
        "subject=O=Example, Inc.,CN=Röot",
        "issuer=O=Example, Inc.,CN=Röot",
        "serial=03E8",
    ]
    strict = ("-x509_strict", "-check_ss_sig", "-no-CAfile", "-no-CApath", "-attime", f"{MIDDLE.timestamp():.0f}")
    assert openssl("verify", *strict, "-trusted", path, path) == f"{path}: OK\n"


def openssl(*arguments: str | Path) -> str:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout.decode()


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        (datetime(1950, 1, 1, tzinfo=UTC), b"\x17\x0d500101000000Z"),
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x17\x0d491231235959Z"),
        (datetime(2050, 1, 1, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x18\x0f99991231235959Z"),
    ],
)
def test_a_time_has_the_form_of_its_year(moment: datetime, wanted: bytes) -> None:
    assert encode_time(moment) == wanted


def test_a_certificate_without_extensions_or_subject_is_read_too() -> None:
    read = load_der_x509_certificate(sign_certificate(replace(TEMPLATE, subject=EMPTY_NAME), ALICE))
    assert (len(read.extensions), read.subject.rfc4514_string()) == (0, "")


@pytest.mark.parametrize("serial", [1, 127, 128, 255, 256, MAX_SERIAL])
def test_a_serial_number_is_positive_and_has_20_octets_at_the_most(serial: int) -> None:
    read = Certificate.parse(sign_certificate(replace(TEMPLATE, serial=serial), ALICE))
    assert read.serial_number == serial


WRONG: Final[Mapping[str, Mapping[str, object]]] = {
    "serial 0": {"serial": 0},
    "serial of 21 octets": {"serial": MAX_SERIAL + 1},
    "negative serial": {"serial": -1},
    "no time zone": {"not_before": START.replace(tzinfo=None)},
    "another time zone": {"not_after": END.astimezone(timezone(timedelta(hours=1)))},
    "a fraction of a second": {"not_after": END + timedelta(microseconds=1)},
    "before 1950": {"not_before": datetime(1949, 12, 31, tzinfo=UTC)},
    "the end first": {"not_before": END + timedelta(seconds=1)},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_has_no_encoding_is_refused(change: Mapping[str, object]) -> None:
    with pytest.raises(UsageError):
        replace(TEMPLATE, **change)


def test_a_certificate_may_be_valid_for_one_moment() -> None:
    assert replace(TEMPLATE, not_after=START).not_before == START


@pytest.mark.parametrize(
    ("common_name", "organization"),
    [("", "org"), ("name", ""), ("n" * (MAX_NAME + 1), "org"), ("name", "o" * (MAX_NAME + 1)), ("a\nb", "org")],
)
def test_a_name_that_clients_would_not_take_is_refused(common_name: str, organization: str) -> None:
    with pytest.raises(UsageError):
        encode_name(common_name, organization)
    assert encode_name("n" * MAX_NAME, "o" * MAX_NAME)


def test_only_algorithms_of_certificates_sign_them() -> None:
    unusable = [name for name in ALGORITHMS if not may_sign(name)]
    assert unusable == ["ML_DSA_65", "PKIX_ED25519_PH", "PKIX_ECDSA_P384_SHA_256", "PKIX_ECDSA_P521_SHA_256"]
    with pytest.raises(KeyUnusable):
        encode_tbs(TEMPLATE, ED25519PH)


def may_sign(name: str) -> bool:
    try:
        encode_algorithm(ALGORITHMS[name])
    except KeyUnusable:
        return False
    return True


def test_a_key_that_signs_no_certificates_is_refused_before_it_signs() -> None:
    with pytest.raises(KeyUnusable):
        sign_certificate(TEMPLATE, PrivateKey.generate(SIGNING["ML-DSA-65"]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_is_verified_by_cryptography_and_by_us(kind: str) -> None:
    der = sign_request(NAME, signer(kind))
    read = load_der_x509_csr(der)
    assert (read.is_signature_valid, read.subject.public_bytes(), list(read.attributes)) == (True, NAME, [])
    assert CertificateRequest.parse_der(der).verify() == signer(kind).public_key


def test_the_signed_part_is_the_same_each_time() -> None:
    assert encode_tbs(TEMPLATE, ECDSA_P256) == encode_tbs(TEMPLATE, ECDSA_P256)


def test_a_name_is_measured_in_octets() -> None:
    assert encode_name("\u00e9" * (MAX_NAME // 2), "x")
    with pytest.raises(UsageError):
        encode_name("\u00e9" * (MAX_NAME // 2 + 1), "x")
