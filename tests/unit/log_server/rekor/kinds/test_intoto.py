import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from cosignpy.core.encoding import JsonObject, encode_b64
from cosignpy.core.rekor.intoto import IntotoV001, IntotoV002
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.accepted import Accepted, Attestation
from log_server.rekor.kinds.envelopes import MAX_HASHED, MAX_SIGNATURES
from log_server.rekor.kinds.intoto import MAX_ATTESTATION, accept_v001, accept_v002
from tests.support.rekor_proposals import (
    STATEMENT,
    STATEMENT_KEYS,
    Mutation,
    changed,
    envelope_text,
    intoto_v001,
    intoto_v002,
    pem_b64,
    second_signer,
    signer,
    spec_of,
)

PEM, OTHER = signer().public_key.encode_pem(), second_signer().public_key.encode_pem()
TEXT = envelope_text(signer(), keyid="any")
V001 = intoto_v001(TEXT, PEM)
V002 = intoto_v002([(signer(), PEM)])

Accept = Callable[[JsonObject], Accepted]


def hex_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


KEY_HASHES = (f"sha256:{hex_of(PEM)}", hex_of(PEM))
PAYLOAD_HASH = f"sha256:{hex_of(STATEMENT)}"


def test_an_attestation_of_0_0_1_is_logged_found_and_kept() -> None:
    accepted = accept_v001(spec_of(V001))
    entry = IntotoV001.parse(accepted.body)
    assert (str(entry.envelope_hash), str(entry.payload_hash)) == (f"sha256:{hex_of(TEXT.encode())}", PAYLOAD_HASH)
    assert entry.verifier == PEM
    assert accepted.search_keys == (f"sha256:{hex_of(TEXT.encode())}", *KEY_HASHES, PAYLOAD_HASH, *STATEMENT_KEYS)
    assert accepted.attestation == Attestation(PAYLOAD_HASH, STATEMENT)


def test_0_0_1_is_content_with_one_signature_that_its_key_made() -> None:
    text = envelope_text(second_signer(), signer())
    assert IntotoV001.parse(accept_v001(spec_of(intoto_v001(text, PEM))).body).verifier == PEM


def test_hashes_that_the_client_gives_are_overlooked_in_0_0_1() -> None:
    proposed = changed(V001, lambda spec: spec["content"].update(hash={"algorithm": "sha256", "value": "00" * 32}))
    assert accept_v001(spec_of(proposed)) == accept_v001(spec_of(V001))


def test_an_attestation_of_0_0_2_is_logged_found_and_kept() -> None:
    accepted = accept_v002(spec_of(V002))
    entry = IntotoV002.parse(accepted.body)
    assert (str(entry.envelope_hash), str(entry.payload_hash)) == (f"sha256:{'ef' * 32}", PAYLOAD_HASH)
    assert (entry.payload, entry.signatures[0].verifier, entry.signatures[0].keyid) == (None, PEM, "")
    assert accepted.search_keys == (*KEY_HASHES, PAYLOAD_HASH, *STATEMENT_KEYS)
    assert accepted.attestation == Attestation(PAYLOAD_HASH, STATEMENT)


def test_keys_of_0_0_2_are_logged_as_they_were_sent() -> None:
    sent = PEM.replace(b"\n", b"\r\n")
    accepted = accept_v002(spec_of(intoto_v002([(signer(), sent)])))
    assert IntotoV002.parse(accepted.body).signatures[0].verifier == sent
    assert accepted.search_keys[1] == hex_of(PEM)


def test_a_keyid_of_0_0_2_is_logged() -> None:
    proposed = changed(V002, lambda spec: spec["content"]["envelope"]["signatures"][0].update(keyid="key"))
    assert IntotoV002.parse(accept_v002(spec_of(proposed)).body).signatures[0].keyid == "key"


def large(size: int) -> tuple[dict[str, Any], dict[str, Any]]:
    payload = b"x" * size
    return intoto_v001(envelope_text(signer(), payload=payload), PEM), intoto_v002([(signer(), PEM)], payload=payload)


