"""Adding to Rekor v1: what is sent, which answers are believed, and what happens to those that are not complete."""

import json
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.rekor.log_entry import parse_v1_entries
from cosignpy.core.rekor.proposals import propose_dsse_v001, propose_hashedrekord_v001, propose_intoto_v002
from cosignpy.errors import ClaimMismatch, CosignError, MalformedError, RemoteError
from cosignpy.services.rekor_v1 import MAX_ANSWER, PROOF_WAITS, EnvelopeKind, RekorV1Client
from cosignpy.values import replace
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
ENTRY: Final = v1_entry(BODY)
UNPROVED: Final = v1_entry(BODY, verification={"signedEntryTimestamp": "c2ln"})
PLACE: Final = f"/api/v1/log/entries/{entry_id(BODY)}"


def client(
    sender: ScriptedSender, time: ManualTime | None = None, kind: EnvelopeKind = EnvelopeKind.DSSE
) -> RekorV1Client:
    return RekorV1Client("https://log.example", sender, manual_clock(time or ManualTime()), kind)


def parsed(document: dict[str, Any]) -> Any:
    """Return the entry with what bundles say beside it, and answers do not."""
    (found,) = parse_v1_entries(json.dumps(document).encode()).values()
    return replace(found, kind="hashedrekord", version="0.0.1")


def refused(*scripts: Script) -> CosignError:
    with pytest.raises(CosignError) as caught:
        client(in_turn(*scripts)).add(DIGEST)
    return caught.value


def test_an_entry_comes_with_promise_and_proof() -> None:
    sender = in_turn(reply(201, ENTRY))
    found = client(sender).add(DIGEST)
    assert found == parsed(ENTRY)
    assert (found.body, found.log_index, found.entry_timestamp) == (BODY, 7, b"signature")
    (request,) = sender.requests
    assert (request.method, str(request.url)) == ("POST", "https://log.example/api/v1/log/entries")
    assert (request.body, request.is_idempotent) == (BODY, True)


@pytest.mark.parametrize(
    ("kind", "propose"), [(EnvelopeKind.DSSE, propose_dsse_v001), (EnvelopeKind.INTOTO, propose_intoto_v002)]
)
def test_an_envelope_is_sent_as_the_kind_that_is_wanted(kind: EnvelopeKind, propose: Any) -> None:
    proposal = propose(ENVELOPE)
    sender = in_turn(reply(201, v1_entry(proposal.bodies[0])))
    assert client(sender, kind=kind).add(ENVELOPE).body == proposal.bodies[0]
    assert sender.requests[0].body == proposal.request


@pytest.mark.parametrize("location", [PLACE, f"https://log.example{PLACE}", f"https://inside.local:3000{PLACE}"])
def test_an_entry_that_is_there_already_is_fetched_from_the_configured_host(location: str) -> None:
    sender = in_turn(reply(409, {"code": 409, "message": "exists"}, Location=location), reply(200, ENTRY))
    assert client(sender).add(DIGEST) == parsed(ENTRY)
    fetched = sender.requests[1]
    assert (fetched.method, str(fetched.url)) == ("GET", f"https://log.example{PLACE}")


@pytest.mark.parametrize("location", [None, "", "/api/v1/log/entries/5", f"{PLACE}?a=b", "/api/v1/log/entries/../x"])
def test_a_conflict_that_says_nowhere_is_refused(location: str | None) -> None:
    headers = {} if location is None else {"Location": location}
    found = refused(reply(409, {"message": "exists"}, **headers))
    assert isinstance(found, RemoteError)
    assert (found.status, found.detail) == (409, "it has the entry, and does not say where")


def test_an_entry_that_is_there_already_has_to_be_ours_as_well() -> None:
    conflict = reply(409, {"message": "exists"}, Location=PLACE)
    assert isinstance(refused(conflict, reply(200, v1_entry(OTHER_BODY))), ClaimMismatch)


def test_an_entry_that_was_there_and_is_not_found_is_a_failure() -> None:
    found = refused(reply(409, b"", Location=PLACE), reply(404))
    assert isinstance(found, RemoteError)
    assert found.status == 404


@pytest.mark.parametrize("count", [1, len(PROOF_WAITS)])
def test_a_proof_that_is_not_there_yet_is_waited_for(count: int) -> None:
    time = ManualTime()
    sender = in_turn(reply(201, UNPROVED), *[reply(200, UNPROVED)] * (count - 1), reply(200, ENTRY))
    assert client(sender, time).add(DIGEST) == parsed(ENTRY)
    assert time.slept == list(PROOF_WAITS[:count])
    assert {str(request.url) for request in sender.requests[1:]} == {f"https://log.example{PLACE}"}


def test_a_proof_without_a_checkpoint_is_waited_for_too() -> None:
    bare = v1_entry(BODY)
    del bare[entry_id(BODY)]["verification"]["inclusionProof"]["checkpoint"]
    assert client(in_turn(reply(201, bare), reply(200, ENTRY))).add(DIGEST) == parsed(ENTRY)


def test_a_proof_that_never_comes_is_a_failure() -> None:
    found = refused(reply(201, UNPROVED), *[reply(200, UNPROVED)] * len(PROOF_WAITS))
    assert isinstance(found, RemoteError)
    assert found.detail == f"it gave no inclusion proof within {sum(PROOF_WAITS):g} s"


def test_what_is_fetched_while_waiting_has_to_be_ours_as_well() -> None:
    assert isinstance(refused(reply(201, UNPROVED), reply(200, v1_entry(OTHER_BODY))), ClaimMismatch)


def test_an_entry_for_another_artifact_is_refused() -> None:
    assert isinstance(refused(reply(201, v1_entry(OTHER_BODY))), ClaimMismatch)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"<html>welcome</html>",
        b"{}",
        json.dumps(ENTRY | v1_entry(OTHER_BODY)).encode(),
        json.dumps({entry_id(OTHER_BODY): ENTRY[entry_id(BODY)]}).encode(),
        json.dumps(v1_entry(BODY, verification=None)).encode(),
        json.dumps(v1_entry(BODY, body=encode_b64(b"nonsense"))).encode(),
        json.dumps(v1_entry(BODY, logIndex=-1)).encode(),
        b" " * (MAX_ANSWER + 1),
    ],
    ids=[
        "nothing",
        "nonsense",
        "HTML",
        "no entry",
        "two entries",
        "other id",
        "no promise",
        "no body",
        "index",
        "much",
    ],
)
def test_an_answer_that_is_none_names_the_service(body: bytes) -> None:
    found = refused(reply(201, body))
    assert isinstance(found, RemoteError)
    assert (found.service, found.status) == ("the transparency log", 201)


@pytest.mark.parametrize("status", [200, 400, 413, 500])
def test_another_status_is_a_failure(status: int) -> None:
    found = refused(reply(status, {"code": status, "message": "because"}))
    assert isinstance(found, RemoteError)
    assert (found.status, found.detail) == (status, "because")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(MalformedError):
        RekorV1Client("log.example", in_turn())
