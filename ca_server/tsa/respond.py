"""Giving a stamp: policy, clock, statement, token, answer (RFC 3161 section 2.4.2)."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from ca_server.authority.profile import Period
from ca_server.authority.protocol import CertifiedKey, TimestampAuthority, period_of
from ca_server.tsa.clock import StampClock
from ca_server.tsa.policy import NotValidNow, StampPolicy, StampRefused
from cosignpy.core.timestamp.info import TimestampInfo
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.timestamp.response import encode_granted
from cosignpy.core.timestamp.token import TokenSigner
from cosignpy.core.x509.der import encode_element
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.values import field, value

ACCURACY: Final = timedelta(seconds=1)
"""How far from the truth a stamp may be; the real server says the same."""
SERIAL_BITS: Final = 160
"""Of the serial number (RFC 3161 section 2.4.2: clients have to be ready for as many)."""

_DIRECTORY_NAME: Final = 0xA4


@value
class Stamp:
    """A stamp that was given: what it states, and the answer in DER."""

    info: TimestampInfo
    response: bytes = field(repr=False)


@value
class _Prepared:
    """What all stamps under one certificate have in common."""

    key: CertifiedKey
    signer: TokenSigner
    authority: bytes
    period: Period

    @classmethod
    def of(cls, key: CertifiedKey, *, with_chain: bool) -> "_Prepared":
        leaf, *issuers = key.chain
        signer = TokenSigner.of(key.signer, leaf, issuers if with_chain else ())
        authority = encode_element(_DIRECTORY_NAME, TbsCertificate.parse(leaf).subject)
        return cls(key, signer, authority, period_of(key.chain))

    def refuse_unless_valid(self, moment: datetime) -> None:
        if not self.period.begin <= moment <= self.period.end:
            raise NotValidNow(f"the certificates of the timestamp authority are not valid at {moment.isoformat()}")


class Responder:
    """Answers requests, under the certificate that is in force."""

    def __init__(
        self,
        authority: TimestampAuthority,
        policy: StampPolicy,
        clock: StampClock,
        *,
        with_chain: bool = False,
        draw_serial: Callable[[], int] = lambda: secrets.randbits(SERIAL_BITS),
    ) -> None:
        self._authority = authority
        self._policy = policy
        self._clock = clock
        self._with_chain = with_chain
        self._draw_serial = draw_serial
        self._prepared = _Prepared.of(authority.current(), with_chain=with_chain)

    def respond(self, request: TimestampRequest) -> Stamp:
        """Give a stamp.

        Raises:
            StampRefused: The policy, the clock or the authority's own certificate does not allow it.
            CosignError: The key cannot sign.
        """
        policy = self._policy.select(request)
        prepared = self._prepare()
        moment = self._clock.stamp(prepared.refuse_unless_valid)
        info = TimestampInfo(
            policy,
            request.imprint,
            self._draw_serial(),
            moment,
            ACCURACY,
            False,  # noqa: FBT003 # all in their order: named, they take three times as long
            request.nonce,
            prepared.authority,
            (),
        )
        token = prepared.signer.sign(info.encode(), moment, with_certificates=request.certificates)
        return Stamp(info, encode_granted(token))

    def chain(self) -> tuple[bytes, ...]:
        """Return the certificates that stamps are given under now, the leaf first."""
        return self._prepare().key.chain

    def trouble(self) -> str:
        """Say why no stamp can be given now; nothing if one can."""
        try:
            self._prepare().refuse_unless_valid(self._clock.look())
        except StampRefused as error:
            return error.why
        return ""

    def _prepare(self) -> _Prepared:
        key = self._authority.current()
        if key is not self._prepared.key:
            self._prepared = _Prepared.of(key, with_chain=self._with_chain)
        return self._prepared
