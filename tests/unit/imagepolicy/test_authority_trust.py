"""Whom an authority believes: what it names, and nobody else for that."""

from typing import Any, Final

import pytest

from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.imagepolicy.authority_trust import select_trusted_root
from cosignpy.imagepolicy.model import Authority
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.imagepolicy.references import link_policies
from tests.support.image_policies import ALICE, BY_KEY, FILE, KEYLESS, document, encode
from tests.support.policy_resources import trust_root
from tests.support.virtual_sigstore import ROOT

OWN: Final = {"keyless": {"identities": [ALICE], "trustRootRef": "own"}}
OTHERWISE: Final = TrustedRoot(ROOT.logs[:1], (), (), ROOT.timestamp_authorities)
"""Who is believed where an authority names nobody: with one log, and nobody who issues certificates."""
LOGS: Final = len(ROOT.logs)


def authority(content: dict[str, Any]) -> Authority:
    (policy,) = link_policies(parse_resources(encode(document(content), trust_root()), FILE))
    return policy.authorities[0]


def believed(content: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return how many logs, issuers, logs of certificates and timestamp authorities are believed."""
    found = select_trusted_root(authority(content), lambda: OTHERWISE)
    return (
        len(found.logs),
        len(found.certificate_authorities),
        len(found.ct_logs),
        len(found.timestamp_authorities),
    )


@pytest.mark.parametrize("content", [BY_KEY, KEYLESS, {"ctlog": {"url": "https://a.example"}, **KEYLESS}])
def test_who_names_nobody_believes_what_is_believed_otherwise(content: dict[str, Any]) -> None:
    assert select_trusted_root(authority(dict(content)), lambda: OTHERWISE) is OTHERWISE


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        (OWN, (0, 2, 1, 1)),
        ({"signatureFormat": "bundle", **OWN}, (LOGS, 2, 1, 1)),
        ({"ctlog": {"trustRootRef": "own"}, **OWN}, (LOGS, 2, 1, 1)),
        ({"rfc3161timestamp": {"trustRootRef": "own"}, **OWN}, (0, 2, 1, 1)),
    ],
)
def test_nobody_else_is_asked_for_what_is_named(content: dict[str, Any], counts: tuple[int, ...]) -> None:
    def never() -> TrustedRoot:
        raise AssertionError

    found = select_trusted_root(authority(content), never)
    assert counts == (
        len(found.logs),
        len(found.certificate_authorities),
        len(found.ct_logs),
        len(found.timestamp_authorities),
    )


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        ({"ctlog": {"url": "https://a.example"}, **OWN}, (1, 2, 1, 1)),
        ({"rfc3161timestamp": {}, **OWN}, (0, 2, 1, 1)),
        ({"ctlog": {"trustRootRef": "own"}, **KEYLESS}, (LOGS, 0, 0, 0)),
        ({"rfc3161timestamp": {"trustRootRef": "own"}, **KEYLESS}, (0, 0, 0, 1)),
        ({"ctlog": {"trustRootRef": "own"}, **BY_KEY}, (LOGS, 0, 0, 0)),
        ({"rfc3161timestamp": {"trustRootRef": "own"}, **BY_KEY}, (0, 0, 0, 1)),
        (
            {"ctlog": {"url": "https://a.example"}, "rfc3161timestamp": {"trustRootRef": "own"}, **BY_KEY},
            (1, 0, 0, 1),
        ),
    ],
)
def test_others_are_asked_for_the_rest(content: dict[str, Any], counts: tuple[int, ...]) -> None:
    assert believed(content) == counts
