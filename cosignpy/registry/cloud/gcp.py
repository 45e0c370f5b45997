"""Google's registries: an access token of an hour for whoever the machine, the pod or the environment is there.

https://cloud.google.com/artifact-registry/docs/docker/authentication#token
"""

import logging
from datetime import UTC
from typing import Any, Final

import google.auth
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import Request

from cosignpy.errors import MalformedError, RemoteError
from cosignpy.net.redaction import redact_text
from cosignpy.registry.cloud.issued import READ_SECONDS, Issued
from cosignpy.registry.credentials import BasicCredential
from cosignpy.registry.options import RegistryOptions

logging.getLogger("google").setLevel(logging.INFO)  # below that it writes tokens down

_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
"""What tokens for registries have; what they allow is decided by the roles of whom they are issued to."""
_USER: Final = "oauth2accesstoken"


class _Patient(Request):
    """Sends requests of the SDK, and waits no longer than we do."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the SDK's own
        return super().__call__(*arguments, **{**options, "timeout": READ_SECONDS})  # type: ignore[no-untyped-call] # ditto


def key(_registry: str) -> tuple[str, ...]:
    """Return nothing more: one token is for all of Google's registries."""
    return ()


def issue(_registry: str, _options: RegistryOptions) -> Issued | None:
    """Ask for a token; None where nobody here has credentials for Google Cloud.

    Raises:
        RemoteError: Google failed, or refused.
        MalformedError: The answer has no token in it, or no end.
    """
    request = _Patient()
    credentials: Any  # the SDK has annotations for some of it only
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE], request=request)
        credentials.refresh(request)
    except DefaultCredentialsError:
        return None
    except (GoogleAuthError, AttributeError, KeyError, TypeError, ValueError) as error:  # answers are taken on trust
        raise RemoteError("Google Cloud", "its token service", None, redact_text(str(error))) from error
    if not isinstance(credentials.token, str) or not credentials.token or credentials.expiry is None:
        raise MalformedError("answer of Google Cloud", "no token with an end in it")
    return Issued(BasicCredential(_USER, credentials.token), credentials.expiry.replace(tzinfo=UTC).timestamp())
