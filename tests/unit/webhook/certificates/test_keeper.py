"""Keeping certificates, with several replicas, over years: all serve the same, and API servers believe it always."""

import asyncio
import ssl
from base64 import b64decode
from collections.abc import Coroutine
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.chain import parse_chain_pem
from cosignpy.errors import Forbidden
from cosignpy.values import replace
from cosignpy.webhook.certificates.bundles import Bundles
from cosignpy.webhook.certificates.issuing import AUTHORITY_LIFETIME, SERVER_LIFETIME, Identity, create_authority
from cosignpy.webhook.certificates.keeper import REFUSED_SECONDS, CertificateKeeper, Place, service_names
from cosignpy.webhook.certificates.kept import Kept
from cosignpy.webhook.certificates.serving_file import ServingFile
from cosignpy.webhook.certificates.steps import FORMER_KEPT, RENEWED_BEFORE, REPLACED_BEFORE, SETTLING
from cosignpy.webhook.cluster.leadership import Candidate, LeaseElection
from cosignpy.webhook.kinds import CUSTOM_RESOURCE_DEFINITION, MUTATING_WEBHOOKS, SECRET, VALIDATING_WEBHOOKS
from tests.support.memory_cluster import MemoryCluster, Replica
from tests.support.virtual_time import run

NAMESPACE: Final = "cosign-system"
NAME: Final = "webhook-certs"
NAMES: Final = service_names("webhook", NAMESPACE)
PLACE: Final = Place(NAMESPACE, names=NAMES)
START: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
SOON: Final = 5.0


class Appointed:
    """A `Leadership` that does not change until it is let go: years have too many leases."""

    def __init__(self, *, is_leader: bool) -> None:
        self.is_leader = is_leader

    def on_change(self, tell: Any) -> None:
        """Nobody is told of what does not change."""

    def start(self) -> None:
        """There is nothing to do."""

    async def close(self) -> None:
        """There is nothing to do."""


class Site:
    """A cluster with the objects of the manifests, and replicas of the webhook in it."""

    def __init__(self, folder: Path) -> None:
        self.cluster = MemoryCluster()
        self.folder = folder
        self._believed: dict[tuple[str, Certificate, date], bool] = {}
        self.replicas: dict[str, tuple[Appointed | LeaseElection, CertificateKeeper, ServingFile, Replica]] = {}
        for kind, name in Bundles().places:
            self.cluster.store(kind, "", manifest(kind, name))
        self.cluster.store(SECRET, NAMESPACE, {"metadata": {"name": NAME}, "type": "Opaque"})

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())

    def join(
        self, identity: str, place: Place = PLACE, leader: "Appointed | LeaseElection | None" = None
    ) -> CertificateKeeper:
        """Start a replica, that competes for leadership where it is not settled."""
        api = self.cluster.replica()
        candidate = Candidate(NAMESPACE, "webhook", identity)
        election = leader or LeaseElection(api, candidate, clock=asyncio.get_running_loop().time)
        file = ServingFile(self.folder)
        keeper = CertificateKeeper(api, election, place, file, self.now)
        election.start()
        keeper.start()
        self.replicas[identity] = (election, keeper, file, api)
        return keeper

    async def leave(self, identity: str) -> None:
        """Stop a replica."""
        election, keeper, _, _ = self.replicas.pop(identity)
        await keeper.close()
        await election.close()

    async def close(self) -> None:
        for identity in list(self.replicas):
            await self.leave(identity)

    @property
    def secret(self) -> dict[str, Any]:
        return self.cluster.objects[SECRET, NAMESPACE, NAME]

    @property
    def kept(self) -> Kept:
        kept = Kept.parse(self.secret)
        assert kept is not None
        return kept

    def is_prepared(self) -> bool:
        """Whether the next authority is there."""
        return self.kept.following is not None

    def bundles(self) -> list[str]:
        """What API servers believe, at each of the five places."""
        found = [self.cluster.objects[kind, "", name] for kind, name in Bundles().places]
        return [
            (each["webhooks"][0] if "webhooks" in each else each["spec"]["conversion"]["webhook"])["clientConfig"].get(
                "caBundle", ""
            )
            for each in found
        ]

    def agree(self) -> bool:
        """Whether each replica's certificate is believed at each place."""
        served = [file.served for _, _, file, _ in self.replicas.values()]
        return all(each and self._believes(bundle, each) for each in served for bundle in set(self.bundles()))

    def _believes(self, bundle: str, server: Identity) -> bool:
        key = (bundle, server.certificate, self.now().date())
        if key not in self._believed:
            authorities = (
                [Certificate.parse(der) for der in parse_chain_pem(b64decode(bundle), most=3)] if bundle else []
            )
            faults = [Kept(server, each).fault(NAMES, self.now()) for each in authorities]
            self._believed[key] = "" in faults
        return self._believed[key]


