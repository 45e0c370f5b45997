"""From a signature to a bundle that stands by itself: recorded, timestamped, and verified as its users will.

Whoever signs goes through here, so nothing leaves that the verifier would refuse.
"""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from cosignpy.core.bundle.model import BUNDLE_V03, Bundle, CertificateMaterial, MessageSignature, PublicKeyMaterial
from cosignpy.core.dsse import Envelope
from cosignpy.core.keys.signatures import DigestSigner
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.identity import Exactly, IdentityRule, Matching
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import AssumeTimeUnsafe, RequireLog, SkipLogUnsafe, SkipSctUnsafe
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import EntryVerifier, SignedContent, SignedDigest, SignedEnvelope
from cosignpy.core.verify.artifact import Artifact
from cosignpy.errors import UsageError
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.ports import TrustSource
from cosignpy.operations.signing_ports import TimestampAuthority, TransparencyLog
from cosignpy.values import field, replace, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosignpy.core.trust.trusted_root import CertificateAuthority

_NO_LOG: Final = "it was not to be recorded"
_OWN: Final = "the certificate is the signer's own"


@value
class SigningServices:
    """All who are to vouch for a signature; none at all for one that nobody but the holder of a key vouches for.

    `promising` is a log that promises its entries (Rekor v1), whether or not bundles go into it: what stands beside a
    legacy signature is a promise.
    """

    logs: tuple[TransparencyLog, ...] = ()
    timestamp_authorities: tuple[TimestampAuthority, ...] = ()
    promising: TransparencyLog | None = None

    def for_legacy(self) -> "SigningServices":
        """Return those for whom a legacy signature has room: one log, and one timestamp authority.

        Raises:
            UsageError: A log is wanted, and there is none that promises.
        """
        if self.logs and self.promising is None:
            raise UsageError(
                "a legacy signature has room for an entry of Rekor v1 alone, and no such log is named",
                "name one with --rekor-url or in the signing config, sign bundles (--signature-format bundle), "
                "or sign with --key and --tlog-upload=false",
            )
        return SigningServices((self.promising,) if self.promising else (), self.timestamp_authorities[:1])


@value
class OwnCertificate:
    """What verifiers believe of a certificate that came with its key, and not from an authority of the signing config.

    `authority` is its issuers, None where the trusted root has to name them; `seen_at` is when it was found valid.
    """

    authority: "CertificateAuthority | None"
    seen_at: datetime


@value
class SigningKey:
    """What signs, and how others learn whose it is: by a certificate in DER, or by the key that they have.

    `issuers` (DER) have a place beside legacy signatures only.
    """

    signer: DigestSigner = field(repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    issuers: tuple[bytes, ...] = field(default=(), repr=False)
    own: OwnCertificate | None = None

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
    ask: list[Callable[[], LogEntry | bytes | None]] = []
    if services.logs:
        proposed = _propose(content, key)
        ask += [partial(log.add, proposed) for log in services.logs]
    ask += [partial(authority.timestamp, signature) for authority in services.timestamp_authorities]
    if ask:
        ask.append(_import_verifier)
    answers = [outcome.unwrap() for outcome in run_parallel(lambda call: call(), ask)]
    return Bundle(
        BUNDLE_V03,
        key.material,
        content,
        tuple([answer for answer in answers if isinstance(answer, LogEntry)]),
        tuple([answer for answer in answers if isinstance(answer, bytes)]),
    )


def _import_verifier() -> None:
    """Import what `verify_own` needs, while the services take their time."""
    import cosignpy.core.verify.bundle  # noqa: F401


def _signature_of(content: MessageSignature | Envelope) -> bytes:
    return content.signature if isinstance(content, MessageSignature) else content.signatures[0].signature


def _propose(content: MessageSignature | Envelope, key: SigningKey) -> SignedContent:
    if isinstance(content, Envelope):
        return SignedEnvelope(content, key.verifier)
    return SignedDigest(content.digest, content.signature, key.verifier)


def verify_own(
    bundle: Bundle, artifact: Artifact, key: SigningKey, trust: TrustSource, stamped_envelope: bytes = b""
) -> None:
    """Show that whoever trusts what we trust will accept a bundle: by the verifier, with the strictest policy.

    Timestamps are over `stamped_envelope` where it is given, as in legacy attestations.

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
    authority = key.own.authority if key.own is not None else None
    foreign = key.certificate is not None and authority is None
    root = trust.trusted_root() if foreign or not waived or bundle.timestamps else TrustedRoot()
    if authority is not None:
        root = replace(root, certificate_authorities=(*root.certificate_authorities, authority))
    policy = BundlePolicy(_signer(key), transparency, AnyPredicateUnsafe("our own signature"))
    verify_bundle(bundle, artifact, Trust(root, stamped_envelope=stamped_envelope), policy)
    # A verifier that has the key and waives the log does not look at timestamps; who asked for one wants it to hold.
    observe_timestamps(bundle.timestamps, stamped_envelope or _signature_of(bundle.content), root)


def _signer(key: SigningKey) -> SignedByKey | SignedByIdentity:
    if key.certificate is None:
        return SignedByKey((key.signer.public_key,))
    from cosignpy.core.verify.certificate import parse_leaf, read_identity

    identity = read_identity(parse_leaf(CertificateMaterial((key.certificate,))).certificate)
    names = tuple(Exactly(name) for name in identity.names)
    rule = IdentityRule(names[:1], (Exactly(identity.issuer) if identity.issuer else Matching.parse("^$"),))
    if key.own is None:
        return SignedByIdentity((rule,))
    return SignedByIdentity((rule,), AssumeTimeUnsafe(key.own.seen_at, _OWN), SkipSctUnsafe(_OWN))
