"""The timestamp authority's interface: requests in both forms, each kind of refusal, and its audit line."""

import base64
import json
import logging
from http import HTTPStatus
from typing import Any

import pytest
from cryptography import x509
from starlette.types import ASGIApp

from ca_server.authority.ephemeral import EphemeralAuthority
from ca_server.authority.protocol import CertifiedKey
from ca_server.config import TimestampSettings
from ca_server.routes.timestamp import CHAIN, PING, TIMESTAMP, TIMESTAMP_MANNER, Timestamps, build_timestamp_routes
from ca_server.tsa.json_request import MAX_JSON
from ca_server.tsa.policy import StampPolicy
from ca_server.tsa.respond import Responder
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import MAX_REQUEST, TimestampRequest
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.timestamp.verify import TimestampChain, verify_timestamp
from cosignpy.core.x509.tbs import Extension, encode_extension
from cosignpy.errors import KeyUnusable
from cosignpy.serving.routing import Router
from cosignpy.values import replace, value
from tests.support.asgi_calls import Answer, ask, scope_of
from tests.support.tsa_clock import MADE, SERIAL, MovedClock, made, responder

MESSAGE = b"a signature"
REQUEST = TimestampRequest(MessageImprint.of(MESSAGE), None, 0xCAFE, certificates=True)
QUERY = (b"content-type", b"application/timestamp-query")
JSON = (b"content-type", b"application/json")
DOCUMENT = {
    "artifactHash": base64.b64encode(REQUEST.imprint.digest).decode(),
    "certificates": False,
    "hashAlgorithm": "sha256",
    "nonce": 0xCAFE,
    "tsaPolicyOID": "1.3.6.1.4.1.57264.2",
}
FAILED = "Error generating timestamp response"


def app_of(stamping: Responder, **options: Any) -> ASGIApp:
    return Router(build_timestamp_routes(Timestamps(stamping, **options)), TIMESTAMP_MANNER)


@pytest.fixture
def moved() -> MovedClock:
    return MovedClock()


@pytest.fixture
def app(moved: MovedClock) -> ASGIApp:
    return app_of(responder(moved))


def post(app: ASGIApp, body: bytes, kind: tuple[bytes, bytes] = QUERY) -> Answer:
    return ask(app, scope_of(TIMESTAMP, (kind,), method="POST"), body)


def is_proved(answer: Answer) -> None:
    assert answer.status == 200
    assert answer.headers[b"content-type"] == b"application/timestamp-reply"
    assert b"no-store" in answer.headers[b"cache-control"]
    token = TimestampResponse.parse(answer.body).granted()
    assert verify_timestamp(token, MESSAGE, TimestampChain.parse(MADE.timestamping.chain), nonce=0xCAFE)


def test_a_request_in_der_is_answered(app: ASGIApp) -> None:
    is_proved(post(app, REQUEST.encode()))


def test_a_request_in_json_is_answered(app: ASGIApp) -> None:
    is_proved(post(app, json.dumps(DOCUMENT).encode(), JSON))


@pytest.mark.parametrize("kind", [b"Application/Timestamp-Query", b"application/timestamp-query; charset=binary"])
def test_media_types_have_other_spellings(app: ASGIApp, kind: bytes) -> None:
    is_proved(post(app, REQUEST.encode(), (b"content-type", kind)))


def test_old_clients_may_want_201(moved: MovedClock) -> None:
    app = app_of(responder(moved), status=HTTPStatus.CREATED)
    assert post(app, REQUEST.encode()).status == 201


def refused(answer: Answer, status: int, message: str) -> None:
    assert answer.status == status
    assert answer.json == {"code": status, "message": message}
    assert answer.headers[b"content-type"] == b"application/json"
    assert answer.headers[b"cache-control"] == b"no-store"


SHA256 = bytes.fromhex("608648016503040201")
EXTENSION = encode_extension(b"\x2a\x03", Extension(critical=True, content=b""))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", FAILED),
        (b"garbage", FAILED),
        (REQUEST.encode() + b"\0", FAILED),
        (REQUEST.encode()[:-1], FAILED),
        (REQUEST.encode().replace(SHA256, bytes.fromhex("608648016503040209")), FAILED),
        (
            REQUEST.encode().replace(SHA256, bytes.fromhex("608648016503040204")),
            "Weak hash algorithm in timestamp request",
        ),
        (
            REQUEST.encode().replace(SHA256, bytes.fromhex("608648016503040203")),
            "Message digest has incorrect length for specified algorithm",
        ),
        (
            replace(REQUEST, policy="1.2.3").encode(),
            "unaccepted policy: requested TSA policy is not supported by the TSA",
        ),
        (
            replace(REQUEST, extensions=(EXTENSION,)).encode(),
            "unaccepted extension: requested extensions are not supported by the TSA",
        ),
    ],
)
def test_a_request_that_is_refused(app: ASGIApp, body: bytes, message: str, caplog: pytest.LogCaptureFixture) -> None:
    refused(post(app, body), 400, message)
    (line,) = [one for one in caplog.records if one.name == "ca_server.audit"]
    assert (line.levelno, line.message) == (logging.WARNING, "timestamp refused")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hashAlgorithm": "sha1"}, "Weak hash algorithm in timestamp request"),
        ({"hashAlgorithm": "sha384"}, "Message digest has incorrect length for specified algorithm"),
        ({"hashAlgorithm": "md6"}, FAILED),
        ({"tsaPolicyOID": "1.2.3"}, "unaccepted policy: requested TSA policy is not supported by the TSA"),
        ({"tsaPolicyOID": ".".join(["1"] * 129)}, "OID should be comprised of at most 128 components"),
    ],
)
def test_a_request_in_json_that_is_refused(app: ASGIApp, changes: dict[str, Any], message: str) -> None:
    refused(post(app, json.dumps(DOCUMENT | changes).encode(), JSON), 400, message)


