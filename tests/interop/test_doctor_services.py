"""The real Fulcio, Rekor v2 and timestamp authority, recognised by `doctor` as what they are."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from cosignpy.cli.doctor.probe import HttpProber, probe_options
from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.net.http import HttpClient
from cosignpy.operations.doctor.clock import check_clock
from cosignpy.operations.doctor.facts import Facts, ServiceAddress, ServiceRole
from cosignpy.operations.doctor.services import ask_services, check_services
from tests.interop.fulcio_service import serve_fulcio
from tests.interop.log_services import serve_rekor_tiles, serve_timestamps
from tests.support.token_server import serve_tokens
from tests.support.trust_repository import NOW

Serve = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def serve_authority(folder: Path) -> Iterator[str]:
    with serve_tokens() as issuer, serve_fulcio(folder, issuer) as url:
        yield url


@contextmanager
def serve_log(folder: Path) -> Iterator[str]:
    key = folder / "log.key"
    key.write_bytes(PemBlock("PRIVATE KEY", PrivateKey.generate(ECDSA_P256).encode_pkcs8()).encode())
    with serve_rekor_tiles(folder, key) as url:
        yield url


@pytest.mark.parametrize(
    ("role", "serve"),
    [
        (ServiceRole.AUTHORITY, serve_authority),
        (ServiceRole.LOG_V2, serve_log),
        (ServiceRole.STAMPER, serve_timestamps),
    ],
)
def test_a_real_service_is_recognised_and_says_the_time(role: ServiceRole, serve: Serve, tmp_path: Path) -> None:
    client = HttpClient(probe_options({}))
    with serve(tmp_path) as url:
        asked = ask_services(HttpProber(client, probe_options({}).proxies), [ServiceAddress.of(role, url)])
    client.close()
    facts = Facts(NOW, services=asked)
    assert [finding.name for finding in check_services(facts)] == ["service-answers"]
    assert [finding.name for finding in check_clock(facts)] == ["clock-agrees"]