def manifest(kind: Any, name: str) -> dict[str, Any]:
    client = {"service": {"name": "webhook", "namespace": NAMESPACE}}
    if kind is CUSTOM_RESOURCE_DEFINITION:
        return {"metadata": {"name": name}, "spec": {"conversion": {"webhook": {"clientConfig": client}}}}
    return {"metadata": {"name": name}, "webhooks": [{"name": name, "clientConfig": client, "failurePolicy": "Fail"}]}


def on_site(folder: Path, check: Any) -> None:
    async def main() -> None:
        site = Site(folder)
        try:
            await check(site)
        finally:
            await site.close()

    run(main())


def test_certificates_are_made_and_filled_in_at_once(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        keeper = site.join("first")
        assert str(keeper.expires_at) == "None"
        context = await keeper.context()
        await asyncio.sleep(SOON)
        assert isinstance(context, ssl.SSLContext)
        assert set(site.bundles()) == {encode_b64(site.kept.bundle)}
        assert site.agree()
        assert (keeper.problem, keeper.expires_at) == ("", START + SERVER_LIFETIME)
        assert site.secret["type"] == "Opaque"
        found = site.cluster.objects[VALIDATING_WEBHOOKS, "", "policy.sigstore.dev"]["webhooks"][0]
        assert (found["failurePolicy"], found["clientConfig"]["service"]["name"]) == ("Fail", "webhook")

    on_site(tmp_path, check)


def test_a_secret_that_is_not_there_is_made(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        site.cluster.remove(SECRET, NAMESPACE, NAME)
        site.join("first")
        await asyncio.sleep(SOON)
        assert site.agree()

    on_site(tmp_path, check)


@pytest.mark.parametrize("is_there", [True, False])
def test_replicas_that_start_at_once_serve_the_same(tmp_path: Path, *, is_there: bool) -> None:
    async def check(site: Site) -> None:
        if not is_there:
            site.cluster.remove(SECRET, NAMESPACE, NAME)
        for identity in ("first", "second", "third"):
            site.join(identity)
        await asyncio.sleep(SOON)
        assert {file.served for _, _, file, _ in site.replicas.values()} == {site.kept.server}
        assert site.agree()
        assert [verb for verb, plural, _ in site.cluster.writes if plural == "secrets"] == [
            "update" if is_there else "create"
        ]

    on_site(tmp_path, check)


def test_nothing_is_asked_or_written_while_nothing_happens(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        site.join("first")
        site.join("second")
        await asyncio.sleep(SOON)
        for *_, api in site.replicas.values():
            api.asked.clear()
        site.cluster.writes.clear()
        await asyncio.sleep(3600)
        assert {asked for *_, api in site.replicas.values() for asked in api.asked} == {"update leases"}
        assert {plural for _, plural, _ in site.cluster.writes} == {"leases"}

    on_site(tmp_path, check)


def test_the_files_are_nobody_elses_and_go_with_the_process(tmp_path: Path) -> None:
    def look() -> None:
        (folder,) = tmp_path.iterdir()
        (file,) = folder.iterdir()
        assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)

    async def check(site: Site) -> None:
        await site.join("first").context()
        look()

    on_site(tmp_path, check)
    assert list(tmp_path.iterdir()) == []


def test_a_year_passes_and_at_no_moment_is_a_replica_not_believed(tmp_path: Path) -> None:
    """Looked at every day, and every two seconds after each change."""

    async def check(site: Site) -> None:
        site.join("first", leader=Appointed(is_leader=True))
        site.join("second", leader=Appointed(is_leader=False))
        await asyncio.sleep(SOON)
        served, authorities = set(), set()
        loop = asyncio.get_running_loop()
        while loop.time() < AUTHORITY_LIFETIME.total_seconds():
            before = site.secret["metadata"]["resourceVersion"], site.bundles()
            await asyncio.sleep(2 * 24 * 3600)
            for _ in range(90 if before != (site.secret["metadata"]["resourceVersion"], site.bundles()) else 1):
                assert site.agree(), site.now()
                await asyncio.sleep(2)
            served.add(site.kept.server.certificate.serial_number)
            authorities.add(site.kept.authority.der)
            left = site.kept.server.certificate.not_after - site.now()
            assert left > RENEWED_BEFORE - timedelta(days=3)
        assert len(authorities) == 2
        assert len(served) > 15

    on_site(tmp_path, check)


def at_the_end_of_the_authority(site: Site) -> Coroutine[Any, Any, None]:
    """Wait until its replacement has begun."""

    async def wait() -> None:
        await asyncio.sleep((AUTHORITY_LIFETIME - REPLACED_BEFORE).total_seconds())
        for _ in range(3600):
            if site.kept.following:
                return
            await asyncio.sleep(1)

    return wait()


def test_a_bundle_that_cannot_be_filled_holds_the_replacement_up(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        keeper = site.join("first", leader=Appointed(is_leader=True))
        await asyncio.sleep(SOON)
        *_, api = site.replicas["first"]
        refusal = Forbidden("update", "https://cluster.example", "not allowed", 403, "allow it")
        api.refused["update", CUSTOM_RESOURCE_DEFINITION] = refusal
        await at_the_end_of_the_authority(site)
        await asyncio.sleep(10 * SETTLING.total_seconds())
        assert site.is_prepared()
        assert site.agree()
        assert keeper.problem == f"{refusal}; allow it"
        del api.refused["update", CUSTOM_RESOURCE_DEFINITION]
        await asyncio.sleep(SETTLING.total_seconds() + 3600)
        assert not site.is_prepared()
        assert site.kept.former is not None
        assert site.agree()
        assert keeper.problem == ""
        await asyncio.sleep(FORMER_KEPT.total_seconds() + 3600)
        assert site.kept == replace(site.kept, former=None)
        assert set(site.bundles()) == {encode_b64(site.kept.bundle)}

    on_site(tmp_path, check)


def test_a_replacement_goes_on_with_another_leader(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        site.join("first", leader=Appointed(is_leader=True))
        await at_the_end_of_the_authority(site)
        following = site.kept.following
        await site.leave("first")
        site.join("second")
        await asyncio.sleep(SETTLING.total_seconds() / 2)
        assert site.kept.following == following
        await asyncio.sleep(SETTLING.total_seconds())
        assert following is not None
        assert site.kept.authority == following.certificate
        assert site.agree()

    on_site(tmp_path, check)


def test_watches_that_are_behind_do_not_let_the_new_certificate_out(tmp_path: Path) -> None:
    """Somebody emptied a bundle, and the watch has not said so: the API server itself is asked before the switch."""

    async def check(site: Site) -> None:
        site.join("first", leader=Appointed(is_leader=True))
        await at_the_end_of_the_authority(site)
        await asyncio.sleep(SETTLING.total_seconds() / 2)
        stale = site.cluster.objects[MUTATING_WEBHOOKS, "", "policy.sigstore.dev"]
        emptied = manifest(MUTATING_WEBHOOKS, "policy.sigstore.dev")
        emptied["metadata"] = stale["metadata"] | {"resourceVersion": "1"}
        site.cluster.objects[MUTATING_WEBHOOKS, "", "policy.sigstore.dev"] = emptied
        await asyncio.sleep(SETTLING.total_seconds() * 2)
        assert site.is_prepared()
        site.cluster.store(MUTATING_WEBHOOKS, "", emptied)
        await asyncio.sleep(SETTLING.total_seconds() * 2)
        assert not site.is_prepared()
        assert site.agree()

    on_site(tmp_path, check)


def test_a_bundle_that_somebody_changed_is_repaired_at_once(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        site.join("first")
        site.join("second")
        await asyncio.sleep(SOON)
        for kind, name in Bundles().places:
            site.cluster.store(kind, "", manifest(kind, name))
        await asyncio.sleep(0.1)
        assert site.agree()
        site.cluster.remove(VALIDATING_WEBHOOKS, "", "policy.sigstore.dev")
        await asyncio.sleep(3600)
        site.cluster.store(VALIDATING_WEBHOOKS, "", manifest(VALIDATING_WEBHOOKS, "policy.sigstore.dev"))
        await asyncio.sleep(0.1)
        assert site.agree()

    on_site(tmp_path, check)


@pytest.mark.parametrize("data", [{}, {"server-cert.pem": "eA==", "server-key.pem": "eA==", "ca-cert.pem": "eA=="}])
def test_a_secret_that_was_emptied_or_broken_is_restored_and_replaced(tmp_path: Path, data: dict[str, str]) -> None:
    """What was served with stays believed; the authority is replaced, as who did it may have wanted."""

    async def check(site: Site) -> None:
        site.join("first")
        site.join("second")
        await asyncio.sleep(SOON)
        before = site.kept
        site.cluster.store(SECRET, NAMESPACE, {**site.secret, "data": data | {"other": "eA=="}})
        for _ in range(100):
            await asyncio.sleep(SETTLING.total_seconds() / 50)
            assert site.agree()
        assert site.kept.authority != before.authority
        assert site.kept.former == before.authority
        assert site.secret["data"]["other"] == "eA=="

    on_site(tmp_path, check)


def test_a_secret_that_was_deleted_is_restored(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        site.join("first")
        site.join("second")
        await asyncio.sleep(SOON)
        before = site.kept
        site.cluster.remove(SECRET, NAMESPACE, NAME)
        await asyncio.sleep(SOON)
        assert site.kept.server == before.server
        assert site.is_prepared()
        assert site.agree()

    on_site(tmp_path, check)


def test_a_secret_that_was_broken_before_is_replaced_by_the_leader(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        site.cluster.store(SECRET, NAMESPACE, {**site.secret, "data": {"server-cert.pem": "eA=="}})
        keeper = site.join("first")
        await asyncio.sleep(SOON)
        assert (site.agree(), keeper.problem) == (True, "")

    on_site(tmp_path, check)


def test_what_the_policy_controller_left_goes_on_until_it_is_replaced(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        foreign = Kept.begin(NAMES, START)
        data = {name: text for name, text in foreign.encode().items() if name != "ca-key.pem"}
        site.cluster.store(SECRET, NAMESPACE, {**site.secret, "data": data})
        for kind, name in Bundles().places:
            found = manifest(kind, name)
            webhook = found["webhooks"][0] if "webhooks" in found else found["spec"]["conversion"]["webhook"]
            webhook["clientConfig"]["caBundle"] = encode_b64(foreign.bundle)
            site.cluster.store(kind, "", found)
        keeper = site.join("first")
        await keeper.context()
        for _ in range(100):
            assert site.agree()
            await asyncio.sleep(SETTLING.total_seconds() / 50)
        assert site.kept.authority_key is not None
        assert site.kept.former == foreign.authority

    on_site(tmp_path, check)


def test_names_that_were_added_are_in_the_next_certificate(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        site.join("first")
        await asyncio.sleep(SOON)
        keeper = site.join("second", Place(NAMESPACE, names=(*NAMES, "127.0.0.1")))
        await keeper.context()
        assert keeper.problem == "the server's certificate is not for 127.0.0.1"
        await site.leave("first")
        await asyncio.sleep(SOON)
        assert (keeper.problem, site.kept.fault(("127.0.0.1",), site.now())) == ("", "")
        assert site.agree()

    on_site(tmp_path, check)


def test_a_right_that_is_missing_is_told_with_what_to_do(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        refusal = Forbidden("update secrets", "https://cluster.example", "not allowed", 403, "allow it")
        keeper = site.join("first")
        *_, api = site.replicas["first"]
        api.refused["update", SECRET] = refusal
        await asyncio.sleep(SOON)
        assert keeper.problem == f"{refusal}; allow it"

    on_site(tmp_path, check)


def test_a_replica_serves_what_it_has_while_the_cluster_is_away(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        keeper = site.join("first")
        await asyncio.sleep(SOON)
        *_, api = site.replicas["first"]
        api.is_cut_off = True
        site.cluster.store(VALIDATING_WEBHOOKS, "", manifest(VALIDATING_WEBHOOKS, "policy.sigstore.dev"))
        await asyncio.sleep(3)
        assert keeper.expires_at is not None
        assert "connection refused" in keeper.problem
        api.is_cut_off = False
        await asyncio.sleep(REFUSED_SECONDS + 1)
        assert (site.agree(), keeper.problem) == (True, "")

    on_site(tmp_path, check)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    def in_the_way() -> Path:
        (folder,) = tmp_path.iterdir()
        return folder / "server.new"

    async def check(site: Site) -> None:
        keeper = site.join("first")
        in_the_way().mkdir()
        await asyncio.sleep(SOON)
        assert keeper.expires_at is None
        assert keeper.problem.endswith("server.pem: cannot be written: Is a directory")
        in_the_way().rmdir()
        await asyncio.sleep(SOON)
        assert (site.agree(), keeper.problem) == (True, "")

    on_site(tmp_path, check)


def test_a_later_certificate_is_served_by_the_same_context(tmp_path: Path) -> None:
    file = ServingFile(tmp_path)
    context = file.serve(Kept.begin(NAMES, START).server)
    later = Kept.begin(NAMES, START).server
    assert file.serve(later) is context
    assert (file.served, file.serve(later)) == (later, context)
    file.close()


def test_a_change_at_the_end_does_not_keep_the_keeper_from_ending(tmp_path: Path) -> None:
    """`asyncio.wait_for` of Python 3.11 forgets that it was cancelled where what it waited for came at that moment."""

    async def check(site: Site) -> None:
        keeper = site.join("first")
        await asyncio.sleep(SOON)
        keeper._look()
        async with asyncio.timeout(1):
            await site.leave("first")

    on_site(tmp_path, check)


def test_an_authority_alone_is_never_believed_to_be_a_server() -> None:
    authority = create_authority(START)
    assert Kept(authority, authority.certificate).fault(NAMES, START)


def test_somebody_who_changes_a_configuration_at_the_same_time_is_not_overwritten(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        site.join("first", leader=Appointed(is_leader=True))
        await asyncio.sleep(SOON)
        site.cluster.lag = 1
        kind, name = Bundles().places[0]
        site.cluster.store(kind, "", manifest(kind, name))
        site.cluster.writes.clear()
        await asyncio.sleep(0.9 * site.cluster.lag)
        kept = manifest(kind, name) | {"theirs": True}
        site.cluster.store(kind, "", kept)
        await asyncio.sleep(SOON)
        assert site.cluster.objects[kind, "", name]["theirs"]
        assert site.agree()

    on_site(tmp_path, check)


def test_a_keeper_that_never_began_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        api = MemoryCluster().replica()
        await CertificateKeeper(api, Appointed(is_leader=True), PLACE, ServingFile(tmp_path)).close()

    run(main())
    assert list(tmp_path.iterdir()) == []


def test_the_clock_is_the_machines(tmp_path: Path) -> None:
    async def main() -> None:
        keeper = CertificateKeeper(MemoryCluster().replica(), Appointed(is_leader=True), PLACE, ServingFile(tmp_path))
        keeper.start()
        await keeper.context()
        assert keeper.expires_at is not None
        assert abs(keeper.expires_at - datetime.now(UTC) - SERVER_LIFETIME) < timedelta(minutes=5)
        await keeper.close()

    run(main())


def test_a_mistake_of_ours_ends_it_and_shows(tmp_path: Path) -> None:
    async def check(site: Site) -> None:
        kind, name = Bundles().places[0]
        site.cluster.store(kind, "", {"metadata": {"name": name}, "webhooks": [{"name": name, "clientConfig": "none"}]})
        with pytest.raises(TypeError):
            await site.join("first").watch_over()

    on_site(tmp_path, check)
