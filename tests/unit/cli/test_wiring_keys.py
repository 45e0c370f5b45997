"""What the environment says about time and media types, and sizes as Go programs take them."""

from datetime import UTC, datetime

import pytest

from cosignpy.cli.units import parse_duration, parse_size
from cosignpy.cli.wiring_keys import legacy_style, signing_time
from cosignpy.core.bundle.legacy import DEFAULT_CREATED
from cosignpy.core.oci.manifest import DOCKER_MANIFEST, OCI_MANIFEST
from cosignpy.errors import UsageError

EPOCH = datetime(2026, 7, 24, 9, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOURCE_DATE_EPOCH", "COSIGN_DOCKER_MEDIA_TYPES"):
        monkeypatch.delenv(name, raising=False)


def test_the_time_is_now_unless_a_reproducible_build_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    before = datetime.now(UTC)
    assert before <= signing_time() <= datetime.now(UTC)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(EPOCH.timestamp())))
    assert signing_time() == EPOCH
    assert legacy_style(None).created == "2026-07-24T09:00:00Z"


@pytest.mark.parametrize("text", ["soon", "-1", "1.5", "1_0", "\u0665", "100000000000000"])
def test_an_epoch_that_is_no_number_of_seconds_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(UsageError):
        signing_time()


def test_legacy_images_have_gos_zero_time_and_oci_types_unless_asked_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (legacy_style(None).created, legacy_style(None).manifest_type) == (DEFAULT_CREATED, OCI_MANIFEST)
    assert legacy_style(EPOCH).created == "2026-07-24T09:00:00Z"
    monkeypatch.setenv("COSIGN_DOCKER_MEDIA_TYPES", "0")
    assert legacy_style(None).manifest_type == OCI_MANIFEST
    monkeypatch.setenv("COSIGN_DOCKER_MEDIA_TYPES", "1")
    assert legacy_style(EPOCH).manifest_type == DOCKER_MANIFEST
    assert legacy_style(EPOCH).created == "2026-07-24T09:00:00Z"


@pytest.mark.parametrize(
    ("text", "wanted"), [("4096", 4096), ("64MiB", 64 << 20), ("1GB", 10**9), ("2 kib", 2048), ("0", 0)]
)
def test_sizes(text: str, wanted: int) -> None:
    assert parse_size(text) == wanted


@pytest.mark.parametrize("text", ["", "MiB", "-1", "1.5MiB", "1TiB", "64MiB ", "\u0665"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)


@pytest.mark.parametrize(("text", "wanted"), [("3m0s", 180), ("1h30m", 5400), ("500ms", 0.5), ("0", 0), ("1.5s", 1.5)])
def test_durations(text: str, wanted: float) -> None:
    assert parse_duration(text) == wanted


@pytest.mark.parametrize("text", ["", "soon", "3", "3m x", "-1s", "s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_duration(text)
