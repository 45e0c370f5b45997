"""`policy-tester` on a registry: its verdicts are the policy controller's, where ours would be others too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cosignpy.cli.app import run
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.image_policies import document
from tests.support.memory_repository import push_image
from tests.support.signed import KEY, OTHER_KEY
from tests.support.signed_images import BUNDLE, LEGACY, sign

Capture = pytest.CaptureFixture[str]
REPOSITORY: Final = "team/app"
REFUSED: Final = 12


def by(pem: bytes, **fields: Any) -> dict[str, Any]:
    return {"key": {"data": pem.decode()}, **fields}


BY_KEY: Final = by(KEY.public_key.encode_pem())


@pytest.fixture(scope="module")
def registry() -> Iterator[LocalRegistry]:
    with LocalRegistry() as running:
        session = RegistrySession(running.address, RegistryOptions())
        repository = RemoteRepository(session, REPOSITORY)
        push_image(repository, b"unsigned", tag="unsigned")
        sign(repository, push_image(repository, b"legacy", tag="legacy"), KEY, LEGACY)
        sign(repository, push_image(repository, b"bundle", tag="bundle"), KEY, BUNDLE)
        session.close()
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("COSIGN_REPOSITORY", raising=False)


def ask(policy: dict[str, Any], image: str, capsys: Capture) -> tuple[int, list[str]]:
    Path("policy.yaml").write_text(yaml.safe_dump(policy))
    code = run(["policy-tester", "-policy", "policy.yaml", "-image", image, "-log-level", "error"])
    said = capsys.readouterr()
    assert said.err == ""
    return code, json.loads(said.out)["errors"] if said.out else []


def test_who_signed_decides(registry: LocalRegistry, capsys: Capture) -> None:
    name = f"{registry.address}/{REPOSITORY}"
    assert ask(document(BY_KEY), f"{name}:legacy", capsys) == (0, [])
    failed = "signature key validation failed for authority authority-0 for"
    mismatch = "no matching signatures: invalid signature when validating ASN.1 encoded signature: "
    other = by(OTHER_KEY.public_key.encode_pem())
    assert ask(document(other), f"{name}:legacy", capsys) == (1, [f"{failed} {name}:legacy: {mismatch}"])
    found = ask(document(BY_KEY), f"{name}:unsigned", capsys)
    assert found == (1, [f"{failed} {name}:unsigned: no signatures found: "])
    assert ask(document(BY_KEY), f"{name}:absent", capsys)[0] == 1


def test_bundles_by_keys_count_for_us_and_not_for_the_tester(registry: LocalRegistry, capsys: Capture) -> None:
    image = f"{registry.address}/{REPOSITORY}:bundle"
    code, errors = ask(document(BY_KEY), image, capsys)
    assert (code, errors[0].endswith("no signatures found: ")) == (1, True)
    code, errors = ask(document(BY_KEY | {"signatureFormat": "bundle"}), image, capsys)
    assert (code, errors[0].endswith("the authority must be keyless: ")) == (1, True)
    assert run(["policy", "verify", "--policy", "policy.yaml", image]) == 0


def test_a_hash_that_is_named_counts_alone(registry: LocalRegistry, capsys: Capture) -> None:
    image = f"{registry.address}/{REPOSITORY}:legacy"
    policy = document({"key": BY_KEY["key"] | {"hashAlgorithm": "sha512"}})
    code, errors = ask(policy, image, capsys)
    assert (code, len(errors)) == (1, 1)


def test_policies_may_be_on_the_web(capsys: Capture) -> None:
    assert run(["policy-tester", "-policy", "http://127.0.0.1:1/p.yaml", "-image", "a/b"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.startswith("CIP is invalid: "), said.err.endswith(": policies[0].url\n")) == (
        "", True, True,
    )  # fmt: skip
