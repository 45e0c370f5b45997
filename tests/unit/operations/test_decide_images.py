"""Many names, few images: everything is fetched and decided once, and each name has its own verdict."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Reference, Tag
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.errors import DeadlineExceeded, NoSuchTag
from cosignpy.imagepolicy.decision import Outcome
from cosignpy.imagepolicy.kept_decision import Kept
from cosignpy.imagepolicy.model import ImagePolicyDocument, Source
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.operations import decide_images
from cosignpy.operations.decide_images import DecideImages
from cosignpy.operations.decision_cache import DecisionCache
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.policy_evidence import Recorder, Replay
from cosignpy.operations.policy_places import Place, PlacedImage, ReplayedPlaces, WatchedPlaces
from cosignpy.operations.remembered import Memory
from cosignpy.operations.verify_by_policies import DecidedImage, VerifyByPolicies, verify_by_policies
from tests.support.decisions import MemoryStore
from tests.support.image_policies import BY_KEY, FAIL, PASS, own, parsed
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed import KEY
from tests.support.signed_images import BOTH, push_bundle, sign
from tests.support.virtual_sigstore import EMAIL, ISSUER, MIDDLE, REKOR_V2, ROOT, Signing

NOW: Final = datetime(2026, 7, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Root:
    def trusted_root(self) -> TrustedRoot:
        return ROOT


@dataclass
class MemoryPlaces:
    """Repositories in memory by their names."""

    repositories: dict[str, MemoryRepository] = field(default_factory=dict)

    def repository(self, name: str) -> MemoryRepository:
        return self.repositories.setdefault(name, MemoryRepository(name=name))

    def open_image(self, name: str) -> PlacedImage:
        reference = Reference.parse(name)
        place = Place(reference.name, self.repository(reference.name))
        return PlacedImage(place, place, reference.target)

    def open_source(self, source: Source) -> Place:
        return Place(source.oci, self.repository(source.oci))

    def requests(self) -> Counter[str]:
        return Counter(request for each in self.repositories.values() for request in each.requests)


@dataclass
class KeySupplies:
    """A key that is elsewhere, and how often it was asked for."""

    asked: int = 0

    def load_key(self, reference: str) -> PublicKey:
        del reference
        self.asked += 1
        return KEY.public_key


@pytest.fixture
def places() -> MemoryPlaces:
    return MemoryPlaces()


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that were decided over, and not only given the verdict of another."""
    names: list[str] = []

    def counted(request: VerifyByPolicies, *ports: object) -> DecidedImage:
        names.append(request.name)
        return verify_by_policies(request, *ports)  # type: ignore[arg-type]

    monkeypatch.setattr(decide_images, "verify_by_policies", counted)
    return names


def push(places: MemoryPlaces, name: str, *tags: str, content: bytes = b"layer") -> Manifest:
    repository = places.repository(name)
    image = push_image(repository, content)
    for tag in tags:
        repository.push_manifest(image, Tag(tag))
    return image


def deciding(places: MemoryPlaces, *policies: ImagePolicyDocument) -> DecideImages:
    memory = Memory()
    return DecideImages(policies, Root(), WatchedPlaces(places, memory), NOW, memory=memory)


def decide(run: DecideImages, *names: str, workers: int = 8) -> list[DecidedImage]:
    outcomes = run_parallel(lambda name: run.decide(name, run.places.open_image(name)), names, workers)
    return [each.unwrap() for each in outcomes]


@pytest.mark.parametrize("workers", [1, 8])
def test_names_of_few_images_fetch_and_decide_once_for_each(
    places: MemoryPlaces, decided: list[str], workers: int
) -> None:
    names: list[str] = []
    for number in range(4):
        tags = [f"v{number}.{tag}" for tag in range(5)]
        image = push(places, "registry.test/app", *tags, content=bytes([number]))
        sign(places.repository("registry.test/app"), image, KEY, BOTH)
        names += [f"registry.test/app:{tag}" for tag in tags] + [f"registry.test/app@{image.digest}"]
    places.repository("registry.test/app").requests.clear()
    found = decide(deciding(places, parsed(BY_KEY)), *names, workers=workers)
    assert all(each.decision.is_admitted for each in found)
    assert [each.decision.image for each in found] == names
    assert (len({each.digest for each in found}), len(decided)) == (4, 4)
    assert set(places.requests().values()) == {1}
    assert sum(places.requests().values()) == 20 + 4 * 5  # tags; referrers, tag, bundle manifest, bundle, payload


def test_repositories_are_decided_over_by_themselves(places: MemoryPlaces, decided: list[str]) -> None:
    signed, _ = (push(places, f"registry.test/{name}", "v1") for name in ("app", "copy"))
    sign(places.repository("registry.test/app"), signed)
    names = ("registry.test/app:v1", "registry.test/copy:v1")
    found = decide(deciding(places, parsed(BY_KEY)), *names)
    assert [each.decision.is_admitted for each in found] == [True, False]
    assert sorted(decided) == list(names)


def test_other_policies_are_another_decision(places: MemoryPlaces, decided: list[str]) -> None:
    push(places, "registry.test/app", "v1", "v2", "other")
    policies = parsed(BY_KEY, images=[{"glob": "**:v*"}]), parsed(FAIL, name="all")
    found = decide(deciding(places, *policies), *(f"registry.test/app:{tag}" for tag in ("v1", "v2", "other")))
    assert [len(each.decision.policies) for each in found] == [2, 2, 1]
    assert len(decided) == 2


