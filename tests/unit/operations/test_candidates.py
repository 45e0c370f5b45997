"""Where signatures are looked for, what counts as one, and how many are looked at."""

from dataclasses import replace

import pytest

from cosignpy.core.bundle.legacy import MAX_LEGACY_SIGNATURES, build_signature_layer
from cosignpy.core.bundle.model import BUNDLE_V03
from cosignpy.core.digest import Digest
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.oci.manifest import EMPTY_CONFIG, OCI_INDEX, OCI_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.simple_signing import SIMPLE_SIGNING
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.errors import ClaimMismatch, CosignError, DigestMismatch, LimitExceeded, MalformedError, NoSuchTag
from cosignpy.operations.candidates import (
    MAX_CANDIDATES,
    MAX_SIGNATURE,
    Candidate,
    fetch_optional,
    find_candidates,
    refuse_other_predicate,
)
from tests.support.memory_repository import MemoryRepository, push_image, push_referrer
from tests.support.signed import OTHER_IMAGE, policy, simple_signing
from tests.support.signed_images import push_bundle, push_layers, push_legacy_layer, push_legacy_layers


class ListedReferrers(MemoryRepository):
    """Lists what it is told to, as a fallback tag written by another tool may."""

    listed: tuple[Descriptor, ...] = ()

    def fetch_referrers(self, subject: Digest) -> tuple[Descriptor, ...]:
        super().fetch_referrers(subject)
        return self.listed


@pytest.fixture
def repository() -> ListedReferrers:
    return ListedReferrers()


@pytest.fixture
def image(repository: ListedReferrers) -> Manifest:
    return push_image(repository)


def rejected(candidate: Candidate) -> CosignError:
    with pytest.raises(CosignError) as refused:
        candidate.verify(policy(), None)
    return refused.value


def listed_as(manifest: Manifest, artifact_type: str) -> Descriptor:
    """Return the entry that a list shows of a manifest, without annotations and with this type."""
    return replace(manifest.descriptor, artifact_type=artifact_type)


def test_nothing_is_fetched_before_a_candidate_is_verified(repository: ListedReferrers, image: Manifest) -> None:
    repository.listed = (push_bundle(repository, image.descriptor).referrer_descriptor,)
    repository.requests.clear()
    (candidate,) = find_candidates(repository, image.digest)
    tag = f"sha256-{image.digest.hex}.sig"
    assert sorted(repository.requests) == [f"fetch_manifest {tag}", f"fetch_referrers {image.digest}"]
    assert candidate.verify(policy(), None).location == candidate.location


@pytest.mark.parametrize(
    "listed_type",
    [BUNDLE_V03, "application/vnd.dev.sigstore.bundle+json;version=0.1", "", EMPTY_CONFIG],
)
def test_a_bundle_is_found_under_every_type_that_lists_have_called_it(
    repository: ListedReferrers, image: Manifest, listed_type: str
) -> None:
    repository.listed = (listed_as(push_bundle(repository, image.descriptor), listed_type),)
    (candidate,) = find_candidates(repository, image.digest)
    assert candidate.verify(policy(), None).digest == image.digest


@pytest.mark.parametrize("listed_type", ["application/spdx+json", "", EMPTY_CONFIG])
def test_other_referrers_are_no_candidates(repository: ListedReferrers, image: Manifest, listed_type: str) -> None:
    repository.listed = (
        listed_as(push_referrer(repository, image.descriptor), listed_type),
        Descriptor(OCI_MANIFEST, OTHER_IMAGE, 2, artifact_type=listed_type),
        Descriptor(OCI_INDEX, OTHER_IMAGE, 2, artifact_type=listed_type),
    )
    assert find_candidates(repository, image.digest) == []


def test_an_index_is_not_opened_to_look_for_a_bundle(repository: ListedReferrers, image: Manifest) -> None:
    repository.listed = (Descriptor(OCI_INDEX, OTHER_IMAGE, 2),)
    assert find_candidates(repository, image.digest) == []
    assert f"fetch_manifest {OTHER_IMAGE}" not in repository.requests


@pytest.mark.parametrize("contents", [(), (b"{}", b"{ }")])
@pytest.mark.parametrize("listed_type", [BUNDLE_V03, ""])
def test_a_manifest_of_none_or_two_bundles_holds_none(
    repository: ListedReferrers, image: Manifest, contents: tuple[bytes, ...], listed_type: str
) -> None:
    repository.listed = (listed_as(push_layers(repository, image.descriptor, *contents), listed_type),)
    found = find_candidates(repository, image.digest)
    assert len(found) == (1 if listed_type else 0)
    for candidate in found:
        error = rejected(candidate)
        assert isinstance(error, MalformedError)
        assert error.what == "bundle manifest"


def test_a_listed_manifest_that_is_gone_is_a_rejection(repository: ListedReferrers, image: Manifest) -> None:
    repository.listed = (Descriptor(OCI_MANIFEST, OTHER_IMAGE, 2, artifact_type=BUNDLE_V03),)
    (candidate,) = find_candidates(repository, image.digest)
    assert isinstance(rejected(candidate), NoSuchTag)


class UnreadableManifests(ListedReferrers):
    """Serves one manifest that cannot be read."""

    unreadable: Digest | None = None
    error: CosignError = MalformedError("manifest", "not valid JSON")

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        if name == self.unreadable:
            raise self.error
        return super().fetch_manifest(name)


