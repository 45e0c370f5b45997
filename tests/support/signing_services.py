"""Those who vouch for signatures, in memory: a log, a timestamp authority, and a trusted root that names both."""

from collections.abc import Callable
from dataclasses import dataclass

from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import (
    SignedContent,
    SignedDigest,
    propose_hashedrekord_v001,
    request_hashedrekord_v002,
)
from cosignpy.core.trust.trusted_root import TrustedRoot
from tests.support.virtual_sigstore import REKOR_V1, REKOR_V2, ROOT, FakeLog, stamp


@dataclass(frozen=True)
class Log:
    """A log that takes everything, and may change the entry that it gives."""

    log: FakeLog = REKOR_V2
    change: Callable[[LogEntry], LogEntry] = lambda entry: entry

    def add(self, content: SignedContent) -> LogEntry:
        """Log it as version 2 does."""
        signed = content if isinstance(content, SignedDigest) else content.digest
        return self.change(self.log.add("hashedrekord", "0.0.2", request_hashedrekord_v002(signed).bodies[0]))


@dataclass(frozen=True)
class PromisingLog:
    """A log of Rekor v1 that takes everything, and may change the entry that it gives."""

    change: Callable[[LogEntry], LogEntry] = lambda entry: entry

    def add(self, content: SignedContent) -> LogEntry:
        """Log it as version 1 does."""
        signed = content if isinstance(content, SignedDigest) else content.digest
        return self.change(REKOR_V1.add("hashedrekord", "0.0.1", propose_hashedrekord_v001(signed).bodies[0]))


class Stamps:
    """A timestamp authority."""

    def timestamp(self, message: bytes) -> bytes:
        """Stamp it."""
        return stamp(message)


class Root:
    """A trusted root, and whether it was asked for."""

    def __init__(self, root: TrustedRoot = ROOT) -> None:
        self.root = root
        self.asked = False

    def trusted_root(self) -> TrustedRoot:
        """Return it."""
        self.asked = True
        return self.root
