"""Errors of services that refused, failed or did not answer."""

from cosignpy.errors.usage import CosignError
from cosignpy.values import record


@record
class RemoteError(CosignError):
    """A service that answered with a failure. `url` never carries credentials or query values."""

    service: str
    url: str
    status: int | None
    detail: str
    retryable: bool = False
    hint: str | None = None

    def __str__(self) -> str:
        status = f" with {self.status}" if self.status is not None else ""
        return f"{self.service} answered{status} at {self.url}: {self.detail}"


@record
class Unreachable(RemoteError):
    """No usable answer: refused, reset, timed out, name not resolved, TLS failed."""

    def __str__(self) -> str:
        return f"cannot reach {self.service} at {self.url}: {self.detail}"


@record
class AccessDenied(RemoteError):
    """Credentials are missing, wrong or not enough (401, 403)."""


@record
class RateLimited(RemoteError):
    """The service asks to slow down (429); `retry_after` seconds where it said so."""

    retry_after: float | None = None
