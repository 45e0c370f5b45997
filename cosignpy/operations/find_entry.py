"""Find the log entry of a signature that came without one, as cosign 2 does for files that hold a signature alone."""

from collections.abc import Sequence
from typing import Protocol

from cosignpy.core.bundle.model import Bundle, CertificateMaterial, MessageSignature
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import EntryVerifier, SignedContent, SignedDigest, SignedEnvelope
from cosignpy.core.verify.artifact import Artifact, select_content, verify_content
from cosignpy.errors import SignatureMismatch, TransparencyRequired
from cosignpy.values import replace


class EntrySearch(Protocol):
    """A log that can be asked what it has."""

    def search(self, content: SignedContent) -> LogEntry | None:
        """Return the entry about a signature, None where there is none; whether it proves anything is for others.

        Raises:
            RemoteError: The log refuses, or its answer cannot be used.
            ClaimMismatch: Its answer is about something else.
        """
        ...


def find_entry(bundle: Bundle, artifact: Artifact, keys: Sequence[PublicKey], log: EntrySearch) -> Bundle:
    """Return a bundle with the entry that a log has of its signature, once one of these keys is shown to have made it.

    Raises:
        SignatureMismatch: None of them made it.
        TransparencyRequired: The log has no entry of it.
        KeyUnusable: A key whose signatures no log can verify by the digest.
        RemoteError: The log cannot be asked.
    """
    entry = log.search(_describe(bundle, artifact, _select_maker(bundle, artifact, keys)))
    if entry is None:
        raise TransparencyRequired(
            "the log that was asked has no entry of this signature", "is it the log of who signed?"
        )
    return replace(bundle, log_entries=(entry,))


def _select_maker(bundle: Bundle, artifact: Artifact, keys: Sequence[PublicKey]) -> PublicKey:
    """Return the key that made the signature: of another one a log would only say that it does not fit."""
    content = select_content(bundle, artifact)
    failures: list[SignatureMismatch] = []
    for key in keys:
        try:
            verify_content(content, key)
        except SignatureMismatch as error:
            failures.append(error)
        else:
            return key
    raise failures[0] if failures else SignatureMismatch("there is no certificate, and the policy wants one")


def _describe(bundle: Bundle, artifact: Artifact, key: PublicKey) -> SignedContent:
    """Return as what a log has it: signatures name their signer there."""
    if isinstance(bundle.material, CertificateMaterial):
        verifier = EntryVerifier.of_certificate(bundle.material.certificates[0], key)
    else:
        verifier = EntryVerifier.of_key(key)
    if isinstance(bundle.content, MessageSignature):
        digest = artifact.digest(key.algorithm.hash) if key.algorithm.hash else b""
        return SignedDigest(digest, bundle.content.signature, verifier)
    return SignedEnvelope(bundle.content, verifier)
