"""The default trusted root, as workers have it from a TUF repository."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.webhook.engine.engine import Engine
from cosignpy.webhook.engine.settings import TrustSettings
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.verdicts import Cause
from tests.support.image_policies import document
from tests.support.signed_images import push_bundle
from tests.support.trust_repository import TrustRepository
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


@pytest.fixture
def images() -> Iterator[Images]:
    with serve_images() as served:
        push_bundle(served.repository, served.image.descriptor, keyless_bundle(served.image.digest))  # type: ignore[arg-type]
        yield served


def test_it_is_had_in_the_background_and_counts_at_once(images: Images, tmp_path: Path) -> None:
    repository = TrustRepository(
        datetime.now(UTC), {"trusted_root.json": TRUSTED_ROOT, "signing_config.v0.2.json": b"{}"}
    )
    repository.write(tmp_path / "mirror")
    trust = TrustSettings((tmp_path / "mirror").as_uri(), repository.root, tmp_path / "cache")

    async def ask(engine: Engine) -> list[tuple[Outcome, Cause | None]]:
        found = [await engine.decide(question(images.name))]
        for _ in range(1000):
            if engine.trust.version:
                break
            await asyncio.sleep(0.01)
        found.append(await engine.decide(question(images.name)))
        return [(each.outcome, each.cause) for each in found]

    chosen = settings(images.address, trust=trust)
    found = run_engine(ask, KnownPolicies(compiled(document(BY_EMAIL))), chosen)
    assert found == [(Outcome.REFUSED, Cause.TRUST), (Outcome.PASSED, None)]


def test_a_mirror_that_is_away_stops_nothing_but_policies_that_need_it(images: Images, tmp_path: Path) -> None:
    trust = TrustSettings("http://127.0.0.1:1", TrustRepository().root, tmp_path / "cache")

    async def ask(engine: Engine) -> str:
        for _ in range(1000):
            found = await engine.decide(question(images.name))
            assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.TRUST)
            if "cannot be had" in found.problem:
                return found.problem
            await asyncio.sleep(0.05)
        return ""

    chosen = settings(images.address, trust=trust)
    live = LiveSettings(verdicts="cosignpy", refusal_lifetime=timedelta(0))
    policies = KnownPolicies(compiled(document(BY_EMAIL)))
    assert "127.0.0.1:1" in run_engine(ask, policies, chosen, lambda: live)
