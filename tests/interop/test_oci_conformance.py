"""The embedded registry, judged by the OCI's own conformance suite: every one of its four groups passes.

The same suite on the peers, for comparison (not asserted): distribution 3.1.2 fails 5 of 79, all of them referrers;
Debian's distribution 2.8 fails 12 (chunks out of order, tag paging, error bodies, tag deletion, referrers);
go-containerregistry's registry fails 14, with its referrers API switched on 13 (locations, uploads' status, referrers).
"""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.interop.programs import Workshop

STOP_SECONDS: Final = 10
PREFIX: Final = "[It] OCI Distribution Conformance Tests "

PASSED: Final = {"Pull": 24, "Push": 27, "Content Discovery": 14, "Content Management": 10}
SKIPPED: Final = {
    "Pull Setup Get tag name from environment": "for a registry that cannot be pushed to; the suite pushed its own",
    "Content Discovery Setup Populate registry with test tags (no push)": "as above",
    "Push Cross-Repository Blob Mount Cross-mounting of nonexistent blob should yield session id": (
        "for a registry that answers a mount with 202 although it may; ours mounts"
    ),
    "Push Cross-Repository Blob Mount Cross-mounting without from, and automatic content discovery disabled"
    " should return a 202": "the alternative to finding the blob in another repository, which ours does",
}


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Run the registry as users do, and yield the address it prints first."""
    program = Path(sys.executable).with_name("cosignpy")
    command = [str(program), "registry", "serve", "--port", "0", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


@pytest.fixture(scope="module", params=["manifests first", "blobs first"])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """The name and status of each test, as the suite reports them; the parameter is the order in which it deletes."""
    folder = tmp_path_factory.mktemp("conformance")
    with serving(folder / "registry") as address:
        workshop = Workshop(folder).with_environment(
            OCI_ROOT_URL=f"http://{address}",
            OCI_NAMESPACE="conformance/one",
            OCI_CROSSMOUNT_NAMESPACE="conformance/two",
            OCI_TEST_PULL="1",
            OCI_TEST_PUSH="1",
            OCI_TEST_CONTENT_DISCOVERY="1",
            OCI_TEST_CONTENT_MANAGEMENT="1",
            OCI_AUTOMATIC_CROSSMOUNT="1",
            OCI_DELETE_MANIFEST_BEFORE_BLOBS="1" if request.param == "manifests first" else "0",
            OCI_REPORT_DIR=str(folder),
        )
        said = workshop.run("oci-conformance").stdout
    report = folder / "junit.xml"
    assert report.is_file(), said
    cases = ET.parse(report).iter("testcase")
    return [(case.attrib["name"].removeprefix(PREFIX), case.attrib["status"]) for case in cases]


def test_no_test_fails(results: list[tuple[str, str]]) -> None:
    assert [result for result in results if result[1] not in {"passed", "skipped"}] == []


def test_every_group_runs_whole(results: list[tuple[str, str]]) -> None:
    passed = [name for name, status in results if status == "passed"]
    assert {group: sum(name.startswith(f"{group} ") for name in passed) for group in PASSED} == PASSED


def test_only_the_known_tests_are_skipped(results: list[tuple[str, str]]) -> None:
    assert {name for name, status in results if status == "skipped"} == SKIPPED.keys()
