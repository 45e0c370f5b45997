"""The configuration file: Fulcio's as it is, ours with rules, and every mistake with its place."""

import json
import os
from pathlib import Path

import pytest
import yaml

from ca_server.identity.issuer import Issuer, IssuerType
from ca_server.identity.issuer_file import WatchedIssuers, load_issuers, parse_issuers
from ca_server.identity.templates import expand
from cosignpy.documents import MAX_FILE, DocumentError
from cosignpy.errors import FileError, UsageError
from tests.support import identity_examples as examples
from tests.support.certificates import Authority

MAIL = "oidc-issuers:\n  https://a.example.com:\n    client-id: sigstore\n    type: email\n"


def one(text: str) -> Issuer:
    (found,) = parse_issuers(text.encode(), "f")
    return found


def refused(text: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse_issuers(text.encode(), "f")
    return caught.value


def test_every_type_of_issuer_is_read() -> None:
    table = examples.issuers()
    assert {issuer.type for issuer in table} == set(IssuerType)
    assert {issuer.audience for issuer in table} == {"sigstore"}
    assert [issuer.configured for issuer in table if issuer.is_wildcard] == [
        "https://*.clusters.example/id/*",
        "https://forge.example/team/*",
    ]


def test_what_clients_are_told_to_sign_follows_from_the_type() -> None:
    told = {issuer.type: issuer.challenge_claim for issuer in examples.issuers()}
    assert told.pop(IssuerType.EMAIL) == "email"
    assert set(told.values()) == {"sub"}
    assert one(f"{MAIL}    challenge-claim: sub\n").challenge_claim == "sub"


def test_an_issuer_has_all_that_the_file_says() -> None:
    certificate = Authority.root().pem.decode()
    found = one(
        f"{MAIL}    issuer-url: https://a.example.com\n    issuer-claim: $.a-1.b_c\n    contact: 5\n"
        "    description: null\n    environment: test\n    skip-email-verification: True\n"
        f"    ca-cert: {json.dumps(certificate)}\n"
    )
    assert found == Issuer(
        url="https://a.example.com",
        type=IssuerType.EMAIL,
        audience="sigstore",
        configured="https://a.example.com",
        issuer_claim=("a-1", "b_c"),
        challenge_claim="email",
        ca_cert=certificate,
        skip_email_verification=True,
        contact="5",
        environment="test",
    )


def test_merged_members_give_way_to_own_ones_and_earlier_to_later_ones() -> None:
    found = one(
        "x: &x {client-id: x, type: email, contact: x}\ny: &y {client-id: y, description: y}\n"
        "oidc-issuers:\n  https://a: {<<: [*x, *y], contact: own}\n"
    )
    assert (found.audience, found.contact, found.description) == ("x", "own", "y")


def json_names(found: object) -> object:
    """Spell a YAML document as the real server wants it in JSON; the provider of the example keeps its name."""
    if not isinstance(found, dict):
        return found
    return {_json_name(name): json_names(content) for name, content in found.items()}


def _json_name(name: str) -> str:
    spelled = "-" in name and name != "forge-jobs"
    return "".join(word.title() for word in name.split("-")) if spelled else name


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_says_the_same(indent: int | str | None) -> None:
    document = yaml.safe_load(examples.CONFIGURATION)
    written = json.dumps(json_names(document), indent=indent)
    assert '"IssuerUrl"' in written
    assert list(parse_issuers(written.encode(), "f")) == list(examples.issuers())


def test_an_issuer_has_rules_for_claims() -> None:
    found = one(
        f"{MAIL}    claim-rules:\n"
        "      - {claim: owner, equals: 65}\n"
        "      - {claim: [kubernetes.io, namespace], one-of: [prod, stage]}\n"
        "      - {claim: ref, matches: refs/tags/*}\n"
        "      - {claim: path, matches: [a/**, b]}\n"
    )
    assert [(rule.claim, rule.texts, [one.text for one in rule.patterns]) for rule in found.rules] == [
        ("owner", ("65",), []),
        ("kubernetes.io.namespace", ("prod", "stage"), []),
        ("ref", (), ["refs/tags/*"]),
        ("path", (), ["a/**", "b"]),
    ]


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "{}",
        "[]",
        "{claim: a, equals: b}",
        "[a]",
        "[{equals: b}]",
        "[{claim: [], equals: b}]",
        "[{claim: [a, ''], equals: b}]",
        "[{claim: {a: b}, equals: b}]",
        "[{claim: a}]",
        "[{claim: a, equals: b, matches: b}]",
        "[{claim: a, equals: }]",
        "[{claim: a, equals: ''}]",
        "[{claim: a, equals: [b]}]",
        "[{claim: a, one-of: []}]",
        "[{claim: a, one-of: [b, null]}]",
        "[{claim: a, matches: '***'}]",
        "[{claim: a, match: b}]",
    ],
)
def test_a_rule_that_would_mean_nothing_is_refused(rules: str) -> None:
    error = refused(f"{MAIL}    claim-rules: {rules}\n")
    assert error.line == 5
    assert error.key.startswith("oidc-issuers.https://a.example.com.claim-rules")


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("[", 1, ""),
        ("- a", 1, ""),
        ("oidc-issuer: {}", 1, "oidc-issuer"),
        ("oidc-issuers: 5", 1, "oidc-issuers"),
        ("oidc-issuers: {}\nOIDCIssuers: {}", 2, "OIDCIssuers"),
        ("oidc-issuers:\n  https://a: 5", 2, "oidc-issuers.https://a"),
        ("oidc-issuers:\n  https://a: {<<: 5}", 2, "oidc-issuers.https://a.<<"),
        (MAIL.replace("email", "e-mail"), 4, "type"),
        (MAIL.replace("    type: email\n", ""), 2, "type"),
        (MAIL.replace("sigstore", ""), 3, "client-id"),
        (MAIL.replace("client-id", "clientid-"), 3, "clientid-"),
        (f"{MAIL}    client: x\n", 5, "client"),
        (f"{MAIL}    ClientID: x\n", 5, "ClientID"),
        (f"{MAIL}    description: [x]\n", 5, "description"),
        (f"{MAIL}    issuer-url: https://a.example.com/\n", 5, "issuer-url"),
        (f"{MAIL}    skip-email-verification: 1\n", 5, "skip-email-verification"),
        (f"{MAIL}    skip-email-verification: 'true'\n", 5, "skip-email-verification"),
        (f"{MAIL}    issuer-claim: a.b\n", 5, "issuer-claim"),
        (f"{MAIL}    issuer-claim: $.a[0]\n", 5, "issuer-claim"),
        (f"{MAIL}    ca-cert: x\n", 5, "ca-cert"),
        (MAIL.replace("https://a.", "https://*."), 2, "oidc-issuers.https://*.example.com"),
        (MAIL.replace("https://a.", "https://u@a."), 2, "oidc-issuers.https://u@a.example.com"),
        (MAIL.replace("https:", "ftp:"), 2, "oidc-issuers.ftp://a.example.com"),
        (MAIL.replace(".com:", ".com?q:"), 2, "oidc-issuers.https://a.example.com?q"),
        (MAIL.replace("email", "uri") + "    issuer-claim: $.a\n", 5, "issuer-claim"),
        (MAIL.replace("email", "uri"), 2, "subject-domain"),
        (MAIL.replace("email", "uri") + "    subject-domain: http://a.example.com\n", 5, "subject-domain"),
        (MAIL.replace("email", "uri") + "    subject-domain: https://b.example.org\n", 5, "subject-domain"),
        (MAIL.replace("email", "username"), 2, "subject-domain"),
        (MAIL.replace("email", "username") + "    subject-domain: https://a.example.com\n", 5, "subject-domain"),
        (MAIL.replace("email", "username") + "    subject-domain: com\n", 5, "subject-domain"),
        (MAIL.replace("email", "spiffe"), 2, "spiffe-trust-domain"),
        (MAIL.replace("email", "spiffe").replace("oidc", "meta").replace("//a", "//*"), 4, "type"),
        (MAIL.replace("email", "ci-provider"), 2, "ci-provider"),
        (MAIL.replace("email", "ci-provider") + "    ci-provider: x\n", 5, "ci-provider"),
        ("ci-issuer-metadata:\n  x: {}\n", 2, "ci-issuer-metadata.x.subject-alternative-name-template"),
    ],
)
def test_a_mistake_is_named_by_line_and_key(text: str, line: int, key: str) -> None:
    error = refused(text)
    assert (error.file, error.line) == ("f", line)
    assert error.key.endswith(key)


