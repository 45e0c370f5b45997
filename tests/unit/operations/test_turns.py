"""Writing to a registry in turns: each write has one, gives it back, and nobody waits for himself."""

from collections.abc import Sequence
from threading import Semaphore

import pytest

from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import RemoteError
from cosignpy.operations.turns import InTurn
from tests.support.memory_repository import MemoryRepository, push_image


class Watched(MemoryRepository):
    """Notes at each request whether another could have been made at the same time."""

    def watch(self, turns: Semaphore) -> "Watched":
        self.turns, self.free = turns, list[bool]()
        return self

    def _record(self, method: str, *details: object) -> None:
        super()._record(method, *details)
        self.free.append(self.turns.acquire(blocking=False))
        if self.free[-1]:
            self.turns.release()


def written(sink: InTurn, repository: MemoryRepository) -> Sequence[str]:
    repository.requests.clear()
    sink.push_blob(b"content")
    sink.push_manifest(repository.manifests[next(iter(repository.manifests))])
    return repository.requests


def test_each_write_takes_its_turn_and_gives_it_back() -> None:
    turns = Semaphore(1)
    repository = Watched().watch(Semaphore(0))
    push_image(repository)
    repository.watch(turns)
    assert len(written(InTurn(repository, turns), repository)) == len(repository.free) > 1
    assert not any(repository.free)
    assert turns.acquire(blocking=False)


def test_a_turn_ends_with_an_error_too() -> None:
    sink = InTurn(MemoryRepository(failing={"push_blob"}), Semaphore(1))
    for _ in range(2):
        with pytest.raises(RemoteError):
            sink.push_blob(b"content")


def test_what_is_merged_under_a_tag_writes_in_turn_without_waiting_for_itself() -> None:
    repository = MemoryRepository()
    image = push_image(repository)
    sink = InTurn(repository, Semaphore(1))

    def merge(_current: Manifest | None) -> Manifest:
        sink.push_blob(b"config")
        return repository.fetch_manifest(image.digest)

    made = sink.update_tag(Tag("signed"), merge)
    sink.push_manifest(made, Tag("again"))
    assert repository.tags[Tag("signed")] == repository.tags[Tag("again")] == image.digest
