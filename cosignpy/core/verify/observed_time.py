"""When a signature existed already, as authorities vouch for it (client spec, step "Establishing a time").

A timestamp counts when a trusted authority signed it within the time that the trusted root gives it. The time that a
log states counts when the log promised the entry, for nothing else binds it: proofs and checkpoints do not.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.bundle import BundlePolicy, SignedByKey
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.transparency import AssumeTimeUnsafe, RequireSignedTime, RequireTime
from cosignpy.core.timestamp.response import GRANTED, TimestampResponse
from cosignpy.core.timestamp.verify import TimestampChain, UnknownSigner, verify_timestamp
from cosignpy.core.trust.trusted_root import CertificateAuthority, TrustedRoot
from cosignpy.core.verify.findings import ObservedTime, TimeSource
from cosignpy.core.verify.transparency import TrustedEntry
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import fingerprint
from cosignpy.errors import TimestampError, VerificationError


def observe_timestamps(responses: Sequence[bytes], signature: bytes, trust: TrustedRoot) -> tuple[ObservedTime, ...]:
    """Return the times that trusted timestamp authorities vouch for, one of each authority.

    Timestamps of other authorities are passed over. One by a trusted authority has to hold.

    Raises:
        MalformedError: A timestamp that is not one.
        TimestampError: Made when the authority was not trusted, refused by it, or there are only others' timestamps.
        SignatureMismatch: Not signed by the authority that it names.
        CertificateError: The authority's certificates were not valid then.
        ClaimMismatch: Made for another signature.
    """
    tokens = [_parse_token(response) for response in responses]
    seen = [_observe(token, signature, trust.timestamp_authorities) for token in tokens]
    found = {time.authority: time for time in reversed(seen) if time is not None}
    if seen and not found:
        raise TimestampError("timestamp", "no authority made it that the trusted root names")
    return tuple(reversed(found.values()))


def _parse_token(der: bytes) -> bytes:
    """Return the token of an answer; granted with modifications is not what a signer asked for."""
    response = TimestampResponse.parse(der)
    if response.status != GRANTED:
        raise TimestampError("timestamp", f"its status is {response.status}, not granted")
    return response.granted()


def _observe(token: bytes, signature: bytes, authorities: Iterable[CertificateAuthority]) -> ObservedTime | None:
    """Return the time by the authority that made the token; None where it is none of these."""
    failure: VerificationError | None = None
    for authority in authorities:
        try:
            return _verify_token(token, signature, authority)
        except UnknownSigner:
            continue
        except VerificationError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return None


def _verify_token(token: bytes, signature: bytes, authority: CertificateAuthority) -> ObservedTime:
    verified = verify_timestamp(token, signature, _chain_of(authority.chain))
    moment = verified.info.moment
    if not authority.validity.covers(moment):
        raise TimestampError(
            "timestamp", f"{moment.isoformat()} is outside of the time in which {authority.uri} is trusted"
        )
    signer = fingerprint(verified.certificate)
    return ObservedTime(moment, TimeSource.TIMESTAMP_AUTHORITY, authority.uri, signer)


@lru_cache(maxsize=64)
def _chain_of(certificates: tuple[Certificate, ...]) -> TimestampChain:
    """Sort an authority's certificates once, however many bundles are verified with them."""
    return TimestampChain.of(certificates)


def observe_promises(entries: Sequence[TrustedEntry]) -> tuple[ObservedTime, ...]:
    """Return the times at which trusted logs promised entries, one of each log."""
    found: dict[str, ObservedTime] = {}
    for item in entries:
        if item.finding.integrated_time is not None:
            time = ObservedTime(item.finding.integrated_time, TimeSource.LOG, item.log.base_url, item.log.log_id)
            found.setdefault(time.authority, time)
    return tuple(found.values())


def select_times(
    signed: Sequence[ObservedTime],
    promised: Sequence[ObservedTime],
    rule: RequireTime | RequireSignedTime | AssumeTimeUnsafe,
) -> tuple[ObservedTime, ...]:
    """Return the times at which a certificate has to be valid: all that were observed.

    Raises:
        TimestampError: They are fewer than the policy demands.
    """
    found = (*signed, *promised)
    if isinstance(rule, AssumeTimeUnsafe):
        return found or (ObservedTime(rule.moment, TimeSource.ASSUMED, ""),)
    counted, kind = (signed, "signed timestamps") if isinstance(rule, RequireSignedTime) else (found, "observed times")
    if len(counted) < rule.threshold:
        raise TimestampError("bundle", f"{len(counted)} {kind} by trusted authorities, {rule.threshold} needed")
    return found


def verify_windows(policy: BundlePolicy, key: PublicKey, times: Sequence[ObservedTime]) -> None:
    """Show that a signature was made when the policy lets its key count, and when it lets any signature count.

    Raises:
        TimestampError: It was not, or nobody says when that was.
    """
    own = policy.signer.windows.get(key) if isinstance(policy.signer, SignedByKey) else None
    if own is not None:
        verify_window(key, own, times)
    if policy.window is not None:
        verify_signed_in(policy.window, times)


def verify_window(key: PublicKey, window: KeyWindow, times: Sequence[ObservedTime]) -> None:
    """Show that a key counted when it signed, which it had done by the earliest time that was observed.

    Raises:
        TimestampError: It did not count then, or nobody says when that was.
    """
    _verify_earliest(times, window, f"the key {key.fingerprint} counts {window} only")


def verify_signed_in(window: KeyWindow, times: Sequence[ObservedTime]) -> None:
    """Show that a signature was made in a time, whoever made it; a time that is assumed shows nothing.

    Raises:
        TimestampError: It was there before or came after, or nobody says when that was.
    """
    vouched = [time for time in times if time.source is not TimeSource.ASSUMED]
    _verify_earliest(vouched, window, f"signatures count {window} only")


def _verify_earliest(times: Sequence[ObservedTime], window: KeyWindow, rule: str) -> None:
    if not times:
        raise TimestampError("bundle", f"no authority or log says when it was signed, and {rule}")
    first = min(times, key=lambda time: time.moment)
    if not window.covers(first.moment):
        raise TimestampError("bundle", f"signed by {first.moment.isoformat()}, says {first.authority}, and {rule}")
