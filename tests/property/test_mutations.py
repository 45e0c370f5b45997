"""One byte changed anywhere: refused, or the very same claim."""

from datetime import UTC, datetime
from functools import partial
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.bundle.referrer import build_bundle_referrer
from cosignpy.core.bundle.rekor_bundle import encode_rekor_bundle, parse_rekor_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import parse_json, parse_pem
from cosignpy.core.intoto import COSIGN_SIGN_V1, Statement
from cosignpy.core.oci.manifest import Manifest, Platform
from cosignpy.core.oci.reference import Reference
from cosignpy.core.oci.simple_signing import LOG_ANNOTATION, SIGNATURE_ANNOTATION, SimpleSigningPayload
from cosignpy.core.policy.bundle import SignedByIdentity
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.transparency import RequireLog
from cosignpy.core.verify.evidence import SignedClaim
from cosignpy.core.verify.signature import verify_bundle, verify_legacy
from cosignpy.errors import CosignError, MalformedError, SignatureMismatch
from cosignpy.values import replace
from tests.property.strategies import neighbours, references
from tests.support import cosign_example as example
from tests.support.legacy_signatures import LegacySigning
from tests.support.signed import IMAGE, WAIVED, legacy
from tests.support.virtual_sigstore import ALICE, TRUST

POLICY: Final = ImagePolicy((example.KEY,), WAIVED)


def claim_of(raw: bytes) -> SignedClaim:
    return verify_bundle(parse_bundle(raw), example.IMAGE, POLICY, "test").claim


BUNDLE_CLAIM: Final = claim_of(example.BUNDLE)
LEGACY: Final = legacy(example.PAYLOAD, example.PAYLOAD_SIGNATURE)
LEGACY_CLAIM: Final = verify_legacy(example.PAYLOAD, LEGACY, example.IMAGE, POLICY).claim


@settings(max_examples=1000)
@given(neighbours(example.BUNDLE))
def test_a_bundle(mutated: bytes) -> None:
    """White space, the hint and the spelling of JSON are not signed; nothing else may differ."""
    try:
        claim = claim_of(mutated)
    except CosignError:
        return
    assert claim == BUNDLE_CLAIM


def test_every_bit_of_a_bundle() -> None:
    accepted = set()
    for place in range(len(example.BUNDLE)):
        for bit in range(8):
            mutated = bytearray(example.BUNDLE)
            mutated[place] ^= 1 << bit
            try:
                assert claim_of(bytes(mutated)) == BUNDLE_CLAIM
            except CosignError:
                continue
            accepted.add(place)
    hint = example.BUNDLE.index(example.KEY.hint.encode())
    assert accepted <= set(range(hint, hint + len(example.KEY.hint)))


@settings(max_examples=300)
@given(neighbours(example.PAYLOAD))
def test_a_legacy_payload(mutated: bytes) -> None:
    with pytest.raises(SignatureMismatch):
        verify_legacy(mutated, LEGACY, example.IMAGE, POLICY)


@settings(max_examples=300)
@given(neighbours(example.PAYLOAD_SIGNATURE))
def test_a_signature(mutated: bytes) -> None:
    with pytest.raises(SignatureMismatch):
        verify_legacy(example.PAYLOAD, legacy(example.PAYLOAD, mutated), example.IMAGE, POLICY)


BY_ALICE: Final = ImagePolicy((), RequireLog(), identities=SignedByIdentity((ALICE,)))
VOUCHED: Final = LegacySigning(stamped=True).make()
VOUCHED_PAYLOAD: Final = LegacySigning(stamped=True).payload
EVIDENCE: Final = verify_legacy(VOUCHED_PAYLOAD, VOUCHED, IMAGE, BY_ALICE, TRUST)


@pytest.mark.parametrize("name", [name for name in VOUCHED.layer.annotations if name != SIGNATURE_ANNOTATION])
@settings(max_examples=200)
@given(st.data())
def test_what_lies_beside_a_legacy_signature(name: str, data: st.DataObject) -> None:
    """Text around PEM is free, and what a trusted root says anyway; nothing else may differ."""
    mutated = data.draw(neighbours(VOUCHED.layer.annotations[name].encode())).decode("utf-8", "replace")
    layer = replace(VOUCHED.layer, annotations={**VOUCHED.layer.annotations, name: mutated})
    try:
        found = verify_legacy(VOUCHED_PAYLOAD, replace(VOUCHED, layer=layer), IMAGE, BY_ALICE, TRUST)
    except CosignError:
        return
    assert found == EVIDENCE


@settings(max_examples=500)
@given(neighbours(VOUCHED.layer.annotations[LOG_ANNOTATION].encode()))
def test_a_rekor_bundle(mutated: bytes) -> None:
    """What is still one says what it is written as again."""
    try:
        entry = parse_rekor_bundle(mutated)
    except MalformedError:
        return
    assert parse_rekor_bundle(encode_rekor_bundle(entry)) == entry


@given(neighbours(example.HEX.encode()))
def test_the_image_asked_for(mutated: bytes) -> None:
    try:
        image = Digest("sha256", mutated.decode("latin-1"))
    except MalformedError:
        return
    for verify in (
        partial(verify_bundle, parse_bundle(example.BUNDLE), location="test"),
        partial(verify_legacy, example.PAYLOAD, LEGACY),
    ):
        with pytest.raises(CosignError):
            verify(image=image, policy=POLICY)


@given(references().flatmap(lambda reference: neighbours(str(reference).encode())))
def test_a_reference(mutated: bytes) -> None:
    """What is still a reference prints as one that is equal, so that nobody is shown another name than was used."""
    try:
        reference = Reference.parse(mutated.decode("latin-1"))
    except MalformedError:
        return
    assert Reference.parse(str(reference)) == reference
    assert str(reference).isascii()
    assert str(reference).endswith(mutated.decode().rpartition("/")[2])


PARSERS: Final = (
    partial(parse_json, what="test"),
    partial(parse_pem, what="test"),
    parse_bundle,
    Manifest.parse,
    Statement.parse,
    SimpleSigningPayload.parse,
    lambda raw: Digest.parse(raw.decode("latin-1")),
    lambda raw: Platform.parse(raw.decode("latin-1")),
    lambda raw: Reference.parse(raw.decode("utf-8", "surrogateescape")),
)
SEEDS: Final = (
    example.BUNDLE,
    example.PAYLOAD,
    example.STATEMENT,
    example.KEY.encode_pem(),
    build_bundle_referrer(example.BUNDLE, example.SUBJECT, COSIGN_SIGN_V1, datetime(2026, 7, 24, tzinfo=UTC)).raw,
)


@settings(max_examples=500)
@given(st.binary(max_size=200) | st.sampled_from(SEEDS).flatmap(neighbours))
def test_no_parser_lets_anything_else_out(raw: bytes) -> None:
    for parse in PARSERS:
        try:
            parse(raw)
        except MalformedError:
            continue
