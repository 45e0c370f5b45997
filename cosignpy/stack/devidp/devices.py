"""Devices that wait for their user to approve elsewhere (RFC 8628)."""

import secrets
from enum import StrEnum
from typing import Final

from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256

from cosignpy.stack.devidp.expiring import Expiring, Now
from cosignpy.stack.devidp.grants import Approval
from cosignpy.values import record, value

DEVICE_SECONDS: Final = 600
INTERVAL_SECONDS: Final = 5
"""Between two polls; each one that comes early makes it so much longer (RFC 8628 section 3.5)."""

_DEVICES: Final = 1_000
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Without vowels there are no words, and nothing looks like something else (RFC 8628 section 6.1)."""
_HALF: Final = 4


class DeviceState(StrEnum):
    """Where a device is: oauthlib's word for approval, and the errors of RFC 8628 section 3.5."""

    AUTHORIZED = "authorized"
    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    EXPIRED = "expired_token"
    DENIED = "access_denied"


@value
class DeviceCodes:
    """The two codes of a request: the device keeps one, its user types the other."""

    device_code: str
    user_code: str


@record
class Device:
    """A device's request, and what its user said to it.

    With a `challenge` the device also has to show what that was made of (RFC 7636). RFC 8628 knows nothing of it, but
    cosign sends one and Keycloak can demand it.
    """

    codes: DeviceCodes
    client_id: str
    scopes: tuple[str, ...]
    expires: float
    interval: int
    challenge: str = ""
    next_poll: float = 0.0
    approval: Approval | None = None
    denied: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether its user has said nothing yet."""
        return self.approval is None and not self.denied


class DeviceBook:
    """The devices that wait."""

    def __init__(self, now: Now, interval: int = INTERVAL_SECONDS) -> None:
        self._now = now
        self._interval = interval
        # Twice as long as they are good for, so that a late device is told that it is late.
        self._by_device_code: Expiring[Device] = Expiring(2 * DEVICE_SECONDS, _DEVICES, now)
        self._by_user_code: Expiring[Device] = Expiring(DEVICE_SECONDS, _DEVICES, now)

    def add(self, codes: DeviceCodes, client_id: str, scopes: tuple[str, ...], challenge: str = "") -> None:
        """Remember a request."""
        device = Device(codes, client_id, scopes, self._now() + DEVICE_SECONDS, self._interval, challenge)
        self._by_device_code.put(codes.device_code, device)
        self._by_user_code.put(normalize(codes.user_code), device)

    def find(self, user_code: str) -> Device | None:
        """Return the request that a user names, None if there is none that waits for an answer."""
        device = self._by_user_code.get(normalize(user_code))
        return device if device is not None and device.is_open else None

    def poll(self, device_code: str, client_id: str, verifier: str = "") -> tuple[DeviceState | None, Approval | None]:
        """Tell a device where it is; None if it is nowhere, or somebody else's. An approval is handed out once."""
        device = self._by_device_code.get(device_code)
        if device is None or device.client_id != client_id or not _is_answered(device.challenge, verifier):
            return None, None
        now = self._now()
        if now >= device.expires:
            return DeviceState.EXPIRED, None
        if now < device.next_poll:
            device.interval += INTERVAL_SECONDS
            device.next_poll = now + device.interval
            return DeviceState.SLOW_DOWN, None
        device.next_poll = now + device.interval
        if device.is_open:
            return DeviceState.PENDING, None
        self._by_device_code.forget(device_code)
        return (DeviceState.DENIED, None) if device.denied else (DeviceState.AUTHORIZED, device.approval)


def _is_answered(challenge: str, verifier: str) -> bool:
    return not challenge or code_challenge_method_s256(verifier, challenge)


def make_user_code() -> str:
    """Return a code to type, of 34 bits: a thousand that wait, and there are still 25 million wrong ones for each."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(2 * _HALF))
    return f"{letters[:_HALF]}-{letters[_HALF:]}"


def normalize(user_code: str) -> str:
    """Return a user's code without what people put into it or leave out."""
    return "".join(letter for letter in user_code.upper() if letter.isalnum())
