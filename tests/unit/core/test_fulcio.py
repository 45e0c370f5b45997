"""Requests for certificates, and what an answer has to be before anything is signed with it."""

import json
from datetime import timedelta
from functools import cache
from typing import Any, Final

import pytest
from cryptography.x509 import (
    BasicConstraints,
    ExtendedKeyUsage,
    PrecertPoison,
    RFC822Name,
    SubjectAlternativeName,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from ca_server.config import CERTIFIED
from ca_server.issuance.proof_of_possession import prove_possession
from ca_server.issuance.public_keys import AllowedKeys
from ca_server.routes.requests import parse_submission
from cosignpy.core.ct.entry import EntryType, SignedEntry
from cosignpy.core.ct.submission import encode_sct_answer
from cosignpy.core.encoding import encode_b64
from cosignpy.core.fulcio import CLOCK_SKEW, IssuedCertificate, encode_csr_request, encode_key_request
from cosignpy.core.keys.algorithms import ML_DSA_65
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.issuing import sign_request
from cosignpy.core.x509.path import MAX_ISSUERS
from cosignpy.errors import CertificateError, KeyUnusable, LimitExceeded, MalformedError
from cosignpy.values import replace
from tests.support.certificates import LIFETIME, MIDDLE, START, Authority, Extensions, key
from tests.support.issuance import promise
from tests.support.rekor_proposals import certificate_pem, second_signer, signer

NAME: Final = (SubjectAlternativeName([RFC822Name("alice@example.com")]), True)
PURPOSE: Final = (ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
GOOD: Final[Extensions] = (NAME, PURPOSE)
ROOT: Final = Authority.root("ca root")
ISSUING: Final = ROOT.authority("ca intermediate")
SCT: Final = promise(SignedEntry(EntryType.X509, b"", b"some certificate"))
OWN: Final = PrivateKey.from_handle(key("leaf"))
SECOND: Final = timedelta(seconds=1)
ALLOWED: Final = AllowedKeys.select(CERTIFIED)
EMBEDDED: Final = "signedCertificateEmbeddedSct"
DETACHED: Final = "signedCertificateDetachedSct"


@cache
def leaf(extensions: Extensions = GOOD) -> bytes:
    return ISSUING.leaf_with([SCT], extensions)


def answer(*chain: bytes, form: str = EMBEDDED, **more: Any) -> dict[str, Any]:
    pems = [certificate_pem(der).decode().rstrip("\n") for der in chain or (leaf(GOOD), ISSUING.der, ROOT.der)]
    return {form: {"chain": {"certificates": pems}, **more}}


def parse(document: object) -> IssuedCertificate:
    return IssuedCertificate.parse(json.dumps(document).encode())


def issued(extensions: Extensions = GOOD) -> IssuedCertificate:
    return IssuedCertificate(leaf(extensions), (ISSUING.der, ROOT.der))


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA-2048", "Ed25519"])
def test_a_request_with_a_key_is_read_by_our_authority(kind: str) -> None:
    by = signer(kind)
    raw = encode_key_request("a.b.c", by.public_key, by.sign(b"alice@example.com"))
    submission = parse_submission(raw, {"type": "http", "headers": []})
    assert submission.token == "a.b.c"
    assert prove_possession(submission.request, "alice@example.com", ALLOWED) == by.public_key


def test_a_signing_request_is_read_by_our_authority() -> None:
    raw = encode_csr_request("a.b.c", sign_request(b"\x30\x00", OWN))
    submission = parse_submission(raw, {"type": "http", "headers": []})
    assert prove_possession(submission.request, "whoever", ALLOWED) == OWN.public_key


def test_a_kind_of_key_that_no_authority_knows_is_refused() -> None:
    with pytest.raises(KeyUnusable):
        encode_key_request("a.b.c", PrivateKey.generate(ML_DSA_65).public_key, b"proof")


def test_an_answer_with_the_sct_inside_is_parsed() -> None:
    found = parse(answer())
    assert (found, found.detached_sct) == (issued(), None)
    assert found.not_after == START + LIFETIME


def test_an_answer_with_the_sct_beside_is_parsed() -> None:
    told = encode_b64(encode_sct_answer(SCT))
    plain = ISSUING.leaf(GOOD)
    found = parse(answer(plain, ISSUING.der, form=DETACHED, signedCertificateTimestamp=told))
    assert found == IssuedCertificate(plain, (ISSUING.der,), SCT)


@pytest.mark.parametrize("more", [{}, {"signedCertificateTimestamp": ""}])
def test_an_authority_without_a_log_gives_no_sct(more: dict[str, str]) -> None:
    assert parse(answer(ISSUING.leaf(GOOD), ISSUING.der, form=DETACHED, **more)).detached_sct is None


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="not an object"),
        pytest.param({}, id="neither form"),
        pytest.param(answer() | answer(form=DETACHED), id="both forms"),
        pytest.param({EMBEDDED: {}}, id="no chain"),
        pytest.param({EMBEDDED: {"chain": {"certificates": []}}}, id="an empty chain"),
        pytest.param({EMBEDDED: {"chain": {"certificates": ["nonsense"]}}}, id="not PEM"),
        pytest.param(
            {EMBEDDED: {"chain": {"certificates": [OWN.public_key.encode_pem().decode()]}}}, id="another kind of PEM"
        ),
        pytest.param(answer(ISSUING.leaf(GOOD), ISSUING.der), id="no SCT inside"),
        pytest.param(answer(b"nonsense", ISSUING.der), id="not a certificate"),
        pytest.param(answer(form=DETACHED, signedCertificateTimestamp="bm9uc2Vuc2U="), id="not an SCT"),
    ],
)
def test_what_is_no_answer_is_malformed(document: object) -> None:
    with pytest.raises(MalformedError):
        parse(document)


