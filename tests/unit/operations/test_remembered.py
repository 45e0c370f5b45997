"""What a run remembers: each question is asked once, by whoever comes first, and errors are answers too."""

import threading

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import DeadlineExceeded, NoSuchTag, RemoteError
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.remembered import Memory, RememberedSource
from tests.support.memory_repository import MemoryRepository, push_image, push_referrer


class Gate:
    """Answers once it is opened, and notes who asked."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.asked = 0
        self.opened, self.entered = threading.Event(), threading.Event()
        self.error = error

    def answer(self) -> int:
        self.asked += 1
        self.entered.set()
        assert self.opened.wait(10)
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return self.asked


def ask_at_once(memory: Memory, gate: Gate, threads: int = 6) -> list[object]:
    """Let several threads ask while the first is at it."""
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(memory.ask("question", gate.answer))
        except (RemoteError, DeadlineExceeded) as error:
            found.append(error)

    asking = [threading.Thread(target=ask) for _ in range(threads)]
    for each in asking:
        each.start()
    assert gate.entered.wait(10)
    gate.opened.set()
    for each in asking:
        each.join(10)
    return found


def test_threads_wait_for_the_one_that_asks() -> None:
    gate = Gate()
    assert ask_at_once(Memory(), gate) == [1] * 6
    assert gate.asked == 1


def test_an_error_is_an_answer() -> None:
    memory, gate = Memory(), Gate(RemoteError("registry", "https://r.test", 500, "broken"))
    found = ask_at_once(memory, gate)
    assert [type(each) for each in found] == [RemoteError] * 6
    with pytest.raises(RemoteError):
        memory.ask("question", gate.answer)
    assert gate.asked == 1


def test_that_there_was_no_time_is_none() -> None:
    gate = Gate(DeadlineExceeded(1))
    found = ask_at_once(Memory(), gate)
    assert sorted(type(each).__name__ for each in found) == ["DeadlineExceeded", *["int"] * 5]
    assert gate.asked == 2


def test_an_interruption_leaves_nobody_waiting() -> None:
    memory = Memory()

    def interrupted() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        memory.ask("question", interrupted)
    assert memory.ask("question", lambda: 1) == 1


def test_what_nobody_asked_for_the_longest_is_forgotten_first() -> None:
    memory, asked = Memory(most=3 * 1024 + 20), list[str]()

    def ask(name: str) -> str:
        def answer() -> str:
            asked.append(name)
            return name

        return memory.ask(name, answer, lambda _: 10)

    for name in ("a", "b", "a", "c", "a", "b"):
        assert ask(name) == name
    assert asked == ["a", "b", "c", "b"]


def test_what_is_larger_than_all_is_handed_on_and_not_kept() -> None:
    memory = Memory(most=2048)
    assert memory.ask("large", lambda: b"x" * 4096, len) == b"x" * 4096
    assert memory.ask("large", lambda: b"y", len) == b"y"


@pytest.mark.parametrize("workers", [1, 8])
def test_a_repository_is_asked_once_for_each_thing(workers: int) -> None:
    repository = MemoryRepository()
    image = push_image(repository, tag="v1")
    push_referrer(repository, image.descriptor)
    repository.requests.clear()
    source = RememberedSource("registry.test/app", repository, Memory())
    questions = [
        lambda: source.fetch_manifest(Tag("v1")),
        lambda: source.fetch_manifest(image.digest),
        lambda: source.fetch_blob(image.layers[0]),
        lambda: source.fetch_referrers(image.digest),
    ]
    assert questions[0]() == image
    found = [each.unwrap() for each in run_parallel(lambda ask: ask(), questions * 5, workers)]
    assert found == [questions[number]() for number in range(4)] * 5
    assert sorted(each.partition(" ")[0] for each in repository.requests) == [
        "fetch_manifest",
        "fetch_referrers",
        "stream_blob",
    ]


def test_that_there_is_none_is_remembered_and_places_are_told_apart() -> None:
    memory = Memory()
    repositories = [MemoryRepository(name=f"registry.test/{name}") for name in ("a", "b")]
    push_image(repositories[1], tag="v1")
    first, second = (RememberedSource(each.name, each, memory) for each in repositories)
    for _ in range(2):
        with pytest.raises(NoSuchTag):
            first.fetch_manifest(Tag("v1"))
        second.fetch_manifest(Tag("v1"))
    assert [len([each for each in one.requests if "fetch" in each]) for one in repositories] == [1, 1]


def test_another_size_is_another_question() -> None:
    repository = MemoryRepository()
    repository.push_blob(b"content")
    source = RememberedSource("registry.test/app", repository, Memory())
    assert source.fetch_blob(Descriptor("text/plain", Digest.of(b"content"), 7)) == b"content"
    with pytest.raises(Exception, match="7 bytes"):
        source.fetch_blob(Descriptor("text/plain", Digest.of(b"content"), 8))
