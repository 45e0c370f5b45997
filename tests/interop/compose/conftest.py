"""A registry in a container, by pytest-docker; the Docker engine is started for the run where none answers.

Where none can run, these tests are deselected, which the summary says; with `CI=true` that ends the run.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from pytest_docker.plugin import Services

from tests.interop import peers
from tests.interop.compose.engine import EngineUnavailableError, running_engine
from tests.interop.package_clients import PeerUnavailableError
from tests.interop.programs import Workshop
from tests.support import vectors

HERE: Final = Path(__file__).resolve().parent
START_SECONDS: Final = 30.0
_ENGINE: Final = pytest.StashKey[str]()
_STACK: Final = pytest.StashKey[ExitStack]()
_UNAVAILABLE: Final = pytest.StashKey[Exception]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start the engine if any of these tests will run, or deselect them.

    Raises:
        pytest.UsageError: CI=true, and no engine can run.
    """
    mine = [item for item in items if item.path.is_relative_to(HERE)]
    if not mine or config.option.collectonly:
        return
    config.stash[_STACK] = ExitStack()
    try:
        peers.path("docker-compose")
        config.stash[_ENGINE] = config.stash[_STACK].enter_context(running_engine())
    except (EngineUnavailableError, PeerUnavailableError) as error:
        if vectors.required():
            raise pytest.UsageError(str(error)) from error
        config.stash[_UNAVAILABLE] = error
        config.hook.pytest_deselected(items=mine)
        items[:] = [item for item in items if item not in mine]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line what was not run for want of an engine."""
    if error := config.stash.get(_UNAVAILABLE, None):
        terminalreporter.write_line(f"not run: the tests with Docker; {error}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the engine that was started."""
    if stack := config.stash.get(_STACK, None):
        stack.close()


@pytest.fixture(scope="session")
def docker_host(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the engine is; `docker-compose` reads it from the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", request.config.stash[_ENGINE])
        yield request.config.stash[_ENGINE]


@pytest.fixture(scope="session")
def docker_compose_command() -> str:
    """Debian has the program, not the plugin `docker compose` that is pytest-docker's default."""
    return str(peers.path("docker-compose"))


@pytest.fixture(scope="session")
def docker_setup() -> list[str]:
    """Version 1 of docker-compose does not know `--wait`, and exits with 0 all the same."""
    return ["up -d"]


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    """The image goes with the container: on an engine that is not ours nothing must stay behind."""
    return ["down -v --rmi local -t 0"]


@pytest.fixture(scope="session")
def docker_compose_file(docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001
    """Put the registry's program where the image is built from."""
    context = tmp_path_factory.mktemp("context")
    for source in (HERE / "Dockerfile", HERE / "config.yml", peers.path("distribution")):
        shutil.copy2(source, context)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGISTRY_CONTEXT", str(context))
        yield str(HERE / "docker-compose.yml")


@pytest.fixture(scope="session")
def container_registry(docker_ip: str, docker_services: Services, shop: Workshop) -> str:
    """The address of the registry in the container."""
    address = f"{docker_ip}:{docker_services.port_for('registry', 5000)}"
    docker_services.wait_until_responsive(
        lambda: shop.run("crane", "catalog", address).exit_code == 0, timeout=START_SECONDS, pause=0.1
    )
    return address


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Two pairs of keys, and everything the programs need."""
    made = Workshop(tmp_path_factory.mktemp("shop")).prepare()
    made.make_key("signer")
    made.make_key("other")
    return made
