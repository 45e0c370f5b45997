"""Copying: what comes along, in which order, and what is never overwritten."""

from dataclasses import dataclass, field, replace

import pytest

from cosignpy.core.bundle.legacy import select_signature_layers
from cosignpy.core.oci.attachment_tags import AttachmentKind
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor, Platform
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import fallback_tag
from cosignpy.errors import LimitExceeded, NoSuchTag, RemoteError, UsageError
from cosignpy.operations import copy_plan
from cosignpy.operations.attachments import AttachmentType, fetch_attachments
from cosignpy.operations.copy_image import CopiedImage, CopyImage, CopyParts, CopyRoute, ExistingTag, copy_image
from cosignpy.operations.ports import ProgressUnit
from tests.support.attached import push_bundle, push_legacy, push_tagged
from tests.support.memory_repository import MemoryRepository, push_image, push_index, push_referrer

V1 = CopyImage(Tag("v1"), Tag("v1"))


def copy(source: MemoryRepository, destination: MemoryRepository, request: CopyImage = V1) -> CopiedImage:
    return copy_image(request, CopyRoute(source, source, destination))


@pytest.mark.parametrize("source_api", [True, False])
@pytest.mark.parametrize("destination_api", [True, False])
def test_referrers_of_referrers_come_along_whatever_the_registries_can(source_api: bool, destination_api: bool) -> None:
    source, destination = MemoryRepository(referrers_api=source_api), MemoryRepository(referrers_api=destination_api)
    image = push_image(source, tag="v1").descriptor
    sbom = push_referrer(source, image).descriptor
    signature_of_sbom = push_bundle(source, sbom)
    found = copy(source, destination)
    assert (found.images, found.attachments, found.missing) == (1, 2, ())
    assert [item.digest for item in destination.fetch_referrers(sbom.digest)] == [signature_of_sbom.digest]
    assert (fallback_tag(sbom.digest) in destination.tags) is not destination_api


def test_the_tag_is_moved_last() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    image = push_image(source, tag="v1").descriptor
    push_bundle(source, image)
    push_legacy(source, image, b"one")
    copy(source, destination)
    assert destination.requests[-1] == "push_manifest v1"


def test_a_second_copy_sends_nothing() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    child = push_image(source).descriptor
    push_index(source, [child], "v1")
    push_bundle(source, child)
    first, second = copy(source, destination), copy(source, destination)
    assert (first.manifests_sent, second.manifests_sent, second.bytes_sent) == (3, 0, 0)


def test_a_listed_referrer_that_is_not_there_is_reported() -> None:
    source = MemoryRepository(referrers_api=False)
    image = push_image(source, tag="v1").descriptor
    gone = push_bundle(source, image).digest
    del source.manifests[gone]
    assert copy(source, MemoryRepository()).missing == (gone,)


def test_children_are_pushed_before_the_indexes_that_name_them_even_when_listed_later() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    shared = push_image(source).descriptor
    inner = push_index(source, [shared]).descriptor
    middle = push_index(source, [inner, shared]).descriptor
    push_index(source, [inner, middle, shared], "v1")
    assert copy(source, destination).images == 4


def test_an_index_with_a_subject_brings_its_children() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    image = push_image(source, tag="v1").descriptor
    part = push_image(source, b"part").descriptor
    raw = push_index(source, [part]).raw
    with_subject = raw[:-1] + b',"artifactType":"text/parts","subject":' + _json(image) + b"}"
    source.push_manifest(_parse(with_subject))
    copy(source, destination)
    assert part.digest in destination.manifests


def _json(descriptor: Descriptor) -> bytes:
    from cosignpy.core.encoding import encode_json

    return encode_json(descriptor.encode())


def _parse(raw: bytes):  # noqa: ANN202
    from cosignpy.core.oci.manifest import Manifest

    return Manifest.parse(raw)


def test_one_platform_is_copied_as_an_image() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    amd, arm = (push_image(source, content).descriptor for content in (b"amd", b"arm"))
    platforms = [replace(amd, platform=Platform("linux", "amd64")), replace(arm, platform=Platform("linux", "arm64"))]
    push_index(source, platforms, "v1")
    copy(source, destination, replace(V1, platform=Platform("linux", "arm64")))
    assert destination.tags == {Tag("v1"): arm.digest}
    assert amd.digest not in destination.manifests
    with pytest.raises(NoSuchTag):
        copy(source, destination, replace(V1, platform=Platform("linux", "s390x")))


def test_layers_that_may_not_be_distributed_stay() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    source.push_blob(b"{}")
    foreign = Descriptor.of(b"windows", "application/vnd.oci.image.layer.nondistributable.v1.tar")
    foreign = replace(foreign, urls=("https://example.test/layer",))
    source.push_manifest(ArtifactManifest(Descriptor.of(b"{}", "text/config"), (foreign,)).build(), Tag("v1"))
    assert copy(source, destination).bytes_sent == 2


def test_another_image_under_the_tag_stays_unless_it_may_be_replaced() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    image, other = push_image(source, b"new", "v1"), push_image(destination, b"old", "v1")
    with pytest.raises(UsageError):
        copy(source, destination)
    assert destination.tags == {Tag("v1"): other.digest}
    assert image.digest not in destination.manifests
    copy(source, destination, replace(V1, existing=ExistingTag.REPLACE))
    assert destination.tags == {Tag("v1"): image.digest}


