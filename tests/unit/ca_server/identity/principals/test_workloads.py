"""URIs, SPIFFE ids, service accounts, and Chainguard's identities."""

from typing import Any, Final

import pytest

from ca_server.identity.claims import TokenRefused
from ca_server.identity.principal import Principal
from cosignpy.core.x509.subject_alt_name import NameKind, SubjectName
from tests.support.identity_examples import ACCOUNTS, CHAINGUARD, CLAIMS, CLUSTER, SPIRE, principal_of

LONG: Final = "a" * 100_000


def refusal(url: str, **changes: object) -> str:
    with pytest.raises(TokenRefused) as caught:
        principal_of(url, **changes)
    return caught.value.why


def uri(text: str) -> SubjectName:
    return SubjectName(NameKind.URI, text)


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("https://people.example.com/users/erin", "https://people.example.com/users/erin"),
        ("https://people.example.com:8443", "https://people.example.com:8443"),
        ("HTTPS://people.example.com/\u00e9", "https://people.example.com/%C3%A9"),
    ],
)
def test_a_uri_of_the_host_is_named(subject: str, name: str) -> None:
    assert principal_of(ACCOUNTS, sub=subject) == Principal(ACCOUNTS, subject, subject, uri(name))


@pytest.mark.parametrize(
    "subject",
    [
        ...,
        "",
        5,
        "erin",
        "erin@example.com",
        "http://people.example.com/",
        "https://example.com/",
        "https://accounts.example.com/",
        "https://PEOPLE.example.com/",
        "https://people.example.com.evil.example/",
        "https://people.example.com@evil.example/",
        "https://erin@people.example.com/",
        "https://people.example.com/../",
        "https://people.example.com/\x00",
        f"https://people.example.com/{LONG}",
    ],
)
def test_a_uri_of_somebody_else_is_refused(subject: object) -> None:
    refusal(ACCOUNTS, sub=subject)


def test_a_spiffe_id_is_named() -> None:
    name = "spiffe://prod.example/ns/build/sa/signer"
    assert principal_of(SPIRE) == Principal(SPIRE, name, name, uri(name))


@pytest.mark.parametrize(
    "subject",
    [
        ...,
        "",
        "spiffe://test.example/a",
        "spiffe://prod.example/",
        "https://prod.example/a",
        f"spiffe://prod.example/{LONG}",
    ],
)
def test_a_name_outside_the_trust_domain_is_refused(subject: object) -> None:
    refusal(SPIRE, sub=subject)


def test_a_service_account_is_named_and_the_subject_proved_possession_over() -> None:
    assert principal_of(CLUSTER) == Principal(
        issuer=CLUSTER,
        subject="system:serviceaccount:build:signer",
        challenge="system:serviceaccount:build:signer",
        name=uri("https://kubernetes.io/namespaces/build/serviceaccounts/signer"),
    )


def cluster_claims(**changes: object) -> dict[str, Any]:
    return {"kubernetes.io": {**CLAIMS[CLUSTER]["kubernetes.io"], **changes}}


def test_a_service_account_needs_no_pod() -> None:
    assert principal_of(CLUSTER, **cluster_claims(pod=None)) == principal_of(CLUSTER)


@pytest.mark.parametrize("name", [None, "", 5, "a/b", "A", "-a", "a-", "a b", "..", "a" * 254, LONG, {"name": "a"}])
def test_what_is_not_the_name_of_an_object_is_refused(name: object) -> None:
    assert "kubernetes.io.namespace" in refusal(CLUSTER, **cluster_claims(namespace=name))
    assert "kubernetes.io.serviceaccount.name" in refusal(CLUSTER, **cluster_claims(serviceaccount={"name": name}))


@pytest.mark.parametrize("claims", [..., None, "x", [], {"namespace": "a"}, {"serviceaccount": {"name": "a"}}])
def test_a_token_of_no_service_account_is_refused(claims: object) -> None:
    assert "kubernetes.io" in refusal(CLUSTER, **{"kubernetes.io": claims})


def test_a_token_of_a_service_account_needs_a_subject() -> None:
    assert "claim sub" in refusal(CLUSTER, sub=...)


def test_an_identity_below_its_issuer_is_named() -> None:
    subject = CLAIMS[CHAINGUARD]["sub"]
    assert principal_of(CHAINGUARD) == Principal(CHAINGUARD, subject, subject, uri(f"{CHAINGUARD}/{subject}"))


def test_who_has_an_address_proves_possession_over_it() -> None:
    found = principal_of(CHAINGUARD, email="a@example.com", email_verified="true")
    assert (found.challenge, found.subject, found.name) == (
        "a@example.com",
        CLAIMS[CHAINGUARD]["sub"],
        principal_of(CHAINGUARD).name,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": ...},
        {"sub": "../a"},
        {"sub": LONG},
        {"email": "a@example.com"},
        {"email": "a@example.com", "email_verified": False},
        {"email": 5},
    ],
)
def test_an_identity_that_is_not_sure_is_refused(changes: dict[str, object]) -> None:
    refusal(CHAINGUARD, **changes)
