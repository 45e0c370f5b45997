"""Proving credentials to a registry before they are kept."""

from enum import Enum
from http import HTTPStatus

from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.session import RegistrySession


class LoginProof(Enum):
    """What a login has shown."""

    ACCEPTED = "accepted"
    NOT_ASKED = "not asked"
    """The registry answers everyone; whether the credentials are right is not known."""


def verify_login(registry: str, options: RegistryOptions) -> LoginProof:
    """Show the credentials of the options to a registry (distribution spec, "Determining Support").

    Raises:
        AccessDenied: They are wrong.
        RemoteError: The registry failed, or is none.
    """
    session = RegistrySession(registry, options)
    try:
        with session.send("GET", "/v2/", repository="") as response:
            if response.status != HTTPStatus.OK:
                raise session.error(response, "login")
            return LoginProof.ACCEPTED if session.was_challenged else LoginProof.NOT_ASKED
    finally:
        session.close()
