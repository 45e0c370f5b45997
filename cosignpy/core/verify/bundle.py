"""A whole bundle, step by step in the order of the client specification (sigstore architecture-docs, client-spec.md 4).

Each step is a function of the module that is named after what it looks at; this is the table of contents. Nothing of
it asks a clock or the network, and whatever is not asked for is not asked for by a value of the policy.
"""

from collections.abc import Sequence

from cosignpy.core.bundle.model import Bundle, CertificateMaterial
from cosignpy.core.bundle.versions import ChainRule, verify_form, without_unproved_inclusion
from cosignpy.core.ct.sct import Sct
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity, SignedByKey
from cosignpy.core.policy.deny import DenyList
from cosignpy.core.policy.identity import CertificateIdentity
from cosignpy.core.policy.transparency import AssumeTimeUnsafe, RequireLog, SkipLogUnsafe, SkipSctUnsafe
from cosignpy.core.trust.own_pki import complete_authorities
from cosignpy.core.trust.trusted_root import CertificateAuthority, TrustedRoot
from cosignpy.core.verify.artifact import (
    Artifact,
    SignedContent,
    select_content,
    verify_content,
    verify_no_statement_wanted,
    verify_statement,
)
from cosignpy.core.verify.certificate import Leaf, parse_leaf, read_identity, verify_authority, verify_scts
from cosignpy.core.verify.entry_claims import LoggedSigner, verify_entry_claims
from cosignpy.core.verify.findings import CertificateFinding, ObservedTime, SctFinding, TimeSource, VerifiedBundle
from cosignpy.core.verify.log import LogFinding
from cosignpy.core.verify.observed_time import observe_promises, observe_timestamps, select_times, verify_windows
from cosignpy.core.verify.steps import CERTIFICATE_STEPS, KEY_STEPS, Step
from cosignpy.core.verify.trail import Trail
from cosignpy.core.verify.transparency import TrustedEntry, verify_entries
from cosignpy.core.x509.chain import fingerprint
from cosignpy.core.x509.spellings import spell_path
from cosignpy.errors import ClaimMismatch, IdentityMismatch, SignatureMismatch, TransparencyError
from cosignpy.values import field, replace, value


@value
class Trust:
    """What a verification believes: the trusted root, and what comes beside signatures in place of within them.

    Attributes:
        root: Logs and authorities.
        detached_scts: Promises to show the certificate.
        detached_certificate: The certificate of whoever signed, and its issuers. Log entries of such a signature name
            the key alone.
        chains: What becomes of issuers that come with a signature.
        stamped_envelope: The octets of an envelope as it came, where timestamps may be over all of it in place of the
            signature in it: so cosign 2 had them made.
    """

    root: TrustedRoot
    detached_scts: tuple[Sct, ...] = ()
    detached_certificate: CertificateMaterial | None = None
    chains: ChainRule = ChainRule.REFUSE
    stamped_envelope: bytes = field(default=b"", repr=False)


@value
class Case:
    """One verification: all that its steps need."""

    bundle: Bundle
    content: SignedContent
    artifact: Artifact
    trust: Trust
    policy: BundlePolicy
    trail: Trail


def verify_bundle(bundle: Bundle, artifact: Artifact, trust: Trust, policy: BundlePolicy) -> VerifiedBundle:
    """Show that a bundle is a signature of this artifact that the policy accepts.

    An error has the trail of what was shown before (`cosignpy.core.verify.trail.trail_of`).

    Raises:
        MalformedError: It does not have what its version demands, or a part of it cannot be read.
        KeyUnusable: The certificate's key is one that nobody should use.
        VerificationError: Something that the policy demands was not shown; the class says what.
    """
    with _plan(policy) as trail:
        trail.step(Step.FORM, verify_form, bundle, trust.chains)
        believed = without_unproved_inclusion(bundle)
        content = trail.part(Step.ARTIFACT, select_content, bundle, artifact)
        case = Case(believed, content, artifact, trust, policy, trail)
        if isinstance(policy.signer, SignedByKey):
            return _verify_key(case, policy.signer)
        return _verify_certificate(case, policy.signer)


