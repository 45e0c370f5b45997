"""Connaisseur's values: validators and patterns, of which the most specific counts there and all count here."""

from typing import Any, Final

import pytest

from tests.support.foreign_policies import OTHER_PEM, connaisseur, converted, made_of, refused, warned
from tests.support.image_policies import PEM, encode

REKOR: Final = {"url": "https://rekor.sigstore.dev"}
ALICE: Final = {"name": "alice", "key": PEM}
BOB: Final = {"name": "bob", "key": OTHER_PEM}
CAROL: Final = {"name": "carol", "keyless": {"issuer": "https://accounts.example.com", "subject": "carol@example.com"}}
TEAM: Final = {"pattern": "ghcr.io/team/*:*"}


def cosign(*roots: Any, name: str = "team", **more: Any) -> Any:
    return {"name": name, "type": "cosign", "trustRoots": list(roots), **more}


def by(*roots: Any, **chosen: Any) -> Any:
    """Return values with one rule, which demands this of a validator with these trust roots."""
    rule = {**TEAM, "validator": "team", **({"with": chosen} if chosen else {})}
    return connaisseur(rule, validators=(cosign(*roots),))


def spec(document: Any) -> Any:
    (policy,) = made_of(document)
    return policy["spec"]


def test_the_default_of_the_default() -> None:
    (policy,) = made_of(connaisseur(TEAM))
    assert policy["metadata"]["name"] == "ghcr-io-team"
    assert policy["spec"] == {
        "images": [{"glob": "ghcr.io/team/**:**"}, {"glob": "ghcr.io/team/**@**"}],
        "authorities": [{"name": "default", "key": {"data": PEM}, "ctlog": REKOR}],
    }


def test_older_versions() -> None:
    document = {
        "deployment": {"replicasCount": 3},
        "validators": [{"name": "default", "type": "cosign", "trust_roots": [{"name": "own", "key": PEM}]}],
        "policy": [{**TEAM, "with": {"trust_root": "own", "verify_in_transparency_log": False}}],
    }
    assert spec(document)["authorities"] == [{"name": "own", "key": {"data": PEM}}]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("rekor.example", "https://rekor.example"),
        ({"rekor": "http://rekor.example"}, "http://rekor.example"),
        ({}, "https://rekor.sigstore.dev"),
    ],
)
def test_logs(host: Any, url: str) -> None:
    document = connaisseur(
        {**TEAM, "validator": "team"}, validators=(cosign({"name": "default", "key": PEM}, host=host),)
    )
    assert spec(document)["authorities"][0]["ctlog"] == {"url": url}


def test_identities() -> None:
    identity = {"issuer": "https://accounts.example.com", "subject": "carol@example.com"}
    assert spec(by(CAROL, trustRoot="carol", verifySCT=False))["authorities"] == [
        {"name": "carol", "keyless": {"identities": [identity], "insecureIgnoreSCT": True}, "ctlog": REKOR}
    ]
    patterns = {"name": "carol", "keyless": {"issuerRegex": "^a$", "subjectRegex": "^b$"}}
    (found,) = spec(by(patterns, trustRoot="carol"))["authorities"]
    assert found["keyless"]["identities"] == [{"issuerRegExp": "^a$", "subjectRegExp": "^b$"}]


def test_an_entry_of_identities_is_always_demanded() -> None:
    document = by(CAROL, trustRoot="carol", verifyInTransparencyLog=False)
    assert spec(document)["authorities"][0]["ctlog"] == REKOR
    assert len(warned(document)) == 1


def test_all_trust_roots_or_some() -> None:
    everybody = made_of(by(ALICE, BOB, trustRoot="*"))
    assert [[each["name"] for each in policy["spec"]["authorities"]] for policy in everybody] == [["alice"], ["bob"]]
    assert "policy" not in spec(by(ALICE, BOB, trustRoot="*", threshold=1))
    counted = spec(by(ALICE, BOB, CAROL, trustRoot="*", threshold=2))
    assert "count(input.authorityMatches) >= 2" in counted["policy"]["data"]


def test_required_trust_roots_have_policies_of_their_own() -> None:
    first, second = made_of(by(ALICE, BOB, trustRoot="*", threshold=1, required=["bob"]))
    assert [each["name"] for each in first["spec"]["authorities"]] == ["bob"]
    assert [each["name"] for each in second["spec"]["authorities"]] == ["alice", "bob"]


def test_all_denied_is_what_no_policy_says() -> None:
    """The common case: own images are signed, some others are allowed, and the rest is denied."""
    rules = ({"pattern": "*:*", "validator": "deny"}, TEAM, {"pattern": "registry.k8s.io/*:*", "validator": "allow"})
    signed, allowed = made_of(connaisseur(*rules))
    assert "key" in signed["spec"]["authorities"][0]
    assert allowed["spec"]["authorities"] == [{"name": "static", "static": {"action": "pass"}}]


def test_all_allowed_beside_what_is_signed() -> None:
    allowed, signed = made_of(connaisseur({"pattern": "*:*", "validator": "allow"}, TEAM))
    assert allowed["spec"]["images"] == [{"glob": "**"}]
    assert signed["spec"]["images"] != allowed["spec"]["images"]