@pytest.mark.parametrize("kind", [(b"content-type", b"text/plain"), (b"accept", b"application/json")])
def test_other_media_types_are_refused(app: ASGIApp, kind: tuple[bytes, bytes]) -> None:
    refused(post(app, REQUEST.encode(), kind), 415, FAILED)


@pytest.mark.parametrize(("kind", "limit"), [(QUERY, MAX_REQUEST), (JSON, MAX_JSON)])
def test_a_request_has_a_limit(app: ASGIApp, kind: tuple[bytes, bytes], limit: int) -> None:
    refused(post(app, bytes(limit), kind), 400, FAILED)
    assert post(app, bytes(limit + 1), kind).status == 413
    assert post(app, bytes(1 << 20), kind).status == 413


def test_a_clock_that_is_not_trusted_is_unavailable(
    app: ASGIApp, moved: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    moved.set_by(-60)
    answer = post(app, REQUEST.encode())
    refused(answer, 503, "the clock of the timestamp authority is not trusted at the moment")
    assert answer.headers[b"retry-after"] == b"30"
    (line,) = [one for one in caplog.records if one.name == "ca_server.audit"]
    assert "set by -60.0 s" in line.members  # type: ignore[attr-defined]


def test_an_expired_certificate_is_unavailable(moved: MovedClock) -> None:
    stamping = responder(moved, hierarchy=made())
    moved.pass_time(30 * 24 * 3600)
    answer = post(app_of(stamping), REQUEST.encode())
    refused(answer, 503, "the certificate of the timestamp authority is not valid at the moment")


@value
class Broken:
    """A key that cannot be reached."""

    public_key: PublicKey

    def sign(self, _message: bytes) -> bytes:
        raise KeyUnusable("key", "not reached")


def test_a_key_that_cannot_sign_is_our_failure(moved: MovedClock, caplog: pytest.LogCaptureFixture) -> None:
    good = MADE.timestamping.certified
    key = CertifiedKey(Broken(good.signer.public_key), good.chain)
    stamping = Responder(EphemeralAuthority(key, key.chain), StampPolicy.of(TimestampSettings()), moved.stamping())
    refused(post(app_of(stamping), REQUEST.encode()), 500, FAILED)
    assert "not reached" in caplog.text


def reason_of(caplog: pytest.LogCaptureFixture) -> str:
    (line,) = [one for one in caplog.records if one.name == "ca_server.audit"]
    return str(json.loads("{" + line.members[1:] + "}")["reason"])  # type: ignore[attr-defined]


@value
class Babbling:
    """A key whose failure is not ours, and says what nobody should read."""

    public_key: PublicKey

    def sign(self, _message: bytes) -> bytes:
        raise RuntimeError("the password is swordfish")


def test_the_words_of_errors_that_are_not_ours_are_not_in_the_audit_line(
    moved: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    good = MADE.timestamping.certified
    key = CertifiedKey(Babbling(good.signer.public_key), good.chain)
    stamping = Responder(EphemeralAuthority(key, key.chain), StampPolicy.of(TimestampSettings()), moved.stamping())
    assert post(app_of(stamping), REQUEST.encode()).status == 500
    assert reason_of(caplog) == "RuntimeError"


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (replace(REQUEST, policy="1.2.3").encode(), QUERY, "policy 1.2.3"),
        (REQUEST.encode(), (b"content-type", b"text/plain"), f"Unsupported Media Type: {FAILED}"),
        (bytes(MAX_REQUEST + 1), QUERY, "BodyTooLarge"),
    ],
)
def test_our_own_reasons_are_in_the_audit_line(
    app: ASGIApp, body: bytes, kind: tuple[bytes, bytes], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    post(app, body, kind)
    assert reason_of(caplog) == reason


def test_a_stamp_has_an_audit_line(app: ASGIApp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    post(app, REQUEST.encode())
    (line,) = [one for one in caplog.records if one.name == "ca_server.audit"]
    members = json.loads("{" + line.members[1:] + "}")  # type: ignore[attr-defined]
    assert members == {
        "serial": f"{SERIAL:040x}",
        "imprint": str(REQUEST.imprint),
        "policy": "1.3.6.1.4.1.57264.2",
        "time": "2026-05-04T03:02:01+00:00",
    }


def test_a_quiet_log_has_no_lines_of_stamps(app: ASGIApp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    post(app, REQUEST.encode())
    assert not caplog.records


def test_the_chain_begins_with_the_leaf(app: ASGIApp) -> None:
    answer = ask(app, scope_of(CHAIN))
    assert (answer.status, answer.headers[b"content-type"]) == (200, b"application/pem-certificate-chain")
    assert answer.headers[b"cache-control"] == b"no-cache, no-store, max-age=0"
    found = x509.load_pem_x509_certificates(answer.body)
    assert [one.serial_number for one in found] == [
        x509.load_der_x509_certificate(one).serial_number for one in MADE.timestamping.chain
    ]


def test_a_sign_of_life(app: ASGIApp) -> None:
    answer = ask(app, scope_of(PING))
    assert (answer.status, answer.body) == (200, b".")


@pytest.mark.parametrize(("path", "method", "status"), [("/api/v1/other", "GET", 404), (TIMESTAMP, "GET", 405)])
def test_other_paths_are_refused_in_the_same_form(app: ASGIApp, path: str, method: str, status: int) -> None:
    assert ask(app, scope_of(path, method=method)).json["code"] == status
