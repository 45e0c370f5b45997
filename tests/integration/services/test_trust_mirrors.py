"""Trust from a mirror on the web: every way in which it can be wrong, each refused, and the cache as good as before."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import MetaFile  # type: ignore[attr-defined] # documented there, re-exported without saying so

from cosignpy.errors import (
    AccessDenied,
    CosignError,
    LimitExceeded,
    RateLimited,
    RemoteError,
    Unreachable,
    UntrustedRepository,
)
from cosignpy.net.clock import Clock
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.net.retry import NO_RETRIES
from cosignpy.services.tuf.cache import TRUSTED_ROOT, UPDATE_SECONDS, TrustCache, TrustPorts
from cosignpy.services.tuf.initial_root import MAX_ROOT, InitialRoot
from cosignpy.services.tuf.mirror import Mirror
from tests.support.raw_server import Handler, RawRequest, RawServer, head, repeat, reply, reset, stall
from tests.support.trust_repository import CONTENTS, NOW, ONLINE, TrustRepository

LIFE: Final = ONLINE.total_seconds()
OLD: Final = CONTENTS[TRUSTED_ROOT]
NEW: Final = b'{"a":"newer trusted root"}'


@dataclass
class Site:
    """A mirror on the web, and one who believes it; `answers` take the place of files."""

    folder: Path
    repository: TrustRepository = field(default_factory=TrustRepository)
    answers: dict[str, Handler] = field(default_factory=dict)
    now: float = NOW.timestamp()
    warnings: list[str] = field(default_factory=list)
    resources: ExitStack = field(default_factory=ExitStack)

    def handle(self, connection: socket.socket, request: RawRequest) -> None:
        self.answers.get(request.target.removeprefix("/"), self.repository.handle)(connection, request)

    def open(self, address: str) -> TrustCache:
        options = HttpOptions(connect_timeout=1, read_timeout=0.5, retry=NO_RETRIES)
        client = HttpClient(options)
        self.resources.callback(client.close)
        ports = TrustPorts(client, Clock(wall=lambda: self.now), self.warnings.append)
        return TrustCache(self.folder, Mirror.parse(f"http://{address}", self.repository.root), ports)

    def move_on(self, after: timedelta = timedelta(hours=1)) -> None:
        """Let time pass, and the repository publish something newer."""
        self.now += after.total_seconds()
        self.repository.now += after
        self.repository.contents[TRUSTED_ROOT] = NEW
        self.repository.publish()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    with made.resources:
        yield made


@pytest.fixture
def cache(site: Site) -> Iterator[TrustCache]:
    """A cache that has been filled once."""
    with RawServer(site.handle) as server:
        opened = site.open(server.address)
        opened.target()
        yield opened


def test_what_is_newer_is_had(site: Site, cache: TrustCache) -> None:
    site.move_on()
    cache.refresh()
    assert cache.target() == NEW


def test_an_update_asks_for_nothing_twice(site: Site, cache: TrustCache) -> None:
    site.move_on()
    site.repository.asked.clear()
    cache.refresh()
    newer = site.repository.target_file(TRUSTED_ROOT)
    assert site.repository.asked == ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", newer]


def test_a_valid_cache_asks_nothing(site: Site, cache: TrustCache) -> None:
    site.repository.asked.clear()
    cache.target()
    assert site.repository.asked == []


# --- attacks: each differs from `test_what_is_newer_is_had` by one thing ---


def rolled_back_timestamp(repository: TrustRepository) -> None:
    """The mirror shows a timestamp older than the one it has shown."""
    repository.files["timestamp.json"] = repository.kept["timestamp.json"]


def rolled_back_snapshot(repository: TrustRepository) -> None:
    """A new timestamp names the snapshot before the last."""
    repository.publish_timestamp(MetaFile(1))


def rolled_back_targets(repository: TrustRepository) -> None:
    """A new snapshot names the targets before the last."""
    repository.publish_snapshot(MetaFile(1))


def mixed_snapshot(repository: TrustRepository) -> None:
    """An old snapshot under the name of the new one."""
    repository.files[repository.last("snapshot")] = repository.files["1.snapshot.json"]


def mixed_targets(repository: TrustRepository) -> None:
    """Old targets under the name of the new ones."""
    repository.files[repository.last("targets")] = repository.files["1.targets.json"]


def mixed_snapshot_without_hashes(repository: TrustRepository) -> None:
    """The same where the timestamp has the version alone."""
    repository.publish_timestamp(MetaFile(3))
    repository.files["3.snapshot.json"] = repository.files[repository.last("snapshot")]


def another_target(repository: TrustRepository) -> None:
    """A target of the same length."""
    repository.files[repository.target_file(TRUSTED_ROOT)] = NEW.replace(b"newer", b"other")


def shorter_target(repository: TrustRepository) -> None:
    """A target that breaks off."""
    repository.files[repository.target_file(TRUSTED_ROOT)] = NEW[:-1]


def changed(role: str) -> Callable[[TrustRepository], None]:
    """Metadata that was changed after it was signed."""

    def attack(repository: TrustRepository) -> None:
        repository.change(role, lambda document: document["signed"].update(extra=1))

    return attack


def signed_by_another(role: str) -> Callable[[TrustRepository], None]:
    """Metadata that another key signed, which the root does not name."""

    def attack(repository: TrustRepository) -> None:
        repository.signers[role] = CryptoSigner.generate_ed25519()
        repository.publish()

    return attack


def root_of_another(repository: TrustRepository) -> None:
    """A new root that the holders of the old one did not sign."""
    repository.signers["root"] = CryptoSigner.generate_ed25519()
    repository.publish_root()


def expired(role: str) -> Callable[[TrustRepository], None]:
    """Metadata that expired a second ago."""

    def attack(repository: TrustRepository) -> None:
        repository.lifetimes[role] = timedelta(seconds=-1)
        (repository.publish_root if role == "root" else repository.publish)()

    return attack


def no_json(repository: TrustRepository) -> None:
    """Something else altogether."""
    repository.files["timestamp.json"] = b"<html>welcome to our hotel</html>"


def too_deep(repository: TrustRepository) -> None:
    """JSON that is deeper than a parser's stack."""
    repository.files["timestamp.json"] = b"[" * 16_000


