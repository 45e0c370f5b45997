"""What the engine answers from memory, what it asks workers, and that nothing that goes wrong admits an image."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.errors import DeadlineExceeded, MalformedError, NoSuchTag, UsageError
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.evidence_errors import encode_error
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.values import replace
from cosignpy.webhook.engine import anew
from cosignpy.webhook.engine.engine import Engine, EnginePorts
from cosignpy.webhook.engine.messages import (
    Answer,
    Decide,
    Decided,
    Extend,
    Found,
    NewTrust,
    OldPolicies,
    Question,
    Renew,
    Resolve,
)
from cosignpy.webhook.engine.settings import TrustSettings, count_workers
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.verdicts import Cause, ImageVerdict, Kept, PullCredentials
from tests.support.fake_workers import FakeWorkers, Hangup, passing
from tests.support.image_policies import BY_KEY, KEYLESS, PASS, document
from tests.support.webhook_engine import POD, KnownPolicies, compiled, question, run_engine, settings

IMAGE: Final = f"registry.example/app@sha256:{'a' * 64}"
TAG: Final = "registry.example/app:v1"
POLICY: Final = compiled(document(BY_KEY))
HOUR: Final = 3600.0
LIVE: Final = LiveSettings(verdicts="cosignpy", grace_period=timedelta(hours=1))


class Bench:
    """An engine over workers that answer what a test wants, at a time that it owns."""

    def __init__(self, answer: Callable[[Question], Answer | bytes | None] = passing) -> None:
        self.workers = FakeWorkers(answer)
        self.policies = KnownPolicies(POLICY)
        self.now = 1000.0
        self.live = LIVE

    def run(self, scenario: Callable[[Engine], Any], **changes: Any) -> Any:
        ports = EnginePorts(self.workers.spawn, lambda: self.now)
        return run_engine(scenario, self.policies, settings(**changes), lambda: self.live, ports)

    @property
    def asked(self) -> list[Any]:
        return self.workers.told(Decide)


def _one_after_another(answers: list[Callable[[Question], Answer | None]]) -> Callable[[Question], Answer | None]:
    def answer(asked: Question) -> Answer | None:
        return answers.pop(0)(asked)

    return answer


def refusing(cause: str = "policy-denied", *, kept: bool = True, away: bool = False) -> Callable[[Question], Answer]:
    def answer(asked: Question) -> Answer:
        return Decided(asked.number, "refused", (), cause, "why", is_away=away, is_kept=kept, moment=1000.0)

    return answer


async def ask_twice(engine: Engine) -> list[ImageVerdict]:
    return [await engine.decide(question(IMAGE)), await engine.decide(question(IMAGE))]


def test_what_passed_is_remembered_by_its_digest() -> None:
    bench = Bench()

    async def ask(engine: Engine) -> list[ImageVerdict]:
        other = IMAGE.replace("@", ":v1@")
        return [await engine.decide(question(each)) for each in (IMAGE, IMAGE, other)]

    found = bench.run(ask)
    assert [each.kept for each in found] == [Kept.FRESH, Kept.REMEMBERED, Kept.REMEMBERED]
    assert [each.image for each in found] == [IMAGE, IMAGE, IMAGE.replace("@", ":v1@")]
    assert len(bench.asked) == 1


def test_the_same_digest_elsewhere_is_another_question() -> None:
    bench = Bench()
    other = IMAGE.replace("/app@", "/other@")

    async def ask(engine: Engine) -> list[ImageVerdict]:
        return [await engine.decide(question(each)) for each in (IMAGE, other)]

    assert [each.kept for each in bench.run(ask)] == [Kept.FRESH, Kept.FRESH]


def test_who_asks_at_the_same_time_with_other_credentials_does_not_get_the_same_answer() -> None:
    bench = Bench()

    async def ask(engine: Engine) -> None:
        identities = ("a", "b", "a")
        questions = [question(IMAGE, credentials=PullCredentials("{}", each)) for each in identities]
        await asyncio.gather(*[engine.decide(each) for each in questions])

    bench.run(ask)
    assert sorted(each.identity for each in bench.asked) == ["a", "b"]


def test_a_worker_is_told_what_the_question_is() -> None:
    bench = Bench()
    bench.live = replace(LIVE, allowed_registries=("registry.example",))
    credentials = PullCredentials('{"auths": {}}', "alice")
    bench.run(lambda engine: engine.decide(question(IMAGE, credentials=credentials)))
    (asked,) = bench.asked
    assert (asked.name, asked.full_name, asked.repository) == (IMAGE, "", "registry.example/app")
    assert (asked.policies, asked.identity, asked.allowed) == ((POLICY.version,), "alice", ("registry.example",))
    assert (asked.lifetime, asked.grace, asked.docker_config) == (HOUR, HOUR, '{"auths": {}}')
    assert (asked.runs.resource, asked.runs.labels, asked.runs.document) == ("pods", {"app": "web"}, b"")


def test_the_controllers_names_are_told_too() -> None:
    bench = Bench()
    bench.live = LiveSettings()
    bench.run(lambda engine: engine.decide(question(IMAGE)))
    assert bench.asked[0].full_name == IMAGE


@pytest.mark.parametrize(
    "change",
    [
        lambda bench: bench.policies.set(compiled(document(BY_KEY, name="another"))),
        lambda bench: setattr(bench, "live", replace(LIVE, verdicts="policy-controller")),
        lambda bench: setattr(bench, "live", replace(LIVE, allowed_registries=("*.example",))),
        lambda bench: setattr(bench, "now", 1000.0 + HOUR),
        lambda bench: setattr(bench, "now", 999.0),
    ],
    ids=["policy", "verdicts", "registries", "later", "earlier"],
)
def test_what_a_verdict_depends_on_makes_it_another(change: Callable[[Bench], None]) -> None:
    bench = Bench()

    async def ask(engine: Engine) -> Kept:
        await engine.decide(question(IMAGE))
        change(bench)
        return (await engine.decide(question(IMAGE))).kept

    assert bench.run(ask) is Kept.FRESH


def test_policies_that_are_gone_are_forgotten_by_workers() -> None:
    bench = Bench()

    async def ask(engine: Engine) -> None:
        await engine.decide(question(IMAGE))
        bench.policies.set(compiled(document(BY_KEY, name="another")))
        await engine.decide(question(IMAGE))

    bench.run(ask)
    assert bench.workers.told(OldPolicies) == [OldPolicies((POLICY.version,))]


def test_an_object_is_another_question_only_where_conditions_are_about_it() -> None:
    bench = Bench()
    condition = {"type": "rego", "data": "package sigstore\nisCompliant { true }\n", "includeSpec": True}
    other = Workload("", "v1", "pods", {}, {**POD.document, "spec": {"hostNetwork": True}})
    labelled = replace(POD, labels={"app": "db"})

    async def ask(engine: Engine) -> list[Kept]:
        asked = [question(IMAGE, workload=each) for each in (POD, labelled, other, POD)]
        return [(await engine.decide(each)).kept for each in asked]

    fresh, remembered = Kept.FRESH, Kept.REMEMBERED
    assert bench.run(ask) == [fresh, remembered, remembered, remembered]
    bench.policies.set(compiled(document(BY_KEY, policy=condition)))
    assert bench.run(ask) == [fresh, remembered, fresh, remembered]
    assert b"hostNetwork" in bench.asked[-1].runs.document


def test_who_is_believed_counts_for_policies_that_name_nobody() -> None:
    bench = Bench()
    believing = compiled(document(KEYLESS))

    async def ask(engine: Engine) -> list[Kept]:
        found = []
        for root in (b"one", b"two"):
            engine.trust.take(root)
            found += [each.kept for each in await ask_twice(engine)]
        return found

    fresh, remembered = Kept.FRESH, Kept.REMEMBERED
    assert bench.run(ask) == [fresh, remembered, remembered, remembered]
    bench.policies.set(believing)
    assert bench.run(ask) == [fresh, remembered, fresh, remembered]
    assert NewTrust(b"two", "") in bench.workers.told(NewTrust)


def test_a_verdict_by_a_trust_that_changed_meanwhile_is_not_kept() -> None:
    bench = Bench()
    bench.policies.set(compiled(document(KEYLESS)))

    async def ask(engine: Engine) -> Kept:
        asking = asyncio.create_task(engine.decide(question(IMAGE)))
        await asyncio.sleep(0)
        engine.trust.take(b"new")
        await asking
        engine.trust._version = ""
        return (await engine.decide(question(IMAGE))).kept

    assert bench.run(ask) is Kept.FRESH


@pytest.mark.parametrize(("kept", "later", "found"), [
    (True, 9.0, Kept.REMEMBERED), (True, 10.0, Kept.FRESH), (False, 0.0, Kept.FRESH),
])  # fmt: skip
def test_a_refusal_is_remembered_briefly(kept: bool, later: float, found: Kept) -> None:
    bench = Bench(refusing(kept=kept))

    async def ask(engine: Engine) -> ImageVerdict:
        await engine.decide(question(IMAGE))
        bench.now += later
        return await engine.decide(question(IMAGE))

    verdict = bench.run(ask)
    assert (verdict.outcome, verdict.cause, verdict.kept) == (Outcome.REFUSED, Cause.POLICY, found)


def test_a_refusal_is_remembered_for_the_same_credentials_and_what_passed_for_all() -> None:
    async def ask(engine: Engine) -> list[Kept]:
        asked = [question(IMAGE, credentials=PullCredentials("{}", each)) for each in ("alice", "bob", "alice")]
        return [(await engine.decide(each)).kept for each in asked]

    fresh, remembered = Kept.FRESH, Kept.REMEMBERED
    assert Bench(refusing()).run(ask) == [fresh, fresh, remembered]
    assert Bench().run(ask) == [fresh, remembered, remembered]


@pytest.mark.parametrize(
    ("after", "later", "outcome", "kept"),
    [
        (refusing("registry-unreachable", kept=False, away=True), HOUR, Outcome.PASSED, Kept.GRACE),
        (refusing("registry-unreachable", kept=False, away=True), 2 * HOUR, Outcome.REFUSED, Kept.FRESH),
        (refusing(), HOUR, Outcome.REFUSED, Kept.FRESH),
        (refusing("registry-credentials"), HOUR, Outcome.REFUSED, Kept.FRESH),
        (lambda _asked: None, HOUR, Outcome.PASSED, Kept.GRACE),
    ],
    ids=["away", "away for long", "refused", "denied", "silent"],
)
def test_grace_is_for_registries_that_are_away(
    after: Callable[[Question], Answer | None], later: float, outcome: Outcome, kept: Kept
) -> None:
    answers: list[Callable[[Question], Answer | None]] = [passing, after]
    bench = Bench(_one_after_another(answers))

    async def ask(engine: Engine) -> ImageVerdict:
        await engine.decide(question(IMAGE))
        bench.now += later
        return await engine.decide(question(IMAGE, seconds=0.1))

    found = bench.run(ask)
    assert (found.outcome, found.kept) == (outcome, kept)


def test_there_is_no_grace_where_none_is_set_any_more() -> None:
    answers: list[Callable[[Question], Answer | None]] = [
        passing,
        refusing("registry-unreachable", kept=False, away=True),
    ]
    bench = Bench(_one_after_another(answers))

    async def ask(engine: Engine) -> ImageVerdict:
        await engine.decide(question(IMAGE))
        bench.now += HOUR
        bench.live = replace(LIVE, grace_period=timedelta(0))
        return await engine.decide(question(IMAGE))

    assert bench.run(ask).outcome is Outcome.REFUSED


def test_there_is_no_grace_any_more_once_somebody_looked() -> None:
    away = refusing("registry-unreachable", kept=False, away=True)
    answers: list[Callable[[Question], Answer | None]] = [passing, refusing(kept=False), away]
    bench = Bench(_one_after_another(answers))

    async def ask(engine: Engine) -> list[Outcome]:
        found = [await engine.decide(question(IMAGE))]
        bench.now += HOUR
        found += await ask_twice(engine)
        return [each.outcome for each in found]

    assert bench.run(ask) == [Outcome.PASSED, Outcome.REFUSED, Outcome.REFUSED]


@pytest.mark.parametrize(("later", "asked"), [(0.89 * HOUR, 1), (0.91 * HOUR, 2)])
def test_what_is_about_to_be_too_old_is_decided_anew_and_nobody_waits(later: float, asked: int) -> None:
    bench = Bench()

    async def ask(engine: Engine) -> list[Kept]:
        await engine.decide(question(IMAGE))
        bench.now += later
        found = [await engine.decide(question(IMAGE)) for _ in range(3)]
        await until(lambda: len(bench.asked) == asked and engine.numbers()["under_way"] == 0)
        return [each.kept for each in found]

    assert bench.run(ask) == [Kept.REMEMBERED] * 3
    assert len(bench.asked) == asked


def test_what_does_not_pass_any_more_is_refused_before_it_is_too_old() -> None:
    answers: list[Callable[[Question], Answer | None]] = [passing, refusing(kept=False), refusing(kept=False)]
    bench = Bench(_one_after_another(answers))

    async def ask(engine: Engine) -> list[Outcome]:
        found = [await engine.decide(question(IMAGE))]
        bench.now += 0.95 * HOUR
        found.append(await engine.decide(question(IMAGE)))
        await until(lambda: engine.numbers()["verdicts"] == 0)
        return [each.outcome for each in [*found, await engine.decide(question(IMAGE))]]

    assert bench.run(ask) == [Outcome.PASSED, Outcome.PASSED, Outcome.REFUSED]


def test_that_it_cannot_be_decided_anew_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def die(_asked: Question) -> Answer:
        raise Hangup

    answers: list[Callable[[Question], Answer | None]] = [passing, die, die, die]
    bench = Bench(_one_after_another(answers))

    async def ask(engine: Engine) -> list[Kept]:
        await engine.decide(question(IMAGE))
        bench.now += 0.95 * HOUR
        found = [await engine.decide(question(IMAGE))]
        await until(lambda: "not decided anew" in caplog.text)
        return [each.kept for each in [*found, await engine.decide(question(IMAGE))]]

    assert bench.run(ask) == [Kept.REMEMBERED] * 2
    assert len(answers) == 1


def test_what_is_decided_anew_at_the_end_is_not_waited_for() -> None:
    held = Held()
    answers: list[Callable[[Question], Answer | None]] = [passing, held]
    bench = Bench(_one_after_another(answers))

    async def ask(engine: Engine) -> Kept:
        await engine.decide(question(IMAGE))
        bench.now += 0.95 * HOUR
        found = await engine.decide(question(IMAGE))
        await until(lambda: engine.pool.waiting == 1)
        asyncio.get_running_loop().call_later(0.1, held.release)
        return found.kept

    assert bench.run(ask) is Kept.REMEMBERED


class Held:
    """Answers that come when a test lets them."""

    def __init__(self) -> None:
        self._released = threading.Event()

    def __call__(self, asked: Question) -> Answer:
        self._released.wait(10)
        return passing(asked)

    def release(self) -> None:
        self._released.set()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for ten seconds at most."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)


def test_whoever_cannot_wait_is_refused_and_the_answer_is_kept() -> None:
    held = Held()

    async def ask(engine: Engine) -> list[ImageVerdict]:
        found = [await engine.decide(question(IMAGE, seconds=0.05))]
        held.release()
        await until(lambda: engine.numbers()["verdicts"] == 1)
        return [*found, await engine.decide(question(IMAGE))]

    late, answered = Bench(held).run(ask)
    assert (late.outcome, late.cause, answered.kept) == (Outcome.REFUSED, Cause.TIMEOUT, Kept.REMEMBERED)
    assert "try again" in late.problem


def test_who_waits_longer_gives_the_question_more_time() -> None:
    held = Held()
    bench = Bench(held)

    async def ask(engine: Engine) -> None:
        first = asyncio.create_task(engine.decide(question(IMAGE, seconds=10)))
        await until(lambda: engine.pool.waiting == 1)
        second = asyncio.create_task(engine.decide(question(IMAGE, seconds=20)))
        await asyncio.sleep(0)
        held.release()
        await asyncio.gather(first, second)
        await until(lambda: len(bench.workers.told(Extend)) == 1)

    bench.run(ask)
    assert len(bench.workers.told(Extend)) == 1


@pytest.mark.parametrize("image", ["A b", "", "registry.example/app@sha256:abc"])
def test_what_is_no_name_is_refused(image: str) -> None:
    found = Bench().run(lambda engine: engine.decide(question(image)))
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.IMAGE_NAME)


def test_what_needs_no_look_asks_nobody() -> None:
    bench = Bench()
    bench.policies.set(compiled(document(PASS)))
    assert bench.run(lambda engine: engine.decide(question(TAG))).outcome is Outcome.PASSED
    assert bench.asked == []


def test_labels_that_are_none_refuse() -> None:
    bench = Bench()
    selector = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a b"]}]}
    match = [{"version": "v1", "resource": "pods", "selector": selector}]
    bench.policies.set(compiled(document(BY_KEY, match=match)))
    found = bench.run(lambda engine: engine.decide(question(IMAGE)))
    assert found.outcome is Outcome.REFUSED


def test_workers_that_die_admit_nothing() -> None:
    def die(_asked: Question) -> Answer:
        raise Hangup

    found = Bench(die).run(lambda engine: engine.decide(question(IMAGE)))
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.TIMEOUT)
    assert "try again" in found.problem


@pytest.mark.parametrize("answer", [lambda asked: Found(asked.number), lambda asked: Decided(asked.number, "nonsense")])
def test_answers_that_cannot_be_admit_nothing(answer: Callable[[Question], Answer]) -> None:
    found = Bench(answer).run(lambda engine: engine.decide(question(IMAGE)))
    assert (found.outcome, found.cause) == (Outcome.REFUSED, Cause.CONFIGURATION)


def test_too_many_questions_are_refused_at_once() -> None:
    async def ask(engine: Engine) -> list[Cause | None]:
        names = [f"registry.example/app@sha256:{number:064x}" for number in range(3)]
        asked = [engine.decide(question(each, f"n{each}", 0.1)) for each in names]
        return [each.cause for each in await asyncio.gather(*asked)]

    causes = Bench(lambda _asked: None).run(ask, most_waiting=2)
    assert sorted(map(str, causes)) == [Cause.OVERLOADED, Cause.TIMEOUT, Cause.TIMEOUT]


def test_an_object_that_is_too_large_is_refused() -> None:
    bench = Bench()
    condition = {"type": "rego", "data": "package sigstore\nisCompliant { true }\n", "includeSpec": True}
    bench.policies.set(compiled(document(BY_KEY, policy=condition)))
    large = replace(POD, document={"spec": {"x": "x" * (17 << 20)}})
    found = bench.run(lambda engine: engine.decide(question(IMAGE, workload=large)))
    assert found.outcome is Outcome.REFUSED


def test_a_tag_is_what_it_was_for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[int]()

    def answer(each: Question) -> Answer:
        asked.append(each.number)
        return passing(each)

    async def ask(engine: Engine) -> set[str]:
        found = {await engine.resolve(question(TAG)) for _ in range(2)}
        monkeypatch.setattr(anew, "SAME_TAG_SECONDS", -1.0)
        monkeypatch.setattr(anew, "MOST_TAGS", 1)
        other = PullCredentials("{}", "alice")
        found |= {await engine.resolve(question(TAG, credentials=other)) for _ in range(2)}
        return found | {await engine.resolve(question(IMAGE))}

    assert Bench(answer).run(ask) == {f"sha256:{'b' * 64}", f"sha256:{'a' * 64}"}
    assert len(asked) == 3


def test_a_tag_is_looked_up_again_where_other_registries_are_asked() -> None:
    bench = Bench()

    async def ask(engine: Engine) -> None:
        await engine.resolve(question(TAG))
        bench.live = replace(LIVE, allowed_registries=("other.example",))
        await engine.resolve(question(TAG))

    bench.run(ask)
    asked: list[Any] = bench.workers.told(Resolve)
    assert [each.allowed for each in asked] == [(), ("other.example",)]


def test_a_tag_that_is_not_there_is_told() -> None:
    def absent(asked: Question) -> Answer:
        return Found(asked.number, error=encode_json(encode_error(NoSuchTag(TAG))), cause="not-found")

    async def ask(engine: Engine) -> None:
        with pytest.raises(NoSuchTag):
            await engine.resolve(question(TAG))
        with pytest.raises(MalformedError):
            await engine.resolve(question("A b"))

    Bench(absent).run(ask)


def test_a_tag_that_takes_too_long_is_told() -> None:
    async def ask(engine: Engine) -> None:
        with pytest.raises(DeadlineExceeded):
            await engine.resolve(question(TAG, seconds=0.05))

    Bench(lambda _asked: None).run(ask)


def test_the_default_trust_is_had_from_a_worker() -> None:
    bench = Bench(lambda asked: Found(asked.number, b"root"))
    trust = TrustSettings("https://mirror.example", b"{}", Path("/cache"))

    async def ask(engine: Engine) -> str:
        for _ in range(500):
            if engine.trust.version:
                break
            await asyncio.sleep(0.01)
        return engine.trust.version

    assert bench.run(ask, trust=trust)
    (asked,) = bench.workers.told(Renew)
    assert isinstance(asked, Renew)
    assert msgspec.structs.astuple(asked)[1:5] == ("https://mirror.example", b"{}", True, "/cache")


def test_numbers_say_what_there_is() -> None:
    async def ask(engine: Engine) -> tuple[dict[str, int], bool]:
        await engine.decide(question(IMAGE))
        return engine.numbers(), engine.is_ready

    numbers, is_ready = Bench().run(ask)
    assert is_ready
    assert numbers == {"verdicts": 1, "under_way": 0, "workers": 1, "worker_deaths": 0}


def test_verdicts_are_kept_in_a_file(tmp_path: Path) -> None:
    bench = Bench()
    changes = {"cache_file": tmp_path / "verdicts", "cache_key": b"k" * 32}
    found = [bench.run(lambda engine: engine.decide(question(IMAGE)), **changes).kept for _ in range(2)]
    assert found == [Kept.FRESH, Kept.REMEMBERED]


def test_a_file_needs_a_secret(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Bench().run(lambda engine: engine.decide(question(IMAGE)), cache_file=tmp_path / "verdicts")


def test_there_is_a_worker_for_each_processor_and_not_more_than_four() -> None:
    assert 1 <= count_workers() <= 4
