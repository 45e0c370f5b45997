"""A stamp as it is given: what the real server states, by our clock, under the certificate in force."""

from datetime import timedelta

import pytest

from ca_server.authority.protocol import CertifiedKey
from ca_server.config import TimestampSettings
from ca_server.tsa.clock import ClockUntrusted
from ca_server.tsa.policy import NotValidNow, StampPolicy, UnacceptedPolicy
from ca_server.tsa.respond import SERIAL_BITS, Responder
from cosignpy.core.cms.signed_data import parse_signed_data
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.info import TimestampInfo
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.timestamp.verify import TimestampChain, verify_timestamp
from cosignpy.core.x509.der import encode_element
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.values import record, replace
from tests.support.tsa_clock import MADE, SERIAL, START, MovedClock, authority, made, responder

MESSAGE = b"a signature"
REQUEST = TimestampRequest(MessageImprint.of(MESSAGE), None, 0xCAFE, certificates=True)
CHAIN = MADE.timestamping.chain


def test_a_stamp_states_what_the_real_server_states() -> None:
    stamp = responder(MovedClock()).respond(REQUEST)
    found = TimestampResponse.parse(stamp.response)
    assert found.status == 0
    proved = verify_timestamp(found.granted(), MESSAGE, TimestampChain.parse(CHAIN), nonce=0xCAFE)
    assert (
        proved.info
        == stamp.info
        == TimestampInfo(
            "1.3.6.1.4.1.57264.2",
            REQUEST.imprint,
            SERIAL,
            START,
            timedelta(seconds=1),
            nonce=0xCAFE,
            authority=encode_element(0xA4, TbsCertificate.parse(CHAIN[0]).subject),
        )
    )


def certificates(request: TimestampRequest, settings: TimestampSettings) -> tuple[bytes, ...]:
    response = responder(MovedClock(), settings).respond(request).response
    return parse_signed_data(TimestampResponse.parse(response).granted(), what="token").certificates


def test_certificates_come_along_as_the_settings_say() -> None:
    plain, chain = TimestampSettings(), TimestampSettings(chain=True)
    assert certificates(REQUEST, plain) == CHAIN[:1]
    assert set(certificates(REQUEST, chain)) == set(CHAIN)
    assert certificates(replace(REQUEST, certificates=False), chain) == ()


def test_without_a_nonce_there_is_none() -> None:
    assert responder(MovedClock()).respond(replace(REQUEST, nonce=None)).info.nonce is None


def test_serial_numbers_are_drawn() -> None:
    settings = StampPolicy.of(TimestampSettings())
    drawn = {Responder(authority(), settings, MovedClock().stamping()).respond(REQUEST).info.serial for _ in range(8)}
    assert len(drawn) == 8
    assert all(0 <= serial < 1 << SERIAL_BITS for serial in drawn)


def test_what_is_refused_leaves_no_trace_on_the_clock() -> None:
    moved = MovedClock()
    refusing = responder(moved)
    with pytest.raises(UnacceptedPolicy):
        refusing.respond(replace(REQUEST, policy="1.2.3"))
    moved.set_by(-1)
    assert refusing.respond(REQUEST)


def test_a_clock_that_is_not_trusted_stamps_nothing_and_says_so() -> None:
    moved = MovedClock()
    refusing = responder(moved)
    assert refusing.trouble() == ""
    moved.set_by(60)
    with pytest.raises(ClockUntrusted):
        refusing.respond(REQUEST)
    assert "set by +60.0 s" in refusing.trouble()


def test_certificates_that_have_expired_stamp_nothing() -> None:
    moved = MovedClock()
    refusing = responder(moved, hierarchy=made(timedelta(hours=2)))
    moved.pass_time(3600)
    assert refusing.respond(REQUEST)
    moved.pass_time(1)
    with pytest.raises(NotValidNow):
        refusing.respond(REQUEST)
    assert "not valid" in refusing.trouble()


def test_a_clock_far_ahead_of_the_certificates_leaves_no_trace() -> None:
    """It is put right before a stamp was given: nothing stands in the way of the first."""
    moved = MovedClock(wall=START.timestamp() + 365 * 24 * 3600)
    clock = moved.stamping()
    refusing = Responder(authority(), StampPolicy.of(TimestampSettings()), clock)
    with pytest.raises(NotValidNow):
        refusing.respond(REQUEST)
    assert clock.last == 0
    moved.set_by(-365 * 24 * 3600)
    clock.confirm(clock.read(), 60)
    assert refusing.respond(REQUEST).info.moment == START


def test_certificates_that_are_not_valid_yet_stamp_nothing() -> None:
    assert responder(MovedClock(wall=START.timestamp() - 3600)).respond(REQUEST)
    with pytest.raises(NotValidNow):
        responder(MovedClock(wall=START.timestamp() - 3601)).respond(REQUEST)


@record
class Rotating:
    """An authority whose key is exchanged while it serves."""

    key: CertifiedKey

    def current(self) -> CertifiedKey:
        return self.key

    def trusted_chains(self) -> tuple[tuple[bytes, ...], ...]:
        return (self.key.chain,)


def test_a_new_certificate_is_taken_up() -> None:
    rotating = Rotating(MADE.timestamping.certified)
    stamping = Responder(rotating, StampPolicy.of(TimestampSettings()), MovedClock().stamping())
    other = made()
    assert stamping.chain() == CHAIN
    rotating.key = other.timestamping.certified
    assert stamping.chain() == other.timestamping.chain
    token = TimestampResponse.parse(stamping.respond(REQUEST).response).granted()
    assert verify_timestamp(token, MESSAGE, TimestampChain.parse(other.timestamping.chain))
