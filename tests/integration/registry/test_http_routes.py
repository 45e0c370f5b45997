"""The ways to a server: TLS, proxies, redirects."""

import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives import serialization

from cosignpy.errors import AccessDenied, FileError, LimitExceeded, MalformedError, RemoteError, Unreachable, UsageError
from cosignpy.net.failures import UntrustedCertificate
from cosignpy.net.http import HttpClient, HttpOptions, Request, TlsOptions, TlsVerification
from cosignpy.net.proxy import Proxies
from cosignpy.net.redirects import MAX_REDIRECTS, send_following
from cosignpy.net.retry import NO_RETRIES
from cosignpy.net.tls import SharedTls
from cosignpy.net.url import Url
from tests.support.raw_server import Handler, RawServer, head, repeat, reply, stall, then, tunnel
from tests.support.tls_files import Authority, Pair, server_context

IMPATIENT: Final = HttpOptions(connect_timeout=2.0, read_timeout=1.0, retry=NO_RETRIES)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def localhost(authority: Authority) -> Pair:
    return authority.issue("localhost", "127.0.0.1")


def trusting(authority: Authority, **more: str) -> HttpOptions:
    return replace(IMPATIENT, tls=TlsOptions(str(authority.certificate), **more))


def get(url: str, options: HttpOptions = IMPATIENT) -> tuple[int, bytes]:
    client = HttpClient(options)
    try:
        with client.send(Request("GET", Url.parse(url))) as response:
            return response.status, response.read(1000, "answer")
    finally:
        client.close()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_certificate_of_a_given_authority_is_trusted(authority: Authority, localhost: Pair, name: str) -> None:
    with RawServer(reply(200, b"{}"), server_context(localhost)) as server:
        assert get(f"https://{name}:{server.port}/v2/", trusting(authority)) == (200, b"{}")


def test_an_unknown_authority_is_not_trusted(localhost: Pair) -> None:
    with RawServer(reply(200), server_context(localhost)) as server, pytest.raises(UntrustedCertificate):
        get(f"https://localhost:{server.port}/")


def test_a_certificate_for_another_name_is_not_trusted(authority: Authority) -> None:
    pair = authority.issue("other.example")
    with RawServer(reply(200), server_context(pair)) as server, pytest.raises(UntrustedCertificate):
        get(f"https://localhost:{server.port}/", trusting(authority))


def test_authorities_can_be_given_without_a_file(authority: Authority, localhost: Pair) -> None:
    options = replace(IMPATIENT, tls=TlsOptions(ca_pem=authority.certificate.read_bytes()))
    with RawServer(reply(200, b"{}"), server_context(localhost)) as server:
        assert get(f"https://localhost:{server.port}/", options) == (200, b"{}")


def test_clients_may_share_a_context(authority: Authority, localhost: Pair) -> None:
    shared = SharedTls(TlsOptions(str(authority.certificate)))
    with RawServer(reply(200, b"{}"), server_context(localhost)) as server:
        for _ in range(2):
            assert get(f"https://localhost:{server.port}/", replace(IMPATIENT, shared_tls=shared)) == (200, b"{}")
    assert shared.context() is shared.context()


@pytest.mark.parametrize("pem", [b"", b"no certificate", "-----BEGIN \N{LATIN SMALL LETTER A WITH DIAERESIS}".encode()])
def test_authorities_that_are_none_are_malformed(pem: bytes) -> None:
    with RawServer(reply(200)) as server, pytest.raises(MalformedError):
        get(f"https://localhost:{server.port}/", replace(IMPATIENT, tls=TlsOptions(ca_pem=pem)))


def test_an_answer_has_a_deadline_however_patient_the_client() -> None:
    patient = HttpClient(replace(IMPATIENT, read_timeout=60.0))
    slow = repeat(head(200, Content_Length="1000000"), b"x" * 4096, pause=0.02)
    with RawServer(slow) as server:
        started = time.monotonic()
        request = Request("GET", Url.parse(f"http://{server.address}/"), deadline=started + 0.3)
        with patient.send(request) as response, pytest.raises(Unreachable):
            response.read(1_000_000, "an answer")
    assert time.monotonic() - started < 5


def test_the_name_to_expect_can_be_given(authority: Authority) -> None:
    pair = authority.issue("renamed.example")
    options = replace(trusting(authority), server_names={"localhost": "renamed.example"})
    with RawServer(reply(200, b"{}"), server_context(pair)) as server:
        assert get(f"https://localhost:{server.port}/", options) == (200, b"{}")


def test_verification_can_be_skipped_by_its_loud_name(localhost: Pair) -> None:
    options = replace(IMPATIENT, tls=TlsOptions(verification=TlsVerification.SKIPPED_UNSAFE))
    with RawServer(reply(200, b"{}"), server_context(localhost)) as server:
        assert get(f"https://localhost:{server.port}/", options) == (200, b"{}")


