"""Make a bundle of what lies about of a signature: parts in files, an artifact, and the entry that a log has of it.

Nobody is believed here. Nothing gets into a bundle but what is of this one signature.
"""

from typing import Final, Protocol

from cosignpy.core.bundle.model import BUNDLE_V03, Bundle, CertificateMaterial, MessageSignature, PublicKeyMaterial
from cosignpy.core.bundle.upgrade import needs_proof, prove_entry
from cosignpy.core.dsse import Envelope
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import EntryVerifier, SignedContent, SignedDigest, SignedEnvelope
from cosignpy.core.verify.artifact import HASH_NAMES, Artifact, select_hashes
from cosignpy.core.verify.certificate import parse_leaf
from cosignpy.core.verify.consistency import verify_consistency, verify_signed
from cosignpy.errors import TransparencyRequired, UsageError
from cosignpy.operations.find_entry import EntrySearch
from cosignpy.operations.verify_bundle import ArtifactSource
from cosignpy.values import replace, value

_PROTOBUF_NAMES: Final = {name: protobuf for protobuf, name in HASH_NAMES.items()}
_DEFAULT_HASH: Final = "sha256"
"""What the digest beside a signature is by where the signature itself names none (Ed25519, ML-DSA)."""


class EntrySource(EntrySearch, Protocol):
    """A log that is asked for what it has."""

    def fetch(self, log_index: int) -> LogEntry:
        """Return an entry by its index, with a proof.

        Raises:
            RemoteError: The log does not have it, or its answer cannot be used.
        """
        ...


@value
class Found:
    """What lies about, put together as it is, and the key where it is not in a certificate."""

    bundle: Bundle
    key: PublicKey | None = None


def create_bundle(found: Found, source: ArtifactSource, log: EntrySource | None) -> Bundle:
    """Return a bundle of version 0.3; without a log, one without an entry.

    Raises:
        UsageError: Nobody is named who signed, or there is an entry and no log that could prove it.
        TransparencyRequired: The log has no entry of this signature.
        VerificationError: The parts are not of one signature.
        CosignError: The artifact cannot be read, or the log does not answer.
    """
    key, material = _select_signer(found)
    parts = replace(found.bundle, media_type=BUNDLE_V03, material=material, log_entries=())
    artifact = _read(parts, key, source)
    algorithm = verify_signed(parts, artifact, key)
    parts = replace(parts, content=_name_artifact(parts, artifact, algorithm))
    entries = tuple([_prove(entry, log) for entry in found.bundle.log_entries])
    if not entries and log is not None:
        entries = (_search(parts, key, algorithm, log),)
    made = replace(parts, log_entries=entries)
    verify_consistency(made, artifact, key)
    return made


def _select_signer(found: Found) -> tuple[PublicKey, PublicKeyMaterial | CertificateMaterial]:
    material = found.bundle.material
    if isinstance(material, CertificateMaterial):
        if found.key is not None:
            raise UsageError("a key and a certificate are given", "a bundle names one signer: leave one out")
        return parse_leaf(material).key, CertificateMaterial(material.certificates[:1], alone=True)
    if found.key is None:
        raise UsageError("nothing says who signed", "name --certificate or --key")
    return found.key, PublicKeyMaterial(found.key.hint)


def _read(parts: Bundle, key: PublicKey, source: ArtifactSource) -> Artifact:
    if isinstance(parts.content, MessageSignature) and not key.algorithm.hash:
        content = source.read_content()
        if content is not None:
            return Artifact.of(content)
    return Artifact(source.read_digests(select_hashes(parts, key)))


def _name_artifact(parts: Bundle, artifact: Artifact, algorithm: Algorithm) -> MessageSignature | Envelope:
    """Put the artifact's digest beside a signature, by the hash function of that."""
    if not isinstance(parts.content, MessageSignature):
        return parts.content
    name = algorithm.hash or _DEFAULT_HASH
    return MessageSignature(_PROTOBUF_NAMES[name], artifact.digest(name), parts.content.signature)


def _prove(entry: LogEntry, log: EntrySource | None) -> LogEntry:
    if not needs_proof(entry):
        return entry
    if log is None:
        raise UsageError(
            "the signature has a log entry, without the proof that a bundle needs, and no log is to be asked",
            "leave --ignore-tlog out",
        )
    return prove_entry(entry, log.fetch(entry.log_index))


def _search(parts: Bundle, key: PublicKey, algorithm: Algorithm, log: EntrySource) -> LogEntry:
    found = log.search(_logged(parts, key, algorithm))
    if found is None:
        raise TransparencyRequired(
            "the log has no entry of this signature",
            "name the log that has with --rekor-url, or make a bundle without an entry with --ignore-tlog",
        )
    return found


def _logged(parts: Bundle, key: PublicKey, algorithm: Algorithm) -> SignedContent:
    verifier = EntryVerifier.of_key(key)
    if isinstance(parts.material, CertificateMaterial):
        verifier = EntryVerifier.of_certificate(parts.material.certificates[0], key)
    verifier = replace(verifier, algorithm=algorithm)
    if isinstance(parts.content, MessageSignature):
        return SignedDigest(parts.content.digest, parts.content.signature, verifier)
    return SignedEnvelope(parts.content, verifier)
