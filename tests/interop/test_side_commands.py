"""Commands around signatures: those of cosign see what is signed here, and ours see what cosign signed."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import pytest

from tests.interop.images import push_image
from tests.interop.programs import UNSIGNED, Format, Run, Tool, Workshop
from tests.support.registries import run_program

REGISTRIES: Final = ("distribution-3", "ggcr-referrers")
SIGNED: Final = [
    pytest.param(signer, form, reader, id=f"{reader} reads a {form} by {signer}")
    for signer, form, reader in product(Tool, Format, Tool)
    # cosign v2 has no eyes for bundles in these commands, its own included; Debian's registry deletes no tags.
    if (reader, form) != (Tool.V2, Format.BUNDLE)
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop")).prepare()
    made.make_key("signer")
    return made


@pytest.fixture(scope="module", params=REGISTRIES)
def registry(request: pytest.FixtureRequest) -> Iterator[str]:
    with run_program(request.param) as running:
        yield running.address


@pytest.fixture
def repository(registry: str, request: pytest.FixtureRequest) -> str:
    """A repository of the test's own."""
    name = request.node.name.partition("[")[0].removeprefix("test_").replace("_", "-")
    return f"{registry}/interop/{name}"


def signed_image(shop: Workshop, repository: str, signer: Tool, form: Format, reader: Tool) -> str:
    image = push_image(shop, repository, f"{signer}-{form}-{reader}")
    shop.sign(signer, form, image, "signer")
    return image


def json_lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.expect_success().stdout.splitlines()]


@pytest.mark.parametrize(("signer", "form", "reader"), SIGNED)
def test_tree_shows_the_signature(shop: Workshop, repository: str, signer: Tool, form: Format, reader: Tool) -> None:
    image = signed_image(shop, repository, signer, form, reader)
    shown = shop.run(reader, "tree", image).expect_success().stdout
    tag = f"{image.rpartition('@')[2].replace(':', '-')}.sig"
    assert (tag if form is Format.LEGACY else "https://sigstore.dev/cosign/sign/v1") in shown


@pytest.mark.parametrize(("signer", "form", "reader"), SIGNED)
def test_download_prints_the_signature(
    shop: Workshop, repository: str, signer: Tool, form: Format, reader: Tool
) -> None:
    image = signed_image(shop, repository, signer, form, reader)
    (found,) = json_lines(shop.run(reader, "download", "signature", image))
    assert ("dsseEnvelope" if form is Format.BUNDLE else "Base64Signature") in found


@pytest.mark.parametrize(("signer", "form"), list(product(Tool, Format)))
def test_both_download_the_same(shop: Workshop, repository: str, signer: Tool, form: Format) -> None:
    image = signed_image(shop, repository, signer, form, Tool.OURS)
    ours, theirs = (json_lines(shop.run(reader, "download", "signature", image)) for reader in (Tool.OURS, Tool.V3))
    assert ours == theirs


@pytest.mark.parametrize(("signer", "form", "reader"), SIGNED)
def test_clean_removes_the_signature(shop: Workshop, repository: str, signer: Tool, form: Format, reader: Tool) -> None:
    image = signed_image(shop, repository, signer, form, reader)
    shop.run(reader, "clean", "--force", image).expect_success()
    assert shop.verify(Tool.OURS, form, image, "signer").exit_code == UNSIGNED
    assert shop.verify(Tool.V3, form, image, "signer").exit_code == UNSIGNED


def test_cosign_v2_does_not_see_bundles(shop: Workshop, repository: str) -> None:
    """Not even its own."""
    image = signed_image(shop, repository, Tool.V2, Format.BUNDLE, Tool.V2)
    assert "No Supply Chain Security Related Artifacts" in shop.run(Tool.V2, "tree", image).expect_success().stdout
    assert shop.run(Tool.V2, "download", "signature", image).exit_code == 1
    shop.run(Tool.V2, "clean", "--force", image).expect_success()
    assert shop.verify(Tool.OURS, Format.BUNDLE, image, "signer").exit_code == 0


@pytest.mark.parametrize("kind", ["signature", "attestation", "sbom", "digest"])
def test_triangulate_prints_the_same(shop: Workshop, repository: str, kind: str) -> None:
    push_image(shop, repository, "tagged")
    tagged = f"{repository}:tagged"
    told = {shop.run(tool, "triangulate", "--type", kind, tagged).expect_success().stdout.strip() for tool in Tool}
    assert len(told) == 1


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("signer", Tool)
def test_what_cosignpy_copies_verifies_everywhere(shop: Workshop, repository: str, signer: Tool, form: Format) -> None:
    image = signed_image(shop, repository, signer, form, Tool.OURS)
    copied = f"{repository}-copied:{signer}-{form}"
    shop.run(Tool.OURS, "copy", image, copied).expect_success()
    assert [run for tool in Tool if (run := shop.verify(tool, form, copied, "signer")).exit_code] == []