def test_a_client_certificate_is_shown(authority: Authority, localhost: Pair) -> None:
    mine = authority.issue("me.example")
    options = trusting(authority, client_cert=str(mine.certificate), client_key=str(mine.key))
    with RawServer(reply(200, b"{}"), server_context(localhost, authority.certificate)) as server:
        assert get(f"https://localhost:{server.port}/", options) == (200, b"{}")
        with pytest.raises(Unreachable):
            get(f"https://localhost:{server.port}/", trusting(authority))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (TlsOptions(ca_file="{folder}/absent.pem"), FileError),
        (TlsOptions(ca_file="{folder}/not.pem"), FileError),
        (TlsOptions(client_cert="{folder}/absent.pem"), FileError),
        (TlsOptions(client_cert="{folder}/not.pem"), FileError),
        (TlsOptions(client_key="{folder}/not.pem"), UsageError),
    ],
)
def test_unusable_tls_files_are_named(tmp_path: Path, options: TlsOptions, error: type[Exception]) -> None:
    (tmp_path / "not.pem").write_text("no certificate")
    filled = {
        name: getattr(options, name).format(folder=tmp_path)
        for name in ("ca_file", "client_cert", "client_key")
        if getattr(options, name)
    }
    with RawServer(reply(200)) as server, pytest.raises(error):
        get(f"https://localhost:{server.port}/", replace(IMPATIENT, tls=TlsOptions(**filled)))


def test_an_encrypted_client_key_is_refused_without_asking(authority: Authority, tmp_path: Path) -> None:
    mine = authority.issue("encrypted.example")
    key = serialization.load_pem_private_key(mine.key.read_bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"password")
    locked = tmp_path / "locked.key"
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    options = trusting(authority, client_cert=str(mine.certificate), client_key=str(locked))
    with RawServer(reply(200)) as server, pytest.raises(FileError) as caught:
        get(f"https://localhost:{server.port}/", options)
    assert caught.value.path == str(locked)


def test_a_server_silent_during_tls_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(Unreachable):
            get(url, replace(IMPATIENT, connect_timeout=0.2))


def test_a_name_that_tls_cannot_ask_for_is_refused() -> None:
    options = replace(IMPATIENT, server_names={"127.0.0.1": "." + "x" * 70})
    with RawServer(reply(200)) as server, pytest.raises(Unreachable):
        get(f"https://127.0.0.1:{server.port}/", options)


def test_an_address_is_found_by_name() -> None:
    with RawServer(reply(200, b"{}")) as server:
        assert get(f"http://localhost:{server.port}/") == (200, b"{}")


@pytest.mark.parametrize("host", ["absent.invalid", "x" * 64 + ".invalid"])
def test_a_name_without_address_is_unreachable(host: str) -> None:
    with pytest.raises(Unreachable):
        get(f"http://{host}/")


def test_a_resolver_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = threading.Event()
    resolve = socket.getaddrinfo

    def hang(host: str, port: int, **hints: int) -> object:
        if not hints.get("flags"):
            gone.wait(5)
        return resolve(host, port, **hints)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(Unreachable):
        get("http://localhost:1/", replace(IMPATIENT, connect_timeout=0.1))
    gone.set()


# --- proxies


def by_proxy(options: HttpOptions, address: str, userinfo: str = "") -> HttpOptions:
    found = Proxies.from_environment(
        {"http_proxy": f"http://{userinfo}{address}", "https_proxy": f"{userinfo}{address}"}
    )
    return replace(options, proxies=replace(found, loopback=True))


def test_plain_http_goes_to_the_proxy_with_its_whole_url() -> None:
    with RawServer(reply(200, b"{}")) as proxy:
        options = by_proxy(IMPATIENT, proxy.address, "user:p%40ss@")
        assert get("http://registry.example/v2/?n=1", options) == (200, b"{}")
        (asked,) = proxy.requests
    assert asked.target == "http://registry.example/v2/?n=1"
    assert asked.headers["host"] == "registry.example"
    assert asked.headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"


def test_a_proxy_without_password_gets_none() -> None:
    with RawServer(reply(200, b"{}")) as proxy:
        get("http://registry.example/", by_proxy(IMPATIENT, proxy.address))
        assert "proxy-authorization" not in proxy.requests[0].headers