@pytest.mark.parametrize("error", [MalformedError("manifest", "not JSON"), DigestMismatch("manifest", "a", "b")])
@pytest.mark.parametrize("listed_type", [BUNDLE_V03, ""])
def test_an_unreadable_referrer_hides_no_good_one(error: CosignError, listed_type: str) -> None:
    repository = UnreadableManifests()
    image = push_image(repository)
    good, bad = push_bundle(repository, image.descriptor), push_layers(repository, image.descriptor, b"{}")
    repository.listed = (listed_as(bad, listed_type), listed_as(good, listed_type))
    repository.unreadable, repository.error = bad.digest, error
    first, second = find_candidates(repository, image.digest)
    assert rejected(first) is error
    assert second.verify(policy(), None).digest == image.digest


@pytest.mark.parametrize("listed_type", [BUNDLE_V03, ""])
def test_candidates_are_limited_before_they_are_opened(
    repository: ListedReferrers, image: Manifest, listed_type: str
) -> None:
    entry = listed_as(push_bundle(repository, image.descriptor), listed_type)
    repository.listed = (entry,) * MAX_CANDIDATES
    assert len(find_candidates(repository, image.digest)) == MAX_CANDIDATES
    repository.requests.clear()
    repository.listed = (entry,) * (MAX_CANDIDATES + 1)
    with pytest.raises(LimitExceeded):
        find_candidates(repository, image.digest)
    assert len(repository.requests) == 2


def test_both_places_together_are_limited(repository: ListedReferrers, image: Manifest) -> None:
    entry = push_bundle(repository, image.descriptor).referrer_descriptor
    push_legacy_layer(repository, image.digest)
    repository.listed = (entry,) * (MAX_CANDIDATES - 1)
    assert len(find_candidates(repository, image.digest)) == MAX_CANDIDATES
    repository.listed = (entry,) * MAX_CANDIDATES
    with pytest.raises(LimitExceeded):
        find_candidates(repository, image.digest)


def test_legacy_signatures_are_limited(repository: ListedReferrers, image: Manifest) -> None:
    repository.push_blob(b"")
    layers = (build_signature_layer(b"", b"x"),) * (MAX_LEGACY_SIGNATURES + 1)
    push_legacy_layers(repository, image.digest, *layers)
    with pytest.raises(LimitExceeded):
        find_candidates(repository, image.digest)


def test_a_signature_of_megabytes_is_refused_before_it_is_fetched(repository: ListedReferrers, image: Manifest) -> None:
    most, large = b" " * MAX_SIGNATURE, b" " * (MAX_SIGNATURE + 1)
    repository.listed = (push_bundle(repository, image.descriptor, most).referrer_descriptor,)
    (candidate,) = find_candidates(repository, image.digest)
    assert not isinstance(rejected(candidate), LimitExceeded)
    bundle = push_bundle(repository, image.descriptor, large)
    repository.listed = (bundle.referrer_descriptor,)
    push_legacy_layer(repository, image.digest, large)
    repository.requests.clear()
    for candidate in find_candidates(repository, image.digest):
        assert isinstance(rejected(candidate), LimitExceeded)
    assert not [request for request in repository.requests if request.startswith("stream_blob")]


def test_each_legacy_layer_is_a_candidate_of_its_own(repository: ListedReferrers, image: Manifest) -> None:
    payload = simple_signing(image.digest)
    repository.push_blob(payload)
    unsigned = Descriptor.of(payload, SIMPLE_SIGNING)
    push_legacy_layers(repository, image.digest, unsigned, build_signature_layer(payload, b"x"))
    first, second = find_candidates(repository, image.digest)
    assert (first.location[-7:], second.location[-7:]) == ("layer 0", "layer 1")
    error = rejected(first)
    assert isinstance(error, MalformedError)
    assert error.what == "legacy signature"


def test_an_image_named_by_sha512_has_no_legacy_tag(repository: ListedReferrers) -> None:
    assert find_candidates(repository, Digest.of(b"", "sha512")) == []
    assert not [request for request in repository.requests if request.startswith("fetch_manifest")]


def test_an_annotation_rules_out_and_never_in(repository: ListedReferrers, image: Manifest) -> None:
    manifest = push_bundle(repository, image.descriptor, predicate_type="https://spdx.dev/Document")
    for entry in (manifest.referrer_descriptor, listed_as(manifest, BUNDLE_V03)):
        repository.listed = (entry,)
        repository.requests.clear()
        (candidate,) = find_candidates(repository, image.digest)
        error = rejected(candidate)
        assert isinstance(error, ClaimMismatch)
        assert (error.claim, error.found) == ("predicate type", "https://spdx.dev/Document")
        assert (f"fetch_manifest {manifest.digest}" in repository.requests) is not bool(entry.annotations)
        assert not [request for request in repository.requests if request.startswith("stream_blob")]


def test_an_absent_annotation_or_a_waived_rule_refuses_nothing() -> None:
    annotations = {"dev.sigstore.bundle.predicateType": "x"}
    wanted = policy()
    refuse_other_predicate({}, wanted)
    refuse_other_predicate({"dev.sigstore.bundle.predicateType": COSIGN_SIGN_V1}, wanted)
    refuse_other_predicate(annotations, replace(wanted, predicate=PredicateTypeIs("x")))
    refuse_other_predicate(annotations, replace(wanted, predicate=AnyPredicateUnsafe("test")))
    with pytest.raises(ClaimMismatch):
        refuse_other_predicate(annotations, wanted)


def test_only_a_missing_manifest_is_none(repository: ListedReferrers, image: Manifest) -> None:
    assert fetch_optional(repository, image.digest) == image
    assert fetch_optional(repository, OTHER_IMAGE) is None
    repository.failing.add("fetch_manifest")
    with pytest.raises(CosignError):
        fetch_optional(repository, OTHER_IMAGE)
