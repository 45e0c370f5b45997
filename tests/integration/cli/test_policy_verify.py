"""`policy verify` on a registry: keys and identities, signatures elsewhere, and the evidence of what passed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.image_policies import BY_KEY, document, encode
from tests.support.memory_repository import push_image
from tests.support.signed import KEY, OTHER_KEY
from tests.support.signed_images import push_bundle, sign
from tests.support.virtual_sigstore import EMAIL, ISSUER, REKOR_V2, ROOT, Signing

Capture = pytest.CaptureFixture[str]
UNSIGNED: Final = 10
NOT_THERE: Final = 11
REFUSED: Final = 12
UNREACHABLE: Final = 20
BY_OTHER: Final = {"name": "other", "key": {"data": OTHER_KEY.public_key.encode_pem().decode()}}


@dataclass(frozen=True)
class Place:
    """A registry with an image `team/app:1`, which nobody has signed yet."""

    address: str
    session: RegistrySession
    image: Manifest

    @property
    def name(self) -> str:
        return f"{self.address}/team/app:1"

    def repository(self, name: str = "team/app") -> RemoteRepository:
        return RemoteRepository(self.session, name)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("COSIGN_REPOSITORY", raising=False)
    with LocalRegistry() as registry:
        session = RegistrySession(registry.address, RegistryOptions())
        made = Place(registry.address, session, push_image(RemoteRepository(session, "team/app"), tag="1"))
        yield made
        session.close()


def verify(*arguments: str, policies: list[dict[str, Any]]) -> int:
    Path("policy.yaml").write_bytes(encode(*policies))
    return run(["policy", "verify", "--policy=policy.yaml", *arguments])


def test_one_of_the_keys_has_to_have_signed(place: Place, capsys: Capture) -> None:
    policies = [document({"name": "release", **BY_KEY}, BY_OTHER)]
    assert verify(place.name, policies=policies) == UNSIGNED
    sign(place.repository(), place.image)
    assert verify(place.name, policies=policies) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Admitted {place.name}"
    assert lines[1] == f"  digest       {place.image.digest}"
    assert lines[2].startswith("  policy       team: passed by release (policy.yaml:")
    assert KEY.public_key.fingerprint in lines[3]
    assert lines[-1] == "    not checked  transparency log (the authority release names no ctlog)"
    assert verify(place.name, policies=[document(BY_OTHER)]) == REFUSED
    assert "no matching signatures" in capsys.readouterr().err


def test_all_policies_have_to_pass(place: Place, capsys: Capture) -> None:
    both = [document(BY_KEY), document(BY_OTHER, name="second")]
    sign(place.repository(), place.image)
    assert verify(place.name, policies=both) == REFUSED
    printed = capsys.readouterr()
    assert (printed.out, "by the policy second (" in printed.err) == ("", True)
    sign(place.repository(), place.image, OTHER_KEY)
    assert verify(place.name, policies=both) == 0


@pytest.mark.parametrize(("subject", "code"), [(EMAIL, 0), ("bob@example.com", REFUSED)])
def test_an_identity_and_its_evidence(place: Place, capsys: Capture, subject: str, code: int) -> None:
    Path("root.json").write_bytes(encode_trusted_root(ROOT))
    statement = build_signature_statement(place.image.digest, {})
    bundle = Signing(REKOR_V2, statement=statement, stamped=True).bundle()
    push_bundle(place.repository(), place.image.descriptor, encode_bundle(bundle))
    policies = [document({"keyless": {"identities": [{"issuer": ISSUER, "subject": subject}]}})]
    assert verify("--trusted-root=root.json", "--output=json", place.name, policies=policies) == code
    (image,) = json.loads(capsys.readouterr().out)["images"]
    assert image["digest"] == str(place.image.digest)
    (authority,) = image["policies"][0]["authorities"]
    assert [each["certificate"]["names"] for each in authority.get("signatures", [])] == [[EMAIL]] * (code == 0)
    assert ("error" in authority) is (code != 0)


def test_signatures_in_another_repository(place: Place) -> None:
    elsewhere = place.repository("team/signatures")
    push_image(elsewhere, tag="1")
    sign(elsewhere, place.image)
    there = {"source": [{"oci": f"{place.address}/team/signatures"}], **BY_KEY}
    assert verify(place.name, policies=[document(there)]) == 0
    assert verify(place.name, policies=[document(BY_KEY)]) == UNSIGNED


def test_what_could_not_be_looked_at_is_not_unsigned(place: Place) -> None:
    assert verify(f"{place.address}/team/app:absent", policies=[document(BY_KEY)]) == NOT_THERE
    assert verify("localhost:1/team/app:1", policies=[document(BY_KEY)]) == UNREACHABLE
