"""Where the API server is: which description counts, and what is wrong with one in words."""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import yaml

from cosignpy.errors import UsageError
from cosignpy.webhook.certificates.issuing import create_authority, issue_server
from cosignpy.webhook.cluster.connection import Connection, open_connection

SERVER: Final = "https://cluster.example:6443"
NOW: Final = datetime(2026, 11, 30, tzinfo=UTC)
AUTHORITY: Final = create_authority(NOW)
CLIENT: Final = issue_server(AUTHORITY, ("client",), NOW)
NOWHERE: Final = "/nonexistent/service-account"


def encoded(raw: bytes) -> str:
    return b64encode(raw).decode()


def document(server: str = SERVER, **user: Any) -> dict[str, Any]:
    cluster = {"server": server, "certificate-authority-data": encoded(AUTHORITY.certificate_pem)}
    return {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        "current-context": "x",
    }


def write(folder: Path, found: object, name: str = "config") -> str:
    file = folder / name
    file.write_text(found if isinstance(found, str) else yaml.safe_dump(found))
    return str(file)


def service_account(folder: Path) -> str:
    account = folder / "account"
    account.mkdir()
    write(account, AUTHORITY.certificate_pem.decode(), "ca.crt")
    write(account, "first", "token")
    write(account, "cosign-system", "namespace")
    return str(account)


class _Listener(httpx2.AsyncBaseTransport):
    """Answers with what it is told to, and keeps how it was asked."""

    def __init__(self, *codes: int) -> None:
        self._codes = list(codes)
        self.headers: list[httpx2.Headers] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.headers.append(request.headers.copy())
        return httpx2.Response(self._codes.pop(0))


def log_in(connection: Connection, *codes: int, between: Callable[[], object] = lambda: None) -> list[str]:
    """Ask as often as there are answers; return how we logged in."""
    listener = _Listener(*codes)

    async def main() -> None:
        client = connection.client
        await client._transport.aclose()
        client._transport = listener
        while listener._codes:
            await client.get("/api")
            between()
        await client.aclose()

    asyncio.run(main())
    return [headers.get("authorization", "") for headers in listener.headers]


def test_a_file_that_is_named_counts_first(tmp_path: Path) -> None:
    file = write(tmp_path, document(token="secret"))
    found = open_connection(file, {"KUBECONFIG": "/nonexistent"}, service_account=service_account(tmp_path))
    assert (found.where, found.namespace) == (SERVER, "shop")
    assert log_in(found, 200) == ["Bearer secret"]


def test_the_variable_counts_next(tmp_path: Path) -> None:
    file = write(tmp_path, document(username="u", password="p"))
    found = open_connection("", {"KUBECONFIG": file}, service_account=service_account(tmp_path))
    assert found.where == SERVER
    assert log_in(found, 200) == ["Basic dTpw"]


@pytest.mark.parametrize(
    ("host", "where"), [("10.0.0.1", "https://10.0.0.1:443"), ("fd00::1", "https://[fd00::1]:443")]
)
def test_a_pod_finds_its_cluster_and_its_token_as_it_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, where: str
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    account = service_account(tmp_path)
    found = open_connection("", {}, service_account=account)
    assert (found.where, found.namespace) == (where, "cosign-system")
    renew = (Path(account) / "token").write_text
    headers = log_in(found, 200, 401, 200, between=lambda: renew("second\n"))
    assert headers == ["Bearer first", "Bearer first", "Bearer second"]


def test_a_home_folder_counts_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".kube").mkdir()
    write(tmp_path / ".kube", document())
    monkeypatch.setenv("HOME", str(tmp_path))
    found = open_connection("", {}, service_account=NOWHERE)
    assert found.where == SERVER
    assert log_in(found, 200) == [""]


def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    data = {
        "client-certificate-data": encoded(CLIENT.certificate_pem),
        "client-key-data": encoded(CLIENT.key_pem),
    }
    assert open_connection(write(tmp_path, document(**data)), {}).where == SERVER


def test_files_that_are_named_lie_beside_the_description(tmp_path: Path) -> None:
    write(tmp_path, CLIENT.certificate_pem.decode(), "client.pem")
    write(tmp_path, CLIENT.key_pem.decode(), "client-key.pem")
    data = {"client-certificate": "client.pem", "client-key": "client-key.pem"}
    assert open_connection(write(tmp_path, document(**data)), {}).where == SERVER


def test_no_proxy_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    found = open_connection(write(tmp_path, document()), {})
    assert found.client._mounts == {}


def test_requests_are_not_logged_one_by_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_in(open_connection(write(tmp_path, document()), {}), 200)
    assert caplog.records == []


def _without(name: str) -> dict[str, Any]:
    return {key: content for key, content in document().items() if key != name}


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ("a: [", "while parsing"),
        ("[]", "means: it has not the form of a kubeconfig file"),
        ("root:x:0:0:root:/root:/bin/sh", "means: it has not the form of a kubeconfig file"),
        ("clusters: 3", "means: it has not the form of a kubeconfig file"),
        ("", "means: it has not the form of a kubeconfig file"),
        (_without("clusters"), "it has no 'clusters'"),
        (_without("contexts"), "it has no 'contexts'"),
        (_without("users"), "it has no 'u'"),
        (_without("current-context"), "No current context"),
        (document() | {"current-context": "other"}, "Context 'other' not found"),
        (document() | {"clusters": [{"name": "c", "cluster": {"server": 1}}]}, "Expected `str`"),
        (document() | {"clusters": [{"name": "c"}]}, "it has no 'cluster'"),
        (document(**{"client-certificate": "gone.pem", "client-key": "gone.pem"}), "No such file"),
        (document(**{"client-certificate": "gone.pem"}), "cannot use the cluster"),
        (
            document() | {"users": [{"name": "u", "user": {"auth-provider": {"name": "x"}}}]},
            "auth-provider not supported",
        ),
        (document("cluster.example"), "'cluster.example' is no address"),
        (document("https://"), "'https://' is no address"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, found: object, problem: str) -> None:
    file = write(tmp_path, found)
    with pytest.raises(UsageError) as raised:
        open_connection(file, {})
    assert file in str(raised.value)
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.hint is not None


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").write_bytes(b"\x81\x00")
    with pytest.raises(UsageError, match=r"means: it is no text$"):
        open_connection(str(tmp_path / "config"), {})


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not found"):
        open_connection(str(tmp_path / "gone"), {})


def test_a_service_account_without_its_cluster_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(UsageError, match="it has no 'KUBERNETES_SERVICE_HOST'"):
        open_connection("", {}, service_account=service_account(tmp_path))
