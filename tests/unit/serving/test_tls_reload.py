import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from cosignpy.errors import UsageError
from cosignpy.serving.threaded import TlsFiles
from cosignpy.serving.tls_reload import ClientCertificates, ReloadingContext
from tests.support.tls_files import Authority, Pair


class Wire:
    """Two ends of a TLS connection, in memory."""

    def __init__(self, server: ssl.SSLContext, client: ssl.SSLContext) -> None:
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(to_server, to_client, server_side=True)
        self.client = client.wrap_bio(to_client, to_server, server_hostname="localhost")

    def shake_hands(self) -> None:
        for _ in range(4):
            for end in (self.client, self.server):
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        self.client.do_handshake()
        self.server.do_handshake()


def trusting(authority: Authority, shown: Pair | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if shown is not None:
        context.load_cert_chain(shown.certificate, shown.key)
    return context


def files_of(pair: Pair, client_ca: Path | None = None) -> TlsFiles:
    return TlsFiles(pair.certificate, pair.key, client_ca)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.issue("localhost")


def served(context: ssl.SSLContext, client: ssl.SSLContext) -> bytes:
    """Return the certificate that a client is shown."""
    wire = Wire(context, client)
    wire.shake_hands()
    return wire.client.getpeercert(binary_form=True) or b""


def test_a_renewed_certificate_is_shown_to_the_next_client(authority: Authority, pair: Pair) -> None:
    context = ReloadingContext.load(files_of(pair))
    first = served(context, trusting(authority))
    context.reload_if_changed()
    assert served(context, trusting(authority)) == first
    authority.issue("localhost")
    assert served(context, trusting(authority)) == first
    context.reload_if_changed()
    assert served(context, trusting(authority)) != first


def test_a_connection_of_before_goes_on(authority: Authority, pair: Pair) -> None:
    context = ReloadingContext.load(files_of(pair))
    wire = Wire(context, trusting(authority))
    wire.shake_hands()
    authority.issue("localhost")
    context.reload_if_changed()
    wire.client.write(b"still here")
    assert wire.server.read(100) == b"still here"


@pytest.mark.parametrize("broken", ["certificate", "key"])
def test_files_that_do_not_belong_together_leave_the_old_in_force(
    authority: Authority, pair: Pair, broken: str
) -> None:
    context = ReloadingContext.load(files_of(pair))
    first = served(context, trusting(authority))
    other = authority.issue("other")
    getattr(pair, broken).write_bytes(getattr(other, broken).read_bytes())
    with pytest.raises(UsageError):
        context.reload_if_changed()
    assert served(context, trusting(authority)) == first


def test_files_renewed_one_after_the_other_are_in_force_with_the_second(authority: Authority, pair: Pair) -> None:
    context = ReloadingContext.load(files_of(pair))
    first = served(context, trusting(authority))
    old_key = pair.key.read_bytes()
    authority.issue("localhost")
    new_key = pair.key.read_bytes()
    pair.key.write_bytes(old_key)
    with pytest.raises(UsageError):
        context.reload_if_changed()
    pair.key.write_bytes(new_key)
    context.reload_if_changed()
    assert served(context, trusting(authority)) != first


@pytest.mark.parametrize("missing", ["certificate", "key", "client_ca"])
def test_a_file_that_is_not_there_is_named(pair: Pair, authority: Authority, missing: str) -> None:
    paths = {"certificate": pair.certificate, "key": pair.key, "client_ca": authority.certificate}
    paths[missing] = pair.key.parent / "none.pem"
    with pytest.raises(UsageError) as refused:
        ReloadingContext.load(TlsFiles(**paths))
    assert "none.pem" in refused.value.problem


def test_a_client_ca_that_is_no_certificate_is_refused(pair: Pair) -> None:
    with pytest.raises(UsageError):
        ReloadingContext.load(files_of(pair, pair.key))


def test_an_encrypted_key_is_refused_and_no_terminal_asked(pair: Pair) -> None:
    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    pair.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(UsageError) as refused:
        ReloadingContext.load(files_of(pair))
    assert "encrypted" in refused.value.problem


def test_tls_older_than_1_2_is_refused(authority: Authority, pair: Pair) -> None:
    client = trusting(authority)
    client.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        client.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        client.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        served(ReloadingContext.load(files_of(pair)), client)


def test_http_1_1_is_what_is_spoken(authority: Authority, pair: Pair) -> None:
    client = trusting(authority)
    client.set_alpn_protocols(["h2", "http/1.1"])
    wire = Wire(ReloadingContext.load(files_of(pair)), client)
    wire.shake_hands()
    assert wire.client.selected_alpn_protocol() == "http/1.1"


def test_tls_1_2_is_spoken(authority: Authority, pair: Pair) -> None:
    client = trusting(authority)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert served(ReloadingContext.load(files_of(pair)), client)


def test_a_client_must_show_a_certificate_of_the_client_ca(authority: Authority, pair: Pair, tmp_path: Path) -> None:
    clients = Authority(tmp_path, "clients")
    shown, foreign = clients.issue("writer"), authority.issue("stranger")
    context = ReloadingContext.load(files_of(pair, clients.certificate))
    assert served(context, trusting(authority, shown))
    for client in (trusting(authority), trusting(authority, foreign)):
        with pytest.raises(ssl.SSLError):
            served(context, client)


def test_a_client_may_show_none_where_only_writers_need_one(authority: Authority, pair: Pair, tmp_path: Path) -> None:
    clients = Authority(tmp_path, "clients")
    context = ReloadingContext.load(files_of(pair, clients.certificate), ClientCertificates.OPTIONAL)
    assert served(context, trusting(authority))
    with pytest.raises(ssl.SSLError):
        served(context, trusting(authority, authority.issue("stranger")))
