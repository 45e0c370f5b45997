"""What a pod's images are fetched with: which Secrets, in which order, and how often the cluster is asked."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pytest

from cosignpy.core.encoding import encode_b64, encode_json
from cosignpy.errors import ClusterError, CosignError, Forbidden, MalformedError
from cosignpy.registry.credentials import BasicCredential
from cosignpy.registry.keyring import Keyring
from cosignpy.webhook.credentials.kept_secrets import FRESH_SECONDS, MISSING_SECONDS, STALE_SECONDS, KeptSecrets
from cosignpy.webhook.credentials.pods import MAX_SECRETS, read_names, read_pod
from cosignpy.webhook.credentials.pull_secrets import ClusterPullSecrets
from cosignpy.webhook.kinds import SECRET, SERVICE_ACCOUNT
from cosignpy.webhook.ports import ClusterApi, Object, ResourceType
from cosignpy.webhook.verdicts import PullCredentials

T = TypeVar("T")
JSON_TYPE = "kubernetes.io/dockerconfigjson"
OLD_TYPE = "kubernetes.io/dockercfg"


@dataclass
class Cluster:
    """A cluster in memory: objects by kind, namespace and name; `asked` are the requests."""

    objects: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    failure: CosignError | None = None
    watched: bool = True
    gate: asyncio.Event | None = None

    async def get(self, kind: ResourceType, namespace: str, name: str) -> Object | None:
        self.asked.append((kind.kind, namespace, name))
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return self.objects.get((kind.kind, namespace, name))

    def watch(self, kind: ResourceType, namespace: str = "") -> "Cluster.Watched":
        assert (kind, namespace) == (SERVICE_ACCOUNT, "")
        return Cluster.Watched(self)

    @dataclass
    class Watched:
        cluster: "Cluster"

        @property
        def is_synced(self) -> bool:
            return self.cluster.watched

        def get(self, namespace: str, name: str) -> Object | None:
            return self.cluster.objects.get(("ServiceAccount", namespace, name)) if self.cluster.watched else None

        def list(self) -> Sequence[Object]:
            return ()

        def on_change(self, tell: Callable[[str, str], None]) -> None:
            """Nobody is told."""

    def add_account(self, namespace: str, name: str, *secrets: str) -> None:
        account = {"imagePullSecrets": [{"name": each} for each in secrets]}
        self.objects["ServiceAccount", namespace, name] = account

    def add(self, namespace: str, name: str, user: str = "", kind: str = JSON_TYPE, version: int = 1) -> None:
        auths = {"registry.example": {"username": user or name, "password": f"secret of {user or name}"}}
        content: Any = {"auths": auths} if kind == JSON_TYPE else auths
        self.add_raw(namespace, name, kind, encode_json(content), version)

    def add_raw(self, namespace: str, name: str, kind: str, raw: bytes, version: int = 1) -> None:
        entry = ".dockerconfigjson" if kind == JSON_TYPE else ".dockercfg"
        metadata = {"namespace": namespace, "name": name, "uid": f"u-{name}", "resourceVersion": str(version)}
        secret = {"metadata": metadata, "type": kind, "data": {entry: encode_b64(raw)}}
        self.objects["Secret", namespace, name] = secret


@dataclass
class Passing:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def secrets_of(cluster: Cluster, time: Passing | None = None) -> ClusterPullSecrets:
    api = cast("ClusterApi", cluster)
    secrets = ClusterPullSecrets.of(api)
    secrets.secrets = KeptSecrets(api, time or Passing())
    return secrets


def pod(*secrets: str, **members: Any) -> Mapping[str, Any]:
    return {"imagePullSecrets": [{"name": each} for each in secrets], **members}


def users(found: PullCredentials) -> list[str]:
    credentials = Keyring.parse(found.docker_config).find("registry.example", "team/app")
    return [each.username for each in credentials if isinstance(each, BasicCredential)]


def find(cluster: Cluster, spec: Mapping[str, Any], namespace: str = "team") -> PullCredentials:
    return run(secrets_of(cluster).find(namespace, spec))


@pytest.fixture
def cluster() -> Cluster:
    found = Cluster()
    found.add_account("team", "default")
    return found


def test_a_pod_s_secrets_come_before_those_of_its_account(cluster: Cluster) -> None:
    for name in ("a", "b", "c", "d"):
        cluster.add("team", name)
    cluster.add_account("team", "builder", "c", "a", "d")
    assert users(find(cluster, pod("b", "a", serviceAccountName="builder"))) == ["b", "a", "c", "d"]


@pytest.mark.parametrize("spec", [{}, {"serviceAccountName": ""}, {"serviceAccountName": None}])
def test_the_default_account_is_that_of_who_names_none(cluster: Cluster, spec: Mapping[str, Any]) -> None:
    cluster.add("team", "a")
    cluster.add_account("team", "default", "a")
    assert users(find(cluster, spec)) == ["a"]


def test_the_old_name_of_the_account_counts_where_the_new_is_not_there(cluster: Cluster) -> None:
    cluster.add("team", "a")
    cluster.add_account("team", "old", "a")
    assert users(find(cluster, {"serviceAccount": "old"})) == ["a"]
    assert users(find(cluster, {"serviceAccount": "old", "serviceAccountName": "default"})) == []


def test_secrets_are_those_of_the_namespace(cluster: Cluster) -> None:
    cluster.add("other", "a")
    found = find(cluster, pod("a"))
    assert found == PullCredentials(warnings=("there is no Secret team/a",))


def test_without_a_namespace_it_is_default() -> None:
    cluster = Cluster()
    cluster.add_account("default", "default", "a")
    cluster.add("default", "a")
    assert users(find(cluster, {}, "")) == ["a"]


def test_both_types_are_read(cluster: Cluster) -> None:
    cluster.add("team", "new")
    cluster.add("team", "old", kind=OLD_TYPE)
    assert users(find(cluster, pod("old", "new"))) == ["old", "new"]


def test_a_secret_of_another_type_is_passed_over_and_told(cluster: Cluster) -> None:
    cluster.add("team", "a")
    cluster.objects["Secret", "team", "tls"] = {"metadata": {"uid": "u"}, "type": "kubernetes.io/tls", "data": {}}
    cluster.objects["Secret", "team", "bare"] = {"metadata": {"uid": "v"}, "type": JSON_TYPE}
    found = find(cluster, pod("tls", "bare", "a"))
    assert users(found) == ["a"]
    assert found.warnings == (
        "the Secret team/tls is of no type to pull images with",
        "the Secret team/bare is of no type to pull images with",
    )


def test_a_missing_account_is_told(cluster: Cluster) -> None:
    cluster.add("team", "a")
    found = find(cluster, pod("a", serviceAccountName="gone"))
    assert users(found) == ["a"]
    assert found.warnings == ("there is no service account team/gone",)


def test_an_account_that_the_watch_does_not_know_yet_is_asked_for(cluster: Cluster) -> None:
    cluster.watched = False
    cluster.add("team", "a")
    cluster.add_account("team", "default", "a")
    assert users(find(cluster, {})) == ["a"]
    assert cluster.asked == [("ServiceAccount", "team", "default"), ("Secret", "team", "a")]


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"auths":[]}', b'{"auths":1}', b"\xff", b'{"auths":{},"auths":{"hunter2":{}}}']
)
def test_a_secret_that_is_not_in_its_format_is_an_error_without_its_content(cluster: Cluster, raw: bytes) -> None:
    cluster.add_raw("team", "bad", JSON_TYPE, raw or b"hunter2")
    with pytest.raises(MalformedError) as caught:
        find(cluster, pod("bad"))
    assert caught.value.what == "Secret team/bad"
    assert "hunter2" not in str(caught.value)


def test_a_secret_whose_content_is_not_base64_is_an_error(cluster: Cluster) -> None:
    cluster.add("team", "bad")
    cast("dict[str, Any]", cluster.objects["Secret", "team", "bad"])["data"] = {".dockerconfigjson": "hunter2!"}
    with pytest.raises(MalformedError) as caught:
        find(cluster, pod("bad"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("watched", [True, False])
def test_a_cluster_that_does_not_say_is_an_error(cluster: Cluster, watched: bool) -> None:
    cluster.watched = watched
    cluster.failure = Forbidden("get secrets team/a", "https://api", "no", 403)
    with pytest.raises(ClusterError):
        find(cluster, pod("a"))


def test_what_a_policy_names_is_found_without_the_account(cluster: Cluster) -> None:
    cluster.add("team", "a")
    cluster.add("team", "b")
    cluster.add_account("team", "default", "a")
    found = run(secrets_of(cluster).find_named("team", ["b", "c", "b"]))
    assert users(found) == ["b"]
    assert found.warnings == ("there is no Secret team/c",)
    assert ("Secret", "team", "a") not in cluster.asked


# --- identity


def test_credentials_are_told_apart_by_secrets_and_versions_and_by_nothing_secret(cluster: Cluster) -> None:
    cluster.add("team", "a", user="same")
    cluster.add("team", "b", user="same")
    one, other, both = find(cluster, pod("a")), find(cluster, pod("b")), find(cluster, pod("a", "b"))
    assert len({one.identity, other.identity, both.identity}) == 3
    assert find(cluster, pod("a")).identity == one.identity
    cluster.add("team", "a", user="same", version=2)
    assert find(cluster, pod("a")).identity != one.identity
    cluster.add("team", "a", user="another", version=1)
    assert find(cluster, pod("a")).identity == one.identity, "it would be a digest of a password"
    assert find(cluster, pod()).identity == ""


def test_nothing_secret_is_shown(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    cluster.add("team", "a")

    async def look() -> str:
        secrets = secrets_of(cluster)
        found = await secrets.find("team", pod("a"))
        assert "secret of" in found.docker_config
        return f"{secrets!r} {found!r} {secrets.secrets!r} {found.identity}"

    with caplog.at_level(logging.DEBUG):
        assert "secret of" not in run(look())
    assert "secret of" not in caplog.text


# --- how often the cluster is asked


def test_a_warm_answer_asks_nobody_and_is_the_same_object(cluster: Cluster) -> None:
    cluster.add("team", "a")
    cluster.add_account("team", "default", "a")

    async def look() -> None:
        secrets = secrets_of(cluster)
        first = await secrets.find("team", pod())
        assert cluster.asked == [("Secret", "team", "a")]
        for _ in range(100):
            assert await secrets.find("team", pod()) is first
        assert len(cluster.asked) == 1

    run(look())


def test_who_asks_at_once_waits_for_one_answer(cluster: Cluster) -> None:
    cluster.add("team", "a")

    async def look() -> None:
        cluster.gate = asyncio.Event()
        secrets = secrets_of(cluster)
        asking = [asyncio.create_task(secrets.find("team", pod("a"))) for _ in range(50)]
        await asyncio.sleep(0)
        asking[0].cancel()
        cluster.gate.set()
        found = await asyncio.gather(*asking, return_exceptions=True)
        assert isinstance(found[0], asyncio.CancelledError)
        assert all(users(each) == ["a"] for each in found[1:] if isinstance(each, PullCredentials))
        assert len(cluster.asked) == 1

    run(look())


def test_a_secret_that_changed_is_seen_without_waiting(cluster: Cluster) -> None:
    cluster.add("team", "a", user="old")

    async def look() -> None:
        time = Passing()
        secrets = secrets_of(cluster, time)
        assert users(await secrets.find("team", pod("a"))) == ["old"]
        cluster.add("team", "a", user="new", version=2)
        time.now = FRESH_SECONDS
        assert users(await secrets.find("team", pod("a"))) == ["old"], "it is at hand; the look is under way"
        await asyncio.sleep(0.01)
        assert users(await secrets.find("team", pod("a"))) == ["new"]
        assert len(cluster.asked) == 2

    run(look())


def test_a_secret_is_used_while_the_cluster_fails_but_not_for_long(cluster: Cluster) -> None:
    cluster.add("team", "a")

    async def look() -> None:
        time = Passing()
        secrets = secrets_of(cluster, time)
        await secrets.find("team", pod("a"))
        cluster.failure = ClusterError("get secrets team/a", "https://api", "it is away")
        time.now = STALE_SECONDS - 1
        assert users(await secrets.find("team", pod("a"))) == ["a"]
        await asyncio.sleep(0.01)
        time.now = STALE_SECONDS
        with pytest.raises(ClusterError):
            await secrets.find("team", pod("a"))

    run(look())


def test_a_look_that_is_under_way_ends_with_the_webhook(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    cluster.add("team", "a")

    async def look() -> None:
        time = Passing()
        secrets = secrets_of(cluster, time)
        await secrets.find("team", pod("a"))
        cluster.gate = asyncio.Event()
        time.now = FRESH_SECONDS
        assert users(await secrets.find("team", pod("a"))) == ["a"]

    run(look())
    assert caplog.text == ""


def test_a_secret_that_is_gone_is_gone(cluster: Cluster) -> None:
    cluster.add("team", "a")

    async def look() -> None:
        time = Passing()
        secrets = secrets_of(cluster, time)
        await secrets.find("team", pod("a"))
        del cluster.objects["Secret", "team", "a"]
        time.now = FRESH_SECONDS
        await secrets.find("team", pod("a"))
        await asyncio.sleep(0.01)
        assert (await secrets.find("team", pod("a"))).docker_config == ""

    run(look())


def test_a_missing_secret_is_asked_for_again_soon(cluster: Cluster) -> None:
    async def look() -> None:
        time = Passing()
        secrets = secrets_of(cluster, time)
        for _ in range(3):
            assert (await secrets.find("team", pod("a"))).docker_config == ""
        assert len(cluster.asked) == 1
        cluster.add("team", "a")
        time.now = MISSING_SECONDS
        assert users(await secrets.find("team", pod("a"))) == ["a"]

    run(look())


def test_what_is_kept_is_limited(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosignpy.webhook.credentials.kept_secrets.MAX_KEPT", 2)
    monkeypatch.setattr("cosignpy.webhook.credentials.pull_secrets.MAX_BUILT", 2)
    for name in ("a", "b", "c"):
        cluster.add("team", name)

    async def look() -> None:
        secrets = secrets_of(cluster)
        for name in ("a", "b", "c", "c", "a"):
            assert users(await secrets.find("team", pod(name))) == [name]
        assert [name for kind, _, name in cluster.asked] == ["a", "b", "c", "a"]
        assert users(await secrets.find("team", pod("a", "b", "c"))) == ["a", "b", "c"]

    run(look())


# --- pods as anybody may write them


@pytest.mark.parametrize(
    "entries",
    [
        None,
        "a",
        1,
        {},
        [],
        [None],
        ["a"],
        [{}],
        *[[{"name": name}] for name in (1, None, "", "A", "a/b", "../secrets", "a b", "a\n", "-a", "a-", "x" * 254)],
    ],
)
def test_what_names_no_secret_names_none(entries: object) -> None:
    assert read_names({"imagePullSecrets": entries}) == ()


@pytest.mark.parametrize("account", [1, [], {}, "", "A", "a/b", "x\n"])
def test_what_names_no_account_names_the_default(account: object) -> None:
    assert read_pod({"serviceAccountName": account}).service_account == "default"


def test_more_secrets_than_any_pod_has_are_not_asked_for() -> None:
    names = read_names({"imagePullSecrets": [{"name": f"s{number}"} for number in range(1000)]})
    assert names == tuple(f"s{number}" for number in range(MAX_SECRETS))


def test_secrets_are_secrets_of_the_core_group() -> None:
    assert (SECRET.api_version, SECRET.plural) == ("v1", "secrets")
