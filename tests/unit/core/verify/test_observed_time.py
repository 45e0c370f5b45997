"""When a signature existed: who may say so, and when they are believed."""

from datetime import datetime, timedelta
from typing import Final

import pytest

from cosignpy.core.bundle.model import MessageSignature
from cosignpy.core.policy.bundle import BundlePolicy, SignedByKey
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.core.policy.transparency import AssumeTimeUnsafe, RequireLog, RequireSignedTime, RequireTime
from cosignpy.core.timestamp.response import encode_granted
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.trust.validity import Validity
from cosignpy.core.verify.findings import ObservedTime, TimeSource
from cosignpy.core.verify.observed_time import (
    observe_promises,
    observe_timestamps,
    select_times,
    verify_signed_in,
    verify_window,
    verify_windows,
)
from cosignpy.core.verify.transparency import verify_entries
from cosignpy.errors import CertificateError, ClaimMismatch, MalformedError, SignatureMismatch, TimestampError
from cosignpy.values import replace
from tests.support import timestamps
from tests.support.certificates import MIDDLE, START
from tests.support.virtual_sigstore import BY_ALICE, ROOT, TSA, USER_KEY, stamp, v1_bundle, v2_bundle

SIGNATURE: Final = b"a signature\n"
SEEN: Final = ObservedTime(MIDDLE, TimeSource.TIMESTAMP_AUTHORITY, TSA)
LOGGED: Final = ObservedTime(MIDDLE, TimeSource.LOG, "https://rekor.test")
SECOND: Final = timedelta(seconds=1)
MOMENT: Final = timedelta(microseconds=1)
AUTHORITY: Final = ROOT.timestamp_authorities[0]
STRANGER: Final = replace(
    AUTHORITY, uri="https://stranger.test", chain=(timestamps.leaf(issuer=timestamps.ROOT), *AUTHORITY.chain[2:])
)


def trust(**changes: object) -> TrustedRoot:
    return replace(ROOT, timestamp_authorities=(replace(AUTHORITY, **changes),))


def test_a_timestamp_of_a_trusted_authority_counts() -> None:
    assert observe_timestamps([stamp(SIGNATURE)], SIGNATURE, ROOT) == (SEEN,)
    assert observe_timestamps([], SIGNATURE, ROOT) == ()


def test_of_one_authority_the_first_counts() -> None:
    found = observe_timestamps([stamp(SIGNATURE), stamp(SIGNATURE, MIDDLE + SECOND)], SIGNATURE, ROOT)
    assert found == (SEEN,)


def test_an_authority_is_trusted_to_the_last_moment() -> None:
    assert observe_timestamps([stamp(SIGNATURE)], SIGNATURE, trust(validity=Validity(MIDDLE, MIDDLE))) == (SEEN,)
    for validity in (Validity(MIDDLE + SECOND), Validity(START, MIDDLE - SECOND), Validity(None)):
        with pytest.raises(TimestampError, match="outside of the time"):
            observe_timestamps([stamp(SIGNATURE)], SIGNATURE, trust(validity=validity))


def test_a_timestamp_of_nobody_who_is_trusted_does_not_count() -> None:
    for root in (TrustedRoot(), replace(ROOT, timestamp_authorities=(STRANGER,))):
        with pytest.raises(TimestampError, match="no authority"):
            observe_timestamps([stamp(SIGNATURE)], SIGNATURE, root)


def test_strangers_are_passed_over() -> None:
    root = replace(ROOT, timestamp_authorities=(STRANGER, AUTHORITY))
    assert observe_timestamps([stamp(SIGNATURE)], SIGNATURE, root) == (SEEN,)
    theirs = encode_granted(timestamps.good_token(timestamps.info(nonce=None), STRANGER.chain[0]))
    assert observe_timestamps([theirs, stamp(SIGNATURE)], SIGNATURE, ROOT) == (SEEN,)


