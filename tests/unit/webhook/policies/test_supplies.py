"""What policies name elsewhere is had over https, within limits, and from TUF repositories that can be believed."""

import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from cosignpy.errors import LimitExceeded, MalformedError, RemoteError, UntrustedRepository, UsageError
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request, Response
from cosignpy.webhook.policies.supplies import MAX_TEXT, WebSupplies
from tests.support.answers import ScriptedSender, answer
from tests.support.trust_repository import CONTENTS, NOW, ONLINE, TrustRepository

URL: Final = "https://policies.example/p.rego"


def supplies(folder: Path, sender: ScriptedSender, now: datetime = NOW) -> WebSupplies:
    return WebSupplies(sender, folder, lambda _: None, Clock(wall=now.timestamp))


def serving(repository: TrustRepository) -> ScriptedSender:
    def respond(request: Request) -> Response:
        name = request.url.target.removeprefix("/")
        found = repository.files.get(name)
        return answer(request.url, 404) if found is None else answer(request.url, 200, found)

    return ScriptedSender(respond)


def archive(repository: TrustRepository) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as packed:
        for name, content in repository.files.items():
            entry = tarfile.TarInfo(f"repository/{name}")
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def test_a_text_is_fetched_and_has_to_come_in_time(tmp_path: Path) -> None:
    sender = ScriptedSender(lambda request: answer(request.url, 200, b"text"))
    assert supplies(tmp_path, sender).fetch_text(URL) == b"text"
    (request,) = sender.requests
    assert request.deadline < float("inf")


@pytest.mark.parametrize("url", ["http://policies.example/p", "policies.example"])
def test_a_text_comes_over_https(tmp_path: Path, url: str) -> None:
    sender = ScriptedSender(lambda request: answer(request.url, 200, b"text"))
    with pytest.raises(MalformedError):
        supplies(tmp_path, sender).fetch_text(url)
    assert sender.requests == []


@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (404, {}, b"", RemoteError),
        (200, {}, b"x" * (MAX_TEXT + 1), LimitExceeded),
        (302, {"Location": "http://policies.example/p"}, b"", RemoteError),
        (302, {"Location": URL}, b"", LimitExceeded),
    ],
)
def test_a_text_that_cannot_be_had_is_told(
    tmp_path: Path, status: int, headers: dict[str, str], body: bytes, error: type[Exception]
) -> None:
    sender = ScriptedSender(lambda request: answer(request.url, status, body, headers))
    with pytest.raises(error):
        supplies(tmp_path, sender).fetch_text(URL)


def test_a_key_in_a_kms_that_nothing_here_knows_is_told(tmp_path: Path) -> None:
    sender = ScriptedSender(lambda request: answer(request.url, 500))
    with pytest.raises(UsageError, match="gcpkms"):
        supplies(tmp_path, sender).load_key("gcpkms://projects/p")


def test_a_repository_on_a_mirror_says_whom_to_believe_and_for_how_long(tmp_path: Path) -> None:
    repository = TrustRepository()
    asked = TufRepository(repository.root, mirror="https://tuf.example")
    found = supplies(tmp_path, serving(repository)).read_repository(asked)
    assert (found.trusted_root, found.expires) == (CONTENTS["trusted_root.json"], (NOW + ONLINE).astimezone(UTC))


def test_a_repository_in_a_trust_root_is_opened_and_may_have_expired(tmp_path: Path) -> None:
    repository = TrustRepository()
    asked = TufRepository(repository.root, archive=archive(repository))
    nobody = ScriptedSender(lambda request: answer(request.url, 500))
    found = supplies(tmp_path, nobody).read_repository(asked)
    assert (found.trusted_root, nobody.requests) == (CONTENTS["trusted_root.json"], [])
    with pytest.raises(UntrustedRepository):
        supplies(tmp_path, nobody, NOW + 2 * ONLINE).read_repository(asked)


def test_a_repository_of_another_root_is_not_believed(tmp_path: Path) -> None:
    repository, other = TrustRepository(), TrustRepository()
    asked = TufRepository(other.root, mirror="https://tuf.example")
    with pytest.raises(UntrustedRepository):
        supplies(tmp_path, serving(repository)).read_repository(asked)


def test_a_repository_whose_metadata_others_could_write_is_not_believed(tmp_path: Path) -> None:
    repository = TrustRepository()
    asked = TufRepository(repository.root, mirror="https://tuf.example")
    supplies(tmp_path, serving(repository)).read_repository(asked)
    for folder in tmp_path.rglob("cosignpy"):
        folder.chmod(0o777)
    with pytest.raises(UntrustedRepository, match="could not be kept"):
        supplies(tmp_path, serving(repository)).read_repository(asked)
