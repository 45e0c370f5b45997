"""What we upload is what cosign, oras and Helm would have uploaded, and each reads what the other put there."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from cosignpy.core.digest import Digest
from tests.interop.programs import Format, Tool, Workshop
from tests.support.charts import provenance_of, write_chart
from tests.support.registries import run_program

FILES: Final = {
    "foo": b"hello\n",
    "empty": b"",
    "page.html": b"<!DOCTYPE html><p>",
    "x.xml": b"<?xml version='1.0'?><bom/>",
    "x.gz": b"\x1f\x8b\x08\0\0\0\0\0",
    "x.zip": b"PK\x03\x04",
    "m.wasm": b"\0asm\x01\0\0\0",
    "x.bin": b"\x7fELF\x02\x01\x01\0",
    "x.mp4": b"\0\0\0\x18ftypisom\0\0\0\0mp42isom",
    "x.json": b'{"a":1}\n',
    "large": b"0123456789abcdef" * 300_000,
}
COSIGN: Final = (Tool.V2, Tool.V3)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop")).prepare()
    made.make_key("signer")
    for name, content in FILES.items():
        (made.folder / name).write_bytes(content)
    return made


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("distribution-3") as running:
        yield running.address


def digest_of(shop: Workshop, name: str) -> str:
    return shop.run("crane", "digest", name).expect_success().stdout.strip()


def manifest_of(shop: Workshop, name: str) -> Any:
    return json.loads(shop.run("crane", "manifest", name).expect_success().stdout)


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_the_image_that_cosign_makes_of_it(shop: Workshop, registry: str, file: str) -> None:
    printed = {
        tool: shop.run(tool, "upload", "blob", "-f", file, f"{registry}/blob/{tool}:1").expect_success().stdout.strip()
        for tool in Tool
    }
    for tool, reference in printed.items():
        assert reference == f"{registry}/blob/{tool}@{digest_of(shop, f'{registry}/blob/{tool}:1')}"
    assert len({reference.partition("@")[2] for reference in printed.values()}) == 1


@pytest.mark.parametrize("flags", [("--ct", "application/x-thing"), ("-a", "k=v", "-a", "a=b")], ids=["type", "said"])
def test_what_is_said_of_it_is_the_same(shop: Workshop, registry: str, flags: tuple[str, ...]) -> None:
    found = set()
    for tool in Tool:
        shop.run(tool, "upload", "blob", "-f", "foo", *flags, f"{registry}/said/{tool}:1").expect_success()
        found.add(digest_of(shop, f"{registry}/said/{tool}:1"))
    assert len(found) == 1


def test_files_for_platforms_are_the_index_that_cosign_makes_of_them(shop: Workshop, registry: str) -> None:
    """Version 2 leaves out what version 3 says of the images, their artifact type."""
    files = ("-a", "k=v", "-f", "foo:linux/amd64", "-f", "x.json:darwin")
    for tool in Tool:
        shop.run(tool, "upload", "blob", *files, f"{registry}/many/{tool}:1").expect_success()
    ours, v3, v2 = (manifest_of(shop, f"{registry}/many/{tool}:1") for tool in (Tool.OURS, Tool.V3, Tool.V2))
    assert digest_of(shop, f"{registry}/many/{Tool.OURS}:1") == digest_of(shop, f"{registry}/many/{Tool.V3}:1")
    assert ours == v3
    for entry in ours["manifests"]:
        del entry["artifactType"]
    assert ours == v2


def test_cosign_leaves_out_the_variant_of_a_platform(shop: Workshop, registry: str) -> None:
    files = ("-f", "foo:linux/arm/v7", "-f", "x.json:linux/amd64")
    found = {}
    for tool in (Tool.OURS, Tool.V3):
        shop.run(tool, "upload", "blob", *files, f"{registry}/variant/{tool}:1").expect_success()
        found[tool] = manifest_of(shop, f"{registry}/variant/{tool}:1")["manifests"][0]["platform"]
    assert found[Tool.V3] == {"architecture": "arm", "os": "linux"}
    assert found[Tool.OURS] == {**found[Tool.V3], "variant": "v7"}


def test_a_module_is_the_artifact_that_cosign_makes_of_it(shop: Workshop, registry: str) -> None:
    """Version 2 has another config, which lists the module; types and content are the same."""
    for tool in Tool:
        shop.run(tool, "upload", "wasm", "-f", "m.wasm", f"{registry}/wasm/{tool}:1").expect_success()
    ours, v3, v2 = (manifest_of(shop, f"{registry}/wasm/{tool}:1") for tool in (Tool.OURS, Tool.V3, Tool.V2))
    assert ours == v3
    assert (ours["layers"], ours["config"]["mediaType"]) == (v2["layers"], v2["config"]["mediaType"])


@pytest.mark.parametrize("tool", COSIGN)
def test_two_files_for_one_platform_are_an_index_to_cosign_and_refused_here(
    shop: Workshop, registry: str, tool: Tool
) -> None:
    files = ("-f", "foo:linux", "-f", "x.json:linux")
    shop.run(tool, "upload", "blob", *files, f"{registry}/twice/{tool}:1").expect_success()
    assert shop.run(Tool.OURS, "upload", "blob", *files, f"{registry}/twice/ours:1").exit_code == 2


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("uploader", Tool)
def test_what_was_uploaded_is_signed_by_one_and_verified_by_all(
    shop: Workshop, registry: str, uploader: Tool, form: Format
) -> None:
    image = f"{registry}/signed/{uploader}-{form}"
    shop.run(uploader, "upload", "wasm", "-f", "m.wasm", f"{image}:1").expect_success()
    named = f"{image}@{digest_of(shop, f'{image}:1')}"
    shop.sign(Tool.V3 if uploader is Tool.OURS else Tool.OURS, form, named, "signer")
    assert [run for tool in Tool if (run := shop.verify(tool, form, named, "signer")).exit_code] == []


def test_oras_pulls_what_we_uploaded(shop: Workshop, registry: str) -> None:
    name = f"{registry}/oras/ours:1"
    files = ("foo:application/x-foo", "x.json", "large", "empty")
    shop.run(Tool.OURS, "upload", "artifact", *files, name, "--artifact-type=application/x-any").expect_success()
    shop.run("oras", "pull", "--plain-http", "-o", "pulled", name).expect_success()
    for file in ("foo", "x.json", "large", "empty"):
        assert (shop.folder / "pulled" / file).read_bytes() == FILES[file]
    assert manifest_of(shop, name)["artifactType"] == "application/x-any"


@pytest.mark.parametrize("form", Format)
def test_what_oras_pushed_is_signed_and_verified(shop: Workshop, registry: str, form: Format) -> None:
    name = f"{registry}/oras/theirs-{form}"
    push = ("push", "--plain-http", "--artifact-type=application/x-any", f"{name}:1", "foo:application/x-foo", "x.json")
    shop.run("oras", *push).expect_success()
    named = f"{name}@{digest_of(shop, f'{name}:1')}"
    shop.sign(Tool.OURS, form, named, "signer")
    assert [run for tool in Tool if (run := shop.verify(tool, form, named, "signer")).exit_code] == []


def test_what_oras_attached_is_shown_signed_and_copied(shop: Workshop, registry: str) -> None:
    name = f"{registry}/oras/attached"
    shop.run(Tool.OURS, "upload", "blob", "-f", "foo", f"{name}:1").expect_success()
    attach = ("attach", "--plain-http", "--artifact-type=application/x-report", f"{name}:1", "x.json")
    shop.run("oras", *attach).expect_success()
    (shown,) = json.loads(shop.run(Tool.OURS, "tree", "-o", "json", f"{name}:1").expect_success().stdout)["attachments"]
    assert (shown["type"], shown["artifactType"]) == ("other", "application/x-report")
    shop.sign(Tool.OURS, Format.BUNDLE, f"{name}@{shown['digest']}", "signer")
    shop.run(Tool.OURS, "copy", f"{name}:1", f"{name}-copied:1").expect_success()
    shop.verify(Tool.V3, Format.BUNDLE, f"{name}-copied@{shown['digest']}", "signer").expect_success()
    discovered = shop.run("oras", "discover", "--plain-http", "--format=json", f"{name}-copied:1").expect_success()
    assert shown["digest"] in discovered.stdout


@pytest.fixture
def chart(shop: Workshop) -> dict[str, bytes]:
    """A chart with its provenance file: what each has to be when it is pulled."""
    content = write_chart(shop.folder).read_bytes()
    prov = provenance_of(str(Digest.of(content)))
    (shop.folder / "app.tgz.prov").write_text(prov)
    return {"chart.tgz": content, "chart.tgz.prov": prov.encode()}


def test_helm_pulls_what_we_uploaded(shop: Workshop, registry: str, chart: dict[str, bytes]) -> None:
    shop.run(Tool.OURS, "upload", "chart", "app.tgz", f"{registry}/ours/app").expect_success()
    (shop.folder / "helm").mkdir()
    pulled = shop.run("helm-charts", "pull", f"{registry}/ours/app:1.2.3+build.4", "helm").expect_success()
    assert pulled.stdout == "app 1.2.3+build.4\n"
    assert {name: (shop.folder / "helm" / name).read_bytes() for name in chart} == chart


@pytest.mark.usefixtures("chart")
def test_a_chart_is_what_helm_makes_of_it(shop: Workshop, registry: str) -> None:
    """But for the time of day, which is not in ours."""
    shop.run(Tool.OURS, "upload", "chart", "app.tgz", f"{registry}/same/app").expect_success()
    ours = manifest_of(shop, f"{registry}/same/app:1.2.3_build.4")
    shop.run("helm-charts", "push", "app.tgz", f"{registry}/helm/app:1.2.3+build.4").expect_success()
    theirs = manifest_of(shop, f"{registry}/helm/app:1.2.3_build.4")
    del theirs["annotations"]["org.opencontainers.image.created"]
    del ours["mediaType"]
    assert ours == theirs


@pytest.mark.usefixtures("chart")
@pytest.mark.parametrize("form", Format)
def test_what_helm_pushed_is_signed_and_verified(shop: Workshop, registry: str, form: Format) -> None:
    name = f"{registry}/helm-{form}/app"
    digest = shop.run("helm-charts", "push", "app.tgz", f"{name}:1.2.3+build.4").expect_success().stdout.strip()
    shop.sign(Tool.OURS, form, f"{name}@{digest}", "signer")
    tagged = f"{name}:1.2.3_build.4"
    assert [run for tool in Tool if (run := shop.verify(tool, form, tagged, "signer")).exit_code] == []
