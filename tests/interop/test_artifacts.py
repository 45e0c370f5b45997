"""Artifacts that are not images: whoever signs or attests about one, cosign 2, cosign 3 and we verify it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import product
from typing import Final

import pytest

from cosignpy.core.oci.manifest import Manifest
from tests.interop.programs import UNSIGNED, Format, Tool, Workshop
from tests.support.artifacts import push_artifact
from tests.support.memory_repository import push_image
from tests.support.registries import RunningRegistry, run_program

REVIEW: Final = "https://example.com/review/v1"
SHAPES: Final = ("chart", "no-layers", "index", "sbom with subject")
ATTEST: Final = {
    (Tool.OURS, Format.BUNDLE): ("--tlog-upload=false",),
    (Tool.OURS, Format.LEGACY): ("--tlog-upload=false", "--signature-format=legacy"),
    (Tool.V3, Format.BUNDLE): ("--use-signing-config=false", "--tlog-upload=false"),
    (Tool.V2, Format.LEGACY): ("--tlog-upload=false",),
}
VERIFY: Final[Mapping[Format, Mapping[Tool, tuple[str, ...]]]] = {
    Format.BUNDLE: {Tool.OURS: (), Tool.V3: ()},
    Format.LEGACY: {Tool.OURS: (), Tool.V3: ("--new-bundle-format=false",), Tool.V2: ()},
}
REGISTRIES: Final = {Format.BUNDLE: "ggcr-referrers", Format.LEGACY: "distribution-3"}
"""Where each is tried: bundles with the referrers API, tags with a registry that checks what it takes."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop")).prepare()
    made.make_key("signer")
    (made.folder / "review.json").write_text('{"score": 1}')
    return made


@pytest.fixture(scope="module")
def registries() -> Iterator[Mapping[Format, RunningRegistry]]:
    with ExitStack() as running:
        yield {form: running.enter_context(run_program(name)) for form, name in REGISTRIES.items()}


def push(registry: RunningRegistry, repository: str, case: str) -> tuple[str, Manifest]:
    """Push an artifact into a repository of its own; return its name by digest."""
    shape, _, refers = case.partition(" ")
    place = registry.open_repository(f"artifacts/{repository}-{case.replace(' ', '-')}")
    made = push_artifact(place, shape, push_image(place).descriptor if refers else None, "1")
    return f"{place.name}@{made.digest}", made


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize(("signer", "form"), list(product(Tool, Format)))
def test_whoever_signs_it_all_verify(
    shop: Workshop, registries: Mapping[Format, RunningRegistry], signer: Tool, form: Format, case: str
) -> None:
    name, _ = push(registries[form], f"signed-{signer}-{form}", case)
    assert shop.verify(Tool.OURS, form, name, "signer").exit_code == UNSIGNED
    shop.sign(signer, form, name, "signer")
    assert [run for tool in Tool if (run := shop.verify(tool, form, name, "signer")).exit_code] == []


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize(("signer", "form"), ATTEST)
def test_whoever_attests_about_it_all_verify(
    shop: Workshop, registries: Mapping[Format, RunningRegistry], signer: Tool, form: Format, case: str
) -> None:
    name, _ = push(registries[form], f"attested-{signer}-{form}", case)
    said = ("--predicate=review.json", f"--type={REVIEW}", "--yes")
    shop.run(signer, "attest", "--key=signer.key", *ATTEST[signer, form], *said, name).expect_success()
    for tool, flags in VERIFY[form].items():
        asked = ("verify-attestation", "--key=signer.pub", "--insecure-ignore-tlog=true", f"--type={REVIEW}")
        shop.run(tool, *asked, *flags, name).expect_success()


@pytest.mark.parametrize("case", ["chart", "sbom with subject"])
@pytest.mark.parametrize(("signer", "form"), [(Tool.V3, Format.BUNDLE), (Tool.V2, Format.LEGACY)])
def test_what_cosign_signed_is_copied_saved_and_loaded(
    shop: Workshop, registries: Mapping[Format, RunningRegistry], signer: Tool, form: Format, case: str
) -> None:
    name, made = push(registries[form], f"moved-{signer}", case)
    shop.sign(signer, form, name, "signer")
    repository = name.partition("@")[0]
    saved = repository.rpartition("/")[2]
    shop.run(Tool.OURS, "copy", f"{repository}:1", f"{repository}-copied:1").expect_success()
    shop.run(Tool.OURS, "save", "--dir", saved, f"{repository}:1").expect_success()
    shop.run(Tool.OURS, "load", "--dir", saved, f"{repository}-loaded:1").expect_success()
    for place in ("copied", "loaded"):
        for tool in (signer, Tool.OURS):
            found = shop.verify(tool, form, f"{repository}-{place}@{made.digest}", "signer")
            assert found.exit_code == 0, found


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize(("saver", "loader"), [(Tool.OURS, Tool.V3), (Tool.V3, Tool.OURS)])
def test_what_one_saved_the_other_loads(
    shop: Workshop, registries: Mapping[Format, RunningRegistry], saver: Tool, loader: Tool, case: str
) -> None:
    name, made = push(registries[Format.LEGACY], f"saved-{saver}", case)
    shop.sign(Tool.OURS, Format.LEGACY, name, "signer")
    repository = name.partition("@")[0]
    saved = repository.rpartition("/")[2]
    shop.run(saver, "save", "--dir", saved, f"{repository}:1").expect_success()
    shop.run(loader, "load", "--dir", saved, f"{repository}-loaded:1").expect_success()
    for tool in Tool:
        found = shop.verify(tool, Format.LEGACY, f"{repository}-loaded@{made.digest}", "signer")
        assert found.exit_code == 0, found
