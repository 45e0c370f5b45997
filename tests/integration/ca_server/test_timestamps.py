"""The timestamp authority as it runs, with clients that are not ours: `openssl ts` and rfc3161-client."""

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import rfc3161_client
from cryptography import x509

from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.x509.tbs import Extension, encode_extension
from cosignpy.values import replace, value
from tests.support.ca_process import CaProcess, serve_authority
from tests.support.time_servers import time_servers

PATH = "/api/v1/timestamp"
QUERY = "application/timestamp-query"
MESSAGE = b"a signature"
REQUEST = TimestampRequest(MessageImprint.of(MESSAGE))
EPHEMERAL = "authority:\n  backend: ephemeral\ntransparency:\n  sct: none\n"


@value
class Reply:
    """What the server answered."""

    status: int
    body: bytes

    @property
    def message(self) -> str:
        """Return what an error says."""
        found = json.loads(self.body)
        assert found["code"] == self.status
        return str(found["message"])


def send(ca: CaProcess, path: str, body: bytes | None = None, kind: str = QUERY) -> Reply:
    headers = {"Content-Type": kind} if body is not None else {}
    try:
        with urlopen(Request(f"{ca.url}{path}", body, headers), timeout=30) as answer:
            return Reply(answer.status, answer.read())
    except HTTPError as error:
        with error:
            return Reply(error.code, error.read())


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaProcess]:
    with serve_authority(tmp_path_factory.mktemp("ca"), EPHEMERAL) as running:
        yield running


@pytest.fixture(scope="module")
def chain(ca: CaProcess) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(send(ca, f"{PATH}/certchain").body)


def test_a_sign_of_life(ca: CaProcess) -> None:
    assert send(ca, "/ping").status == 200


def verifier(chain: list[x509.Certificate], **more: Any) -> rfc3161_client.Verifier:
    builder = rfc3161_client.VerifierBuilder().tsa_certificate(chain[0]).add_root_certificate(chain[-1])
    for intermediate in chain[1:-1]:
        builder = builder.add_intermediate_certificate(intermediate)
    return builder.nonce(more["nonce"]).build() if "nonce" in more else builder.build()


@pytest.mark.parametrize("algorithm", list(rfc3161_client.HashAlgorithm))
def test_rfc3161_client_is_answered(
    ca: CaProcess, chain: list[x509.Certificate], algorithm: rfc3161_client.HashAlgorithm
) -> None:
    built = rfc3161_client.TimestampRequestBuilder().data(MESSAGE).hash_algorithm(algorithm).nonce(nonce=True)
    request = built.cert_request(cert_request=True).build()
    answer = rfc3161_client.decode_timestamp_response(send(ca, PATH, request.as_bytes()).body)
    assert verifier(chain, nonce=request.nonce).verify_message(answer, MESSAGE)
    assert abs(answer.tst_info.gen_time - datetime.now(UTC)) < timedelta(minutes=1)
    assert answer.tst_info.policy.dotted_string == "1.3.6.1.4.1.57264.2"


def test_a_client_without_nonce_and_certificates_is_answered(ca: CaProcess, chain: list[x509.Certificate]) -> None:
    answer = rfc3161_client.decode_timestamp_response(send(ca, PATH, REQUEST.encode()).body)
    assert verifier(chain).verify_message(answer, MESSAGE)
    assert answer.tst_info.nonce is None
    assert not answer.signed_data.certificates


def test_a_client_that_speaks_json_is_answered(ca: CaProcess, chain: list[x509.Certificate]) -> None:
    document = {
        "artifactHash": base64.b64encode(REQUEST.imprint.digest).decode(),
        "certificates": False,
        "hashAlgorithm": "sha256",
    }
    reply = send(ca, PATH, json.dumps(document).encode(), "application/json")
    assert verifier(chain).verify_message(rfc3161_client.decode_timestamp_response(reply.body), MESSAGE)


