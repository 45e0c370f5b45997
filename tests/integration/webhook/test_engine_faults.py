"""Registries that are away or stall, workers that die, and what stays true of verdicts meanwhile."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.errors import AccessDenied
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.basic import BasicAuth
from cosignpy.localregistry.faults import BodyFault, Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.registry import options as client
from cosignpy.values import replace
from cosignpy.webhook.engine.engine import Engine, EnginePorts
from cosignpy.webhook.engine.limits import Deadline
from cosignpy.webhook.engine.messages import Setup
from cosignpy.webhook.engine.places import Asker, Registries
from cosignpy.webhook.engine.said import TOO_LARGE
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.verdicts import Cause, ImageVerdict, Kept, PullCredentials
from tests.support.image_policies import BY_KEY, document
from tests.support.memory_repository import push_image
from tests.support.signed_images import BUNDLE, LEGACY, push_bundle
from tests.support.webhook_engine import KnownPolicies, compiled, question, run_engine, settings
from tests.support.webhook_images import Images, serve_badly, serve_images

LIVE: Final = LiveSettings(verdicts="cosignpy", grace_period=timedelta(hours=2))
HOUR: Final = 3600.0
SLOWLY: Final = Faults(latency=0.4)


class Later:
    """The time of the calendar, which a test puts forward."""

    def __init__(self) -> None:
        self.by = 0.0

    def __call__(self) -> float:
        return time.time() + self.by


@pytest.fixture
def images(tmp_path: Path) -> Iterator[Images]:
    with serve_images(tmp_path) as served:
        yield served


@pytest.fixture
def policies() -> KnownPolicies:
    return KnownPolicies(compiled(document(BY_KEY)))


def test_a_registry_that_stalls_is_waited_for_until_the_deadline(
    images: Images, policies: KnownPolicies, tmp_path: Path
) -> None:
    images.sign(*BUNDLE)

    async def ask(engine: Engine, image: str) -> tuple[ImageVerdict, float]:
        await engine.decide(question(images.name))  # the worker is there
        started = time.monotonic()
        return await engine.decide(question(image, seconds=1.5)), time.monotonic() - started

    with serve_badly(tmp_path, Faults(body=BodyFault.STALL), images) as image:
        chosen = settings(images.address)
        reach = replace(chosen.registries, plain_http=(images.address, image.partition("/")[0]))
        found, seconds = run_engine(lambda engine: ask(engine, image), policies, replace(chosen, registries=reach))
    assert (found.outcome, found.cause) in {
        (Outcome.REFUSED, Cause.UNREACHABLE),
        (Outcome.REFUSED, Cause.TIMEOUT),
    }
    assert 1.0 < seconds < 3.0


def test_whoever_waits_longer_gets_the_answer_that_others_did_not_wait_for(
    images: Images, policies: KnownPolicies, tmp_path: Path
) -> None:
    images.sign(*BUNDLE)

    async def ask(engine: Engine, image: str) -> list[tuple[Outcome, Cause | None]]:
        await engine.decide(question(images.name))
        waiting = [engine.decide(question(image, seconds=seconds)) for seconds in (0.6, 30)]
        return [(each.outcome, each.cause) for each in await asyncio.gather(*waiting)]

    with serve_badly(tmp_path, SLOWLY, images) as image:
        chosen = settings(images.address)
        reach = replace(chosen.registries, plain_http=(images.address, image.partition("/")[0]))
        found = run_engine(lambda engine: ask(engine, image), policies, replace(chosen, registries=reach))
    assert found == [(Outcome.REFUSED, Cause.TIMEOUT), (Outcome.PASSED, None)]


def test_a_worker_that_is_killed_loses_no_question(images: Images, policies: KnownPolicies, tmp_path: Path) -> None:
    images.sign(*BUNDLE)

    async def ask(engine: Engine, image: str) -> tuple[ImageVerdict, int]:
        await asyncio.sleep(1.5)  # all workers are there
        asking = asyncio.create_task(engine.decide(question(image)))
        await asyncio.sleep(0.6)
        assert engine.pool.waiting == 1
        for process in engine.pool.processes:
            os.kill(process, signal.SIGKILL)
        return await asking, engine.pool.deaths

    with serve_badly(tmp_path, SLOWLY, images) as image:
        found, deaths = run_engine(lambda engine: ask(engine, image), policies, settings(image.partition("/")[0]))
    assert (found.outcome, deaths) == (Outcome.PASSED, 1)


def test_a_digest_that_passed_before_passes_while_its_registry_is_away(policies: KnownPolicies, tmp_path: Path) -> None:
    later = Later()

    async def ask(engine: Engine, images: Images, serving: ExitStack) -> list[ImageVerdict]:
        found = [await engine.decide(question(images.name))]
        serving.close()
        for hours in (0.5, 1.5, 3.5):
            later.by = hours * HOUR
            found.append(await engine.decide(question(images.name)))
        return found

    with ExitStack() as serving:
        images = serving.enter_context(serve_images(tmp_path))
        images.sign(*BUNDLE)
        chosen, ports = settings(images.address), EnginePorts(wall=later)
        found = run_engine(lambda engine: ask(engine, images, serving), policies, chosen, lambda: LIVE, ports)
    assert [(each.outcome, each.kept) for each in found] == [
        (Outcome.PASSED, Kept.FRESH),
        (Outcome.PASSED, Kept.REMEMBERED),
        (Outcome.PASSED, Kept.GRACE),
        (Outcome.REFUSED, Kept.FRESH),
    ]
    assert "cannot reach" in found[2].problem
    assert found[3].cause is Cause.UNREACHABLE


def test_there_is_no_grace_where_the_registry_says_that_nobody_signed(images: Images, policies: KnownPolicies) -> None:
    images.sign(*LEGACY)
    later = Later()

    async def ask(engine: Engine) -> list[Outcome]:
        found = [await engine.decide(question(images.name))]
        images.repository.delete_manifest(AttachmentTag(images.image.digest, AttachmentKind.SIGNATURE).encode())
        later.by = 1.5 * HOUR
        found.append(await engine.decide(question(images.name)))
        return [each.outcome for each in found]

    ports = EnginePorts(wall=later)
    found = run_engine(ask, policies, settings(images.address), lambda: LIVE, ports)
    assert found == [Outcome.PASSED, Outcome.REFUSED]


def test_verdicts_outlive_the_process_in_a_file(images: Images, policies: KnownPolicies, tmp_path: Path) -> None:
    images.sign(*BUNDLE)
    chosen = settings(images.address, cache_file=tmp_path / "verdicts", cache_key=b"k" * 32)

    async def ask(engine: Engine) -> tuple[ImageVerdict, int]:
        images.registry.clear_requests()
        return await engine.decide(question(images.name)), images.requests()

    first, second = run_engine(ask, policies, chosen), run_engine(ask, policies, chosen)
    other = run_engine(ask, policies, replace(chosen, cache_key=b"o" * 32))
    assert (second[0].outcome, second[0].kept, second[1]) == (Outcome.PASSED, Kept.REMEMBERED, 0)
    assert (first[1] > 0, other[1] > 0) == (True, True)
    assert second[0].policies == first[0].policies


def test_what_one_may_not_see_is_not_told_to_another_and_what_passed_is(policies: KnownPolicies) -> None:
    config = '{"auths": {"%s": {"username": "alice", "password": "secret"}}}'

    async def ask(engine: Engine, images: Images) -> list[tuple[Outcome, Cause | None, Kept]]:
        alice = PullCredentials(config % images.address, "alice")
        asked = (PullCredentials(), PullCredentials(), alice, PullCredentials())
        found = [await engine.decide(question(images.name, credentials=each)) for each in asked]
        return [(each.outcome, each.cause, each.kept) for each in found]

    with LocalRegistry(RegistryOptions(auth=BasicAuth((Account("alice", "secret"),)))) as registry:
        images = Images(registry, client.RegistryOptions(username="alice", password="secret"))
        images.sign(*BUNDLE)
        found = run_engine(lambda engine: ask(engine, images), policies, settings(images.address))
        images.session.close()
    assert found == [
        (Outcome.REFUSED, Cause.CREDENTIALS, Kept.FRESH),
        (Outcome.REFUSED, Cause.CREDENTIALS, Kept.REMEMBERED),
        (Outcome.PASSED, None, Kept.FRESH),
        (Outcome.PASSED, None, Kept.REMEMBERED),
    ]


def test_a_worker_shows_nobody_what_another_may_see() -> None:
    """Neither by a session with a token of somebody else, nor by content that was fetched for somebody else."""
    with LocalRegistry(RegistryOptions(auth=BasicAuth((Account("alice", "secret"),)))) as registry:
        images = Images(registry, client.RegistryOptions(username="alice", password="secret"))
        repository, _, digest = images.name.partition("@")
        registries = Registries(Setup(2, 1 << 30, "", (images.address,), True, True, False, 4, 2), {})
        config = f'{{"auths": {{"{images.address}": {{"username": "alice", "password": "secret"}}}}}}'

        def fetch(docker_config: str, identity: str) -> bytes:
            asker = Asker(docker_config, identity, (), Deadline.at(time.monotonic() + 20.0))
            return registries.open(repository, asker).fetch_manifest(Digest.parse(digest)).raw

        for _ in range(2):
            assert fetch(config, "alice")
            with pytest.raises(AccessDenied):
                fetch("", "")
        for session in (images.session, *registries._sessions.values()):
            session.close()


def test_more_than_may_wait_is_refused_at_once(images: Images, policies: KnownPolicies, tmp_path: Path) -> None:
    async def ask(engine: Engine, image: str) -> list[Cause | None]:
        repository = image.partition("@")[0]
        names = [f"{repository}@sha256:{number:064x}" for number in range(6)]
        asked = [engine.decide(question(name, f"n{number}", 3)) for number, name in enumerate(names)]
        return [each.cause for each in await asyncio.gather(*asked)]

    with serve_badly(tmp_path, SLOWLY, images) as image:
        chosen = settings(image.partition("/")[0], most_waiting=4)
        causes = run_engine(lambda engine: ask(engine, image), policies, chosen)
    assert causes.count(Cause.OVERLOADED) == 2


def test_what_takes_too_much_memory_is_refused_and_nothing_else_is(images: Images, policies: KnownPolicies) -> None:
    images.sign(*BUNDLE)
    good, brackets = images.name, b"[" + b"[]," * 1_300_000 + b"[]]"
    images.image = push_image(images.repository, b"another layer")
    for number in range(3):
        push_bundle(images.repository, images.image.descriptor, b'{"a%d":%b}' % (number, brackets))  # type: ignore[arg-type]

    async def ask(engine: Engine) -> tuple[list[ImageVerdict], int]:
        found = [await engine.decide(question(each, seconds=60)) for each in (good, images.name)]
        engine_policies = compiled(document(BY_KEY, name="again"))
        policies.set(engine_policies)
        return [*found, await engine.decide(question(good))], engine.pool.deaths

    (first, large, last), deaths = run_engine(ask, policies, settings(images.address, memory=120 << 20))
    assert [each.outcome for each in (first, large, last)] == [Outcome.PASSED, Outcome.REFUSED, Outcome.PASSED]
    assert (large.problem, deaths) == (TOO_LARGE, 0)


def test_no_worker_outlives_its_front() -> None:
    program = (
        "import asyncio, sys\n"
        "from tests.support.webhook_engine import KnownPolicies, run_engine, settings\n"
        "async def wait(engine):\n"
        "    print(*engine.pool.processes, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "run_engine(wait, KnownPolicies(), settings(workers=2))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as front:
        assert front.stdout is not None
        workers = [int(each) for each in front.stdout.readline().split()]
        assert len(workers) == 2
        front.kill()
        front.wait()
        until = time.monotonic() + 10
        while any(_runs(each) for each in workers) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(_runs(each) for each in workers)


def _runs(process: int) -> bool:
    try:
        return b"Z (zombie)" not in Path(f"/proc/{process}/status").read_bytes()
    except OSError:
        return False
