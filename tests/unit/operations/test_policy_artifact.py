"""Policies in a registry: what is pushed comes back, and what is something else is refused before it is fetched."""

import pytest

from cosignpy.core.bundle.referrer import EMPTY_JSON
from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import EMPTY_CONFIG, ArtifactManifest, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import DigestMismatch, LimitExceeded, MalformedError, NoSuchTag, UsageError
from cosignpy.operations import policy_artifact
from cosignpy.operations.policy_artifact import (
    ARTIFACT_TYPE,
    FILE_TYPE,
    TITLE,
    PolicyFile,
    fetch_policies,
    push_policies,
)
from tests.support.memory_repository import MemoryRepository, push_image

TEAM = PolicyFile("team.yaml", b"kind: a\n")
COMPANY = PolicyFile("company.yml", b"kind: b\n")
TAG = Tag("1")


def pushed(*files: PolicyFile) -> tuple[MemoryRepository, Manifest]:
    repository = MemoryRepository()
    return repository, push_policies(repository, files, TAG)


def layer(file: PolicyFile, media_type: str = FILE_TYPE, size: int | None = None) -> Descriptor:
    found = Descriptor.of(file.content, media_type)
    return Descriptor(found.media_type, found.digest, found.size if size is None else size, {TITLE: file.name})


def stored(*layers: Descriptor, artifact_type: str = ARTIFACT_TYPE) -> MemoryRepository:
    """Return a repository with an artifact of these layers."""
    repository = MemoryRepository()
    for content in (EMPTY_JSON, TEAM.content):
        repository.push_blob(content)
    for each in layers:
        repository.blobs.setdefault(each.digest, b"")
    made = ArtifactManifest(Descriptor.of(EMPTY_JSON, EMPTY_CONFIG), layers, artifact_type=artifact_type).build()
    repository.push_manifest(made, TAG)
    return repository


def test_what_is_pushed_comes_back_by_name() -> None:
    repository, manifest = pushed(TEAM, COMPANY)
    found = fetch_policies(repository, TAG, "policies")
    assert (found.digest, found.files) == (manifest.digest, (COMPANY, TEAM))
    assert (manifest.artifact_type, manifest.layers[0].media_type) == (ARTIFACT_TYPE, FILE_TYPE)
    assert manifest.layers[0].annotations == {TITLE: "company.yml"}


def test_the_same_files_have_the_same_digest_and_others_have_another() -> None:
    first, second = pushed(TEAM, COMPANY)[1], pushed(COMPANY, TEAM)[1]
    assert first.raw == second.raw
    assert pushed(TEAM)[1].digest != first.digest
    assert pushed(TEAM, PolicyFile("company2.yml", COMPANY.content))[1].digest != first.digest


def test_without_a_tag_there_is_only_the_digest() -> None:
    repository = MemoryRepository()
    manifest = push_policies(repository, [TEAM], None)
    assert repository.tags == {}
    assert fetch_policies(repository, manifest.digest, "policies").files == (TEAM,)


@pytest.mark.parametrize(
    "files",
    [
        (),
        (TEAM, TEAM),
        (PolicyFile("team.txt", b""),),
        (PolicyFile("../team.yaml", b""),),
        (PolicyFile(".yaml", b""),),
        (PolicyFile("-", b""),),
    ],
)
def test_files_that_cannot_be_pushed(files: tuple[PolicyFile, ...]) -> None:
    repository = MemoryRepository()
    with pytest.raises(UsageError):
        push_policies(repository, files, TAG)
    assert repository.requests == []


def test_another_artifact_is_refused_and_nothing_of_it_fetched() -> None:
    repository = stored(layer(TEAM), artifact_type="application/vnd.cncf.helm.config.v1+json")
    with pytest.raises(MalformedError) as caught:
        fetch_policies(repository, TAG, "policies")
    assert "application/vnd.cncf.helm.config.v1+json" in caught.value.why
    assert not any(each.startswith("stream_blob") for each in repository.requests)


def test_an_image_is_refused() -> None:
    repository = MemoryRepository()
    push_image(repository, tag="1")
    with pytest.raises(MalformedError) as caught:
        fetch_policies(repository, TAG, "policies")
    assert "application/vnd.oci.image.config.v1+json" in caught.value.why


def test_an_artifact_without_policies_is_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        fetch_policies(stored(), TAG, "policies")
    assert caught.value.why == "no policies in it"


@pytest.mark.parametrize(
    "changed",
    [
        layer(TEAM, "text/plain"),
        layer(PolicyFile("../team.yaml", TEAM.content)),
        layer(PolicyFile("team", TEAM.content)),
        Descriptor.of(TEAM.content, FILE_TYPE),
    ],
)
def test_a_layer_with_one_thing_wrong_is_refused(changed: Descriptor) -> None:
    assert fetch_policies(stored(layer(TEAM)), TAG, "policies").files == (TEAM,)
    with pytest.raises(MalformedError):
        fetch_policies(stored(changed), TAG, "policies")


def test_two_files_of_one_name_are_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        fetch_policies(stored(layer(TEAM), layer(PolicyFile("team.yaml", b""))), TAG, "policies")
    assert caught.value.why == "two files have one name"


def test_a_file_of_100_mb_is_refused_before_it_is_fetched() -> None:
    repository = stored(layer(TEAM, size=100 << 20))
    with pytest.raises(LimitExceeded):
        fetch_policies(repository, TAG, "policies")
    assert not any(each.startswith("stream_blob") for each in repository.requests)


def test_too_many_and_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    repository, _ = pushed(TEAM, COMPANY)
    monkeypatch.setattr(policy_artifact, "MAX_ARTIFACT", 15)
    with pytest.raises(LimitExceeded):
        fetch_policies(repository, TAG, "policies")
    with pytest.raises(LimitExceeded):
        push_policies(MemoryRepository(), [TEAM, COMPANY], TAG)
    monkeypatch.setattr(policy_artifact, "MAX_ARTIFACT", 16)
    assert len(fetch_policies(repository, TAG, "policies").files) == 2
    monkeypatch.setattr(policy_artifact, "MAX_FILES", 1)
    with pytest.raises(LimitExceeded):
        fetch_policies(repository, TAG, "policies")


def test_content_with_another_digest_is_refused() -> None:
    repository, manifest = pushed(TEAM)
    repository.blobs[manifest.layers[0].digest] = b"kind: c\n"
    with pytest.raises(DigestMismatch):
        fetch_policies(repository, TAG, "policies")


def test_an_artifact_that_is_not_there() -> None:
    with pytest.raises(NoSuchTag):
        fetch_policies(MemoryRepository(), Digest.of(b""), "policies")