@pytest.mark.parametrize(("form", "exit_code"), [(Format.LEGACY, 0), (Format.BUNDLE, UNSIGNED)])
def test_what_cosign_copies_is_understood_here(shop: Workshop, repository: str, form: Format, exit_code: int) -> None:
    """cosign's copy leaves bundles behind."""
    image = signed_image(shop, repository, Tool.OURS, form, Tool.V3)
    copied = f"{repository}-copied:{form}"
    shop.run(Tool.V3, "copy", image, copied).expect_success()
    assert shop.verify(Tool.OURS, form, copied, "signer").exit_code == exit_code


def saved(shop: Workshop, repository: str, saver: Tool, form: Format) -> str:
    """Sign an image, save it, and return the name of the folder."""
    image = signed_image(shop, repository, Tool.V3, form, saver)
    folder = f"{saver}-{form}-{repository.rpartition('/')[2]}-{len(list(shop.folder.iterdir()))}"
    shop.run(saver, "save", "--dir", folder, image).expect_success()
    return folder


@pytest.mark.parametrize("saver", [Tool.OURS, Tool.V3])
@pytest.mark.parametrize("form", Format)
def test_cosignpy_loads_what_was_saved(shop: Workshop, repository: str, saver: Tool, form: Format) -> None:
    loaded = f"{repository}-loaded:{saver}-{form}"
    shop.run(Tool.OURS, "load", "--dir", saved(shop, repository, saver, form), loaded).expect_success()
    assert [run for tool in Tool if (run := shop.verify(tool, form, loaded, "signer")).exit_code] == []


@pytest.mark.parametrize("saver", [Tool.OURS, Tool.V3])
@pytest.mark.parametrize("form", Format)
def test_cosign_loads_what_was_saved(
    shop: Workshop, repository: str, saver: Tool, form: Format, request: pytest.FixtureRequest
) -> None:
    """It pushes a bundle's manifest before its blob, which distribution refuses; go-containerregistry's lets it."""
    loaded = f"{repository}-loaded:{saver}-{form}"
    run = shop.run(Tool.V3, "load", "--dir", saved(shop, repository, saver, form), loaded)
    refused = form is Format.BUNDLE and request.node.callspec.params["registry"] == "distribution-3"
    assert (run.exit_code != 0) == refused, run
    verified = shop.verify(Tool.OURS, form, loaded, "signer")
    assert verified.exit_code == (UNSIGNED if refused else 0)


@pytest.mark.parametrize("signer", [Tool.V3, Tool.V2])
def test_cosignpy_attaches_what_cosign_kept_in_files(shop: Workshop, repository: str, signer: Tool) -> None:
    image = push_image(shop, repository, f"{signer}")
    files = ("--output-signature=attached.sig", "--output-payload=attached.json")
    shop.sign(signer, Format.LEGACY, image, "signer", "--upload=false", *files)
    assert shop.verify(signer, Format.LEGACY, image, "signer").exit_code == UNSIGNED
    attach = ("attach", "signature", "--signature=attached.sig", "--payload=attached.json", image)
    shop.run(Tool.OURS, *attach).expect_success()
    assert [run for tool in Tool if (run := shop.verify(tool, Format.LEGACY, image, "signer")).exit_code] == []


@pytest.mark.parametrize(("attacher", "flag"), [(Tool.OURS, "--signature"), (Tool.V3, "--bundle")])
def test_a_bundle_kept_in_a_file_is_attached_later(shop: Workshop, repository: str, attacher: Tool, flag: str) -> None:
    image = push_image(shop, repository, f"{attacher}")
    shop.sign(Tool.OURS, Format.BUNDLE, image, "signer", "--upload=false", "--bundle=kept.json")
    assert shop.verify(Tool.OURS, Format.BUNDLE, image, "signer").exit_code == UNSIGNED
    shop.run(attacher, "attach", "signature", f"{flag}=kept.json", image).expect_success()
    assert [run for tool in Tool if (run := shop.verify(tool, Format.BUNDLE, image, "signer")).exit_code] == []
