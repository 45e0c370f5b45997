"""Errors of the API server of a Kubernetes cluster."""

from cosignpy.errors.usage import CosignError
from cosignpy.values import record


@record
class ClusterError(CosignError):
    """The API server did not do what it was asked for.

    `what` was to be done, as in `create secrets x/webhook-certs`; `where` is the server's address; `status` the HTTP
    status of its answer, None where there is no usable one.
    """

    what: str
    where: str
    why: str
    status: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        status = f" ({self.status})" if self.status is not None else ""
        return f"cannot {self.what} at {self.where}: {self.why}{status}"


@record
class ClusterUnreachable(ClusterError):
    """No usable answer: refused, reset, timed out, TLS failed, or larger than is read."""


@record
class Forbidden(ClusterError):
    """The API server does not know us (401), or our role lacks a right (403); the hint names verb and resource."""


@record
class Conflict(ClusterError):
    """Somebody else changed the object since it was read (409); read it again."""


@record
class AlreadyThere(ClusterError):
    """An object of that name exists (409)."""
