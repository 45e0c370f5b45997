"""The programs in examples/, as a newcomer runs them: against a whole authority and a registry."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.keyless_site import Keyless, serve_keyless
from tests.support.memory_repository import push_image
from tests.support.tokens import EMAIL

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
LIBRARY: Final = sorted(path.stem for path in EXAMPLES.glob("*.py") if not path.stem.startswith("demo"))
MOST_STATEMENTS: Final = 12
"""Ten lines, and two more where there is something to print in a loop; imports and the docstring are not counted."""
SIGNING: Final = ("token", "signing.json", "root.json")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        running.succeed("generate-key-pair", "--output-key-prefix=signer")
        yield running


@pytest.fixture
def who(site: Keyless) -> tuple[str, ...]:
    return EMAIL, site.site.issuer.url, "root.json"


@pytest.fixture
def blob(site: Keyless, request: pytest.FixtureRequest) -> str:
    name = f"{request.node.originalname}.bin"
    (site.folder / name).write_bytes(b"content")
    return name


def run(site: Keyless, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    measured = {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
    return subprocess.run(
        [sys.executable, EXAMPLES / f"{program}.py", *arguments],
        cwd=site.folder,
        env={"HOME": str(site.folder), "COSIGN_PASSWORD": "secret", **measured},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def tell(site: Keyless, program: str, *arguments: str) -> str:
    """Run a program where it has to work."""
    done = run(site, program, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_file_is_signed_and_verified(site: Keyless, blob: str, who: tuple[str, ...]) -> None:
    assert tell(site, "sign_blob", blob, *SIGNING).startswith(f"{blob}: signed, entry ")
    assert tell(site, "verify_blob", blob, *who).startswith(f"{blob}: signed by {EMAIL} before ")
    site.succeed("verify-blob", *site.who, "--trusted-root=root.json", blob)
    (site.folder / blob).write_bytes(b"changed")
    assert "ClaimMismatch" in run(site, "verify_blob", blob, *who).stderr


def test_a_refusal_is_explained(site: Keyless, blob: str, who: tuple[str, ...]) -> None:
    tell(site, "sign_blob", blob, *SIGNING)
    assert tell(site, "explain_refusal", blob, *who) == ""
    refused = run(site, "explain_refusal", blob, "mallory@example.com", *who[1:])
    assert refused.returncode == 1
    assert [line.split()[1] for line in refused.stdout.splitlines() if line.startswith("identity")] == ["failed"]
    assert "hint: if this is who should have signed" in refused.stderr


def test_a_file_is_attested_and_the_attestation_verified(site: Keyless, blob: str, who: tuple[str, ...]) -> None:
    (site.folder / "review.json").write_text('{"reviewed": true}')
    assert ": attested, entry " in tell(site, "attest_blob", blob, "review.json", *SIGNING)
    assert '"predicate":{"reviewed": true}' in tell(site, "verify_attestation", blob, *who)


def test_an_image_is_signed_and_verified(site: Keyless, who: tuple[str, ...]) -> None:
    with LocalRegistry() as registry:
        session = RegistrySession(registry.address, RegistryOptions())
        digest = push_image(RemoteRepository(session, "team/app"), b"layer", "1").descriptor.digest
        session.close()
        image = f"{registry.address}/team/app"
        assert ": signed, entry " in tell(site, "sign_image", f"{image}@{digest}", *SIGNING)
        assert tell(site, "verify_image", f"{image}:1", *who).startswith(f"{digest}: 1 signatures by {EMAIL}")
        assert "NoMatchingSignatures" in run(site, "verify_image", f"{image}:1", "mallory", *who[1:]).stderr
        explained = ("explain", *site.who, "--trusted-root=root.json", "-a", "built-by=ci", f"{image}:1")
        told = site.succeed(*explained).stdout.decode()
        assert f"signed by {EMAIL}, says {site.site.issuer.url}" in told
        assert f"says {site.site.ca.url}" in told
        assert f"of {site.site.log.url} (hashedrekord 0.0.2)" in told or f"of {site.site.log.url} (dsse 0.0.2)" in told
        refused = site.run("explain", *site.who, "--trusted-root=root.json", "-a", "built-by=me", f"{image}:1")
        assert refused.returncode == 12
        assert "✗ artifact: the signed annotation built-by is ci, wanted me" in refused.stdout.decode()
        assert "✓ log: everybody can see it" in refused.stdout.decode()


def test_a_key_signs_and_verifies(site: Keyless, blob: str) -> None:
    assert ": signed by the key sha256:" in tell(site, "sign_with_key", blob, "signer.key")
    assert ": signed by the key sha256:" in tell(site, "verify_with_key", blob, "signer.pub")
    assert "SignatureMismatch" in run(site, "verify_with_key", blob, "rekor-v1.pub").stderr


def test_a_trusted_root_is_shown(site: Keyless) -> None:
    told = tell(site, "inspect_trusted_root", "root.json").splitlines()
    assert [line.split()[0] for line in told] == ["log"] * 3 + ["authority"] * 2


@pytest.mark.parametrize("program", LIBRARY)
def test_a_program_is_ten_lines_and_run_here_and_listed(program: str) -> None:
    tree = ast.parse((EXAMPLES / f"{program}.py").read_text())
    body = [node for node in tree.body[1:] if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert sum((node.end_lineno or 0) - node.lineno + 1 for node in body) <= MOST_STATEMENTS
    assert {
        name.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    } <= {
        "os",
        "sys",
    }
    assert f'"{program}"' in Path(__file__).read_text()
    assert f"[{program}.py]({program}.py)" in (EXAMPLES / "README.md").read_text()
