"""Policies in a registry: pushed, signed, pinned, used by every command that reads policies, and refused unsigned."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.image_policies import BY_KEY, FAIL, PASS, PEM, document, encode
from tests.support.memory_repository import push_image
from tests.support.policy_resources import secret
from tests.support.signed import OTHER_KEY
from tests.support.signed_images import sign

Capture = pytest.CaptureFixture[str]
USAGE: Final = 2
FILE_ERROR: Final = 3
MALFORMED: Final = 4
UNSIGNED: Final = 10
NOT_THERE: Final = 11
REFUSED: Final = 12
IMAGE: Final = "ghcr.io/team/app:1"
BY_OTHER: Final = {"key": {"data": OTHER_KEY.public_key.encode_pem().decode()}}


@dataclass(frozen=True)
class Place:
    """A registry, and a folder with a policy."""

    address: str
    policies: RemoteRepository

    @property
    def name(self) -> str:
        return f"{self.address}/team/policies"

    def push(self, *documents: dict[str, Any], tag: str = "1") -> Manifest:
        Path("pushed").mkdir(exist_ok=True)
        Path("pushed/team.yaml").write_bytes(encode(*documents))
        assert run(["policy", "push", "pushed", f"{self.name}:{tag}"]) == 0
        return self.policies.fetch_manifest(Tag(tag))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("COSIGN_REPOSITORY", raising=False)
    with LocalRegistry() as registry:
        session = RegistrySession(registry.address, RegistryOptions())
        yield Place(registry.address, RemoteRepository(session, "team/policies"))
        session.close()


def test_what_is_pushed_is_pulled_unchanged(place: Place, capsys: Capture) -> None:
    manifest = place.push(document(PASS))
    printed = capsys.readouterr()
    assert printed.out == f"{place.name}@{manifest.digest}\n"
    assert printed.err == "Pushed 1 file, 1 policy\n"
    assert run(["policy", "pull", f"{place.name}@{manifest.digest}", "--dir=a/b"]) == 0
    assert capsys.readouterr().out == "a/b/team.yaml\n"
    assert Path("a/b/team.yaml").read_bytes() == Path("pushed/team.yaml").read_bytes()
    assert run(["policy", "pull", f"oci://{place.name}:1", "--dir=a/b"]) == 0


def test_what_is_there_and_something_else_is_not_replaced(place: Place, capsys: Capture) -> None:
    place.push(document(PASS))
    Path("team.yaml").write_text("mine")
    assert run(["policy", "pull", f"{place.name}:1"]) == FILE_ERROR
    assert "Error: team.yaml: is there already, and is something else" in capsys.readouterr().err
    assert Path("team.yaml").read_text() == "mine"


def test_the_same_policies_have_the_same_digest(place: Place) -> None:
    assert place.push(document(PASS)).digest == place.push(document(PASS), tag="2").digest
    assert place.push(document(FAIL)).digest != place.push(document(PASS), tag="2").digest


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (secret("keys", key=PEM), 0),
        (secret("keys", key=f"{PEM}-----BEGIN PRIVATE KEY-----"), USAGE),
        (secret("pull", "team", "kubernetes.io/dockerconfigjson", **{".dockerconfigjson": "{}"}), USAGE),
    ],
)
def test_what_is_secret_is_neither_pushed_nor_recorded(
    place: Place, capsys: Capture, held: dict[str, Any], code: int
) -> None:
    Path("team.yaml").write_bytes(encode(document(PASS), held))
    assert run(["policy", "push", "team.yaml", f"{place.name}:1"]) == code
    assert run(["policy", "verify", "--policy=team.yaml", "--evidence=seen.json", IMAGE]) == code
    assert ("more than public keys in it" in capsys.readouterr().err) is bool(code)
    assert Path("seen.json").exists() is not bool(code)


def test_a_digest_pins_and_a_tag_says_so_once(place: Place, capsys: Capture) -> None:
    manifest = place.push(document(PASS))
    capsys.readouterr()
    assert run(["policy", "verify", f"--policy=oci://{place.name}@{manifest.digest}", IMAGE, f"{IMAGE}2"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"passed by authority-0 (oci://{place.name}@{manifest.digest}/team.yaml:9)" in printed.out
    assert run(["policy", "verify", f"--policy=oci://{place.name}:1", IMAGE, f"{IMAGE}2"]) == 0
    assert capsys.readouterr().err == (
        f"WARNING: oci://{place.name}:1 is a tag, which others can move; "
        f"what is read now: oci://{place.name}@{manifest.digest}\n"
    )


def test_every_command_reads_them(place: Place, capsys: Capture) -> None:
    pinned = f"oci://{place.name}@{place.push(document(FAIL, PASS)).digest}"
    Path("a.test.yaml").write_text(f"policies: ['{pinned}']\ncases:\n  - image: {IMAGE}\n    verdict: admitted\n")
    capsys.readouterr()
    assert run(["policy", "test", "a.test.yaml"]) == 0
    assert run(["policy", "explain", f"--policy={pinned}", IMAGE]) == 0
    assert f"policy team ({pinned}/team.yaml:1): passed" in capsys.readouterr().out
    assert run(["policy", "lint", pinned]) == 1
    assert f"error: {pinned}/team.yaml:12: spec.authorities[1]: passes every image" in capsys.readouterr().out


def test_a_tag_in_several_files_of_tests_is_read_and_said_once(place: Place, capsys: Capture) -> None:
    place.push(document(PASS))
    for name in ("a", "b"):
        case = f"cases:\n  - image: {IMAGE}\n    verdict: admitted\n"
        Path(f"{name}.test.yaml").write_text(f"policies: ['oci://{place.name}:1']\n{case}")
    capsys.readouterr()
    assert run(["policy", "test", "."]) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith("2 cases: 2 passed, 0 failed\n")
    assert printed.err.count("is a tag, which others can move") == 1


def test_who_has_to_have_signed_them_is_a_policy_too(place: Place, capsys: Capture) -> None:
    manifest = place.push(document(PASS))
    verify = ["policy", "verify", "--policy-signers=root.yaml", f"--policy=oci://{place.name}@{manifest.digest}", IMAGE]
    about = [{"glob": f"{place.name}@*"}]
    Path("root.yaml").write_bytes(encode(document(dict(BY_KEY), name="root", images=about)))
    capsys.readouterr()
    assert run(verify) == UNSIGNED
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"{place.name}@{manifest.digest} is refused by --policy-signers: nothing in it is used\n" in printed.err
    sign(place.policies, manifest)
    assert run(verify) == 0
    assert run(["policy", "pull", "--policy-signers=root.yaml", f"{place.name}:1", "--dir=pulled"]) == 0
    Path("root.yaml").write_bytes(encode(document(BY_OTHER, name="root", images=about)))
    assert run(verify) == REFUSED
    assert run(["policy", "pull", "--policy-signers=root.yaml", f"{place.name}:1", "--dir=other"]) == REFUSED
    assert not Path("other").exists()
    assert run(["policy", "explain", *verify[2:]]) == REFUSED


def test_policies_about_other_artifacts_are_no_signature(place: Place, capsys: Capture) -> None:
    manifest = place.push(document(PASS))
    sign(place.policies, manifest)
    Path("root.yaml").write_bytes(encode(document(dict(BY_KEY), name="root", images=[{"glob": "ghcr.io/**"}])))
    pinned = f"{place.name}@{manifest.digest}"
    assert run(["policy", "verify", "--policy-signers=root.yaml", f"--policy=oci://{pinned}", IMAGE]) == REFUSED
    assert f"Error: no policy is about {pinned}\n" in capsys.readouterr().err


def test_signers_that_only_warn_warn(place: Place, capsys: Capture) -> None:
    manifest = place.push(document(PASS))
    Path("root.yaml").write_bytes(encode(document(dict(BY_KEY), name="root", mode="warn")))
    pinned = f"{place.name}@{manifest.digest}"
    assert run(["policy", "verify", "--policy-signers=root.yaml", f"--policy=oci://{pinned}", IMAGE]) == 0
    assert f"WARNING: {pinned}: no signatures found for {pinned}\n" in capsys.readouterr().err


def test_signers_are_files(place: Place, capsys: Capture) -> None:
    pinned = f"oci://{place.name}@{place.push(document(PASS)).digest}"
    assert run(["policy", "verify", f"--policy-signers={pinned}", f"--policy={pinned}", IMAGE]) == USAGE
    assert f"Error: {pinned} is in a registry" in capsys.readouterr().err


def test_what_is_not_a_policy_is_not_pushed(place: Place, capsys: Capture) -> None:
    Path("a.yaml").write_bytes(encode({"kind": "Pod"}))
    assert run(["policy", "push", "a.yaml", f"{place.name}:1"]) == USAGE
    assert "a.yaml:1: kind: 'Pod' is not read" in capsys.readouterr().err
    Path("a.yaml").write_bytes(encode(document(PASS)))
    assert run(["policy", "push", "a.yaml", f"{place.name}@sha256:{'0' * 64}"]) == USAGE
    assert run(["policy", "pull", f"{place.name}:1"]) == NOT_THERE


def test_an_image_is_no_policy(place: Place, capsys: Capture) -> None:
    push_image(place.policies, tag="image")
    assert run(["policy", "verify", f"--policy=oci://{place.name}:image", IMAGE]) == MALFORMED
    assert "is of type application/vnd.oci.image.config.v1+json" in capsys.readouterr().err


def test_a_digest_that_is_not_there(place: Place) -> None:
    place.push(document(PASS))
    assert run(["policy", "verify", f"--policy=oci://{place.name}@sha256:{'0' * 64}", IMAGE]) == NOT_THERE


def test_an_artifact_whose_documents_are_none_is_refused_by_its_file(place: Place, capsys: Capture) -> None:
    from cosignpy.operations.policy_artifact import PolicyFile, push_policies

    push_policies(place.policies, [PolicyFile("a.yaml", b"# nothing\n")], Tag("none"))
    assert run(["policy", "verify", f"--policy=oci://{place.name}:none", IMAGE]) == USAGE
    assert f"Error: oci://{place.name}:none/a.yaml:1: no policy in it" in capsys.readouterr().err
    assert run(["policy", "lint", "--output=json", f"oci://{place.name}:none"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["place"] == f"oci://{place.name}:none/a.yaml:1"
