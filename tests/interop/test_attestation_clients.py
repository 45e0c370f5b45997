"""Attestations by identity: of images in cosign 2's format, and of files, with sigstore-python and sigstore-js."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_json
from cosignpy.core.predicates.types import PREDICATE_TYPES
from tests.interop.file_exchange import VERIFIERS
from tests.interop.images import push_image
from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.log_workshop import javascript
from tests.interop.programs import Tool
from tests.support.predicates import EXAMPLES, example
from tests.support.registries import run_program

TRUST: Final = ("--trusted-root", "root.json")
PROVENANCE: Final = ("--type=slsaprovenance1", "--predicate=slsaprovenance1.json")
LEGACY: Final = {
    Tool.OURS: ("--signature-format=legacy", *TRUST),
    Tool.V2: (),
    Tool.V3: ("--use-signing-config=false", "--new-bundle-format=false"),
}
"""What makes each of them attest as cosign 2 does."""
READ: Final = {Tool.OURS: TRUST, Tool.V2: ("--offline",), Tool.V3: (*TRUST, "--new-bundle-format=false")}
"""What makes each of them verify that; cosign 2 is told by variables whom to believe."""
DEMANDS: Final = ("--builder-id=https://ci.example/builder", "--source-uri=git.example/app")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serve_stack("oidc-provider", tmp_path_factory.mktemp("stack")) as running:
        folder = running.shop.folder
        (folder / "ct.pub").write_text(running.site.log.shards("ct")[0].public_key)
        (folder / "rekor.pub").write_text(running.site.log.shards("rekor-v1")[0].public_key)
        for name in EXAMPLES:
            (folder / f"{name}.json").write_bytes(example(name))
        yield running


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("ggcr-referrers") as running:
        yield running.address


@pytest.mark.parametrize("signer", LEGACY)
def test_legacy_attestations_by_identity(stack: Stack, registry: str, signer: Tool) -> None:
    image = push_image(stack.shop, f"{registry}/attested", f"legacy-{signer}")
    shop = stack.shop.with_environment(
        SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="ct.pub", SIGSTORE_REKOR_PUBLIC_KEY="rekor.pub",
        SIGSTORE_ROOT_FILE="ca.pem", SIGSTORE_TSA_CERTIFICATE_FILE="tsa.pem",
    )  # fmt: skip
    services = ("--fulcio-url", stack.site.ca.url, "--rekor-url", stack.site.log.url)
    stamps = ("--timestamp-server-url", f"{stack.site.ca.url}/api/v1/timestamp")
    token = ("--identity-token", stack.write_token(), "--yes")
    shop.run(signer, "attest", *LEGACY[signer], *services, *stamps, *token, *PROVENANCE, image).expect_success()
    stranger = ("--certificate-identity", "mallory@example.com", *stack.identity[2:])
    for verifier, flags in READ.items():
        asked = ("verify-attestation", *flags, "--type=slsaprovenance1")
        shop.run(verifier, *asked, *stack.identity, image).expect_success()
        assert shop.run(verifier, *asked, *stranger, image).exit_code != 0
    asked = ("verify-attestation", *TRUST, "--type=slsaprovenance1", *stack.identity, image)
    stack.shop.run(Tool.OURS, *asked, *DEMANDS).expect_success()
    assert stack.shop.run(Tool.OURS, *asked, *DEMANDS, "--source-tag=v1").exit_code != 0


def verify(stack: Stack, tool: Tool, bundle: str, kind: str, *flags: str) -> int:
    asked = ("verify-blob-attestation", *TRUST, "--bundle", bundle, "--type", kind, *stack.identity, *flags, "blob")
    return stack.shop.run(tool, *asked).exit_code


def statement(stack: Stack, bundle: str) -> Any:
    envelope = json.loads((stack.shop.folder / bundle).read_bytes())["dsseEnvelope"]
    return json.loads(b64decode(envelope["payload"]))


@pytest.mark.parametrize("name", ["slsaprovenance1", "slsaprovenance02"])
def test_what_sigstore_python_attests_is_verified(stack: Stack, name: str) -> None:
    kind = PREDICATE_TYPES[name]
    said = ("--predicate", f"{name}.json", "--predicate-type", kind, "--bundle", "python.json", "--overwrite")
    token = ("--identity-token", stack.provider.token())
    stack.shop.run("sigstore-python", "--trust-config", "trust.json", "attest", *said, *token, "blob").expect_success()
    for tool in (Tool.OURS, Tool.V3):
        assert verify(stack, tool, "python.json", name) == 0
        assert verify(stack, tool, "python.json", "vuln") != 0
    assert verify(stack, Tool.OURS, "python.json", name, *DEMANDS) == 0
    assert verify(stack, Tool.OURS, "python.json", name, "--builder-id=https://ci.example/other") != 0


def test_what_sigstore_js_attests_is_verified(stack: Stack) -> None:
    digest = hashlib.sha256((stack.shop.folder / "blob").read_bytes()).hexdigest()
    made = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "blob", "digest": {"sha256": digest}}],
        "predicateType": PREDICATE_TYPES["slsaprovenance1"],
        "predicate": EXAMPLES["slsaprovenance1"],
    }
    (stack.shop.folder / "statement.json").write_bytes(encode_json(made))
    asked = {"url": stack.site.log.url, "version": 2, "fulcio": stack.site.ca.url, "tsa": stack.site.ca.url}
    run = javascript(
        stack.shop, "sign", package=5, token=stack.write_token(), artifact="statement.json",
        type="application/vnd.in-toto+json", **asked,
    )  # fmt: skip
    (stack.shop.folder / "js.json").write_text(run.expect_success().stdout)
    for tool in (Tool.OURS, Tool.V3):
        assert verify(stack, tool, "js.json", "slsaprovenance1") == 0
        assert verify(stack, tool, "js.json", "vuln") != 0
    assert verify(stack, Tool.OURS, "js.json", "slsaprovenance1", *DEMANDS) == 0


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "slsaprovenance02"])
def test_ours_of_every_type_are_verified_by_the_libraries(stack: Stack, name: str) -> None:
    """They look at signer and subject; which type it has to be they leave to their caller."""
    signing = ("--identity-token", stack.write_token(), "--signing-config", "signing.json", *TRUST)
    said = ("--type", name, "--predicate", f"{name}.json", "--bundle", "ours.json", "blob")
    stack.shop.run(Tool.OURS, "attest-blob", *signing, *said).expect_success()
    assert statement(stack, "ours.json")["predicate"] == EXAMPLES[name]
    for library in ("sigstore-python", "sigstore-js"):
        assert VERIFIERS[library](stack, "ours.json", stack.person), library
        assert not VERIFIERS[library](stack, "ours.json", "mallory@example.com"), library
