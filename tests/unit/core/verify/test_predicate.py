"""What a statement says, by its type and by its predicate: of images and of files by the same rule."""

from typing import Final

import pytest

from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope
from cosignpy.core.encoding import encode_json
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.policy.provenance import ProvenanceRule
from cosignpy.core.verify.artifact import Artifact, verify_statement
from cosignpy.core.verify.claims import verify_statement_claims
from cosignpy.core.verify.predicate import verify_predicate
from cosignpy.errors import ClaimMismatch, MalformedError
from tests.support.predicates import EXAMPLES
from tests.support.signed import IMAGE, KEY, WAIVED, statement

PROVENANCE: Final = "https://slsa.dev/provenance/v1"
BUILDER: Final = "https://ci.example/builder"
ENVELOPE: Final = Envelope(
    IN_TOTO_PAYLOAD, statement(predicateType=PROVENANCE, predicate=EXAMPLES["slsaprovenance1"]), ()
)
RULES: Final = {
    "right": PredicateTypeIs(PROVENANCE, provenance=ProvenanceRule(BUILDER)),
    "another builder": PredicateTypeIs(PROVENANCE, provenance=ProvenanceRule(f"{BUILDER}s")),
    "another type": PredicateTypeIs("https://slsa.dev/provenance/v0.2", provenance=ProvenanceRule(BUILDER)),
}


def test_a_statement_of_the_type_by_the_builder_passes_without_its_predicate() -> None:
    found = verify_predicate(ENVELOPE, RULES["right"])
    assert (found.predicate_type, found.predicate) == (PROVENANCE, None)
    assert verify_predicate(ENVELOPE, AnyPredicateUnsafe("test")) == found


@pytest.mark.parametrize(("name", "claim"), [("another builder", "builder id"), ("another type", "predicate type")])
def test_what_says_something_else_is_refused_of_images_and_of_files(name: str, claim: str) -> None:
    artifact = Artifact({"sha256": bytes.fromhex(IMAGE.hex)})
    for rule, refused in ((RULES["right"], False), (RULES[name], True)):
        wanted = ImagePolicy((KEY.public_key,), WAIVED, predicate=rule)
        for check in (
            lambda rule=rule: verify_statement(ENVELOPE, artifact, rule),
            lambda wanted=wanted: verify_statement_claims(ENVELOPE, IMAGE, wanted),
        ):
            if not refused:
                check()
                continue
            with pytest.raises(ClaimMismatch) as error:
                check()
            assert error.value.claim == claim


def test_provenance_without_a_builder_is_malformed_where_one_is_asked_for() -> None:
    nobody = Envelope(IN_TOTO_PAYLOAD, encode_json({**statement_members(), "predicate": {}}), ())
    assert verify_predicate(nobody, PredicateTypeIs(PROVENANCE)).predicate_type == PROVENANCE
    with pytest.raises(MalformedError, match="buildDefinition: missing"):
        verify_predicate(nobody, RULES["right"])


def statement_members() -> dict[str, object]:
    return {"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": PROVENANCE}
