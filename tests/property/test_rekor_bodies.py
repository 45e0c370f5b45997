"""What holds for all entry bodies, requests and log entries of Rekor."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cosignpy.core.encoding import encode_b64, encode_canonical_json
from cosignpy.core.merkle.compact_range import peak_nodes
from cosignpy.core.merkle.proofs import InclusionProof
from cosignpy.core.rekor.body import HEX_LENGTHS, EntryHash
from cosignpy.core.rekor.dsse import DsseV001, LoggedSignature
from cosignpy.core.rekor.entry_timestamp import EntryTimestamp
from cosignpy.core.rekor.hashedrekord import DIGEST_SIZES, HashedRekordV001, HashedRekordV002, VerifierForm
from cosignpy.core.rekor.intoto import IntotoSignature, IntotoV001, IntotoV002
from cosignpy.core.rekor.log_entry import (
    LogEntry,
    LoggedProof,
    parse_v1_entries,
    parse_v2_entry,
)
from cosignpy.errors import MalformedError, VerificationError
from log_server.rekor import v2_request
from log_server.rekor.kinds import dsse, hashedrekord, intoto
from tests.support import rekor_proposals as proposals
from tests.support.log_answers import write_v1_entry, write_v2_entry

PEM = proposals.signer().public_key.encode_pem()
TEXT = proposals.envelope_text(proposals.signer())
KINDS = (HashedRekordV001, HashedRekordV002, DsseV001, IntotoV001, IntotoV002)

hashes = st.sampled_from(sorted(HEX_LENGTHS)).flatmap(
    lambda name: st.text("0123456789abcdefABCDEF", min_size=HEX_LENGTHS[name], max_size=HEX_LENGTHS[name]).map(
        lambda text: EntryHash(name, text)
    )
)
sha256s = st.binary(min_size=32, max_size=32).map(lambda raw: EntryHash("sha256", raw.hex()))
blobs = st.binary(max_size=100)
digests = st.sampled_from(sorted(DIGEST_SIZES)).flatmap(
    lambda name: st.tuples(st.just(name), st.binary(min_size=DIGEST_SIZES[name], max_size=DIGEST_SIZES[name]))
)
v002s = st.builds(
    lambda digest, signature, details, form, verifier: HashedRekordV002(*digest, signature, details, form, verifier),
    digests,
    blobs,
    st.from_regex(r"[A-Z0-9_]{1,64}", fullmatch=True),
    st.sampled_from(VerifierForm),
    blobs,
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
intoto_signatures = st.lists(st.builds(IntotoSignature, blobs, blobs, texts), min_size=1, max_size=3).map(tuple)


@given(hashes, blobs, blobs)
def test_a_hashedrekord_0_0_1_is_what_a_canonicaliser_makes(
    hashed: EntryHash, signature: bytes, verifier: bytes
) -> None:
    entry = HashedRekordV001(hashed, signature, verifier)
    spec = {
        "data": {"hash": {"algorithm": hashed.algorithm, "value": hashed.hex}},
        "signature": {"content": encode_b64(signature), "publicKey": {"content": encode_b64(verifier)}},
    }
    assert entry.encode() == encode_canonical_json({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec})
    assert HashedRekordV001.parse(entry.encode()) == entry


@given(v002s)
def test_a_hashedrekord_0_0_2_is_what_a_canonicaliser_makes(entry: HashedRekordV002) -> None:
    verifier = {"keyDetails": entry.key_details, str(entry.form): {"rawBytes": encode_b64(entry.verifier)}}
    spec = {
        "data": {"algorithm": entry.algorithm, "digest": encode_b64(entry.digest)},
        "signature": {"content": encode_b64(entry.signature), "verifier": verifier},
    }
    body = {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": spec}}
    assert entry.encode() == encode_canonical_json(body)
    assert HashedRekordV002.parse(entry.encode()) == entry


@given(sha256s, sha256s, st.lists(st.builds(LoggedSignature, blobs, blobs), min_size=1, max_size=4))
def test_a_dsse_is_parsed_to_what_was_encoded(
    envelope: EntryHash, payload: EntryHash, made: list[LoggedSignature]
) -> None:
    ordered = tuple(sorted(made, key=lambda item: item.text))
    entry = DsseV001(envelope, payload, ordered)
    assert DsseV001.parse(entry.encode()) == entry
    assert DsseV001(envelope, payload, tuple(made)).encode().count(b'"verifier"') == len(made)


@given(sha256s, st.none() | sha256s, blobs)
def test_an_intoto_0_0_1_is_parsed_to_what_was_encoded(
    envelope: EntryHash, payload: EntryHash | None, pem: bytes
) -> None:
    entry = IntotoV001(envelope, pem, payload)
    assert IntotoV001.parse(entry.encode()) == entry


@given(texts, intoto_signatures, sha256s, st.none() | blobs)
def test_an_intoto_0_0_2_is_parsed_to_what_was_encoded(
    kind: str, made: tuple[IntotoSignature, ...], hashed: EntryHash, payload: bytes | None
) -> None:
    entry = IntotoV002(kind, made, hashed, hashed, payload)
    assert IntotoV002.parse(entry.encode()) == entry


@pytest.mark.parametrize("kind", KINDS)
@given(raw=st.binary(max_size=60))
@example(raw=b'{"apiVersion":"0.0.1","kind":"dsse","spec":{"signatures":7}}')
def test_only_malformed_leaves_a_parser(kind: type[DsseV001], raw: bytes) -> None:
    with pytest.raises(MalformedError):
        kind.parse(raw)


numbers = st.integers(0, 2**53 - 1)


@given(blobs, numbers, blobs, numbers)
def test_what_a_promise_signs_is_what_a_canonicaliser_makes(body: bytes, time: int, log_id: bytes, index: int) -> None:
    members = {"body": encode_b64(body), "integratedTime": time, "logID": log_id.hex(), "logIndex": index}
    assert EntryTimestamp(body, time, log_id, index).encode() == encode_canonical_json(members)


node_hashes = st.binary(min_size=32, max_size=32)


@st.composite
def inclusions(draw: st.DrawFn) -> LoggedProof:
    """Proofs of the last entry, which have a hash for each complete subtree before it."""
    index = draw(st.integers(0, 2**40))
    count = len(peak_nodes(index))
    made = draw(st.lists(node_hashes, min_size=count, max_size=count))
    return LoggedProof(InclusionProof(index, index + 1, tuple(made)), draw(node_hashes), draw(texts))


@given(blobs, node_hashes, st.integers(0, 2**63 - 1), st.none() | inclusions(), numbers, blobs, st.none() | blobs)
def test_log_entries_are_parsed_to_what_was_encoded(
    body: bytes,
    log_id: bytes,
    index: int,
    inclusion: LoggedProof | None,
    time: int,
    promise: bytes,
    attestation: bytes | None,
) -> None:
    v1 = LogEntry(body, log_id, index, inclusion, time, promise, attestation=attestation)
    v2 = LogEntry(body, log_id, index, inclusion, time, promise, "kind", "0.0.1")
    assert parse_v1_entries(write_v1_entry("ab" * 40, v1)) == {"ab" * 40: v1}
    assert parse_v2_entry(write_v2_entry(v2)) == v2


REQUESTS = [
    json.dumps(content).encode()
    for content in (
        proposals.v2_hashedrekord(proposals.signer(), proposals.key_verifier(proposals.signer())),
        proposals.v2_dsse([proposals.signer()], [proposals.key_verifier(proposals.signer())]),
    )
]
replacements = st.sampled_from(
    [b"", b'"', b":", b",", b"{", b"}", b"[", b"null", b"\\", b"\xff", b"A", b"=", b"1", b"\\u003a"]
)


@st.composite
def edited(draw: st.DrawFn) -> bytes:
    """A request with a few bytes changed, or with a member repeated."""
    raw = draw(st.sampled_from(REQUESTS))
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(raw)))
        raw = raw[:start] + draw(replacements) + raw[start + draw(st.integers(0, 4)) :]
    if draw(st.booleans()):
        name = draw(
            st.sampled_from([b'"digest": ', b'"content": ', b'"keyDetails": ', b'"verifier": ', b'"rawBytes": '])
        )
        raw = raw.replace(
            name, name + draw(st.sampled_from([b'"AA=="', b"null", b'"PKIX_ECDSA_P256_SHA_256"'])) + b", " + name, 1
        )
    return raw


@given(edited())
@settings(max_examples=500)
def test_what_the_fast_parser_accepts_the_strict_one_reads_the_same(raw: bytes) -> None:
    fast = v2_request._parse_fast(raw)
    if fast is not None:
        assert v2_request._parse_strictly(raw) == fast


@given(edited())
@settings(max_examples=300)
def test_only_refusals_leave_the_acceptance_of_requests(raw: bytes) -> None:
    with suppress(MalformedError, VerificationError):
        v2_request.accept(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | blobs.map(encode_b64) | st.just(encode_b64(PEM)),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(texts, inside, max_size=3),
    max_leaves=5,
)
PROPOSED = [
    (hashedrekord.accept_v001, proposals.hashedrekord(proposals.signer(), PEM)),
    (dsse.accept_v001, proposals.dsse(TEXT, [PEM])),
    (intoto.accept_v001, proposals.intoto_v001(TEXT, PEM)),
    (intoto.accept_v002, proposals.intoto_v002([(proposals.signer(), PEM)])),
]


def paths(content: object, before: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the way to each member of a JSON value."""
    members = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    found = [before] if before else []
    for name, inside in members:
        found += paths(inside, (*before, name))
    return found


@pytest.mark.parametrize(("accept", "proposed"), PROPOSED)
@given(data=st.data())
@settings(max_examples=200)
def test_only_refusals_leave_the_acceptance_of_proposals(
    accept: object, proposed: dict[str, object], data: st.DataObject
) -> None:
    *way, last = data.draw(st.sampled_from(paths(proposed)))

    def put(spec: object) -> None:
        for name in way:
            spec = spec[name]  # type: ignore[index]
        spec[last] = data.draw(json_values)  # type: ignore[index]

    with suppress(MalformedError, VerificationError):
        accept(proposals.spec_of(proposals.changed(proposed, put)))  # type: ignore[operator]
