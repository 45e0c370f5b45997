import json
from collections.abc import Callable
from typing import Any

import pytest

from cosignpy.core.encoding import encode_b64, encode_canonical_json
from cosignpy.core.rekor.body import EntryHash
from cosignpy.core.rekor.dsse import MAX_SIGNATURES, DsseV001, LoggedSignature
from cosignpy.core.rekor.intoto import IntotoSignature, IntotoV001, IntotoV002
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.values import replace

HASH = EntryHash("sha256", "ab" * 32)
SHA512 = EntryHash("sha512", "ab" * 64)
DSSE = DsseV001(HASH, EntryHash("sha256", "cd" * 32), (LoggedSignature(b"a", b"pem"), LoggedSignature(b"b", b"pem")))
INTOTO1 = IntotoV001(HASH, b"pem", EntryHash("sha256", "cd" * 32))
INTOTO2 = IntotoV002("application/<é>", (IntotoSignature(b"a", b"pem", "key é"),), HASH, HASH)

Entry = DsseV001 | IntotoV001 | IntotoV002
BODIES = [
    pytest.param(DSSE, id="dsse"),
    pytest.param(INTOTO1, id="intoto 0.0.1"),
    pytest.param(replace(INTOTO1, payload_hash=None), id="intoto 0.0.1 of old"),
    pytest.param(INTOTO2, id="intoto 0.0.2"),
    pytest.param(replace(INTOTO2, payload=b"payload"), id="intoto 0.0.2 with payload"),
    pytest.param(replace(INTOTO2, signatures=(IntotoSignature(b"a", b"pem"),)), id="intoto 0.0.2 without keyid"),
]


@pytest.mark.parametrize("entry", BODIES)
def test_a_body_is_parsed_to_what_was_encoded(entry: Entry) -> None:
    assert type(entry).parse(entry.encode()) == entry


@pytest.mark.parametrize("entry", BODIES)
def test_the_same_in_another_spelling_is_refused(entry: Entry) -> None:
    with pytest.raises(MalformedError) as caught:
        type(entry).parse(json.dumps(json.loads(entry.encode())).encode())
    assert caught.value.why == "not canonical JSON"


def test_signatures_are_sorted_by_their_base64() -> None:
    entry = replace(DSSE, signatures=DSSE.signatures[::-1])
    assert entry.encode() == DSSE.encode()


Mutation = Callable[[dict[str, Any]], object]
BROKEN_DSSE: list[Mutation] = [
    lambda spec: spec.update(more=1),
    lambda spec: spec.update(signatures=[]),
    lambda spec: spec["signatures"].reverse(),
    lambda spec: spec["signatures"][0].update(more=1),
    lambda spec: spec["signatures"][0].update(verifier="?"),
    lambda spec: spec["signatures"][0].pop("signature"),
    lambda spec: spec.update(payloadHash={"algorithm": "sha512", "value": "ab" * 64}),
    lambda spec: spec.update(envelopeHash={"algorithm": "sha512", "value": "ab" * 64}),
    lambda spec: spec.pop("envelopeHash"),
]
BROKEN_INTOTO1: list[Mutation] = [
    lambda spec: spec.update(more=1),
    lambda spec: spec["content"].update(more=1),
    lambda spec: spec["content"].update(hash={"algorithm": "sha512", "value": "ab" * 64}),
    lambda spec: spec["content"].update(payloadHash={"algorithm": "sha384", "value": "ab" * 48}),
    lambda spec: spec.update(publicKey="?"),
]
BROKEN_INTOTO2: list[Mutation] = [
    lambda spec: spec.update(more=1),
    lambda spec: spec["content"].update(more=1),
    lambda spec: spec["content"]["envelope"].update(more=1),
    lambda spec: spec["content"]["envelope"].update(signatures=[]),
    lambda spec: spec["content"]["envelope"].update(payload="AA=="),
    lambda spec: spec["content"]["envelope"]["signatures"][0].update(more=1),
    lambda spec: spec["content"]["envelope"]["signatures"][0].update(sig=encode_b64(b"?")),
    lambda spec: spec["content"]["envelope"]["signatures"][0].update(sig=encode_b64(b"\xff")),
    lambda spec: spec["content"].update(hash={"algorithm": "sha512", "value": "ab" * 64}),
    lambda spec: spec["content"].pop("payloadHash"),
]
BROKEN = [
    (entry, mutate)
    for entry, mutations in ((DSSE, BROKEN_DSSE), (INTOTO1, BROKEN_INTOTO1), (INTOTO2, BROKEN_INTOTO2))
    for mutate in mutations
]


@pytest.mark.parametrize(("entry", "mutate"), BROKEN)
def test_a_body_that_is_wrong_in_one_way_is_refused(entry: Entry, mutate: Mutation) -> None:
    body = json.loads(entry.encode())
    mutate(body["spec"])
    with pytest.raises(MalformedError):
        type(entry).parse(encode_canonical_json(body))


def test_more_signatures_than_are_read_are_over_the_limit() -> None:
    entry = replace(DSSE, signatures=tuple(LoggedSignature(bytes([n]), b"pem") for n in range(MAX_SIGNATURES + 1)))
    with pytest.raises(LimitExceeded):
        DsseV001.parse(entry.encode())
