"""Names, extensions and challenges against the packages of the real Fulcio: the same certificate, or a stricter no."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any, Final

import pytest

from ca_server.identity.claims import TokenRefused
from ca_server.identity.issuer_file import parse_issuers
from ca_server.identity.principal import Principal
from ca_server.identity.principals.table import build_principal
from cosignpy.core.encoding import decode_b64, parse_json
from cosignpy.core.x509.fulcio_extensions import encode_fulcio_extension, fulcio_extension
from cosignpy.core.x509.subject_alt_name import encode_subject_name
from cosignpy.core.x509.tbs import TbsCertificate
from tests.interop.fulcio_questions import ask
from tests.support.identity_examples import (
    ACCOUNTS,
    BUILDKITE,
    CHAINGUARD,
    CLAIMS,
    CLUSTER,
    CODEFRESH,
    CONFIGURATION,
    FEDERATION,
    FORGE,
    GITHUB,
    GITLAB,
    MAIL,
    SPIRE,
    TRUSTING,
    USERS,
    claims_of,
)

NAMED_BY: Final = (bytes.fromhex("551d11"), bytes.fromhex("2b0601040183bf3001"))
"""Subject alternative name, and the arc of Fulcio's extensions: all that a principal decides."""

LONG: Final = "a" * 100_000


class Outcome(Enum):
    """How the two compare."""

    SAME = "both certify the same"
    REFUSED = "both refuse"
    STRICTER = "only we refuse"


@dataclass(frozen=True, slots=True)
class Case:
    """A token: its issuer, what is different from a good one, and how the two servers compare on it."""

    name: str
    url: str
    outcome: Outcome
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def claims(self) -> bytes:
        """The claims, as the token has them."""
        return json.dumps(claims_of(self.url, **self.changes)).encode()


def _same(name: str, url: str, **changes: object) -> Case:
    return Case(name, url, Outcome.SAME, changes)


def _refused(name: str, url: str, **changes: object) -> Case:
    return Case(name, url, Outcome.REFUSED, changes)


def _stricter(name: str, url: str, **changes: object) -> Case:
    return Case(name, url, Outcome.STRICTER, changes)


REQUIRED: Final[Mapping[str, Sequence[str]]] = {
    MAIL: ("email", "email_verified"),
    FEDERATION: ("federated_claims",),
    ACCOUNTS: ("sub",),
    SPIRE: ("sub",),
    GITHUB: tuple(name for name in CLAIMS[GITHUB] if name != "sub"),
    GITLAB: tuple(name for name in CLAIMS[GITLAB] if name not in {"sub", "ci_config_sha", "project_visibility"}),
    BUILDKITE: ("organization_slug", "pipeline_slug"),
    CODEFRESH: ("account_id", "pipeline_id", "workflow_id"),
    CHAINGUARD: ("sub",),
    FORGE: ("event", "job", "kind", "recipe", "project_id", "recipe_uri", "public"),
}
"""Claims without which neither certifies."""
WANTED_BY_US: Final[Mapping[str, Sequence[str]]] = {
    USERS: ("sub",),
    CLUSTER: ("sub", "kubernetes.io"),
    GITHUB: ("sub",),
    CODEFRESH: ("account_name", "pipeline_name"),
    FORGE: ("sub",),
}
"""Claims without which the real server makes a name with a hole, or proves possession over nothing."""

NUMBERS: Final = (0, 7, -3, 999_999, 0.1, 1.5e-7, 123_456.75, 1e5)
REFS: Final = ("refs/heads/main", "refs/heads/a b", "refs/heads/\u00fc", "refs/tags/v1!(x)", "refs/heads/a!(x) y")
ODD_PATHS: Final = (
    "a^b",
    "a%20b",
    'a"b',
    "a|b",
    "a;b,c",
    "a=b&c",
    "a[1]",
    "a\\b",
    "a%b2c",
    "~a",
    "a?b",
    "a#b",
    "a//b",
    "/a/",
)
EMAILS: Final = ("a+b@example.com", "o'neil@sub.example.co.uk", "A.B@EXAMPLE.com", "x@xn--bcher-kva.example")
NOT_EMAILS: Final = (
    "a",
    "a@b",
    "@example.com",
    "a@",
    "a b@example.com",
    "a@exa mple.com",
    "a@b@example.com",
    "a..b@e.com",
)


def _cases() -> list[Case]:
    cases = [_same(f"a good token of {url}", url) for url in CLAIMS]
    cases += [_refused(f"{url}: no {name}", url, **{name: ...}) for url, names in REQUIRED.items() for name in names]
    cases += [
        _stricter(f"{url}: no {name}", url, **{name: ...}) for url, names in WANTED_BY_US.items() for name in names
    ]
    cases += [
        _refused(f"{url}: empty {name}", url, **{name: ""})
        for url in (GITHUB, GITLAB)
        for name in REQUIRED[url]
        if name != "runner_id"
    ]
    cases += [
        _refused(f"{url}: {name} is a number", url, **{name: 5})
        for url in (GITHUB, GITLAB)
        for name in REQUIRED[url]
        if name != "runner_id"
    ]
    return cases + _people() + _workloads() + _builds() + _templates()


