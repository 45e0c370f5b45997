"""Images signed by identity, by one client and verified by another, on a registry with and without a referrers API."""

from collections.abc import Iterator

import pytest

from tests.interop.images import push_image
from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.programs import Tool
from tests.support.registries import run_program

TRUST = ("--trusted-root", "root.json")
VERIFY = {
    Tool.OURS: (*TRUST,),
    Tool.V3: (*TRUST,),
    Tool.V2: (*TRUST, "--new-bundle-format", "--use-signed-timestamps"),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serve_stack("oidc-provider", tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module", params=["ggcr-referrers", "ggcr"])
def registry(request: pytest.FixtureRequest) -> Iterator[str]:
    with run_program(request.param) as running:
        yield running.address


@pytest.mark.parametrize("signer", [Tool.OURS, Tool.V3])
def test_whoever_signs_all_verify(stack: Stack, registry: str, signer: Tool) -> None:
    image = push_image(stack.shop, f"{registry}/exchange", f"by-{signer}")
    signing = ("--identity-token", stack.write_token(), "--signing-config", "signing.json", *TRUST)
    stack.shop.run(signer, "sign", *signing, image).expect_success()
    stranger = ("--certificate-identity", "mallory@example.com", *stack.identity[2:])
    for tool, flags in VERIFY.items():
        stack.shop.run(tool, "verify", *flags, *stack.identity, image).expect_success()
        assert stack.shop.run(tool, "verify", *flags, *stranger, image).exit_code != 0


@pytest.mark.parametrize("verifier", [Tool.OURS, Tool.V3])
@pytest.mark.parametrize("log", ["--rekor-url", "--rekor-v2-url"])
def test_images_signed_with_a_key_and_a_log(stack: Stack, registry: str, verifier: Tool, log: str) -> None:
    name = f"key-{registry.rpartition(':')[2]}-{verifier}{log}"
    stack.shop.make_key(name)
    image = push_image(stack.shop, f"{registry}/keyed", name.replace("--", "-"))
    made = ("--key", f"{name}.key", log, stack.site.log.url, *TRUST, image)
    stack.shop.run(Tool.OURS, "sign", *made).expect_success()
    stack.shop.run(verifier, "verify", *TRUST, "--key", f"{name}.pub", image).expect_success()
