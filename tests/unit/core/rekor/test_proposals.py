"""Proposals: what is sent is what our logs accept, and an answer is about it or refused."""

import json
from collections.abc import Callable

import pytest

from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature, encode_pae
from cosignpy.core.encoding import JsonObject
from cosignpy.core.keys.algorithms import ECDSA_P384, ED25519PH, SIGNING
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.rekor.dsse_v2 import DsseV002
from cosignpy.core.rekor.hashedrekord import HashedRekordV001, HashedRekordV002, VerifierForm
from cosignpy.core.rekor.proposals import (
    EntryVerifier,
    Proposal,
    SignedDigest,
    SignedEnvelope,
    propose_dsse_v001,
    propose_hashedrekord_v001,
    propose_intoto_v002,
    request_dsse_v002,
    request_hashedrekord_v002,
)
from cosignpy.errors import ClaimMismatch, KeyUnusable, MalformedError
from cosignpy.values import replace
from log_server.rekor.v2_request import accept as accept_v2
from tests.support.rekor_kinds import accept as accept_v1
from tests.support.rekor_proposals import MESSAGE, STATEMENT, certified, second_signer, signer

KINDS = ["P-256", "P-384", "P-521", "RSA-2048", "RSA-3072", "RSA-4096"]


def digest_by(kind: str = "P-256", message: bytes = MESSAGE) -> SignedDigest:
    by = signer(kind)
    return SignedDigest.of(message, by.sign(message), EntryVerifier.of_key(by.public_key))


def digest_by_certificate() -> SignedDigest:
    by, leaf, _ = certified()
    return SignedDigest.of(MESSAGE, by.sign(MESSAGE), EntryVerifier.of_certificate(leaf, by.public_key))


def envelope_by(by: PrivateKey, keyid: str = "", payload: bytes = STATEMENT) -> SignedEnvelope:
    signature = EnvelopeSignature(by.sign(encode_pae(IN_TOTO_PAYLOAD, payload)), keyid)
    return SignedEnvelope(Envelope(IN_TOTO_PAYLOAD, payload, (signature,)), EntryVerifier.of_key(by.public_key))


def envelope_by_certificate() -> SignedEnvelope:
    by, leaf, _ = certified()
    made = envelope_by(by)
    return replace(made, verifier=EntryVerifier.of_certificate(leaf, by.public_key))


DIGESTS = [*[pytest.param(lambda kind=kind: digest_by(kind), id=kind) for kind in KINDS], digest_by_certificate]
ENVELOPES = [
    pytest.param(lambda: envelope_by(signer()), id="P-256"),
    pytest.param(lambda: envelope_by(signer("RSA-2048"), "a key é"), id="RSA with a key id"),
    pytest.param(lambda: envelope_by(signer("P-384")), id="P-384"),
    pytest.param(envelope_by_certificate, id="certificate"),
]


def accepted_v1(proposal: Proposal) -> bytes:
    return accept_v1(json.loads(proposal.request)).body


@pytest.mark.parametrize("build", DIGESTS)
def test_a_hashedrekord_of_version_1_is_logged_as_it_is_sent(build: Callable[[], SignedDigest]) -> None:
    proposal = propose_hashedrekord_v001(build())
    assert proposal.bodies == (accepted_v1(proposal),) == (proposal.request,)


@pytest.mark.parametrize("build", DIGESTS)
def test_a_hashedrekord_of_version_2_is_logged_as_expected(build: Callable[[], SignedDigest]) -> None:
    proposal = request_hashedrekord_v002(build())
    assert proposal.bodies == (accept_v2(proposal.request).body,)


@pytest.mark.parametrize("build", ENVELOPES)
@pytest.mark.parametrize("propose", [propose_dsse_v001, propose_intoto_v002])
def test_an_envelope_is_logged_by_version_1_as_expected(
    build: Callable[[], SignedEnvelope], propose: Callable[[SignedEnvelope], Proposal]
) -> None:
    proposal = propose(build())
    assert proposal.bodies == (accepted_v1(proposal),)


