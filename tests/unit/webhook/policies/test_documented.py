"""What the page about policies in a cluster says of them."""

from pathlib import Path
from typing import Final

import pytest

from cosignpy.webhook.live_settings import CONFIG_MAP, Unreadable
from cosignpy.webhook.policies import conditions
from cosignpy.webhook.policies.fetching import FetchTimes
from cosignpy.webhook.resources.validating import MORE_RESOURCES
from tests.support.recorded_policies import definitions

PAGE: Final = (Path(__file__).resolve().parents[4] / "docs" / "kubernetes-policies.md").read_text()


@pytest.mark.parametrize(
    "name",
    [
        *(conditions.IN_FORCE, conditions.TRUST_ROOTS_FOUND, conditions.FRESH),
        *("Ready", "KeysInlined", "PoliciesInlined", "ConfigMapUpdated", "Invalid"),
        *("Current", "LastGood", "Refusing", "TrustRootMissing", "RefreshFailed", "Expired"),
        *MORE_RESOURCES,
        CONFIG_MAP,
        f"unreadable-policies: {Unreadable.WARN}",
    ],
)
def test_all_that_a_status_can_say_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_pauses_are_those_that_are_told() -> None:
    times = FetchTimes()
    assert f"after {times.first:.0f} s, and later up to every {times.longest / 60:.0f} minutes" in PAGE


def test_the_limits_are_those_of_the_definitions() -> None:
    (version, _) = definitions()["ClusterImagePolicy"]["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    authority = spec["authorities"]["items"]["properties"]
    found = [
        spec["images"]["maxItems"],
        spec["authorities"]["maxItems"],
        authority["keyless"]["properties"]["identities"]["maxItems"],
        authority["attestations"]["maxItems"],
        spec["policy"]["properties"]["data"]["maxLength"] // 1024,
    ]
    assert found == [1000, 100, 100, 50, 128]
    assert "1000 globs, 100 authorities with 100\nidentities and 50 attestations each, and texts of 128 KiB" in PAGE
