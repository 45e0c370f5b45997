"""All that a signature may have been logged as."""

import json
from typing import Final

import pytest

from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.rekor.proposals import (
    SignedEnvelope,
    propose_dsse_v001,
    propose_hashedrekord_v001,
    propose_intoto_v002,
)
from cosignpy.core.rekor.searches import envelope_spellings, refuse_other, search_rounds
from cosignpy.errors import ClaimMismatch
from cosignpy.values import replace
from tests.support.sigstore_services import signed_digest, signed_envelope

DIGEST: Final = signed_digest()
ENVELOPE: Final = signed_envelope()


def with_key_id(signed: SignedEnvelope) -> SignedEnvelope:
    made = replace(signed.envelope.signatures[0], keyid="a key")
    return replace(signed, envelope=replace(signed.envelope, signatures=(made,)))


def test_a_signature_over_a_digest_was_logged_in_one_way() -> None:
    assert search_rounds(DIGEST) == ((propose_hashedrekord_v001(DIGEST),),)


def test_an_envelope_was_logged_in_several_ways() -> None:
    rounds = search_rounds(ENVELOPE)
    assert [len(proposals) for proposals in rounds] == [3, 2, 2, 2]
    assert rounds[0][2] == propose_hashedrekord_v001(ENVELOPE.digest)
    found = {body for proposals in rounds for proposal in proposals for body in proposal.bodies}
    assert {*propose_dsse_v001(ENVELOPE).bodies, *propose_intoto_v002(ENVELOPE).bodies} < found
    assert len(found) == 9


def test_a_key_that_signs_no_digests_was_not_logged_by_one() -> None:
    signed = signed_envelope(by=PrivateKey.generate(ED25519))
    assert [len(proposals) for proposals in search_rounds(signed)] == [2, 2, 2, 2]


@pytest.mark.parametrize("signed", [ENVELOPE, with_key_id(ENVELOPE)])
def test_the_spellings_of_an_envelope_say_the_same(signed: SignedEnvelope) -> None:
    texts = envelope_spellings(signed)
    assert len(set(texts)) == 4
    for text in texts:
        found = json.loads(text)
        (made,) = found["signatures"]
        assert found | {"signatures": []} == dict(signed.json) | {"signatures": []}
        assert made.get("keyid", "") == signed.envelope.signatures[0].keyid
    assert texts[0].startswith(b'{"payloadType":')
    assert b'"signatures":[{"keyid":"' in texts[0]


def test_what_nobody_searched_for_is_refused() -> None:
    (proposals,) = search_rounds(DIGEST)
    refuse_other(proposals[0].bodies[0], proposals)
    with pytest.raises(ClaimMismatch):
        refuse_other(propose_hashedrekord_v001(signed_digest(b"another")).bodies[0], proposals)
