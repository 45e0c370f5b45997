"""The first thing to do about an error, where the error itself does not say it."""

from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.core.verify.steps import Step
from cosignpy.core.verify.trail import trail_of
from cosignpy.errors import (
    AccessDenied,
    CertificateError,
    ClaimMismatch,
    CosignError,
    Denied,
    DigestMismatch,
    FilesMismatch,
    LimitExceeded,
    MalformedError,
    NoMatchingSignatures,
    NoSuchTag,
    PolicyRefused,
    RateLimited,
    Rejection,
    RemoteError,
    SignatureMismatch,
    TimestampError,
    TransparencyError,
    Unreachable,
)

_OTHER_ENTRY: Final = "do not use the bundle: its log entry is about something else; have the artifact signed again"
_OTHER_ROOT: Final = (
    "look whether the trusted root is that of whoever signed: cosignpy trusted-root inspect shows whom it names"
)

_BY_STEP: Final[Mapping[tuple[Step, type[CosignError]], str]] = {
    (Step.CLAIMS, ClaimMismatch): _OTHER_ENTRY,
    (Step.TIME, ClaimMismatch): "do not use the bundle: its timestamp is of another signature; have it signed again",
    (Step.TIME, SignatureMismatch): _OTHER_ROOT,
    (Step.LOG, SignatureMismatch): _OTHER_ROOT,
    (Step.SCT, SignatureMismatch): _OTHER_ROOT,
}
"""What an error means at one step, where it means something else than elsewhere."""

_BY_KIND: Final[Mapping[type[CosignError], str]] = {
    AccessDenied: "log in with an account that may read it: cosignpy login",
    CertificateError: _OTHER_ROOT,
    ClaimMismatch: "compare what was signed with what you asked for: the signature was made for something else",
    Denied: "ask whoever keeps the list why it is on it, and have the artifact signed by somebody else",
    DigestMismatch: "do not use what this place gives out until you know why it is not what its digest says",
    FilesMismatch: "get these files anew from whoever signed the list, and do not use them before",
    LimitExceeded: "look at who wrote it: nothing of that size is needed here",
    MalformedError: "get it anew from whoever made it: it is damaged, or something else than it should be",
    PolicyRefused: "ask whoever keeps the policy: no signature makes up for it",
    NoSuchTag: "check the name, and that it was pushed",
    RateLimited: "wait a while, or log in: cosignpy login",
    SignatureMismatch: "ask whoever signed which key or identity they use; if it is this one, the artifact was changed",
    TimestampError: _OTHER_ROOT,
    TransparencyError: _OTHER_ROOT,
    Unreachable: "check the network and the address, and try again",
    RemoteError: "try again later, or tell whoever runs the service what it answered",
}
"""By class, the more special one first."""


def advise(error: CosignError) -> str:
    """Return the first thing to do; empty where there is nothing to say that the error does not say itself."""
    if error.hint:
        return error.hint
    if isinstance(error, MalformedError) and error.what == "image reference":
        return "write it as registry/name:tag, or registry/name@sha256:HEX"
    if isinstance(error, NoMatchingSignatures) and error.rejections:
        return advise(closest(error.rejections).error)
    if isinstance(error, ClaimMismatch) and error.claim == "predicate type":
        from cosignpy.core.predicates.types import suggest_type  # of no use to who is not refused

        return suggest_type([error.found], error.wanted)
    trail = trail_of(error)
    if trail is not None and (trail.current, type(error)) in _BY_STEP:
        return _BY_STEP[trail.current, type(error)]
    return next((advice for kind, advice in _BY_KIND.items() if isinstance(error, kind)), "")


def closest(rejections: Sequence[Rejection]) -> Rejection:
    """Return the signature of which the most was shown: of several, most likely the one that was meant."""
    return max(rejections, key=_shown)


def _shown(rejection: Rejection) -> int:
    trail = trail_of(rejection.error)
    return len(trail.passed) if trail is not None else 0
