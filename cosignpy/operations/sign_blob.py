"""Sign a file, whatever its size: its digest is signed, and the bundle is verified before anyone gets it."""

from typing import Final

from cosignpy.core.bundle.model import Bundle, MessageSignature
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.verify.artifact import HASH_NAMES, Artifact
from cosignpy.errors import KeyUnusable
from cosignpy.operations.complete_bundle import SigningKey, SigningServices, complete_bundle, verify_own
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.verify_bundle import ArtifactSource
from cosignpy.values import value

_PROTOBUF_NAMES: Final = {name: protobuf for protobuf, name in HASH_NAMES.items()}
_DEFAULT_HASH: Final = "sha256"
"""What the digest beside a signature is by where the signature itself names none (Ed25519, ML-DSA)."""


@value
class Unsigned:
    """What is to be signed: its digest by one algorithm, and all of it where the key signs no digests."""

    algorithm: str
    artifact: Artifact

    @property
    def digest(self) -> bytes:
        """The digest."""
        return self.artifact.digest(self.algorithm)


def sign_blob(source: ArtifactSource, key: SigningKey, services: SigningServices, trust: TrustSource) -> Bundle:
    """Sign a file; the source is read once.

    Raises:
        FileError: It cannot be read.
        LimitExceeded: It is too large for a key that signs files whole.
        VerificationError: The bundle that was made would not be accepted.
        CosignError: One of those who have to vouch for it does not.
    """
    unsigned = _read(source, key.signer.public_key.algorithm)
    whole = unsigned.artifact.content
    signature = key.signer.sign_digest(unsigned.digest) if whole is None else key.signer.sign(whole)
    content = MessageSignature(_PROTOBUF_NAMES[unsigned.algorithm], unsigned.digest, signature)
    bundle = complete_bundle(content, key, services)
    verify_own(bundle, unsigned.artifact, key, trust)
    return bundle


def _read(source: ArtifactSource, algorithm: Algorithm) -> Unsigned:
    if algorithm.hash:
        return Unsigned(algorithm.hash, Artifact(source.read_digests(frozenset({algorithm.hash}))))
    content = source.read_content()
    if content is None:
        raise KeyUnusable(f"of kind {algorithm.key}", "it signs files whole, and only a digest is given")
    return Unsigned(_DEFAULT_HASH, Artifact.of(content))
