"""Verify a bundle over an artifact: a file, whatever its size, or one of which only the digest is known."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from cosignpy.core.bundle.model import Bundle, CertificateMaterial, MessageSignature
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.keys.algorithms import Scheme
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.bundle import BundlePolicy, SignedByKey
from cosignpy.core.policy.transparency import RequireLog, SkipLogUnsafe
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify import bundle as steps
from cosignpy.core.verify.artifact import Artifact, select_hashes
from cosignpy.core.verify.certificate import parse_leaf
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.operations.beside import Beside
from cosignpy.values import field, value

if TYPE_CHECKING:
    from cosignpy.operations.find_entry import EntrySearch
    from cosignpy.operations.ports import TrustSource

_WHOLE: frozenset[Scheme] = frozenset({Scheme.ED25519, Scheme.ML_DSA})
"""What signs messages, and no digests of them."""


class ArtifactSource(Protocol):
    """Where the artifact is."""

    def read_digests(self, algorithms: frozenset[str]) -> Mapping[str, bytes]:
        """Return its digests by these algorithms, or those that are known of it.

        Raises:
            FileError: It cannot be read.
        """
        ...

    def read_content(self) -> bytes | None:
        """Return all of it, None where only digests are known.

        Raises:
            FileError: It cannot be read.
            LimitExceeded: It is larger than what should be held in memory.
        """
        ...


@value
class VerifyBundle:
    """Which bundle (the file's content, or what it was read as), and by which policy.

    A log is asked for its entry of the signature where the bundle has none and the policy wants one.
    """

    bundle: bytes | Bundle = field(repr=False)
    policy: BundlePolicy
    log: "EntrySearch | None" = None
    beside: Beside | None = None


def verify_bundle(request: VerifyBundle, source: ArtifactSource, trust: "TrustSource") -> VerifiedBundle:
    """Show that a bundle is a signature of the artifact that the policy accepts.

    The trusted root is asked for where something has to be believed: not for a key without a log.

    Raises:
        MalformedError: Not a bundle.
        VerificationError: Something that the policy demands was not shown; the class says what.
        CosignError: The artifact or the trusted root cannot be read, or the log not be asked.
    """
    bundle = parse_bundle(request.bundle) if isinstance(request.bundle, bytes) else request.bundle
    root = trust.trusted_root() if _needs_trust(request.policy) else TrustedRoot()
    artifact = _read_artifact(bundle, request.policy, source)
    if request.log is not None and not bundle.log_entries and isinstance(request.policy.transparency, RequireLog):
        from cosignpy.operations.find_entry import find_entry  # not needed by bundles, which have their entries

        bundle = find_entry(bundle, artifact, _select_keys(bundle, request.policy), request.log)
    return steps.verify_bundle(bundle, artifact, (request.beside or Beside()).trust(root), request.policy)


def _needs_trust(policy: BundlePolicy) -> bool:
    """Tell whether anything has to be believed but a key: a log, an authority, or a time in which the key counts."""
    key_at_any_time = isinstance(policy.signer, SignedByKey) and not policy.signer.windows and policy.window is None
    return not key_at_any_time or not isinstance(policy.transparency, SkipLogUnsafe)


def _read_artifact(bundle: Bundle, policy: BundlePolicy, source: ArtifactSource) -> Artifact:
    keys = _select_keys(bundle, policy)
    whole = isinstance(bundle.content, MessageSignature) and any(key.algorithm.scheme in _WHOLE for key in keys)
    content = source.read_content() if whole else None
    if content is not None:
        return Artifact.of(content)
    return Artifact(source.read_digests(frozenset({"sha256"}).union(*(select_hashes(bundle, key) for key in keys))))


def _select_keys(bundle: Bundle, policy: BundlePolicy) -> tuple[PublicKey, ...]:
    """Return the keys that may have signed."""
    if isinstance(policy.signer, SignedByKey):
        return policy.signer.keys
    return (parse_leaf(bundle.material).key,) if isinstance(bundle.material, CertificateMaterial) else ()
