"""Images of the local Docker engine, over its API on a unix socket."""

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference
from cosignpy.errors import MalformedError, NoSuchTag, RemoteError, Unreachable, UsageError
from cosignpy.registry.daemon import DEFAULT_HOST, resolve_daemon_image
from tests.support.docker_engine import run_engine

ONE, TWO = Digest.of(b"1"), Digest.of(b"2")
IMAGES = {
    "registry.example/app:v1": [f"registry.example/app@{ONE}", f"mirror.example/app@{TWO}"],
    "app:local": [f"registry.example/app@{ONE}"],
    "alpine": [f"alpine@{ONE}"],
    "0123456789ab": [f"registry.example/app@{ONE}"],
    "Some Thing": [f"registry.example/app@{ONE}"],
    "two:places": [f"registry.example/app@{ONE}", f"mirror.example/app@{TWO}"],
    "built:here": [],
    "old:engine": None,
    "odd:answer": ["registry.example/app:v1"],
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[dict[str, str]]:
    with run_engine(tmp_path / "docker.sock", IMAGES, failing="broken:image") as environment:
        yield environment


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("registry.example/app:v1", f"registry.example/app@{ONE}"),
        ("app:local", f"registry.example/app@{ONE}"),
        ("alpine", f"index.docker.io/library/alpine@{ONE}"),
        ("0123456789ab", f"registry.example/app@{ONE}"),
        ("Some Thing", f"registry.example/app@{ONE}"),
    ],
)
def test_image_is_known_by_its_registry_digest(engine: dict[str, str], name: str, reference: str) -> None:
    assert resolve_daemon_image(name, engine) == Reference.parse(reference)


@pytest.mark.parametrize("name", ["built:here", "old:engine"])
def test_image_that_was_never_pushed_is_told_with_the_way_out(engine: dict[str, str], name: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_daemon_image(name, engine)
    assert f"docker push {name}" in (caught.value.hint or "")


def test_image_with_several_digests_is_not_guessed(engine: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_daemon_image("two:places", engine)
    assert str(ONE) in (caught.value.hint or "")
    assert str(TWO) in (caught.value.hint or "")


def test_image_that_the_engine_does_not_have(engine: dict[str, str]) -> None:
    with pytest.raises(NoSuchTag) as caught:
        resolve_daemon_image("absent:image", engine)
    assert caught.value.reference == "docker-daemon:absent:image"


def test_failing_engine(engine: dict[str, str]) -> None:
    with pytest.raises(RemoteError) as caught:
        resolve_daemon_image("broken:image", engine)
    assert caught.value.status == 500


def test_answer_without_a_digest_is_refused(engine: dict[str, str]) -> None:
    with pytest.raises(MalformedError):
        resolve_daemon_image("odd:answer", engine)


@pytest.fixture
def collected() -> Iterator[None]:
    """Collect the sockets that the SDK could not connect and dropped, here and not in some later test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def find_no_engine(environment: dict[str, str]) -> Unreachable | NoSuchTag:
    """Return the error alone: its causes hold on to sockets."""
    with pytest.raises((Unreachable, NoSuchTag)) as caught:
        resolve_daemon_image("absent.example/never/pushed:v0", environment)
    error = caught.value.with_traceback(None)
    error.__cause__ = error.__context__ = None
    return error


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "gopher://x"])
def test_engine_that_is_not_there(host: str) -> None:
    error = find_no_engine({"DOCKER_HOST": host})
    assert isinstance(error, Unreachable)
    assert error.url == host
    assert "DOCKER_HOST" in (error.hint or "")


@pytest.mark.usefixtures("collected")
def test_engine_without_an_address_is_the_usual_one() -> None:
    error = find_no_engine({})
    assert isinstance(error, NoSuchTag) or error.url == DEFAULT_HOST
