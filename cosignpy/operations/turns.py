"""Writing to a registry in turns, when more is under way at once than a registry should have to bear.

A signature waits for a log, which answers with its next checkpoint, the real one a second later. Many may wait there at
once, as long as few of them speak to the registry.
"""

from collections.abc import Callable
from threading import Semaphore

from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.operations.ports import ManifestSink
from cosignpy.values import field, value


@value
class InTurn:
    """A place to write to, of which each write takes its turn."""

    sink: ManifestSink
    turns: Semaphore = field(repr=False)

    def push_blob(self, content: bytes) -> None:
        """Make a blob available.

        Raises:
            RemoteError: The registry refused or failed.
        """
        with self.turns:
            self.sink.push_blob(content)

    def push_manifest(self, manifest: Manifest, tag: Tag | None = None) -> None:
        """Push by digest, or under a tag.

        Raises:
            RemoteError: The registry refused or failed.
        """
        with self.turns:
            self.sink.push_manifest(manifest, tag)

    def update_tag(self, tag: Tag, merge: Callable[[Manifest | None], Manifest]) -> Manifest:
        """Replace what a tag names: without a turn, since `merge` takes turns to push what it refers to.

        Raises:
            RemoteError: The registry refused or failed.
        """
        return self.sink.update_tag(tag, merge)