def _plan(policy: BundlePolicy) -> Trail:
    """Say which steps there will be, and which of them the policy waives."""
    keyed, waived = isinstance(policy.signer, SignedByKey), {}
    if isinstance(policy.transparency, SkipLogUnsafe):
        skipped = (Step.LOG, Step.CLAIMS, *((Step.TIME,) if keyed else ()))
        waived = dict.fromkeys(skipped, policy.transparency.reason)
    if isinstance(policy.signer, SignedByIdentity) and isinstance(policy.signer.sct, SkipSctUnsafe):
        waived[Step.SCT] = policy.signer.sct.reason
    return Trail(KEY_STEPS if keyed else CERTIFICATE_STEPS, waived, policy=policy)


def _verify_key(case: Case, signer: SignedByKey) -> VerifiedBundle:
    """The steps for a signature by a key that the verifier has; who had the key, and when, is not a question.

    Without a log nobody has to be believed, and so no authority is asked what time it was; but for keys, or policies,
    by which signatures of a certain time count only.
    """
    trail = case.trail
    key, algorithm = trail.step(Step.SIGNATURE, _verify_with_any, case, signer)
    trail.step(Step.DENY_LIST, case.policy.deny.refuse_key, key)
    timed = key in signer.windows or case.policy.window is not None
    if not timed and isinstance(case.policy.transparency, SkipLogUnsafe):
        return _conclude(case, Signer(key, algorithm), (), ())
    signed = trail.step(Step.TIME, _observe_timestamps, case)
    entries = trail.step(Step.LOG, _verify_log, case, signed)
    times = (*signed, *observe_promises(entries))
    if timed:
        trail.waived = {step: why for step, why in trail.waived.items() if step is not Step.TIME}
        trail.part(Step.TIME, verify_windows, case.policy, key, times)
    trail.step(Step.CLAIMS, _verify_claims, case, entries, LoggedSigner(key))
    return _conclude(case, Signer(key, algorithm), times, entries)


def _verify_with_any(case: Case, signer: SignedByKey) -> tuple[PublicKey, Algorithm]:
    """Try each key; the hint in a bundle is not authenticated and decides nothing."""
    if isinstance(case.bundle.material, CertificateMaterial):
        raise SignatureMismatch("made with a certificate, and the policy wants it made with a key")
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
    trail, root = case.trail, case.trust.root
    leaf = trail.part(Step.CERTIFICATE, _parse_leaf, case)
    signed = trail.part(Step.TIME, _observe_timestamps, case)
    entries = trail.step(Step.LOG, _verify_log, case, signed)
    times = trail.step(Step.TIME, select_times, signed, observe_promises(entries), signer.time)
    trail.times = times
    trail.part(Step.TIME, verify_windows, case.policy, leaf.key, times)
    if isinstance(signer.time, AssumeTimeUnsafe) and any(time.source is TimeSource.ASSUMED for time in times):
        trail.waived = {**trail.waived, Step.TIME: signer.time.reason}
    authority = trail.step(Step.CERTIFICATE, verify_authority, leaf, times, _complete_root(case))
    scts = trail.step(Step.SCT, verify_scts, leaf, authority, root, signer.sct, case.trust.detached_scts)
    finding = trail.part(Step.IDENTITY, _find_certificate, leaf, authority, scts, signer)
    trail.certificate = finding
    trail.step(Step.IDENTITY, _verify_identity, finding.identity, signer)
    trail.step(Step.DENY_LIST, _refuse_denied, case.policy.deny, leaf, authority, finding.identity)
    trail.step(Step.CLAIMS, _verify_claims, case, entries, _logged_signer(case, leaf))
    algorithm = trail.step(Step.SIGNATURE, verify_content, case.content, leaf.key)
    return _conclude(case, Signer(leaf.key, algorithm, finding), times, entries)


