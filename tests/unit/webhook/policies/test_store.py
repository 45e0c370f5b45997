"""Policies in force follow the objects of the cluster, and no mistake makes one weaker."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.trust.trusted_root import TrustedRoot, encode_trusted_root
from cosignpy.errors import RemoteError
from cosignpy.imagepolicy.conduct import OURS, POLICY_CONTROLLER
from cosignpy.imagepolicy.decision import Outcome, decide_policy
from cosignpy.imagepolicy.model import Key, Keyless
from cosignpy.values import replace
from cosignpy.webhook import kinds
from cosignpy.webhook.live_settings import LiveSettings, Unreadable
from cosignpy.webhook.policies.compiled import decode_policy, version_of
from cosignpy.webhook.policies.fetching import FetchTimes, RepositoryContent
from cosignpy.webhook.policies.store import PolicyStore, StoreOptions
from cosignpy.webhook.policies.watched import PolicyCaches, PolicyKey, watch_policies
from cosignpy.webhook.ports import CompiledPolicy
from tests.support.cluster_fakes import FakeCache, FakeCluster
from tests.support.image_policies import ALICE, BY_KEY, PASS, PEM, document, own_document
from tests.support.own_pki import ROOT, write_own_pki
from tests.support.policy_supplies import FakeSupplies
from tests.support.signed import KEY

NAMESPACE: Final = "cosign-system"
TEXT: Final = "package sigstore\nisCompliant { true }\n"
URL: Final = "https://policies.example/p.rego"
REMOTE: Final = {"url": URL, "sha256sum": Digest.of(TEXT.encode()).hex}
KMS: Final = "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k"
BY_SECRET: Final = {"key": {"secretRef": {"name": "team-key"}}}
BY_KMS: Final = {"key": {"kms": KMS}}
OTHER_PEM: Final = PublicKey.parse_pem(PEM.encode()).encode_pem().decode()
TIMES: Final = FetchTimes(first=0.01, longest=0.02, key_lifetime=60, soonest=0.02)
ROOTED: Final = {"keyless": {"identities": [ALICE], "trustRootRef": "mine"}}
BROKEN: Final = {"mode": "zzz"}


class Site:
    """A cluster with policies, and the store that follows it."""

    def __init__(
        self,
        settings: LiveSettings,
        *,
        synced: bool = True,
        patience: float = 10.0,
        namespace: str = NAMESPACE,
        own: bool = True,
    ) -> None:
        self.policies, self.own, self.roots, self.secrets, self.maps = [FakeCache(is_synced=synced) for _ in range(5)]
        self.supplies = FakeSupplies()
        self.caches = PolicyCaches(
            self.policies, self.roots, self.secrets, self.maps, namespace, self.own if own else None
        )
        self.settings = settings
        self.patience = patience
        self.store: PolicyStore

    def build(self) -> PolicyStore:
        self.store = PolicyStore(self.caches, self.supplies, self.settings, StoreOptions(TIMES, self.patience))
        return self.store

    async def settled(self) -> tuple[CompiledPolicy, ...]:
        """Let the store do what there is to do."""
        await self.until(lambda: self.store.is_current and self.store.is_ready)
        return self.store.current().policies

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(2000):
            if holds():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it never came true")


def follow(act: Callable[[Site], Awaitable[None]], settings: LiveSettings | None = None, **options: Any) -> None:
    """Run a store while something happens."""

    async def run() -> None:
        site = Site(settings or LiveSettings(), **options)
        running = asyncio.create_task(site.build().run())
        try:
            await act(site)
            assert not running.done()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    asyncio.run(run())


def made(found: Mapping[str, Any], generation: int = 1, uid: str = "u1", namespace: str = "") -> dict[str, Any]:
    """Return an object as a cluster has it."""
    metadata = {**found["metadata"], "uid": uid, "generation": generation, "resourceVersion": str(generation)}
    return {**found, "metadata": metadata | ({"namespace": namespace} if namespace else {})}


def secret(*texts: str, name: str = "team-key") -> dict[str, Any]:
    data = {f"k{at}": base64.b64encode(each.encode()).decode() for at, each in enumerate(texts)}
    return {"kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}, "data": data}


def config_map(**data: str) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"name": "texts", "namespace": NAMESPACE}, "data": data}


def root(uid: str = "r1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy.sigstore.dev/v1alpha1",
        "kind": "TrustRoot",
        "metadata": {"name": "mine", "uid": uid},
        "spec": spec or {"remote": {"root": "eyJzaWduYXR1cmVzIjpbXX0=", "mirror": "https://tuf.example"}},
    }


def outcome(policy: CompiledPolicy) -> Outcome:
    """Return what a policy says of an image that everybody vouches for; octets say the same."""
    assert decode_policy(policy.encoded) == policy.document
    assert version_of(policy.encoded) == policy.version
    return decide_policy(policy.document, lambda _: None).outcome


def conditional(text: Mapping[str, Any]) -> dict[str, Any]:
    return document(PASS, policy={"type": "rego", **text})


def test_a_policy_is_in_force_until_it_is_deleted() -> None:
    async def act(site: Site) -> None:
        assert await site.settled() == ()
        site.policies.put(made(document(BY_KEY)))
        (found,) = await site.settled()
        assert (found.uid, found.generation, found.problem, outcome(found)) == ("u1", 1, "", Outcome.PASSED)
        assert found.document.conduct == replace(POLICY_CONTROLLER, bundles_with_keys=True)
        site.policies.remove("", "team")
        assert await site.settled() == ()

    follow(act)


def test_a_policy_counts_within_a_hundred_milliseconds() -> None:
    async def act(site: Site) -> None:
        await site.settled()
        site.policies.put(made(document(BY_KEY)))
        began = time.monotonic()
        await site.until(lambda: bool(site.store.current().policies))
        assert time.monotonic() - began < 0.1

    follow(act)


def test_a_thousand_policies_are_read_while_the_loop_goes_on_and_one_change_is_one_policy() -> None:
    async def act(site: Site) -> None:
        for at in range(1000):
            images = [{"glob": f"registry.example/team-{at}/**"}]
            found = document(BY_KEY, {"keyless": {"identities": [ALICE]}}, name=f"team-{at}") | {}
            found["spec"] |= {"images": images}
            site.policies.put(made(found, uid=f"u{at}"))
        site.store._mark_all()
        await site.until(lambda: len(site.store.current().policies) == 1000)
        before = {each.uid: each for each in site.store.current().policies}
        site.policies.put(made(document(PASS, name="team-7"), generation=2, uid="u7"))
        await site.settled()
        changed = [each.uid for each in site.store.current().policies if each is not before[each.uid]]
        assert changed == ["u7"]

    follow(act, synced=True)


def test_a_mistake_leaves_the_last_good_version_in_force() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(BY_KEY)))
        (good,) = await site.settled()
        site.policies.put(made(document(PASS, **BROKEN), generation=2))
        await site.settled()
        assert site.store.current().policies[0].version == good.version
        settled = site.store.policies[PolicyKey("", "team")]
        assert [each.message for each in settled.faults] == ["invalid value: zzz: spec.mode\nunsupported mode"]
        site.policies.put(made(document(PASS), generation=3))
        (newest,) = await site.settled()
        assert (newest.generation, newest.version != good.version) == (3, True)

    follow(act)


def test_a_mistake_of_another_object_of_the_same_name_refuses() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(PASS)))
        await site.settled()
        site.policies.put(made(document(PASS, **BROKEN), uid="u2"))
        (found,) = await site.settled()
        assert (outcome(found), found.uid) == (Outcome.REFUSED, "u2")

    follow(act)


@pytest.mark.parametrize(
    ("images", "covered"),
    [
        ([{"glob": "registry.example/**"}], False),
        ([{"glob": "registry.example/**"}, {"glob": "no[t"}], True),
        ([], True),
        ("text", True),
        ([None], True),
    ],
)
@pytest.mark.parametrize("unreadable", list(Unreadable))
def test_what_never_could_be_read_refuses_what_it_is_about(images: Any, covered: bool, unreadable: Unreadable) -> None:
    async def act(site: Site) -> None:
        found = document(PASS, **BROKEN)
        found["spec"]["images"] = images
        site.policies.put(made(found))
        (policy,) = await site.settled()
        expected = Outcome.REFUSED if unreadable is Unreadable.DENY else Outcome.WARNED
        assert (outcome(policy), bool(policy.problem)) == (expected, True)
        assert policy.document.covers("other.example/app:1") is covered
        assert policy.document.covers("registry.example/app:1")

    follow(act, LiveSettings(unreadable_policies=unreadable))


@pytest.mark.parametrize(("match", "kept"), [([{"resource": "pods", "version": "v1"}], True), ("text", False)])
def test_workloads_that_cannot_be_told_are_all(match: Any, kept: bool) -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(PASS, **BROKEN, match=match)))
        (policy,) = await site.settled()
        assert bool(policy.document.match) is kept
        assert outcome(policy) is Outcome.REFUSED

    follow(act)


def test_a_policy_that_warns_warns_of_its_own_mistake() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(BY_SECRET, mode="warn")))
        (policy,) = await site.settled()
        assert outcome(policy) is Outcome.WARNED

    follow(act)


def test_a_key_comes_from_a_secret_and_changes_with_it() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(BY_SECRET)))
        (missing,) = await site.settled()
        assert (missing.problem, outcome(missing)) == ('secret "team-key" not found', Outcome.REFUSED)
        site.secrets.put(secret(f"for the team\n{PEM}"))
        (found,) = await site.settled()
        signer = found.document.authorities[0].signer
        assert isinstance(signer, Key)
        assert (signer.data, found.problem) == (KEY.public_key, "")
        site.secrets.put(secret(PEM, PEM))
        (kept,) = await site.settled()
        assert kept.version == found.version
        assert site.store.policies[PolicyKey("", "team")].faults[0].message == (
            'secret "team-key" contains multiple data entries, only one is supported'
        )
        site.secrets.remove(NAMESPACE, "team-key")
        (gone,) = await site.settled()
        assert outcome(gone) is Outcome.REFUSED

    follow(act)


@pytest.mark.parametrize(
    ("entries", "why"),
    [((), "contains no data"), (("no key",), "contains an invalid public key: PEM decoding failed")],
)
def test_a_secret_without_a_key_refuses(entries: tuple[str, ...], why: str) -> None:
    async def act(site: Site) -> None:
        site.secrets.put(secret(*entries))
        site.policies.put(made(document(BY_SECRET)))
        (found,) = await site.settled()
        assert found.problem == f'secret "team-key" {why}'

    follow(act)


def test_a_new_version_that_names_what_is_not_there_leaves_the_former_in_force_as_long_as_that_has_its_key() -> None:
    async def act(site: Site) -> None:
        site.secrets.put(secret(PEM))
        site.policies.put(made(document(BY_SECRET)))
        (good,) = await site.settled()
        other = {"key": {"secretRef": {"name": "nope"}}}
        site.policies.put(made(document(other), generation=2))
        (kept,) = await site.settled()
        assert kept.version == good.version
        site.secrets.remove(NAMESPACE, "team-key")
        (gone,) = await site.settled()
        assert outcome(gone) is Outcome.REFUSED
        site.secrets.put(secret(PEM))
        (again,) = await site.settled()
        assert again.version == good.version

    follow(act)


def test_a_text_comes_from_a_config_map() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(conditional({"configMapRef": {"name": "texts", "key": "rego"}})))
        problems = [(await site.settled())[0].problem]
        for data in ({}, {"cue": "a"}):
            site.maps.put(config_map(**data))
            problems.append((await site.settled())[0].problem)
        assert problems == [
            'configmap "texts" not found',
            'configmap "texts" contains no data',
            'configmap "texts" does not contain key rego',
        ]
        site.maps.put(config_map(rego=TEXT))
        (found,) = await site.settled()
        assert found.document.policy is not None
        assert (found.document.policy.data, found.problem) == (TEXT, "")

    follow(act)


def test_a_text_of_the_web_is_fetched_again_until_it_is_the_right_one() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(conditional({"remote": REMOTE})))
        (waiting,) = await site.settled()
        assert outcome(waiting) is Outcome.REFUSED
        site.supplies.texts[URL] = b"other"
        await site.until(lambda: "failed to check sha256sum" in site.store.current().policies[0].problem)
        site.supplies.texts[URL] = TEXT.encode()
        await site.until(lambda: not site.store.current().policies[0].problem)
        asked = len(site.supplies.asked)
        await asyncio.sleep(0.1)
        assert len(site.supplies.asked) == asked

    follow(act)


def test_readiness_waits_for_the_web_but_not_for_ever() -> None:
    async def act(site: Site) -> None:
        site.supplies.texts[URL] = TEXT.encode()
        site.policies.put(made(conditional({"remote": REMOTE})))
        await site.settled()
        assert site.store.is_ready

    follow(act)

    async def never(site: Site) -> None:
        for cache in (site.policies, site.own, site.roots, site.secrets):
            cache.is_synced = True
        await asyncio.sleep(0.1)
        assert not site.store.is_ready
        site.maps.is_synced = True
        await site.until(lambda: site.store.is_ready)

    follow(never, synced=False, patience=0.0)


def test_a_key_in_a_kms_that_nobody_can_ask_refuses_and_says_so() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(BY_KMS)))
        await site.settled()
        await site.until(lambda: "gcpkms" in site.store.current().policies[0].problem)
        assert outcome(site.store.current().policies[0]) is Outcome.REFUSED
        site.supplies.keys[KMS] = KEY.public_key
        await site.until(lambda: not site.store.current().policies[0].problem)

    follow(act)


def test_an_authority_fails_without_its_trust_root_and_believes_it_once_it_is_there() -> None:
    async def act(site: Site) -> None:
        expires = datetime.now(UTC) + timedelta(days=7)
        site.policies.put(made(document(ROOTED)))
        (found,) = await site.settled()
        assert (found.problem, _root_of(found)) == ("", None)
        assert site.store.policies[PolicyKey("", "team")].absent_roots == ("mine",)
        site.supplies.repository = RepositoryContent(encode_trusted_root(TrustedRoot()), expires)
        site.roots.put(root())
        await site.until(lambda: _root_of(site.store.current().policies[0]) is not None)
        assert site.store.trust_roots["mine"].expires == expires
        site.roots.remove("", "mine")
        (gone,) = await site.settled()
        assert _root_of(gone) is None

    follow(act)


def test_a_trust_root_that_becomes_a_mistake_or_cannot_be_asked_again_is_kept() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(ROOTED)))
        soon = datetime.now(UTC) + timedelta(seconds=0.3)
        site.supplies.repository = RepositoryContent(encode_trusted_root(TrustedRoot()), soon)
        site.roots.put(root())
        await site.until(
            lambda: bool(site.store.current().policies) and bool(_root_of(site.store.current().policies[0]))
        )
        site.supplies.repository = RemoteError("tuf.example", "https://tuf.example", 503, "away")
        await site.until(lambda: site.store.trust_roots["mine"].is_expired)
        assert _root_of(site.store.current().policies[0]) is not None
        assert "away" in site.store.trust_roots["mine"].problem
        site.roots.put(root(remote={"root": "eyJ9", "mirror": "https://tuf.example"}))
        await site.settled()
        assert site.store.trust_roots["mine"].faults
        assert _root_of(site.store.current().policies[0]) is not None
        site.roots.put(root(uid="r2", remote={"root": "eyJ9", "mirror": "https://tuf.example"}))
        (found,) = await site.settled()
        assert _root_of(found) is None

    follow(act)


def test_a_trust_root_that_cannot_be_read_ends_nothing() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(ROOTED)))
        site.roots.put({"metadata": {"name": "mine", "uid": "r"}, "kind": "TrustRoot", "spec": 7})
        (found,) = await site.settled()
        assert _root_of(found) is None
        assert site.store.trust_roots["mine"].faults

    follow(act)


def test_the_keys_of_a_trust_root_are_believed_as_they_change(tmp_path: Path) -> None:
    write_own_pki(tmp_path, KEY.public_key)
    chain = base64.b64encode((tmp_path / ROOT).read_bytes()).decode()
    authority = {"subject": {"organization": "o", "commonName": "c"}, "uri": "https://c.example", "certChain": chain}

    async def act(site: Site) -> None:
        site.policies.put(made(document(ROOTED), generation=1))
        site.roots.put(root(sigstoreKeys={"certificateAuthorities": [authority]}))
        (first,) = await site.settled()
        assert isinstance(_root_of(first).content, TrustedRoot)
        site.roots.put(root(sigstoreKeys={"timestampAuthorities": [authority]}))
        (second,) = await site.settled()
        assert second.version != first.version
        site.policies.put(made(document(ROOTED, **BROKEN), generation=2))
        (kept,) = await site.settled()
        assert kept.version == second.version
        site.roots.put(root(sigstoreKeys={"certificateAuthorities": [authority]}))
        (renewed,) = await site.settled()
        assert renewed.version == first.version

    follow(act)


def test_all_logs_and_timestamp_authorities_of_a_trust_root_count(tmp_path: Path) -> None:
    write_own_pki(tmp_path, KEY.public_key)
    chain = base64.b64encode((tmp_path / ROOT).read_bytes()).decode()
    stamps = {"subject": {"organization": "o", "commonName": "c"}, "uri": "https://t.example", "certChain": chain}
    keys = [KEY.public_key, PrivateKey.generate(ED25519).public_key]
    logs = [
        {
            "baseURL": f"https://{number}.example",
            "hashAlgorithm": "sha256",
            "publicKey": base64.b64encode(each.encode_pem()).decode(),
        }
        for number, each in enumerate(keys)
    ]

    async def act(site: Site) -> None:
        site.policies.put(made(document(ROOTED)))
        site.roots.put(root(sigstoreKeys={"tLogs": logs, "timestampAuthorities": [stamps, stamps]}))
        (found,) = await site.settled()
        believed = _root_of(found).content
        assert [each.key for each in believed.logs] == keys
        assert len(believed.timestamp_authorities) == 2

    follow(act)


def test_a_secret_of_an_own_authority_has_certificates(tmp_path: Path) -> None:
    write_own_pki(tmp_path, KEY.public_key)
    keyless = {"keyless": {"identities": [ALICE], "ca-cert": {"secretRef": {"name": "team-key"}}}}

    async def act(site: Site) -> None:
        site.secrets.put(secret((tmp_path / ROOT).read_text()))
        site.policies.put(made(document(keyless)))
        (good,) = await site.settled()
        assert good.problem == ""
        site.secrets.put(secret("-----BEGIN CERTIFICATE-----"))
        (kept,) = await site.settled()
        assert kept.version == good.version
        assert site.store.policies[PolicyKey("", "team")].faults
        site.policies.put(made(document(keyless, **BROKEN), generation=2))
        (again,) = await site.settled()
        assert again.version == good.version

    follow(act, LiveSettings(verdicts="cosignpy"))


def test_a_mistake_of_ours_refuses_images_and_ends_nothing() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(PASS, mode=object())))  # as no API server has it, and no reader expects it
        site.policies.put(made(document(PASS, name="other"), uid="u2"))
        other, team = await site.settled()
        assert (other.problem, team.problem) == ("", "it cannot be read (StopIteration)")
        assert outcome(team) is Outcome.REFUSED

    follow(act)


def test_a_policy_may_name_the_namespace_of_the_webhook() -> None:
    async def act(site: Site) -> None:
        site.secrets.put({**secret(PEM), "metadata": {"name": "team-key", "namespace": "elsewhere"}})
        named = {"key": {"secretRef": {"name": "team-key", "namespace": "elsewhere"}}}
        site.policies.put(made(document(named)))
        (found,) = await site.settled()
        assert (found.problem, outcome(found)) == ("", Outcome.PASSED)
        site.policies.put(made(document({"key": {"secretRef": {"name": "team-key", "namespace": "third"}}}), uid="u2"))
        (refused,) = await site.settled()
        assert refused.problem.startswith("invalid value: third: spec.authorities[0].key.secretref.namespace")

    follow(act, namespace="elsewhere")


def test_two_policies_may_name_one_secret() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(BY_SECRET)))
        site.policies.put(made(document(BY_SECRET, name="other"), uid="u2"))
        await site.settled()
        site.policies.remove("", "other")
        await site.settled()
        site.secrets.put(secret(PEM))
        (found,) = await site.settled()
        assert found.problem == ""

    follow(act)


def test_a_cluster_may_not_know_our_own_kind() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(PASS)))
        (found,) = await site.settled()
        assert found.problem == ""

    follow(act, own=False)


def test_settings_change_how_policies_are_decided_by() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(BY_KEY)))
        (first,) = await site.settled()
        site.store.apply_settings(LiveSettings())
        assert await site.settled() == (first,)
        site.store.apply_settings(LiveSettings(verdicts="cosignpy"))
        (ours,) = await site.settled()
        assert ours.document.conduct == OURS
        site.store.apply_settings(LiveSettings(bundles_with_keys=False))
        (theirs,) = await site.settled()
        assert theirs.document.conduct == POLICY_CONTROLLER

    follow(act)


def test_no_authorities_are_a_mistake_unless_the_cluster_says_otherwise() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document()))
        (found,) = await site.settled()
        assert found.problem == "missing field(s): spec.authorities"
        site.store.apply_settings(LiveSettings(fail_on_empty_authorities=False))
        (allowed,) = await site.settled()
        assert (allowed.problem, outcome(allowed)) == ("", Outcome.REFUSED)

    follow(act)


def test_a_policy_of_a_namespace_counts_there() -> None:
    async def act(site: Site) -> None:
        site.own.put(made(own_document(PASS, {**PASS, "name": "b"}, require=2), namespace="team-a"))
        (found,) = await site.settled()
        assert (found.namespace, found.document.conduct, found.document.require) == ("team-a", OURS, 2)

    follow(act)


@pytest.mark.parametrize(
    "found",
    [own_document(BY_SECRET), own_document(BY_KMS), own_document(PASS, policy={"type": "rego", "remote": REMOTE})],
)
def test_a_policy_of_a_namespace_has_all_in_itself(found: Mapping[str, Any]) -> None:
    async def act(site: Site) -> None:
        site.secrets.put(secret(PEM))
        site.own.put(made(found, namespace="team-a"))
        (policy,) = await site.settled()
        assert policy.problem == "an ImagePolicy has its keys and its texts itself: write them to `data`"
        assert (outcome(policy), policy.namespace, site.supplies.asked) == (Outcome.REFUSED, "team-a", [])

    follow(act)


def test_an_object_that_has_a_new_label_is_no_other_policy() -> None:
    async def act(site: Site) -> None:
        site.policies.put(made(document(BY_KEY)))
        await site.settled()
        first = site.store.current()
        told = list[object]()
        site.store.on_settled(lambda *each: told.append(each))
        site.policies.put({**made(document(BY_KEY)), "status": {"conditions": []}})
        await site.settled()
        assert (site.store.current() is first, told) == (True, [])

    follow(act)


def test_policies_may_go_while_they_are_read() -> None:
    async def act(site: Site) -> None:
        await site.settled()
        for at in range(200):
            site.policies.put(made(document(BY_KEY, name=f"p{at}"), uid=f"u{at}"))
        await asyncio.sleep(0.02)
        for at in range(0, 200, 2):
            site.policies.remove("", f"p{at}")
        await site.settled()
        assert {each.uid for each in site.store.current().policies} == {f"u{at}" for at in range(1, 200, 2)}

    follow(act)


def test_each_change_is_told() -> None:
    async def act(site: Site) -> None:
        snapshots = list[str]()
        await site.settled()
        site.store.on_change(lambda: snapshots.append(site.store.current().version))
        site.policies.put(made(document(BY_KEY)))
        await site.settled()
        site.policies.put(made(document(PASS), generation=2))
        await site.settled()
        assert len(set(snapshots)) == len(snapshots) == 2

    follow(act)


def test_what_is_followed_is_our_own_namespace_and_the_version_that_is_stored() -> None:
    cluster = FakeCluster()
    found = watch_policies(cluster, NAMESPACE, own=True)
    without = watch_policies(cluster, NAMESPACE, own=False)
    assert found.policies is cluster.caches[kinds.CLUSTER_IMAGE_POLICY_V1ALPHA1]
    assert (len(found.all), len(without.all), found.own_policies is not None) == (5, 4, True)


def _root_of(policy: CompiledPolicy) -> Any:
    signer = policy.document.authorities[0].signer
    assert isinstance(signer, Keyless)
    return signer.trust_root
