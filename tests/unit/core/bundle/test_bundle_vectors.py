"""Bundles of other projects: each is described, and what verifies does so after an upgrade."""

from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.bundle.description import describe_bundle
from cosignpy.core.bundle.difference import diff_bundles
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
from cosignpy.core.bundle.upgrade import is_current, needs_proof
from cosignpy.core.encoding import encode_json
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.operations.upgrade_bundle import upgrade
from tests.support import vectors
from tests.support.kept_entries import KeptEntries
from tests.unit.core.verify.test_vectors import CASES, artifacts, policy, trust

pytestmark = vectors.NEEDED

UNREADABLE: Final = {
    "bundle-invalid-base64-signature_fail",
    "bundle-negative-log-index_fail",
    "slsa-gha-invalid-dsse-sig_fail",
    "slsa-gha-invalid-set_fail",
}
READABLE: Final = [case for case in CASES if case.parent.name not in UNREADABLE]


def parsed(case: Path) -> Bundle:
    return parse_bundle(case.read_bytes())


def upgradable(case: Path) -> bool:
    """Tell whether a bundle verifies and is of an older version that has its proofs."""
    bundle = parsed(case)
    proved = not any(needs_proof(entry) for entry in bundle.log_entries)
    return proved and not is_current(bundle) and not case.parent.name.endswith("_fail")


@pytest.mark.parametrize("case", READABLE, ids=lambda case: case.parent.name)
def test_a_bundle_is_described(case: Path) -> None:
    bundle = parsed(case)
    found = describe_bundle(bundle)
    encode_json(found)
    assert (len(found["logEntries"]), len(found["timestamps"])) == (len(bundle.log_entries), len(bundle.timestamps))
    assert diff_bundles(bundle, bundle) == ()
    if not case.parent.name.endswith("_fail"):
        assert found.pop("problems") == []
        assert "'problem" not in str(found)


@pytest.mark.parametrize("case", list(filter(upgradable, READABLE)), ids=lambda case: case.parent.name)
def test_what_verifies_does_so_after_an_upgrade(case: Path) -> None:
    log = KeptEntries()
    made = parse_bundle(encode_bundle(upgrade(parsed(case), log)))
    assert (made.version, log.requests) == ("0.3", [])
    for artifact in artifacts(case.parent):
        verify_bundle(made, artifact, trust(case.parent), policy(case.parent))
