"""The local image of a real Docker engine, from never pushed to found on its registry.

The engine is the one that DOCKER_HOST names, else one started here, which needs root and the package docker.io.
"""

import io
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.errors import NoSuchTag, UsageError
from cosignpy.registry.daemon import resolve_daemon_image
from tests.support.registries import RunningRegistry, run_embedded

START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.1
STOP_SECONDS: Final = 30.0
DAEMON: Final = ("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs")


def docker(environment: Mapping[str, str], *arguments: str, feed: bytes = b"") -> str:
    command = ["docker", *arguments]
    done = subprocess.run(command, env=environment, input=feed, capture_output=True, check=True, timeout=60)
    return done.stdout.decode().strip()


@contextmanager
def start_engine(folder: Path) -> Iterator[dict[str, str]]:
    """Start an engine that touches no network and no files but its own."""
    environment = {"DOCKER_HOST": f"unix://{folder}/docker.sock", "HOME": str(folder), "PATH": os.environ["PATH"]}
    places = ("data-root", "exec-root", "pidfile")
    options = [f"--{place}={folder / place}" for place in places]
    command = [*DAEMON, *options, f"--host={environment['DOCKER_HOST']}"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            await_engine(process, environment, folder / "log")
            yield environment
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def await_engine(process: "subprocess.Popen[bytes]", environment: Mapping[str, str], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if subprocess.run(["docker", "version"], env=environment, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(POLL_SECONDS)
    pytest.fail(f"no Docker engine: {log.read_text(errors='replace')[-1000:]}")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    if "DOCKER_HOST" in os.environ:
        yield os.environ
        return
    if shutil.which("dockerd") is None:
        pytest.fail("no Docker engine: set DOCKER_HOST, or install the package docker.io")
    with start_engine(tmp_path_factory.mktemp("docker")) as environment:
        yield environment


@pytest.fixture(scope="module")
def registry() -> Iterator[RunningRegistry]:
    with run_embedded() as running:
        yield running


def rootfs() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packer:
        entry = tarfile.TarInfo("hello")
        entry.size = 5
        packer.addfile(entry, io.BytesIO(b"hello"))
    return buffer.getvalue()


def test_image_is_found_on_its_registry_once_it_was_pushed(
    engine: Mapping[str, str], registry: RunningRegistry
) -> None:
    name = f"{registry.address}/team/app:v1"
    image_id = docker(engine, "import", "-", name, feed=rootfs())
    try:
        with pytest.raises(UsageError) as caught:
            resolve_daemon_image(name, engine)
        assert f"docker push {name}" in (caught.value.hint or "")
        docker(engine, "push", name)
        docker(engine, "tag", name, "cosignpy-interop:local")
        found = [resolve_daemon_image(known, engine) for known in (name, "cosignpy-interop:local", image_id)]
        assert len(set(found)) == 1
        assert isinstance(found[0].digest, Digest)
        manifest = registry.open_repository("team/app").fetch_manifest(found[0].digest)
        assert len(manifest.layers) == 1
    finally:
        docker(engine, "image", "rm", "--force", image_id)


def test_image_that_the_engine_does_not_have(engine: Mapping[str, str]) -> None:
    with pytest.raises(NoSuchTag):
        resolve_daemon_image("cosignpy-interop:absent", engine)
