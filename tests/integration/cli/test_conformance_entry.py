"""The public conformance suite's command line, as a process."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support import vectors

pytestmark = vectors.NEEDED

ENTRY: Final = Path(__file__).resolve().parents[2] / "conformance" / "entry"
CASES: Final = "sigstore-conformance"
BEACON: Final = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
    "extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
SOMEBODY: Final = (
    f"--certificate-identity={BEACON}",
    "--certificate-oidc-issuer=https://token.actions.githubusercontent.com",
)


def verify(case: str, *flags: str, artifact: str = "") -> int:
    bundle = vectors.path(f"{CASES}/{case}/bundle.sigstore.json")
    root = vectors.path("trusted_roots/production_trusted_root.json")
    named = artifact or str(vectors.path(f"{CASES}/a.txt"))
    command = [sys.executable, ENTRY, "verify-bundle", "--bundle", bundle, "--trusted-root", root, *flags, named]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode


@pytest.mark.parametrize("artifact", ["", "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf"])
def test_a_good_case_is_accepted(artifact: str) -> None:
    assert verify("happy-path-v0.3-new-mediaType", *SOMEBODY, artifact=artifact) == 0


def test_a_case_with_a_key_is_accepted() -> None:
    case = "managed-key-happy-path"
    own = vectors.path(f"{CASES}/{case}")
    artifact = own / "artifact"
    flags = ("--key", str(own / "key.pub"))
    assert verify(case, *flags, artifact=str(artifact) if artifact.is_file() else "") == 0


def test_a_bad_case_and_a_bad_question_are_refused() -> None:
    assert verify("signature-mismatch_fail", *SOMEBODY) == 12
    assert verify("happy-path-v0.3-new-mediaType") == 2
