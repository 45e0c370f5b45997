"""Files signed by identity, by one client and verified by another: each of ours and theirs, in both directions."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest

from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.log_workshop import javascript
from tests.interop.programs import Run, Tool

TRUST: Final = ("--trusted-root", "root.json")
STRANGER: Final = "mallory@example.com"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serve_stack("oidc-provider", tmp_path_factory.mktemp("stack")) as running:
        yield running


def sign_as_cosign(tool: Tool, *flags: str) -> Callable[[Stack, str], Run]:
    """Sign by cosign's command line, which is ours too."""

    def sign(stack: Stack, bundle: str) -> Run:
        token = ("--identity-token", stack.write_token())
        return stack.shop.run(tool, "sign-blob", *flags, *TRUST, *token, "--bundle", bundle, "blob")

    return sign


def sign_by_rekor_v1(stack: Stack, bundle: str) -> Run:
    services = ("--fulcio-url", stack.site.ca.url, "--rekor-url", stack.site.log.url)
    return sign_as_cosign(Tool.OURS, *services)(stack, bundle)


def sign_as_python(stack: Stack, bundle: str) -> Run:
    signing = ("sign", "--identity-token", stack.provider.token(), "--bundle", bundle, "--overwrite", "blob")
    return stack.shop.run("sigstore-python", "--trust-config", "trust.json", *signing)


def sign_as_javascript(stack: Stack, bundle: str) -> Run:
    asked = {"url": stack.site.log.url, "version": 2, "fulcio": stack.site.ca.url, "tsa": stack.site.ca.url}
    run = javascript(stack.shop, "sign", package=5, token=stack.write_token(), artifact="blob", **asked)
    (stack.shop.folder / bundle).write_text(run.expect_success().stdout)
    return run


def verify_as_cosign(tool: Tool, *flags: str) -> Callable[[Stack, str, str], bool]:
    """Verify by cosign's command line, which is ours too."""

    def verify(stack: Stack, bundle: str, person: str) -> bool:
        who = ("--certificate-identity", person, "--certificate-oidc-issuer", stack.provider.issuer)
        return stack.shop.run(tool, "verify-blob", *TRUST, *flags, "--bundle", bundle, *who, "blob").exit_code == 0

    return verify


def verify_as_python(stack: Stack, bundle: str, person: str) -> bool:
    who = ("--cert-identity", person, "--cert-oidc-issuer", stack.provider.issuer)
    verifying = ("verify", "identity", "--offline", *who, "--bundle", bundle, "blob")
    return stack.shop.run("sigstore-python", "--trust-config", "trust.json", *verifying).exit_code == 0


def verify_as_javascript(stack: Stack, bundle: str, person: str) -> bool:
    known = {"package": 4, "trustedRoot": "root.json", "bundle": bundle, "artifact": "blob", "scts": 1}
    entries = json.loads((stack.shop.folder / bundle).read_text())["verificationMaterial"]
    timestamps = len(entries.get("timestampVerificationData", {}).get("rfc3161Timestamps", []))
    run = javascript(stack.shop, "verify", **known, timestamps=timestamps)
    # The package returns whom it found and leaves the comparison to its caller.
    return run.exit_code == 0 and bool(json.loads(run.stdout)["verified"]) and person == stack.person


SIGNERS: Final[Mapping[str, Callable[[Stack, str], Run]]] = {
    "cosignpy": sign_as_cosign(Tool.OURS, "--signing-config", "signing.json"),
    "cosignpy with Rekor v1": sign_by_rekor_v1,
    "cosign v3": sign_as_cosign(Tool.V3, "--signing-config", "signing.json"),
    "sigstore-python": sign_as_python,
    "sigstore-js": sign_as_javascript,
}
VERIFIERS: Final[Mapping[str, Callable[[Stack, str, str], bool]]] = {
    "cosignpy": verify_as_cosign(Tool.OURS),
    "cosign v3": verify_as_cosign(Tool.V3),
    "cosign v2": verify_as_cosign(Tool.V2, "--new-bundle-format", "--use-signed-timestamps"),
    "sigstore-python": verify_as_python,
    "sigstore-js": verify_as_javascript,
}
NO_TIMESTAMP: Final = {"cosignpy with Rekor v1": "cosign v2"}
"""Told to take the time from timestamp authorities alone, cosign v2 refuses a bundle without one, as it should."""


@pytest.fixture(scope="module", params=SIGNERS)
def signed(request: pytest.FixtureRequest, stack: Stack) -> tuple[str, str]:
    bundle = f"{request.param.replace(' ', '-')}.json"
    SIGNERS[request.param](stack, bundle).expect_success()
    return request.param, bundle


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_whoever_signs_all_verify(stack: Stack, signed: tuple[str, str], verifier: str) -> None:
    signer, bundle = signed
    verify = VERIFIERS[verifier]
    assert verify(stack, bundle, stack.person) is (NO_TIMESTAMP.get(signer) != verifier)
    assert not verify(stack, bundle, STRANGER)


@pytest.fixture(scope="module")
def keys(stack: Stack) -> tuple[str, str]:
    names = ("signer", "another")
    for name in names:
        stack.shop.make_key(name)
    return names


@pytest.mark.parametrize("verifier", [Tool.OURS, Tool.V3])
@pytest.mark.parametrize("log", ["--rekor-url", "--rekor-v2-url"])
def test_files_signed_with_a_key_and_a_log(stack: Stack, keys: tuple[str, str], verifier: Tool, log: str) -> None:
    signer, another = keys
    made = ("--key", f"{signer}.key", log, stack.site.log.url, *TRUST, "--bundle", "key.json", "blob")
    stack.shop.run(Tool.OURS, "sign-blob", *made).expect_success()
    accepted, refused = (
        stack.shop.run(verifier, "verify-blob", "--key", f"{key}.pub", *TRUST, "--bundle", "key.json", "blob")
        for key in (signer, another)
    )
    accepted.expect_success()
    assert refused.exit_code != 0
