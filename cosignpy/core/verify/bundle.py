"""A whole bundle, step by step in the order of the client specification (sigstore architecture-docs, client-spec.md 4).

Each step is a function of the module that is named after what it looks at; this is the table of contents. Nothing of
it asks a clock or the network, and whatever is not asked for is not asked for by a value of the policy.
"""

from collections.abc import Sequence
from hashlib import sha256

from cosignpy.core.bundle.model import Bundle, CertificateMaterial
from cosignpy.core.bundle.versions import verify_form, without_unproved_inclusion
from cosignpy.core.ct.sct import Sct
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.bundle import BundlePolicy, DenyList, SignedByIdentity, SignedByKey
from cosignpy.core.policy.identity import CertificateIdentity
from cosignpy.core.policy.transparency import RequireLog, SkipLogUnsafe, SkipSctUnsafe
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.artifact import Artifact, SignedContent, select_content, verify_content, verify_statement
from cosignpy.core.verify.certificate import Leaf, parse_leaf, read_identity, verify_authority, verify_scts
from cosignpy.core.verify.entry_claims import LoggedSigner, verify_entry_claims
from cosignpy.core.verify.findings import CertificateFinding, ObservedTime, VerifiedBundle
from cosignpy.core.verify.log import LogFinding
from cosignpy.core.verify.observed_time import observe_promises, observe_timestamps, select_times
from cosignpy.core.verify.transparency import TrustedEntry, verify_entries
from cosignpy.errors import Denied, IdentityMismatch, SignatureMismatch, TransparencyError
from cosignpy.values import value


@value
class Trust:
    """What a verification believes: the trusted root, and SCTs that travel beside their certificate."""

    root: TrustedRoot
    detached_scts: tuple[Sct, ...] = ()


@value
class Case:
    """One verification: all that its steps need."""

    bundle: Bundle
    content: SignedContent
    artifact: Artifact
    trust: Trust
    policy: BundlePolicy


def verify_bundle(bundle: Bundle, artifact: Artifact, trust: Trust, policy: BundlePolicy) -> VerifiedBundle:
    """Show that a bundle is a signature of this artifact that the policy accepts.

    Raises:
        MalformedError: It does not have what its version demands, or a part of it cannot be read.
        KeyUnusable: The certificate's key is one that nobody should use.
        VerificationError: Something that the policy demands was not shown; the class says what.
    """
    verify_form(bundle)
    believed = without_unproved_inclusion(bundle)
    case = Case(believed, select_content(bundle, artifact), artifact, trust, policy)
    if isinstance(policy.signer, SignedByKey):
        return _verify_key(case, policy.signer)
    return _verify_certificate(case, policy.signer)


def _verify_key(case: Case, signer: SignedByKey) -> VerifiedBundle:
    """The steps for a signature by a key that the verifier has; who had the key, and when, is not a question.

    Without a log nobody has to be believed, and so no authority is asked what time it was.
    """
    if isinstance(case.bundle.material, CertificateMaterial):
        raise SignatureMismatch("made with a certificate, and the policy wants it made with a key")
    key, algorithm = _verify_with_any(case, signer)
    _refuse_denied_key(case.policy.deny, key)
    if isinstance(case.policy.transparency, SkipLogUnsafe):
        return _conclude(case, Signer(key, algorithm), (), ())
    times = observe_timestamps(case.bundle.timestamps, case.content.signature, case.trust.root)
    entries = _verify_log(case, times)
    _verify_claims(case, entries, LoggedSigner(key))
    return _conclude(case, Signer(key, algorithm), (*times, *observe_promises(entries)), entries)


def _verify_with_any(case: Case, signer: SignedByKey) -> tuple[PublicKey, Algorithm]:
    """Try each key; the hint in a bundle is not authenticated and decides nothing."""
    failures: list[SignatureMismatch] = []
    for key in signer.keys:
        try:
            return key, verify_content(case.content, key)
        except SignatureMismatch as error:
            failures.append(error)
    why = failures[0].why if len(failures) == 1 else f"made by none of the {len(failures)} keys given"
    raise SignatureMismatch(why) from failures[-1]


