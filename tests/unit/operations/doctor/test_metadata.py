"""Whether what the trust mirror said is still good."""

from datetime import timedelta
from typing import Any

import pytest

from cosignpy.errors import UsageError
from cosignpy.operations.doctor.facts import CacheFacts, Facts
from cosignpy.operations.doctor.findings import Finding
from cosignpy.operations.doctor.metadata import ROLES, SOON, check_metadata
from cosignpy.values import replace
from tests.support.trust_repository import NOW

GOOD = CacheFacts("https://tuf.example", "cache/tuf.example", {role: NOW + timedelta(days=60) for role in ROLES})


def check(cache: CacheFacts | None) -> list[Finding]:
    return list(check_metadata(Facts(NOW, cache=cache)))


def test_each_role_is_told_with_its_end() -> None:
    found = check(GOOD)
    assert [finding.name for finding in found] == ["metadata-valid"] * 4
    assert found[1].text == "timestamp of https://tuf.example is valid until 2026-07-31 12:00 UTC"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("left", "wanted"),
    [("soon", "metadata-valid"), ("sooner", "metadata-expires-soon"), ("over", "metadata-expired")],
)
def test_of_each_role_it_is_told_that_it_expires(role: str, left: str, wanted: str) -> None:
    second = timedelta(seconds=1)
    until = NOW + {"soon": SOON[role], "sooner": SOON[role] - second, "over": timedelta()}[left]
    found = check(replace(GOOD, expires={**GOOD.expires, role: until}))
    assert {finding.name for finding in found if finding.text.startswith(f"{role} of")} == {wanted}
    assert [finding.name for finding in found if not finding.text.startswith(f"{role} of")] == ["metadata-valid"] * 3


def test_a_role_of_which_there_is_nothing_is_not_told_of() -> None:
    assert len(check(replace(GOOD, expires={"timestamp": GOOD.expires["timestamp"]}))) == 1


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"unreadable": {"root.json": "permission denied"}}, "trust-cache-unreadable"),
        ({"writable_by_others": ("cache",)}, "trust-cache-writable"),
        ({"is_locked": True}, "trust-cache-locked"),
    ],
)
def test_what_is_wrong_with_the_cache_comes_first(changes: dict[str, Any], wanted: str) -> None:
    found = check(replace(GOOD, **changes))
    assert [finding.name for finding in found] == [wanted, *["metadata-valid"] * 4]


@pytest.mark.parametrize("expires", [{}, {"root": NOW - timedelta(days=1)}], ids=["nothing", "what trust begins with"])
def test_nothing_was_ever_fetched(expires: dict[str, Any]) -> None:
    (found,) = check(replace(GOOD, expires=expires))
    assert found.name == "trust-never-fetched"
    assert "cosignpy initialize" in found.remedy


def test_a_mirror_that_is_none() -> None:
    (found,) = check(replace(GOOD, error=UsageError("there is no folder for the cache of trust")))
    assert (found.name, found.text) == ("trust-mirror-unusable", "there is no folder for the cache of trust")


def test_files_need_no_mirror() -> None:
    assert [finding.name for finding in check(None)] == ["trust-cache-unused"]
