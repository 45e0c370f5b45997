"""An issuer of every type in one configuration file, and the claims of a token of each."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from ca_server.identity.issuer import Issuer
from ca_server.identity.issuer_file import parse_issuers
from ca_server.identity.issuers import Issuers
from ca_server.identity.principal import Principal
from ca_server.identity.principals.table import build_principal

MAIL: Final = "https://mail.example"
FEDERATION: Final = "https://federation.example/auth"
TRUSTING: Final = "https://trusting.example"
USERS: Final = "https://users.example.com"
ACCOUNTS: Final = "https://accounts.example.com:8443"
SPIRE: Final = "https://spire.example"
CLUSTER: Final = "https://eu-1.clusters.example/id/0af3"
GITHUB: Final = "https://token.actions.githubusercontent.com"
GITLAB: Final = "https://gitlab.com"
BUILDKITE: Final = "https://agent.buildkite.com"
CODEFRESH: Final = "https://oidc.codefresh.io"
CHAINGUARD: Final = "https://issuer.enforce.dev"
FORGE: Final = "https://forge.example"

CONFIGURATION: Final = rb"""
shared:
  - &forge "forge-jobs"
  - &common {client-id: sigstore, contact: security@example.com}
oidc-issuers:
  https://mail.example:
    issuer-url: https://mail.example
    client-id: sigstore
    type: email
    description: "Addresses"
  https://federation.example/auth:
    <<: *common
    issuer-url: https://federation.example/auth
    type: email
    issuer-claim: $.federated_claims.connector_id
    challenge-claim: email
  https://trusting.example:
    <<: *common
    issuer-url: https://trusting.example
    type: email
    skip-email-verification: yes
  https://users.example.com:
    <<: [*common, {type: email}]
    issuer-url: https://users.example.com
    type: username
    subject-domain: example.com
  https://accounts.example.com:8443:
    <<: *common
    issuer-url: https://accounts.example.com:8443
    type: uri
    subject-domain: https://people.example.com
  https://spire.example:
    <<: *common
    issuer-url: https://spire.example
    type: spiffe
    spiffe-trust-domain: prod.example
  https://token.actions.githubusercontent.com:
    <<: *common
    issuer-url: https://token.actions.githubusercontent.com
    type: github-workflow
  https://gitlab.com:
    <<: *common
    issuer-url: https://gitlab.com
    type: gitlab-pipeline
  https://agent.buildkite.com:
    <<: *common
    issuer-url: https://agent.buildkite.com
    type: buildkite-job
  https://oidc.codefresh.io:
    <<: *common
    issuer-url: https://oidc.codefresh.io
    type: codefresh-workflow
  https://issuer.enforce.dev:
    <<: *common
    issuer-url: https://issuer.enforce.dev
    type: chainguard-identity
  https://forge.example:
    <<: *common
    issuer-url: https://forge.example
    type: ci-provider
    ci-provider: *forge
meta-issuers:
  https://*.clusters.example/id/*:
    client-id: sigstore
    type: kubernetes
  https://forge.example/team/*:
    client-id: sigstore
    type: ci-provider
    ci-provider: *forge
ci-issuer-metadata:
  *forge :
    default-template-values:
      home: "https://forge.example"
      stage: ""
      retried: null
    extension-templates:
      github-workflow-trigger: "event"
      github-workflow-sha: "commit"
      github-workflow-name: 'Job {{ .job }}'
      github-workflow-repository: "project"
      github-workflow-ref: >-
        refs/{{if eq .kind "branch"}}heads/{{ else if eq .kind "tag" "release" -}} tags/
        {{- else}}other/{{end}}{{ .line }}
      build-signer-uri: "{{.home}}/{{ .project }}/{{ .recipe }}"
      build-signer-digest: "commit"
      runner-environment: '{{if and (ne .runner "") (not (eq .runner "shared"))}}own{{else}}""{{end}}'
      source-repository-uri: "{{ .home -}} / {{- .project }}"
      source-repository-digest: '{{ index . "forge.example/commit" }}'
      source-repository-ref: '{{ (index . "forge.example/ref") }}'
      source-repository-identifier: "project_id"
      source-repository-owner-uri: '{{/* whose it is */}}{{ .home }}/{{ .owner }}'
      source-repository-owner-identifier: "owner_id"
      build-config-uri: "{{ or .recipe_uri .home }}"
      build-config-digest: "share"
      build-trigger: "{{ .event }}, {{ .scheduled }}"
      run-invocation-uri: "{{.home}}/{{.project}}/runs/{{.run}}#{{.job}}"
      source-repository-visibility-at-signing: '{{ if or .public (eq .owner "world") }}public{{ end }}'
      deployment-environment: stage
      issuer: ignored
      subject: "{{ .ignored }}"
    subject-alternative-name-template: "{{ .home }}/{{ .project }}/{{ .recipe }}@{{ .line }}"
