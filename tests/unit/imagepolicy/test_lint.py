"""What `policy lint` finds: each document differs in one thing from one without problems."""

from typing import Any, Final

import pytest

from cosignpy.core.trust.problems import Problem, Severity
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import ImagePolicyDocument
from tests.support.image_policies import ALICE, BY_KEY, FAIL, FILE, KEYLESS, PASS, parsed
from tests.support.rekor_proposals import certificate_pem
from tests.support.virtual_sigstore import ROOT

CA_PEM: Final = certificate_pem(ROOT.certificate_authorities[0].chain[-1].der).decode()
ERROR: Final = Severity.ERROR
WARNING: Final = Severity.WARNING
SECOND: Final = {"name": "second", "static": {"action": "pass"}}


def found(policy: ImagePolicyDocument) -> list[tuple[Severity, str, str]]:
    return [(each.severity, each.place.rpartition(": ")[2], each.why) for each in lint_policies([policy])]


def only(policy: ImagePolicyDocument) -> tuple[Severity, str, str]:
    (problem,) = found(policy)
    return problem


def signed_by(**change: Any) -> dict[str, Any]:
    """Return an authority whose identity has other fields."""
    return {"keyless": {"identities": [{name: text for name, text in (ALICE | change).items() if text is not None}]}}


@pytest.mark.parametrize(
    "policy",
    [
        parsed(BY_KEY),
        parsed(KEYLESS),
        parsed(BY_KEY, KEYLESS),
        parsed(PASS),
        parsed(FAIL),
        parsed(BY_KEY, match=[{"version": "v1", "resource": "pods"}]),
        parsed(signed_by(subject=None, subjectRegExp="^https://github[.]com/team/[^/]+$")),
        parsed({"attestations": [{"name": "sbom", "predicateType": "https://spdx.dev/Document"}], **KEYLESS}),
        parsed({"rfc3161timestamp": {}, **KEYLESS}),
        parsed({"signatureFormat": "bundle", "ctlog": {"url": "https://a.example"}, **KEYLESS}),
    ],
)
def test_policies_in_order_have_no_problems(policy: ImagePolicyDocument) -> None:
    assert found(policy) == []


def test_a_problem_names_file_line_and_path() -> None:
    (problem,) = lint_policies([parsed()])
    assert problem == Problem(ERROR, f"{FILE}:1: spec.authorities", "no authority, so that no image passes")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [("alice", "found anywhere"), ("^alice@example.com", "found anywhere"), (".*", "everybody"), ("^.*$", "everybody")],
)
@pytest.mark.parametrize("name", ["issuer", "subject"])
def test_a_pattern_that_strangers_match(name: str, pattern: str, why: str) -> None:
    severity, place, told = only(parsed(signed_by(**{name: None, f"{name}RegExp": pattern})))
    assert (severity, place) == (WARNING, f"spec.authorities[0].keyless.identities[0].{name}RegExp")
    assert why in told


@pytest.mark.parametrize("name", ["issuer", "subject"])
def test_an_asterisk_in_a_text_that_is_compared_exactly(name: str) -> None:
    severity, place, _ = only(parsed(signed_by(**{name: "https://github.com/team/*"})))
    assert (severity, place) == (ERROR, f"spec.authorities[0].keyless.identities[0].{name}")


def test_a_static_pass_beside_other_authorities() -> None:
    severity, place, why = only(parsed(BY_KEY, PASS))
    assert (severity, place) == (ERROR, "spec.authorities[1]")
    assert "never count" in why


def test_a_static_fail_beside_other_authorities() -> None:
    assert only(parsed(BY_KEY, FAIL))[:2] == (WARNING, "spec.authorities[1]")


@pytest.mark.parametrize(
    ("match", "missing"),
    [
        ({"resource": "pods"}, "without version:"),
        ({"version": "v1"}, "without resource:"),
        ({}, "without version and resource:"),
    ],
)
def test_a_match_about_nothing(match: dict[str, str], missing: str) -> None:
    severity, place, why = only(parsed(BY_KEY, match=[match]))
    assert (severity, place) == (ERROR, "spec.match[0]")
    assert missing in why


def test_authorities_of_one_name() -> None:
    severity, place, why = only(parsed({"name": "a", **BY_KEY}, {"name": "a", **KEYLESS}))
    assert (severity, place) == (WARNING, "spec.authorities[1]")
    assert "the name of spec.authorities[0]" in why


