"""Where the pages of a shard are: `/log/<kind>/<number>`, numbers counting from the oldest shard, so addresses stay."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cosignpy.errors import NotFoundError
from cosignpy.values import record, value
from log_server.log import Log, LogKind, Shard
from log_server.tlog.reader import Tree

KINDS: Final[Mapping[LogKind, str]] = {
    LogKind.REKOR_V1: "Rekor v1",
    LogKind.REKOR_V2: "Rekor v2",
    LogKind.CT: "Certificate transparency",
}
"""The names of the protocols for people."""

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
"""Tree sizes are int64; more digits than that are no number of anything here."""


@record
class NoSuchPage(NotFoundError):
    """There is nothing at this address."""

    what: str

    def __str__(self) -> str:
        return f"this server has no {self.what}"


@value
class Place:
    """One shard of a log, and its number among them; the `newest` of a log that was ended is frozen as well."""

    kind: LogKind
    number: int
    shard: Shard
    newest: bool
    frozen: bool

    @property
    def name(self) -> str:
        """The name that addresses and forms use."""
        return f"{self.kind}/{self.number}"

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/log/{self.name}"

    @property
    def title(self) -> str:
        """What people call it."""
        return KINDS[self.kind]

    def entry_path(self, index: int) -> str:
        """Return the address of an entry's page."""
        return f"{self.path}/entry/{index}"

    def tree(self) -> Tree:
        """Return the newest published tree."""
        return self.shard.reader.tree()


def places_of(logs: Sequence[Log]) -> Iterator[Place]:
    """Yield all shards: log by log, the newest first, then back to the oldest."""
    for log in logs:
        shards = tuple(log.shards)
        for number in reversed(range(len(shards))):
            newest = number == len(shards) - 1
            yield Place(shards[number].identity.kind, number, shards[number], newest, log.frozen or not newest)


def find_place(logs: Sequence[Log], name: str) -> Place:
    """Return the shard that has this name.

    Raises:
        NoSuchPage: There is none.
    """
    for place in places_of(logs):
        if place.name == name:
            return place
    raise NoSuchPage(f"log {name[:64]!r}")


def find_active(logs: Sequence[Log], kind: str) -> Place:
    """Return the newest shard of the log of a kind.

    Raises:
        NoSuchPage: There is none.
    """
    for place in places_of(logs):
        if place.kind == kind:
            return place
    raise NoSuchPage(f"log {kind[:64]!r}")


def parse_number(text: str, *, what: str) -> int:
    """Parse a number in an address.

    Raises:
        NoSuchPage: It is none, or not in the one spelling that a number has.
    """
    if not _NUMBER.fullmatch(text):
        raise NoSuchPage(f"{what} {text[:32]!r}")
    return int(text)
