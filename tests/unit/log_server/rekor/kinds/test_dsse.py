import hashlib
import json
from typing import Any

import pytest

from cosignpy.core.rekor.dsse import DsseV001
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.dsse import accept_v001
from log_server.rekor.kinds.envelopes import MAX_HASHED, MAX_SIGNATURES, MAX_STATEMENT_KEYS
from tests.support.rekor_proposals import (
    STATEMENT,
    STATEMENT_KEYS,
    Mutation,
    certified,
    changed,
    dsse,
    envelope_text,
    pem_b64,
    second_signer,
    signer,
    spec_of,
)

PEM, OTHER = signer().public_key.encode_pem(), second_signer().public_key.encode_pem()
TEXT = envelope_text(signer())
PROPOSED = dsse(TEXT, [PEM])


def hex_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def logged(proposed: dict[str, Any]) -> DsseV001:
    return DsseV001.parse(accept_v001(spec_of(proposed)).body)


def test_an_envelope_is_logged_by_its_hashes_and_found_by_all_that_is_in_it() -> None:
    accepted = accept_v001(spec_of(PROPOSED))
    entry = DsseV001.parse(accepted.body)
    assert (entry.envelope_hash.hex, entry.payload_hash.hex) == (hex_of(TEXT.encode()), hex_of(STATEMENT))
    assert [item.verifier for item in entry.signatures] == [PEM]
    hashes = (f"sha256:{hex_of(STATEMENT)}", f"sha256:{hex_of(TEXT.encode())}")
    assert accepted.search_keys == (f"sha256:{hex_of(PEM)}", hex_of(PEM), *hashes, *STATEMENT_KEYS)
    assert accepted.attestation is None


@pytest.mark.parametrize("kind", ["P-384", "P-521", "Ed25519", "RSA-2048"])
def test_every_kind_of_key_signs_envelopes(kind: str) -> None:
    pem = signer(kind).public_key.encode_pem()
    assert logged(dsse(envelope_text(signer(kind)), [pem])).signatures[0].verifier == pem


def test_a_certificate_is_found_by_its_names() -> None:
    by, _, chain = certified()
    assert "someone@example.com" in accept_v001(spec_of(dsse(envelope_text(by), [chain[0]]))).search_keys


def test_two_signatures_need_two_verifiers_in_any_order() -> None:
    text = envelope_text(signer(), second_signer())
    assert logged(dsse(text, [OTHER, PEM])) == logged(dsse(text, [PEM, OTHER]))


def test_the_last_verifier_of_a_signature_is_the_one_that_is_logged() -> None:
    """What the real server does while another signature still waits for its verifier."""
    by, _, chain = certified()
    text = envelope_text(by, second_signer())
    entry = logged(dsse(text, [chain[0], chain[0] + chain[1], OTHER]))
    assert {item.verifier for item in entry.signatures} == {chain[0] + chain[1], OTHER}


def test_verifiers_after_all_signatures_have_theirs_are_not_looked_at() -> None:
    assert logged(dsse(TEXT, [PEM, b"nothing"])) == logged(PROPOSED)


def test_members_that_dsse_does_not_define_are_overlooked() -> None:
    envelope = json.loads(TEXT)
    envelope["signatures"][0]["cert"] = "x"
    assert logged(dsse(json.dumps(envelope), [PEM])).payload_hash == logged(PROPOSED).payload_hash


@pytest.mark.parametrize(
    ("payload", "payload_type", "keys"),
    [
        (STATEMENT, "text/plain", ()),
        (b"no statement", "application/vnd.in-toto+json", ()),
        (b"[]", "application/vnd.in-toto+json", ()),
        (b'{"subject":7,"predicate":[]}', "application/vnd.in-toto+json", ()),
        (b'{"subject":[7,{"digest":7},{"digest":{"sha256":7}}],"predicate":{}}', "application/vnd.in-toto+json", ()),
        (b'{"subject":[{"digest":{"a":"%b"}}]}' % (b"b" * 510), "application/vnd.in-toto+json", (f"a:{'b' * 510}",)),
        (b'{"subject":[{"digest":{"a":"%b"}}]}' % (b"b" * 511), "application/vnd.in-toto+json", ()),
    ],
)
def test_only_statements_are_found_by_their_subjects(payload: bytes, payload_type: str, keys: tuple[str, ...]) -> None:
    text = envelope_text(signer(), payload=payload, payload_type=payload_type)
    assert accept_v001(spec_of(dsse(text, [PEM]))).search_keys[4:] == keys


