"""What is stamped, and under which policy (RFC 3161 section 2.4.1)."""

from typing import Self

from ca_server.config import TimestampSettings
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.x509.der_values import encode_oid
from cosignpy.errors import CosignError, MalformedError, UsageError
from cosignpy.values import record, value


@record
class StampRefused(CosignError):
    """No timestamp is given; `why` is for the audit line."""

    why: str

    def __str__(self) -> str:
        return self.why


class UnacceptedPolicy(StampRefused):
    """The client wants a policy that this authority does not follow."""


class UnacceptedExtension(StampRefused):
    """The client wants something that only an extension says, critical or not; none is understood here."""


class NotValidNow(StampRefused):
    """The authority's own certificates are not valid at the moment: nobody could verify the token."""


@value
class StampPolicy:
    """The policy of tokens whose clients do not care, and those that clients may ask for."""

    default: str
    accepted: frozenset[str]

    @classmethod
    def of(cls, settings: TimestampSettings) -> Self:
        """Take the policies of the settings.

        Raises:
            UsageError: One of them is not an object identifier.
        """
        named = (settings.policy, *settings.policies)
        for policy in named:
            try:
                encode_oid(policy, what="policy")
            except MalformedError as error:
                raise UsageError(f"{policy!r} is not the object identifier of a policy") from error
        return cls(settings.policy, frozenset(named))

    def select(self, request: TimestampRequest) -> str:
        """Return the policy under which a request is stamped.

        Raises:
            UnacceptedPolicy: It asks for another than are followed here.
            UnacceptedExtension: It has extensions, which the real server refuses as well.
        """
        if request.policy is not None and request.policy not in self.accepted:
            raise UnacceptedPolicy(f"policy {request.policy}")
        if request.extensions:
            raise UnacceptedExtension(f"{len(request.extensions)} extensions")
        return request.policy or self.default