def test_some_denied_of_what_is_signed() -> None:
    _, denied = made_of(connaisseur(TEAM, {"pattern": "ghcr.io/team/old:*", "validator": "deny"}))
    assert denied["spec"]["authorities"] == [{"name": "static", "static": {"action": "fail"}}]


@pytest.mark.parametrize(
    "rules",
    [
        ({"pattern": "*:*"}, {"pattern": "registry.k8s.io/*:*", "validator": "allow"}),
        (TEAM, {"pattern": "ghcr.io/team/app:*", "validator": "team"}),
        ({"pattern": "docker.io/*:*", "validator": "deny"}, {"pattern": "docker.io/library/*:*", "validator": "allow"}),
        ({"pattern": "ghcr.io/*/app:*"}, {"pattern": "ghcr.io/team/*:*", "validator": "allow"}),
    ],
)
def test_what_only_the_most_specific_rule_says_is_refused(rules: Any) -> None:
    """Both would count here: images would need what nobody meant, or be let in that were denied."""
    roots = (cosign({"name": "default", "key": OTHER_PEM}),)
    (problem,) = refused(connaisseur(*rules, validators=roots))
    assert "is about images that" in problem[1]


def test_patterns_without_images_in_common() -> None:
    rules = (
        {"pattern": "ghcr.io/a/*:*"},
        {"pattern": "ghcr.io/b/*:*", "validator": "allow"},
        {"pattern": "nginx", "validator": "allow"},
    )
    assert len(made_of(connaisseur(*rules))) == 3


def test_detection_is_a_warning() -> None:
    document = connaisseur(TEAM, features={"detectionMode": True})
    assert spec(document)["mode"] == "warn"
    assert warned(document) == ["detectionMode"]
    assert "mode" not in spec(connaisseur(TEAM, features={"detectionMode": False}))


def test_other_settings_are_elsewhere() -> None:
    features = {"namespacedValidation": True, "resourceValidationMode": "podsOnly", "automaticChildApproval": True}
    assert warned(connaisseur(TEAM, features=features)) == ["namespacedValidation", "resourceValidationMode"]
    more: Any = {"auth": {"secretName": "a"}, "cert": "b"}
    document = connaisseur({**TEAM, "validator": "team"}, validators=(cosign({"name": "default", "key": PEM}, **more),))
    assert warned(document) == ["auth", "cert"]


def validated(validator: Any) -> Any:
    return connaisseur({**TEAM, "validator": "team"}, validators=(validator,))


FIRST: Final = "application.validators[3]"


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (connaisseur(), "application.policy"),
        (connaisseur(TEAM, new="field"), "application.new"),
        (connaisseur({**TEAM, "validator": "nobody"}), "application.policy[0].validator"),
        (connaisseur({"pattern": "ghcr.io/team/app:v1"}), "application.policy[0]"),
        (connaisseur({"validator": "allow"}), "application.policy[0].pattern"),
        (connaisseur({**TEAM, "with": {"delegations": ["a"]}}), "application.policy[0].with.delegations"),
        (by(ALICE), "application.policy[0]"),
        (by(ALICE, trustRoot="bob"), "application.policy[0]"),
        (by(ALICE, trustRoot="*", required=["bob"]), "application.policy[0]"),
        (by(ALICE, trustRoot="*", threshold=2), "application.policy[0].with.threshold"),
        (by(ALICE, trustRoot="*", threshold="many"), "application.policy[0].with.threshold"),
        (by({"name": "alice", "key": PEM + OTHER_PEM}), f"{FIRST}.trustRoots[0].key"),
        (by({"name": "alice", "cert": "a"}), f"{FIRST}.trustRoots[0].cert"),
        (validated({"name": "team", "type": "notaryv1"}), f"{FIRST}.type"),
        (validated({"name": "team", "type": "static"}), f"{FIRST}.approve"),
        (validated(cosign(ALICE, rekorPubkey="a")), f"{FIRST}.rekorPubkey"),
        (validated({"name": "allow", "type": "static", "approve": True}), "application.validators"),
        (validated({"name": "team"}), f"{FIRST}.type"),
    ],
)
def test_what_would_be_weaker_is_refused_by_its_path(document: Any, path: str) -> None:
    (problem, *_) = refused(document)
    assert problem[0] == path


def test_places_are_lines_of_the_file() -> None:
    document = connaisseur(TEAM, {**TEAM, "pattern": "ghcr.io/other/app:v1"})
    line = encode(document).decode().splitlines().index("  - pattern: ghcr.io/other/app:v1") + 1
    (error,) = [each for each in converted(document).problems if each.severity == "error"]
    assert error.place == f"theirs.yaml:{line}"


@pytest.mark.parametrize("documents", [(), (connaisseur({"pattern": "*:*", "validator": "deny"}),)])
def test_nothing_to_convert_is_an_error(documents: Any) -> None:
    assert refused(*documents)[-1][0].startswith("nothing that becomes a policy")
