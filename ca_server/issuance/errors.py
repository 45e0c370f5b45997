"""What can go wrong while a certificate is issued, each with its true reason.

    IssuanceRefused
    ├── KeyUnparsable, KeyInsecure, AlgorithmNotAllowed     the key
    ├── RequestUnparsable                                   the certificate signing request
    ├── ProofRefused                                        nobody showed to have the private key
    ├── LogRefused                                          no log has the certificate
    ├── AuthorityFailed                                     our own failure
    └── NotNow                                              nothing is wrong, but for the moment
        ├── LogsBusy
        └── TooMany

What clients are told of them is in `refusals`.
"""

from cosignpy.errors import CosignError
from cosignpy.values import record


@record
class IssuanceRefused(CosignError):
    """Nothing is issued; `why` is for the audit log and holds no secret."""

    why: str

    def __str__(self) -> str:
        return self.why


class KeyUnparsable(IssuanceRefused):
    """The public key is none."""


class KeyInsecure(IssuanceRefused):
    """A public key whose private half others may know, or of a kind that is not certified at all."""


class AlgorithmNotAllowed(IssuanceRefused):
    """A sound key of a kind that this authority is not to certify."""


class RequestUnparsable(IssuanceRefused):
    """The certificate signing request is none."""


class ProofRefused(IssuanceRefused):
    """The client did not show that it has the private key."""


class LogRefused(IssuanceRefused):
    """No log promised to show the certificate, or one promised something else."""


class AuthorityFailed(IssuanceRefused):
    """The authority cannot issue now: its certificate is too old, its key does not sign, what it made is wrong."""


@record
class NotNow(IssuanceRefused):
    """Nothing is wrong with the request; it may be made again in `retry_after` seconds."""

    retry_after: float


class LogsBusy(NotNow):
    """So many certificates wait for the logs that another one would only wait in vain."""


class TooMany(NotNow):
    """The identity asks for certificates more often than it may."""
