"""What lies beside a legacy signature that more than a key vouches for: asked for, and verified before it is kept."""

import hashlib
from typing import Final

from cosignpy.core.bundle.model import MessageSignature
from cosignpy.core.bundle.parts import SignatureParts, assemble_bundle
from cosignpy.core.verify.artifact import HASH_NAMES, Artifact
from cosignpy.operations.complete_bundle import SigningKey, SigningServices, complete_bundle, verify_own
from cosignpy.operations.ports import TrustSource
from cosignpy.values import value

_PROTOBUF_NAMES: Final = {name: protobuf for protobuf, name in HASH_NAMES.items()}
_DEFAULT_HASH: Final = "sha256"
"""Where the signature itself names no hash function (Ed25519)."""


@value
class SignedPayload:
    """A payload, and the signature over it that a key made."""

    payload: bytes
    signature: bytes
    key: SigningKey

    def complete(self, services: SigningServices) -> SignatureParts:
        """Have the signature recorded and timestamped by those for whom there is room beside it.

        Raises:
            UsageError: A log is wanted, and there is none that promises.
            CosignError: One of them does not.
        """
        name = self.key.signer.public_key.algorithm.hash or _DEFAULT_HASH
        digest = hashlib.new(name, self.payload).digest()
        content = MessageSignature(_PROTOBUF_NAMES[name], digest, self.signature)
        return SignatureParts.of_bundle(complete_bundle(content, self.key, services.for_legacy()), self.key.issuers)

    def verify(self, parts: SignatureParts, trust: TrustSource) -> None:
        """Show that whoever trusts what we trust will accept the signature, as it reads from its annotations.

        Raises:
            VerificationError: They will not.
            CosignError: The trusted root cannot be had.
        """
        read = SignatureParts.of_annotations(parts.annotations)
        bundle = assemble_bundle(MessageSignature("", b"", self.signature), read)
        verify_own(bundle, Artifact.of(self.payload), self.key, trust)
