"""`policy verify` by what was attested, with a whole authority: types, conditions, and documents beside policies."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_b64
from cosignpy.core.trust.trusted_root import encode_trusted_root, parse_trusted_root
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from cosignpy.services.tuf.cache import TRUSTED_ROOT
from tests.support.image_policies import document, encode
from tests.support.keyless_site import Keyless, serve_keyless
from tests.support.memory_repository import push_image
from tests.support.policy_resources import config_map, secret, trust_root
from tests.support.raw_server import RawServer
from tests.support.tokens import EMAIL
from tests.support.trust_archives import packed
from tests.support.trust_repository import TrustRepository

REVIEW: Final = "https://example.com/review/v1"
REFUSED: Final = 12
USAGE: Final = 2
UNREACHABLE: Final = 20
UNTRUSTED: Final = 25
APPROVED: Final = """\
package sigstore

default isCompliant = false

isCompliant {
  input.predicateType == "https://example.com/review/v1"
  input.predicate.score > 1
}
"""
TWO: Final = """\
package sigstore

isCompliant[response] {
  signer := input.authorityMatches.people.attestations.review[0].subject
  keyed := count(input.authorityMatches.release.signatures)
  response := {"result": keyed == 1, "error": sprintf("%v attested, %v keys signed", [signer, keyed])}
}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        running.succeed("generate-key-pair", "--output-key-prefix=signer")
        (running.folder / "review.json").write_text('{"score": 1.10}')
        yield running


@pytest.fixture(scope="module")
def image(site: Keyless) -> Iterator[str]:
    """Return an image that a person attested something about, and that a key signed."""
    with LocalRegistry() as registry:
        session = RegistrySession(registry.address, RegistryOptions())
        made = push_image(RemoteRepository(session, "team/app"))
        name = f"{registry.address}/team/app@{made.digest}"
        site.succeed("attest", *site.signing, "--predicate=review.json", f"--type={REVIEW}", name)
        site.succeed("sign", "--key=signer.key", "--tlog-upload=false", name)
        yield name
        session.close()


def people(site: Keyless, *, policy: Mapping[str, Any] | None = None, **beside: Any) -> dict[str, Any]:
    """Return an authority: whoever has the token, for their review."""
    attested: dict[str, Any] = {"name": "review", "predicateType": REVIEW}
    keyless = {"identities": [{"issuer": site.site.issuer.url, "subject": EMAIL}], **beside.pop("keyless", {})}
    wanted = [attested | ({"policy": dict(policy)} if policy else {})]
    return {"name": "people", "keyless": keyless, "attestations": wanted, **beside}


def release() -> dict[str, Any]:
    return {"name": "release", "key": {"secretRef": {"name": "release-key"}}}


def verify(site: Keyless, image: str, *documents: Mapping[str, Any], trusted: bool = True) -> tuple[int, Any, str]:
    (site.folder / "policy.yaml").write_bytes(encode(*documents))
    root = ("--trusted-root=root.json",) if trusted else ()
    done = site.run("policy", "verify", "--policy=policy.yaml", "--output=json", *root, image)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr.decode()


@pytest.mark.parametrize(("text", "code"), [(APPROVED, 0), (APPROVED.replace("> 1", "> 2"), REFUSED)])
def test_a_condition_of_an_attestation(site: Keyless, image: str, text: str, code: int) -> None:
    found, decided, _ = verify(site, image, document(people(site, policy={"type": "rego", "data": text})))
    assert found == code
    (authority,) = decided["images"][0]["policies"][0]["authorities"]
    proven = authority.get("attestations", {}).get("review", [])
    assert [(each["type"], each["certificate"]["names"]) for each in proven] == [(REVIEW, [EMAIL])] * (code == 0)


