"""Who signs files by identity, who verifies them, and who makes of whose what: the tests hold each pair to it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.interop.keyless_stack import Stack
from tests.interop.log_workshop import javascript
from tests.interop.programs import Run, Tool

TRUST: Final = ("--trusted-root", "root.json")


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
REFUSED: Final[Mapping[tuple[str, str], str]] = {
    (
        "cosignpy with Rekor v1",
        "cosign v2",
    ): "of bundles, cosign v2 takes the time from timestamp authorities alone, and this one has it from the log.",
}
"""Pairs that do not verify, each with the reason."""


def render_exchange() -> Iterator[str]:
    """Yield the lines of the table."""
    reasons = list(dict.fromkeys(REFUSED.values()))
    yield f"| Files signed by | {' | '.join(f'{verifier} verifies' for verifier in VERIFIERS)} |"
    yield f"|---|{'---|' * len(VERIFIERS)}"
    for signer in SIGNERS:
        whys = [REFUSED.get((signer, verifier)) for verifier in VERIFIERS]
        squares = ["yes" if why is None else f"no [{'abc'[reasons.index(why)]}]" for why in whys]
        yield f"| {signer} | {' | '.join(squares)} |"
    yield ""
    yield from (f"[{'abc'[number]}] {reason}" for number, reason in enumerate(reasons))
