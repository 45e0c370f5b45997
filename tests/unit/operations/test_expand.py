"""From a name to manifests: platforms, indexes, and indexes that try to have no end."""

from dataclasses import replace

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import OCI_INDEX, Descriptor, Manifest, Platform, build_index
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import LimitExceeded, NoSuchTag, UsageError
from cosignpy.operations.expand import (
    MAX_IMAGES,
    MAX_NESTING,
    Scope,
    expand_index,
    resolve,
    select_platform,
    select_subjects,
)
from tests.support.memory_repository import MemoryRepository, push_image, push_index

AMD64, ARM = Platform.parse("linux/amd64"), Platform.parse("linux/arm/v7")


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def children(repository: MemoryRepository) -> list[Descriptor]:
    platforms = (AMD64, ARM, None)
    return [
        replace(push_image(repository, str(platform).encode()).descriptor, platform=platform) for platform in platforms
    ]


@pytest.fixture
def index(repository: MemoryRepository, children: list[Descriptor]) -> Manifest:
    return push_index(repository, children, "v1")


def test_a_name_is_resolved(repository: MemoryRepository, index: Manifest, children: list[Descriptor]) -> None:
    assert resolve(repository, Tag("v1")) == resolve(repository, index.digest) == index.descriptor
    assert resolve(repository, Tag("v1"), ARM) == children[1]
    assert resolve(repository, Tag("v1"), Platform.parse("linux/arm")) == children[1]


def test_a_platform_that_is_not_there_is_refused_with_those_that_are(index: Manifest) -> None:
    with pytest.raises(NoSuchTag) as refused:
        select_platform(index, Platform.parse("linux/s390x"))
    assert refused.value.hint == "it has linux/amd64, linux/arm/v7"
    with pytest.raises(NoSuchTag) as refused:
        select_platform(build_index([]), AMD64)
    assert refused.value.hint == "it has no platforms"


def test_a_single_image_has_no_platforms(repository: MemoryRepository, children: list[Descriptor]) -> None:
    with pytest.raises(UsageError):
        resolve(repository, children[0].digest, AMD64)


def test_an_index_is_expanded_parents_first_each_once(
    repository: MemoryRepository, index: Manifest, children: list[Descriptor]
) -> None:
    top = push_index(repository, [children[2], index.descriptor, index.descriptor])
    found = expand_index(repository, top.descriptor)
    assert found == (top.descriptor, children[2], index.descriptor, children[0], children[1])
    assert expand_index(repository, children[0]) == (children[0],)


def nest(repository: MemoryRepository, depth: int, copies: int = 1) -> Descriptor:
    """Return the outermost of so many indexes within each other, each listed `copies` times."""
    inner = push_image(repository).descriptor
    for _ in range(depth):
        inner = push_index(repository, [inner] * copies).descriptor
    return inner


def test_nesting_is_limited(repository: MemoryRepository) -> None:
    assert len(expand_index(repository, nest(repository, MAX_NESTING - 1))) == MAX_NESTING
    with pytest.raises(LimitExceeded):
        expand_index(repository, nest(repository, MAX_NESTING))


def test_an_index_listed_a_thousand_times_is_read_once(repository: MemoryRepository) -> None:
    """Read as often as listed, seven indexes of 50 KiB would be 10**21 requests."""
    top = nest(repository, MAX_NESTING - 1, copies=1000)
    repository.requests.clear()
    assert len(expand_index(repository, top)) == MAX_NESTING
    assert len(repository.requests) == MAX_NESTING - 1


def test_images_are_limited(repository: MemoryRepository) -> None:
    image = push_image(repository).descriptor
    many = [replace(image, digest=Digest.of(b"%d" % number)) for number in range(MAX_IMAGES)]
    for count, descriptors in ((MAX_IMAGES, many[1:]), (0, many)):
        index = build_index(descriptors)
        repository.manifests[index.digest] = index
        if count:
            assert len(expand_index(repository, index.descriptor)) == count
            continue
        with pytest.raises(LimitExceeded):
            expand_index(repository, index.descriptor)


def test_a_child_that_is_gone_is_an_error(repository: MemoryRepository) -> None:
    index = build_index([Descriptor(OCI_INDEX, Digest.of(b"gone"), 4)])
    repository.manifests[index.digest] = index
    with pytest.raises(NoSuchTag):
        expand_index(repository, index.descriptor)


def test_subjects_are_what_the_scope_and_platform_say(
    repository: MemoryRepository, index: Manifest, children: list[Descriptor]
) -> None:
    everything = (index.digest, *(child.digest for child in children))
    assert select_subjects(repository, Tag("v1"), Scope.NAMED) == (index.digest,)
    assert select_subjects(repository, Tag("v1"), Scope.RECURSIVE) == everything
    assert select_subjects(repository, index.digest, Scope.RECURSIVE) == everything
    assert select_subjects(repository, index.digest, Scope.NAMED, AMD64) == (children[0].digest,)
    assert select_subjects(repository, index.digest, Scope.RECURSIVE, AMD64) == (children[0].digest,)


def test_a_digest_alone_needs_no_request(repository: MemoryRepository, index: Manifest) -> None:
    repository.requests.clear()
    assert select_subjects(repository, index.digest, Scope.NAMED) == (index.digest,)
    assert repository.requests == []