def test_a_condition_of_a_policy_with_texts_and_keys_in_documents(site: Keyless, image: str) -> None:
    key = secret("release-key", "cosign-system", pub=(site.folder / "signer.pub").read_text())
    texts = config_map(approved=APPROVED, two=TWO)
    reference = {"type": "rego", "configMapRef": {"name": "texts", "key": "approved"}}
    whole = {"type": "rego", "configMapRef": {"name": "texts", "key": "two"}}
    both = document(people(site, policy=reference), release(), policy=whole)
    assert verify(site, image, both, key, texts)[0] == 0
    strict = config_map(approved=APPROVED, two=TWO.replace("keyed == 1", "keyed == 2"))
    code, decided, said = verify(site, image, both, key, strict)
    assert (code, decided["images"][0]["policies"][0]["decidedBy"]) == (REFUSED, "spec.policy")
    assert f"{EMAIL} attested, 1 keys signed" in said
    code, _, said = verify(site, image, both, texts)
    assert (code, "there is no Secret release-key" in said) == (USAGE, True)


def test_an_attestation_of_another_type(site: Keyless, image: str) -> None:
    wanted = people(site)
    wanted["attestations"][0]["predicateType"] = "spdx"
    code, _, said = verify(site, image, document(wanted))
    assert (code, f"found: {REVIEW}" in said) == (REFUSED, True)


@pytest.fixture
def repository(site: Keyless) -> TrustRepository:
    """Return a TUF repository with the authority's trusted root."""
    root = encode_trusted_root(parse_trusted_root((site.folder / "root.json").read_bytes()))
    made = TrustRepository(now=datetime.now(UTC))
    made.contents[TRUSTED_ROOT] = root
    made.publish()
    return made


def own(site: Keyless) -> dict[str, Any]:
    named = {"keyless": {"trustRootRef": "own"}, "ctlog": {"trustRootRef": "own"}}
    return people(site, **named)


def test_a_trust_root_on_a_mirror(site: Keyless, image: str, repository: TrustRepository) -> None:
    with RawServer(repository.handle) as server:
        remote = {"root": encode_b64(repository.root), "mirror": f"http://{server.address}"}
        code, _, said = verify(site, image, document(own(site)), trust_root(remote=remote), trusted=False)
        assert (said, code) == ("", 0)
        forged = {**remote, "root": encode_b64(TrustRepository().root)}
        code, decided, _ = verify(site, image, document(own(site)), trust_root(remote=forged), trusted=False)
        assert (code, decided["images"][0]["error"]["kind"]) == (UNTRUSTED, "UntrustedRepository")


def test_a_trust_root_in_an_archive(site: Keyless, image: str, repository: TrustRepository) -> None:
    held = {"root": encode_b64(repository.root), "mirrorFS": encode_b64(packed(repository.files))}
    assert verify(site, image, document(own(site)), trust_root(repository=held), trusted=False)[0] == 0
    code, _, said = verify(site, image, document(own(site)), trust_root("other", repository=held), trusted=False)
    assert (code, "there is no TrustRoot own" in said) == (USAGE, True)


def test_policies_in_a_folder_are_completed_by_what_lies_there(site: Keyless, image: str) -> None:
    folder = site.folder / "policies"
    folder.mkdir()
    (folder / "key.yaml").write_bytes(encode(secret("release-key", pub=(site.folder / "signer.pub").read_text())))
    (folder / "policy.yaml").write_bytes(encode(document(release())))
    assert site.run("policy", "verify", "--policy=policies", image).returncode == 0
    (folder / "key.yaml").unlink()
    assert site.run("policy", "verify", "--policy=policies", image).returncode == USAGE


def test_a_text_on_the_web_that_cannot_be_had(site: Keyless, image: str) -> None:
    remote = {"url": "https://127.0.0.1:1/x.rego", "sha256sum": Digest.of(b"x").hex}
    code, decided, said = verify(site, image, document(people(site, policy={"type": "rego", "remote": remote})))
    assert (code, "127.0.0.1:1" in said) == (UNREACHABLE, True)
    assert decided["images"][0]["admitted"] is False