REFUSED: Final = {
    mixed_snapshot: "not what was signed",
    mixed_targets: "not what was signed",
    mixed_snapshot_without_hashes: "rolled back, or mixed",
    another_target: "not what was signed",
    shorter_target: "not what was signed",
    changed("timestamp"): "not signed",
    changed("snapshot"): "not what was signed",
    signed_by_another("timestamp"): "not signed",
    signed_by_another("snapshot"): "not signed",
    signed_by_another("targets"): "not signed",
    root_of_another: "not signed",
    expired("root"): "expired: Final root.json",
    expired("timestamp"): "expired: timestamp.json",
    expired("snapshot"): "expired: snapshot.json",
    expired("targets"): "expired: New targets",
    no_json: "unusable",
    too_deep: "unusable",
}


@pytest.mark.parametrize(("attack", "why"), REFUSED.items(), ids=lambda case: getattr(case, "__qualname__", None))
def test_a_mirror_that_lies_is_refused_and_the_cache_is_as_good_as_before(
    site: Site, cache: TrustCache, attack: Callable[[TrustRepository], None], why: str
) -> None:
    site.move_on()
    attack(site.repository)
    with pytest.raises(UntrustedRepository) as caught:
        cache.refresh()
    assert caught.value.why.startswith(why)
    assert "\n" not in str(caught.value)
    assert cache.target() == OLD


@pytest.mark.parametrize("attack", [rolled_back_timestamp, rolled_back_snapshot, rolled_back_targets])
def test_a_mirror_that_goes_back_is_refused_by_those_who_have_seen_newer(
    site: Site, cache: TrustCache, attack: Callable[[TrustRepository], None]
) -> None:
    site.move_on()
    cache.refresh()
    attack(site.repository)
    with pytest.raises(UntrustedRepository) as caught:
        cache.refresh()
    assert caught.value.why.startswith("rolled back")
    assert str(cache.folder.path) in (caught.value.hint or "")
    assert cache.target() == NEW


def test_a_mirror_that_stands_still_is_refused_when_its_time_is_over(site: Site, cache: TrustCache) -> None:
    """A freeze: everything is properly signed, and nothing newer ever comes."""
    site.now += LIFE - 1
    assert cache.target() == OLD
    site.now += 1
    with pytest.raises(UntrustedRepository) as caught:
        cache.target()
    assert caught.value.why == "expired: timestamp.json is expired"
    assert "2026-06-09 12:00" in (caught.value.hint or "")


ENDLESS: Final = head(200, Transfer_Encoding="chunked")
CHUNK: Final = b"10000\r\n" + b" " * 0x10000 + b"\r\n"