PROVIDER = "ci-issuer-metadata:\n  x:\n    subject-alternative-name-template: a\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("    extension-templates:\n      build-trigger: '{{'\n", "build-trigger"),
        ("    extension-templates:\n      issuer: '{{ end }}'\n", "issuer"),
        ("    extension-templates:\n      BuildTriger: a\n", "BuildTriger"),
        ("    extension-templates:\n      build-trigger: []\n", "build-trigger"),
        ("    default-template-values:\n      a: [b]\n", "default-template-values.a"),
        ('    default-template-values:\n      a: "\\x07"\n', "default-template-values.a"),
    ],
)
def test_a_mistake_in_a_provider_is_named(text: str, key: str) -> None:
    error = refused(PROVIDER + text)
    assert error.line == 5
    assert error.key.endswith(key)


def test_templates_are_read_once_and_those_that_are_empty_left_out() -> None:
    provider = PROVIDER.replace(": a", ": '{{.b}}'")
    extensions = "    ExtensionTemplates: {BuildTrigger: b, runner-environment: ' ', Issuer: '{{.x}}'}\n"
    defaults = "    default-template-values: {b: null, c: 5}\n"
    found = one(provider + extensions + defaults + MAIL.replace("email", "ci-provider\n    ci-provider: x"))
    assert found.provider is not None
    assert found.provider.defaults == {"b": "", "c": "5"}
    assert found.provider.extensions.keys() == {20}
    assert expand(found.provider.subject_alternative_name, {"b": "z"}.get) == "z"


