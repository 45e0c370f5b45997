"""The same question is asked once in a run, by however many threads: those that come later wait for the answer.

An error is an answer too. Whoever asks again within a run is told the same, so that all that is decided in it rests on
the same facts.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, TypeVar

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import DeadlineExceeded
from cosignpy.operations.parallel import Outcome
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import field, record, value

V = TypeVar("V")

MAX_REMEMBERED: Final = 128 << 20
"""Bytes of answers that are kept; beyond that, those that nobody asked for the longest are forgotten."""

_LITTLE: Final = 1024
"""Bytes that an answer takes beside its content, roughly."""


@record
class _Flight:
    """One question under way, and what came of it: nothing, where whoever asked was interrupted."""

    landed: threading.Event = field(default_factory=threading.Event)
    outcome: Outcome[Any] | None = None
    weight: int = 0


@record
class Memory:
    """All answers of a run by their questions."""

    most: int = MAX_REMEMBERED
    _flights: dict[Hashable, _Flight] = field(default_factory=dict, repr=False)
    _weight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def ask(self, question: Hashable, answer: Callable[[], V], weigh: Callable[[V], int] = lambda _: 0) -> V:
        """Return what is known, what another thread is about to know, or else what `answer` returns.

        Raises:
            Exception: What `answer` raised, now or before.
        """
        while True:
            with self._lock:
                flight = self._flights.pop(question, None)
                asked_before = flight is not None
                flight = flight or _Flight()
                self._flights[question] = flight  # at the end of those that are to be forgotten
            if not asked_before:
                return self._answer(question, flight, answer, weigh)
            flight.landed.wait()
            if flight.outcome is not None:
                found: V = flight.outcome.unwrap()
                return found

    def _answer(self, question: Hashable, flight: _Flight, answer: Callable[[], V], weigh: Callable[[V], int]) -> V:
        outcome: Outcome[V] | None = None
        weight = _LITTLE
        try:
            found = answer()
            outcome, weight = Outcome(found), _LITTLE + weigh(found)
        except DeadlineExceeded:
            raise  # nobody knows what the answer would have been
        except Exception as error:
            outcome = Outcome(None, error)
            raise
        finally:
            self._land(question, flight, outcome, weight)
        return found

    def _land(self, question: Hashable, flight: _Flight, outcome: Outcome[Any] | None, weight: int) -> None:
        with self._lock:
            flight.outcome, flight.weight = outcome, weight
            if outcome is None:
                del self._flights[question]
            else:
                self._weight += weight
                self._forget()
        flight.landed.set()

    def _forget(self) -> None:
        if self._weight <= self.most:
            return
        for question, flight in list(self._flights.items()):
            if flight.outcome is not None and self._weight > self.most:
                self._weight -= flight.weight
                del self._flights[question]


@value
class RememberedSource:
    """A repository that is asked once for each thing; `place` tells it from others of the run."""

    place: str
    source: ManifestSource
    memory: Memory = field(repr=False)

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Return the manifest; what a tag named is not fetched again by its digest.

        Raises:
            CosignError: As the repository does.
        """
        found = self.memory.ask((self.place, "manifest", name), lambda: self.source.fetch_manifest(name), _weigh)
        if isinstance(name, Digest):
            return found
        return self.memory.ask((self.place, "manifest", found.digest), lambda: found)

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Return the blob.

        Raises:
            CosignError: As the repository does.
        """
        question = (self.place, "blob", descriptor.digest, descriptor.size)
        return self.memory.ask(question, lambda: self.source.fetch_blob(descriptor), len)

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Return what refers to the subject.

        Raises:
            CosignError: As the repository does.
        """
        return self.memory.ask((self.place, "referrers", subject), lambda: self.source.fetch_referrers(subject))


def _weigh(found: Manifest) -> int:
    return len(found.raw)
