"""Verdicts by real workers over images in a registry, and what they cost it."""

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest

from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import NoSuchTag
from cosignpy.imagepolicy.conduct import POLICY_CONTROLLER
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.values import replace
from cosignpy.webhook.engine.engine import Engine
from cosignpy.webhook.verdicts import Cause, ImageVerdict, Kept
from tests.support.attestations import REVIEW, make
from tests.support.image_policies import BY_KEY, document
from tests.support.signed import KEY, OTHER_KEY
from tests.support.signed_images import BUNDLE, CREATED, LEGACY, push_bundle
from tests.support.webhook_engine import (
    BY_EMAIL,
    TRUSTED_ROOT,
    KnownPolicies,
    compiled,
    keyless_bundle,
    question,
    run_engine,
    settings,
)
from tests.support.webhook_images import Images, serve_images

BOTH: Final = replace(POLICY_CONTROLLER, bundles_with_keys=True)
REGO: Final = "package sigstore\nisCompliant { input.predicate.approved == %s }\n"


@pytest.fixture
def images() -> Iterator[Images]:
    with serve_images() as served:
        yield served


def decide(images: Images, policies: KnownPolicies) -> ImageVerdict:
    async def ask(engine: Engine) -> ImageVerdict:
        engine.trust.take(TRUSTED_ROOT)
        return await engine.decide(question(images.name))

    return run_engine(ask, policies, settings(images.address))


@pytest.mark.parametrize("formats", [BUNDLE, LEGACY], ids=["bundle", "legacy"])
@pytest.mark.parametrize("verdicts", ["ours", "as the controller"])
def test_a_signature_with_the_key_of_a_policy_passes(
    images: Images, formats: tuple[SignatureFormat], verdicts: str
) -> None:
    images.sign(*formats)
    policy = compiled(document(BY_KEY)) if verdicts == "ours" else compiled(document(BY_KEY), BOTH)
    found = decide(images, KnownPolicies(policy))
    (answer,) = found.policies
    assert (found.outcome, found.digest, found.kept) == (Outcome.PASSED, str(images.image.digest), Kept.FRESH)
    assert (answer.name, answer.authority, len(answer.evidence)) == ("team", "authority-0", 1)


def test_a_signature_without_a_key_passes_where_the_default_trust_vouches_for_it(images: Images) -> None:
    push_bundle(images.repository, images.image.descriptor, keyless_bundle(images.image.digest))  # type: ignore[arg-type]
    found = decide(images, KnownPolicies(compiled(document(BY_EMAIL))))
    assert found.outcome is Outcome.PASSED, found


def test_it_is_refused_for_want_of_trust_where_nobody_is_believed(images: Images) -> None:
    push_bundle(images.repository, images.image.descriptor, keyless_bundle(images.image.digest))  # type: ignore[arg-type]
    policies = KnownPolicies(compiled(document(BY_EMAIL)))
    found = run_engine(lambda engine: engine.decide(question(images.name)), policies, settings(images.address))
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.TRUST)
    assert "switched off" in found.problem


@pytest.mark.parametrize(("approved", "outcome"), [("true", Outcome.PASSED), ("false", Outcome.REFUSED)])
def test_attestations_are_judged_by_their_condition(images: Images, approved: str, outcome: Outcome) -> None:
    make(images.image.digest, REVIEW, KEY, b'{"approved": true}').store(
        images.repository,
        images.image.descriptor,
        CREATED,
    )
    condition = {"type": "rego", "data": REGO % approved}
    attestation = {"name": "review", "predicateType": REVIEW, "policy": condition}
    found = decide(images, KnownPolicies(compiled(document({**BY_KEY, "attestations": [attestation]}))))
    assert found.outcome is outcome, found
    if outcome is Outcome.REFUSED:
        assert found.cause is Cause.POLICY
        assert found.policies[0].reasons[0].startswith("failed evaluating rego policy for type review")


def test_another_signer_is_refused_in_the_controllers_words(images: Images) -> None:
    images.sign(*LEGACY, key=OTHER_KEY)
    found = decide(images, KnownPolicies(compiled(document(BY_KEY), BOTH)))
    why = "no matching signatures: invalid signature when validating ASN.1 encoded signature"
    assert (found.outcome, found.cause, found.problem) == (Outcome.REFUSED, Cause.POLICY, "")
    assert found.policies[0].reasons == (
        f"signature key validation failed for authority authority-0 for {images.name}: {why}",
    )


def test_an_image_that_is_not_there_is_not_found(images: Images) -> None:
    images.repository.delete_manifest(images.image.digest)
    found = decide(images, KnownPolicies(compiled(document(BY_KEY))))
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.NOT_FOUND)