def test_an_authority_that_demands_what_another_demands() -> None:
    severity, place, why = only(parsed({"name": "a", **BY_KEY}, {"name": "b", **BY_KEY}))
    assert (severity, place, why) == (WARNING, "spec.authorities[1]", "demands what spec.authorities[0] demands")
    assert not found(parsed({"name": "a", **BY_KEY}, {"ctlog": {"url": "https://a.example"}, **BY_KEY}))


def test_a_key_of_which_the_policy_controller_takes_no_bundle() -> None:
    assert only(parsed({"signatureFormat": "bundle", **BY_KEY}))[:2] == (WARNING, "spec.authorities[0]")


def test_a_certificate_authority_that_the_policy_controller_does_not_read() -> None:
    own = {"keyless": {"identities": [ALICE], "ca-cert": {"data": CA_PEM}}}
    assert only(parsed(own))[:2] == (WARNING, "spec.authorities[0].keyless.ca-cert")


def test_certificates_that_nobody_has_seen() -> None:
    hidden = {"keyless": {"identities": [ALICE], "insecureIgnoreSCT": True}}
    assert only(parsed(hidden))[:2] == (WARNING, "spec.authorities[0].keyless.insecureIgnoreSCT")


@pytest.mark.parametrize("name", ["ctlog", "rfc3161timestamp"])
def test_bundles_have_one_trusted_root(name: str) -> None:
    other = {"signatureFormat": "bundle", name: {"trustRootRef": "own"}, **KEYLESS}
    assert only(parsed(other))[:2] == (ERROR, f"spec.authorities[0].{name}")
    same = {"keyless": {"identities": [ALICE], "trustRootRef": "own"}}
    assert not found(parsed(other | same))
    assert not found(parsed(other | {"signatureFormat": "legacy"}))


def test_a_log_that_is_not_asked_beside_a_timestamp() -> None:
    both = {"ctlog": {"url": "https://a.example"}, "rfc3161timestamp": {}, **KEYLESS}
    assert only(parsed(both))[:2] == (WARNING, "spec.authorities[0].ctlog")


def test_a_short_predicate_type() -> None:
    short = {"attestations": [{"name": "sbom", "predicateType": "spdxjson"}], **KEYLESS}
    assert only(parsed(short))[:2] == (WARNING, "spec.authorities[0].attestations[0].predicateType")


def test_policies_of_one_name_in_two_files() -> None:
    (problem,) = lint_policies([parsed(BY_KEY), parsed(KEYLESS)])
    assert (problem.severity, problem.place) == (ERROR, f"{FILE}:1: metadata.name")
    assert lint_policies([parsed(BY_KEY), parsed(KEYLESS, name="other")]) == ()


@pytest.mark.parametrize(
    "globs",
    [
        ["**"],
        ["ghcr.io/team/*"],
        ["ghcr.io/team/**"],
        ["*.example.com/**"],
        ["localhost/app@*"],
        ["localhost:5000/**"],
        ["ghcr.io/team/app@*"],
        ["ghcr.io/team/app:*", "ghcr.io/team/app@*"],
        ["ghcr.io/*/app:v1", "ghcr.io/*/app@*"],
        ["index.docker.io/library/*"],
    ],
)
def test_globs_that_are_about_what_they_say(globs: list[str]) -> None:
    assert found(parsed(BY_KEY, images=[{"glob": glob} for glob in globs])) == []


@pytest.mark.parametrize(
    ("glob", "why"),
    [
        ("*", "means index.docker.io/library/*"),
        ("*/*", "means index.docker.io/*/*"),
        ("ghcr.io**", "does not fix the registry"),
        ("ghcr.io*/team/**", "does not fix the registry"),
        ("**ghcr.io/team/**", "does not fix the registry"),
        ("**.ghcr.io/team/**", "does not fix the registry"),
        ("nginx", "names no registry"),
        ("nginx:1", "names no registry"),
        ("team/app@*", "names no registry"),
        ("docker.io/library/**", "the full name of that registry is index.docker.io"),
        ("ghcr.io/team/app*", "is about ghcr.io/team/app-other too"),
        ("ghcr.io/team/app**", "is about ghcr.io/team/app-other too"),
        ("ghcr.io/team/app", "is about no image, for each has"),
        ("ghcr.io/team/app:v1", "names a tag"),
        ("ghcr.io/team/*:v1", "add ghcr.io/team/*@*"),
    ],
)
def test_globs_that_are_about_something_else(glob: str, why: str) -> None:
    severity, place, told = only(parsed(BY_KEY, images=[{"glob": "quay.io/x/**"}, {"glob": glob}]))
    assert (severity, place) == (WARNING, "spec.images[1].glob")
    assert told.startswith(glob)
    assert why in told
