"""Without the packages of servers, one line says how to get them."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import pytest

from cosignpy.errors import UsageError
from cosignpy.serving.extra import PACKAGES, explaining_absence, importing_plainly

PROJECT: Final = Path(__file__).parents[3] / "pyproject.toml"


def test_the_packages_are_those_of_the_extra() -> None:
    listed = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]["server"]
    wanted = {re.split(r"[<>=]", requirement)[0] for requirement in listed}
    providers = packages_distributions()
    provided = {name.lower().replace("_", "-") for package in PACKAGES for name in providers[package]}
    assert (provided, len(PACKAGES)) == (wanted, len(wanted))


@pytest.mark.parametrize("missing", ["starlette", "starlette.types"])
def test_a_missing_package_is_a_hint(missing: str) -> None:
    with pytest.raises(UsageError) as caught, explaining_absence("its"):
        raise ModuleNotFoundError(name=missing)
    assert caught.value.hint == "pip install 'cosignpy[server]'"


@pytest.mark.parametrize("missing", ["lightkube.config", "httpx2", "starlette"])
def test_what_the_webhook_needs_is_another_extra(missing: str) -> None:
    with pytest.raises(UsageError) as caught, explaining_absence("its", "kubernetes"):
        raise ModuleNotFoundError(name=missing)
    assert caught.value.hint == "pip install 'cosignpy[kubernetes]'"


def test_a_package_of_another_extra_is_our_own_fault() -> None:
    with pytest.raises(ModuleNotFoundError), explaining_absence("its"):
        raise ModuleNotFoundError(name="lightkube")


@pytest.mark.parametrize("missing", ["log_server.app", "starlettes", None])
def test_any_other_missing_module_is_our_own_fault(missing: str | None) -> None:
    with pytest.raises(ModuleNotFoundError), importing_plainly("its"):
        raise ModuleNotFoundError(name=missing)


def test_a_server_says_it_and_exits(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, importing_plainly("the logs'"):
        raise ModuleNotFoundError(name="uvicorn")
    said = "error: the logs' packages are not installed\nhint: pip install 'cosignpy[server]'\n"
    assert (caught.value.code, capsys.readouterr()) == (2, ("", said))
