"""Released clients against our certificate authority, timestamp authority and logs, with tokens of real providers.

Each obtains a certificate for an ephemeral key with a token, logs and timestamps its signature, and verifies what it
made with its own code: the chain, the SCT that the certificate carries, the timestamp, the proof of the log.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from cryptography import x509

from tests.interop.identity_providers import PROVIDERS
from tests.interop.images import push_image
from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.log_workshop import javascript
from tests.interop.programs import Run, Tool
from tests.support.registries import run_program


@pytest.fixture(scope="module", params=PROVIDERS)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serve_stack(request.param, tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("ggcr-referrers") as running:
        yield running.address


def says_what_the_token_said(stack: Stack, leaf: x509.Certificate) -> None:
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == [stack.person]
    issuer = leaf.extensions.get_extension_for_oid(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")).value
    assert issuer.public_bytes() == stack.provider.issuer.encode()


# --- cosign -------------------------------------------------------------------------------------

SIGN: Final = {
    Tool.V3: ("sign-blob", "--signing-config", "signing.json", "--trusted-root", "root.json"),
    Tool.V2: ("sign-blob", "--new-bundle-format", "--signing-config", "signing.json", "--trusted-root", "root.json"),
}
VERIFY: Final = {
    Tool.V3: ("verify-blob", "--trusted-root", "root.json"),
    Tool.V2: ("verify-blob", "--trusted-root", "root.json", "--new-bundle-format", "--use-signed-timestamps"),
}


def sign_blob(stack: Stack, tool: Tool, bundle: str) -> Run:
    return stack.shop.run(tool, *SIGN[tool], "--identity-token", stack.write_token(), "--bundle", bundle, "blob")


@pytest.mark.parametrize("signer", SIGN)
@pytest.mark.parametrize("verifier", VERIFY)
def test_cosign_signs_a_blob_by_identity(stack: Stack, signer: Tool, verifier: Tool) -> None:
    sign_blob(stack, signer, "cosign.json").expect_success()
    says_what_the_token_said(stack, stack.leaf("cosign.json"))
    bundle = ("--bundle", "cosign.json")
    stack.shop.run(verifier, *VERIFY[verifier], *bundle, *stack.identity, "blob").expect_success()
    other = ("--certificate-identity", "mallory@example.com", *stack.identity[2:])
    assert stack.shop.run(verifier, *VERIFY[verifier], *bundle, *other, "blob").exit_code != 0


def test_cosign_v2_asks_version_1_and_verifies_the_promise(stack: Stack) -> None:
    """The way of cosign 2: `/api/v1/signingCert`, Rekor v1, keys and roots by environment."""
    shop = stack.shop.with_environment(SIGSTORE_ROOT_FILE="ca.pem", SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="ct.pub",
                                       SIGSTORE_REKOR_PUBLIC_KEY="rekor.pub")  # fmt: skip
    (shop.folder / "ct.pub").write_text(stack.site.log.shards("ct")[0].public_key)
    (shop.folder / "rekor.pub").write_text(stack.site.log.shards("rekor-v1")[0].public_key)
    services = ("--fulcio-url", stack.site.ca.url, "--rekor-url", stack.site.log.url)
    files = ("--bundle", "v1.json", "--output-certificate", "v1.pem", "--output-signature", "v1.sig")
    shop.run(Tool.V2, "sign-blob", *services, "--identity-token", stack.write_token(), *files, "blob").expect_success()
    shop.run(Tool.V2, "verify-blob", "--offline", "--bundle", "v1.json", *stack.identity, "blob").expect_success()


def test_cosign_v3_signs_an_image_by_identity(stack: Stack, registry: str) -> None:
    image = push_image(stack.shop, f"{registry}/keyless", "by-v3")
    flags = ("--signing-config", "signing.json", "--trusted-root", "root.json", "--identity-token", stack.write_token())
    stack.shop.run(Tool.V3, "sign", *flags, image).expect_success()
    stack.shop.run(Tool.V3, "verify", "--trusted-root", "root.json", *stack.identity, image).expect_success()


def test_cosign_gets_no_certificate_for_a_token_that_was_changed(stack: Stack) -> None:
    token = stack.provider.token()
    head, claims, signature = token.split(".")
    (stack.shop.folder / "changed").write_text(f"{head}.{claims}.{signature[::-1]}")
    refused = stack.shop.run(Tool.V3, *SIGN[Tool.V3], "--identity-token", "changed", "--bundle", "none.json", "blob")
    assert refused.exit_code != 0
    assert "There was an error processing the identity token" in refused.stderr


# --- sigstore-python ----------------------------------------------------------------------------


def test_sigstore_python_signs_by_identity(stack: Stack) -> None:
    trust = ("--trust-config", "trust.json")
    token = stack.provider.token()
    signing = ("sign", "--identity-token", token, "--bundle", "python.json", "--overwrite", "blob")
    stack.shop.run("sigstore-python", *trust, *signing).expect_success()
    says_what_the_token_said(stack, stack.leaf("python.json"))
    identity = ("--cert-identity", stack.person, "--cert-oidc-issuer", stack.provider.issuer)
    verifying = ("verify", "identity", "--offline", *identity, "--bundle", "python.json", "blob")
    stack.shop.run("sigstore-python", *trust, *verifying).expect_success()
    stack.shop.run(Tool.V3, *VERIFY[Tool.V3], "--bundle", "python.json", *stack.identity, "blob").expect_success()


# --- sigstore-js --------------------------------------------------------------------------------


@pytest.mark.parametrize("package", [4, 5])
def test_sigstore_js_signs_by_identity(stack: Stack, package: int) -> None:
    settings: dict[str, Any] = {
        "package": package,
        "url": stack.site.log.url,
        "version": 2,
        "fulcio": stack.site.ca.url,
        "token": stack.write_token(),
        "tsa": stack.site.ca.url,
        "artifact": "blob",
    }
    bundle = json.loads(javascript(stack.shop, "sign", **settings).expect_success().stdout)
    (stack.shop.folder / "js.json").write_text(json.dumps(bundle))
    known = {"package": 4, "trustedRoot": "root.json", "bundle": "js.json", "artifact": "blob"}
    shown = json.loads(javascript(stack.shop, "verify", **known, timestamps=1, scts=1).expect_success().stdout)
    assert shown["verified"]
    stack.shop.run(Tool.V3, *VERIFY[Tool.V3], "--bundle", "js.json", *stack.identity, "blob").expect_success()