def openssl(*arguments: object) -> str:
    command = ["openssl", "ts", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("options", [(), ("-cert",), ("-no_nonce",), ("-tspolicy", "1.3.6.1.4.1.57264.2")])
@pytest.mark.parametrize("digest", ["-sha256", "-sha384", "-sha512"])
def test_openssl_is_answered(ca: CaProcess, tmp_path: Path, digest: str, options: tuple[str, ...]) -> None:
    data, query, reply = tmp_path / "data", tmp_path / "query", tmp_path / "reply"
    data.write_bytes(MESSAGE)
    (tmp_path / "chain.pem").write_bytes(send(ca, f"{PATH}/certchain").body)
    openssl("-query", "-data", data, digest, "-out", query, *options)
    reply.write_bytes(send(ca, PATH, query.read_bytes()).body)
    trusted = ("-CAfile", tmp_path / "chain.pem", "-untrusted", tmp_path / "chain.pem")
    openssl("-verify", "-in", reply, "-queryfile", query, *trusted)
    openssl("-verify", "-in", reply, "-data", data, *trusted)
    shown = openssl("-reply", "-in", reply, "-text")
    assert "Status: Granted." in shown
    assert "Accuracy: 0x01 seconds" in shown
    data.write_bytes(b"another")
    with pytest.raises(subprocess.CalledProcessError):
        openssl("-verify", "-in", reply, "-data", data, *trusted)


SHA256 = bytes.fromhex("0609608648016503040201")
SHA1_IMPRINT = bytes.fromhex("3021300906052b0e03021a05000414") + bytes(20)
CRITICAL = encode_extension(b"\x2a\x03", Extension(critical=True, content=b""))
FAILED = "Error generating timestamp response"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (REQUEST.encode().replace(SHA256, bytes.fromhex("0609608648016503040209")), 400, FAILED),
        (
            b"\x30\x26\x02\x01\x01" + SHA1_IMPRINT,
            400,
            "Weak hash algorithm in timestamp request",
        ),
        (
            REQUEST.encode().replace(SHA256, bytes.fromhex("0609608648016503040203")),
            400,
            "Message digest has incorrect length for specified algorithm",
        ),
        (
            replace(REQUEST, policy="1.2.3").encode(),
            400,
            "unaccepted policy: requested TSA policy is not supported by the TSA",
        ),
        (
            replace(REQUEST, extensions=(CRITICAL,)).encode(),
            400,
            "unaccepted extension: requested extensions are not supported by the TSA",
        ),
        (REQUEST.encode() + b"\0", 400, FAILED),
        (b"", 400, FAILED),
        (b"\x30\x84\xff\xff\xff\xff", 400, FAILED),
        (bytes(1 << 20), 413, "the body is larger than 4096 bytes"),
    ],
    ids=["hash", "SHA-1", "length", "policy", "extension", "trailing", "empty", "cut off", "megabyte"],
)
def test_a_bad_request_is_refused_with_one_audit_line(ca: CaProcess, body: bytes, status: int, message: str) -> None:
    before = len(audit(ca))
    reply = send(ca, PATH, body)
    assert (reply.status, reply.message) == (status, message)
    wait_until(lambda: len(audit(ca)) > before)
    (line,) = audit(ca)[before:]
    assert (line["level"], line["message"]) == ("warning", "timestamp refused")
    assert line["reason"]


def test_another_media_type_is_refused(ca: CaProcess) -> None:
    assert send(ca, PATH, REQUEST.encode(), "application/octet-stream").status == 415


def audit(ca: CaProcess) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in ca.messages.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["logger"] == "ca_server.audit"]


def wait_until(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_time_servers_that_disagree_stop_the_stamps(tmp_path: Path) -> None:
    with time_servers(0.0, 0.0, 3600.0) as servers:
        named = ", ".join([server.name for server in servers])
        settings = f"{EPHEMERAL}workers: 0\ntimestamps:\n  ntp: [{named}]\n  ntp_interval: 1s\n"
        with serve_authority(tmp_path / "ca", settings) as ca:
            wait_until(lambda: send(ca, "/readyz").status == 200)
            assert send(ca, PATH, REQUEST.encode()).status == 200
            servers[0].offset = 3600.0
            wait_until(lambda: send(ca, "/readyz").status == 503)
            assert b"time servers say it is another time" in send(ca, "/readyz").body
            reply = send(ca, PATH, REQUEST.encode())
            assert (reply.status, reply.message[:9]) == (503, "the clock")
            assert b'timestamp_authority_ntp_errors_total{reason="err_inv_time"}' in send(ca, "/metrics").body
            servers[0].offset = 0.0
            wait_until(lambda: send(ca, PATH, REQUEST.encode()).status == 200)


def test_the_last_stamp_is_on_record_after_a_restart(tmp_path: Path) -> None:
    with serve_authority(tmp_path / "ca", f"{EPHEMERAL}workers: 0\n") as ca:
        assert send(ca, PATH, REQUEST.encode()).status == 200
    kept = int((tmp_path / "ca" / "last-timestamp").read_text())
    assert abs(kept - time.time()) < 60
