"""The repository contract, kept on real registries, each as far as the registry goes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from uuid import uuid4

import pytest

from cosignpy.errors import RemoteError
from cosignpy.operations.ports import Repository
from tests.support.registries import PROGRAMS, RunningRegistry, run_program
from tests.support.repository_contract import (
    LATEST,
    ArtifactTypeContract,
    ManifestDeletionContract,
    RepositoryContract,
    TagDeletionContract,
    push_image,
)

Start = Callable[[str], RunningRegistry]

CALLS_REFERRERS_BY_THEIR_CONFIG = {"ggcr-referrers"}
"""Its referrers API shows the config's media type as the artifact type."""
KEEPS_TAGS_OF_DELETED_MANIFESTS = {"ggcr", "ggcr-referrers"}
CANNOT_DELETE_TAGS = {"distribution-2.8"}


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Start each registry once, when first asked for."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(run_program(name)))


@pytest.fixture
def repository(start: Start, program: str) -> Repository:
    return start(program).open_repository(f"team/{uuid4().hex}")


@pytest.mark.parametrize("program", PROGRAMS)
class TestRealRegistry(RepositoryContract):
    pass


@pytest.mark.parametrize("program", sorted(PROGRAMS.keys() - CALLS_REFERRERS_BY_THEIR_CONFIG))
class TestArtifactType(ArtifactTypeContract):
    pass


@pytest.mark.parametrize("program", sorted(PROGRAMS.keys() - KEEPS_TAGS_OF_DELETED_MANIFESTS))
class TestManifestDeletion(ManifestDeletionContract):
    pass


@pytest.mark.parametrize("program", sorted(PROGRAMS.keys() - CANNOT_DELETE_TAGS))
class TestTagDeletion(TagDeletionContract):
    pass


@pytest.mark.parametrize("program", sorted(CANNOT_DELETE_TAGS))
def test_registry_that_cannot_delete_tags_is_told_as_such(repository: Repository) -> None:
    image = push_image(repository, b"layer", LATEST)
    with pytest.raises(RemoteError) as caught:
        repository.delete_manifest(LATEST)
    assert caught.value.hint
    assert repository.fetch_manifest(LATEST) == image