def _people() -> list[Case]:
    cases = [_same(f"verified: {said!r}", MAIL, email_verified=said) for said in ("true", "True")]
    cases += [
        _refused(f"verified: {said!r}", MAIL, email_verified=said)
        for said in (False, "false", "False", "TRUE", "yes", 1, None)
    ]
    cases += [_same(f"e-mail {address}", MAIL, email=address) for address in EMAILS]
    cases += [
        _refused(f"e-mail {address!r}", MAIL, email=address)
        for address in (*NOT_EMAILS, "a@example.com\n", "\u00fc@example.com", 5)
    ]
    return [
        *cases,
        _refused("quoted local part", MAIL, email='"ab"@example.com'),
        _stricter("100 kB of address", MAIL, email=f"{LONG}@example.com"),
        _same("no subject", MAIL, sub=...),
        _same("unverified, and trusted", TRUSTING, email_verified=False),
        _refused("neither, and trusted", TRUSTING, email_verified="maybe"),
        _refused("no address, and trusted", TRUSTING, email=...),
        _refused("connector missing", FEDERATION, federated_claims={}),
        _stricter("connector is a number", FEDERATION, federated_claims={"connector_id": 5}),
        _same("user name with blanks and umlauts", USERS, sub="J\u00fcrgen M."),
        _refused("exclamation mark", USERS, sub="dave!evil.example"),
        _refused("address for a user name", USERS, sub="dave@example.com"),
        _same("user name with an at sign", USERS, sub="dave@host"),
        _stricter("control character", USERS, sub="da\x07ve"),
        _stricter("text that is turned around", USERS, sub="da\u202eve"),
        _stricter("100 kB of name", USERS, sub=LONG),
    ]


def _workloads() -> list[Case]:
    uris = ("https://people.example.com", "https://people.example.com:1/a?b=c#d", "HTTPS://people.example.com/\u00e9")
    others = (
        "https://example.com/a",
        "http://people.example.com/",
        "people.example.com",
        "erin@example.com",
        "https://people.example.com.evil/",
        "https://people.example.com/%zz",
        "https://PEOPLE.example.com/",
    )
    kubernetes = {"namespace": "build", "serviceaccount": {"name": "signer"}}
    spiffes = ("spiffe://prod.example", "spiffe://prod.example/a_b.c-D/9")
    not_spiffes = (
        "spiffe://other.example/a",
        "spiffe://prod.example/",
        "spiffe://prod.example/a//b",
        "spiffe://prod.example/../a",
        "SPIFFE://prod.example/a",
        "spiffe://prod.example/\u00e9",
        "https://prod.example/a",
        "spiffe://prod.example:80/a",
        "spiffe:///a",
    )
    email = {"email": "a@example.com", "email_verified": True}
    return [
        *[_same(f"uri {uri}", ACCOUNTS, sub=uri) for uri in uris],
        *[_refused(f"uri {uri}", ACCOUNTS, sub=uri) for uri in others],
        _stricter("user information", ACCOUNTS, sub="https://www.bank.example@people.example.com/"),
        _stricter("dots", ACCOUNTS, sub="https://people.example.com/users/../admin"),
        _stricter("blank in the query", ACCOUNTS, sub="https://people.example.com/?a b"),
        *[_same(f"SPIFFE {name}", SPIRE, sub=name) for name in spiffes],
        *[_refused(f"SPIFFE {name}", SPIRE, sub=name) for name in not_spiffes],
        _same("without a pod", CLUSTER, **{"kubernetes.io": kubernetes}),
        _refused("namespace is a number", CLUSTER, **{"kubernetes.io": {**kubernetes, "namespace": 5}}),
        _stricter("namespace with a slash", CLUSTER, **{"kubernetes.io": {**kubernetes, "namespace": "a/b"}}),
        _stricter("no account", CLUSTER, **{"kubernetes.io": {"namespace": "build"}}),
        _same("with an address", CHAINGUARD, **email),
        _refused("with an unverified address", CHAINGUARD, **{**email, "email_verified": False}),
    ]


