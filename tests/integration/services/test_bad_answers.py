"""Services that are broken, slow or hostile: each answers otherwise than a good one in one thing, over a socket."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.rekor.proposals import propose_hashedrekord_v001, request_hashedrekord_v002
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.response import encode_granted
from cosignpy.errors import CertificateError, ClaimMismatch, CosignError, RemoteError, Unreachable
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.net.retry import RetryPolicy
from cosignpy.services.fulcio import FulcioClient
from cosignpy.services.rekor_v1 import RekorV1Client
from cosignpy.services.rekor_v2 import RekorV2Client
from cosignpy.services.timestamp_authority import TimestampClient
from cosignpy.values import value
from tests.support.ca_site import Site, key_request, serve_site
from tests.support.raw_server import Handler, RawServer, head, raw, repeat, reply, reset, stall, then
from tests.support.sigstore_services import signed_digest, v1_entry, v2_entry
from tests.support.timestamps import good_token, info
from tests.support.tokens import EMAIL

HUGE: Final = 5 << 20
PATIENCE: Final = HttpOptions(
    read_timeout=0.3, retry=RetryPolicy(attempts=3, first_wait=0.01, longest_wait=0.01, total=2.0)
)
TOKEN: Final = "eyJhbGciOiJFUzI1NiJ9.eyJlbWFpbCI6ImFsaWNlQGV4YW1wbGUuY29tIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
SIGNED: Final = signed_digest()
OTHER: Final = signed_digest(b"another artifact")


@value
class Service:
    """A client of one service, what it is asked, the good status, and whether a request may be repeated."""

    ask: Callable[[str, HttpClient], object]
    status: int
    repeatable: bool


SERVICES: Final = {
    "fulcio": Service(
        lambda url, http: FulcioClient(url, http).request_certificate(PrivateKey.generate(ECDSA_P256), TOKEN, EMAIL),
        200,
        repeatable=False,
    ),
    "rekor v1": Service(lambda url, http: RekorV1Client(url, http).add(SIGNED), 201, repeatable=True),
    "rekor v2": Service(lambda url, http: RekorV2Client(url, http).add(SIGNED), 201, repeatable=True),
    "timestamps": Service(lambda url, http: TimestampClient(url, http).timestamp(b"x"), 200, repeatable=True),
}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> Service:
    return SERVICES[request.param]


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient(PATIENCE)
    yield client
    client.close()


def refused(service: Service, http: HttpClient, server: RawServer) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        service.ask(f"http://{server.address}", http)
    assert TOKEN not in repr(vars(caught.value))
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("body", [b"nonsense", b"", b"<html><body>welcome</body></html>", b"\xff" * 100])
def test_nonsense_is_refused(service: Service, http: HttpClient, body: bytes) -> None:
    with RawServer(reply(service.status, body)) as server:
        assert refused(service, http, server).status == service.status
    assert len(server.requests) == 1


def test_what_is_not_http_is_unreachable(service: Service, http: HttpClient) -> None:
    with RawServer(raw(b"SSH-2.0-OpenSSH_9.2\r\n")) as server:
        assert isinstance(refused(service, http, server), Unreachable)


@pytest.mark.parametrize("announced", [True, False])
def test_five_megabytes_are_not_read(service: Service, http: HttpClient, announced: bool) -> None:
    whole = reply(service.status, b" " * HUGE)
    endless = repeat(head(service.status, Connection="close"), b" " * 65536)
    with RawServer(whole if announced else endless) as server:
        assert "over the limit" in refused(service, http, server).detail


@pytest.mark.parametrize(
    "handler", [stall(), stall(head(200, Content_Length="100")), repeat(head(201, Connection="close"), b" ", pause=0.1)]
)  # fmt: skip
def test_a_slow_service_is_not_waited_for(service: Service, http: HttpClient, handler: Handler) -> None:
    started = time.monotonic()
    with RawServer(handler) as server:
        refused(service, http, server)
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(service: Service, http: HttpClient, status: int) -> None:
    with RawServer(reply(service.status, b"{}")) as elsewhere:
        location = f"http://{elsewhere.address}/api"
        with RawServer(reply(status, b"", Location=location)) as server:
            assert refused(service, http, server).status == status
        assert elsewhere.requests == []


def test_an_html_error_page_is_told_by_its_status(service: Service, http: HttpClient) -> None:
    page = b"<html><head><title>502 Bad Gateway</title></head></html>"
    with RawServer(reply(502, page, Content_Type="text/html")) as server:
        found = refused(service, http, server)
    assert (found.status, found.detail, found.retryable) == (502, "bad gateway", True)
    assert len(server.requests) == (3 if service.repeatable else 1)


def test_a_lost_answer_is_asked_for_again_where_that_is_harmless(service: Service, http: HttpClient) -> None:
    with RawServer(reset) as server:
        assert isinstance(refused(service, http, server), Unreachable)
    assert len(server.requests) == (3 if service.repeatable else 1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_says(service: Service, http: HttpClient, status: int) -> None:
    with RawServer(then(reply(status, b"", Retry_After="0"), reply(service.status, b"nonsense"))) as server:
        refused(service, http, server)
    assert len(server.requests) == 2


def test_all_requests_name_this_program(service: Service, http: HttpClient) -> None:
    with RawServer(reply(400, b"")) as server:
        refused(service, http, server)
    assert server.requests[0].headers["user-agent"].startswith("cosignpy/")


# --- answers to something else ------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve_site(tmp_path_factory.mktemp("site")) as running:
        yield running


def mistaken(service: str, http: HttpClient, status: int, body: bytes) -> CosignError:
    with RawServer(reply(status, body)) as server, pytest.raises(CosignError) as caught:
        SERVICES[service].ask(f"http://{server.address}", http)
    return caught.value


def test_a_certificate_for_another_key_is_refused(site: Site, http: HttpClient) -> None:
    answer = site.post("/api/v2/signingCert", key_request(site.issuer.token()))
    assert answer.status == 200
    found = mistaken("fulcio", http, 200, answer.body)
    assert isinstance(found, CertificateError)
    assert "another key" in found.why


def test_an_entry_for_another_artifact_is_refused(http: HttpClient) -> None:
    bodies = propose_hashedrekord_v001(OTHER).bodies[0], request_hashedrekord_v002(OTHER).bodies[0]
    assert isinstance(mistaken("rekor v1", http, 201, json.dumps(v1_entry(bodies[0])).encode()), ClaimMismatch)
    assert isinstance(mistaken("rekor v2", http, 201, json.dumps(v2_entry(bodies[1])).encode()), ClaimMismatch)


def test_a_timestamp_of_another_request_is_refused(http: HttpClient) -> None:
    """The same message, and another nonce: an old answer shown again."""
    other = good_token(info(imprint=MessageImprint.of(b"x"), nonce=5))
    found = mistaken("timestamps", http, 200, encode_granted(other))
    assert isinstance(found, ClaimMismatch)
    assert (found.claim, found.found) == ("nonce of the timestamp", "5")
