"""What becomes of certificates in time: one step after the other, none of which an API server notices.

issued ──leaf old──▶ another leaf of the same authority; no bundle changes
   │ authority old
   ▼
prepared: the next authority is in the Secret, and put into all bundles beside the present one
   │ all bundles have had it for `SETTLING`
   ▼
switched: the next authority issues the leaf; the former one stays in the bundles, for replicas that are late
   │ `FORMER_KEPT` later
   ▼
issued
"""

from datetime import datetime, timedelta
from typing import Final

from cosignpy.values import replace
from cosignpy.webhook.certificates.issuing import BACKDATED, Identity, create_authority, issue_server
from cosignpy.webhook.certificates.kept import Kept

RENEWED_BEFORE: Final = timedelta(days=10)
"""A server's certificate is replaced when no more than this is left of it."""
REPLACED_BEFORE: Final = timedelta(days=60)
"""An authority is, so that it outlives all that it issued."""
SETTLING: Final = timedelta(minutes=1)
"""How long all bundles have an authority before it is used: API servers hear of them within seconds."""
FORMER_KEPT: Final = timedelta(days=1)
"""How long a replica may serve with what the others have replaced."""


def next_step(kept: Kept, names: tuple[str, ...], now: datetime, settled: timedelta | None) -> Kept:
    """Return what is to be kept from now on: the same, or what one step changes.

    `settled` is for how long all bundles have had all authorities that are kept; None where one lacks any. Where the
    server's certificate is believed by nobody, only the bundles are waited for.
    """
    is_broken = bool(kept.fault(names, now))
    if kept.following and settled is not None and (is_broken or settled >= SETTLING):
        return _switch(kept, kept.following, names, now)
    if kept.authority_key and kept.authority.not_after > now and (is_broken or _is_due(kept, now)):
        renewed = replace(kept, server=issue_server(Identity(kept.authority, kept.authority_key), names, now))
        if not renewed.fault(names, now):
            return renewed
    if not kept.following and (
        is_broken or kept.authority_key is None or kept.authority.not_after - now <= REPLACED_BEFORE
    ):
        return prepare(kept, now)
    if kept.former and now - _issued(kept) >= FORMER_KEPT:
        return replace(kept, former=None)
    return kept


def next_moment(kept: Kept, now: datetime) -> datetime:
    """Return when to look again, if nothing happens before; never in the past."""
    moments = [kept.authority.not_after - REPLACED_BEFORE] if not kept.following else []
    moments += [kept.server.certificate.not_after - RENEWED_BEFORE] if _can_last_longer(kept) else []
    moments += [_issued(kept) + FORMER_KEPT] if kept.former else []
    return max(min(moments, default=now), now)


def prepare(kept: Kept, now: datetime) -> Kept:
    """Begin to replace the authority, whatever its age."""
    return kept if kept.following else replace(kept, following=create_authority(now))


def _switch(kept: Kept, following: Identity, names: tuple[str, ...], now: datetime) -> Kept:
    return Kept(
        issue_server(following, names, now), following.certificate, following.key, following=None, former=kept.authority
    )


def _is_due(kept: Kept, now: datetime) -> bool:
    return kept.server.certificate.not_after - now <= RENEWED_BEFORE and _can_last_longer(kept)


def _can_last_longer(kept: Kept) -> bool:
    """Whether another certificate of the same authority would outlive this one."""
    return kept.authority_key is not None and kept.authority.not_after > kept.server.certificate.not_after


def _issued(kept: Kept) -> datetime:
    return kept.server.certificate.not_before + BACKDATED
