"""DSSE: what is signed is type and payload, exactly as received."""

import hashlib

import pytest

from cosignpy.core.dsse import IN_TOTO_PAYLOAD, MAX_SIGNATURES, Envelope, EnvelopeSignature, encode_pae, is_in_toto
from cosignpy.core.encoding import JsonObject, JsonValue, decode_b64, encode_json, parse_json
from cosignpy.core.intoto import COSIGN_SIGN_V1, Statement
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import replace
from tests.support import cosign_example, vectors

MEMBERS: dict[str, JsonValue] = {"payload": "e30=", "payloadType": "text/plain", "signatures": [{"sig": "YQ=="}]}


def parse(members: JsonValue) -> Envelope:
    return Envelope.parse(JsonObject.parse(encode_json(members), what="test"))


def test_the_pre_authentication_encoding_is_cosigns() -> None:
    pae = encode_pae(IN_TOTO_PAYLOAD, cosign_example.STATEMENT)
    assert len(pae) == 273
    assert hashlib.sha256(pae).hexdigest() == "4cecd3e8fe8c3726642f071e49d5f895579f5914975ecef5d17a2366ea642ef2"


def test_lengths_are_of_bytes_not_characters() -> None:
    assert encode_pae("ä", "ö".encode()) == "DSSEv1 2 ä 2 ö".encode()


@vectors.NEEDED
def test_the_pre_authentication_encoding_is_that_of_the_specification() -> None:
    found = parse_json(vectors.path("dsse/vectors.json").read_bytes(), what="vectors")
    for case in found["pae"]:
        body, expected = (decode_b64(case[name], what=name) for name in ("body_b64", "pae_b64"))
        assert encode_pae(case["type"], body) == expected
    envelope = parse(found["envelope"])
    assert envelope.pae == decode_b64(found["pae"][0]["pae_b64"], what="pae")


def test_a_statement_is_parsed_once_and_kept_without_its_predicate() -> None:
    envelope = Envelope(IN_TOTO_PAYLOAD, cosign_example.STATEMENT, ())
    assert envelope.statement is envelope.statement
    assert envelope.statement == replace(Statement.parse(cosign_example.STATEMENT), predicate=None)


def test_what_was_read_of_one_payload_is_never_taken_for_another() -> None:
    envelope = Envelope(IN_TOTO_PAYLOAD, cosign_example.STATEMENT, ())
    other = cosign_example.STATEMENT.replace(COSIGN_SIGN_V1.encode(), b"https://example.com/other")
    assert envelope.statement.predicate_type == COSIGN_SIGN_V1
    assert replace(envelope, payload=other).statement.predicate_type == "https://example.com/other"
    with pytest.raises(MalformedError):
        _ = replace(envelope, payload=b"{}").statement


def test_an_envelope_is_read() -> None:
    assert parse(MEMBERS) == Envelope("text/plain", b"{}", (EnvelopeSignature(b"a"),))
    signed = MEMBERS | {"signatures": [{"keyid": "k", "sig": "YQ=="}, {"sig": "Yg=="}]}
    assert parse(signed).signatures == (EnvelopeSignature(b"a", "k"), EnvelopeSignature(b"b"))


@pytest.mark.parametrize(
    "change",
    [
        {"payload": None},
        {"payload": "e31="},
        {"payload": "e30"},
        {"payload": {}},
        {"payloadType": None},
        {"payloadType": 1},
        {"signatures": {}},
        {"signatures": ["YQ=="]},
        {"signatures": [{}]},
        {"signatures": [{"sig": "YR=="}]},
        {"signatures": [{"sig": "YQ==", "cert": ""}]},
        {"signatures": [{"sig": "YQ==", "keyid": 1}]},
        {"unknown": ""},
    ],
)
def test_an_envelope_with_one_wrong_member_is_refused(change: dict[str, JsonValue]) -> None:
    with pytest.raises(MalformedError):
        parse(MEMBERS | change)


def test_signatures_are_limited() -> None:
    assert len(parse(MEMBERS | {"signatures": [{"sig": "YQ=="}] * MAX_SIGNATURES}).signatures) == MAX_SIGNATURES
    with pytest.raises(LimitExceeded):
        parse(MEMBERS | {"signatures": [{"sig": "YQ=="}] * (MAX_SIGNATURES + 1)})


@pytest.mark.parametrize(
    ("payload_type", "known"),
    [
        (IN_TOTO_PAYLOAD, True),
        ("application/vnd.in-toto.provenance+json", True),
        ("application/vnd.in-toto.test-result+json", True),
        ("application/vnd.in-toto.+json", False),
        ("application/vnd.in-toto.a.b+json", False),
        ("application/vnd.in-toto+json\n", False),
        ("application/vnd.in-toto+dsse", False),
        ("xapplication/vnd.in-toto+json", False),
        ("", False),
    ],
)
def test_payload_types_of_in_toto_are_known(payload_type: str, known: bool) -> None:
    assert is_in_toto(payload_type) is known


def test_what_is_encoded_is_read_again() -> None:
    for keyid in ("", "k"):
        envelope = Envelope("text/plain", b"{}", (EnvelopeSignature(b"a", keyid), EnvelopeSignature(b"b")))
        assert Envelope.parse(JsonObject.parse(envelope.encode(), what="test")) == envelope
        assert (b"keyid" in envelope.encode()) is bool(keyid)
