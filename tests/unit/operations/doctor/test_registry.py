"""What is said of a registry."""

from typing import Any

import pytest

from cosignpy.errors import AccessDenied, NoSuchTag, RemoteError, Unreachable
from cosignpy.operations.doctor.facts import Facts, RegistryFacts
from cosignpy.operations.doctor.registry import check_registry
from cosignpy.values import replace
from tests.support.trust_repository import NOW

GOOD = RegistryFacts("r.example/app", has_referrers=True, image="r.example/app:1")
FINE = ["registry-answers", "registry-referrers-api", "image-found"]


def names(registry: RegistryFacts | None, *, offline: bool = False) -> list[str]:
    return [finding.name for finding in check_registry(Facts(NOW, registry=registry, offline=offline))]


def test_an_image_that_is_there() -> None:
    assert names(GOOD) == FINE


def test_a_registry_alone() -> None:
    assert names(RegistryFacts("r.example")) == ["registry-answers"]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"has_referrers": False}, [FINE[0], "registry-without-referrers-api", FINE[2]]),
        ({"image_error": NoSuchTag("r.example/app:1")}, [*FINE[:2], "image-missing"]),
        ({"image_error": RemoteError("r", "u", 500, "why")}, [*FINE[:2], "registry-fails"]),
        ({"image_error": AccessDenied("r", "u", 403, "why")}, [*FINE[:2], "registry-denies"]),
        ({"error": AccessDenied("r.example", "u", 401, "why")}, ["registry-denies"]),
        ({"error": Unreachable("r.example", "u", None, "why")}, ["registry-fails"]),
    ],
)
def test_what_may_be_wrong(changes: dict[str, Any], wanted: list[str]) -> None:
    assert names(replace(GOOD, **changes)) == wanted


def test_what_it_was_shown() -> None:
    (found, *_) = check_registry(Facts(NOW, registry=replace(GOOD, shown="a token")))
    assert found.text == "r.example/app answers, shown a token"


def test_none_is_asked() -> None:
    (found,) = check_registry(Facts(NOW))
    assert (found.name, found.text) == ("registry-not-asked", "name an image or a registry to ask it")
    (found,) = check_registry(Facts(NOW, offline=True))
    assert (found.name, found.text) == ("registry-not-asked", "offline: no registry is asked")
