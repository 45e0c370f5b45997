"""Credentials of several sources for the same registry, in the order in which the kubelet tries them.

Unlike a user's own files, Secrets to pull images with may disagree: each that fits is tried until one is accepted.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.core.encoding import JsonObject, parse_json
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.registry.credential_files import parse_entry
from cosignpy.registry.credentials import Credential
from cosignpy.registry.registry_patterns import RegistryPattern
from cosignpy.values import field, value

MAX_DOCUMENTS: Final = 100
"""Secrets of one pod and its service account."""
MAX_ENTRIES: Final = 1000
"""Entries of them all; a Secret has one, or a few."""
MAX_TRIED: Final = 8
"""Credentials that one registry is shown: it could count on us to guess passwords."""

_WHAT: Final = "registry credentials"


@value
class Keyring:
    """Entries of Docker's configuration files, the more specific names first."""

    entries: tuple[tuple[RegistryPattern, JsonObject], ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Parse a configuration file of Docker, or an array of such files; empty is nobody's.

        Entries are looked into when a registry asks for them: one that is malformed concerns only who needs it.

        Raises:
            MalformedError: It is neither.
            LimitExceeded: More files or entries than any pod has.
        """
        if not text:
            return cls()
        read = parse_json(text.encode("utf-8", "surrogatepass"), what=_WHAT)
        documents = read if isinstance(read, list) else [read]
        if len(documents) > MAX_DOCUMENTS:
            raise LimitExceeded(_WHAT, f"more than {MAX_DOCUMENTS} files")
        found = [entry for document in documents for entry in _entries(document)]
        if len(found) > MAX_ENTRIES:
            raise LimitExceeded(_WHAT, f"more than {MAX_ENTRIES} entries")
        # Of two with the same name the earlier file's comes first: sorting is stable.
        return cls(tuple(sorted(found, key=lambda entry: entry[0].text, reverse=True)))

    def find(self, registry: str, repository: str) -> Sequence[Credential]:
        """Return what to show a registry, one after another until one is accepted; each once.

        Raises:
            MalformedError: An entry that fits is not in its format.
        """
        fitting = (entry for pattern, entry in self.entries if pattern.covers(registry, repository))
        held = (parse_entry(entry) for entry in fitting)
        return tuple(dict.fromkeys(each for each in held if each is not None))[:MAX_TRIED]


def _entries(document: object) -> Iterator[tuple[RegistryPattern, JsonObject]]:
    if not isinstance(document, dict):
        raise MalformedError(_WHAT, "expected a configuration file of Docker")
    auths = JsonObject(document, _WHAT).optional_child("auths")
    for key in auths.members if auths is not None else ():
        pattern = RegistryPattern.parse(key)
        if pattern is not None and auths is not None:
            yield pattern, auths.child(key)
