"""Our webhook beside policy-controller: the same admissions, and what that made of them, recorded."""

import json
from http import HTTPStatus
from typing import Final

import pytest

from tests.interop.cluster.admissions import ADMISSIONS, Outcome, try_admission
from tests.interop.cluster.api_client import Json
from tests.interop.cluster.our_webhook import OurWebhook
from tests.interop.cluster.record_controller import ANSWERS
from tests.interop.cluster.signed_site import SignedSite

THEIRS: Final[Json] = json.loads(ANSWERS.read_text())
BETTER: Final = {"debug-tag": ["@REGISTRY@/signed@@DIGEST:signed@", "@REGISTRY@/signed:signed@@DIGEST:signed@"]}
"""Admitted here, with these images: policy-controller pins no tags of ephemeral containers, and refuses them."""
UNPINNED: Final = {"missing-tag": HTTPStatus.FORBIDDEN, "unreadable-image": HTTPStatus.BAD_REQUEST}
"""Refused by both; only ours says why there is no digest."""
BELTED: Final = {"static-pass-missing-tag": "images need a digest"}
"""Refused by both; here by the belt, as the webhook lets such an image run whatever its digest is."""
WHAT_TO_DO: Final = "\nWhat to do: "


def outcome(webhook: OurWebhook, site: SignedSite, namespace: str, name: str) -> Outcome:
    return try_admission(webhook.cluster.admin, site, namespace, name)


@pytest.mark.parametrize("name", [name for name in ADMISSIONS if name not in BETTER and not THEIRS[name]["message"]])
def test_what_they_admit_we_admit_with_the_same_images(
    webhook: OurWebhook, site: SignedSite, guarded: str, name: str
) -> None:
    assert outcome(webhook, site, guarded, name).to_document() == THEIRS[name]


@pytest.mark.parametrize(
    "name", [name for name in ADMISSIONS if name not in {**BETTER, **UNPINNED, **BELTED} and THEIRS[name]["message"]]
)
def test_what_they_refuse_we_refuse_in_the_same_words_and_say_what_to_do(
    webhook: OurWebhook, site: SignedSite, guarded: str, name: str
) -> None:
    found = outcome(webhook, site, guarded, name)
    message, what_to_do, _ = found.message.partition(WHAT_TO_DO)
    assert (message, what_to_do) == (THEIRS[name]["message"], WHAT_TO_DO)
    assert found.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}


@pytest.mark.parametrize("name", UNPINNED)
def test_a_tag_without_a_digest_is_refused_and_why_is_told(
    webhook: OurWebhook, site: SignedSite, guarded: str, name: str
) -> None:
    found = outcome(webhook, site, guarded, name)
    first, why, what_to_do = found.message.splitlines()
    assert first == THEIRS[name]["message"]
    assert why
    assert what_to_do.startswith(WHAT_TO_DO.strip())
    assert found.status == UNPINNED[name]


@pytest.mark.parametrize("name", BELTED)
def test_what_needs_a_digest_only_for_the_belt(webhook: OurWebhook, site: SignedSite, guarded: str, name: str) -> None:
    found = outcome(webhook, site, guarded, name)
    assert found.status == HTTPStatus.FORBIDDEN
    assert BELTED[name] in found.message


@pytest.mark.parametrize("name", sorted(BETTER))
def test_what_only_they_refuse(webhook: OurWebhook, site: SignedSite, guarded: str, name: str) -> None:
    assert outcome(webhook, site, guarded, name).images == tuple(BETTER[name])


def test_the_audit_event_says_what_was_decided(webhook: OurWebhook, site: SignedSite, guarded: str) -> None:
    outcome(webhook, site, guarded, "signed-tag")
    outcome(webhook, site, guarded, "unsigned-tag")
    admitted = webhook.cluster.audit.annotations(guarded, "signed-tag")
    refused = webhook.cluster.audit.annotations(guarded, "unsigned-tag")
    prefix = "policy.sigstore.dev"
    assert admitted[f"{prefix}/verdict"] == "admitted"
    assert admitted[f"{prefix}/pinned"] == f"{site.tagged('signed')}@{site.digests['signed']}"
    assert admitted[f"{prefix}/policies"] == "signed=passed"
    assert (refused[f"{prefix}/verdict"], refused[f"{prefix}/policies"]) == ("refused", "unsigned=refused")