def test_https_goes_through_the_proxy_unread(authority: Authority, localhost: Pair) -> None:
    with RawServer(reply(200, b"{}"), server_context(localhost)) as server, RawServer(tunnel) as proxy:
        options = by_proxy(trusting(authority), proxy.address, "user:secret@")
        assert get(f"https://localhost:{server.port}/v2/", options) == (200, b"{}")
        (asked,) = proxy.requests
    assert (asked.method, asked.target) == ("CONNECT", f"localhost:{server.port}")
    assert asked.headers["proxy-authorization"] == "Basic dXNlcjpzZWNyZXQ="
    assert "proxy-authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("handler", "error"),
    [(reply(407), AccessDenied), (reply(403), RemoteError), (stall(), Unreachable), (reply(503), RemoteError)],
)
def test_a_proxy_that_refuses_is_named(handler: Handler, error: type[RemoteError]) -> None:
    with RawServer(handler) as proxy, pytest.raises(error) as caught:
        get(
            "https://registry.example/",
            replace(by_proxy(IMPATIENT, proxy.address, "user:secret@"), connect_timeout=0.3),
        )
    assert "secret" not in f"{caught.value} {caught.value.url}"


def test_a_proxy_that_is_not_there_is_unreachable() -> None:
    with RawServer(reply(200)) as proxy:
        address = proxy.address
    with pytest.raises(Unreachable) as caught:
        get("http://registry.example/", by_proxy(IMPATIENT, address))
    assert caught.value.service == address


def test_loopback_needs_no_proxy() -> None:
    with RawServer(reply(200, b"{}")) as server:
        options = replace(IMPATIENT, proxies=Proxies.from_environment({"HTTP_PROXY": "http://proxy.invalid:1"}))
        assert get(f"http://{server.address}/", options) == (200, b"{}")


# --- redirects


def follow(url: str, method: str = "GET", options: HttpOptions = IMPATIENT) -> tuple[int, str]:
    client = HttpClient(options)
    headers = {"Authorization": "Bearer secret", "Cookie": "secret", "Accept": "a/b"}
    try:
        with send_following(client, Request(method, Url.parse(url), headers)) as response:
            return response.status, str(response.url)
    finally:
        client.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_leaves_credentials_behind(status: int) -> None:
    with (
        RawServer(reply(200)) as storage,
        RawServer(reply(status, Location=f"http://{storage.address}/x?s=1")) as registry,
    ):
        assert follow(f"http://{registry.address}/v2/") == (200, f"http://{storage.address}/x?s=1")
        (asked,) = storage.requests
    assert registry.requests[0].headers["authorization"] == "Bearer secret"
    assert "authorization" not in asked.headers
    assert "cookie" not in asked.headers
    assert asked.headers["accept"] == "a/b"


def test_credentials_left_behind_do_not_come_back() -> None:
    with RawServer(reply(200)) as registry, RawServer(reply(200)) as storage:
        storage.handler = reply(302, Location=f"http://{registry.address}/end")
        registry.handler = then(reply(302, Location=f"http://{storage.address}/x"), reply(200))
        follow(f"http://{registry.address}/v2/")
        assert "authorization" not in registry.requests[-1].headers


def test_a_redirect_within_the_registry_keeps_credentials() -> None:
    with RawServer(then(reply(307, Location="/elsewhere"), reply(200))) as registry:
        follow(f"http://{registry.address}/v2/")
        assert registry.requests[1].headers["authorization"] == "Bearer secret"


def test_a_redirect_to_plain_http_is_refused(authority: Authority, localhost: Pair) -> None:
    with RawServer(reply(200)) as plain:
        handler = reply(302, Location=f"http://{plain.address}/")
        with RawServer(handler, server_context(localhost)) as registry, pytest.raises(RemoteError):
            follow(f"https://localhost:{registry.port}/", options=trusting(authority))
        assert plain.requests == []


@pytest.mark.parametrize("location", ["ftp://x/", "http://user:secret@x/", "http://x y/", "http://[::1/"])
def test_a_redirect_to_nowhere_is_refused(location: str) -> None:
    with RawServer(reply(302, Location=location)) as registry, pytest.raises(RemoteError) as caught:
        follow(f"http://{registry.address}/")
    assert "secret" not in str(caught.value)


def test_redirects_without_end_are_refused() -> None:
    with RawServer(reply(302, Location="/again?token=secret")) as registry, pytest.raises(LimitExceeded) as caught:
        follow(f"http://{registry.address}/")
    assert len(registry.requests) == MAX_REDIRECTS + 1
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("status", "followed"), [(301, False), (302, False), (303, False), (307, True), (308, True)])
def test_a_post_is_redirected_only_where_it_stays_one(status: int, followed: bool) -> None:
    with RawServer(then(reply(status, Location="/new"), reply(202))) as registry:
        assert follow(f"http://{registry.address}/", "POST")[0] == (202 if followed else status)


def test_a_redirect_without_location_is_an_answer() -> None:
    with RawServer(reply(302)) as registry:
        assert follow(f"http://{registry.address}/")[0] == 302
