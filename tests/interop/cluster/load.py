"""Many clients at once that create Pods, and what they were answered."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.interop.cluster.api_client import Answer, ApiClient, Json


@dataclass(frozen=True, slots=True)
class Attempt:
    """One creation: when it began and ended (seconds of `time.monotonic`), and its answer."""

    began: float
    ended: float
    answer: Answer

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


class Load:
    """Clients that create the same Pod, as dry runs, again and again for as long as the `with` block lasts."""

    def __init__(self, client: ApiClient, manifest: Json, clients: int = 4) -> None:
        self._client = client
        self._manifest = manifest
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._attempts: list[Attempt] = []
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    @property
    def attempts(self) -> Sequence[Attempt]:
        """Return all that have ended."""
        with self._lock:
            return tuple(self._attempts)

    def failures(self) -> Sequence[Attempt]:
        """Return those that did not create anything."""
        return [attempt for attempt in self.attempts if attempt.answer.status >= 300]

    def _run(self) -> None:
        path = self._client.collection(self._manifest, dryRun="All")
        while not self._ends.is_set():
            began = time.monotonic()
            answer = self._client.call("POST", path, self._manifest)
            with self._lock:
                self._attempts.append(Attempt(began, time.monotonic(), answer))
