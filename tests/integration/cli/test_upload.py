"""Uploading files, against a registry and into layouts, as a user runs it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cosignpy.cli.app import run
from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Tag
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.registry import options as client
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.charts import provenance_of, write_chart

Capture = pytest.CaptureFixture[str]
FOO = "sha256:58e5ad0966f26e37881bf955d9a675d9e74b49e3b94b882a9d7f686447f7eede"
"""What cosign makes of a file with `hello` and a line break."""


@pytest.fixture
def registry() -> Iterator[str]:
    with LocalRegistry() as running:
        yield running.address


@pytest.fixture(autouse=True)
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    (home / "foo").write_text("hello\n")
    (home / "foo.json").write_text('{"a":1}\n')
    (home / "m.wasm").write_bytes(b"\0asm\x01\0\0\0")
    return home


def out(capsys: Capture, *argv: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run(list(argv)) == code, capsys.readouterr().err
    return capsys.readouterr().out


def fetch(address: str, repository: str, name: str) -> Any:
    session = RegistrySession(address, client.RegistryOptions())
    source = RemoteRepository(session, repository)
    found = source.fetch_manifest(Digest.parse(name) if ":" in name else Tag(name))
    contents = [source.fetch_blob(layer) for layer in found.layers]
    session.close()
    return found, contents


def test_a_file_is_found_under_its_tag_and_the_digest_is_printed(registry: str, capsys: Capture) -> None:
    assert out(capsys, "upload", "blob", "-f", "foo", f"{registry}/up/foo:1") == f"{registry}/up/foo@{FOO}\n"
    found, contents = fetch(registry, "up/foo", "1")
    assert (str(found.digest), contents) == (FOO, [b"hello\n"])


def test_without_a_tag_it_is_the_latest(registry: str, capsys: Capture) -> None:
    out(capsys, "upload", "blob", "-f", "foo", "--ct", "text/x-thing", "-a", "k=v", f"{registry}/up/foo")
    found, _ = fetch(registry, "up/foo", "latest")
    assert (found.layers[0].media_type, found.annotations) == ("text/x-thing", {"k": "v"})


def test_files_for_platforms_are_an_index_of_images(registry: str, capsys: Capture) -> None:
    files = ("-f", "foo:linux/amd64", "-f", "foo.json:darwin/arm64")
    told = json.loads(out(capsys, "upload", "blob", *files, "-o", "json", f"{registry}/up/foo:1"))
    assert told["reference"] == f"{registry}/up/foo@{told['digest']}"
    assert [(item["file"], item["platform"]) for item in told["files"]] == [
        ("foo", "linux/amd64"),
        ("foo.json", "darwin/arm64"),
    ]
    index, _ = fetch(registry, "up/foo", "1")
    assert [str(entry.digest) for entry in index.manifests] == [item["manifest"] for item in told["files"]]
    _, contents = fetch(registry, "up/foo", told["files"][1]["manifest"])
    assert contents == [b'{"a":1}\n']


def test_the_variable_has_one_file_in_each_line(
    registry: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_FILES", "foo:linux/amd64\nfoo.json:darwin")
    told = json.loads(out(capsys, "upload", "blob", "-o", "json", f"{registry}/up/foo:1"))
    assert [item["file"] for item in told["files"]] == ["foo", "foo.json"]


def test_a_platform_of_one_file_is_said_to_go_nowhere(registry: str, capsys: Capture) -> None:
    assert run(["upload", "blob", "-f", "foo:linux/amd64", f"{registry}/up/foo"]) == 0
    assert "linux/amd64 is left out" in capsys.readouterr().err


def test_a_module(registry: str, capsys: Capture) -> None:
    out(capsys, "upload", "wasm", "-f", "m.wasm", f"{registry}/up/module:1")
    _, contents = fetch(registry, "up/module", "1")
    assert contents == [b"\0asm\x01\0\0\0"]


def test_a_chart_is_tagged_by_its_version(registry: str, home: Path, capsys: Capture) -> None:
    chart = write_chart(home)
    digest = Digest.of(chart.read_bytes())
    (home / "app.tgz.prov").write_text(provenance_of(str(digest)))
    printed = out(capsys, "upload", "chart", "app.tgz", f"{registry}/charts/app")
    found, contents = fetch(registry, "charts/app", "1.2.3_build.4")
    assert printed == f"{registry}/charts/app@{found.digest}\n"
    assert set(contents) == {chart.read_bytes(), (home / "app.tgz.prov").read_bytes()}


def test_a_chart_where_helm_would_not_put_it_is_warned_about(registry: str, home: Path, capsys: Capture) -> None:
    write_chart(home)
    assert run(["upload", "chart", "app.tgz", f"{registry}/charts"]) == 0
    assert f"helm push would put it into {registry}/charts/app" in capsys.readouterr().err


def test_files_of_any_kind(registry: str, capsys: Capture) -> None:
    files = ("foo:application/x-foo", "foo.json")
    out(capsys, "upload", "artifact", *files, f"{registry}/up/any:1", "--artifact-type=application/x-any", "-a", "k=v")
    found, contents = fetch(registry, "up/any", "1")
    assert (found.artifact_type, found.annotations, len(contents)) == ("application/x-any", {"k": "v"}, 2)
    titles = [layer.annotations["org.opencontainers.image.title"] for layer in found.layers]
    assert (titles, found.layers[0].media_type) == (["foo", "foo.json"], "application/x-foo")


@pytest.mark.parametrize("place", ["oci-layout:kept", "oci-archive:kept.tar"])
def test_into_a_layout_and_on_to_a_registry(registry: str, capsys: Capture, place: str) -> None:
    named = out(capsys, "upload", "blob", "-f", "foo", f"{place}:1").strip()
    assert named == f"{place}@{FOO}"
    out(capsys, "copy", named, f"{registry}/up/copied:1")
    assert fetch(registry, "up/copied", "1")[1] == [b"hello\n"]


def test_what_is_named_by_its_digest_is_uploaded_without_a_tag(registry: str, capsys: Capture) -> None:
    out(capsys, "upload", "blob", "-f", "foo", f"{registry}/up/foo@{FOO}")
    assert run(["upload", "blob", "-f", "foo", f"{registry}/up/foo:1@{FOO}"]) == 0
    assert fetch(registry, "up/foo", FOO)[1] == [b"hello\n"]
    assert run(["tree", f"{registry}/up/foo:1"]) == 11


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("blob", "{name}"), 2, "nothing to upload"),
        (("wasm", "{name}"), 2, "nothing to upload"),
        (("blob", "-f", "none", "{name}"), 3, "none: no such file"),
        (("blob", "-f", ".", "{name}"), 3, "is a folder"),
        (("blob", "-f", "/dev/zero", "{name}"), 3, "is a pipe or a device"),
        (("blob", "-f", "foo", "--ct", "text", "{name}"), 4, "RFC 6838"),
        (("blob", "-f", "foo:linux/", "{name}"), 4, "is not OS"),
        (("blob", "-f", "foo", "-f", "foo.json:linux", "{name}"), 2, "each is for a platform"),
        (("blob", "-f", "foo:linux", "-f", "foo.json:linux", "{name}"), 2, "there is a file for linux before it"),
        (("blob", "-f", "foo", "-a", "k", "{name}"), 2, "is not NAME=VALUE"),
        (("blob", "-f", "foo", "-a", "k=1", "-a", "k=2", "{name}"), 2, "given twice"),
        (("blob", "-f", "foo.json", "{name}@" + FOO), 2, "and not sha256:58e5ad"),
        (("blob", "-f", "foo", "docker-daemon:foo"), 2, "cannot be written to a Docker engine"),
        (("wasm", "-f", "foo", "{name}"), 4, "does not begin with"),
        (("chart", "foo", "{name}"), 4, "is no archive that helm package made"),
        (("artifact", "foo", "{name}"), 2, "an artifact has a type"),
        (("artifact", "foo", "{name}", "--artifact-type", "thing"), 4, "RFC 6838"),
        (("artifact", "foo:thing", "{name}", "--artifact-type", "a/b"), 4, "RFC 6838"),
        (("artifact", "foo", "./foo", "{name}", "--artifact-type", "a/b"), 2, "two files are called foo"),
    ],
)
def test_bad_input_is_refused_before_anything_is_pushed(
    registry: str, capsys: Capture, argv: tuple[str, ...], code: int, said: str
) -> None:
    assert run(["upload", *[text.replace("{name}", f"{registry}/up/bad") for text in argv]]) == code
    assert said in capsys.readouterr().err
    assert run(["tree", f"{registry}/up/bad"]) == 11


def test_a_chart_s_tag_is_its_version(registry: str, home: Path, capsys: Capture) -> None:
    write_chart(home)
    out(capsys, "upload", "chart", "app.tgz", f"{registry}/charts/app:1.2.3_build.4")
    assert run(["upload", "chart", "app.tgz", f"{registry}/charts/app:1.2.3"]) == 2
    assert "and not 1.2.3" in capsys.readouterr().err


def test_a_registry_that_refuses_is_told(capsys: Capture) -> None:
    with LocalRegistry(RegistryOptions(faults=Faults(status=403))) as running:
        assert run(["upload", "blob", "-f", "foo", f"{running.address}/up/foo"]) == 21
    assert capsys.readouterr().out == ""
