"""TLS on real ports: certificates that are renewed while the server runs, and clients that show their own."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from cosignpy.serving.asgi import answer
from cosignpy.serving.slow_clients import PatientProtocol
from cosignpy.serving.threaded import ServerOptions, ThreadedServer, TlsFiles
from cosignpy.serving.tls_reload import ClientCertificates, ReloadingContext
from cosignpy.serving.writers import WRITER, CertificateSubjects, WritersOnly
from tests.integration.serving.conftest import PATIENCE
from tests.support.tls_files import Authority, Pair


async def whoami(scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(send, 200, scope["state"][WRITER].encode())


@contextmanager
def serving(context: ReloadingContext, *writers: str) -> Iterator[str]:
    options = ServerOptions(protocol=PatientProtocol, tls_context=context, watched=(context,))
    server = ThreadedServer(WritersOnly(whoami, (CertificateSubjects(writers),)), options)
    server.start()
    yield server.address
    server.stop()


@contextmanager
def connected(address: str, authority: Authority, shown: Pair | None = None) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if shown is not None:
        context.load_cert_chain(shown.certificate, shown.key)
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        yield secured


def shown_certificate(address: str, authority: Authority) -> bytes:
    with connected(address, authority) as wire:
        return wire.getpeercert(binary_form=True) or b""


def ask(wire: ssl.SSLSocket) -> bytes:
    wire.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    found = b""
    while piece := wire.recv(65536):
        found += piece
    return found


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.issue("localhost")


def test_a_new_handshake_sees_the_new_certificate(authority: Authority, pair: Pair) -> None:
    with serving(ReloadingContext.load(TlsFiles(pair.certificate, pair.key))) as address:
        first = shown_certificate(address, authority)
        authority.issue("localhost")
        found = first
        for _ in range(2000):
            found = shown_certificate(address, authority)
            if found != first:
                break
        assert found != first


def test_bad_files_leave_the_server_serving(authority: Authority, pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    with serving(ReloadingContext.load(TlsFiles(pair.certificate, pair.key))) as address:
        first = shown_certificate(address, authority)
        pair.key.write_text("nonsense")
        for _ in range(2000):
            assert shown_certificate(address, authority) == first
            if str(pair.key) in caplog.text:
                break
        assert str(pair.key) in caplog.text


def test_who_asks_for_an_end_and_still_sends_gets_the_answer(authority: Authority, pair: Pair) -> None:
    with (
        serving(ReloadingContext.load(TlsFiles(pair.certificate, pair.key))) as address,
        connected(address, authority) as wire,
    ):
        wire.sendall(b"POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 200000\r\n\r\n")
        assert wire.recv(65536).startswith(b"HTTP/1.1 401 ")
        for _ in range(4):  # a connection that was closed would be reset at the second
            wire.sendall(b"x" * 50_000)
            assert shown_certificate(address, authority)


def test_without_a_certificate_of_the_client_ca_there_is_no_connection(
    authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    clients = Authority(tmp_path, "clients")
    writer, stranger = clients.issue("writer"), authority.issue("stranger")
    context = ReloadingContext.load(TlsFiles(pair.certificate, pair.key, clients.certificate))
    with serving(context) as address:
        with connected(address, authority, writer) as wire:
            assert ask(wire).endswith(b"CN=writer")
        for shown in (None, stranger):
            found = b""
            with suppress(ssl.SSLError, ConnectionError), connected(address, authority, shown) as wire:
                found = ask(wire)  # in TLS 1.3 a client learns only now that it is refused
            assert found == b""


def test_only_listed_certificates_write_where_others_may_connect(
    authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    clients = Authority(tmp_path, "clients")
    writer, reader = clients.issue("writer"), clients.issue("reader")
    files = TlsFiles(pair.certificate, pair.key, clients.certificate)
    context = ReloadingContext.load(files, ClientCertificates.OPTIONAL)
    with serving(context, "dns:writer") as address:
        for shown, status in ((writer, b"200"), (reader, b"403"), (None, b"401")):
            with connected(address, authority, shown) as wire:
                assert ask(wire).startswith(b"HTTP/1.1 " + status)
