"""Configuration files of issuers against the packages of the real Fulcio: loaded by both, by neither, or only there."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Final

import pytest

from ca_server.identity.issuer_file import parse_issuers
from cosignpy.errors import UsageError
from tests.interop.fulcio_questions import ask

ONE: Final = "oidc-issuers: {https://a.example.com: {issuer-url: https://a.example.com, client-id: sigstore, %s}}"
META: Final = "meta-issuers: {https://*.example.com: {client-id: sigstore, %s}}"


def _provider(template: str) -> str:
    written = json.dumps(template)
    return f"ci-issuer-metadata: {{x: {{subject-alternative-name-template: {written}}}}}"


LOADED: Final = {
    "wildcard without a star": "meta-issuers: {https://example.com: {client-id: sigstore, type: email}}",
    "number for an audience": "oidc-issuers: {https://a: {issuer-url: https://a, client-id: 17, type: email}}",
    "null for a description": ONE % "type: email, description: null",
    "yes": ONE % 'type: email, skip-email-verification: "yes"',
    "same domain": ONE % "type: uri, subject-domain: https://b.example.com",
    "same host": ONE % "type: username, subject-domain: a.example.com",
    "trust domain as an id": ONE % "type: spiffe, spiffe-trust-domain: spiffe://prod.example/a",
    "one label": "oidc-issuers: {https://a: {issuer-url: https://a, client-id: x, type: username, subject-domain: a}}",
    "other members": f"x-more: [1, 2]\n{ONE % 'type: email'}",
    "nothing": "",
    "JSON": json.dumps({"OIDCIssuers": {"https://a": {"ISSUERURL": "https://a", "clientID": "x", "Type": "email"}}}),
    "JSON with tabs": '{\t"OIDCIssuers":\n\t{"https://a":{"IssuerURL":"https:\\/\\/a","ClientID":"x","Type":"email"}}}',
    "a claim's name": _provider("sub"),
    "else if": _provider(
        '{{if .a}}x{{else if and (eq .b "c") (not .d)}}y{{- /* z */ -}}{{else}}{{index . "e"}}{{end}}'
    ),
}
NOT_LOADED: Final = {
    "not YAML": "oidc-issuers: [",
    "a list": "- 1",
    "a key twice": "oidc-issuers: {}\noidc-issuers: {}",
    "an unknown type": ONE % "type: e-mail",
    "an issuer's claim that is not for e-mail": ONE
    % "type: uri, subject-domain: https://a.example.com, issuer-claim: $.a",
    "no certificates": ONE % "type: email, ca-cert: nothing",
    "no trust domain": ONE % "type: spiffe",
    "a strange trust domain": ONE % "type: spiffe, spiffe-trust-domain: A",
    "SPIFFE for many": META % "type: spiffe, spiffe-trust-domain: prod.example",
    "no subject domain": ONE % "type: uri",
    "a subject domain without a scheme": ONE % "type: uri, subject-domain: a.example.com",
    "another scheme": ONE % "type: uri, subject-domain: http://a.example.com",
    "another domain": ONE % "type: uri, subject-domain: https://example.org",
    "no domain for user names": ONE % "type: username",
    "a scheme for user names": ONE % "type: username, subject-domain: https://a.example.com",
    "another domain for user names": ONE % "type: username, subject-domain: example.org",
    "a short domain for user names": ONE % "type: username, subject-domain: com",
    "a flag that is neither": ONE % "type: email, skip-email-verification: maybe",
    "a flag in quotes": ONE % 'type: email, skip-email-verification: "true"',
    "an alias without an anchor": ONE % "type: *email",
    "a template without an end": _provider("{{ if .a }}"),
    "a template that ends too often": _provider("{{ end }}"),
    "an action without an end": _provider("{{ .a"),
    "an unknown function": _provider("{{ upper .a }}"),
    "text in an action": _provider("{{ .a ? }}"),
    "a minus without a blank": _provider("{{-.a}}"),
}
NOT_LOADED_HERE: Final = {
    "no audience": "oidc-issuers: {https://a: {issuer-url: https://a, type: email}}",
    "two URLs": "oidc-issuers: {https://a: {issuer-url: https://b, client-id: x, type: email}}",
    "a wildcard among single issuers": "oidc-issuers: {https://*.a: {client-id: x, type: email}}",
    "not a URL": "oidc-issuers: {a: {issuer-url: a, client-id: x, type: email}}",
    "a setting that is not one": ONE % "type: email, claim-rule: []",
    "no such provider": ONE % "type: ci-provider, ci-provider: x",
    "more of JSONPath": ONE % "type: email, issuer-claim: '$..a'",
    "another domain for many": META % "type: uri, subject-domain: https://example.org",
    "an extension that is not one": (
        "ci-issuer-metadata: {x: {subject-alternative-name-template: a, extension-templates: {a: b}}}"
    ),
    "no name": "ci-issuer-metadata: {x: {}}",
    "Go's other functions": _provider('{{ printf "%s" .a }}'),
    "a loop": _provider("{{ range . }}{{ end }}"),
    "a member of a text": _provider("{{ .a.b }}"),
    "a comparison with a number": _provider("{{ eq .a 1 }}"),
    "a key twice in JSON": '{"OIDCIssuers": {}, "OIDCIssuers": {}}',
    "an anchor twice": "a: &a 1\nb: &a 2",
}


@cache
def _loaded() -> Mapping[str, bool]:
    configs = LOADED | NOT_LOADED | NOT_LOADED_HERE
    claims = b'{"iss": "https://nobody.example"}'
    answers = ask([(config.encode(), claims) for config in configs.values()])
    return {name: bool(answer["loaded"]) for name, answer in zip(configs, answers, strict=True)}


@pytest.mark.parametrize("name", LOADED)
def test_a_file_that_the_real_server_loads_is_loaded(name: str) -> None:
    assert _loaded()[name]
    parse_issuers(LOADED[name].encode(), "issuers")


@pytest.mark.parametrize("name", [*NOT_LOADED, *NOT_LOADED_HERE])
def test_a_file_is_refused(name: str) -> None:
    assert _loaded()[name] is (name in NOT_LOADED_HERE)
    with pytest.raises(UsageError):
        parse_issuers((NOT_LOADED | NOT_LOADED_HERE)[name].encode(), "issuers")
