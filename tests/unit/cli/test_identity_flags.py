"""Flags about who signed: what is given counts, also when a variable left it empty."""

from typing import Final

import pytest

from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.core.policy.identity import CertificateIdentity, Containing, Exactly, IdentityRule, Matching
from cosignpy.errors import UsageError
from cosignpy.values import replace

ISSUER: Final = "https://issuer.test"
OTHER_ISSUER: Final = "https://other.test"
GOOD: Final = IdentityFlags(certificate_identity_regexp=["^.*@example[.]com$"], certificate_oidc_issuer=[ISSUER])
ALICE: Final = replace(GOOD, certificate_identity=["alice@example.com"], certificate_identity_regexp=[])

Capture = pytest.CaptureFixture[str]


def test_what_is_not_given_asks_for_nothing() -> None:
    (rule,) = GOOD.rules()
    assert (len(rule.names), len(rule.issuers), dict(rule.extensions)) == (1, 1, {})
    assert IdentityFlags().is_empty
    assert not GOOD.is_empty


@pytest.mark.parametrize(
    ("name", "empty"),
    [
        ("certificate_identity", [""]),
        ("certificate_identity_regexp", [""]),
        ("certificate_oidc_issuer", [""]),
        ("certificate_oidc_issuer_regexp", [""]),
        ("certificate_github_workflow_repository", ""),
        ("certificate_github_workflow_ref", ""),
        ("certificate_extension", [""]),
        ("certificate_extension", ["build-trigger"]),
        ("certificate_extension", ["build-trigger="]),
        ("certificate_extension", ["=push"]),
        ("certificate_extension_regexp", ["build-trigger="]),
        ("certificate_extension_regexp", ["build-trigger=("]),
    ],
)
def test_what_is_given_and_empty_is_refused(name: str, empty: object) -> None:
    with pytest.raises(UsageError):
        replace(GOOD, **{name: empty}).rules()


@pytest.mark.parametrize("pair", ["build-trigger=", "build-trigger"])
def test_what_an_extension_lacks_is_said(pair: str) -> None:
    with pytest.raises(UsageError, match="extension") as caught:
        replace(GOOD, certificate_extension=[pair]).rules()
    assert caught.value.hint


@pytest.mark.parametrize("missing", ["certificate_identity_regexp", "certificate_oidc_issuer"])
def test_identity_and_issuer_are_both_needed(missing: str) -> None:
    with pytest.raises(UsageError, match="have to be named"):
        replace(GOOD, **{missing: []}).rules()


def test_each_identity_is_a_rule_and_one_issuer_is_for_all() -> None:
    two = replace(ALICE, certificate_identity=["alice@example.com", "bob@example.com"])
    assert two.rules() == (
        IdentityRule((Exactly("alice@example.com"),), (Exactly(ISSUER),)),
        IdentityRule((Exactly("bob@example.com"),), (Exactly(ISSUER),)),
    )


def test_as_many_issuers_are_one_for_each_in_order() -> None:
    names, issuers = ["alice@example.com", "bob@example.com"], [ISSUER, OTHER_ISSUER]
    found = replace(ALICE, certificate_identity=names, certificate_oidc_issuer=issuers).rules()
    assert [rule.issuers for rule in found] == [(Exactly(ISSUER),), (Exactly(OTHER_ISSUER),)]


@pytest.mark.parametrize(
    ("names", "issuers"),
    [
        (["a"], [ISSUER, OTHER_ISSUER]),
        (["a", "b", "c"], [ISSUER, OTHER_ISSUER]),
        ([], [ISSUER, OTHER_ISSUER]),
    ],
)
def test_issuers_that_belong_to_no_identity_are_refused(names: list[str], issuers: list[str]) -> None:
    with pytest.raises(UsageError, match="2 issuers for"):
        replace(ALICE, certificate_identity=names, certificate_oidc_issuer=issuers).rules()


