"""Attachment tags with a prefix, as `tagPrefix` of a policy names it: `release-sha256-....sig`."""

from collections.abc import Sequence

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag, parse_tag
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import value


@value
class PrefixedTags:
    """A place where the tags of signatures have a prefix; bundles have no tags, and are where they always are."""

    source: ManifestSource
    prefix: str

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Return the manifest of a digest, or of a tag with the prefix before it.

        Raises:
            CosignError: As `ManifestSource`.
        """
        return self.source.fetch_manifest(name if isinstance(name, Digest) else parse_tag(f"{self.prefix}{name}"))

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Return a blob.

        Raises:
            CosignError: As `ManifestSource`.
        """
        return self.source.fetch_blob(descriptor)

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Return what refers to a manifest.

        Raises:
            CosignError: As `ManifestSource`.
        """
        return self.source.fetch_referrers(subject)
