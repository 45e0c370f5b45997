"""Policies in a registry: cosign signs them like any image, oras pulls the files, and what oras pushed is read."""

from collections.abc import Iterator
from typing import Final

import pytest

from cosignpy.operations.policy_artifact import ARTIFACT_TYPE, FILE_TYPE
from tests.interop.programs import Format, Tool, Workshop
from tests.support.image_policies import PASS, document, encode
from tests.support.registries import run_program

IMAGE: Final = "ghcr.io/team/app:1"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop")).prepare()
    made.make_key("signer")
    (made.folder / "team.yaml").write_bytes(encode(document(PASS)))
    pem = (made.folder / "signer.pub").read_text()
    (made.folder / "root.yaml").write_bytes(encode(document({"key": {"data": pem}}, name="root")))
    return made


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("distribution-3") as running:
        yield running.address


@pytest.mark.parametrize(
    ("tool", "form"), [(Tool.V2, Format.LEGACY), (Tool.V3, Format.BUNDLE), (Tool.OURS, Format.BUNDLE)]
)
def test_policies_are_signed_like_any_image(shop: Workshop, registry: str, tool: Tool, form: Format) -> None:
    push = shop.run(Tool.OURS, "policy", "push", "team.yaml", f"{registry}/signed/{tool}:1").expect_success()
    pinned = push.stdout.strip()
    verify = ("policy", "verify", f"--policy=oci://{pinned}", "--policy-signers=root.yaml", IMAGE)
    assert shop.run(Tool.OURS, *verify).exit_code != 0
    shop.sign(tool, form, pinned, "signer").expect_success()
    shop.run(Tool.OURS, *verify).expect_success()


def test_oras_pulls_what_we_pushed(shop: Workshop, registry: str) -> None:
    name = f"{registry}/oras/ours:1"
    shop.run(Tool.OURS, "policy", "push", "team.yaml", name).expect_success()
    shop.run("oras", "pull", "--plain-http", "-o", "pulled", name).expect_success()
    assert (shop.folder / "pulled/team.yaml").read_bytes() == (shop.folder / "team.yaml").read_bytes()


def test_what_oras_pushed_is_read(shop: Workshop, registry: str) -> None:
    name = f"{registry}/oras/theirs:1"
    push = ("push", "--plain-http", "--artifact-type", ARTIFACT_TYPE, name, f"team.yaml:{FILE_TYPE}")
    shop.run("oras", *push).expect_success()
    shop.run(Tool.OURS, "policy", "verify", f"--policy=oci://{name}", IMAGE).expect_success()
