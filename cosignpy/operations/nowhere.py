"""A place that there cannot be: whoever asks it for something is told why."""

from collections.abc import Sequence

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import CosignError
from cosignpy.values import value


@value
class Nowhere:
    """What stands in for a place that could not be opened."""

    error: CosignError

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Fail.

        Raises:
            CosignError: Always.
        """
        del name
        raise self.error

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Fail.

        Raises:
            CosignError: Always.
        """
        del descriptor
        raise self.error

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Fail.

        Raises:
            CosignError: Always.
        """
        del subject
        raise self.error