def test_the_same_authority_may_be_trusted_at_several_times() -> None:
    before = replace(AUTHORITY, validity=Validity(START, START))
    root = replace(ROOT, timestamp_authorities=(before, AUTHORITY))
    assert observe_timestamps([stamp(SIGNATURE)], SIGNATURE, root) == (SEEN,)
    after = replace(AUTHORITY, validity=Validity(None))
    first = replace(before, uri="https://first.test")
    with pytest.raises(TimestampError, match=r"outside of the time in which https://first\.test"):
        observe_timestamps([stamp(SIGNATURE)], SIGNATURE, replace(ROOT, timestamp_authorities=(first, after)))


def test_what_a_trusted_authority_made_has_to_hold() -> None:
    with pytest.raises(ClaimMismatch):
        observe_timestamps([stamp(SIGNATURE)], b"another", ROOT)
    broken = bytearray(stamp(SIGNATURE))
    broken[-1] ^= 1
    with pytest.raises(SignatureMismatch):
        observe_timestamps([bytes(broken)], SIGNATURE, ROOT)
    with pytest.raises(CertificateError):
        observe_timestamps([stamp(SIGNATURE, MIDDLE + timedelta(days=1))], SIGNATURE, ROOT)
    with pytest.raises(MalformedError):
        observe_timestamps([b"x"], SIGNATURE, ROOT)
    with pytest.raises(ClaimMismatch):
        observe_timestamps([stamp(SIGNATURE), stamp(b"another")], SIGNATURE, ROOT)


def test_a_timestamp_has_to_be_granted_as_it_was_asked_for() -> None:
    granted = stamp(SIGNATURE)
    assert granted.count(bytes.fromhex("3003020100")) == 1
    with pytest.raises(TimestampError, match="status is 1"):
        observe_timestamps([granted.replace(bytes.fromhex("3003020100"), bytes.fromhex("3003020101"))], SIGNATURE, ROOT)
    with pytest.raises(TimestampError, match="status is 2"):
        observe_timestamps([bytes.fromhex("30053003020102")], SIGNATURE, ROOT)


def test_promises_count_once_for_each_log() -> None:
    (entry,) = verify_entries(v1_bundle().log_entries, ROOT)
    assert observe_promises([entry, entry]) == (LOGGED,)
    content = v2_bundle().content
    assert isinstance(content, MessageSignature)
    assert observe_promises(verify_entries(v2_bundle().log_entries, ROOT)) == ()


def test_all_times_have_to_hold_and_enough_of_them() -> None:
    assert select_times((SEEN,), (LOGGED,), RequireTime(2)) == (SEEN, LOGGED)
    assert select_times((), (LOGGED,), RequireTime()) == (LOGGED,)
    assert select_times((SEEN,), (LOGGED,), RequireSignedTime()) == (SEEN, LOGGED)
    for signed, promised, rule in (
        ((), (), RequireTime()),
        ((SEEN,), (LOGGED,), RequireTime(3)),
        ((), (LOGGED,), RequireSignedTime()),
        ((SEEN,), (LOGGED,), RequireSignedTime(2)),
    ):
        with pytest.raises(TimestampError):
            select_times(signed, promised, rule)


def test_a_time_is_assumed_only_where_nobody_saw_one() -> None:
    rule = AssumeTimeUnsafe(START, "test")
    assert select_times((), (), rule) == (ObservedTime(START, TimeSource.ASSUMED, ""),)
    assert select_times((SEEN,), (), rule) == (SEEN,)
    assert select_times((), (LOGGED,), rule) == (LOGGED,)


def seen(*moments: datetime) -> list[ObservedTime]:
    return [replace(SEEN, moment=moment) for moment in moments]


