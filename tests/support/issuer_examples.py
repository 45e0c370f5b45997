"""The examples of docs/formats/issuers.md: a configuration file, what becomes of a token, and what is refused."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ca_server.identity.claims import TokenRefused
from ca_server.identity.issuer_file import parse_issuers
from ca_server.identity.principal import Principal
from ca_server.identity.principals.table import build_principal
from cosignpy.core.x509.fulcio_extensions import fulcio_extension
from cosignpy.errors import UsageError

FILE: Final = """\
define:
  - &forge "forge-jobs"
oidc-issuers:
  https://login.example.com:
    issuer-url: https://login.example.com
    client-id: sigstore
    type: email
    claim-rules:
      - {claim: groups, one-of: [release, security]}
  https://forge.example:
    issuer-url: https://forge.example
    client-id: sigstore
    type: ci-provider
    ci-provider: *forge
    claim-rules:
      - {claim: owner_id, equals: "65"}
      - {claim: ref, matches: [refs/heads/main, refs/tags/v*]}
meta-issuers:
  https://oidc.eks.*.amazonaws.com/id/*:
    client-id: sigstore
    type: kubernetes
    claim-rules:
      - {claim: [kubernetes.io, namespace], equals: release}
ci-issuer-metadata:
  *forge :
    default-template-values:
      url: https://forge.example
      environment: ""
    extension-templates:
      build-signer-uri: "{{ .url }}/{{ .workflow }}"
      source-repository-digest: sha
      source-repository-ref: refs/{{ if eq .kind "tag" }}tags{{ else }}heads{{ end }}/{{ .name }}
      source-repository-identifier: '{{ index . "forge.example/repository-id" }}'
      deployment-environment: environment
    subject-alternative-name-template: "{{ .url }}/{{ .workflow }}"
"""

CLAIMS: Final[Mapping[str, Any]] = {
    "iss": "https://forge.example",
    "sub": "job:4711",
    "owner_id": 65,
    "ref": "refs/tags/v1.2",
    "kind": "tag",
    "name": "v1.2",
    "sha": "5f936abd7ae8a1e0bd5c4a4dcf9f5e1f3f0e2a11",
    "workflow": "octo/app/release it.yml@v1.2",
    "forge.example/repository-id": 1_234_567,
}


def _principal(**changes: object) -> Principal:
    claims = {name: content for name, content in {**CLAIMS, **changes}.items() if content is not ...}
    return build_principal(parse_issuers(FILE.encode(), "issuers.yaml").find(str(claims["iss"])), claims)


def _file() -> bytes:
    parse_issuers(FILE.encode(), "issuers.yaml")
    return FILE.encode()


def _certified() -> bytes:
    found = _principal()
    said = [fulcio_extension(1, found.issuer), fulcio_extension(8, found.issuer), fulcio_extension(24, found.subject)]
    extensions = sorted([*said, *found.extensions], key=lambda extension: extension.number)
    return json.dumps(
        {
            "name": {found.name.kind: found.name.text},
            "challenge": found.challenge,
            "extensions": {f".{extension.number} {extension.name}": extension.text for extension in extensions},
        }
    ).encode()


def _refusals() -> bytes:
    changes: list[dict[str, object]] = [
        {"owner_id": 66},
        {"ref": "refs/tags/v1/x"},
        {"ref": ...},
        {"kind": ...},
        {"workflow": "octo/../evil/x.yml"},
        {"sha": "a\nb"},
        {"iss": "https://forge.example/"},
    ]
    return "\n".join(f"{json.dumps(_shown(change)):36}{_refusal(change)}" for change in changes).encode()


def _shown(changes: dict[str, object]) -> dict[str, object]:
    return {name: "absent" if content is ... else content for name, content in changes.items()}


def _refusal(changes: dict[str, object]) -> str:
    try:
        _principal(**changes)
    except TokenRefused as error:
        return error.why
    raise AssertionError(changes)


def _mistakes() -> bytes:
    texts = [
        FILE.replace("claim-rules", "claim-rule", 1),
        FILE.replace("client-id: sigstore", "client-id:", 1),
        FILE.replace("type: email", "type: e-mail"),
        FILE.replace("ci-provider: *forge", "ci-provider: forge"),
        FILE.replace("{{ end }}", ""),
    ]
    return "\n".join(map(_mistake, texts)).encode()


def _mistake(text: str) -> str:
    try:
        parse_issuers(text.encode(), "issuers.yaml")
    except UsageError as error:
        return f"{error.problem}\n  {error.hint}"
    raise AssertionError(text)


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {
    "issuers": _file,
    "issuers-certificate": _certified,
    "issuers-refusals": _refusals,
    "issuers-mistakes": _mistakes,
}
