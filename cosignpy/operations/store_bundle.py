"""Store a bundle beside its image, as cosign 3 does: an untagged manifest that refers to it."""

from datetime import datetime

from cosignpy.core.bundle.referrer import EMPTY_JSON, build_bundle_referrer
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.operations.ports import ManifestSink


def store_bundle(
    sink: ManifestSink, content: bytes, subject: Descriptor, predicate_type: str, created: datetime
) -> Manifest:
    """Store a bundle as a referrer of the subject; `created` is shown to people, in UTC.

    Raises:
        RemoteError: The registry refused or failed.
    """
    sink.push_blob(EMPTY_JSON)
    sink.push_blob(content)
    manifest = build_bundle_referrer(content, subject, predicate_type, created)
    sink.push_manifest(manifest)
    return manifest
