"""`dockerfile verify` and `manifest verify` on a registry: each image once, each place named, pinned on request."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import validate

from cosignpy.cli.app import run
from cosignpy.core.oci.manifest import Manifest
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.image_policies import BY_KEY, PASS, document, encode
from tests.support.memory_repository import push_image
from tests.support.signed import KEY
from tests.support.signed_images import sign

Capture = pytest.CaptureFixture[str]
SCHEMA: Final = json.loads((Path(__file__).parents[3] / "docs" / "formats" / "evidence.schema.json").read_text())
USAGE: Final = 2
UNSIGNED: Final = 10
BY: Final = ("--key=cosign.pub", "--insecure-ignore-tlog")


@dataclass(frozen=True)
class Place:
    """A registry with `team/app:1`, which is signed, and `team/other:1`, which is not."""

    address: str
    app: Manifest

    @property
    def good(self) -> str:
        return f"{self.address}/team/app:1"

    @property
    def bad(self) -> str:
        return f"{self.address}/team/other:1"

    @property
    def pinned(self) -> str:
        return f"{self.good}@{self.app.digest}"


@pytest.fixture(scope="module")
def registry() -> Iterator[Place]:
    with LocalRegistry() as server:
        session = RegistrySession(server.address, RegistryOptions())
        app = push_image(RemoteRepository(session, "team/app"), tag="1")
        push_image(RemoteRepository(session, "team/other"), tag="1")
        sign(RemoteRepository(session, "team/app"), app)
        yield Place(server.address, app)
        session.close()


@pytest.fixture
def place(registry: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("COSIGN_REPOSITORY", raising=False)
    Path("cosign.pub").write_bytes(KEY.public_key.encode_pem())
    return registry


def dockerfile(text: str, *flags: str) -> int:
    Path("Dockerfile").write_text(text)
    return run(["dockerfile", "verify", *(flags or BY), "Dockerfile"])


def manifest(text: str, *flags: str) -> int:
    Path("app.yaml").write_text(text)
    return run(["manifest", "verify", *(flags or BY), "app.yaml"])


def pod(*images: str, kind: str = "Pod", labels: str = "{}") -> str:
    containers = "".join(f"\n  - image: {image}" for image in images)
    return (
        f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: web, labels: {labels}}}\nspec:\n  containers:{containers}\n"
    )


def test_every_place_of_a_dockerfile_has_a_line(place: Place, capsys: Capture) -> None:
    text = f"FROM {place.good} AS build\nFROM scratch\nCOPY \\\n --from={place.good} a b\n"
    assert dockerfile(text) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines.count(f"Verified {place.good}") == 1
    assert lines[-2:] == [
        f"Dockerfile:1: {place.good}: verified (FROM of stage build)",
        f"Dockerfile:4: {place.good}: verified (COPY --from in stage 1)",
    ]


def test_one_image_that_is_not_signed_refuses_the_file(place: Place, capsys: Capture) -> None:
    assert dockerfile(f"FROM {place.good}\nCOPY --from={place.bad} a b\n") == UNSIGNED
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-2:] == [
        f"Dockerfile:1: {place.good}: verified (FROM of stage 0)",
        f"Dockerfile:2: {place.bad}: refused (COPY --from in stage 0)",
    ]
    assert f"no signatures found for {place.bad}" in printed.err


def test_the_base_image_alone(place: Place) -> None:
    text = f"FROM {place.good} AS base\nFROM {place.bad}\nFROM base\nCOPY --from=1 a b\n"
    assert dockerfile(text) == UNSIGNED
    assert dockerfile(text, "--base-image-only", *BY) == 0
    assert dockerfile(f"FROM {place.bad}\nFROM scratch", "--base-image-only", *BY) == USAGE


def test_arguments_of_the_build(place: Place, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"ARG TAG\nFROM {place.address}/team/app:$TAG\n"
    assert dockerfile(text) == USAGE
    assert "Dockerfile:2: FROM" in capsys.readouterr().err
    assert dockerfile(text, "--build-arg=TAG=1", *BY) == 0
    assert dockerfile(text, "--build-arg=TAG", *BY) == USAGE
    monkeypatch.setenv("TAG", "1")
    assert dockerfile(text) == USAGE
    assert dockerfile(text, "--build-arg=TAG", *BY) == 0


def test_a_platform_is_an_argument_too(place: Place, capsys: Capture) -> None:
    text = f"FROM {place.address}/team/$TARGETARCH:1\n"
    dockerfile(text, "--platform=linux/app", *BY)
    assert f"{place.address}/team/app:1" in capsys.readouterr().out


def test_frontends(place: Place, capsys: Capture) -> None:
    own = f"# syntax=docker/dockerfile:1\nFROM {place.good}\n"
    assert dockerfile(own) == 0
    assert "WARNING: Dockerfile:1: docker/dockerfile:1 reads this file" in capsys.readouterr().err
    assert dockerfile(f"# syntax={place.bad}\nFROM {place.good}\n") == UNSIGNED
    assert dockerfile(f"# syntax={place.good}\nFROM {place.good}\n") == 0
    assert dockerfile(f"# syntax=Not/An:Image:\nFROM {place.good}\n") == USAGE


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("text", ["FROM scratch", "FROM Not/Lower", "FROM a:b:c", "FROM oci-layout:x/y"])
def test_a_file_without_an_image_or_with_something_else_is_refused(text: str) -> None:
    assert dockerfile(text) == USAGE


def test_manifests_of_a_folder(place: Place, capsys: Capture) -> None:
    Path("app").mkdir()
    Path("app/a.yaml").write_text(pod(place.good))
    Path("app/b.json").write_text(json.dumps({"kind": "Pod", "spec": {"containers": [{"image": place.good}]}}))
    Path("app/notes.txt").write_text("nothing")
    assert run(["manifest", "verify", *BY, "app"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"app/a.yaml:6: {place.good}: verified (Pod web, spec.containers[0].image)",
        f"app/b.json:1: {place.good}: verified (Pod, spec.containers[0].image)",
    ]
    Path("empty").mkdir()
    assert run(["manifest", "verify", *BY, "empty"]) == 3


def test_a_manifest_with_one_bad_image_and_json(place: Place, capsys: Capture) -> None:
    assert manifest(pod(place.good, place.bad), "--output=json", *BY) == UNSIGNED
    found = json.loads(capsys.readouterr().out)
    assert [(image["image"], image["verified"]) for image in found["images"]] == [
        (place.good, True),
        (place.bad, False),
    ]
    validate(found, SCHEMA)
    field = "spec.containers[1].image"
    assert found["images"][1]["usedAt"] == [{"as": "Pod web", "field": field, "file": "app.yaml", "line": 7}]


def test_what_is_not_looked_at_is_told_taken_or_refused(place: Place, capsys: Capture) -> None:
    other = f"{pod(place.good)}---\napiVersion: example.com/v1\nkind: Other\nspec: {{image: {place.bad}}}\n"
    assert manifest(other) == 0
    assert "WARNING: app.yaml:10: not looked at: spec.image, of Other.example.com" in capsys.readouterr().err
    assert manifest(other, "--strict", *BY) == USAGE
    assert manifest(other, "--image-fields", *BY) == UNSIGNED
    assert manifest("kind: ConfigMap\napiVersion: v1") == USAGE


def test_policies_are_about_workloads(place: Place, capsys: Capture) -> None:
    pods = {"version": "v1", "resource": "pods", "selector": {"matchLabels": {"app": "web"}}}
    Path("policy.yaml").write_bytes(encode(document(BY_KEY, match=[pods]), document(PASS, name="all")))
    by = ("--policy=policy.yaml",)
    assert manifest(pod(place.bad), *by) == 0
    assert manifest(pod(place.bad, labels="{app: web}"), *by) == UNSIGNED
    assert manifest(pod(place.good, labels="{app: web}"), *by) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(": admitted (Pod web, spec.containers[0].image)")
    both = f"{pod(place.bad)}---\n{pod(place.bad, labels='{app: web}')}---\n{pod(place.bad)}"
    assert manifest(both, "--output=json", *by) == UNSIGNED
    found = json.loads(capsys.readouterr().out)["images"]
    assert [(image["admitted"], len(image["usedAt"])) for image in found] == [(True, 2), (False, 1)]


@pytest.mark.parametrize(("kind", "code"), [("Pod", 0), ("Deployment", 12)])
def test_a_condition_about_the_workload_itself(place: Place, kind: str, code: int) -> None:
    text = f'package sigstore\nisCompliant {{ input.typemeta.kind == "{kind}" }}\n'
    condition = {"type": "rego", "data": text, "includeTypeMeta": True}
    Path("policy.yaml").write_bytes(encode(document(PASS, policy=condition)))
    assert manifest(pod(place.good), "--policy=policy.yaml") == code


def test_policies_about_a_dockerfile(place: Place, capsys: Capture) -> None:
    Path("policy.yaml").write_bytes(encode(document(BY_KEY)))
    text = f"FROM {place.good}\nFROM {place.bad}"
    assert dockerfile(text, "--policy=policy.yaml") == UNSIGNED
    assert [line.partition(": ")[2] for line in capsys.readouterr().out.splitlines()[-2:]] == [
        f"{place.good}: admitted (FROM of stage 0)",
        f"{place.bad}: refused (FROM of stage 1)",
    ]


@pytest.mark.usefixtures("place")
def test_whoever_signed_twice_is_named_once(capsys: Capture) -> None:
    Path("policy.yaml").write_bytes(encode(document(BY_KEY)))
    with LocalRegistry() as server:
        session = RegistrySession(server.address, RegistryOptions())
        repository = RemoteRepository(session, "team/app")
        app = push_image(repository, tag="1")
        sign(repository, app)
        sign(repository, app, annotations={"again": "yes"})
        assert run(["policy", "verify", "--policy=policy.yaml", f"{server.address}/team/app:1"]) == 0
        session.close()
    told = capsys.readouterr().out
    assert (told.count("signed by"), told.count("found in")) == (1, 2)


def test_pinned_files_differ_in_nothing_else(place: Place, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    text = f"# é\r\nFROM {place.good} AS x\r\nFROM {place.pinned}\r\nRUN --mount=from={place.good},target=/x y"
    assert dockerfile(text, "--pin", *BY) == 0
    expected = text.replace(f"{place.good} ", f"{place.pinned} ").replace(f"{place.good},", f"{place.pinned},")
    assert capsysbinary.readouterr().out == expected.encode()
    text = f"x: &c {{image: '{place.good}'}} # é\nkind: Pod\nspec: {{containers: [*c, *c, {{image: {place.good}}}]}}\n"
    assert manifest(text, "--pin", *BY) == 0
    assert capsysbinary.readouterr().out == text.replace(place.good, place.pinned).encode()


def test_nothing_is_pinned_unless_everything_verifies(place: Place, capsys: Capture) -> None:
    text = f"FROM {place.good}\nFROM {place.bad}"
    assert dockerfile(text, "--pin", *BY) == UNSIGNED
    assert (told := capsys.readouterr()).out == ""
    assert f"Dockerfile:2: {place.bad}: refused" in told.err
    assert dockerfile(text, "--pin", "--output-file=pinned", *BY) == UNSIGNED
    assert not Path("pinned").exists()
    assert f"Dockerfile:2: {place.bad}: refused" in capsys.readouterr().err
    assert dockerfile(f"ARG X={place.good}\nFROM $X", "--pin", *BY) == USAGE
    assert "Dockerfile:2: " in capsys.readouterr().err
    Path("policy.yaml").write_bytes(encode(document(PASS)))
    assert dockerfile(f"FROM {place.good}", "--pin", "--policy=policy.yaml") == USAGE


@pytest.mark.parametrize(
    "flags",
    [
        ("--pin", "--output=json", *BY),
        ("--pin", "--recursive", *BY),
        ("--pin", *BY, "Dockerfile"),
        ("--local-image", *BY),
        ("--insecure-ignore-tlog",),
        ("--policy=policy.yaml", "--key=cosign.pub"),
        ("--policy=policy.yaml", "--insecure-ignore-tlog"),
        ("--policy=policy.yaml", "--certificate-identity=x"),
        ("--policy=policy.yaml", "--annotations=a=b"),
        ("--policy=policy.yaml", "--platform=linux/amd64"),
        ("--policy=policy.yaml", "--recursive"),
        ("--policy=policy.yaml", "--deny-key=sha256:00"),
        ("--policy=policy.yaml", "--ca-roots=x"),
        ("--policy=policy.yaml", "--certificate=x"),
        ("--policy=policy.yaml", "--output=cosign"),
        ("--policy-signers=policy.yaml", *BY),
        ("--build-arg==x", *BY),
    ],
)
def test_flags_that_contradict_each_other_are_refused(place: Place, flags: tuple[str, ...]) -> None:
    Path("policy.yaml").write_bytes(encode(document(PASS)))
    assert dockerfile(f"FROM {place.good}", *flags) == USAGE


def test_the_flags_that_are_refused_are_the_reason(place: Place) -> None:
    Path("policy.yaml").write_bytes(encode(document(BY_KEY)))
    flags: Any = ("--policy=policy.yaml", "--max-workers=1", "--offline")
    assert dockerfile(f"FROM {place.good}", *flags) == 0
    assert dockerfile(f"FROM {place.good}", "--recursive", *BY) == 0


def test_what_is_no_text_is_refused(place: Place, capsys: Capture) -> None:
    Path("Dockerfile").write_bytes(b"FROM a\n# \xff\n")
    assert run(["dockerfile", "verify", *BY, "Dockerfile"]) == USAGE
    assert "Dockerfile:2: not UTF-8" in capsys.readouterr().err
    Path("app.yaml").write_bytes(b"\xef\xbb\xbf" + pod(place.good).encode())
    assert run(["manifest", "verify", *BY, "app.yaml"]) == 0


@pytest.mark.usefixtures("place")
def test_more_images_than_anybody_has_are_refused() -> None:
    assert dockerfile("FROM a\n" + "".join(f"COPY --from=a:{n} x y\n" for n in range(5001))) == 4