def test_the_url_of_many_issuers_stands_only_above_their_entry() -> None:
    found = one(MAIL.replace("oidc", "meta").replace("//a", "//*") + "    issuer-url: https://elsewhere.example\n")
    assert found.url == found.configured == "https://*.example.com"


@pytest.mark.parametrize(
    ("flag", "meant"), [("yes", True), ("'on'", True), ("FALSE", False), ("n", False), ("~", False), ("", False)]
)
def test_flags_are_spelled_as_go_reads_them(flag: str, meant: bool) -> None:
    assert one(f"{MAIL}    skip-email-verification: {flag}\n").skip_email_verification is meant


def test_yaml_may_look_like_json() -> None:
    found = one("{oidc-issuers: {https://a: {client-id: x, type: email}}}")
    assert found.url == "https://a"


@pytest.mark.parametrize("text", ["", "oidc-issuers:\n", "define: [&x y]\nx: {}\n"])
def test_a_file_without_issuers_believes_nobody(text: str) -> None:
    assert len(parse_issuers(text.encode(), "f")) == 0


def test_issuers_may_have_an_authority_of_their_own() -> None:
    table = parse_issuers(examples.CONFIGURATION, "f", {examples.MAIL, "https://forge.example/team/*"})
    assert table.find(examples.MAIL).authority == examples.MAIL
    assert table.find("https://forge.example/team/a").authority == "https://forge.example/team/*"
    assert table.find(examples.FORGE).authority == ""


def test_an_authority_for_an_issuer_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        parse_issuers(examples.CONFIGURATION, "f", {f"{examples.MAIL}/"})
    assert "https://mail.example/" in caught.value.problem


def write(path: Path, text: str, moment: int) -> None:
    path.write_text(text)
    os.utime(path, (moment, moment))


def test_a_changed_file_is_taken_up_and_a_bad_one_leaves_the_old_in_force(tmp_path: Path) -> None:
    path = tmp_path / "issuers.yaml"
    write(path, MAIL, 1)
    watched = WatchedIssuers(path)
    before = watched.current()
    watched.reload_if_changed()
    assert watched.current() is before
    write(path, MAIL.replace("email", "e-mail"), 2)
    with pytest.raises(DocumentError):
        watched.reload_if_changed()
    assert watched.current() is before
    path.unlink()
    with pytest.raises(FileError):
        watched.reload_if_changed()
    write(path, MAIL.replace("sigstore", "other"), 3)
    watched.reload_if_changed()
    assert watched.current().find("https://a.example.com").audience == "other"


def test_a_file_that_is_just_being_written_takes_no_issuer_away(tmp_path: Path) -> None:
    path = tmp_path / "issuers.yaml"
    write(path, MAIL, 1)
    watched = WatchedIssuers(path)
    before = watched.current()
    write(path, "", 2)
    with pytest.raises(FileError):
        watched.reload_if_changed()
    assert watched.current() is before
    write(path, "oidc-issuers: {}\n", 3)
    watched.reload_if_changed()
    assert len(watched.current()) == 0


def test_a_file_has_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "issuers.yaml"
    path.write_bytes(b"#" * MAX_FILE)
    assert len(load_issuers(path)) == 0
    path.write_bytes(b"#" * (MAX_FILE + 1))
    with pytest.raises(DocumentError):
        load_issuers(path)
