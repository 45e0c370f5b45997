"""What a signature is besides bytes: annotations, indexes, several signers, other repositories; each way round."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

import pytest

from tests.interop.images import push_image, push_index
from tests.interop.programs import NO_MATCH, UNSIGNED, Format, Run, Tool, Workshop
from tests.support.registries import run_program

SIGNERS: Final = list(product(Tool, Format))
REGISTRIES: Final = ("distribution-2.8", "ggcr-referrers")
"""One without the referrers API, one with it."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop")).prepare()
    made.make_key("first", maker=Tool.V3)
    made.make_key("second")
    made.make_key("third")
    made.make_key("P-384", "P-384")
    made.make_key("P-521", "P-521")
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


def failures(runs: Iterable[Run]) -> list[Run]:
    return [run for run in runs if run.exit_code]


@pytest.mark.parametrize(("signer", "form"), SIGNERS)
def test_annotations_are_signed_and_demanded(shop: Workshop, repository: str, signer: Tool, form: Format) -> None:
    image = push_image(shop, repository, f"{signer}-{form}")
    shop.sign(signer, form, image, "first", "-a", "env=prod", "-a", "build=7")
    readers = readers_of_annotations(form)
    signed = [shop.verify(reader, form, image, "first", "-a", "env=prod") for reader in readers]
    another_value = [shop.verify(reader, form, image, "first", "-a", "env=staging") for reader in readers]
    assert (failures(signed) == []) == (signer in readers)
    assert failures(another_value) == another_value


@pytest.mark.parametrize(("key", "digest_algorithm"), [("P-384", "sha384"), ("P-521", "sha512")])
@pytest.mark.parametrize(("signer", "form"), SIGNERS)
def test_cosign_verifies_other_curves_when_told_the_hash(
    shop: Workshop, repository: str, signer: Tool, form: Format, key: str, digest_algorithm: str
) -> None:
    image = push_image(shop, repository, f"{signer}-{form}-{key.lower()}")
    shop.sign(signer, form, image, key)
    told = f"--signature-digest-algorithm={digest_algorithm}"
    assert failures(shop.verify(peer, form, image, key, told) for peer in (Tool.V3, Tool.V2)) == []
    assert shop.verify(Tool.OURS, form, image, key).exit_code == 0


def readers_of_annotations(form: Format) -> list[Tool]:
    """cosign v2 neither signs annotations in bundles nor looks for those demanded; it says so in neither case."""
    return [tool for tool in Tool if (tool, form) != (Tool.V2, Format.BUNDLE)]


def test_cosign_v2_does_not_see_that_an_annotation_is_missing_from_a_bundle(shop: Workshop, repository: str) -> None:
    image = push_image(shop, repository, "unseen")
    shop.sign(Tool.OURS, Format.BUNDLE, image, "first", "-a", "env=prod")
    assert shop.verify(Tool.V2, Format.BUNDLE, image, "first", "-a", "env=staging").exit_code == 0


@pytest.mark.parametrize(("signer", "form"), SIGNERS)
def test_every_image_of_an_index_is_signed_recursively(
    shop: Workshop, repository: str, signer: Tool, form: Format
) -> None:
    names = push_index(shop, repository, f"{signer}-{form}")
    alone = push_index(shop, repository, f"{signer}-{form}-alone")
    shop.sign(signer, form, names[0], "first", "--recursive")
    shop.sign(signer, form, alone[0], "first")
    assert failures(shop.verify(verifier, form, name, "first") for verifier in Tool for name in names) == []
    assert shop.verify(Tool.OURS, form, names[0], "first", "--recursive").exit_code == 0
    assert [shop.verify(Tool.OURS, form, name, "first").exit_code for name in alone] == [0, UNSIGNED, UNSIGNED]


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("signer", [Tool.OURS, Tool.V3])
def test_signatures_lie_in_another_repository(shop: Workshop, repository: str, signer: Tool, form: Format) -> None:
    image = push_image(shop, repository, f"{signer}-{form}")
    elsewhere = shop.with_environment(COSIGN_REPOSITORY=f"{repository}-signatures")
    elsewhere.sign(signer, form, image, "first")
    readers = [tool for tool in Tool if (tool, form) != (Tool.V2, Format.BUNDLE)]
    assert failures(elsewhere.verify(reader, form, image, "first") for reader in readers) == []
    assert shop.verify(Tool.OURS, form, image, "first").exit_code == UNSIGNED