def test_a_hundred_who_ask_at_once_cost_one_verification_and_whoever_asks_later_nothing(images: Images) -> None:
    images.sign(*BUNDLE)

    async def ask(engine: Engine) -> tuple[int, int, set[Kept]]:
        images.registry.clear_requests()
        await engine.decide(question(images.name))
        alone = images.requests()
        images.registry.clear_requests()
        other = images.name.replace("/app@", "/app:v1@")
        policies.set(compiled(document(BY_KEY, name="another")))
        found = await asyncio.gather(*(engine.decide(question(other, f"n{number % 3}")) for number in range(100)))
        assert {each.outcome for each in found} == {Outcome.PASSED}
        together = images.requests()
        images.registry.clear_requests()
        later = [await engine.decide(question(images.name)) for _ in range(10)]
        assert images.requests() == 0
        return alone, together, {each.kept for each in later}

    policies = KnownPolicies(compiled(document(BY_KEY)))
    alone, together, kept = run_engine(ask, policies, settings(images.address))
    assert 0 < together <= alone
    assert kept == {Kept.REMEMBERED}


def test_a_tag_is_resolved_once_for_all_who_ask_at_once(images: Images) -> None:
    async def ask(engine: Engine) -> None:
        images.registry.clear_requests()
        tag = f"{images.address}/team/app:v1"
        assert set(await asyncio.gather(*(engine.resolve(question(tag)) for _ in range(20)))) == {
            str(images.image.digest)
        }
        assert len([each for each in images.registry.requests if "manifests" in each.path]) == 1
        with pytest.raises(NoSuchTag):
            await engine.resolve(question(f"{images.address}/team/app:v2"))
        assert await engine.resolve(question(images.name)) == str(images.image.digest)

    run_engine(ask, KnownPolicies(), settings(images.address))


def test_what_a_policy_says_now_counts_at_once(images: Images) -> None:
    images.sign(*BUNDLE)

    async def ask(engine: Engine) -> list[Outcome]:
        found = [await engine.decide(question(images.name))]
        policies.set(compiled(document({"key": {"data": OTHER_KEY.public_key.encode_pem().decode()}})))
        found.append(await engine.decide(question(images.name)))
        policies.set(compiled(document(BY_KEY)))
        found.append(await engine.decide(question(images.name)))
        return [each.outcome for each in found]

    policies = KnownPolicies(compiled(document(BY_KEY)))
    assert run_engine(ask, policies, settings(images.address)) == [Outcome.PASSED, Outcome.REFUSED, Outcome.PASSED]


def test_whoever_is_believed_now_counts_at_once(images: Images) -> None:
    push_bundle(images.repository, images.image.descriptor, keyless_bundle(images.image.digest))  # type: ignore[arg-type]

    async def ask(engine: Engine) -> list[tuple[Outcome, Kept]]:
        found = []
        for root in (TRUSTED_ROOT, b'{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'):
            engine.trust.take(root)
            found += [await engine.decide(question(images.name)), await engine.decide(question(images.name))]
        return [(each.outcome, each.kept) for each in found]

    fresh, remembered = Kept.FRESH, Kept.REMEMBERED
    assert run_engine(ask, KnownPolicies(compiled(document(BY_EMAIL))), settings(images.address)) == [
        (Outcome.PASSED, fresh),
        (Outcome.PASSED, remembered),
        (Outcome.REFUSED, fresh),
        (Outcome.REFUSED, remembered),
    ]


def test_a_registry_that_is_away_is_no_refusal_that_is_kept() -> None:
    image = f"127.0.0.1:1/team/app@sha256:{'a' * 64}"

    async def ask(engine: Engine) -> list[tuple[Outcome, Cause | None, Kept]]:
        found = [await engine.decide(question(image, seconds=3)) for _ in range(2)]
        return [(each.outcome, each.cause, each.kept) for each in found]

    found = run_engine(ask, KnownPolicies(compiled(document(BY_KEY))), settings("127.0.0.1:1"))
    assert found == [(Outcome.REFUSED, Cause.UNREACHABLE, Kept.FRESH)] * 2


def test_registries_on_this_machine_are_not_spoken_to_unless_they_may_be(images: Images) -> None:
    images.sign(*BUNDLE)
    policies = KnownPolicies(compiled(document(BY_KEY)))
    chosen = settings(images.address)
    chosen = replace(chosen, registries=replace(chosen.registries, allow_local=False))
    images.registry.clear_requests()
    found = run_engine(lambda engine: engine.decide(question(images.name)), policies, chosen)
    assert (found.outcome, found.cause, images.requests()) == (Outcome.REFUSED, Cause.CONFIGURATION, 0)