def _verify_certificate(case: Case, signer: SignedByIdentity) -> VerifiedBundle:
    """The steps for a signature by a certificate: time, log, chain, SCT, identity, log entry, signature, artifact."""
    if not isinstance(case.bundle.material, CertificateMaterial):
        raise SignatureMismatch("made with a key, and the policy wants a certificate: name the key that made it")
    leaf, root = parse_leaf(case.bundle.material), case.trust.root
    signed = observe_timestamps(case.bundle.timestamps, case.content.signature, root)
    entries = _verify_log(case, signed)
    times = select_times(signed, observe_promises(entries), signer.time)
    authority = verify_authority(leaf, times, root)
    scts = verify_scts(leaf, authority, root, signer.sct, case.trust.detached_scts)
    finding = CertificateFinding(leaf.der, _verify_identity(leaf, signer), authority.uri, scts, _waived_sct(signer))
    _refuse_denied(case.policy.deny, leaf, finding)
    _verify_claims(case, entries, LoggedSigner(leaf.key, leaf.der))
    algorithm = verify_content(case.content, leaf.key)
    return _conclude(case, Signer(leaf.key, algorithm, finding), times, entries)


def _verify_log(case: Case, times: Sequence[ObservedTime]) -> tuple[TrustedEntry, ...]:
    """Show that enough trusted logs have the signature, each at a time when it was trusted."""
    rule = case.policy.transparency
    if isinstance(rule, SkipLogUnsafe):
        return ()
    entries = verify_entries(case.bundle.log_entries, case.trust.root)
    for entry in entries:
        entry.verify_at((*times, *observe_promises(entries)))
    logs = {entry.log.log_id for entry in entries}
    if len(logs) < rule.threshold:
        raise _too_few_logs(case.bundle, len(logs), rule)
    return entries


def _too_few_logs(bundle: Bundle, found: int, rule: RequireLog) -> TransparencyError:
    named = ", ".join(sorted({entry.log_id.hex() for entry in bundle.log_entries}))
    hint = f"the bundle names the logs {named}: is this the trusted root of whoever signed?"
    return TransparencyError(
        "number of trusted logs that have the signature", str(rule.threshold), str(found), hint if named else None
    )


def _verify_identity(leaf: Leaf, signer: SignedByIdentity) -> CertificateIdentity:
    identity = read_identity(leaf.certificate)
    if not signer.accepts(identity):
        raise IdentityMismatch(" or ".join(map(str, signer.rules)), str(identity))
    return identity


def _waived_sct(signer: SignedByIdentity) -> str:
    return signer.sct.reason if isinstance(signer.sct, SkipSctUnsafe) else ""


def _refuse_denied_key(deny: DenyList, key: PublicKey) -> None:
    if sha256(key.spki).digest() in deny.keys:
        raise Denied(f"the key {key.fingerprint}")


def _refuse_denied(deny: DenyList, leaf: Leaf, finding: CertificateFinding) -> None:
    _refuse_denied_key(deny, leaf.key)
    if sha256(leaf.der).digest() in deny.certificates:
        raise Denied(f"the certificate sha256:{sha256(leaf.der).hexdigest()}")
    if any(rule.accepts(finding.identity) for rule in deny.identities):
        raise Denied(f"the identity {finding.identity}")


def _verify_claims(case: Case, entries: Sequence[TrustedEntry], signer: LoggedSigner) -> None:
    for item in entries:
        verify_entry_claims(item.entry, case.content, signer)


@value
class Signer:
    """Whose signature it is, and by which algorithm."""

    key: PublicKey
    algorithm: Algorithm
    certificate: CertificateFinding | None = None


def _conclude(
    case: Case, signer: Signer, times: Sequence[ObservedTime], entries: Sequence[TrustedEntry]
) -> VerifiedBundle:
    """Look into what was signed, now that it is known to be signed, and put together what was shown."""
    rule = case.policy.transparency
    statement, digests = None, case.artifact.digests
    if case.content.envelope is not None:
        statement, digests = verify_statement(case.content.envelope, case.artifact, case.policy.predicate)
    return VerifiedBundle(
        key=signer.key,
        algorithm=signer.algorithm,
        certificate=signer.certificate,
        times=tuple(times),
        entries=tuple([item.finding for item in entries]),
        log_waived=LogFinding(rule.reason) if isinstance(rule, SkipLogUnsafe) else None,
        digests=digests,
        payload=case.content.envelope.payload if case.content.envelope is not None else b"",
        predicate_type=statement.predicate_type if statement is not None else "",
    )
