"""Certificates that real authorities issued, and the logs that promised to hold them."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from typing import Any, Final

import pytest
from cryptography.x509 import load_der_x509_certificate

from cosignpy.core.ct.precertificate import (
    POISON,
    SCT_LIST,
    parse_embedded_scts,
    verify_embedded_sct,
)
from cosignpy.core.encoding import decode_b64, parse_pem
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import parse_chain_pem, verify_issued_by
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import CertificateError, CosignError, MalformedError
from tests.support import vectors

pytestmark = vectors.NEEDED

JAVA: Final = "sigstore-java"
RFC: Final = f"{JAVA}/certificatetransparency"
BUNDLES: Final = ("sigstore-conformance/*/bundle.sigstore.json", "extra-bundles/*/bundle.sigstore.json")
_CERTIFICATE: Final = re.compile(r'"rawBytes":\s*"(MI[A-Za-z0-9+/=]{400,})"')


def pem(file: str) -> bytes:
    return parse_pem(vectors.path(file).read_bytes(), what=file).body


def documents(*patterns: str) -> Iterator[Any]:
    for pattern in patterns:
        for file in vectors.files(pattern):
            yield json.loads(file.read_text())


@cache
def trusted() -> tuple[dict[bytes, PublicKey], tuple[bytes, ...]]:
    """Return all log keys by their ids and all certificates of authorities in the trusted roots of the vectors."""
    keys, authorities = {}, set()
    for root in documents("trusted_roots/*_trusted_root.json", "*/*/trusted_root.json"):
        for log in root.get("ctlogs", ()):
            if log["publicKey"]["keyDetails"] == "PKIX_ECDSA_P256_SHA_256":
                key = PublicKey.parse_der(decode_b64(log["publicKey"]["rawBytes"], what="key"))
                keys[sha256(key.spki).digest()] = key
        for authority in root.get("certificateAuthorities", ()):
            authorities |= {decode_b64(one["rawBytes"], what="CA") for one in authority["certChain"]["certificates"]}
    return keys, tuple(authorities)


@cache
def leaves() -> tuple[bytes, ...]:
    """Return the distinct certificates with embedded SCTs in the bundles of the vectors."""
    found = set[bytes]()
    for pattern in BUNDLES:
        for file in vectors.files(pattern):
            found |= {decode_b64(text, what="leaf") for text in _CERTIFICATE.findall(file.read_text())}
    return tuple(one for one in sorted(found) if _has_scts(one))


def _has_scts(certificate: bytes) -> bool:
    try:
        return bool(parse_embedded_scts(certificate))
    except MalformedError:
        return False


def issuers(leaf: Certificate) -> Iterator[bytes]:
    for authority in trusted()[1]:
        certificate = Certificate.parse(authority)
        with suppress(CertificateError):
            verify_issued_by(leaf, certificate)
            yield authority


def test_every_embedded_sct_in_the_bundles_verifies() -> None:
    keys = trusted()[0]
    checked = 0
    for leaf in leaves():
        issuer = next(issuers(Certificate.parse(leaf)))
        for sct in parse_embedded_scts(leaf):
            verify_embedded_sct(sct, leaf, issuer, keys[sct.log_id])
            checked += 1
    assert checked >= 100


def test_no_neighbour_of_a_real_certificate_verifies() -> None:
    leaf = leaves()[0]
    issuer = next(issuers(Certificate.parse(leaf)))
    (sct,) = parse_embedded_scts(leaf)
    key = trusted()[0][sct.log_id]
    tbs = TbsCertificate.parse(leaf)
    start = leaf.index(tbs.raw)
    (scts,) = (extension.raw for extension in tbs.extensions if extension.oid == SCT_LIST)
    hole = range(leaf.index(scts), leaf.index(scts) + len(scts))
    for place in range(start, start + len(tbs.raw), 7):
        if place in hole:
            continue
        changed = leaf[:place] + bytes((leaf[place] ^ 1,)) + leaf[place + 1 :]
        with pytest.raises(CosignError):
            verify_embedded_sct(sct, changed, issuer, key)


def test_tbs_bytes_are_those_of_cryptography() -> None:
    for leaf in leaves():
        certificate, tbs = load_der_x509_certificate(leaf), TbsCertificate.parse(leaf)
        assert tbs.raw == certificate.tbs_certificate_bytes
        assert tbs.encode_without(SCT_LIST) == certificate.tbs_precertificate_bytes


def test_an_sct_of_the_reference_log_verifies() -> None:
    leaf, issuer = pem(f"{RFC}/cert-ct-embedded.pem"), pem(f"{RFC}/ca-cert.pem")
    key = PublicKey.parse_pem(vectors.path(f"{RFC}/ct-server-key-public.pem").read_bytes())
    (sct,) = parse_embedded_scts(leaf)
    verify_embedded_sct(sct, leaf, issuer, key)


def test_the_reference_precertificate_is_the_certificate_but_for_the_poison() -> None:
    leaf, poisoned = (
        TbsCertificate.parse(pem(f"{RFC}/{name}.pem")) for name in ("cert-ct-embedded", "cert-ct-poisoned")
    )
    assert poisoned.encode_without(POISON) == leaf.encode_without(SCT_LIST)


def test_an_answer_of_fulcio_verifies() -> None:
    folder = vectors.path(f"{JAVA}/fulcio-response/valid")
    leaf, issuer, _ = parse_chain_pem((folder / "certWithSct.pem").read_bytes(), most=3)
    key = PublicKey.parse_pem((folder / "ctfe.pub").read_bytes())
    (sct,) = parse_embedded_scts(leaf)
    verify_embedded_sct(sct, leaf, issuer, key)