def test_an_exact_name_and_a_pattern_both_have_to_hold() -> None:
    both = replace(GOOD, certificate_identity=["alice@example.com"])
    (rule,) = both.rules()
    assert rule.names == (Exactly("alice@example.com"), Containing.parse("^.*@example[.]com$"))


@pytest.mark.parametrize(
    ("exact", "patterns"), [(["a", "b"], ["^c$"]), (["a"], ["^b$", "^c$"]), (["a", "b"], ["^c$", "^d$"])]
)
def test_which_of_several_belong_together_has_to_be_clear(exact: list[str], patterns: list[str]) -> None:
    with pytest.raises(UsageError, match="which belong together"):
        replace(GOOD, certificate_identity=exact, certificate_identity_regexp=patterns).rules()
    with pytest.raises(UsageError, match="which belong together"):
        replace(GOOD, certificate_oidc_issuer=exact, certificate_oidc_issuer_regexp=patterns).rules()


def test_extensions_are_part_of_every_rule() -> None:
    flags = replace(
        ALICE,
        certificate_identity=["alice@example.com", "bob@example.com"],
        certificate_extension=["source-repository-uri=https://github.com/team/app?a=b", "build-trigger=push"],
        certificate_extension_regexp=["source-repository-ref=refs/tags/v[0-9]+"],
        certificate_github_workflow_trigger="push",
        certificate_github_workflow_sha="abc",
        certificate_github_workflow_name="release",
        certificate_github_workflow_repository="team/app",
        certificate_github_workflow_ref="refs/heads/main",
    )
    wanted = {
        "source-repository-uri": Exactly("https://github.com/team/app?a=b"),
        "build-trigger": Exactly("push"),
        "source-repository-ref": Matching.parse("refs/tags/v[0-9]+"),
        "github-workflow-trigger": Exactly("push"),
        "github-workflow-sha": Exactly("abc"),
        "github-workflow-name": Exactly("release"),
        "github-workflow-repository": Exactly("team/app"),
        "github-workflow-ref": Exactly("refs/heads/main"),
    }
    assert [rule.extensions for rule in flags.rules()] == [wanted, wanted]


def test_a_pattern_for_an_extension_describes_all_of_it() -> None:
    (rule,) = replace(ALICE, certificate_extension_regexp=["source-repository-ref=refs/tags/v[0-9]"]).rules()
    assert rule.accepts(CertificateIdentity(("alice@example.com",), {8: ISSUER, 14: "refs/tags/v1"}))
    assert not rule.accepts(CertificateIdentity(("alice@example.com",), {8: ISSUER, 14: "refs/tags/v1-rc"}))


@pytest.mark.parametrize(
    "twice",
    [
        {"certificate_extension": ["github-workflow-ref=a", "github-workflow-ref=b"]},
        {"certificate_extension": ["github-workflow-ref=a"], "certificate_github_workflow_ref": "a"},
        {"certificate_extension": ["github-workflow-ref=a"], "certificate_extension_regexp": ["github-workflow-ref=a"]},
    ],
)
def test_an_extension_is_asked_for_once(twice: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="asked for twice"):
        replace(ALICE, **twice).rules()


def test_an_extension_that_is_none_is_refused_with_those_that_look_like_it() -> None:
    with pytest.raises(UsageError) as refused:
        replace(ALICE, certificate_extension=["source-repo-uri=a"]).rules()
    assert "source-repository-uri" in str(refused.value.hint)


def test_patterns_that_let_strangers_in_are_warned_of_once(capsys: Capture) -> None:
    replace(
        GOOD,
        certificate_identity_regexp=["team", "@example[.]com$", "^bob@example[.]com$"],
        certificate_oidc_issuer=[],
        certificate_oidc_issuer_regexp=["^https://issuer[.]test"],
    ).rules()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("WARNING: /team/, /@example[.]com$/, /^https://issuer[.]test/: found anywhere in a name")
    assert "begin with ^ and end with $" in line


def test_patterns_that_are_anchored_are_not(capsys: Capture) -> None:
    GOOD.rules()
    ALICE.rules()
    assert capsys.readouterr().err == ""
