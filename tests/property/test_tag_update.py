"""Updating a tag: under any schedule of another writer, what we wrote is there in the end or we say it is not."""

from contextlib import nullcontext
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import OCI_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.referrers import merge_referrer
from cosignpy.errors import RemoteError
from cosignpy.net.clock import Clock
from cosignpy.registry.tag_update import MAX_ATTEMPTS, TagUpdater

SUBJECT = Digest.of(b"subject")
OURS = Descriptor(OCI_MANIFEST, Digest.of(b"ours"), 4)


class NoLock:
    def hold(self, *_: object) -> "nullcontext[None]":
        return nullcontext()


@dataclass
class OtherWriter:
    """Reads and writes the tag, one step at each moment when we wait for the registry or for time to pass.

    `schedule` says at which of these moments it does something; it merges into what it read, so that what
    it writes undoes whatever came in between. It is quick: a write follows its read within our next wait.
    """

    schedule: list[bool]
    content: Manifest | None = None
    stale: Manifest | None = None
    reading: bool = False
    written: list[Descriptor] = field(default_factory=list)
    name: str = "registry.example/app:tag"

    def moment(self) -> None:
        if self.reading:
            entry = Descriptor(OCI_MANIFEST, Digest.of(b"%d" % len(self.written)), 1)
            self.content = merge_referrer(self.stale, entry, SUBJECT)
            self.written.append(entry)
            self.reading = False
        elif self.schedule and self.schedule.pop(0):
            self.stale, self.reading = self.content, True

    def fetch(self) -> Manifest | None:
        found = self.content
        self.moment()
        return found

    def push(self, manifest: Manifest) -> None:
        self.content = manifest

    def finish(self, _seconds: float = 0.0) -> None:
        """Settle: who had read before has written after this."""
        if self.reading:
            self.moment()


@given(st.lists(st.booleans(), max_size=2 * MAX_ATTEMPTS + 4))
def test_our_entry_is_there_in_the_end_or_it_is_said(schedule: list[bool]) -> None:
    tag = OtherWriter(schedule)
    updater = TagUpdater(NoLock(), Clock(monotonic=lambda: 0.0, sleep=tag.finish, chance=lambda: 0.0))
    try:
        updater.update(tag, lambda current: merge_referrer(current, OURS, SUBJECT))
    except RemoteError:
        return
    tag.finish()
    assert tag.content is not None
    assert OURS in tag.content.manifests
