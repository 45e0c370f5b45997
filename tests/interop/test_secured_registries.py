"""Signing and verifying where TLS is by an authority of one's own, and every request needs credentials."""

import base64
import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from tests.interop.images import push_image
from tests.interop.programs import NO_MATCH, Format, Tool, Workshop
from tests.interop.secured import PASSWORD, USER, run_basic_registry, run_bearer_registry
from tests.support.tls_files import Authority, Pair

UNREACHABLE: Final = 20
ACCESS_DENIED: Final = 21
FLAGS: Final = (f"--registry-username={USER}", f"--registry-password={PASSWORD}")
REGISTRIES: Final = {"basic": run_basic_registry, "bearer": run_bearer_registry}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("127.0.0.1")


@pytest.fixture(scope="module", params=REGISTRIES)
def registry(request: pytest.FixtureRequest, pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with REGISTRIES[request.param](tmp_path_factory.mktemp("registry"), pair) as address:
        yield address


@pytest.fixture(scope="module")
def anonymous(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A workshop whose home holds no credentials."""
    made = Workshop(tmp_path_factory.mktemp("shop")).prepare()
    made.make_key("signer")
    made.make_key("other")
    return made


@pytest.fixture
def known(anonymous: Workshop, registry: str, tmp_path: Path) -> Workshop:
    """The same workshop with a Docker configuration that has the registry's credentials."""
    entry = {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry: entry}}))
    return anonymous.with_environment(DOCKER_CONFIG=str(tmp_path))


@pytest.fixture
def push(known: Workshop, registry: str, authority: Authority) -> Callable[[str], str]:
    """Push an image by crane, which takes its authorities from the environment."""
    pusher = known.with_environment(SSL_CERT_FILE=str(authority.certificate))
    return lambda label: push_image(pusher, f"{registry}/interop/secured", label)


@pytest.mark.parametrize(("signer", "form"), list(product(Tool, Format)))
def test_everybody_verifies_by_flags(
    anonymous: Workshop, push: Callable[[str], str], authority: Authority, signer: Tool, form: Format
) -> None:
    image, cacert = push(f"flags-{signer}-{form}"), f"--registry-cacert={authority.certificate}"
    anonymous.sign(signer, form, image, "signer", cacert, *FLAGS)
    runs = [anonymous.verify(verifier, form, image, "signer", cacert, *FLAGS) for verifier in Tool]
    assert [run for run in runs if run.exit_code] == []
    assert anonymous.verify(Tool.OURS, form, image, "other", cacert, *FLAGS).exit_code == NO_MATCH


@pytest.mark.parametrize("signer", Tool)
def test_everybody_verifies_by_docker_configuration(
    known: Workshop, push: Callable[[str], str], authority: Authority, signer: Tool
) -> None:
    image, cacert = push(f"config-{signer}"), f"--registry-cacert={authority.certificate}"
    known.sign(signer, Format.BUNDLE, image, "signer", cacert)
    runs = [known.verify(verifier, Format.BUNDLE, image, "signer", cacert) for verifier in Tool]
    assert [run for run in runs if run.exit_code] == []


def test_cosign_uses_what_cosignpy_login_stored(
    anonymous: Workshop, push: Callable[[str], str], registry: str, authority: Authority, tmp_path: Path
) -> None:
    image, cacert = push("login"), f"--registry-cacert={authority.certificate}"
    shop = anonymous.with_environment(DOCKER_CONFIG=str(tmp_path / "login"))
    login = ("login", registry, "--username", USER, "--password-stdin", cacert)
    assert shop.run(Tool.OURS, *login, stdin="wrong").exit_code == ACCESS_DENIED
    shop.run(Tool.OURS, *login, stdin=PASSWORD).expect_success()
    shop.sign(Tool.V3, Format.BUNDLE, image, "signer", cacert)
    assert shop.verify(Tool.OURS, Format.BUNDLE, image, "signer", cacert).exit_code == 0


def test_cosignpy_uses_what_cosign_login_stored(
    anonymous: Workshop, push: Callable[[str], str], registry: str, authority: Authority, tmp_path: Path
) -> None:
    image, cacert = push("cosign-login"), f"--registry-cacert={authority.certificate}"
    shop = anonymous.with_environment(DOCKER_CONFIG=str(tmp_path / "login"))
    shop.run(Tool.V3, "login", registry, "--username", USER, "--password-stdin", stdin=PASSWORD).expect_success()
    shop.sign(Tool.OURS, Format.BUNDLE, image, "signer", cacert)
    assert shop.verify(Tool.V3, Format.BUNDLE, image, "signer", cacert).exit_code == 0


@pytest.mark.parametrize(
    ("flags", "exit_code"),
    [
        pytest.param((), ACCESS_DENIED, id="no credentials"),
        pytest.param((f"--registry-username={USER}", "--registry-password=wrong"), ACCESS_DENIED, id="wrong password"),
    ],
)
def test_without_the_right_credentials_access_is_denied(
    anonymous: Workshop, push: Callable[[str], str], authority: Authority, flags: tuple[str, ...], exit_code: int
) -> None:
    image, cacert = push("denied"), f"--registry-cacert={authority.certificate}"
    run = anonymous.verify(Tool.OURS, Format.BUNDLE, image, "signer", cacert, *flags)
    assert run.exit_code == exit_code
    assert PASSWORD not in run.stderr


def test_without_the_authority_the_registry_is_not_trusted(anonymous: Workshop, push: Callable[[str], str]) -> None:
    run = anonymous.verify(Tool.OURS, Format.BUNDLE, push("untrusted"), "signer", *FLAGS)
    assert run.exit_code == UNREACHABLE
