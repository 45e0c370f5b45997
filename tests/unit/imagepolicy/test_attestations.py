"""Attestations that authorities demand: by type, by condition, and all of them."""

from dataclasses import dataclass
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.predicates.types import CUSTOM
from cosignpy.core.verify.evidence import SignatureFormat, SignedClaim, VerifiedImage, VerifiedSignature
from cosignpy.errors import ConditionRefused, DeadlineExceeded, NoMatchingSignatures
from cosignpy.imagepolicy.attestations import accept_wanted, accepted_types, match_attestations
from cosignpy.imagepolicy.conditions.condition import ConditionInput
from cosignpy.imagepolicy.model import Attestation, PolicyText
from tests.support.image_policies import BY_KEY, FILE, parsed
from tests.support.signed import IMAGE, KEY

REVIEW: Final = "https://example.com/review/v1"
GOOD, BAD, DOUBTFUL, SLOW = b"good", b"bad", b"doubtful", b"slow"


def attested(payload: bytes = GOOD, kind: str = REVIEW) -> VerifiedSignature:
    claim = SignedClaim(SignatureFormat.BUNDLE, kind, payload, "", {})
    return VerifiedSignature(f"{kind} {payload.decode()}", IMAGE, KEY.public_key, ECDSA_P256, claim, None)


def wanted(*demanded: dict[str, Any]) -> tuple[Attestation, ...]:
    return parsed({"attestations": list(demanded), **BY_KEY}).authorities[0].attestations


def demand(name: str = "review", kind: str = REVIEW, **policy: Any) -> dict[str, Any]:
    text = {"policy": {"type": "rego", "data": "whatever", **policy}} if policy else {}
    return {"name": name, "predicateType": kind, **text}


@dataclass(frozen=True)
class Holds:
    """A condition that holds for the good, and with a warning for the doubtful."""

    def check(self, given: ConditionInput) -> tuple[str, ...]:
        if given.document == BAD:
            raise ConditionRefused("", "it is bad")
        if given.document == SLOW:
            raise DeadlineExceeded(1)
        return ("one may doubt it",) if given.document == DOUBTFUL else ()


def load(text: PolicyText) -> Holds:
    assert text.data == "whatever"
    return Holds()


def matched(demanded: tuple[Attestation, ...], *verified: VerifiedSignature) -> dict[str, list[bytes]]:
    found = match_attestations("image", demanded, VerifiedImage(IMAGE, verified), load)
    assert found.digest == IMAGE
    return {name: [each.claim.payload for each in several] for name, several in found.found.items()}


def refused(demanded: tuple[Attestation, ...], *verified: VerifiedSignature) -> NoMatchingSignatures:
    with pytest.raises(NoMatchingSignatures) as caught:
        match_attestations("image", demanded, VerifiedImage(IMAGE, verified), load)
    return caught.value


def test_a_name_has_older_uris_and_a_uri_is_only_itself() -> None:
    by_name, by_uri, other = wanted(demand(kind="custom"), demand("b", CUSTOM), demand("c", "cosign.sigstore.dev/x"))
    assert accepted_types(by_name)[0] == CUSTOM
    assert len(accepted_types(by_name)) > 1
    assert (accepted_types(by_uri), accepted_types(other)) == ((CUSTOM,), ("cosign.sigstore.dev/x",))


def test_all_types_are_looked_for_at_once() -> None:
    assert accept_wanted(wanted(demand(), demand("s", "spdx"), demand("j", "spdxjson"))) == PredicateTypeIs(
        REVIEW, ("https://spdx.dev/Document", "https://spdx.dev/Document/v2.2", "https://spdx.dev/Document/v2.3")
    )


def test_every_attestation_of_a_type_counts_where_there_is_no_condition() -> None:
    found = matched(wanted(demand()), attested(GOOD), attested(BAD), attested(GOOD, CUSTOM))
    assert found == {"review": [GOOD, BAD]}


def test_those_count_that_satisfy_the_condition() -> None:
    assert matched(wanted(demand(data="whatever")), attested(BAD), attested(GOOD), attested(DOUBTFUL)) == {
        "review": [GOOD]
    }


def test_a_warning_is_as_good_as_a_refusal() -> None:
    error = refused(wanted(demand(data="whatever")), attested(BAD), attested(DOUBTFUL))
    first, second = (each.error for each in error.rejections)
    assert isinstance(first, ConditionRefused)
    assert isinstance(second, ConditionRefused)
    assert (second.why, second.file, second.line > 0) == ("warning: one may doubt it", FILE, True)


def test_that_there_was_no_time_is_no_refusal() -> None:
    with pytest.raises(DeadlineExceeded):
        matched(wanted(demand(data="whatever")), attested(SLOW), attested(GOOD))


def test_all_that_are_demanded_have_to_be_there() -> None:
    both = wanted(demand(), demand("mine", "custom"))
    assert matched(both, attested(), attested(BAD, CUSTOM)) == {"review": [GOOD], "mine": [BAD]}
    error = refused(both, attested())
    assert error.why == f"no matching attestations of the type custom (found: {REVIEW})"
    assert refused(both).why.endswith("(found: none)")


def test_two_of_one_name_are_both_demanded() -> None:
    both = wanted(demand("m", "custom"), demand("m"))
    assert matched(both, attested(), attested(BAD, CUSTOM)) == {"m": [GOOD]}
    refused(both, attested())


def test_what_a_policy_calls_an_attestation() -> None:
    one = attested()
    found = match_attestations("image", wanted(demand("a"), demand("b")), VerifiedImage(IMAGE, (one,)), load)
    assert (found.signatures, found.names_of(one), found.names_of(attested())) == ((one,), ("a", "b"), ())
    assert found.types == {"a": REVIEW, "b": REVIEW}
    assert found.digest == Digest(IMAGE.algorithm, IMAGE.hex)
