"""`policy verify-blob`: where bundles are found, which policies are about a file, and how it is said."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.trust.trusted_root import encode_trusted_root
from tests.support.image_policies import PASS, encode, own_document
from tests.support.virtual_sigstore import ARTIFACT, EMAIL, ISSUER, ROOT, USER_KEY, key_bundle, v1_bundle

Capture = pytest.CaptureFixture[str]
KEYED: Final = {"name": "release", "key": {"data": USER_KEY.public_key.encode_pem().decode()}}
ALICE: Final = {"keyless": {"identities": [{"issuer": ISSUER, "subject": EMAIL}]}}
UNSIGNED: Final = 10
REFUSED: Final = 12
USAGE: Final = 2
FILE_ERROR: Final = 3


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("dist").mkdir()
    for name in ("dist/app.whl", "dist/app.zip"):
        Path(name).write_bytes(ARTIFACT)
    Path("dist/app.whl.sigstore.json").write_bytes(encode_bundle(key_bundle()))
    Path("alice.json").write_bytes(encode_bundle(v1_bundle()))
    Path("root.json").write_bytes(encode_trusted_root(ROOT))
    return tmp_path


def verify(*arguments: str, authorities: tuple[dict[str, Any], ...] = (KEYED,), **spec: Any) -> int:
    made = own_document(*authorities, **{"images": [], "files": [{"glob": "app.*"}], **spec})
    Path("policy.yaml").write_bytes(encode(made))
    return run(["policy", "verify-blob", "--policy=policy.yaml", "--trusted-root=root.json", *arguments])


def test_the_bundle_beside_a_file(capsys: Capture) -> None:
    assert verify("dist/app.whl") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Admitted dist/app.whl", f"  digest       {Digest.of(ARTIFACT)}"]
    assert lines[2].startswith("  policy       team: passed by release (policy.yaml:")
    assert lines[4] == "    found in     dist/app.whl.sigstore.json"


def test_each_file_has_a_bundle_of_its_own(capsys: Capture) -> None:
    assert verify("dist/app.whl", "dist/app.zip") == UNSIGNED
    printed = capsys.readouterr()
    assert printed.out.startswith("Admitted dist/app.whl\n")
    assert "Error: no signatures found for dist/app.zip\n  hint: make one with: cosignpy sign-blob" in printed.err


def test_bundles_that_are_named_stand_in_for_the_one_beside_it(capsys: Capture) -> None:
    both = {"authorities": (KEYED, ALICE), "require": "all"}
    assert verify("dist/app.whl", **both) == REFUSED
    assert verify("dist/app.whl", "--bundle=alice.json", **both) == REFUSED
    capsys.readouterr()
    assert verify("dist/app.whl", "--bundle=alice.json", "--bundle=dist/app.whl.sigstore.json", **both) == 0
    reason = next(line for line in capsys.readouterr().out.splitlines() if "policy" in line)
    assert reason.count("policy.yaml:") == 2
    assert verify("dist/app.whl", "--bundle=absent.json") == FILE_ERROR
    assert verify("dist/app.whl", "dist/app.zip", "--bundle=alice.json") == USAGE


def test_what_has_no_name_is_refused(capsys: Capture) -> None:
    assert verify("-") == USAGE
    assert verify(str(Digest.of(ARTIFACT))) == USAGE
    assert "has no name" in capsys.readouterr().err


def test_the_folder_says_nothing_and_the_name_all(capsys: Capture) -> None:
    Path("app.whl").write_bytes(ARTIFACT)
    Path("app.whl.sigstore.json").write_bytes(encode_bundle(key_bundle()))
    assert verify("app.whl") == 0
    assert verify("dist/app.whl", files=[{"glob": "dist*"}]) == REFUSED
    assert "Error: no policy is about dist/app.whl\n  hint: a policy is about files" in capsys.readouterr().err


def test_the_decision_as_json(capsys: Capture) -> None:
    assert verify("--output=json", "dist/app.whl") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["images"]) == ("cosignpy/policy-decision/v1", [])
    (file,) = found["files"]
    assert (file["file"], file["digest"], file["admitted"]) == ("dist/app.whl", str(Digest.of(ARTIFACT)), True)
    (signature,) = file["policies"][0]["authorities"][0]["signatures"]
    assert (signature["location"], signature["type"]) == ("dist/app.whl.sigstore.json", "signature over a file")


def test_a_file_that_is_denied(capsys: Capture) -> None:
    assert verify("dist/app.whl", authorities=(PASS,), deny=[{"digest": str(Digest.of(ARTIFACT))}]) == REFUSED
    assert "never counts: the deny list has the digest" in capsys.readouterr().err


def test_a_file_that_is_not_there() -> None:
    assert verify("dist/app.tar") == FILE_ERROR


@pytest.mark.parametrize("language", ["cel", "rego"])
@pytest.mark.parametrize("holds", [True, False])
def test_a_condition_is_told_the_evidence_of_a_file_and_when_it_is_decided_again(language: str, holds: bool) -> None:
    wanted = Digest.of(ARTIFACT if holds else b"another")
    texts = {
        "cel": f'evidence.authorityMatches["release"].signatures[0].signed.digest == "{wanted}"',
        "rego": (
            "package sigstore\n"
            f'isCompliant {{ data.evidence.authorityMatches.release.signatures[0].signed.digest == "{wanted}" }}\n'
        ),
    }
    code = verify("dist/app.whl", "--evidence=e.json", policy={"type": language, "data": texts[language]})
    assert (code == 0) is holds
    Path("dist/app.whl").unlink()
    assert run(["policy", "replay", "e.json"]) == 0
