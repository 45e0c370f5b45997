"""Places of which signatures are seen that are stored in one way: under tags, or as bundles that refer to an image."""

from collections.abc import Sequence

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import NoSuchTag
from cosignpy.imagepolicy.controller_refusals import Forms
from cosignpy.operations.ports import ManifestSource
from cosignpy.values import value


def select_forms(source: ManifestSource, forms: Forms) -> ManifestSource:
    """Return a place, of which only signatures in some forms are seen."""
    return source if forms is Forms.EITHER else _OneForm(source, forms)


@value
class _OneForm:
    """A place that has tags, or referrers, and not the others."""

    source: ManifestSource
    forms: Forms

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Return a manifest.

        Raises:
            NoSuchTag: It is asked for by a tag, and those are not seen.
            CosignError: As `ManifestSource`.
        """
        if self.forms is Forms.BUNDLE and not isinstance(name, Digest):
            raise NoSuchTag(name)
        return self.source.fetch_manifest(name)

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Return a blob.

        Raises:
            CosignError: As `ManifestSource`.
        """
        return self.source.fetch_blob(descriptor)

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Return what refers to a manifest; nothing where that is not seen.

        Raises:
            CosignError: As `ManifestSource`.
        """
        return () if self.forms is Forms.LEGACY else self.source.fetch_referrers(subject)