@pytest.mark.parametrize(
    ("moments", "window"),
    [
        ((MIDDLE,), KeyWindow(MIDDLE)),
        ((MIDDLE + MOMENT, MIDDLE), KeyWindow(MIDDLE, MIDDLE + MOMENT)),
        ((MIDDLE, MIDDLE + MOMENT), KeyWindow(None, MIDDLE + MOMENT)),
    ],
)
def test_a_key_counts_where_the_earliest_time_is_in_its_own(moments: tuple[datetime, ...], window: KeyWindow) -> None:
    verify_window(USER_KEY.public_key, window, seen(*moments))


@pytest.mark.parametrize(
    ("moments", "window", "why"),
    [
        ((), KeyWindow(MIDDLE), "no authority or log says when it was signed"),
        ((MIDDLE - MOMENT, MIDDLE), KeyWindow(MIDDLE), "signed by 2026-01-01T00:04:59"),
        ((MIDDLE, MIDDLE - MOMENT), KeyWindow(MIDDLE), "signed by 2026-01-01T00:04:59"),
        ((MIDDLE,), KeyWindow(None, MIDDLE), "signed by 2026-01-01T00:05:00"),
    ],
)
def test_a_key_does_not_count_otherwise(moments: tuple[datetime, ...], window: KeyWindow, why: str) -> None:
    with pytest.raises(TimestampError) as refused:
        verify_window(USER_KEY.public_key, window, seen(*moments))
    assert refused.value.why.startswith(why)
    assert USER_KEY.public_key.fingerprint in refused.value.why
    assert str(window) in refused.value.why


@pytest.mark.parametrize(
    ("moments", "passes"), [((MIDDLE,), True), ((MIDDLE + MOMENT, MIDDLE), True), ((MIDDLE - MOMENT, MIDDLE), False)]
)
def test_a_signature_counts_where_its_earliest_time_does(moments: tuple[datetime, ...], passes: bool) -> None:
    if passes:
        verify_signed_in(KeyWindow(MIDDLE), seen(*moments))
        return
    with pytest.raises(TimestampError, match="signatures count from 2026-01-01T00:05:00"):
        verify_signed_in(KeyWindow(MIDDLE), seen(*moments))


def test_a_time_that_nobody_vouches_for_says_nothing_of_a_signature() -> None:
    assumed = ObservedTime(MIDDLE, TimeSource.ASSUMED, "")
    verify_signed_in(KeyWindow(MIDDLE), [assumed, SEEN])
    with pytest.raises(TimestampError, match="no authority or log says when it was signed"):
        verify_signed_in(KeyWindow(MIDDLE), [assumed])


TOO_LATE: Final = KeyWindow(MIDDLE + MOMENT)
IN_TIME: Final = KeyWindow(MIDDLE)


@pytest.mark.parametrize(
    ("own", "window", "why"),
    [
        (TOO_LATE, IN_TIME, USER_KEY.public_key.fingerprint),
        (IN_TIME, TOO_LATE, "signatures count"),
        (None, TOO_LATE, "signatures count"),
        (TOO_LATE, None, USER_KEY.public_key.fingerprint),
    ],
)
def test_the_time_of_a_key_and_that_of_a_policy_both_count(
    own: KeyWindow | None, window: KeyWindow | None, why: str
) -> None:
    key = USER_KEY.public_key
    signer = SignedByKey((key,), {} if own is None else {key: own})
    with pytest.raises(TimestampError, match=why):
        verify_windows(BundlePolicy(signer, RequireLog(), window=window), key, seen(MIDDLE))
    in_time = SignedByKey((key,), {key: IN_TIME})
    verify_windows(BundlePolicy(in_time, RequireLog(), window=IN_TIME), key, seen(MIDDLE))


def test_a_certificate_has_the_time_of_the_policy_only() -> None:
    key = USER_KEY.public_key
    verify_windows(BY_ALICE, key, ())
    verify_windows(replace(BY_ALICE, window=IN_TIME), key, seen(MIDDLE))
    with pytest.raises(TimestampError, match="signatures count"):
        verify_windows(replace(BY_ALICE, window=TOO_LATE), key, seen(MIDDLE))