@pytest.mark.parametrize(("size", "kept"), [(MAX_ATTESTATION, True), (MAX_ATTESTATION + 1, False)])
def test_an_attestation_that_is_too_large_is_logged_and_not_kept(size: int, kept: bool) -> None:
    v001, v002 = large(size)
    assert (accept_v001(spec_of(v001)).attestation is not None) is kept
    assert (accept_v002(spec_of(v002)).attestation is not None) is kept


def test_an_attestation_that_would_take_long_to_verify_is_over_the_limit() -> None:
    payload = bytes(MAX_HASHED // MAX_SIGNATURES**2)
    with pytest.raises(LimitExceeded):
        accept_v002(spec_of(intoto_v002([(signer(), PEM)] * MAX_SIGNATURES, payload=payload)))


def test_how_large_an_attestation_may_be_is_up_to_the_operator() -> None:
    limit = len(STATEMENT) - 1
    assert accept_v001(spec_of(V001), max_attestation=limit).attestation is None
    assert accept_v002(spec_of(V002), max_attestation=limit).attestation is None


BROKEN_V001: list[tuple[Mutation, type[Exception]]] = [
    (lambda spec: spec.update(publicKey=pem_b64(OTHER)), SignatureMismatch),
    (lambda spec: spec.update(publicKey="AA="), MalformedError),
    (lambda spec: spec.pop("publicKey"), MalformedError),
    (lambda spec: spec.pop("content"), MalformedError),
    (lambda spec: spec["content"].pop("envelope"), MalformedError),
    (lambda spec: spec["content"].update(envelope=TEXT + "x"), MalformedError),
]


def first(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = spec["content"]["envelope"]["signatures"][0]
    return found


def another_signature_by_the_same_key(spec: dict[str, Any]) -> None:
    spec["content"]["envelope"]["signatures"] += intoto_v002([(signer(), PEM)])["content"]["envelope"]["signatures"]


BROKEN_V002: list[tuple[Mutation, type[Exception]]] = [
    (lambda spec: first(spec).update(publicKey=pem_b64(OTHER)), SignatureMismatch),
    (another_signature_by_the_same_key, SignatureMismatch),
    (lambda spec: spec["content"]["envelope"].update(payloadType="x"), SignatureMismatch),
    (lambda spec: first(spec).update(sig="AA=="), MalformedError),
    (lambda spec: first(spec).pop("sig"), MalformedError),
    (lambda spec: first(spec).update(publicKey="AA="), MalformedError),
    (lambda spec: first(spec).update(keyid=7), MalformedError),
    (lambda spec: spec["content"]["envelope"].update(signatures=[]), MalformedError),
    (lambda spec: spec["content"]["envelope"].update(signatures=[first(spec)] * (MAX_SIGNATURES + 1)), LimitExceeded),
    (lambda spec: spec["content"]["envelope"].pop("payload"), MalformedError),
    (lambda spec: spec["content"]["envelope"].update(payload=encode_b64(STATEMENT)), MalformedError),
    (lambda spec: spec["content"]["envelope"].pop("payloadType"), MalformedError),
    (lambda spec: spec["content"].pop("hash"), MalformedError),
    (lambda spec: spec["content"]["hash"].update(algorithm="sha512", value="ab" * 64), MalformedError),
    (lambda spec: spec["content"]["hash"].update(value="ab"), MalformedError),
]
BROKEN = [(accept_v001, V001, *case) for case in BROKEN_V001] + [(accept_v002, V002, *case) for case in BROKEN_V002]


@pytest.mark.parametrize(("accept", "proposed", "mutate", "error"), BROKEN)
def test_a_proposal_that_is_wrong_in_one_way_is_refused(
    accept: Accept, proposed: dict[str, Any], mutate: Mutation, error: type[Exception]
) -> None:
    with pytest.raises(error):
        accept(spec_of(changed(proposed, mutate)))