"""

_TIMES: Final = {"aud": "sigstore", "exp": 2_000_000_000, "iat": 1_999_999_400}

CLAIMS: Final[Mapping[str, Mapping[str, Any]]] = {
    MAIL: {"sub": "1234", "email": "alice@example.com", "email_verified": True},
    FEDERATION: {
        "sub": "CgQxMjM0EgZnaXRodWI",
        "email": "bob@example.org",
        "email_verified": True,
        "federated_claims": {"connector_id": "https://github.com/login/oauth", "user_id": "99"},
    },
    TRUSTING: {"sub": "e1", "email": "carol@example.net"},
    USERS: {"sub": "dave"},
    ACCOUNTS: {"sub": "https://people.example.com/users/erin"},
    SPIRE: {"sub": "spiffe://prod.example/ns/build/sa/signer"},
    CLUSTER: {
        "sub": "system:serviceaccount:build:signer",
        "kubernetes.io": {
            "namespace": "build",
            "pod": {"name": "signer-0", "uid": "49ad3572-b3dd-43a6-8d77-5858d3660275"},
            "serviceaccount": {"name": "signer", "uid": "f5720c1d-e152-4356-a897-11b07aff165d"},
        },
    },
    GITHUB: {
        "sub": "repo:octo/app:ref:refs/heads/main",
        "job_workflow_ref": "octo/shared/.github/workflows/sign it.yml@refs/heads/m\u00fcller",
        "sha": "5f936abd7ae8a1e0bd5c4a4dcf9f5e1f3f0e2a11",
        "event_name": "push",
        "repository": "octo/app",
        "workflow": "\U0001f680 Release",
        "ref": "refs/heads/main",
        "job_workflow_sha": "0b52c8b1c5f8d4f19f3dfd2b0e9a8f5c3a4d1e77",
        "runner_environment": "github-hosted",
        "repository_id": "1001",
        "repository_owner": "octo",
        "repository_owner_id": "65",
        "repository_visibility": "public",
        "workflow_ref": "octo/app/.github/workflows/release.yml@refs/heads/main",
        "workflow_sha": "5f936abd7ae8a1e0bd5c4a4dcf9f5e1f3f0e2a11",
        "run_id": "5381532010",
        "run_attempt": "2",
    },
    GITLAB: {
        "sub": "project_path:group/sub/app:ref_type:tag:ref:v1",
        "project_path": "group/sub/app",
        "project_id": "42",
        "pipeline_source": "push",
        "pipeline_id": "800",
        "ci_config_ref_uri": "gitlab.com/group/sub/app//.gitlab-ci.yml@refs/tags/v1",
        "ci_config_sha": "9d4e1e23bd5b727046a9e3b4b7db57bd8d6ee684",
        "job_id": "9001",
        "ref": "v1",
        "ref_type": "tag",
        "namespace_path": "group/sub",
        "namespace_id": "7",
        "sha": "9d4e1e23bd5b727046a9e3b4b7db57bd8d6ee684",
        "runner_environment": "gitlab-hosted",
        "runner_id": 12_270_837,
        "project_visibility": "private",
    },
    BUILDKITE: {
        "sub": "organization:acme:pipeline:super duper",
        "organization_slug": "acme",
        "pipeline_slug": "super-duper",
    },
    CODEFRESH: {
        "sub": "account:628a:pipeline:65e5",
        "account_id": "628a80b693a15c0f9c13ab75",
        "account_name": "acme",
        "pipeline_id": "65e5a53e52853dc51a5b0cc1",
        "pipeline_name": "tools/sign",
        "workflow_id": "6669f0b3",
        "scm_repo_url": "https://github.com/acme/tools",
        "scm_ref": "main",
        "runner_environment": "hybrid",
    },
    CHAINGUARD: {"sub": "fb694596eb1678321f94eec283e1e0be690f655c/a2973bac66ebfde3"},
    FORGE: {
        "sub": "job:7",
        "event": "push",
        "commit": "c0ffee",
        "job": 7,
        "project": "team/app",
        "project_id": 123_456,
        "kind": "release",
        "line": "v1.2",
        "recipe": "build.yml",
        "recipe_uri": "",
        "runner": "rack-3",
        "owner": "team",
        "owner_id": "t-9",
        "share": 0.25,
        "scheduled": False,
        "run": 17,
        "public": "",
        "forge.example/commit": "c0ffee",
    },
}


def claims_of(url: str, **changes: object) -> dict[str, Any]:
    """Return the claims of a token of one of the issuers; `...` takes a claim away."""
    changed = {"iss": url, **_TIMES, **CLAIMS[url], **changes}
    return {name: content for name, content in changed.items() if content is not ...}


@cache
def issuers() -> Issuers:
    """Return the table of the file above."""
    return parse_issuers(CONFIGURATION, "issuers.yaml")


def issuer_of(url: str) -> Issuer:
    """Return one of the issuers."""
    return issuers().find(url)


def principal_of(url: str, **changes: object) -> Principal:
    """Build the principal of a token."""
    return build_principal(issuer_of(url), claims_of(url, **changes))