@pytest.mark.parametrize("build", ENVELOPES)
def test_an_envelope_is_logged_by_version_2_as_the_digest_of_what_was_signed(
    build: Callable[[], SignedEnvelope],
) -> None:
    signed = build()
    proposal = request_dsse_v002(signed)
    assert accept_v2(proposal.request).body == proposal.bodies[1] == request_hashedrekord_v002(signed.digest).bodies[0]


def test_an_envelope_is_also_logged_whole_by_older_logs() -> None:
    signed = envelope_by_certificate()
    logged = DsseV002.parse(request_dsse_v002(signed).bodies[0])
    assert (logged.signatures[0].signature, logged.signatures[0].form) == (signed.signature, VerifierForm.CERTIFICATE)


def test_an_ed25519_envelope_is_logged_whole_only() -> None:
    signed = envelope_by(signer("Ed25519"))
    assert len(request_dsse_v002(signed).bodies) == 1
    assert propose_dsse_v001(signed).bodies == (accepted_v1(propose_dsse_v001(signed)),)


def test_the_digest_is_the_one_of_the_algorithm() -> None:
    assert (len(digest_by("P-256").digest), len(digest_by("P-384").digest)) == (32, 48)


@pytest.mark.parametrize("kind", ["Ed25519", "ML-DSA-65"])
def test_a_key_that_signs_whole_messages_is_refused_for_digests(kind: str) -> None:
    by = PrivateKey.generate(SIGNING[kind])
    with pytest.raises(KeyUnusable) as caught:
        SignedDigest.of(MESSAGE, by.sign(MESSAGE), EntryVerifier.of_key(by.public_key))
    assert kind in str(caught.value)


def test_ed25519ph_signs_digests() -> None:
    verifier = replace(EntryVerifier.of_key(signer("Ed25519").public_key), algorithm=ED25519PH)
    body = HashedRekordV002.parse(request_hashedrekord_v002(SignedDigest.of(MESSAGE, b"s", verifier)).bodies[0])
    assert (body.algorithm, body.key_details) == ("SHA2_512", ED25519PH.name)


def test_a_digest_of_another_hash_is_refused() -> None:
    signed = digest_by()
    with pytest.raises(MalformedError):
        replace(signed, verifier=replace(signed.verifier, algorithm=ECDSA_P384))


@pytest.mark.parametrize("count", [0, 2])
def test_an_envelope_without_exactly_one_signature_is_refused(count: int) -> None:
    signed = envelope_by(signer())
    with pytest.raises(MalformedError):
        replace(signed, envelope=replace(signed.envelope, signatures=signed.envelope.signatures * count))


PROPOSED = propose_hashedrekord_v001(digest_by())
BODY = HashedRekordV001.parse(PROPOSED.bodies[0])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(replace(BODY, signature=BODY.signature + b"\0").encode(), id="another signature"),
        pytest.param(replace(BODY, verifier=second_signer().public_key.encode_pem()).encode(), id="another key"),
        pytest.param(propose_hashedrekord_v001(digest_by(message=b"another")).request, id="another artifact"),
        pytest.param(request_hashedrekord_v002(digest_by()).bodies[0], id="another kind"),
        pytest.param(BODY.encode().replace(b'","', b'", "'), id="another spelling"),
        pytest.param(b'{"kind":"\\u001b[31m' + b"k" * 99 + b'","apiVersion":"1"}', id="a kind for terminals"),
    ],
)
def test_an_entry_about_something_else_is_refused(body: bytes) -> None:
    PROPOSED.verify_logged(PROPOSED.bodies[0])
    with pytest.raises(ClaimMismatch) as caught:
        PROPOSED.verify_logged(body)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"kind":1}'])
def test_what_is_no_entry_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        PROPOSED.verify_logged(body)


def test_the_keyid_is_sent_only_where_there_is_one() -> None:
    with_one, without = (
        JsonObject({"e": envelope_by(signer(), keyid).json}, "").child("e").children("signatures", most=1)[0]
        for keyid in ("k", "")
    )
    assert ("keyid" in with_one, "keyid" in without) == (True, False)
