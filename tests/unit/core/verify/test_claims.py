"""Claims: neighbours of a good payload that differ in one thing are refused, and the difference is named."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope
from cosignpy.core.encoding import JsonValue
from cosignpy.core.intoto import COSIGN_SIGN_V1, STATEMENT_V01
from cosignpy.core.oci.simple_signing import PAYLOAD_TYPE
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.verify.claims import verify_simple_signing_claims, verify_statement_claims
from cosignpy.core.verify.evidence import SignatureFormat, SignedClaim
from cosignpy.errors import ClaimMismatch, MalformedError
from tests.support.signed import IMAGE, KEY, NAME, OTHER_IMAGE, WAIVED, policy, simple_signing, statement

SHA512 = Digest.of(b"image", "sha512")
SPDX = "https://spdx.dev/Document"


def claims_of(payload: bytes, image: Digest, wanted: ImagePolicy) -> SignedClaim:
    return verify_statement_claims(Envelope(IN_TOTO_PAYLOAD, payload, ()), image, wanted)


def subject(image: Digest = IMAGE, **members: JsonValue) -> dict[str, JsonValue]:
    return {"digest": {image.algorithm: image.hex}, **members}


@pytest.mark.parametrize(
    "payload",
    [
        statement(),
        statement(_type=STATEMENT_V01),
        statement(predicate={"any": "thing"}),
        statement(subject=[subject(OTHER_IMAGE), subject()]),
        statement(subject=[{"digest": {"sha256": IMAGE.hex, "sha512": SHA512.hex}}]),
    ],
)
def test_a_statement_about_the_image_is_accepted(payload: bytes) -> None:
    claim = claims_of(payload, IMAGE, policy())
    assert (claim.format, claim.type, claim.payload) == (SignatureFormat.BUNDLE, COSIGN_SIGN_V1, payload)


def test_the_name_and_annotations_of_the_subject_that_matched_are_evidence() -> None:
    other, own = subject(OTHER_IMAGE, name="x", annotations={"a": "x"}), subject(name="own", annotations={"a": "own"})
    claim = claims_of(statement(subject=[other, own]), IMAGE, policy())
    assert (claim.docker_reference, claim.annotations) == ("own", {"a": "own"})


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (statement(OTHER_IMAGE), str(OTHER_IMAGE)),
        (statement(subject=[]), "absent"),
        (statement(subject=[{}]), "absent"),
        (statement(subject=[{"digest": {"sha1": IMAGE.hex}}]), "absent"),
        (statement(subject=[{"digest": {"sha512": SHA512.hex}}]), str(SHA512)),
        (statement(subject=[{"digest": {"sha512": IMAGE.hex * 2}}]), f"sha512:{IMAGE.hex * 2}"),
        (statement(subject=[subject(OTHER_IMAGE, name=str(IMAGE))]), str(OTHER_IMAGE)),
        (statement(subject=[subject(OTHER_IMAGE), subject(SHA512)]), f"{OTHER_IMAGE}, {SHA512}"),
    ],
)
def test_a_statement_about_something_else_is_refused(payload: bytes, found: str) -> None:
    with pytest.raises(ClaimMismatch) as refused:
        claims_of(payload, IMAGE, policy())
    assert (refused.value.claim, refused.value.wanted, refused.value.found) == ("image digest", str(IMAGE), found)


def test_a_sha256_statement_is_not_one_of_the_same_image_by_sha512() -> None:
    with pytest.raises(ClaimMismatch) as refused:
        claims_of(statement(), SHA512, policy())
    assert refused.value.wanted == str(SHA512)
    assert claims_of(statement(SHA512), SHA512, policy()).type == COSIGN_SIGN_V1


@pytest.mark.parametrize("found", [SPDX, COSIGN_SIGN_V1 + "/", COSIGN_SIGN_V1.upper(), "", " " + COSIGN_SIGN_V1])
def test_an_attestation_is_no_signature(found: str) -> None:
    with pytest.raises(ClaimMismatch) as refused:
        claims_of(statement(predicateType=found), IMAGE, policy())
    assert (refused.value.claim, refused.value.wanted) == ("predicate type", COSIGN_SIGN_V1)
    assert refused.value.found == found


def test_another_predicate_type_counts_only_when_it_is_asked_for() -> None:
    attestation = statement(predicateType=SPDX)
    keys = (KEY.public_key,)
    wanted = ImagePolicy(keys, WAIVED, predicate=PredicateTypeIs(SPDX))
    assert claims_of(attestation, IMAGE, wanted).type == SPDX
    anything = ImagePolicy(keys, WAIVED, predicate=AnyPredicateUnsafe("test"))
    assert claims_of(attestation, IMAGE, anything).type == SPDX
    with pytest.raises(ClaimMismatch):
        claims_of(statement(), IMAGE, wanted)
    with pytest.raises(ClaimMismatch):
        claims_of(statement(OTHER_IMAGE, predicateType=SPDX), IMAGE, anything)


def test_something_that_is_no_statement_is_refused() -> None:
    for payload in (simple_signing(), statement(_type="https://in-toto.io/Statement/v2"), b"", b"{}"):
        with pytest.raises(MalformedError) as refused:
            claims_of(payload, IMAGE, policy())
        assert refused.value.what == "in-toto statement"


ANNOTATED = {"env": "prod", "team": "a"}


def annotated(annotations: dict[str, JsonValue]) -> bytes:
    return statement(subject=[subject(annotations=annotations)])


@pytest.mark.parametrize("wanted", [{}, {"env": "prod"}, ANNOTATED])
def test_annotations_asked_for_are_found(wanted: dict[str, str]) -> None:
    required = policy(annotations=wanted)
    assert claims_of(annotated(dict(ANNOTATED)), IMAGE, required).annotations == ANNOTATED
    legacy = simple_signing(optional=dict(ANNOTATED))
    assert verify_simple_signing_claims(legacy, IMAGE, required).annotations == ANNOTATED


@pytest.mark.parametrize(
    ("signed", "found"),
    [
        ({}, "absent"),
        ({"env": "staging"}, "staging"),
        ({"env": "Prod"}, "Prod"),
        ({"env": "prod "}, "prod "),
        ({"env": "pr\N{CYRILLIC SMALL LETTER O}d"}, "pr\N{CYRILLIC SMALL LETTER O}d"),
        ({"ENV": "prod"}, "absent"),
        ({"team": "prod"}, "absent"),
    ],
)
def test_an_annotation_missing_or_with_another_value_is_refused(signed: dict[str, JsonValue], found: str) -> None:
    required = policy(annotations={"env": "prod"})
    with pytest.raises(ClaimMismatch) as refused:
        claims_of(annotated(signed), IMAGE, required)
    assert (refused.value.claim, refused.value.wanted, refused.value.found) == ("annotation env", "prod", found)
    with pytest.raises(ClaimMismatch) as refused:
        verify_simple_signing_claims(simple_signing(optional=signed), IMAGE, required)
    assert (refused.value.claim, refused.value.wanted, refused.value.found) == ("annotation env", "prod", found)


def test_annotations_of_another_subject_do_not_count() -> None:
    payload = statement(subject=[subject(OTHER_IMAGE, annotations={"env": "prod"}), subject()])
    with pytest.raises(ClaimMismatch) as refused:
        claims_of(payload, IMAGE, policy(annotations={"env": "prod"}))
    assert refused.value.claim == "annotation env"


@pytest.mark.parametrize(("value", "text"), [(1, "1"), (1.0, "1.0"), (True, "True"), (None, "None"), ([], "[]")])
def test_a_value_that_is_no_text_equals_no_text(value: JsonValue, text: str) -> None:
    """Python finds True == 1 == 1.0; what was signed is compared with text only."""
    for wanted in (text, "1", "true", "null"):
        with pytest.raises(ClaimMismatch):
            verify_simple_signing_claims(
                simple_signing(optional={"a": value}), IMAGE, policy(annotations={"a": wanted})
            )


def test_a_legacy_payload_of_the_image_is_accepted() -> None:
    payload = simple_signing()
    claim = verify_simple_signing_claims(payload, IMAGE, policy())
    assert (claim.format, claim.type, claim.payload) == (SignatureFormat.LEGACY, PAYLOAD_TYPE, payload)
    assert (claim.docker_reference, claim.annotations) == (NAME, {})


@pytest.mark.parametrize(
    ("payload", "claim", "wanted", "found"),
    [
        (simple_signing(OTHER_IMAGE), "image digest", str(IMAGE), str(OTHER_IMAGE)),
        (simple_signing(SHA512), "image digest", str(IMAGE), str(SHA512)),
        (
            simple_signing(type="another type"),
            "critical.type",
            PAYLOAD_TYPE,
            "another type",
        ),
        (simple_signing(type=""), "critical.type", PAYLOAD_TYPE, ""),
    ],
)
def test_a_legacy_payload_that_says_something_else_is_refused(
    payload: bytes, claim: str, wanted: str, found: str
) -> None:
    with pytest.raises(ClaimMismatch) as refused:
        verify_simple_signing_claims(payload, IMAGE, policy())
    assert (refused.value.claim, refused.value.wanted, refused.value.found) == (claim, wanted, found)


def test_the_name_in_a_legacy_payload_decides_nothing() -> None:
    """As with cosign: images move between registries with their signatures."""
    payload = simple_signing(identity={"docker-reference": "elsewhere.example/x"})
    assert verify_simple_signing_claims(payload, IMAGE, policy()).docker_reference == "elsewhere.example/x"


def test_something_that_is_no_legacy_payload_is_refused() -> None:
    for payload in (statement(), b"", b'{"critical":{}}'):
        with pytest.raises(MalformedError) as refused:
            verify_simple_signing_claims(payload, IMAGE, policy())
        assert refused.value.what == "simple-signing payload"


def test_an_image_that_is_named_twice_has_the_annotations_of_either() -> None:
    subjects = [
        {"digest": {"sha256": IMAGE.hex}, "annotations": annotations}
        for annotations in ({"env": "test"}, {"env": "prod"})
    ]
    twice = statement(subject=subjects)
    for wanted in ("test", "prod"):
        found = claims_of(twice, IMAGE, policy(annotations={"env": wanted}))
        assert found.annotations == {"env": wanted}
    with pytest.raises(ClaimMismatch, match="annotation env is test, wanted dev"):
        claims_of(twice, IMAGE, policy(annotations={"env": "dev"}))
