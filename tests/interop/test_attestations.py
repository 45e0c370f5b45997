"""Attestations about images, exchanged with cosign 2 and 3: in bundles and under tags, by identity and by key."""

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.interop.images import push_image
from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.programs import Format, Tool
from tests.support.registries import run_program

REVIEW: Final = "https://example.com/review/v1"
TRUST: Final = ("--trusted-root", "root.json")
SAID: Final = ("--predicate=review.json", f"--type={REVIEW}")
ATTEST: Final = {
    (Tool.OURS, Format.BUNDLE): ("--tlog-upload=false",),
    (Tool.OURS, Format.LEGACY): ("--tlog-upload=false", "--signature-format=legacy"),
    (Tool.V3, Format.BUNDLE): ("--use-signing-config=false", "--tlog-upload=false"),
    (Tool.V3, Format.LEGACY): ("--use-signing-config=false", "--tlog-upload=false", "--new-bundle-format=false"),
    (Tool.V2, Format.LEGACY): ("--tlog-upload=false",),
}
"""What makes each of them attest with a key alone."""
VERIFY: Final = {
    (Tool.OURS, Format.BUNDLE): (),
    (Tool.OURS, Format.LEGACY): (),
    (Tool.V3, Format.BUNDLE): (),
    (Tool.V3, Format.LEGACY): ("--new-bundle-format=false",),
    (Tool.V2, Format.LEGACY): (),
}
READERS: Final = {form: [tool for tool, read in VERIFY if read is form] for form in Format}
IGNORED: Final = "--insecure-ignore-tlog=true"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serve_stack("oidc-provider", tmp_path_factory.mktemp("stack")) as running:
        running.shop.make_key("signer")
        running.shop.make_key("other")
        (running.shop.folder / "review.json").write_text('{"score": 1, "by": "us"}')
        yield running


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("ggcr-referrers") as running:
        yield running.address


def statement(printed: str) -> Any:
    """Return what the one envelope says that was printed."""
    (line,) = printed.strip().splitlines()
    return json.loads(b64decode(json.loads(line)["payload"]))


@pytest.mark.parametrize(("signer", "form"), ATTEST)
def test_whoever_attests_with_a_key_all_verify(stack: Stack, registry: str, signer: Tool, form: Format) -> None:
    image = push_image(stack.shop, f"{registry}/attested", f"key-{signer}-{form}")
    made = ("attest", "--key=signer.key", *ATTEST[signer, form], *SAID, "--yes", image)
    stack.shop.run(signer, *made).expect_success()
    for tool in READERS[form]:
        asked = ("verify-attestation", IGNORED, *VERIFY[tool, form])
        printing = ("--output=cosign",) if tool is Tool.OURS else ()
        done = stack.shop.run(tool, *asked, *printing, "--key=signer.pub", f"--type={REVIEW}", image).expect_success()
        found = statement(done.stdout)
        assert (found["predicateType"], found["predicate"]) == (REVIEW, {"score": 1, "by": "us"})
        for refused in (("--key=other.pub", f"--type={REVIEW}"), ("--key=signer.pub", "--type=vuln")):
            assert stack.shop.run(tool, *asked, *refused, image).exit_code != 0


@pytest.mark.parametrize("signer", [Tool.OURS, Tool.V3])
def test_whoever_attests_by_identity_all_verify(stack: Stack, registry: str, signer: Tool) -> None:
    image = push_image(stack.shop, f"{registry}/attested", f"identity-{signer}")
    signing = ("--identity-token", stack.write_token(), "--signing-config", "signing.json", *TRUST)
    stack.shop.run(signer, "attest", *signing, *SAID, image).expect_success()
    stranger = ("--certificate-identity", "mallory@example.com", *stack.identity[2:])
    for tool in (Tool.OURS, Tool.V3):
        asked = ("verify-attestation", *TRUST, f"--type={REVIEW}")
        stack.shop.run(tool, *asked, *stack.identity, image).expect_success()
        assert stack.shop.run(tool, *asked, *stranger, image).exit_code != 0


def test_cosign_downloads_what_is_ours(stack: Stack, registry: str) -> None:
    image = push_image(stack.shop, f"{registry}/attested", "download")
    stack.shop.run(
        Tool.OURS, "attest", "--key=signer.key", "--tlog-upload=false", "--signature-format=both", *SAID, image
    ).expect_success()
    for tool in (Tool.OURS, Tool.V3):
        done = stack.shop.run(tool, "download", "attestation", f"--predicate-type={REVIEW}", image).expect_success()
        assert done.stdout.count("\n") in {1, 2}


@pytest.mark.parametrize("signer", [Tool.OURS, Tool.V2])
def test_legacy_attestations_with_a_promise_of_the_log(stack: Stack, registry: str, signer: Tool) -> None:
    image = push_image(stack.shop, f"{registry}/attested", f"promised-{signer}")
    (stack.shop.folder / "rekor.pub").write_text(stack.site.log.shards("rekor-v1")[0].public_key)
    shop = stack.shop.with_environment(SIGSTORE_REKOR_PUBLIC_KEY="rekor.pub")
    flags = {Tool.OURS: ("--signature-format=legacy", *TRUST), Tool.V2: ("--yes",)}
    shop.run(
        signer, "attest", "--key=signer.key", "--rekor-url", stack.site.log.url, *flags[signer], *SAID, image
    ).expect_success()
    for tool, trust in ((Tool.OURS, TRUST), (Tool.V2, (*TRUST, "--offline"))):
        shop.run(tool, "verify-attestation", *trust, "--key=signer.pub", f"--type={REVIEW}", image).expect_success()
