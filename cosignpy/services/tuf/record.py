"""The record of the last update: which targets were verified, and how long that holds.

With it a valid cache is read without the framework, whose import alone takes as long as a `verify`. It is believed as
the metadata beside it is not, since nobody signs it: docs/threat-model.md says what follows from that.
"""

from collections.abc import Mapping
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.values import value

MAX_RECORD: Final = 64 * 1024
"""Bytes; one of two targets has under 500."""

_VERSION: Final = 1
_WHAT: Final = "record of the cache of trust"
_DAY: Final = 24 * 60 * 60
_SHARE: Final = 4


@value
class Record:
    """What an update found; times are seconds since 1970."""

    mirror: str
    anchor: str
    """The digest of the root that somebody named for this mirror, empty where nobody did."""
    asked: int
    """When a mirror was asked last, with whatever success."""
    expires: int
    """When the first piece of metadata expires."""
    targets: Mapping[str, Digest | None]
    """The targets by name; None for one that the repository does not have."""

    @classmethod
    def parse(cls, raw: bytes) -> "Record":
        """Parse what `encode` made.

        Raises:
            MalformedError: It is something else.
        """
        members = JsonObject.parse(raw, what=_WHAT)
        if members.integer("version") != _VERSION:
            raise members.malformed("version", f"expected {_VERSION}")
        targets = members.child("targets")
        return cls(
            members.text("mirror"),
            members.text("anchor"),
            members.integer("asked"),
            members.integer("expires"),
            {name: Digest.parse(targets.text(name)) if name in targets else None for name in targets.members},
        )

    def encode(self) -> bytes:
        """Encode as JSON."""
        targets = {name: None if digest is None else str(digest) for name, digest in self.targets.items()}
        members = {"mirror": self.mirror, "anchor": self.anchor, "asked": self.asked, "expires": self.expires}
        return encode_json({"version": _VERSION, **members, "targets": targets})

    def holds_at(self, now: float) -> bool:
        """Tell whether nothing has expired yet."""
        return now < self.expires

    def is_due(self, now: float) -> bool:
        """Tell whether the mirror should be asked again although nothing has expired.

        That is in the last day, or in the last quarter of a shorter time, so that a mirror which is away for an hour
        is no outage. Each try counts as having asked: while a mirror is away the tries become rarer, not denser.
        """
        return now >= self.expires - min(_DAY, (self.expires - self.asked) // _SHARE)
