"""From a signature to a bundle that stands by itself: recorded, timestamped, and verified as its users will.

Whoever signs goes through here, so nothing leaves that the verifier would refuse.
"""

from functools import partial
from typing import TYPE_CHECKING, Final

from cosignpy.core.bundle.model import BUNDLE_V03, Bundle, CertificateMaterial, MessageSignature, PublicKeyMaterial
from cosignpy.core.dsse import Envelope
from cosignpy.core.keys.signatures import DigestSigner
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.identity import Exactly, IdentityRule
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import RequireLog, SkipLogUnsafe
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import EntryVerifier, SignedContent, SignedDigest, SignedEnvelope
from cosignpy.core.verify.artifact import Artifact
from cosignpy.errors import UsageError
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.signing_ports import TimestampAuthority, TransparencyLog
from cosignpy.values import field, value

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_LOG: Final = "it was not to be recorded"


@value
class SigningServices:
    """All who are to vouch for a signature; none at all for one that nobody but the holder of a key vouches for."""

    logs: tuple[TransparencyLog, ...] = ()
    timestamp_authorities: tuple[TimestampAuthority, ...] = ()


@value
class SigningKey:
    """What signs, and how others learn whose it is: by a certificate in DER, or by the key that they have."""

    signer: DigestSigner = field(repr=False)
    certificate: bytes | None = field(default=None, repr=False)

    @property
    def material(self) -> PublicKeyMaterial | CertificateMaterial:
        """What a bundle says about the signer."""
        if self.certificate is None:
            return PublicKeyMaterial(self.signer.public_key.hint)
        return CertificateMaterial((self.certificate,), alone=True)

    @property
    def verifier(self) -> EntryVerifier:
        """What a log is told about the signer."""
        public = self.signer.public_key
        if self.certificate is None:
            return EntryVerifier.of_key(public)
        return EntryVerifier.of_certificate(self.certificate, public)


def check_services(services: SigningServices, *, keyless: bool) -> None:
    """Refuse what no verifier could ever accept, before anything is asked of anybody.

    Raises:
        UsageError: A certificate that lives minutes, and nobody who states when it signed.
    """
    if keyless and not services.logs:
        raise UsageError(
            "a signature without a key has to be in a transparency log, or nobody could notice it",
            "leave --tlog-upload=false out, or sign with --key",
        )


def complete_bundle(content: MessageSignature | Envelope, key: SigningKey, services: SigningServices) -> Bundle:
    """Have a signature that a key made recorded and timestamped by all services, at the same time.

    An envelope has one signature, and the digest of a message signature is by the hash function of its algorithm.

    Raises:
        CosignError: One of them does not.
    """
    signature = _signature_of(content)
    ask: list[Callable[[], LogEntry | bytes]] = []
    if services.logs:
        proposed = _propose(content, key)
        ask += [partial(log.add, proposed) for log in services.logs]
    ask += [partial(authority.timestamp, signature) for authority in services.timestamp_authorities]
    answers = [outcome.unwrap() for outcome in run_parallel(lambda call: call(), ask)]
    return Bundle(
        BUNDLE_V03,
        key.material,
        content,
        tuple([answer for answer in answers if isinstance(answer, LogEntry)]),
        tuple([answer for answer in answers if isinstance(answer, bytes)]),
    )


def _signature_of(content: MessageSignature | Envelope) -> bytes:
    return content.signature if isinstance(content, MessageSignature) else content.signatures[0].signature


def _propose(content: MessageSignature | Envelope, key: SigningKey) -> SignedContent:
    if isinstance(content, Envelope):
        return SignedEnvelope(content, key.verifier)
    return SignedDigest(content.digest, content.signature, key.verifier)


def verify_own(bundle: Bundle, artifact: Artifact, key: SigningKey, trust: TrustSource) -> None:
    """Show that whoever trusts what we trust will accept a bundle: by the verifier, with the strictest policy.

    Raises:
        VerificationError: They will not.
        CosignError: The trusted root cannot be had.
    """
    # The whole verifier, 30 ms to import: where a key is being unlocked meanwhile, that is for nothing.
    from cosignpy.core.trust.trusted_root import TrustedRoot
    from cosignpy.core.verify.bundle import Trust, verify_bundle
    from cosignpy.core.verify.observed_time import observe_timestamps

    waived = not bundle.log_entries
    transparency = SkipLogUnsafe(_NO_LOG) if waived else RequireLog(len({entry.log_id for entry in bundle.log_entries}))
    needed = key.certificate is not None or not waived or bool(bundle.timestamps)
    root = trust.trusted_root() if needed else TrustedRoot()
    policy = BundlePolicy(_signer(key), transparency, AnyPredicateUnsafe("our own signature"))
    verify_bundle(bundle, artifact, Trust(root), policy)
    # A verifier that has the key and waives the log does not look at timestamps; who asked for one wants it to hold.
    observe_timestamps(bundle.timestamps, _signature_of(bundle.content), root)


def _signer(key: SigningKey) -> SignedByKey | SignedByIdentity:
    if key.certificate is None:
        return SignedByKey((key.signer.public_key,))
    from cosignpy.core.verify.certificate import parse_leaf, read_identity

    identity = read_identity(parse_leaf(CertificateMaterial((key.certificate,))).certificate)
    names = tuple(Exactly(name) for name in identity.names)
    return SignedByIdentity((IdentityRule(names[:1], (Exactly(identity.issuer),)),))
