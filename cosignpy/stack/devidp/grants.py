"""What was granted and is not yet redeemed: authorization codes and refresh tokens, each good for one use."""

import secrets
from typing import Final

from cosignpy.stack.devidp.expiring import Expiring, Now
from cosignpy.stack.devidp.identity import Identity
from cosignpy.values import field, replace, value

CODE_SECONDS: Final = 60.0
"""A client redeems its code at once; RFC 6749 section 4.1.2 allows ten minutes."""
REFRESH_SECONDS: Final = 24 * 3600.0

_CODES: Final = 1_000
_REFRESH_TOKENS: Final = 10_000


@value
class Approval:
    """What somebody said yes to. All that comes of it is one `family`, which is revoked as a whole."""

    client_id: str
    identity: Identity
    scopes: tuple[str, ...]
    moment: int
    family: str = field(default_factory=lambda: secrets.token_hex(16))


@value
class IssuedCode:
    """An authorization code's other half: what the client has to show with it (RFC 6749 4.1.3, RFC 7636 4.5)."""

    approval: Approval
    redirect_uri: str
    challenge: str
    nonce: str
    spent: bool = False


@value
class _Refresh:
    approval: Approval
    spent: bool = False


class GrantBook:
    """Codes and refresh tokens. One that is shown a second time was stolen: its family ends (RFC 9700 section 4.14)."""

    def __init__(self, now: Now) -> None:
        self._codes: Expiring[IssuedCode] = Expiring(CODE_SECONDS, _CODES, now)
        self._refresh: Expiring[_Refresh] = Expiring(REFRESH_SECONDS, _REFRESH_TOKENS, now)
        self._revoked: Expiring[bool] = Expiring(REFRESH_SECONDS, _REFRESH_TOKENS, now)

    def add_code(self, code: str, issued: IssuedCode) -> None:
        """Remember a code."""
        self._codes.put(code, issued)

    def redeem_code(self, code: str, client_id: str) -> IssuedCode | None:
        """Return what a code stands for, once, whatever comes of it then; None if it stands for nothing."""
        issued = self._codes.get(code)
        if issued is None or issued.approval.client_id != client_id:
            return None
        if issued.spent:
            self._revoked.put(issued.approval.family, content=True)
            return None
        self._codes.change(code, replace(issued, spent=True))
        return issued

    def add_refresh(self, token: str, approval: Approval) -> None:
        """Remember a refresh token."""
        self._refresh.put(token, _Refresh(approval))

    def find_refresh(self, token: str, client_id: str) -> Approval | None:
        """Return what a refresh token stands for; None if it stands for nothing, or was stolen."""
        found = self._refresh.get(token)
        if found is None or found.approval.client_id != client_id:
            return None
        if found.spent:
            self._revoked.put(found.approval.family, content=True)
        return None if self._revoked.get(found.approval.family) else found.approval

    def spend_refresh(self, token: str) -> None:
        """Note that a refresh token, which is known, was exchanged for the next."""
        found = self._refresh.get(token)
        if found is not None:
            self._refresh.change(token, replace(found, spent=True))