def test_without_a_tag_the_image_is_there_by_digest_only() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    image = push_image(source, tag="v1")
    copy(source, destination, replace(V1, tag=None))
    assert (list(destination.manifests), destination.tags) == ([image.digest], {})


@pytest.mark.parametrize(
    ("here", "there", "merged"),
    [
        ((b"a", b"b"), (b"a",), [b"a", b"b"]),
        ((b"a",), (b"a", b"b"), [b"a", b"b"]),
        ((b"a",), (b"b",), [b"b", b"a"]),
    ],
)
def test_legacy_signatures_of_both_places_are_kept(
    here: tuple[bytes, ...], there: tuple[bytes, ...], merged: list[bytes]
) -> None:
    from cosignpy.core.bundle.legacy import LegacySignature

    source, destination = MemoryRepository(), MemoryRepository()
    image = push_image(source, tag="v1").descriptor
    push_image(destination)
    push_legacy(source, image, *here)
    tag, _ = push_legacy(destination, image, *there)
    copy(source, destination)
    layers = select_signature_layers(destination.fetch_manifest(tag))
    assert [LegacySignature.parse(layer).signature for layer in layers] == merged
    before = destination.tags[tag]
    copy(source, destination)
    assert destination.tags[tag] == before


def test_forced_legacy_signatures_are_the_sources() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    image = push_image(source, tag="v1").descriptor
    tag, wanted = push_legacy(source, image, b"a")
    push_legacy(destination, image, b"b")
    copy(source, destination, replace(V1, existing=ExistingTag.REPLACE))
    assert destination.tags[tag] == wanted.digest


def test_another_sbom_is_replaced_only_when_it_may_be() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    image = push_image(source, tag="v1").descriptor
    tag, wanted = push_tagged(source, image, AttachmentKind.SBOM, b"new")
    push_tagged(destination, image, AttachmentKind.SBOM, b"old")
    with pytest.raises(UsageError):
        copy(source, destination)
    assert image.digest not in destination.manifests
    copy(source, destination, replace(V1, existing=ExistingTag.REPLACE))
    assert destination.tags[tag] == wanted.digest


def test_attachments_can_be_copied_alone_and_images_without_any() -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    image = push_image(source, tag="v1").descriptor
    push_bundle(source, image)
    push_referrer(source, image)
    only = replace(V1, types=frozenset({AttachmentType.SIGNATURE}), parts=CopyParts.ATTACHED)
    copy(source, destination, only)
    assert image.digest not in destination.manifests
    assert [item.type for item in fetch_attachments(destination, image.digest)] == [AttachmentType.SIGNATURE]
    bare = MemoryRepository()
    assert copy(source, bare, replace(V1, types=frozenset())).attachments == 0


def test_attachments_kept_elsewhere_are_copied_to_the_image() -> None:
    images, signatures, destination = MemoryRepository(), MemoryRepository("elsewhere"), MemoryRepository()
    image = push_image(images, tag="v1").descriptor
    push_bundle(signatures, image)
    copy_image(V1, CopyRoute(images, signatures, destination))
    assert len(fetch_attachments(destination, image.digest)) == 1


@pytest.mark.parametrize("broken", ["stream_blob", "fetch_referrers", "fetch_manifest"])
def test_a_source_that_fails_leaves_no_tag_behind(broken: str) -> None:
    source, destination = MemoryRepository(), MemoryRepository()
    push_bundle(source, push_image(source, tag="v1").descriptor)
    source.failing.add(broken)
    with pytest.raises(RemoteError):
        copy(source, destination)
    assert destination.tags == {}


@pytest.mark.parametrize(("limit", "most"), [("MAX_MANIFESTS", 2), ("MAX_DEPTH", 2)])
def test_there_is_an_end_to_what_is_copied(monkeypatch: pytest.MonkeyPatch, limit: str, most: int) -> None:
    source = MemoryRepository()
    first = push_referrer(source, push_image(source, tag="v1").descriptor).descriptor
    push_bundle(source, first)
    monkeypatch.setattr(copy_plan, limit, most)
    with pytest.raises(LimitExceeded):
        copy(source, MemoryRepository())


@dataclass
class Told:
    """Remembers what it is told."""

    calls: list[tuple[str, int]] = field(default_factory=list)

    def started(self, _label: str, total: int, unit: ProgressUnit) -> None:
        self.calls.append((f"started {unit}", total))

    def advanced(self, _label: str, amount: int) -> None:
        self.calls.append(("advanced", amount))

    def finished(self, _label: str) -> None:
        self.calls.append(("finished", 0))


def test_progress_adds_up_and_ends_also_when_the_copy_fails() -> None:
    source = MemoryRepository()
    push_image(source, b"x" * 200_000, "v1")
    told = Told()
    copy_image(V1, CopyRoute(source, source, MemoryRepository(), told))
    assert told.calls[0] == ("started bytes", sum(amount for call, amount in told.calls if call == "advanced"))
    source.failing.add("stream_blob")
    told.calls.clear()
    with pytest.raises(RemoteError):
        copy_image(V1, CopyRoute(source, source, MemoryRepository(), told))
    assert [call for call, _ in told.calls] == ["started bytes", "finished"]
