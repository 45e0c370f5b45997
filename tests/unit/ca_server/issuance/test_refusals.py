"""What clients are told when nothing is issued: the words of the real server, and when to ask again."""

import json
from http import HTTPStatus
from typing import Final

import pytest

from ca_server.identity.claims import TokenRefused
from ca_server.identity.issuer_keys import IssuerUnreachable
from ca_server.issuance.errors import (
    AlgorithmNotAllowed,
    AuthorityFailed,
    IssuanceRefused,
    KeyInsecure,
    KeyUnparsable,
    LogRefused,
    LogsBusy,
    ProofRefused,
    RequestUnparsable,
    TooMany,
)
from ca_server.issuance.refusals import REFUSALS, UNFORESEEN, problem_of_refusal, refusal_of
from cosignpy.errors import CosignError
from cosignpy.serving.rpc_status import rpc_status

WHY: Final = "the true reason"
KEY: Final = "The public key supplied in the request"


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (TokenRefused(WHY), 400, 3, "There was an error processing the identity token"),
        (IssuerUnreachable("iss", WHY, 1.0), 503, 14, "There was an error processing the identity token"),
        (KeyUnparsable(WHY), 400, 3, f"{KEY} could not be parsed"),
        (KeyInsecure(WHY), 400, 3, f"{KEY} is insecure"),
        (AlgorithmNotAllowed(WHY), 400, 3, "signing algorithm not permitted"),
        (RequestUnparsable(WHY), 400, 3, "The certificate signing request could not be parsed"),
        (ProofRefused(WHY), 400, 3, "The signature supplied in the request could not be verified"),
        (LogRefused(WHY), 500, 13, "Error entering certificate in CTL"),
        (LogsBusy(WHY, 1.0), 503, 14, "Error entering certificate in CTL"),
        (AuthorityFailed(WHY), 500, 13, "error communicating with CA backend"),
        (TooMany(WHY, 2.0), 429, 8, "too many certificates for this identity"),
    ],
)
def test_each_refusal_is_answered_as_the_real_server_does(
    error: CosignError, status: int, code: int, message: str
) -> None:
    problem = problem_of_refusal(error)
    assert problem.status == status
    assert json.loads(rpc_status(problem).content) == {"code": code, "message": message, "details": []}
    assert WHY not in problem.detail
    assert WHY in str(error)


def test_every_refusal_is_in_the_table() -> None:
    def below(kind: type[CosignError]) -> set[type[CosignError]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    concrete = {kind for kind in below(IssuanceRefused) if not kind.__subclasses__()}
    assert concrete <= REFUSALS.keys()


@pytest.mark.parametrize(
    "error",
    [LogsBusy(WHY, 1.0), TooMany(WHY, 0.2), IssuerUnreachable("iss", WHY, 0.001)],
    ids=["logs", "identity", "issuer"],
)
def test_who_may_ask_again_is_told_when(error: CosignError) -> None:
    assert problem_of_refusal(error).headers == ((b"retry-after", b"1"),)


@pytest.mark.parametrize("error", [TokenRefused(WHY), LogRefused(WHY)])
def test_who_need_not_ask_again_is_not_told_to(error: CosignError) -> None:
    assert problem_of_refusal(error).headers == ()


def test_a_refusal_that_derives_from_another_is_answered_like_it() -> None:
    class Newer(ProofRefused):
        pass

    assert refusal_of(Newer(WHY)) == REFUSALS[ProofRefused]


def test_nothing_is_told_of_what_nobody_foresaw() -> None:
    assert refusal_of(RuntimeError("token")) == UNFORESEEN
    assert UNFORESEEN.status == HTTPStatus.INTERNAL_SERVER_ERROR
