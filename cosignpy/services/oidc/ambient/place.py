"""Where a program runs: all that the providers look at, so that tests can be anywhere."""

from collections.abc import Mapping
from pathlib import Path

from cosignpy.net.clock import Clock
from cosignpy.net.http import Sender
from cosignpy.services.conversation import Conversation
from cosignpy.values import field, value


@value
class Place:
    """An environment, a file system, and a way to send requests."""

    environment: Mapping[str, str] = field(repr=False)
    sender: Sender = field(repr=False, compare=False)
    clock: Clock = field(repr=False, compare=False)
    root: Path = Path("/")

    def read(self, name: str) -> str:
        """Return a variable; the empty text where it is not set."""
        return self.environment.get(name, "")

    def has(self, *names: str) -> bool:
        """Tell whether all of these variables are set."""
        return all(self.read(name) for name in names)

    def path(self, name: str) -> Path:
        """Return an absolute path as it is here."""
        return self.root / name.lstrip("/")

    def talk(self, service: str, seconds: float, *secrets: str) -> Conversation:
        """Begin to speak to a service whose errors repeat none of the secrets."""
        return Conversation(service, self.sender, self.clock, seconds, secrets)
