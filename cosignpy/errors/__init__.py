"""Everything that can go wrong, as data a caller can decide on.

One class per thing a caller would do differently. Errors never print, log or exit; what a person
reads is `str(error)`, one line, and `hint` says what to do about it where that is known.
Exit codes live in `cosignpy.cli.exit_codes`, which maps these classes once.

    CosignError
    ├── UsageError                  the request itself is wrong
    ├── MalformedError              bytes from outside that are not what they claim to be
    │   ├── LimitExceeded           too much of it
    │   └── InvalidPredicate        JSON that is not what its predicate type says
    ├── KeyUnusable                 a key that cannot do what was asked
    │   └── WrongPassword
    ├── IdentityUnusable            an identity token, or a way to one, that is no good for signing
    │   └── NoIdentity              nobody to sign as
    ├── VerificationError           proof is missing or false
    │   ├── DigestMismatch          content is not what its digest says
    │   ├── SignatureMismatch       no given key made this signature
    │   ├── ClaimMismatch           properly signed, but it says something else
    │   ├── IdentityMismatch        the certificate names somebody whom the policy does not accept
    │   ├── Denied                  a key, certificate or identity that the policy refuses whatever else is true
    │   ├── CertificateError        a certificate that does not prove what it is shown for
    │   ├── TimestampError          a timestamp that does not prove the time it is shown for
    │   ├── TransparencyError       a Merkle proof leads elsewhere: the log does not hold what it should
    │   ├── UntrustedRepository     a trust repository (TUF) whose metadata cannot be believed
    │   ├── TransparencyRequired    a log entry is needed and was neither given nor waived
    │   ├── PolicyRefused               a policy that refuses an image whoever signed it, or that covers none
    │   │   └── ConditionRefused        a condition of a policy that does not hold, or that gave no answer
    │   ├── FilesMismatch           files that are not what a signed list of checksums says
    │   └── NoMatchingSignatures    signatures exist, none satisfies the policy
    │       └── AttestationsRefused attestations that count, and do not say what the conditions want
    ├── NotFoundError
    │   ├── NoSuchTag               the registry does not know this tag or digest
    │   ├── NoSignatures            the artifact is there, unsigned
    │   └── NoSuchTarget            the trust repository does not have this file
    ├── DeadlineExceeded            the command took longer than it was allowed to
    ├── FileError                   a local file that cannot be read or must not be overwritten
    ├── HelperFailed                a credential helper that could not do what was asked
    ├── ClusterError                the API server of a Kubernetes cluster did not do what it was asked for
    │   ├── ClusterUnreachable      no usable answer
    │   ├── Forbidden               401 and 403
    │   ├── Conflict                somebody else changed the object
    │   └── AlreadyThere            an object of that name exists
    └── RemoteError                 a service that refused, failed or did not answer
        ├── Unreachable             no answer at all
        ├── AccessDenied            401 and 403
        └── RateLimited             429
"""

from cosignpy.errors.cluster import AlreadyThere, ClusterError, ClusterUnreachable, Conflict, Forbidden
from cosignpy.errors.remote import (
    AccessDenied,
    RateLimited,
    RemoteError,
    Unreachable,
)
from cosignpy.errors.usage import (
    CosignError,
    DeadlineExceeded,
    FileError,
    HelperFailed,
    IdentityUnusable,
    InvalidPredicate,
    KeyUnusable,
    LimitExceeded,
    MalformedError,
    NoIdentity,
    NoSignatures,
    NoSuchTag,
    NoSuchTarget,
    NotFoundError,
    UsageError,
    WrongPassword,
)
from cosignpy.errors.verification import (
    AttestationsRefused,
    CertificateError,
    ClaimMismatch,
    ConditionRefused,
    Denied,
    DigestMismatch,
    FilesMismatch,
    IdentityMismatch,
    NoMatchingSignatures,
    PolicyRefused,
    Rejection,
    SignatureMismatch,
    TimestampError,
    TransparencyError,
    TransparencyRequired,
    UntrustedRepository,
    VerificationError,
)

__all__ = [
    "AccessDenied",
    "AlreadyThere",
    "AttestationsRefused",
    "CertificateError",
    "ClaimMismatch",
    "ClusterError",
    "ClusterUnreachable",
    "ConditionRefused",
    "Conflict",
    "CosignError",
    "DeadlineExceeded",
    "Denied",
    "DigestMismatch",
    "FileError",
    "FilesMismatch",
    "Forbidden",
    "HelperFailed",
    "IdentityMismatch",
    "IdentityUnusable",
    "InvalidPredicate",
    "KeyUnusable",
    "LimitExceeded",
    "MalformedError",
    "NoIdentity",
    "NoMatchingSignatures",
    "NoSignatures",
    "NoSuchTag",
    "NoSuchTarget",
    "NotFoundError",
    "PolicyRefused",
    "RateLimited",
    "Rejection",
    "RemoteError",
    "SignatureMismatch",
    "TimestampError",
    "TransparencyError",
    "TransparencyRequired",
    "Unreachable",
    "UntrustedRepository",
    "UsageError",
    "VerificationError",
    "WrongPassword",
]
