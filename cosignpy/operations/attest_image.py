"""Attest something about images: a signed statement, stored beside each as a bundle that refers to it.

Or as cosign 2 did, under the image's attestation tag (`cosignpy.operations.attest_legacy`).
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
from cosignpy.core.bundle.referrer import select_bundle_layer
from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.errors import MalformedError
from cosignpy.operations.attachments import Attachment, AttachmentType, fetch_referring, select_types
from cosignpy.operations.attest_blob import sign_statement
from cosignpy.operations.clean import Removal, remove_attachments
from cosignpy.operations.complete_bundle import SigningKey, SigningServices
from cosignpy.operations.own_attestations import is_own
from cosignpy.operations.ports import ManifestSink, Repository, TrustSource
from cosignpy.operations.store_bundle import store_bundle
from cosignpy.values import field, value


@value
class MadeAttestation:
    """A finished attestation, not stored anywhere yet."""

    bundle: Bundle
    content: bytes = field(repr=False)
    predicate_type: str

    def store(self, sink: ManifestSink, subject: Descriptor, created: datetime) -> Manifest:
        """Store it beside an image; `created` is shown to people, in UTC.

        Raises:
            RemoteError: The registry refused or failed.
        """
        return store_bundle(sink, self.content, subject, self.predicate_type, created)


def make_attestation(
    statement: bytes, predicate_type: str, key: SigningKey, services: SigningServices, trust: TrustSource
) -> MadeAttestation:
    """Sign a statement about images, and verify the result as its users will before anyone sees it.

    Raises:
        MalformedError: It is not a statement.
        UsageError: It is about nothing that has a digest.
        VerificationError: The bundle that was made would not be accepted.
        CosignError: One of those who have to vouch for it does not.
    """
    bundle = sign_statement(statement, key, services, trust)
    return MadeAttestation(bundle, encode_bundle(bundle), predicate_type)


def remove_older(
    repository: Repository, subject: Digest, stored: Manifest, made: MadeAttestation, key: SigningKey
) -> Sequence[Digest]:
    """Remove the signer's own attestations of the same predicate type beside an image, but for the new one.

    Raises:
        RemoteError: The registry failed, or does not allow deletion; the new attestation is there all the same.
    """
    found = select_types(fetch_referring(repository, subject), [AttachmentType.ATTESTATION])
    older = [
        attachment
        for attachment in found
        if attachment.digest != stored.digest
        and attachment.predicate_type == made.predicate_type
        and is_own(partial(_read, repository, attachment), made.predicate_type, key)
    ]
    remove_attachments(repository, [Removal(subject, attachment) for attachment in older])
    return [attachment.digest for attachment in older]


def _read(repository: Repository, attachment: Attachment) -> Bundle:
    layer = select_bundle_layer(attachment.manifest) if attachment.manifest is not None else None
    if layer is None:
        raise MalformedError("bundle manifest", "it holds no bundle")
    return parse_bundle(repository.fetch_blob(layer))