def test_workloads_are_another_decision(places: MemoryPlaces, decided: list[str]) -> None:
    push(places, "registry.test/app", "v1")
    pods = parsed(BY_KEY, match=[{"version": "v1", "resource": "pods"}])
    run = deciding(places, pods, parsed(BY_KEY, name="all"))
    image = run.places.open_image("registry.test/app:v1")
    workload = Workload("", "v1", "pods")
    found = [run.decide("registry.test/app:v1", image, each) for each in (None, workload, workload, None)]
    assert [len(each.decision.policies) for each in found] == [1, 2, 2, 1]
    assert len(decided) == 2


def test_nothing_is_asked_where_no_signature_counts(places: MemoryPlaces) -> None:
    push(places, "registry.test/app", "v1")
    places.repository("registry.test/app").requests.clear()
    for policies, outcome in (
        ([parsed(PASS)], Outcome.PASSED),
        ([parsed(FAIL)], Outcome.REFUSED),
        ([], Outcome.REFUSED),
    ):
        (found,) = decide(deciding(places, *policies), "registry.test/app:v1")
        assert (found.digest, found.decision.outcome) == (None, outcome)
    assert places.requests().total() == 0


def test_names_of_nothing_are_asked_for_once(places: MemoryPlaces) -> None:
    found = decide(deciding(places, parsed(BY_KEY)), "registry.test/app:v1", "registry.test/app:v1")
    assert [type(error) for each in found for error in each.decision.errors] == [NoSuchTag, NoSuchTag]
    assert places.requests() == {"fetch_manifest v1": 1}


def test_that_there_is_no_time_is_no_verdict(places: MemoryPlaces, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object) -> None:
        raise DeadlineExceeded(1)

    monkeypatch.setattr(places.repository("registry.test/app"), "fetch_manifest", late)
    with pytest.raises(DeadlineExceeded):
        decide(deciding(places, parsed(BY_KEY)), "registry.test/app:v1")


def test_a_refusal_names_the_image_by_its_digest(places: MemoryPlaces) -> None:
    image = push(places, "registry.test/app", "v1", "v2")
    found = decide(deciding(places, parsed(BY_KEY)), "registry.test/app:v1", "registry.test/app:v2")
    shown = f"no signatures found for registry.test/app@{image.digest}"
    assert [str(error) for each in found for error in each.decision.errors] == [shown, shown]


def test_signatures_elsewhere_are_recorded_and_replayed(places: MemoryPlaces) -> None:
    image = push(places, "registry.test/app", "v1")
    push(places, "registry.test/signatures")
    sign(places.repository("registry.test/signatures"), image)
    policy = parsed({"source": [{"oci": "registry.test/signatures"}], **BY_KEY})
    recorder = Recorder()
    recording = DecideImages((policy,), Root(), WatchedPlaces(places, Memory(), recorder), NOW)
    (found,) = decide(recording, "registry.test/app:v1")
    replay = Replay(recorder.answers, recorder.contents)
    (again,) = decide(DecideImages((policy,), Root(), ReplayedPlaces(replay), NOW), "registry.test/app:v1")
    assert (found, found.decision.is_admitted) == (again, True)


@pytest.mark.parametrize(
    ("elsewhere", "names"), [("", 2 * ["registry.test/app"]), ("r.test/s", ["registry.test/app", "r.test/s"])]
)
def test_a_replay_looks_where_signatures_were(elsewhere: str, names: list[str]) -> None:
    error = NoSuchTag("layout")
    places = ReplayedPlaces(Replay({}, {}), elsewhere, {"oci:layout": error})
    assert list(places.open_image("registry.test/app:v1").names) == names
    with pytest.raises(NoSuchTag):
        places.open_image("oci:layout")


@pytest.mark.parametrize(
    ("age", "kept"), [(timedelta(days=29), True), (timedelta(days=29, hours=23, minutes=1), False)]
)
def test_an_admission_is_kept_as_long_as_the_signature_is_recent(
    places: MemoryPlaces, age: timedelta, kept: bool
) -> None:
    image = push(places, "registry.test/app", "v1")
    statement = build_signature_statement(image.digest, {})
    bundle = encode_bundle(Signing(REKOR_V2, statement=statement, stamped=True).bundle())
    push_bundle(places.repository("registry.test/app"), image.descriptor, bundle)
    policy = own({"maxAge": "30d", "keyless": {"identities": [{"issuer": ISSUER, "subject": EMAIL}]}})
    cache = DecisionCache(MemoryStore(), b"context", Root())
    for again in (False, True):
        memory = Memory()
        run = DecideImages((policy,), Root(), WatchedPlaces(places, memory), MIDDLE + age, memory=memory, cache=cache)
        (found,) = decide(run, "registry.test/app:v1")
        assert found.decision.is_admitted
        evidence = found.decision.policies[0].passing[0].evidence
        assert isinstance(evidence, Kept) is (kept and again)


def test_policies_that_name_what_is_elsewhere_are_not_kept(places: MemoryPlaces) -> None:
    push(places, "registry.test/app", "v1")
    store = MemoryStore()
    policy = parsed({"name": "kms", "key": {"kms": "awskms:///arn:aws:kms:eu-west-1:1:key/a"}})
    supplies = KeySupplies()
    for count in (1, 2):
        sign(places.repository("registry.test/app"), push(places, "registry.test/app", "v1"))
        cache = DecisionCache(store, b"context", Root())
        run = DecideImages((policy,), Root(), places, NOW, cache=cache, supplies=supplies)
        (found,) = decide(run, "registry.test/app:v1")
        assert (found.decision.is_admitted, supplies.asked, store.kept) == (True, count, {})
