"""What policies name elsewhere, as this machine has it: repositories in folders and archives, and keys."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.flags import RegistryFlags
from cosignpy.cli.wiring_policies import WebSupplies, show_pull_secrets
from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.errors import CosignError, NoSuchTarget, UntrustedRepository, UsageError
from cosignpy.imagepolicy.model import Source
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.references import link_policies
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.services.tuf.cache import TRUSTED_ROOT
from tests.support.image_policies import BY_KEY, FILE, document, encode
from tests.support.policy_resources import secret
from tests.support.trust_archives import packed
from tests.support.trust_repository import CONTENTS, TrustRepository

ROOT: Final = CONTENTS[TRUSTED_ROOT]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrustRepository:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TUF_ROOT", raising=False)
    made = TrustRepository(now=datetime.now(UTC))
    made.write(tmp_path / "mirror")
    return made


def test_a_repository_on_a_mirror_has_a_cache_of_its_own(repository: TrustRepository, tmp_path: Path) -> None:
    named = TufRepository(repository.root, mirror=(tmp_path / "mirror").as_uri())
    with pytest.raises(UntrustedRepository):
        WebSupplies(offline=True).read_repository(named)
    assert WebSupplies().read_repository(named) == ROOT
    (tmp_path / "mirror").rename(tmp_path / "gone")
    assert WebSupplies(offline=True).read_repository(named) == ROOT
    (cached,) = (tmp_path / "home/.sigstore/root/policies").iterdir()
    assert len(cached.name) == 64


def test_targets_in_another_folder(repository: TrustRepository, tmp_path: Path) -> None:
    (tmp_path / "mirror/targets").rename(tmp_path / "mirror/elsewhere")
    mirror = (tmp_path / "mirror").as_uri()
    assert WebSupplies().read_repository(TufRepository(repository.root, mirror=mirror, targets="elsewhere")) == ROOT


def test_another_target(repository: TrustRepository, tmp_path: Path) -> None:
    mirror = (tmp_path / "mirror").as_uri()
    with pytest.raises(NoSuchTarget):
        WebSupplies().read_repository(TufRepository(repository.root, mirror=mirror, target="other.json"))


@pytest.mark.parametrize("offline", [False, True])
def test_a_repository_in_an_archive_is_verified_like_any(
    repository: TrustRepository, tmp_path: Path, offline: bool
) -> None:
    archive = packed(repository.files)
    assert WebSupplies(offline).read_repository(TufRepository(repository.root, archive=archive)) == ROOT
    with pytest.raises(CosignError):
        WebSupplies().read_repository(TufRepository(TrustRepository().root, archive=archive))
    assert not (tmp_path / "home/.sigstore/root/policies").exists()


def test_an_archive_that_has_expired() -> None:
    old = TrustRepository()
    with pytest.raises(UntrustedRepository):
        WebSupplies().read_repository(TufRepository(old.root, archive=packed(old.files)))


def test_keys_in_a_kms_that_is_not_known() -> None:
    with pytest.raises(UsageError) as caught:
        WebSupplies().load_key("gcpkms://projects/x")
    assert caught.value.problem == "unknown key reference scheme gcpkms://"


FLAGS: Final = RegistryFlags(registry_username="me", registry_password="mine")
PULL: Final = "kubernetes.io/dockerconfigjson"


def source(**auths: dict[str, str]) -> Source:
    held = secret("pull", "team", PULL, **{".dockerconfigjson": encode_json({"auths": auths}).decode()})
    signed = {"source": [{"oci": "ghcr.io/team/sigs", "signaturePullSecrets": [{"name": "pull"}]}], **BY_KEY}
    (policy,) = link_policies(parse_resources(encode(document(signed), held), FILE))
    found = policy.authorities[0].source
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("auths", "shown"),
    [
        ({"ghcr.io": {"auth": encode_b64(b"bot:secret")}}, ("bot", "secret", None)),
        ({"https://ghcr.io": {"username": "bot", "password": "secret"}}, ("bot", "secret", None)),
        ({"ghcr.io": {"registrytoken": "token"}}, ("me", "mine", "token")),
        ({"quay.io": {"auth": encode_b64(b"bot:secret")}}, ("me", "mine", None)),
        ({}, ("me", "mine", None)),
    ],
)
def test_secrets_of_a_source_are_shown_to_its_registry_alone(
    auths: dict[str, dict[str, str]], shown: tuple[str, str, str | None]
) -> None:
    flags = show_pull_secrets(FLAGS, source(**auths))
    assert (flags.registry_username, flags.registry_password, flags.registry_token) == shown


def test_a_source_without_secrets() -> None:
    (policy,) = link_policies(parse_resources(encode(document({"source": [{"oci": "ghcr.io/a"}], **BY_KEY})), FILE))
    found = policy.authorities[0].source
    assert found is not None
    assert show_pull_secrets(FLAGS, found) is FLAGS
