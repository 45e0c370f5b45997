"""Finding entries in Rekor v1: what is asked, and which answers are believed."""

import json
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.rekor.proposals import propose_dsse_v001, propose_hashedrekord_v001
from cosignpy.core.rekor.searches import search_rounds
from cosignpy.errors import ClaimMismatch, CosignError, RemoteError
from cosignpy.net.http import Request
from cosignpy.services.rekor_v1 import RekorV1Client
from tests.support.answers import ManualTime, ScriptedSender
from tests.support.sigstore_services import (
    Script,
    entry_id,
    in_turn,
    manual_clock,
    reply,
    signed_digest,
    signed_envelope,
    v1_entry,
)

DIGEST: Final = signed_digest()
ENVELOPE: Final = signed_envelope()
BODY: Final = propose_hashedrekord_v001(DIGEST).bodies[0]
OTHER_BODY: Final = propose_hashedrekord_v001(signed_digest(b"another")).bodies[0]


def client(sender: ScriptedSender) -> RekorV1Client:
    return RekorV1Client("https://log.example", sender, manual_clock(ManualTime()))


def answer(*entries: dict[str, Any]) -> Script:
    return reply(200, json.dumps(entries).encode())


def asked(request: Request) -> Any:
    """Return what a search is for."""
    assert isinstance(request.body, bytes)
    return json.loads(request.body)["entries"]


def without_checkpoint() -> dict[str, Any]:
    bare = v1_entry(BODY)
    del bare[entry_id(BODY)]["verification"]["inclusionProof"]["checkpoint"]
    return bare


def test_an_entry_is_found_by_its_body() -> None:
    sender = in_turn(answer(v1_entry(BODY)))
    found = client(sender).search(DIGEST)
    assert found is not None
    assert (found.body, found.kind, found.version, found.log_index) == (BODY, "hashedrekord", "0.0.1", 7)
    (request,) = sender.requests
    assert (request.method, str(request.url)) == ("POST", "https://log.example/api/v1/log/entries/retrieve")
    assert asked(request) == [json.loads(BODY)]


def test_what_is_not_there_is_nothing() -> None:
    sender = in_turn(answer())
    assert client(sender).search(DIGEST) is None
    sender = in_turn(*[answer()] * 4)
    assert client(sender).search(ENVELOPE) is None
    assert [len(asked(request)) for request in sender.requests] == [3, 2, 2, 2]


def test_an_envelope_is_looked_for_in_every_spelling_until_it_is_found() -> None:
    body = propose_dsse_v001(ENVELOPE).bodies[0]
    rounds = [[body for proposal in proposals for body in proposal.bodies] for proposals in search_rounds(ENVELOPE)]
    number = next(number for number, bodies in enumerate(rounds) if body in bodies)
    sender = in_turn(*[answer()] * number, answer(v1_entry(body)))
    found = client(sender).search(ENVELOPE)
    assert found is not None
    assert (found.body, found.kind, len(sender.requests)) == (body, "dsse", number + 1)


def test_of_several_entries_the_oldest_is_taken() -> None:
    first, second = [proposal.bodies[0] for proposal in search_rounds(ENVELOPE)[0][:2]]
    entries = v1_entry(first, integratedTime=5), v1_entry(second, integratedTime=4)
    found = client(in_turn(answer(*entries))).search(ENVELOPE)
    assert found is not None
    assert (found.body, found.integrated_time) == (second, 4)


def test_an_entry_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(ClaimMismatch):
        client(in_turn(answer(v1_entry(OTHER_BODY)))).search(DIGEST)
    with pytest.raises(ClaimMismatch):
        client(in_turn(answer(v1_entry(BODY), v1_entry(OTHER_BODY)))).search(DIGEST)


@pytest.mark.parametrize(
    "script",
    [
        reply(200, b"nonsense"),
        reply(200, {}),
        reply(404),
        reply(201, b"[]"),
        answer(v1_entry(BODY, verification={"signedEntryTimestamp": "c2ln"})),
        answer(without_checkpoint()),
        answer(v1_entry(BODY, body=encode_b64(b"nonsense"))),
    ],
)
def test_an_answer_that_is_none_is_refused(script: Script) -> None:
    with pytest.raises(CosignError) as caught:
        client(in_turn(script)).search(DIGEST)
    assert isinstance(caught.value, RemoteError)


def test_an_entry_is_fetched_by_its_index() -> None:
    sender = in_turn(reply(200, v1_entry(BODY)))
    found = client(sender).fetch(7)
    assert (found.body, found.kind, found.log_index) == (BODY, "hashedrekord", 7)
    (request,) = sender.requests
    assert (request.method, str(request.url)) == ("GET", "https://log.example/api/v1/log/entries?logIndex=7")


@pytest.mark.parametrize(
    "script",
    [
        reply(404, {"code": 404, "message": "entry not found"}),
        reply(200, b"{}"),
        reply(200, v1_entry(BODY) | v1_entry(OTHER_BODY)),
        reply(200, v1_entry(BODY, verification=None)),
        reply(200, without_checkpoint()),
        reply(200, v1_entry(BODY, body=encode_b64(b"nonsense"))),
    ],
)
def test_what_is_fetched_has_to_be_one_entry_with_its_proof(script: Script) -> None:
    with pytest.raises(RemoteError):
        client(in_turn(script)).fetch(7)
