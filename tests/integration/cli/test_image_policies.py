"""Policies over images that several people signed: thresholds, deny lists, keys that count in their time."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.keyless_site import TRUST, Keyless, serve_keyless
from tests.support.memory_repository import push_image

REFUSED: Final = 12
"""docs/exit-codes.md: no signature satisfies the policy."""
BOB: Final = "bob@example.com"
AND_BOB: Final = f"--certificate-identity={BOB}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        running.succeed("generate-key-pair", "--output-key-prefix=signer")
        (running.folder / "bobs-token").write_text(running.site.issuer.token(email=BOB))
        (running.folder / "team.deny").write_text(f"# left the team\nidentity {BOB}\n")
        yield running


@pytest.fixture
def image() -> Iterator[str]:
    with LocalRegistry() as registry:
        session = RegistrySession(registry.address, RegistryOptions())
        pushed = push_image(RemoteRepository(session, "team/app"))
        yield f"{registry.address}/team/app@{pushed.digest}"
        session.close()


def evidence(site: Keyless, *arguments: str) -> tuple[int, Any]:
    done = site.run("verify", *TRUST, *arguments, "--output=json")
    return done.returncode, json.loads(done.stdout)["images"][0]


def test_a_threshold_over_identities(site: Keyless, image: str) -> None:
    two = (*site.who, AND_BOB, "--threshold=2", image)
    for _ in range(2):
        site.succeed("sign", *site.signing, image)
    alone = site.run("verify", *TRUST, *two)
    assert alone.returncode == REFUSED
    assert b"only 1 of the 2 signers demanded" in alone.stderr
    site.succeed("sign", *site.signing, "--identity-token=bobs-token", image)
    code, found = evidence(site, *two)
    assert code == 0
    names = [signature["certificate"]["names"] for signature in found["signatures"]]
    assert sorted(names) == [["alice@example.com"], ["alice@example.com"], [BOB]]


def test_a_deny_list(site: Keyless, image: str) -> None:
    site.succeed("sign", *site.signing, image)
    site.succeed("sign", *site.signing, "--identity-token=bobs-token", image)
    code, found = evidence(site, *site.who, AND_BOB, "--deny-list=team.deny", image)
    assert (code, len(found["signatures"])) == (0, 1)
    (rejection,) = found["rejections"]
    assert rejection["kind"] == "Denied"
    assert "(team.deny line 2)" in rejection["reason"]
    assert evidence(site, *site.who, AND_BOB, "--threshold=2", "--deny-list=team.deny", image)[0] == REFUSED


def test_a_key_that_counts_in_its_time(site: Keyless, image: str) -> None:
    site.succeed("sign", "--key=signer.key", "--signing-config=signing.json", *TRUST, image)
    assert evidence(site, "--key=key=signer.pub,start-time=2020-01-01T00:00:00Z", image)[0] == 0
    code, found = evidence(site, "--key=key=signer.pub,end-time=2020-01-01T00:00:00Z", image)
    assert code == REFUSED
    assert [rejection["kind"] for rejection in found["rejections"]] == ["TimestampError"]
