"""Certificates from templates: any template that can be made is read back as it is, by code that is not ours."""

from datetime import UTC, datetime
from typing import Final

from cryptography.x509 import NameOID, load_der_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st

from cosignpy.core.ct.precertificate import POISON
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.signatures import Signer, verify_signature
from cosignpy.core.x509.issuing import (
    MAX_NAME,
    MAX_SERIAL,
    CertificateTemplate,
    encode_name,
    encode_tbs,
    sign_certificate,
)
from cosignpy.core.x509.tbs import Extension, NamedExtension, TbsCertificate, encode_extension
from cosignpy.values import replace
from tests.support.fixed_keys import ALICE, ecdsa_signer, ed25519_signer

KEYS: Final = st.sampled_from([ed25519_signer("a"), ecdsa_signer("b")])
SHOWN: Final = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=MAX_NAME // 4
).filter(str.isprintable)
TIMES: Final = st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
POISONING: Final = encode_extension(POISON, Extension(critical=True, content=b"\x05\x00"))


@st.composite
def extension_lists(draw: st.DrawFn) -> tuple[NamedExtension, ...]:
    """Any extensions, none of them twice, of an arc that nobody knows."""
    numbers = draw(st.lists(st.integers(0, 127), unique=True, max_size=5))
    found = []
    for number in numbers:
        critical = draw(st.booleans())
        content = draw(st.binary(max_size=300))
        found.append(encode_extension(b"\x2a\x03\x04" + bytes((number,)), Extension(critical, content)))
    return tuple(found)


@st.composite
def templates(draw: st.DrawFn) -> tuple[CertificateTemplate, tuple[str, str]]:
    begin, end = sorted((draw(TIMES), draw(TIMES)))
    subject = (draw(SHOWN), draw(SHOWN))
    template = CertificateTemplate(
        draw(st.integers(1, MAX_SERIAL)),
        encode_name(draw(SHOWN), draw(SHOWN)),
        begin,
        end,
        encode_name(*subject),
        draw(KEYS).public_key.spki,
        draw(extension_lists()),
    )
    return template, subject


@settings(max_examples=100)
@given(templates(), KEYS)
def test_a_certificate_says_what_its_template_says(
    drawn: tuple[CertificateTemplate, tuple[str, str]], signer: Signer
) -> None:
    template, (common_name, organization) = drawn
    der = sign_certificate(template, signer)
    read = load_der_x509_certificate(der)
    assert read.serial_number == template.serial
    assert (read.not_valid_before_utc, read.not_valid_after_utc) == (template.not_before, template.not_after)
    assert read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == common_name
    assert read.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == organization
    assert read.issuer.public_bytes() == template.issuer
    assert len(read.extensions) == len(template.extensions)
    tbs = TbsCertificate.parse(der)
    assert (tbs.subject, tbs.spki, tbs.extensions) == (template.subject, template.spki, template.extensions)
    assert tbs.raw == read.tbs_certificate_bytes == encode_tbs(template, signer.public_key.algorithm)
    verify_signature(signer.public_key, read.signature, tbs.raw)


@settings(max_examples=100)
@given(templates())
def test_a_log_certifies_the_template_without_the_poison(drawn: tuple[CertificateTemplate, tuple[str, str]]) -> None:
    template, _ = drawn
    poisoned = sign_certificate(replace(template, extensions=(*template.extensions, POISONING)), ALICE)
    assert TbsCertificate.parse(poisoned).encode_without(POISON) == encode_tbs(template, ECDSA_P256)
