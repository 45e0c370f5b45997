"""Files that name images, read by cosign v2 and v3 and here: the same verdict, or a difference with its reason.

`{good}` is signed and `{bad}` is not, so that who accepts a file with `{bad}` in it did not find that image.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from tests.interop.images import push_image
from tests.interop.programs import SIGN_FLAGS, UNSIGNED, Format, Tool, Workshop
from tests.support.registries import run_program

PASSED: Final = "passed"
REFUSED: Final = "refused"
"""An image is found that is not signed."""
FAILED: Final = "failed"
"""The file cannot be read, or names no image."""
PASSED_OVER: Final = "passed over"
"""The image that is not signed is not looked at, and the file passes."""
THEIRS: Final = (Tool.V2, Tool.V3)


@dataclass(frozen=True)
class Site:
    """A folder with a key, and the names of two images."""

    shop: Workshop
    good: str
    bad: str

    def verdict(self, tool: Tool, group: str, text: str, *flags: str) -> str:
        """Return what a program makes of a file."""
        file = "file.yaml" if group == "manifest" else "Dockerfile"
        content = text.replace("{good}", self.good).replace("{bad}", self.bad)
        (self.shop.folder / file).write_text(content)
        by = ("--key=key.pub", "--insecure-ignore-tlog=true", "--allow-http-registry=true")
        done = self.shop.run(tool, group, "verify", *by, *flags, file)
        if done.exit_code == 0:
            return PASSED_OVER if "{bad}" in text else PASSED
        return REFUSED if done.exit_code == UNSIGNED else FAILED


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with run_program("ggcr") as registry:
        shop = Workshop(tmp_path_factory.mktemp("shop"))
        shop.make_key("key")
        for label in ("good", "bad"):
            push_image(shop, f"{registry.address}/inputs", label)
        good, bad = f"{registry.address}/inputs:good", f"{registry.address}/inputs:bad"
        # cosign verifies files by legacy signatures alone, v3 too
        flags = SIGN_FLAGS[Tool.V2, Format.LEGACY]
        shop.run(Tool.V2, "sign", "--key=key.key", *flags, "--allow-http-registry=true", good).expect_success()
        yield Site(shop, good, bad)


POD: Final = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - {name: c, image: {good}}\n"
BAD_CONTAINER: Final = "containers: [{name: c, image: {bad}}]"


def template(version: str, kind: str) -> str:
    return f"apiVersion: {version}\nkind: {kind}\nspec: {{template: {{spec: {{{BAD_CONTAINER}}}}}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM {good}", PASSED),
        ("FROM {bad}", REFUSED),
        ("from {bad}", REFUSED),
        ("FROM\t{bad}", REFUSED),
        ("FROM --platform=linux/amd64 {bad}", REFUSED),
        ("FROM {good}\nFROM {bad}", REFUSED),
        ("FROM {bad} AS x\nFROM {good}", REFUSED),
        ("FROM {good}\nFROM scratch", PASSED),
        ("FROM {good}\nCOPY --from={bad} a b", REFUSED),
        ("FROM {good}\nCOPY --chown=1:1 --from={bad} a b", REFUSED),
        ("FROM {good} AS x\nFROM {good}\nCOPY --from=x a b", PASSED),
        ("ARG X={bad}\nFROM $X", REFUSED),
        ("ARG X={bad}\nFROM ${X}", REFUSED),
        ("FROM {good}\nRUN true \\\n# FROM {good}\n && true", PASSED),
        ("FROM scratch", FAILED),
    ],
)
def test_dockerfiles_of_which_all_say_the_same(site: Site, text: str, expected: str) -> None:
    assert {tool: site.verdict(tool, "dockerfile", text) for tool in Tool} == dict.fromkeys(Tool, expected)


@pytest.mark.parametrize(
    ("text", "theirs", "ours"),
    [
        pytest.param("FROM {good}\nCOPY \\\n --from={bad} a b", PASSED_OVER, REFUSED, id="a line that goes on"),
        pytest.param("FROM \\\n {bad}", FAILED, REFUSED, id="FROM that goes on"),
        pytest.param("FROM {good}\nRUN --mount=from={bad},target=/x y", PASSED_OVER, REFUSED, id="what is mounted"),
        pytest.param("# syntax={bad}\nFROM {good}", PASSED_OVER, REFUSED, id="the frontend"),
        pytest.param("FROM {good}\nONBUILD COPY --from={bad} a b", PASSED_OVER, REFUSED, id="triggers"),
        pytest.param("FROM {good}\nRUN <<EOF\nFROM {bad}\nEOF", REFUSED, PASSED_OVER, id="a heredoc, which names none"),
        pytest.param('FROM "{bad}"', FAILED, REFUSED, id="quotes"),
        pytest.param("FROM ${X:-{bad}}", FAILED, REFUSED, id="defaults in place, at which v2 crashes"),
    ],
)
def test_dockerfiles_that_are_read_better_here(site: Site, text: str, theirs: str, ours: str) -> None:
    assert [site.verdict(tool, "dockerfile", text) for tool in THEIRS] == [theirs, theirs]
    assert site.verdict(Tool.OURS, "dockerfile", text) == ours


def test_a_stage_upon_a_stage_is_an_image_for_v2_alone(site: Site) -> None:
    text = "FROM {good} AS x\nFROM x"
    found = {tool: site.verdict(tool, "dockerfile", text) for tool in Tool}
    assert found == {Tool.OURS: PASSED, Tool.V3: PASSED, Tool.V2: FAILED}


def test_variables_of_the_environment_are_no_arguments_here(site: Site) -> None:
    there = Site(site.shop.with_environment(BASE=site.good), site.good, site.bad)
    text = "ARG BASE={bad}\nFROM $BASE"
    assert [there.verdict(tool, "dockerfile", "FROM $BASE") for tool in Tool] == [FAILED, PASSED, PASSED]
    assert there.verdict(Tool.OURS, "dockerfile", text) == REFUSED
    assert there.verdict(Tool.OURS, "dockerfile", text, "--build-arg=BASE") == PASSED_OVER


def test_bundles_are_read_here(site: Site) -> None:
    repository = site.good.removesuffix(":good")
    push_image(site.shop, repository, "bundled")
    flags = SIGN_FLAGS[Tool.OURS, Format.BUNDLE]
    site.shop.run(Tool.OURS, "sign", "--key=key.key", *flags, f"{repository}:bundled").expect_success()
    text = f"FROM {repository}:bundled"
    assert [site.verdict(tool, "dockerfile", text) for tool in Tool] == [PASSED, REFUSED, FAILED]


@pytest.mark.parametrize(
    ("text", "theirs", "ours"),
    [
        ("FROM {bad}\nFROM {good}", [PASSED_OVER, PASSED_OVER], PASSED_OVER),
        pytest.param(
            "FROM {good}\nCOPY --from={bad} a b", [REFUSED, REFUSED], PASSED_OVER, id="they take what is copied"
        ),
        pytest.param(
            "FROM {bad} AS b\nFROM {good}\nFROM b", [FAILED, PASSED_OVER], REFUSED, id="they follow no stages"
        ),
    ],
)
def test_the_base_image_alone(site: Site, text: str, theirs: list[str], ours: str) -> None:
    found = [site.verdict(tool, "dockerfile", text, "--base-image-only") for tool in THEIRS]
    assert (found, site.verdict(Tool.OURS, "dockerfile", text, "--base-image-only")) == (theirs, ours)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (POD, PASSED),
        (f"{POD}---\n{POD}", PASSED),
        (f"{POD}---\napiVersion: v1\nkind: Pod\nspec: {{{BAD_CONTAINER}}}", REFUSED),
        (POD + "  initContainers: [{name: i, image: {bad}}]\n", REFUSED),
        (template("apps/v1", "Deployment"), REFUSED),
        (template("apps/v1", "StatefulSet"), REFUSED),
        (template("apps/v1", "DaemonSet"), REFUSED),
        (template("apps/v1", "ReplicaSet"), REFUSED),
        (template("v1", "ReplicationController"), REFUSED),
        (template("batch/v1", "Job"), REFUSED),
        (template("argoproj.io/v1alpha1", "Rollout"), REFUSED),
        (f"kind: CronJob\nspec: {{jobTemplate: {{spec: {{template: {{spec: {{{BAD_CONTAINER}}}}}}}}}}}", REFUSED),
        ("x: &c {image: {bad}}\nkind: Pod\nspec: {containers: [{<<: *c}]}", REFUSED),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {image: {good}}", FAILED),
    ],
)
def test_manifests_of_which_all_say_the_same(site: Site, text: str, expected: str) -> None:
    assert {tool: site.verdict(tool, "manifest", text) for tool in Tool} == dict.fromkeys(Tool, expected)


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        pytest.param(
            POD + "  ephemeralContainers: [{name: e, image: {bad}}]\n", PASSED_OVER, id="ephemeral containers"
        ),
        pytest.param(POD + "  volumes: [{name: v, image: {reference: {bad}}}]\n", PASSED_OVER, id="image volumes"),
        pytest.param(
            f"apiVersion: v1\nkind: PodTemplate\ntemplate: {{spec: {{{BAD_CONTAINER}}}}}", FAILED, id="templates"
        ),
        pytest.param(
            f"apiVersion: v1\nkind: List\nitems: [{{apiVersion: v1, kind: Pod, spec: {{{BAD_CONTAINER}}}}}]",
            FAILED,
            id="lists",
        ),
        pytest.param(
            f"{POD}---\napiVersion: v1\nkind: List\nitems: [{{apiVersion: v1, kind: Pod, spec: {{{BAD_CONTAINER}}}}}]",
            PASSED_OVER,
            id="lists beside others",
        ),
    ],
)
def test_manifests_that_are_read_better_here(site: Site, text: str, theirs: str) -> None:
    assert [site.verdict(tool, "manifest", text) for tool in THEIRS] == [theirs, theirs]
    assert site.verdict(Tool.OURS, "manifest", text) == REFUSED
