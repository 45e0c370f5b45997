"""SBOMs under tags: whoever attaches one, all download it; and the flags of these commands."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Final

import pytest

from tests.interop.images import push_image, push_index
from tests.interop.programs import Tool, Workshop
from tests.support.predicates import TAG_VALUE, example
from tests.support.registries import run_program

XML: Final = '<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"/>\n'
KINDS: Final = {
    "text.spdx": ("text/spdx", ("--type=spdx",)),
    "spdx.json": ("text/spdx+json", ("--type=spdx", "--input-format=json")),
    "cdx.xml": ("application/vnd.cyclonedx+xml", ("--type=cyclonedx",)),
    "cdx.json": ("application/vnd.cyclonedx+json", ("--type=cyclonedx", "--input-format=json")),
    "syft.json": ("application/vnd.syft+json", ("--type=syft",)),
}
ATTACHERS: Final = (Tool.OURS, Tool.V2, Tool.V3)
DEPRECATED: Final = {Tool.V2: "SBOM attachments are deprecated", Tool.V3: "SBOM attachments are deprecated"}
COMMANDS: Final = ("upload blob", "upload wasm", "attach sbom", "download sbom")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop")).prepare()
    made.make_key("signer")
    texts = {"text.spdx": TAG_VALUE, "cdx.xml": XML, "syft.json": '{"artifacts": [], "descriptor": {"name": "syft"}}'}
    for name, text in texts.items():
        (made.folder / name).write_text(text)
    for name, kind in (("spdx.json", "spdxjson"), ("cdx.json", "cyclonedx")):
        (made.folder / name).write_bytes(example(kind))
    return made


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("distribution-3") as running:
        yield running.address


@pytest.mark.parametrize(("attacher", "file"), list(product(ATTACHERS, KINDS)))
def test_whoever_attaches_one_all_download_it(shop: Workshop, registry: str, attacher: Tool, file: str) -> None:
    media_type, flags = KINDS[file]
    image = push_image(shop, f"{registry}/sbom/{attacher}", file)
    shop.run(attacher, "attach", "sbom", "--sbom", file, *flags, image).expect_success()
    for tool in Tool:
        found = shop.run(tool, "download", "sbom", image).expect_success()
        assert found.stdout.encode() == (shop.folder / file).read_bytes()
        assert f"Found SBOM of media type: {media_type}" in found.stderr
        assert DEPRECATED.get(tool, "is signed by nobody") in found.stderr


@pytest.mark.parametrize("file", KINDS)
def test_what_we_attach_has_the_digest_of_cosign_s(shop: Workshop, registry: str, file: str) -> None:
    found = set()
    for tool in ATTACHERS:
        image = push_image(shop, f"{registry}/same/{tool}", file)
        shop.run(tool, "attach", "sbom", "--sbom", file, *KINDS[file][1], image).expect_success()
        tag = f"{image.rpartition('@')[2].replace(':', '-')}.sbom"
        found.add(shop.run("crane", "digest", f"{registry}/same/{tool}:{tag}").expect_success().stdout)
    assert len(found) == 1


@pytest.mark.parametrize("attacher", ATTACHERS)
def test_other_commands_know_what_was_attached(shop: Workshop, registry: str, attacher: Tool) -> None:
    image = push_image(shop, f"{registry}/known/{attacher}", "one")
    shop.run(attacher, "attach", "sbom", "--sbom", "text.spdx", image).expect_success()
    tag = f"{image.rpartition('@')[2].replace(':', '-')}.sbom"
    for tool in Tool:
        assert tag in shop.run(tool, "tree", image).expect_success().stdout
    shop.run(Tool.OURS, "copy", "--only=sbom", image, f"{registry}/known/{attacher}-copied").expect_success()
    shop.run(Tool.OURS, "copy", image, f"{registry}/known/{attacher}-copied:1").expect_success()
    for tool in Tool:
        shop.run(tool, "download", "sbom", f"{registry}/known/{attacher}-copied:1").expect_success()
    shop.run(Tool.OURS, "clean", "--type=sbom", "--force", image).expect_success()
    for tool in Tool:
        assert shop.run(tool, "download", "sbom", image).exit_code != 0


def test_a_platform_s_is_found_in_an_index(shop: Workshop, registry: str) -> None:
    index, _, arm = push_index(shop, f"{registry}/platforms", "many")
    shop.run(Tool.OURS, "attach", "sbom", "--sbom", "text.spdx", arm).expect_success()
    for tool in Tool:
        asked = ("download", "sbom", "--platform=linux/arm64", index)
        assert shop.run(tool, *asked).expect_success().stdout == TAG_VALUE
        assert shop.run(tool, "download", "sbom", "--platform=linux/amd64", index).exit_code != 0


def test_cosign_3_attests_and_we_find_it(shop: Workshop, registry: str) -> None:
    image = push_image(shop, f"{registry}/attested", "one")
    signing = ("--key=signer.key", "--use-signing-config=false", "--tlog-upload=false", "--yes")
    shop.run(Tool.V3, "attest", *signing, "--type=cyclonedx", "--predicate=cdx.json", image).expect_success()
    found = shop.run(Tool.OURS, "download", "sbom", image).expect_success()
    assert '"bomFormat":"CycloneDX"' in found.stdout
    assert "verify-attestation --type cyclonedx" in found.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("tool", [Tool.V2, Tool.V3])
def test_every_flag_of_cosign_s_is_taken_or_answered(shop: Workshop, tool: Tool, command: str) -> None:
    """With nothing behind it a flag is refused for want of that, and never as one that nobody has heard of."""
    told = shop.run(tool, *command.split(), "--help").expect_success().stdout
    flags = sorted(set(re.findall(r"^ {4}(?:-\w, )?(--[a-z0-9-]+)=", told, re.MULTILINE)))
    assert len(flags) > 8
    for flag in flags:
        done = shop.run(Tool.OURS, *command.split(), f"{flag}=true")
        assert "No such option" not in done.stderr, done
        assert done.exit_code in {0, 2, 3, 4}, done