def test_legacy_signatures_of_cosign_v2_lie_in_another_repository(shop: Workshop, repository: str) -> None:
    image = push_image(shop, repository, "v2")
    elsewhere = shop.with_environment(COSIGN_REPOSITORY=f"{repository}-signatures")
    elsewhere.sign(Tool.V2, Format.LEGACY, image, "first")
    assert failures(elsewhere.verify(reader, Format.LEGACY, image, "first") for reader in Tool) == []
    assert shop.verify(Tool.OURS, Format.LEGACY, image, "first").exit_code == UNSIGNED


def test_cosign_v2_leaves_bundles_beside_the_image(shop: Workshop, repository: str) -> None:
    """It does not heed COSIGN_REPOSITORY for bundles, writing or reading."""
    image = push_image(shop, repository, "v2")
    elsewhere = shop.with_environment(COSIGN_REPOSITORY=f"{repository}-signatures")
    elsewhere.sign(Tool.V2, Format.BUNDLE, image, "first")
    assert elsewhere.verify(Tool.V2, Format.BUNDLE, image, "first").exit_code == 0
    assert elsewhere.verify(Tool.OURS, Format.BUNDLE, image, "first").exit_code == UNSIGNED
    assert shop.verify(Tool.OURS, Format.BUNDLE, image, "first").exit_code == 0


@pytest.mark.parametrize(("before", "after"), list(product(Tool, repeat=2)))
@pytest.mark.parametrize("form", Format)
def test_a_second_signature_leaves_the_first(
    shop: Workshop, repository: str, before: Tool, after: Tool, form: Format
) -> None:
    image = push_image(shop, repository, f"{before}-{after}-{form}")
    shop.sign(before, form, image, "first")
    shop.sign(after, form, image, "second")
    runs = (shop.verify(verifier, form, image, key) for verifier in Tool for key in ("first", "second"))
    assert failures(runs) == []
    both = ("--key=second.pub", "--threshold=2")
    assert shop.verify(Tool.OURS, form, image, "first", *both).exit_code == 0
    assert shop.verify(Tool.OURS, form, image, "third", *both).exit_code == NO_MATCH


@pytest.mark.parametrize("peer", [Tool.V3, Tool.V2])
def test_a_legacy_signature_and_a_bundle_stand_side_by_side(shop: Workshop, repository: str, peer: Tool) -> None:
    image = push_image(shop, repository, f"{peer}")
    shop.sign(peer, Format.LEGACY, image, "first")
    shop.sign(Tool.OURS, Format.BUNDLE, image, "second")
    both = ("--key=second.pub", "--threshold=2")
    assert shop.verify(Tool.OURS, Format.BUNDLE, image, "first", *both).exit_code == 0


def test_one_run_writes_both_formats(shop: Workshop, repository: str) -> None:
    """cosign v2 takes the bundle as soon as there is one, and cannot be told to take the legacy signature."""
    image = push_image(shop, repository, "both")
    shop.sign(Tool.OURS, Format.BUNDLE, image, "first", "--signature-format=both")
    assert failures(shop.verify(reader, Format.BUNDLE, image, "first") for reader in Tool) == []
    legacy = shop.verify(Tool.V3, Format.LEGACY, image, "first", "--new-bundle-format=false").expect_success()
    assert "cosign container image signature" in legacy.stdout


def test_a_bundle_in_a_file_is_the_one_that_was_pushed(shop: Workshop, repository: str) -> None:
    image = push_image(shop, repository, "file")
    shop.sign(Tool.OURS, Format.BUNDLE, image, "first", "--bundle=file.json")
    downloaded = shop.run(Tool.V3, "download", "signature", image).expect_success()
    assert downloaded.stdout.strip() == (shop.folder / "file.json").read_text().strip()
