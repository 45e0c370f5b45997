"""Why nothing is issued, and what clients are told about it.

Each error holds the true reason, for the audit log. Clients read one of a few sentences, those of the real server
(fulcio `pkg/server/error.go`), which other programs look for; 5xx and 429 make them try again. The code of gRPC
that goes with a status is for `serving.rpc_status` to know.
"""

import math
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from ca_server.identity.claims import TokenRefused
from ca_server.identity.issuer_keys import IssuerUnreachable
from ca_server.issuance.errors import (
    AlgorithmNotAllowed,
    AuthorityFailed,
    KeyInsecure,
    KeyUnparsable,
    LogRefused,
    LogsBusy,
    NotNow,
    ProofRefused,
    RequestUnparsable,
    TooMany,
)
from cosignpy.errors import CosignError
from cosignpy.serving.problem import Problem
from cosignpy.values import value


@value
class Refusal:
    """What a client is told: a status and one sentence."""

    status: HTTPStatus
    message: str


REFUSALS: Final[Mapping[type[CosignError], Refusal]] = MappingProxyType(
    {
        TokenRefused: Refusal(HTTPStatus.BAD_REQUEST, "There was an error processing the identity token"),
        IssuerUnreachable: Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "There was an error processing the identity token",
        ),
        KeyUnparsable: Refusal(HTTPStatus.BAD_REQUEST, "The public key supplied in the request could not be parsed"),
        KeyInsecure: Refusal(HTTPStatus.BAD_REQUEST, "The public key supplied in the request is insecure"),
        AlgorithmNotAllowed: Refusal(HTTPStatus.BAD_REQUEST, "signing algorithm not permitted"),
        RequestUnparsable: Refusal(HTTPStatus.BAD_REQUEST, "The certificate signing request could not be parsed"),
        ProofRefused: Refusal(HTTPStatus.BAD_REQUEST, "The signature supplied in the request could not be verified"),
        LogRefused: Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Error entering certificate in CTL"),
        LogsBusy: Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Error entering certificate in CTL"),
        AuthorityFailed: Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "error communicating with CA backend"),
        TooMany: Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many certificates for this identity"),
    }
)
"""The one table of answers, by the class of the error."""

UNFORESEEN: Final = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "the server failed; its log says why")


def refusal_of(error: BaseException) -> Refusal:
    """Return what to tell the client of an error, by its class or the nearest it derives from."""
    return next((REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS), UNFORESEEN)


def problem_of_refusal(error: CosignError) -> Problem:
    """Return the answer to a request for which nothing was issued; it says when to ask again where that is known."""
    refusal = refusal_of(error)
    seconds = error.retry_after if isinstance(error, NotNow | IssuerUnreachable) else 0.0
    headers = ((b"retry-after", b"%d" % math.ceil(seconds)),) if seconds else ()
    return Problem(refusal.status, refusal.message, headers)
