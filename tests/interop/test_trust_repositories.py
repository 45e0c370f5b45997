"""One trust repository, three clients: cosign v3, sigstore-python and ours; and one cache for cosign and us."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.encoding import encode_json, parse_json
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT
from tests.interop import peers
from tests.interop.programs import Run, Tool, Workshop
from tests.support.raw_server import RawServer
from tests.support.trust_repository import TrustRepository

READER: Final = Path(__file__).parents[1] / "integration" / "services" / "trust_process.py"
UNTRUSTED: Final = 25
LISTS: Final = {
    TRUSTED_ROOT: ("certificateAuthorities", "ctlogs", "timestampAuthorities"),
    SIGNING_CONFIG: ("caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls"),
}
PYTHON_REFUSES: Final = re.compile("Failed to (refresh TUF metadata|download trusted key bundle)")

Attack = Callable[[TrustRepository], None]


@dataclass
class Site:
    """A home and a mirror with documents that cosign made."""

    shop: Workshop
    repository: TrustRepository
    server: RawServer

    @property
    def mirror(self) -> str:
        return f"http://{self.server.address}"

    def initialize(self, tool: Tool, *flags: str) -> Run:
        """Initialize from the mirror, from the root that users are given."""
        return self.shop.run(tool, "initialize", "--mirror", self.mirror, "--root", "root.json", *flags)

    def initialize_python(self) -> Run:
        """Let sigstore-python trust the mirror, from the same root."""
        program = peers.path("sigstore-python")
        return self.shop.run_path(program, "--instance", self.mirror, "trust-instance", "root.json")

    def read_ours(self, *flags: str) -> str:
        """Return the trusted root as our commands would use it."""
        return self.shop.run_path(Path(sys.executable), str(READER), *flags).expect_success().stdout

    def read_cosigns(self) -> str:
        """Return the trusted root as cosign would use it; it gives no documents out but by making others of them."""
        made = self.shop.run(Tool.V3, "trusted-root", "create", "--with-default-services").expect_success()
        return made.stdout


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    shop = Workshop(tmp_path)
    (tmp_path / "key.pub").write_bytes(make_key(shop))
    log = f"url=https://log.example,public-key={tmp_path / 'key.pub'},start-time=2024-01-01T00:00:00Z"
    shop.run(Tool.V3, "trusted-root", "create", "--rekor", log, "--out", TRUSTED_ROOT).expect_success()
    services = [
        part
        for kind in ("fulcio", "rekor", "oidc-provider", "tsa")
        for part in (
            f"--{kind}",
            f"url=https://{kind}.example,api-version=1,start-time=2024-01-01T00:00:00Z,operator=us",
        )
    ]
    configured = ("--rekor-config", "ANY", "--tsa-config", "ANY", "--out", SIGNING_CONFIG)
    shop.run(Tool.V3, "signing-config", "create", *services, *configured).expect_success()
    contents = {name: complete((tmp_path / name).read_bytes(), name) for name in (TRUSTED_ROOT, SIGNING_CONFIG)}
    repository = TrustRepository(datetime.now(UTC), contents)
    (tmp_path / "root.json").write_bytes(repository.root)
    with RawServer(repository.handle) as server:
        yield Site(shop, repository, server)


def make_key(shop: Workshop) -> bytes:
    shop.make_key("log")
    return (shop.folder / "log.pub").read_bytes()


def complete(document: bytes, name: str) -> bytes:
    """Write the lists that are empty, which sigstore-python asks for."""
    return encode_json({field: [] for field in LISTS[name]} | parse_json(document, what=name))


def document(text: str) -> object:
    """Return a document without regard to how it is laid out."""
    return {name: member for name, member in parse_json(text.encode(), what="document").items() if member != []}


def test_what_cosign_initialized_we_use_offline(site: Site) -> None:
    site.initialize(Tool.V3).expect_success()
    site.server.stop_listening()
    assert site.read_ours("offline").encode() == site.repository.contents[TRUSTED_ROOT]


def test_what_cosign_initialized_we_keep_up_to_date_without_being_told_the_root(site: Site) -> None:
    site.initialize(Tool.V3).expect_success()
    site.repository.rotate_root()
    site.repository.publish()
    assert site.read_ours().encode() == site.repository.contents[TRUSTED_ROOT]
    assert "2.root.json" in site.repository.asked


def test_what_we_initialized_cosign_uses_without_being_told_mirror_or_root(site: Site) -> None:
    site.initialize(Tool.OURS).expect_success()
    site.repository.asked.clear()
    assert document(site.read_cosigns()) == document(site.repository.contents[TRUSTED_ROOT].decode())
    assert "timestamp.json" in site.repository.asked


def test_cosign_and_we_take_turns_on_one_cache_while_the_root_changes_hands(site: Site) -> None:
    site.initialize(Tool.OURS).expect_success()
    for version in (2, 3, 4, 5):
        site.repository.rotate_root()
        site.repository.publish()
        if version % 2:
            site.shop.run(Tool.OURS, "initialize", "--mirror", site.mirror).expect_success()
        else:
            site.read_cosigns()
        (link,) = (site.shop.folder / ".sigstore" / "root").glob("*/root.json")
        assert parse_json(link.read_bytes(), what="root")["signed"]["version"] == version


@pytest.mark.parametrize("tool", [Tool.OURS, Tool.V3])
def test_checksums_of_roots_are_compared_alike(site: Site, tool: Tool) -> None:
    right = sha256(site.repository.root).hexdigest()
    assert site.initialize(tool, "--root-checksum", "0" * 64).exit_code != 0
    for spelling in (right, right.upper(), f"sha256:{right}"):
        site.initialize(tool, "--root-checksum", spelling).expect_success()


def test_sigstore_python_trusts_the_same_repository(site: Site) -> None:
    site.initialize_python().expect_success()
    site.initialize(Tool.OURS).expect_success()


def stranger(repository: TrustRepository) -> None:
    """All files are another repository's."""
    repository.files |= TrustRepository(repository.now, repository.contents).files