@pytest.mark.parametrize(
    ("name", "answer", "error"),
    [
        ("timestamp.json", repeat(ENDLESS, CHUNK), LimitExceeded),
        ("2.root.json", repeat(ENDLESS, CHUNK), LimitExceeded),
        ("2.snapshot.json", repeat(ENDLESS, CHUNK), LimitExceeded),
        ("2.targets.json", repeat(ENDLESS, CHUNK), LimitExceeded),
        (TRUSTED_ROOT, repeat(ENDLESS, CHUNK), LimitExceeded),
        ("timestamp.json", reply(200, b" " * 20_000), LimitExceeded),
        ("timestamp.json", repeat(head(200, Content_Length="16000"), b" ", pause=0.1), Unreachable),
        ("timestamp.json", stall(), Unreachable),
        ("timestamp.json", stall(head(200, Content_Length="500")), Unreachable),
        ("timestamp.json", reset, Unreachable),
        ("timestamp.json", reply(404), RemoteError),
        ("timestamp.json", reply(403), AccessDenied),
        ("timestamp.json", reply(429), RateLimited),
        ("timestamp.json", reply(500), RemoteError),
        ("2.root.json", reply(500), RemoteError),
        ("2.snapshot.json", reply(404), RemoteError),
        (TRUSTED_ROOT, reply(404), RemoteError),
        ("timestamp.json", reply(302, Location="/timestamp.json"), LimitExceeded),
        ("timestamp.json", reply(302, Location="http://user:password@127.0.0.1/"), RemoteError),
    ],
    ids=lambda case: case if isinstance(case, str) else getattr(case, "__name__", None),
)
def test_a_mirror_that_serves_badly_is_refused_and_the_cache_is_as_good_as_before(
    site: Site, cache: TrustCache, name: str, answer: Handler, error: type[CosignError]
) -> None:
    site.move_on()
    site.answers[site.repository.target_file(name) if name == TRUSTED_ROOT else name] = answer
    with pytest.raises(error) as caught:
        cache.refresh()
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)
    assert cache.target() == OLD


@pytest.mark.parametrize("status", [403, 404])
def test_buckets_say_in_two_ways_that_there_is_no_newer_root(site: Site, cache: TrustCache, status: int) -> None:
    site.move_on()
    site.answers["2.root.json"] = reply(status)
    cache.refresh()
    assert cache.target() == NEW


def test_a_redirect_to_another_host_is_followed(site: Site, cache: TrustCache) -> None:
    """The content is signed: where it comes from decides nothing."""
    site.move_on()
    with RawServer(site.repository.handle, host="127.0.0.2") as other:
        site.answers["timestamp.json"] = reply(302, Location=f"http://{other.address}/timestamp.json")
        cache.refresh()
        assert other.requests
    assert cache.target() == NEW


def test_a_mirror_that_is_away_leaves_the_cache_in_use_with_a_warning(site: Site) -> None:
    with RawServer(site.handle) as server:
        cache = site.open(server.address)
        cache.target()
    site.now += LIFE - 3600
    assert cache.target() == OLD
    (warning,) = site.warnings
    assert warning.startswith(f"cannot reach {server.address}")
    site.now += 3600
    with pytest.raises(Unreachable):
        cache.target()


@pytest.mark.parametrize(("ago", "over"), [(UPDATE_SECONDS - 30, False), (UPDATE_SECONDS + 1, True)])
def test_all_requests_of_an_update_share_one_deadline(site: Site, cache: TrustCache, ago: float, over: bool) -> None:
    """An update that began so long ago for its own clock, which the client's is ahead of."""
    site.move_on()
    client = HttpClient(HttpOptions(retry=NO_RETRIES))
    site.resources.callback(client.close)
    clock = Clock(wall=lambda: site.now, monotonic=lambda: time.monotonic() - ago)
    begun = TrustCache(site.folder, cache.mirror, TrustPorts(client, clock, site.warnings.append))
    with pytest.raises(Unreachable) if over else nullcontext() as caught:
        begun.refresh()
    assert caught is None or caught.value.detail == "no answer in time"


# --- initial roots by URL ---


def fetch(server: RawServer, checksum: str | None = None) -> bytes:
    with closing(HttpClient(HttpOptions(retry=NO_RETRIES))) as client:
        return InitialRoot.parse(f"http://{server.address}/root.json", checksum).load(client, {})


def test_an_initial_root_is_fetched_from_this_machine() -> None:
    with RawServer(reply(200, b"the root")) as server:
        assert fetch(server) == b"the root"


@pytest.mark.parametrize(
    ("answer", "error"), [(reply(404), RemoteError), (reply(200, b"x" * (MAX_ROOT + 1)), LimitExceeded)]
)
def test_an_initial_root_that_is_not_there_or_has_no_end(answer: Handler, error: type[CosignError]) -> None:
    with RawServer(answer) as server, pytest.raises(error):
        fetch(server)
