"""Signing an image where one of those who vouch is away, slow, broken or hostile: it is said, and nothing is pushed."""

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import pytest

from cosignpy.core.digest import Digest
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.keyless_site import TRUST, Keyless, serve_keyless
from tests.support.memory_repository import push_image
from tests.support.raw_server import Handler, RawRequest, RawServer, hang_up, head, repeat, reply, stall

UNREACHABLE: Final = 20
FAILED: Final = 23
MALFORMED: Final = 4
REFUSED: Final = 12
SERVICES: Final = {"authority": "caUrls", "log": "rekorTlogUrls", "timestamps": "tsaUrls"}
GOOD_STATUS: Final = {"authority": 200, "log": 201, "timestamps": 200}
TOLD: Final = {
    "authority": "the certificate authority",
    "log": "the transparency log",
    "timestamps": "the timestamp authority",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        yield running


@dataclass(frozen=True)
class Image:
    """An image in a registry."""

    repository: RemoteRepository
    name: str

    @property
    def is_signed(self) -> bool:
        return bool(self.repository.fetch_referrers(Digest.parse(self.name.partition("@")[2])))


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with LocalRegistry() as running:
        session = RegistrySession(running.address, RegistryOptions())
        repository = RemoteRepository(session, "team/app")
        pushed = push_image(repository, b"one", "1").descriptor
        yield Image(repository, f"{running.address}/team/app@{pushed.digest}")
        session.close()


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def url_of(site: Keyless, service: str) -> str:
    config = json.loads((site.folder / "signing.json").read_text())
    return str(config[SERVICES[service]][0]["url"])


def sign_asking(site: Keyless, image: Image, service: str, url: str, *flags: str) -> tuple[int, str]:
    """Sign where one service is at another address; return the exit code, and what is said."""
    config = json.loads((site.folder / "signing.json").read_text())
    config[SERVICES[service]][0]["url"] = url
    (site.folder / "other.json").write_text(json.dumps(config))
    words = ("--identity-token=token", "--signing-config=other.json", *TRUST)
    done = site.run("sign", *words, *flags, image.name)
    told = done.stderr.decode()
    for secret in ("Traceback", "defect", (site.folder / "token").read_text().rpartition(".")[2]):
        assert secret not in told
    assert not image.is_signed
    return done.returncode, "\n".join([line for line in told.splitlines() if not line.startswith("WARNING: http://")])


def refuse(site: Keyless, image: Image, service: str, handler: Handler, *flags: str) -> tuple[int, str]:
    with RawServer(handler) as server:
        path = urlsplit(url_of(site, service)).path
        return sign_asking(site, image, service, f"http://{server.address}{path}", *flags)


def test_one_that_is_away(site: Keyless, image: Image, service: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        code, told = sign_asking(site, image, service, f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (code, "cannot reach 127.0.0.1" in told, "refused" in told) == (UNREACHABLE, True, True), told


def test_one_that_hangs_up(site: Keyless, image: Image, service: str) -> None:
    code, told = refuse(site, image, service, hang_up)
    assert (code, "cannot reach 127.0.0.1" in told) == (UNREACHABLE, True), told


def test_one_that_never_answers(site: Keyless, image: Image, service: str) -> None:
    code, told = refuse(site, image, service, stall(), "--timeout=4s")
    assert (code, "not finished after 4 s" in told) == (UNREACHABLE, True), told


@pytest.mark.parametrize("body", [b"nonsense", b"<html>welcome</html>", b"[" * 100_000], ids=["text", "page", "deep"])
def test_one_that_answers_nonsense(site: Keyless, image: Image, service: str, body: bytes) -> None:
    code, told = refuse(site, image, service, reply(GOOD_STATUS[service], body))
    assert (code, TOLD[service] in told) == (FAILED, True), told


def test_one_that_sends_without_end(site: Keyless, image: Image, service: str) -> None:
    code, told = refuse(site, image, service, repeat(head(GOOD_STATUS[service], Connection="close"), b" " * 65536))
    assert (code, "over the limit" in told) == (FAILED, True), told


def test_one_that_sends_us_to_another_host(site: Keyless, image: Image, service: str) -> None:
    with RawServer(reply(200, b"{}")) as elsewhere:
        code, told = refuse(site, image, service, reply(307, b"", Location=f"http://{elsewhere.address}/"))
        assert elsewhere.requests == []
    assert (code, "redirect" in told) == (FAILED, True), told


@dataclass
class Replay:
    """Passes on what is asked the first time, and answers the same from then on."""

    url: str
    answers: dict[str, tuple[int, bytes, str]] = field(default_factory=dict)

    def __call__(self, connection: socket.socket, request: RawRequest) -> None:
        if request.target not in self.answers:
            far = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
            fields = {name: text for name, text in request.headers.items() if name in {"content-type", "accept"}}
            far.request(request.method, request.target, request.body, fields)
            answer = far.getresponse()
            self.answers[request.target] = answer.status, answer.read(), answer.headers["content-type"]
            far.close()
        status, body, kind = self.answers[request.target]
        reply(status, body, Content_Type=kind)(connection, request)


@pytest.mark.parametrize(
    ("of", "code", "reason"),
    [
        ("authority", REFUSED, "another key"),
        ("log", REFUSED, "entry"),
        ("timestamps", REFUSED, "imprint of the timestamp"),
    ],
)
def test_one_that_answers_what_was_asked_before(site: Keyless, image: Image, of: str, code: int, reason: str) -> None:
    """A certificate for another key, an entry for another artifact, a timestamp of another signature: all real."""
    with RawServer(Replay(url_of(site, of))) as server:
        path = urlsplit(url_of(site, of)).path
        url = f"http://{server.address}{path}"
        config = json.loads((site.folder / "signing.json").read_text())
        config[SERVICES[of]][0]["url"] = url
        (site.folder / "replay.json").write_text(json.dumps(config))
        words = ("--identity-token=token", "--signing-config=replay.json", *TRUST)
        first = site.folder / "first"
        first.write_bytes(b"another artifact")
        site.succeed("sign-blob", *words, "--bundle=first.json", "first")
        found, told = sign_asking(site, image, of, url)
    assert (found, reason in told) == (code, True), told