def _builds() -> list[Case]:
    flow = "octo/app/.github/workflows"
    return [
        *[_same(f"workflow at {ref}", GITHUB, job_workflow_ref=f"{flow}/a.yml@{ref}") for ref in REFS],
        *[_same(f"workflow {path}", GITHUB, job_workflow_ref=f"{flow}/{path}@main") for path in ODD_PATHS],
        *[
            _same(f"pipeline {path}", GITLAB, ci_config_ref_uri=f"gitlab.com/a//{path}@main")
            for path in ODD_PATHS
            if "#" not in path and "?" not in path and "%b" not in path
        ],
        _stricter("workflow with dots", GITHUB, job_workflow_ref=f"me/mine/../../{flow}/a.yml@main"),
        _stricter("workflow with a broken escape", GITHUB, job_workflow_ref=f"{flow}/%zz"),
        _stricter("control character in a workflow's name", GITHUB, workflow="a\x1b[2Jb"),
        _stricter("100 kB of branch", GITHUB, ref=LONG),
        _same("branch", GITLAB, ref_type="branch", ref="main"),
        _refused("no kind of ref", GITLAB, ref_type="note"),
        _refused("runner is a text", GITLAB, runner_id="12"),
        _refused("runner 0", GITLAB, runner_id=0),
        _same("no digest and no visibility", GITLAB, ci_config_sha=..., project_visibility=...),
        _same("organization with a blank", BUILDKITE, organization_slug="a b"),
        _same("another platform", CODEFRESH, platform_url="https://cf.example/base/", scm_ref=..., scm_repo_url=...),
        _refused("platform that is no URL", CODEFRESH, platform_url="https://a b/"),
    ]


def _templates() -> list[Case]:
    return [
        *[_same(f"number {number}", FORGE, run=number, share=number) for number in NUMBERS],
        *[_same(f"kind {kind}", FORGE, kind=kind) for kind in ("branch", "tag", "note", "")],
        *[_same(f"runner {runner!r}", FORGE, runner=runner) for runner in ("", "shared", True)],
        *[_same(f"public {public!r}", FORGE, public=public) for public in ("yes", False)],
        _same("owner", FORGE, owner="world"),
        _same(
            "claim that the template has a default for", FORGE, home="https://other.example", stage="prod", retried="1"
        ),
        _same("both spellings of a digest", FORGE, **{"forge.example/commit": ...}),
        _same("index of what is there", FORGE, **{"forge.example/ref": "refs/x"}),
        _same("escapes are for the name only", FORGE, recipe="a b.yml", line="\u00fc"),
        _refused("name with a broken escape", FORGE, recipe="%zz"),
        _stricter("name without a scheme", FORGE, home="forge"),
        _stricter("name with a blank in its query", FORGE, recipe="a?b c"),
        _stricter("list", FORGE, run=[1, 2]),
        _stricter("object", FORGE, run={"a": 1}),
        _stricter("null", FORGE, run=None),
        _stricter("control character", FORGE, event="a\nb"),
        _stricter("100 kB", FORGE, event=LONG),
    ]


CASES: Final = _cases()


@cache
def _answers() -> Sequence[dict[str, Any]]:
    return ask([(CONFIGURATION, case.claims) for case in CASES])


def _build(config: bytes, claims: bytes) -> Principal:
    said = parse_json(claims, what="claims")
    return build_principal(parse_issuers(config, "issuers").find(said["iss"]), said)


def _encode(principal: Principal) -> list[bytes]:
    """Encode all extensions that a principal decides, in the order that Fulcio writes them."""
    said = [
        *[fulcio_extension(number, principal.issuer) for number in (1, 8)],
        fulcio_extension(24, principal.subject),
        *principal.extensions,
    ]
    ordered = sorted((extension for extension in said if extension.text), key=lambda extension: extension.number)
    return [encode_subject_name(principal.name).raw, *[encode_fulcio_extension(extension).raw for extension in ordered]]


def _certified(answer: dict[str, Any]) -> list[bytes]:
    certificate = TbsCertificate.parse(decode_b64(answer["certificate"], what="certificate"))
    return [extension.raw for extension in certificate.extensions if extension.oid.startswith(NAMED_BY)]


def _numbered(*outcomes: Outcome) -> list[Any]:
    return [pytest.param(number, id=case.name) for number, case in enumerate(CASES) if case.outcome in outcomes]


@pytest.mark.parametrize("number", _numbered(Outcome.SAME))
def test_the_certificate_says_what_the_real_one_says(number: int) -> None:
    answer, ours = _answers()[number], _build(CONFIGURATION, CASES[number].claims)
    assert "error" not in answer
    assert (answer["challenge"], _certified(answer)) == (ours.challenge, _encode(ours))


@pytest.mark.parametrize("number", _numbered(Outcome.REFUSED, Outcome.STRICTER))
def test_a_token_is_refused(number: int) -> None:
    answer, case = _answers()[number], CASES[number]
    assert ("error" in answer) is (case.outcome is Outcome.REFUSED), answer
    with pytest.raises(TokenRefused):
        _build(CONFIGURATION, case.claims)


BIG: Final = {1_000_000: "1e+06", 5_381_532_010: "5.38153201e+09", 9_007_199_254_740_993: "9.007199254740992e+15"}


@pytest.mark.parametrize("number", BIG)
def test_numbers_of_a_million_are_written_out_where_the_real_server_writes_powers_of_ten(number: int) -> None:
    claims = json.dumps(claims_of(FORGE, run=number)).encode()
    (answer,) = ask([(CONFIGURATION, claims)])
    theirs, ours = _certified(answer), _encode(_build(CONFIGURATION, claims))
    (differs,) = [pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]]
    assert f"/runs/{BIG[number]}#".encode() in differs[0]
    assert f"/runs/{number}#".encode() in differs[1]
