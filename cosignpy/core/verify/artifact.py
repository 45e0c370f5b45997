"""The artifact that a bundle is about, and the signature over it or over a statement about it (client spec, step 5)."""

import hashlib
from collections.abc import Mapping
from typing import Final

from cosignpy.core.bundle.model import Bundle, MessageSignature
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, is_in_toto
from cosignpy.core.intoto import COSIGN_SIGN_V1, Statement, Subject
from cosignpy.core.keys.algorithms import Algorithm, accepted_algorithms
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.keys.signatures import verify_digest_signature, verify_signature
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.rekor.hashedrekord import DIGEST_SIZES
from cosignpy.core.verify.predicate import verify_predicate
from cosignpy.errors import ClaimMismatch, MalformedError, SignatureMismatch
from cosignpy.values import field, value

HASHES: Final = ("sha256", "sha384", "sha512")
"""The hash functions that signatures, statements and log entries name."""

HASH_NAMES: Final[Mapping[str, str]] = dict(zip(DIGEST_SIZES, HASHES, strict=True))
"""The names of protobuf-specs, sigstore_common.proto HashAlgorithm, to hashlib's."""


@value
class Artifact:
    """What is to be verified: its digests, and its content where somebody needs all of it (Ed25519)."""

    digests: Mapping[str, bytes]
    content: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, content: bytes) -> "Artifact":
        """Build from content at hand."""
        return cls({name: hashlib.new(name, content).digest() for name in HASHES}, content)

    def digest(self, algorithm: str) -> bytes:
        """Return a digest.

        Raises:
            SignatureMismatch: It is not known: another digest was given in place of the artifact.
        """
        if algorithm in self.digests:
            return self.digests[algorithm]
        if self.content is not None and algorithm in HASHES:
            return hashlib.new(algorithm, self.content).digest()
        known = " and ".join(self.digests)
        raise SignatureMismatch(f"it needs the {algorithm} digest, and {known} is known: give the file itself")


def select_hashes(bundle: Bundle, key: PublicKey) -> frozenset[str]:
    """Return the hash functions by which the artifact has to be known to verify this bundle.

    Raises:
        MalformedError: The bundle holds an envelope whose payload is not a statement.
    """
    if isinstance(bundle.content, Envelope):
        subjects = bundle.content.statement.subjects
        return frozenset({digest.algorithm for subject in subjects for digest in subject.digests} | {"sha256"})
    used = {algorithm.hash for algorithm in accepted_algorithms(key.algorithm.key) if algorithm.hash}
    named = HASH_NAMES.get(bundle.content.algorithm)
    return frozenset(used | ({named} if named else set()) | {"sha256"})


@value
class SignedContent:
    """What the signature is over: an artifact known by its digests, or the PAE of an envelope."""

    signature: bytes
    artifact: Artifact
    envelope: Envelope | None = None

    def digest(self, algorithm: str) -> bytes:
        """Return the digest of what was signed.

        Raises:
            SignatureMismatch: It is not known.
        """
        return self.artifact.digest(algorithm)


def select_content(bundle: Bundle, artifact: Artifact) -> SignedContent:
    """Return what is signed in a bundle, and the signature.

    Raises:
        MalformedError: An envelope of another payload type, or without exactly one signature, or a digest by an
            algorithm that is unknown.
        ClaimMismatch: The digest that stands in the bundle is that of another artifact.
    """
    if isinstance(bundle.content, MessageSignature):
        _verify_message_digest(bundle.content, artifact)
        return SignedContent(bundle.content.signature, artifact)
    envelope = bundle.content
    if not is_in_toto(envelope.payload_type):
        raise MalformedError("envelope", f"payload type is {envelope.payload_type!r}, not {IN_TOTO_PAYLOAD!r}")
    if len(envelope.signatures) != 1:
        raise MalformedError("envelope", f"exactly one signature is needed, found {len(envelope.signatures)}")
    return SignedContent(envelope.signatures[0].signature, Artifact({}, envelope.pae), envelope)


def _verify_message_digest(message: MessageSignature, artifact: Artifact) -> None:
    """Compare the digest in the bundle, which nobody signed: it tells an artifact that was mistaken for another."""
    if not message.algorithm and not message.digest:
        return
    name = HASH_NAMES.get(message.algorithm)
    if name is None:
        raise MalformedError("bundle", f"messageSignature.messageDigest: unknown algorithm {message.algorithm!r}")
    if message.digest != artifact.digest(name):
        raise ClaimMismatch("artifact digest", artifact.digest(name).hex(), message.digest.hex())


def verify_content(content: SignedContent, key: PublicKey) -> Algorithm:
    """Show that the key made the signature, and return by which algorithm.

    Raises:
        SignatureMismatch: It did not, or it signs whole messages and only a digest is known.
    """
    if content.artifact.content is not None:
        return verify_signature(key, content.signature, content.artifact.content)
    for algorithm in accepted_algorithms(key.algorithm.key):
        digest = content.artifact.digests.get(algorithm.hash)
        if digest is None:  # of an algorithm that signs whole messages there never is one
            continue
        try:
            verify_digest_signature(key, algorithm, content.signature, digest)
        except SignatureMismatch:
            continue
        return algorithm
    raise SignatureMismatch(
        f"not made by the {key.algorithm.key} key {key.fingerprint} over the digest that is known of the artifact"
    )


def verify_statement(
    envelope: Envelope, artifact: Artifact, rule: PredicateTypeIs | AnyPredicateUnsafe
) -> tuple[Statement, Mapping[str, bytes]]:
    """Show that a statement is about the artifact, and of the type that is wanted; return it and what was compared.

    Raises:
        MalformedError: Not a statement.
        ClaimMismatch: Another predicate type, other provenance, or no subject with a digest of the artifact.
    """
    statement = verify_predicate(envelope, rule)
    for subject in statement.subjects:
        compared = _compare(subject, artifact)
        if compared:
            return statement, compared
    found = ", ".join(str(digest) for subject in statement.subjects for digest in subject.digests)
    wanted = " or ".join(f"{name}:{digest.hex()}" for name, digest in artifact.digests.items())
    raise ClaimMismatch("artifact digest", wanted, found or "absent")


def verify_no_statement_wanted(rule: PredicateTypeIs | AnyPredicateUnsafe) -> None:
    """Show that a signature over the artifact itself is enough: it says as much as cosign's own statement, no more.

    Raises:
        ClaimMismatch: A statement of another type is wanted.
    """
    if isinstance(rule, PredicateTypeIs) and rule.wanted != COSIGN_SIGN_V1:
        raise ClaimMismatch("predicate type", rule.wanted, "absent")


def _compare(subject: Subject, artifact: Artifact) -> Mapping[str, bytes]:
    """Return the digests that subject and artifact share: none where one of them differs."""
    named = {digest.algorithm: bytes.fromhex(digest.hex) for digest in subject.digests}
    both = named.keys() & artifact.digests.keys()
    return {name: named[name] for name in both} if all(named[name] == artifact.digests[name] for name in both) else {}