def expired(role: str) -> Attack:
    def attack(repository: TrustRepository) -> None:
        repository.lifetimes[role] = timedelta(seconds=-60)
        (repository.publish_root if role == "root" else repository.publish)()

    return attack


def mixed(repository: TrustRepository) -> None:
    """An old snapshot under the name of a new one."""
    repository.publish()
    repository.files[repository.last("snapshot")] = repository.files["1.snapshot.json"]


def other_content(repository: TrustRepository) -> None:
    """A trusted root of the same length."""
    name = repository.target_file(TRUSTED_ROOT)
    repository.files[name] = repository.files[name].replace(b"log.example", b"bad.example")


def too_long(repository: TrustRepository) -> None:
    """A timestamp that does not end where real ones do."""
    repository.files["timestamp.json"] += b" " * 10_000_000


@pytest.mark.parametrize(
    "attack",
    [stranger, expired("root"), expired("timestamp"), expired("snapshot"), expired("targets"), mixed, other_content],
    ids=["stranger", "root", "timestamp", "snapshot", "targets", "mixed", "other content"],
)
def test_what_one_refuses_all_refuse(site: Site, attack: Attack) -> None:
    attack(site.repository)
    assert site.initialize(Tool.OURS).exit_code == UNTRUSTED
    assert "Could not fetch trusted_root.json" in site.initialize(Tool.V3).stderr
    assert PYTHON_REFUSES.search(site.initialize_python().stderr)


def test_what_is_too_long_all_refuse(site: Site) -> None:
    too_long(site.repository)
    assert site.initialize(Tool.OURS).exit_code != 0
    assert "Could not fetch trusted_root.json" in site.initialize(Tool.V3).stderr
    assert PYTHON_REFUSES.search(site.initialize_python().stderr)
