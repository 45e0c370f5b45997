"""Signing with keys that live for minutes: an identity is certified for a new key, which never leaves the memory.

One certificate serves for all signatures of a run, so that a person is asked once and the authority too. It is renewed,
for another key, before it could expire between a signature and the moment that a log or timestamp puts on it.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from cosignpy.core.fulcio import IssuedCertificate
from cosignpy.core.keys.algorithms import DEFAULT, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.operations.complete_bundle import SigningKey
from cosignpy.operations.signing_ports import CertificateAuthority, IdentitySource

RESERVE: Final = timedelta(minutes=2)
"""How long a certificate must still be valid for another signature: logging takes up to 11 s with the real server's
default settings, and a timestamp follows. Of one that lives shorter than twice that, half of its life."""


class KeylessSigner:
    """Certifies a key when one is needed; safe to share among threads, which then share its certificate."""

    def __init__(
        self,
        identities: IdentitySource,
        authority: CertificateAuthority,
        now: Callable[[], datetime],
        algorithm: Algorithm = DEFAULT,
    ) -> None:
        """Get ready; nobody is asked for anything yet."""
        self._identities = identities
        self._authority = authority
        self._now = now
        self._algorithm = algorithm
        self._lock = threading.Lock()
        self._current: SigningKey | None = None
        self._renew_at: datetime | None = None

    def certified(self) -> SigningKey:
        """Return a key whose certificate is valid for long enough to make, log and timestamp a signature.

        Raises:
            CosignError: There is no identity to be had, or no certificate for it.
        """
        with self._lock:
            if self._current is None or self._renew_at is None or self._now() >= self._renew_at:
                self._current = self._certify()
            return self._current

    def _certify(self) -> SigningKey:
        credential = self._identities.obtain()
        key = PrivateKey.generate(self._algorithm)
        issued = self._authority.request_certificate(key, credential.raw, credential.identity.challenge)
        self._renew_at = _renewal(issued, self._now())
        return SigningKey(key, issued.leaf, issued.issuers)


def _renewal(issued: IssuedCertificate, now: datetime) -> datetime:
    left = issued.not_after - now
    return issued.not_after - min(RESERVE, left / 2)