def test_an_envelope_that_would_take_long_to_verify_is_over_the_limit() -> None:
    verifiers = [PEM] * MAX_SIGNATURES
    text = envelope_text(*[signer()] * MAX_SIGNATURES, payload=bytes(MAX_HASHED // MAX_SIGNATURES**2))
    with pytest.raises(LimitExceeded):
        accept_v001(spec_of(dsse(text, verifiers)))


def test_a_statement_about_too_much_is_over_the_limit() -> None:
    digests = {f"a{number}": "b" for number in range(MAX_STATEMENT_KEYS + 1)}
    text = envelope_text(signer(), payload=json.dumps({"subject": [{"digest": digests}]}).encode())
    with pytest.raises(LimitExceeded):
        accept_v001(spec_of(dsse(text, [PEM])))


def envelope(mutate: Mutation) -> Mutation:
    def apply(spec: dict[str, Any]) -> None:
        content = json.loads(spec["proposedContent"]["envelope"])
        mutate(content)
        spec["proposedContent"]["envelope"] = json.dumps(content)

    return apply


@pytest.mark.parametrize(
    ("mutate", "error"),
    [
        (lambda spec: spec["proposedContent"].update(verifiers=[pem_b64(OTHER)]), SignatureMismatch),
        (lambda spec: spec["proposedContent"].update(verifiers=[pem_b64(OTHER), pem_b64(PEM)]), SignatureMismatch),
        (lambda spec: spec["proposedContent"].update(verifiers=[]), SignatureMismatch),
        (
            lambda spec: spec["proposedContent"].update(envelope=envelope_text(signer(), second_signer())),
            SignatureMismatch,
        ),
        (envelope(lambda content: content.update(payload="AA==")), SignatureMismatch),
        (envelope(lambda content: content.update(payloadType="x")), SignatureMismatch),
        (envelope(lambda content: content["signatures"][0].update(sig="AA==")), SignatureMismatch),
        (envelope(lambda content: content["signatures"][0].update(sig="AA=")), MalformedError),
        (envelope(lambda content: content.update(signatures=[])), MalformedError),
        (envelope(lambda content: content.pop("payload")), MalformedError),
        (envelope(lambda content: content.pop("payloadType")), MalformedError),
        (
            envelope(lambda content: content.update(signatures=content["signatures"] * (MAX_SIGNATURES + 1))),
            LimitExceeded,
        ),
        (lambda spec: spec["proposedContent"].update(verifiers=[pem_b64(PEM)] * (MAX_SIGNATURES + 1)), LimitExceeded),
        (lambda spec: spec["proposedContent"].update(verifiers=["AA="]), MalformedError),
        (lambda spec: spec["proposedContent"].update(verifiers=[7]), MalformedError),
        (lambda spec: spec["proposedContent"].update(envelope=TEXT[:-1]), MalformedError),
        (lambda spec: spec["proposedContent"].update(envelope='{"payload":"",' + TEXT[1:]), MalformedError),
        (lambda spec: spec["proposedContent"].update(envelope="[" * 100_000), MalformedError),
        (lambda spec: spec["proposedContent"].update(envelope={}), MalformedError),
        (lambda spec: spec.pop("proposedContent"), MalformedError),
        (lambda spec: spec.update(envelopeHash={}), MalformedError),
        (lambda spec: spec.update(payloadHash={}), MalformedError),
        (lambda spec: spec.update(signatures=[]), MalformedError),
    ],
)
def test_a_proposal_that_is_wrong_in_one_way_is_refused(mutate: Mutation, error: type[Exception]) -> None:
    with pytest.raises(error):
        accept_v001(spec_of(changed(PROPOSED, mutate)))
