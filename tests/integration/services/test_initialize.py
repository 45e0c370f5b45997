"""`cosignpy initialize` as people run it, and other processes that believe what it left."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT
from tests.support.raw_server import RawServer, stall
from tests.support.trust_repository import CONTENTS, TrustRepository

PROGRAM: Final = Path(sys.executable).with_name("cosignpy")
READER: Final = Path(__file__).with_name("trust_process.py")


@dataclass
class Site:
    """A home, and a mirror at this very time."""

    home: Path
    server: RawServer
    repository: TrustRepository

    @property
    def mirror(self) -> str:
        return f"http://{self.server.address}"

    @property
    def caches(self) -> Path:
        return self.home / ".sigstore" / "root"

    @property
    def root(self) -> str:
        path = self.home / "root.json"
        path.write_bytes(self.repository.root)
        return str(path)

    def environment(self, **variables: str) -> dict[str, str]:
        measured = {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], **measured, **variables}

    def initialize(self, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [PROGRAM, "initialize", *flags]
        environment = self.environment(**variables)
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def read(self, *flags: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
        """Read the trusted root in a process of its own."""
        command = [sys.executable, READER, *flags]
        return subprocess.run(command, env=self.environment(**variables), capture_output=True, check=False)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    repository = TrustRepository(datetime.now(UTC))
    with RawServer(repository.handle) as server:
        yield Site(tmp_path, server, repository)


def test_a_mirror_is_chosen_and_believed_from_then_on(site: Site) -> None:
    done = site.initialize("--mirror", site.mirror, "--root", site.root)
    expires = (site.repository.now + site.repository.lifetimes["timestamp"]).strftime("%Y-%m-%d %H:%M")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{site.mirror} is trusted until {expires} UTC, and will be asked again by then.\n"
    assert json.loads((site.caches / "remote.json").read_bytes()) == {"mirror": site.mirror}
    site.server.stop_listening()
    assert site.read("offline").stdout == CONTENTS[TRUSTED_ROOT]


def test_a_folder_is_a_mirror_too(site: Site, tmp_path: Path) -> None:
    site.server.stop_listening()
    site.repository.write(tmp_path / "media")
    mirror = (tmp_path / "media").as_uri()
    assert site.initialize("--mirror", mirror, "--root", site.root).returncode == 0
    assert site.read("offline").stdout == CONTENTS[TRUSTED_ROOT]


def test_variables_name_mirror_root_and_folder_without_any_initializing(site: Site, tmp_path: Path) -> None:
    named = {"TUF_MIRROR": site.mirror, "TUF_ROOT_JSON": site.root, "TUF_ROOT": str(tmp_path / "elsewhere")}
    assert site.read(**named).stdout == CONTENTS[TRUSTED_ROOT]
    assert not site.caches.exists()
    assert site.initialize(**named).returncode == 0
    assert (tmp_path / "elsewhere" / "remote.json").exists()


def test_a_mirror_without_a_root_is_refused_with_a_hint(site: Site) -> None:
    done = site.initialize("--mirror", site.mirror)
    assert done.returncode == 2
    assert f"hint: cosignpy initialize --mirror {site.mirror} --root FILE" in done.stderr
    assert site.server.requests == []


def test_a_failed_initialize_leaves_everything_as_it_was(site: Site) -> None:
    site.initialize("--mirror", site.mirror, "--root", site.root)
    stranger = TrustRepository(datetime.now(UTC))
    with RawServer(stranger.handle) as other:
        done = site.initialize("--mirror", f"http://{other.address}", "--root", site.root)
    assert done.returncode == 25
    assert site.read("offline").stdout == CONTENTS[TRUSTED_ROOT]


def test_the_checksum_of_the_root_is_compared(site: Site) -> None:
    right, wrong = sha256(site.repository.root).hexdigest(), sha256(b"").hexdigest()
    flags = ("--mirror", site.mirror, "--root", site.root, "--root-checksum")
    assert site.initialize(*flags, wrong).returncode == 24
    assert site.server.requests == []
    assert site.initialize(*flags, right).returncode == 0


def test_a_fetched_root_without_a_checksum_is_warned_of(site: Site) -> None:
    url = f"{site.mirror}/1.root.json"
    assert "--root-checksum" in site.initialize("--mirror", site.mirror, "--root", url).stderr
    checksum = sha256(site.repository.root).hexdigest()
    done = site.initialize("--mirror", site.mirror, "--root", url, "--root-checksum", checksum)
    assert (done.returncode, "WARNING" in done.stderr) == (0, False)


def test_a_repository_without_a_signing_config_is_warned_of(site: Site) -> None:
    del site.repository.contents[SIGNING_CONFIG]
    site.repository.publish()
    done = site.initialize("--mirror", site.mirror, "--root", site.root)
    assert done.returncode == 0
    assert f"WARNING: {site.mirror} has no {SIGNING_CONFIG}" in done.stderr


def test_a_repository_without_a_trusted_root_is_refused(site: Site) -> None:
    del site.repository.contents[TRUSTED_ROOT]
    site.repository.publish()
    done = site.initialize("--mirror", site.mirror, "--root", site.root)
    assert (done.returncode, done.stderr) == (
        25,
        f"Error: the trust repository {site.mirror} has no trusted_root.json\n",
    )


@pytest.mark.parametrize(
    "flags",
    [("--staging", "--mirror", "https://tuf.example"), ("--staging", "--root", "root.json"), ("--root-checksum", "00")],
)
def test_flags_that_contradict_each_other(site: Site, flags: tuple[str, ...]) -> None:
    assert site.initialize(*flags).returncode == 2


def test_staging_is_asked_with_the_root_that_comes_along(site: Site, tmp_path: Path) -> None:
    """A proxy sees where it goes; there is no network here."""
    with RawServer(stall()) as proxy:
        done = site.initialize("--staging", "--timeout", "2s", https_proxy=f"http://{proxy.address}")
        assert [request.target for request in proxy.requests] == ["tuf-repo-cdn.sigstage.dev:443"]
    assert done.returncode == 20
    history = tmp_path / ".sigstore" / "root" / "tuf-repo-cdn.sigstage.dev" / "root_history"
    assert [path.name for path in history.iterdir()] == ["14.root.json"]


def test_many_processes_at_once_ask_the_mirror_once(site: Site) -> None:
    environment = site.environment(TUF_MIRROR=site.mirror, TUF_ROOT_JSON=site.root)
    readers = [
        subprocess.Popen([sys.executable, READER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    found = [reader.communicate() for reader in readers]
    assert found == [(CONTENTS[TRUSTED_ROOT], b"")] * 6
    assert site.repository.asked.count("timestamp.json") == 1


def test_a_process_killed_in_the_middle_holds_nobody_up(site: Site) -> None:
    site.repository.publish()
    reached = threading.Event()

    def hang_once(connection: object, request: object) -> None:
        if not reached.is_set() and getattr(request, "target", "") == "/2.targets.json":
            reached.set()
            stall()(connection, request)  # type: ignore[arg-type]
        site.repository.handle(connection, request)  # type: ignore[arg-type]

    site.server.handler = hang_once
    variables = {"TUF_MIRROR": site.mirror, "TUF_ROOT_JSON": site.root}
    first = subprocess.Popen([sys.executable, READER], env=site.environment(**variables), stdout=subprocess.PIPE)
    assert reached.wait(10)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert site.read(**variables).stdout == CONTENTS[TRUSTED_ROOT]


def test_processes_read_an_old_cache_or_a_new_one_while_it_is_replaced(site: Site) -> None:
    site.repository.lifetimes["timestamp"] = timedelta(seconds=30)
    site.repository.publish()
    site.initialize("--mirror", site.mirror, "--root", site.root)
    newer = b'{"a":"newer trusted root"}'
    site.repository.contents[TRUSTED_ROOT] = newer
    site.repository.publish()
    environment = site.environment()
    refresh = subprocess.Popen(
        [PROGRAM, "initialize", "--mirror", site.mirror], env=environment, stderr=subprocess.PIPE
    )
    seen = set()
    while refresh.poll() is None:
        seen.add(site.read("offline").stdout)
    refresh.communicate()
    seen.add(site.read("offline").stdout)
    assert newer in seen
    assert seen <= {CONTENTS[TRUSTED_ROOT], newer}
