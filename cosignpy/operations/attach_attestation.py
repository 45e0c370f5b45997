"""Attach attestations that were made elsewhere. They are parsed strictly first; nobody's key is asked about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cosignpy.core.bundle.legacy import LegacyStyle
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope, is_in_toto
from cosignpy.core.encoding import JsonObject
from cosignpy.core.intoto import COSIGN_SIGN_V1
from cosignpy.core.oci.manifest import Descriptor, Manifest
from cosignpy.errors import ClaimMismatch, LimitExceeded, MalformedError
from cosignpy.operations.attest_legacy import LegacyMade
from cosignpy.operations.ports import ManifestSink
from cosignpy.operations.store_bundle import store_bundle
from cosignpy.values import field, value

MAX_LINES: Final = 1000
"""Attestations in one file; verifiers read no more about one image."""


@value
class FoundAttestation:
    """One attestation of a file, as it is written there: a bundle, or an envelope alone."""

    content: bytes = field(repr=False)
    predicate_type: str
    is_bundle: bool

    def store(self, sink: ManifestSink, subject: Descriptor, created: datetime, style: LegacyStyle) -> Manifest:
        """Store a bundle as a referrer, an envelope under the attestation tag, where no other is lost.

        Raises:
            UsageError: An envelope, and the image is named by a digest that no tag can have.
            LimitExceeded: One more, and verifiers would refuse to read them all.
            RemoteError: The registry refused or failed.
        """
        if self.is_bundle:
            return store_bundle(sink, self.content, subject, self.predicate_type, created)
        return LegacyMade(self.content, self.predicate_type).store(sink, subject.digest, style)


def parse_attestations(raw: bytes, image: Digest) -> Sequence[FoundAttestation]:
    """Parse a file of attestations about an image: one document, or one in each line.

    Raises:
        MalformedError: There is none, or one is neither a bundle nor an envelope over an in-toto statement.
        ClaimMismatch: One is about another image, or a signature.
        LimitExceeded: More than verifiers read.
    """
    lines = [line for line in raw.splitlines() if line.strip()]
    if len(lines) > MAX_LINES:
        raise LimitExceeded("attestations", f"{len(lines)} in one file, at most {MAX_LINES} are read")
    texts = lines if all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines) else [raw]
    if not lines:
        raise MalformedError("attestation", "there is none")
    return [_parse(text.strip(), image) for text in texts]


def _parse(text: bytes, image: Digest) -> FoundAttestation:
    found = JsonObject.parse(text, what="attestation")
    is_bundle = "mediaType" in found
    content = parse_bundle(text).content if is_bundle else Envelope.parse(found)
    if not isinstance(content, Envelope) or not is_in_toto(content.payload_type):
        raise MalformedError("attestation", "it signs no in-toto statement")
    statement = content.statement
    if statement.predicate_type == COSIGN_SIGN_V1:
        raise ClaimMismatch("predicate type", "that of an attestation", "a signature's: attach it as one")
    digests = [digest for subject in statement.subjects for digest in subject.digests]
    if image not in digests:
        raise ClaimMismatch("digest", str(image), ", ".join(map(str, digests)) or "none")
    return FoundAttestation(text, statement.predicate_type, is_bundle)
