"""What an authority demands, in plain words, and the nearest change after which it would pass."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cosignpy.cli.render.advice import advise, closest
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.verify.trail import trail_of
from cosignpy.errors import (
    ConditionRefused,
    CosignError,
    Denied,
    IdentityMismatch,
    NoMatchingSignatures,
    NoSignatures,
    PolicyRefused,
    SignatureMismatch,
)
from cosignpy.imagepolicy.decision import AuthorityVerdict, PolicyVerdict
from cosignpy.imagepolicy.model import Authority, Key, Keyless, Static
from cosignpy.imagepolicy.requirements import log_of_certificates

REQUIRE: Final = "spec.require"
"""The clause that refuses where too few authorities pass."""


def demands_of(authority: Authority) -> Iterator[str]:
    """Say what an authority demands, a line for each thing."""
    signer = authority.signer
    if isinstance(signer, Static):
        yield f"no signature: it says {signer.action.value} of every image"
        return
    yield f"signed by {name_signers(authority)}"
    if isinstance(signer, Keyless):
        yield from _demanded_certificates(signer)
    if isinstance(signer, Key) and signer.window is not None:
        yield f"while the key counts: {signer.window}"
    yield from _demanded_times(authority)
    for attestation in authority.attestations:
        condition = f", for which its {attestation.policy.type.value} condition holds" if attestation.policy else ""
        yield f"an attestation of type {attestation.predicate_type}{condition}"
    if authority.source is not None and authority.source.oci:
        yield f"found in {authority.source.oci}"


def _demanded_certificates(signer: Keyless) -> Iterator[str]:
    """Say how many have to sign, and who vouches for them if not the trusted root."""
    if signer.require > 1:
        yield f"by {signer.require} of them"
    if signer.trust_root_ref:
        yield f"by a certificate that the TrustRoot {signer.trust_root_ref} vouches for"
    if signer.ca_cert is not None:
        yield "by a certificate that those of ca-cert issued"


def _demanded_times(authority: Authority) -> Iterator[str]:
    """Say who has to vouch for a time, and how long ago it may be."""
    if authority.rfc3161timestamp is not None:
        yield "a timestamp of a timestamp authority"
    elif _asks_log(authority):
        yield "an entry of a transparency log"
    if authority.max_age is not None:
        hours = int(authority.max_age.total_seconds() // 3600)
        yield f"not longer ago than {f'{hours // 24} days' if hours % 24 == 0 else f'{hours} hours'}"


def name_signers(authority: Authority) -> str:
    """Name whom an authority accepts."""
    signer = authority.signer
    if isinstance(signer, Keyless):
        return " or ".join(str(identity.rule) for identity in signer.identities)
    if isinstance(signer, Key) and signer.data is not None:
        return f"the {signer.data.algorithm.key} key {signer.data.fingerprint}"
    return "a key that is not in the document" if isinstance(signer, Key) else "anybody"


def nearest_change(verdict: AuthorityVerdict) -> str:
    """Say what would make an authority pass that did not; empty where nothing is known."""
    error = verdict.error
    if error is None:
        return ""
    signer = verdict.authority.signer
    if isinstance(error, NoMatchingSignatures) and isinstance(signer, Keyless) and signer.require > 1:
        return f"let {signer.require} of these sign it: {name_signers(verdict.authority)}"
    if isinstance(error, NoMatchingSignatures) and error.rejections:
        error = closest(error.rejections).error
    change = next((_CHANGES[kind] for kind in _CHANGES if isinstance(error, kind)), None)
    return change(verdict.authority, error) if change is not None else advise(error)


def nearest_policy_change(verdict: PolicyVerdict, error: CosignError) -> str:
    """Say what would make a policy pass that refuses whatever its authorities say of themselves."""
    if isinstance(error, ConditionRefused):
        place = f" in {error.file}:{error.line}" if error.file else ""
        return f"let what the condition is about come true, or change it{place}"
    if isinstance(error, Denied):
        return f"use another image: {verdict.clause} denies this one, and no signature makes up for it"
    if verdict.clause == REQUIRE:
        return f"let {verdict.policy.require} authorities pass: each says what it wants"
    return advise(error)


def _unsigned(authority: Authority, error: CosignError) -> str:
    what = "attest it" if isinstance(error, NoSignatures) and error.what != "signatures" else "sign it"
    return f"let {name_signers(authority)} {what}"


def _other_identity(authority: Authority, error: CosignError) -> str:
    trail = trail_of(error)
    if trail is None or trail.certificate is None:
        return advise(error)
    found = trail.certificate.identity
    return f"let {name_signers(authority)} sign it, or add {found} to {authority.place.key}.keyless.identities"


def _other_key(authority: Authority, error: CosignError) -> str:
    if not isinstance(authority.signer, Key):
        return advise(error)
    policy = authority.place.key.rpartition("[")[0]
    return f"let {name_signers(authority)} sign it, or add an authority to {policy} for whoever did"


def _static(authority: Authority, error: CosignError) -> str:
    if not isinstance(authority.signer, Static):
        return advise(error)
    return f"leave the image out of spec.images, or take {authority.place.key} away: no signature makes up for it"


def _condition(authority: Authority, error: CosignError) -> str:
    place = f" in {error.file}:{error.line}" if isinstance(error, ConditionRefused) and error.file else ""
    return f"let {name_signers(authority)} attest something for which the condition holds, or change it{place}"


_CHANGES: Final[Mapping[type[CosignError], Callable[[Authority, CosignError], str]]] = {
    NoSignatures: _unsigned,
    IdentityMismatch: _other_identity,
    SignatureMismatch: _other_key,
    ConditionRefused: _condition,
    PolicyRefused: _static,
}
"""By what refused, the more special one first; for all else it is what is always advised."""


def _asks_log(authority: Authority) -> bool:
    if isinstance(authority.signer, Key):
        return authority.ctlog is not None and bool(authority.ctlog.url or authority.ctlog.trust_root_ref)
    return isinstance(log_of_certificates(authority), RequireLog)
