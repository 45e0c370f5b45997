"""Renewal: at no moment of years does a server show a certificate that the bundles do not have the authority of."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.values import replace
from cosignpy.webhook.certificates.issuing import AUTHORITY_LIFETIME, SERVER_LIFETIME, Identity
from cosignpy.webhook.certificates.kept import Kept
from cosignpy.webhook.certificates.steps import (
    FORMER_KEPT,
    RENEWED_BEFORE,
    REPLACED_BEFORE,
    SETTLING,
    next_moment,
    next_step,
    prepare,
)

NOW: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
NAMES: Final = ("webhook.cosign-system.svc",)
KEPT: Final = Kept.begin(NAMES, NOW)
LONG: Final = timedelta(days=1)
"""For so long bundles have had everything."""


def test_what_is_fresh_stays_until_it_is_due() -> None:
    assert next_step(KEPT, NAMES, NOW, LONG) is KEPT
    assert next_moment(KEPT, NOW) == NOW + SERVER_LIFETIME - RENEWED_BEFORE


def test_a_server_gets_another_certificate_of_the_same_authority_in_time() -> None:
    due = next_moment(KEPT, NOW)
    renewed = next_step(KEPT, NAMES, due, None)
    assert next_step(KEPT, NAMES, due - timedelta(seconds=1), None) is KEPT
    assert renewed == replace(KEPT, server=renewed.server)
    assert renewed.server.certificate.not_after == due + SERVER_LIFETIME
    assert renewed.server.key.public_key != KEPT.server.key.public_key
    assert renewed.bundle == KEPT.bundle


def test_other_names_get_another_certificate_at_once() -> None:
    renewed = next_step(KEPT, (*NAMES, "127.0.0.1"), NOW, None)
    assert renewed.fault((*NAMES, "127.0.0.1"), NOW) == ""
    assert renewed.bundle == KEPT.bundle


def test_an_authority_is_replaced_in_three_steps() -> None:
    due = NOW + AUTHORITY_LIFETIME - REPLACED_BEFORE
    kept = replace(KEPT, server=next_step(KEPT, NAMES, due - LONG, None).server)
    prepared = next_step(kept, NAMES, due, LONG)
    assert prepared.following is not None
    assert prepared == replace(kept, following=prepared.following)
    for settled in (None, timedelta(0), SETTLING - timedelta(seconds=1)):
        assert next_step(prepared, NAMES, due, settled) is prepared
    switched = next_step(prepared, NAMES, due, SETTLING)
    assert (switched.authority, switched.former) == (prepared.following.certificate, kept.authority)
    assert (switched.authority_key, switched.following) == (prepared.following.key, None)
    assert switched.fault(NAMES, due) == ""
    assert switched.bundle == prepared.bundle
    assert next_moment(switched, due) == due + FORMER_KEPT
    assert next_step(switched, NAMES, due + FORMER_KEPT - timedelta(seconds=1), LONG) is switched
    assert next_step(switched, NAMES, due + FORMER_KEPT, None) == replace(switched, former=None)


def test_what_the_policy_controller_left_is_served_with_until_ours_has_taken_over() -> None:
    foreign = replace(KEPT, authority_key=None)
    prepared = next_step(foreign, NAMES, NOW, None)
    assert prepared.server == foreign.server
    assert prepared.following is not None
    assert next_step(prepared, NAMES, NOW, SETTLING).authority == prepared.following.certificate


def test_what_has_expired_is_not_waited_for() -> None:
    """The cluster was away for a year: nothing works, so only that the bundles have the new authority counts."""
    late = NOW + AUTHORITY_LIFETIME + LONG
    prepared = next_step(KEPT, NAMES, late, LONG)
    assert next_step(prepared, NAMES, late, None) is prepared
    assert next_step(prepared, NAMES, late, timedelta(0)).fault(NAMES, late) == ""


def test_an_authority_that_is_none_is_replaced() -> None:
    broken = replace(KEPT, authority=KEPT.server.certificate, authority_key=KEPT.server.key)
    prepared = next_step(broken, NAMES, NOW, timedelta(0))
    assert prepared.following is not None
    assert next_step(prepared, NAMES, NOW, timedelta(0)).fault(NAMES, NOW) == ""


def test_a_replacement_can_be_begun_before_it_is_due() -> None:
    prepared = prepare(KEPT, NOW)
    assert prepared.following is not None
    assert prepare(prepared, NOW) is prepared


def _life(kept: Kept, until: datetime) -> Iterator[tuple[datetime, Kept]]:
    """Go from moment to moment; bundles have what the step before kept."""
    now = NOW
    while now < until:
        settled = SETTLING if kept.following else LONG
        step = next_step(kept, NAMES, now, settled)
        yield now, step
        now = now if step is not kept else max(next_moment(step, now), now + timedelta(seconds=2))
        kept = step


def test_bundles_and_certificates_agree_for_five_years() -> None:
    """Replicas serve with this or the former certificate, API servers have this or the former bundle: each pair agrees.

    What lies between two steps is less than a day: for so long the former authority stays.
    """
    former, authorities = KEPT, {KEPT.authority.der}
    for now, kept in _life(KEPT, NOW + timedelta(days=5 * 365)):
        for server in (former.server, kept.server):
            for bundle in (former.bundle, kept.bundle):
                assert _believes(bundle, server, now), now
        assert kept.server.certificate.not_after - now > RENEWED_BEFORE - timedelta(minutes=1)
        authorities.add(kept.authority.der)
        former = kept
    assert len(authorities) == 6


def _believes(bundle: bytes, server: Identity, now: datetime) -> bool:
    authorities = [Certificate.parse(der) for der in parse_chain_pem(bundle, most=3)]
    return any(not Kept(server, authority).fault(NAMES, now) for authority in authorities)
