"""Work beside: a thread that comes when there is something to do, and goes when there is not."""

from collections.abc import Callable
from threading import Lock, Thread

from log_server.storage.protocol import StorageError


class Chore:
    """Calls a function in a thread of its own until it returns False: there was nothing to do."""

    def __init__(self, act: Callable[[], bool]) -> None:
        self._act = act
        self._lock = Lock()
        self._thread: Thread | None = None
        self._wanted = False
        self._stopped = False
        self.failure: StorageError | None = None

    def start(self) -> None:
        """See that everything there is to do now will be done."""
        with self._lock:
            self._wanted = not self._stopped
            if self._wanted and (self._thread is None or not self._thread.is_alive()):
                self._thread = Thread(target=self._run, daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Return when there is nothing more to do, or the function has failed."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def stop(self) -> None:
        """Begin nothing more, and return when what was begun has ended."""
        with self._lock:
            self._stopped = True
        self.wait()

    def _run(self) -> None:
        while self._go_on():
            try:
                while not self._stopped and self._act():
                    pass
                self.failure = None
            except StorageError as error:  # tried again at the next start; whoever waits for the result looks here
                self.failure = error

    def _go_on(self) -> bool:
        """Say whether the function was asked for since it was called last; otherwise the thread ends."""
        with self._lock:
            go_on, self._wanted = self._wanted, False
            if not go_on:
                self._thread = None
            return go_on
