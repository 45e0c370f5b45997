"""A log that is asked for what it has, and tells what it was asked."""

from dataclasses import dataclass, field

from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import SignedContent
from cosignpy.core.rekor.searches import search_rounds
from cosignpy.errors import RemoteError


@dataclass
class KeptEntries:
    """It has these entries; `requests` counts what it was asked for."""

    entries: tuple[LogEntry, ...] = ()
    requests: list[str] = field(default_factory=list)

    def search(self, content: SignedContent) -> LogEntry | None:
        """Find by all bodies that a signature may have."""
        self.requests.append("search")
        bodies = [body for proposals in search_rounds(content) for proposal in proposals for body in proposal.bodies]
        return next((entry for entry in self.entries if entry.body in bodies), None)

    def fetch(self, log_index: int) -> LogEntry:
        """Return an entry by its index.

        Raises:
            RemoteError: There is none.
        """
        self.requests.append(f"fetch {log_index}")
        for entry in self.entries:
            if entry.log_index == log_index:
                return entry
        raise RemoteError("the transparency log", "https://rekor.test", 404, "entry not found")
