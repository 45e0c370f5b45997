"""What clients send for a certificate and what they are answered, without a server around it."""

import asyncio
import base64
import json
from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509

from ca_server.config import Embedding
from ca_server.issuance.audit import Outcome
from ca_server.problems import CA_MANNER
from ca_server.routes.requests import parse_legacy_submission, parse_submission, read_bearer
from ca_server.routes.signing_cert import SigningCert
from cosignpy.core.ct.submission import parse_sct_answer
from cosignpy.errors import MalformedError
from cosignpy.serving.asgi import BodyLimits
from cosignpy.serving.routing import Route, Router
from tests.support.asgi_calls import Answer, Client, ask, ask_async, scope_of
from tests.support.issuance import LOG_KEY, TOKEN, Desk, open_desk
from tests.support.issuance import ask as build_request

V2 = "/api/v2/signingCert"
V1 = "/api/v1/signingCert"


def post(desk: Desk, path: str, body: dict[str, Any], *headers: tuple[bytes, bytes]) -> Answer:
    signing = SigningCert(desk.issuer, BodyLimits(1 << 20))
    router = Router([Route("POST", V2, signing.create), Route("POST", V1, signing.create_legacy)], CA_MANNER)
    return ask(router, scope_of(path, headers, method="POST"), json.dumps(body).encode())


def version_2() -> dict[str, Any]:
    request = build_request()
    asked = {
        "publicKey": {"algorithm": "ECDSA", "content": request.public_key.decode()},
        "proofOfPossession": base64.b64encode(request.proof).decode(),
    }
    return {"credentials": {"oidcIdentityToken": TOKEN}, "publicKeyRequest": asked}


def version_1() -> dict[str, Any]:
    request = build_request()
    return {
        "publicKey": {"content": base64.b64encode(request.public_key).decode(), "algorithm": "ecdsa"},
        "signedEmailAddress": base64.b64encode(request.proof).decode(),
    }


BEARER = (b"authorization", b"Bearer " + TOKEN.encode())


@pytest.mark.parametrize(
    ("embedding", "kind", "has_sct"),
    [
        (Embedding.EMBEDDED, "signedCertificateEmbeddedSct", False),
        (Embedding.DETACHED, "signedCertificateDetachedSct", True),
        (Embedding.NONE, "signedCertificateDetachedSct", False),
    ],
)
def test_version_2_says_how_the_promise_comes(embedding: Embedding, kind: str, has_sct: bool) -> None:
    answer = post(open_desk(embedding=embedding), V2, version_2())
    assert (answer.status, list(answer.json)) == (200, [kind])
    described = answer.json[kind]
    pems = described["chain"]["certificates"]
    assert [pem.endswith("-----END CERTIFICATE-----") for pem in pems] == [True] * len(pems)
    assert ("signedCertificateTimestamp" in described) is has_sct
    if has_sct:
        sct = parse_sct_answer(base64.b64decode(described["signedCertificateTimestamp"]))
        assert sct.log_id == sha256(LOG_KEY.public_key.spki).digest()


@pytest.mark.parametrize(("embedding", "has_sct"), [(Embedding.EMBEDDED, False), (Embedding.DETACHED, True)])
def test_version_1_answers_pem_and_a_promise_beside_it_in_a_header(embedding: Embedding, has_sct: bool) -> None:
    answer = post(open_desk(embedding=embedding), V1, version_1(), BEARER)
    assert (answer.status, answer.headers[b"content-type"]) == (201, b"application/pem-certificate-chain")
    assert len(x509.load_pem_x509_certificates(answer.body)) > 1
    assert (b"sct" in answer.headers) is has_sct
    if has_sct:
        parse_sct_answer(base64.b64decode(answer.headers[b"sct"]))


def test_a_refusal_has_the_words_of_the_real_server() -> None:
    answer = post(open_desk(), V2, version_2() | {"credentials": {"oidcIdentityToken": "another"}})
    assert (answer.status, answer.json["code"]) == (400, 3)
    assert answer.json["message"] == "There was an error processing the identity token"