def _parse_leaf(case: Case) -> Leaf:
    """Take the certificate that comes with the signature, else the one given beside it; both have to be the same."""
    material, given = case.bundle.material, case.trust.detached_certificate
    if not isinstance(material, CertificateMaterial):
        if given is None:
            raise SignatureMismatch("made with a key, and the policy wants a certificate: name the key that made it")
        return parse_leaf(given)
    if given is not None and given.certificates[0] != material.certificates[0]:
        raise SignatureMismatch("made with another certificate than the one that is given")
    return parse_leaf(material)


def _complete_root(case: Case) -> TrustedRoot:
    """Return the trusted root, and the ways up to it that the signature's own issuers show, where those are wanted."""
    root, material = case.trust.root, case.bundle.material
    if case.trust.chains is not ChainRule.COMPLETE or not isinstance(material, CertificateMaterial):
        return root
    longer = complete_authorities(material.certificates[1:], root.certificate_authorities)
    return replace(root, certificate_authorities=(*root.certificate_authorities, *longer))


def _logged_signer(case: Case, leaf: Leaf) -> LoggedSigner:
    return LoggedSigner(
        leaf.key, leaf.certificate.der if isinstance(case.bundle.material, CertificateMaterial) else None
    )


def _observe_timestamps(case: Case) -> tuple[ObservedTime, ...]:
    responses, root = case.bundle.timestamps, case.trust.root
    try:
        found = observe_timestamps(responses, case.content.signature, root)
    except ClaimMismatch:
        if not case.trust.stamped_envelope:
            raise
        found = observe_timestamps(responses, _stamped_envelope(case), root)
    case.trail.times = found
    return found


def _stamped_envelope(case: Case) -> bytes:
    """Return the octets of the envelope, once they are shown to be of the one that holds the signature."""
    raw = case.trust.stamped_envelope
    if Envelope.parse(JsonObject.parse(raw, what="envelope")) != case.bundle.content:
        raise ClaimMismatch("envelope", "that of the bundle", "another")
    return raw


def _verify_log(case: Case, times: Sequence[ObservedTime]) -> tuple[TrustedEntry, ...]:
    """Show that enough trusted logs have the signature, each at a time when it was trusted."""
    rule = case.policy.transparency
    if isinstance(rule, SkipLogUnsafe):
        return ()
    entries = verify_entries(case.bundle.log_entries, case.trust.root)
    case.trail.entries = tuple([item.finding for item in entries])
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


def _find_certificate(
    leaf: Leaf, authority: CertificateAuthority, scts: tuple[SctFinding, ...], signer: SignedByIdentity
) -> CertificateFinding:
    waived = signer.sct.reason if isinstance(signer.sct, SkipSctUnsafe) else ""
    issuer = fingerprint(authority.chain[0])
    return CertificateFinding(
        leaf.certificate.der, read_identity(leaf.certificate), authority.uri, scts, waived, issuer
    )


def _verify_identity(identity: CertificateIdentity, signer: SignedByIdentity) -> None:
    if not signer.accepts(identity):
        asked = dict.fromkeys(name for rule in signer.rules for name in rule.extensions)
        raise IdentityMismatch(" or ".join(map(str, signer.rules)), identity.describe(asked))


def _refuse_denied(deny: DenyList, leaf: Leaf, authority: CertificateAuthority, identity: CertificateIdentity) -> None:
    """Refuse what the deny list has: a certificate of the authority denies all that it issued."""
    deny.refuse_key(leaf.key)
    if deny.certificates:
        deny.refuse_certificates(spell_path((leaf.certificate, *authority.chain)))
    deny.refuse_identity(identity)


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
        statement, digests = case.trail.part(
            Step.ARTIFACT, verify_statement, case.content.envelope, case.artifact, case.policy.predicate
        )
    else:
        case.trail.part(Step.ARTIFACT, verify_no_statement_wanted, case.policy.predicate)
    case.trail.passed.add(Step.ARTIFACT)
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
        subjects=statement.subjects if statement is not None else (),
        steps=case.trail.steps(),
        policy=case.policy,
    )
