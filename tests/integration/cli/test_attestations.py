"""Attestations about images on a registry, with an identity and with a key and a log."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.keyless_site import TRUST, Keyless, serve_keyless
from tests.support.memory_repository import push_image, push_index

REVIEW: Final = "https://example.com/review/v1"
SAID: Final = ("--predicate=review.json", f"--type={REVIEW}")
UNSIGNED: Final = 10
REFUSED: Final = 12
"""docs/exit-codes.md: there is no attestation, and none satisfies the policy."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        running.succeed("generate-key-pair", "--output-key-prefix=signer")
        (running.folder / "review.json").write_text('{"score": 1.10}')
        yield running


@pytest.fixture
def images() -> Iterator[list[str]]:
    """Return two images and the index of both."""
    with LocalRegistry() as registry:
        session = RegistrySession(registry.address, RegistryOptions())
        repository = RemoteRepository(session, "team/app")
        children = [push_image(repository, content).descriptor for content in (b"one", b"two")]
        index = push_index(repository, children)
        names = [f"{registry.address}/team/app@{digest}" for digest in (*(c.digest for c in children), index.digest)]
        yield names
        session.close()


def evidence(site: Keyless, *arguments: str) -> tuple[int, list[Any]]:
    done = site.run("verify-attestation", *TRUST, f"--type={REVIEW}", "--output=json", *arguments)
    return done.returncode, json.loads(done.stdout)["images"]


def test_without_a_key(site: Keyless, images: list[str]) -> None:
    site.succeed("attest", *site.signing, *SAID, *images[:2])
    code, found = evidence(site, *site.who, *images[:2])
    assert (code, len(found)) == (0, 2)
    for image in found:
        (signature,) = image["signatures"]
        assert (signature["type"], signature["certificate"]["names"]) == (REVIEW, ["alice@example.com"])
        assert len(signature["logEntries"]) == 1
    assert site.run("verify", *TRUST, *site.who, images[0]).returncode == REFUSED
    others = ("--certificate-identity=bob@example.com", *site.who[2:])
    assert evidence(site, *others, images[0])[0] == REFUSED


def test_what_an_identity_said_before_gives_way(site: Keyless, images: list[str]) -> None:
    for _ in range(2):
        site.succeed("attest", *site.signing, *SAID, "--replace", images[0])
    code, (image,) = evidence(site, *site.who, images[0])
    assert (code, len(image["signatures"])) == (0, 1)


def test_one_statement_about_an_index_and_its_images(site: Keyless, images: list[str]) -> None:
    with_key = ("--key=signer.key", "--signing-config=signing.json", *TRUST)
    site.succeed("attest", *with_key, *SAID, "--recursive", "--one-bundle", images[2])
    code, found = evidence(site, "--key=signer.pub", *images)
    assert code == 0
    entries = {image["signatures"][0]["logEntries"][0]["logIndex"] for image in found}
    assert (len(found), len(entries)) == (3, 1)


def test_one_statement_about_repositories_and_a_file(site: Keyless, images: list[str]) -> None:
    (site.folder / "app.tar").write_text("content")
    host = images[0].partition("/")[0]
    session = RegistrySession(host, RegistryOptions())
    other = push_image(RemoteRepository(session, "team/web"), b"web")
    session.close()
    named = [images[0], f"{host}/team/web@{other.digest}"]
    site.succeed("attest", *site.signing, *SAID, "--one-bundle", "--with-file=app.tar", "--bundle=b.json", *named)
    code, found = evidence(site, *site.who, *named)
    assert (code, len(found)) == (0, 2)
    statements = [image["signatures"][0]["statement"] for image in found]
    assert statements[0] == statements[1]
    assert [subject["name"] for subject in statements[0]["subjects"]] == [
        f"{host}/team/app",
        f"{host}/team/web",
        "app.tar",
    ]
    file = ("verify-blob-attestation", *TRUST, *site.who, f"--type={REVIEW}", "--bundle=b.json", "app.tar")
    assert site.succeed(*file).stdout.count(b"also about") == len(named)
    assert evidence(site, *site.who, images[1])[0] == UNSIGNED


def test_an_attestation_that_cannot_be_stored_is_told_of(site: Keyless, images: list[str]) -> None:
    nowhere = replace(site, environment={"COSIGN_REPOSITORY": "127.0.0.1:1/attestations"})
    alone = ("attest", "--key=signer.key", "--tlog-upload=false", *TRUST, *SAID)
    done = nowhere.run(*alone, "--output=json", images[0])
    (failed,) = json.loads(done.stdout)["images"]
    assert (done.returncode, failed["attested"], failed["error"]["exitCode"]) == (20, False, 20)
    assert evidence(site, "--key=signer.pub", "--insecure-ignore-tlog", images[0])[0] == UNSIGNED