@pytest.mark.parametrize("path", [V1, V2])
@pytest.mark.parametrize(
    ("body", "refusal", "status"),
    [
        ({"certificateSigningRequest": 5}, "MalformedError", 400),
        ({"later": "x" * (1 << 20)}, "BodyTooLarge", 413),
    ],
    ids=["malformed", "too-large"],
)
def test_a_request_that_cannot_be_read_is_on_record(path: str, body: dict[str, Any], refusal: str, status: int) -> None:
    desk = open_desk()
    answer = post(desk, path, body, BEARER)
    (line,) = desk.records
    assert (answer.status, line.status, line.outcome, line.refusal) == (status, status, Outcome.REFUSED, refusal)
    assert TOKEN not in line.reason


@pytest.mark.parametrize("path", [V1, V2])
def test_a_request_that_is_compressed_is_on_record(path: str) -> None:
    desk = open_desk()
    answer = post(desk, path, version_2(), BEARER, (b"content-encoding", b"gzip"))
    (line,) = desk.records
    assert (answer.status, line.status, line.refusal) == (415, 415, "BodyEncoded")


@pytest.mark.parametrize(
    ("limits", "refusal", "status"),
    [
        (BodyLimits(1 << 20, seconds=0.01), "BodyTooSlow", 408),
        (BodyLimits(1 << 20, together=0), "BodiesTooMany", 503),
    ],
)
def test_a_request_that_does_not_arrive_is_on_record(limits: BodyLimits, refusal: str, status: int) -> None:
    desk = open_desk()
    router = Router([Route("POST", V2, SigningCert(desk.issuer, limits).create)], CA_MANNER)
    client = Client((b"{",), ends=False)
    answer = asyncio.run(ask_async(router, scope_of(V2, method="POST"), client))
    (line,) = desk.records
    assert (answer.status, line.status, line.refusal) == (status, status, refusal)


def test_what_nobody_foresaw_is_our_fault() -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("with a secret in its words")

    answer = post(open_desk(admit=fail), V2, version_2())
    assert (answer.status, answer.json["code"], b"secret" in answer.body) == (500, 13, False)


# --- requests -----------------------------------------------------------------------------------


def test_unknown_members_are_passed_over() -> None:
    body = version_2() | {"later": {"version": 3}}
    assert parse_submission(json.dumps(body).encode(), scope_of()).token == TOKEN


@pytest.mark.parametrize(
    "change",
    [
        {"credentials": 5},
        {"credentials": {"oidcIdentityToken": 5}},
        {"publicKeyRequest": []},
        {"publicKeyRequest": {"publicKey": "pem"}},
        {"publicKeyRequest": {"publicKey": {"content": 5}}},
        {"publicKeyRequest": {"proofOfPossession": "!"}},
        {"public_key_request": {}},
        {"certificateSigningRequest": "AAAA"},
        {"certificateSigningRequest": 5},
    ],
    ids=json.dumps,
)
def test_a_request_with_one_thing_wrong_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        parse_submission(json.dumps(version_2() | change).encode(), scope_of())


def test_nothing_asked_for_is_nothing_to_certify() -> None:
    for parse in (parse_submission, parse_legacy_submission):
        submission = parse(b"{}", scope_of())
        assert (submission.request.public_key, submission.request.csr, submission.token) == (b"", b"", "")


def test_version_1_reads_signing_requests_too() -> None:
    body = {"certificateSigningRequest": base64.b64encode(b"pem").decode()}
    submission = parse_legacy_submission(json.dumps(body).encode(), scope_of(headers=[BEARER]))
    assert (submission.request.csr, submission.token) == (b"pem", TOKEN)


@pytest.mark.parametrize(
    ("sent", "token"),
    [(b"Bearer abc", "abc"), (b"bearer abc ", "abc"), (b"Basic abc", ""), (b"Bearerabc", ""), (b"", "")],
)
def test_the_token_of_a_header(sent: bytes, token: str) -> None:
    assert read_bearer(scope_of(headers=[(b"authorization", sent)])) == token


def test_a_token_in_the_body_beats_one_in_the_header() -> None:
    scope = scope_of(headers=[(b"authorization", b"Bearer another")])
    assert parse_submission(json.dumps(version_2()).encode(), scope).token == TOKEN
    assert parse_submission(json.dumps(version_2() | {"credentials": {}}).encode(), scope).token == "another"


def test_a_token_is_not_in_the_picture_of_a_request() -> None:
    assert TOKEN not in repr(parse_submission(json.dumps(version_2()).encode(), scope_of()))
