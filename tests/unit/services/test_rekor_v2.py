"""Adding to Rekor v2: what is sent, which answers are believed, and what an entry that exists already leads to."""

import json
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.rekor.log_entry import parse_v2_entry
from cosignpy.core.rekor.proposals import AlreadyLogged, request_dsse_v002, request_hashedrekord_v002
from cosignpy.errors import ClaimMismatch, CosignError, MalformedError, RemoteError, Unreachable
from cosignpy.services.rekor_v2 import MAX_ANSWER, EnvelopeForm, RekorV2Client, V2Options
from tests.support.answers import ManualTime, ScriptedSender
from tests.support.sigstore_services import (
    Script,
    in_turn,
    manual_clock,
    reply,
    signed_digest,
    signed_envelope,
    unreachable,
    v2_entry,
)

DIGEST: Final = signed_digest()
ENVELOPE: Final = signed_envelope()
BODY: Final = request_hashedrekord_v002(DIGEST).bodies[0]
OTHER_BODY: Final = request_hashedrekord_v002(signed_digest(b"another")).bodies[0]
ENTRY: Final = v2_entry(BODY)
EXISTS: Final = {"code": 6, "message": "an equivalent entry already exists in the transparency log with index 7"}


def client(sender: ScriptedSender, form: EnvelopeForm = EnvelopeForm.HASHEDREKORD) -> RekorV2Client:
    return RekorV2Client("https://log.example/below/", sender, manual_clock(ManualTime()), V2Options(form))


def refused(*scripts: Script) -> CosignError:
    with pytest.raises(CosignError) as caught:
        client(in_turn(*scripts)).add(DIGEST)
    return caught.value


def proof(**changes: Any) -> dict[str, Any]:
    return ENTRY["inclusionProof"] | changes  # type: ignore[no-any-return]


def test_an_entry_comes_with_its_proof() -> None:
    sender = in_turn(reply(201, ENTRY))
    found = client(sender).add(DIGEST)
    assert found == parse_v2_entry(json.dumps(ENTRY).encode())
    assert (found.body, found.log_index, found.kind, found.version) == (BODY, 7, "hashedrekord", "0.0.2")
    (request,) = sender.requests
    assert (request.method, str(request.url)) == ("POST", "https://log.example/below/api/v2/log/entries")
    assert (request.body, request.is_idempotent) == (request_hashedrekord_v002(DIGEST).request, True)


def test_an_envelope_is_logged_by_the_digest_of_what_was_signed() -> None:
    proposal = request_hashedrekord_v002(ENVELOPE.digest)
    sender = in_turn(reply(201, v2_entry(proposal.bodies[0])))
    assert client(sender).add(ENVELOPE).body == proposal.bodies[0]
    assert sender.requests[0].body == proposal.request


@pytest.mark.parametrize("place", [0, 1], ids=["whole", "by its digest"])
def test_an_envelope_that_is_sent_whole_may_be_logged_in_two_ways(place: int) -> None:
    proposal = request_dsse_v002(ENVELOPE)
    sender = in_turn(reply(201, v2_entry(proposal.bodies[place])))
    found = client(sender, EnvelopeForm.DSSE).add(ENVELOPE)
    assert (found.kind, found.body) == (("dsse", "hashedrekord")[place], proposal.bodies[place])
    assert sender.requests[0].body == proposal.request


def test_an_entry_that_is_there_already_is_asked_for_by_its_index() -> None:
    sender = in_turn(reply(409, EXISTS, X_Log_Index="7"), reply(200, ENTRY))
    assert client(sender).add(DIGEST).body == BODY
    fetched = sender.requests[1]
    assert (fetched.method, str(fetched.url)) == ("GET", "https://log.example/below/api/v2/log/entries/7")


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_log_that_does_not_give_the_entry_is_told_from_other_failures(status: int) -> None:
    found = refused(reply(409, EXISTS, X_Log_Index="7"), reply(status))
    assert isinstance(found, AlreadyLogged)
    assert (found.index, found.status, found.hint) == (7, 409, "sign again: another signature makes another entry")
    assert "at index 7" in str(found)


@pytest.mark.parametrize("index", [None, "", "-1", "07", "x", "9" * 20])
def test_a_conflict_without_an_index_is_one_too(index: str | None) -> None:
    found = refused(reply(409, EXISTS, **({} if index is None else {"X_Log_Index": index})))
    assert isinstance(found, AlreadyLogged)
    assert found.index is None


def test_a_log_that_goes_away_is_unreachable() -> None:
    assert isinstance(refused(reply(409, EXISTS, X_Log_Index="7"), unreachable), Unreachable)


def test_an_entry_that_is_there_already_has_to_be_ours_as_well() -> None:
    found = refused(reply(409, EXISTS, X_Log_Index="7"), reply(200, v2_entry(OTHER_BODY)))
    assert isinstance(found, ClaimMismatch)


def test_an_entry_for_another_artifact_is_refused() -> None:
    assert isinstance(refused(reply(201, v2_entry(OTHER_BODY))), ClaimMismatch)


WITHOUT_CHECKPOINT: Final = {name: member for name, member in proof().items() if name != "checkpoint"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"<html>welcome</html>",
        b"{}",
        json.dumps(v2_entry(BODY, canonicalizedBody=encode_b64(b"nonsense"))).encode(),
        json.dumps(v2_entry(BODY, kindVersion={"kind": "dsse", "version": "0.0.2"})).encode(),
        json.dumps(v2_entry(BODY, kindVersion={"kind": "hashedrekord", "version": "0.0.1"})).encode(),
        json.dumps(v2_entry(BODY, inclusionProof=None)).encode(),
        json.dumps(v2_entry(BODY, inclusionProof=WITHOUT_CHECKPOINT)).encode(),
        json.dumps(v2_entry(BODY, inclusionProof=proof(logIndex="6"))).encode(),
        b" " * (MAX_ANSWER + 1),
    ],
    ids=["nothing", "nonsense", "HTML", "{}", "body", "kind", "version", "proof", "checkpoint", "index", "too much"],
)
def test_an_answer_that_is_none_names_the_service(body: bytes) -> None:
    found = refused(reply(201, body))
    assert isinstance(found, RemoteError)
    assert (found.service, found.status) == ("the transparency log", 201)


@pytest.mark.parametrize("status", [200, 400, 405, 503])
def test_another_status_is_a_failure(status: int) -> None:
    found = refused(reply(status, {"code": 3, "message": "because"}))
    assert isinstance(found, RemoteError)
    assert (found.status, found.detail) == (status, "because")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(MalformedError):
        RekorV2Client("log.example", in_turn())