def test_more_certificates_than_a_chain_has_are_refused() -> None:
    parse(answer(leaf(GOOD), *[ROOT.der] * MAX_ISSUERS))
    with pytest.raises(LimitExceeded):
        parse(answer(leaf(GOOD), *[ROOT.der] * (MAX_ISSUERS + 1)))


@pytest.mark.parametrize(
    "moment", [START - CLOCK_SKEW, START, MIDDLE, START + LIFETIME - SECOND], ids=["skew", "start", "middle", "end"]
)
def test_a_certificate_that_is_valid_now_is_accepted(moment: Any) -> None:
    issued().verify(OWN.public_key, moment)


@pytest.mark.parametrize("moment", [START - CLOCK_SKEW - SECOND, START + LIFETIME], ids=["early", "late"])
def test_a_certificate_of_another_time_says_that_a_clock_is_wrong(moment: Any) -> None:
    with pytest.raises(CertificateError) as caught:
        issued().verify(OWN.public_key, moment)
    assert "one of the two clocks is wrong" in caught.value.why


OTHER_PURPOSE: Final = (ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(replace(issued(), issuers=()), id="no issuer"),
        pytest.param(replace(issued(), issuers=(ROOT.der,)), id="a gap in the chain"),
        pytest.param(replace(issued(), issuers=(ROOT.der, ISSUING.der)), id="in another order"),
        pytest.param(replace(issued(), issuers=(ISSUING.der, ISSUING.der)), id="another root"),
        pytest.param(issued((PURPOSE,)), id="without a name"),
        pytest.param(issued((NAME,)), id="without a purpose"),
        pytest.param(issued((NAME, OTHER_PURPOSE)), id="for another purpose"),
        pytest.param(issued((*GOOD, (PrecertPoison(), True))), id="a precertificate"),
    ],
)
def test_a_certificate_that_no_verifier_would_accept_is_refused(wrong: IssuedCertificate) -> None:
    with pytest.raises(CertificateError):
        wrong.verify(OWN.public_key, MIDDLE)


def test_a_certificate_for_another_key_is_refused() -> None:
    with pytest.raises(CertificateError) as caught:
        issued().verify(second_signer().public_key, MIDDLE)
    assert "another key" in caught.value.why


def test_an_issuer_that_is_no_certificate_is_malformed() -> None:
    with pytest.raises(MalformedError):
        replace(issued(), issuers=(b"nonsense",)).verify(OWN.public_key, MIDDLE)


def test_an_issuer_that_is_no_authority_is_refused() -> None:
    constrained = ROOT.authority("ca intermediate", ((BasicConstraints(ca=False, path_length=None), True),))
    with pytest.raises(CertificateError):
        replace(issued(), issuers=(constrained.der, ROOT.der)).verify(OWN.public_key, MIDDLE)
