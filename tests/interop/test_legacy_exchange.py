"""Legacy signatures with certificate, promise and timestamp, exchanged with cosign 2 and, told so, cosign 3.

By identity, with a key and a log, and with a key and a certificate of one's own. cosign 2 takes whom to believe from
variables too, one file for each kind of service.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from cosignpy.core.keys.public import PublicKey
from tests.interop.images import push_image
from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.programs import Tool, Workshop
from tests.support.own_pki import CHAIN, IDENTITY, INTERMEDIATE, LEAF, NAME, write_own_pki
from tests.support.own_pki import ROOT as OWN_ROOT
from tests.support.registries import run_program

TRUST: Final = ("--trusted-root", "root.json")
LEGACY: Final = {
    Tool.OURS: ("--signature-format", "legacy", *TRUST),
    Tool.V2: (),
    Tool.V3: ("--use-signing-config=false", "--new-bundle-format=false"),
}
"""What makes each of them sign as cosign 2 does."""
READ: Final = {Tool.OURS: TRUST, Tool.V2: (*TRUST, "--offline"), Tool.V3: (*TRUST, "--new-bundle-format=false")}
"""What makes each of them verify what cosign 2 signs, by the trusted root and without asking the log."""
UNSEEN: Final = ("--insecure-ignore-sct",)
"""Certificates of one's own are in no log."""
ALL: Final = [Tool.OURS, Tool.V2, Tool.V3]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serve_stack("oidc-provider", tmp_path_factory.mktemp("stack")) as running:
        shop = running.shop
        (shop.folder / "ct.pub").write_text(running.site.log.shards("ct")[0].public_key)
        (shop.folder / "rekor.pub").write_text(running.site.log.shards("rekor-v1")[0].public_key)
        shop.make_key("signer")
        shop.make_key("other")
        write_own_pki(shop.folder, PublicKey.parse_pem((shop.folder / "signer.pub").read_bytes()))
        yield running


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("ggcr") as running:
        yield running.address


@pytest.fixture
def by_variables(stack: Stack) -> Workshop:
    """Return the folder for cosign as it was used before trusted roots; without the authority of certificates."""
    return stack.shop.with_environment(SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="ct.pub", SIGSTORE_REKOR_PUBLIC_KEY="rekor.pub")


@pytest.fixture
def shop(by_variables: Workshop) -> Workshop:
    return by_variables.with_environment(SIGSTORE_ROOT_FILE="ca.pem", SIGSTORE_TSA_CERTIFICATE_FILE="tsa.pem")


def services(stack: Stack, *, stamped: bool = True) -> tuple[str, ...]:
    stamps = ("--timestamp-server-url", f"{stack.site.ca.url}/api/v1/timestamp") if stamped else ()
    return "--fulcio-url", stack.site.ca.url, "--rekor-url", stack.site.log.url, *stamps


def annotations(stack: Stack, image: str) -> dict[str, Any]:
    """Return the annotations of the one legacy signature of an image."""
    tag = stack.shop.run(Tool.OURS, "triangulate", image).expect_success().stdout.strip()
    (layer,) = json.loads(stack.shop.run("crane", "manifest", tag).expect_success().stdout)["layers"]
    return dict(layer["annotations"])


@pytest.mark.parametrize("stamped", [True, False], ids=["stamped", "unstamped"])
@pytest.mark.parametrize("signer", ALL)
def test_whoever_signs_by_identity_all_verify(
    stack: Stack, registry: str, shop: Workshop, signer: Tool, stamped: bool
) -> None:
    image = push_image(stack.shop, f"{registry}/legacy", f"by-{signer}-{stamped}".lower())
    asked = services(stack, stamped=stamped)
    shop.run(signer, "sign", *LEGACY[signer], *asked, "--identity-token", stack.write_token(), image).expect_success()
    stranger = ("--certificate-identity", "mallory@example.com", *stack.identity[2:])
    for verifier in ALL:
        stack.shop.run(verifier, "verify", *READ[verifier], *stack.identity, image).expect_success()
        assert stack.shop.run(verifier, "verify", *READ[verifier], *stranger, image).exit_code != 0
    shop.run(Tool.V2, "verify", "--offline", *stack.identity, image).expect_success()


def test_annotations_are_those_of_cosign_2(stack: Stack, registry: str, shop: Workshop) -> None:
    found = {}
    for signer in (Tool.OURS, Tool.V2):
        image = push_image(stack.shop, f"{registry}/annotations", f"by-{signer}")
        token = ("--identity-token", stack.write_token())
        shop.run(signer, "sign", *LEGACY[signer], *services(stack), *token, image).expect_success()
        found[signer] = annotations(stack, image)
    ours, theirs = found[Tool.OURS], found[Tool.V2]
    assert list(ours) == list(theirs)
    assert ours["dev.sigstore.cosign/chain"].strip() == theirs["dev.sigstore.cosign/chain"].strip()
    for name in ("dev.sigstore.cosign/bundle", "dev.sigstore.cosign/rfc3161timestamp"):
        assert _shape(json.loads(ours[name])) == _shape(json.loads(theirs[name]))


def _shape(members: Any) -> Any:
    """Return names and types, in their order."""
    return [(name, _shape(each)) for name, each in members.items()] if isinstance(members, dict) else type(members)


@pytest.mark.parametrize("signer", ALL)
def test_a_key_with_a_log_satisfies_all_who_demand_one(
    stack: Stack, registry: str, shop: Workshop, signer: Tool
) -> None:
    image = push_image(stack.shop, f"{registry}/keyed", f"by-{signer}")
    log = ("--rekor-url", stack.site.log.url)
    shop.run(signer, "sign", *LEGACY[signer], "--key", "signer.key", *log, image).expect_success()
    for verifier in ALL:
        stack.shop.run(verifier, "verify", *READ[verifier], "--key", "signer.pub", image).expect_success()
        assert stack.shop.run(verifier, "verify", *READ[verifier], "--key", "other.pub", image).exit_code != 0


def test_an_image_with_both_formats_is_verified_by_all(stack: Stack, registry: str) -> None:
    image = push_image(stack.shop, f"{registry}/both", "by-ours")
    signing = ("--signature-format", "both", *TRUST, *services(stack), "--identity-token", stack.write_token())
    stack.shop.run(Tool.OURS, "sign", *signing, image).expect_success()
    evidence = stack.shop.run(Tool.OURS, "verify", *TRUST, *stack.identity, "-o", "json", image).expect_success()
    (found,) = json.loads(evidence.stdout)["images"]
    assert [each["format"] for each in found["signatures"]] == ["bundle", "legacy"]
    bundled = (*TRUST, "--new-bundle-format", "--use-signed-timestamps")
    for verifier, flags in ((Tool.V3, TRUST), (Tool.V3, READ[Tool.V3]), (Tool.V2, bundled)):
        stack.shop.run(verifier, "verify", *flags, *stack.identity, image).expect_success()


# --- certificates of one's own ------------------------------------------------------------------


def read_own(verifier: Tool, name: str = NAME) -> tuple[str, ...]:
    """Return what each needs besides the issuers: cosign takes them or a trusted root, never both."""
    said = {Tool.OURS: TRUST, Tool.V2: ("--offline",), Tool.V3: ("--offline", "--new-bundle-format=false")}
    return (*said[verifier], *UNSEEN, "--certificate-identity", name, *IDENTITY[2:])


@pytest.mark.parametrize("signer", ALL)
def test_a_certificate_of_ones_own_is_verified_by_its_issuers(
    stack: Stack, registry: str, by_variables: Workshop, signer: Tool
) -> None:
    image = push_image(stack.shop, f"{registry}/own", f"by-{signer}")
    own = ("--key", "signer.key", "--certificate", LEAF, "--certificate-chain", CHAIN)
    by_variables.run(signer, "sign", *LEGACY[signer], *own, "--rekor-url", stack.site.log.url, image).expect_success()
    issuers = (("--certificate-chain", CHAIN), ("--ca-roots", OWN_ROOT, "--ca-intermediates", INTERMEDIATE))
    alone = () if signer is Tool.V3 else (("--ca-roots", OWN_ROOT),)  # cosign 3 leaves the issuers out
    for verifier in ALL:
        for flags in (*issuers, *alone):
            by_variables.run(verifier, "verify", *read_own(verifier), *flags, image).expect_success()
        others = ("--certificate-chain", "ca.pem")
        assert by_variables.run(verifier, "verify", *read_own(verifier), *others, image).exit_code != 0


@pytest.mark.parametrize("signer", ALL)
def test_a_certificate_may_be_given_beside_what_its_key_signed(
    stack: Stack, registry: str, by_variables: Workshop, signer: Tool
) -> None:
    image = push_image(stack.shop, f"{registry}/beside", f"by-{signer}")
    log = ("--rekor-url", stack.site.log.url)
    by_variables.run(signer, "sign", *LEGACY[signer], "--key", "signer.key", *log, image).expect_success()
    beside = ("--certificate", LEAF, "--certificate-chain", CHAIN)
    for verifier in (Tool.OURS, Tool.V2):
        by_variables.run(verifier, "verify", *read_own(verifier), *beside, image).expect_success()
        stranger = read_own(verifier, "mallory@example.com")
        assert by_variables.run(verifier, "verify", *stranger, *beside, image).exit_code != 0


def test_a_key_does_not_verify_what_was_logged_for_a_certificate(
    stack: Stack, registry: str, by_variables: Workshop
) -> None:
    """cosign 2 takes the certificate from an annotation that nobody signed; whoever watches the log for the key
    would not have seen the entry."""
    image = push_image(stack.shop, f"{registry}/own", "by-key")
    own = ("--key", "signer.key", "--certificate", LEAF, "--certificate-chain", CHAIN)
    by_variables.run(Tool.V2, "sign", *own, "--rekor-url", stack.site.log.url, image).expect_success()
    by_variables.run(Tool.V2, "verify", "--offline", "--key", "signer.pub", image).expect_success()
    refused = stack.shop.run(Tool.OURS, "verify", *TRUST, "--key", "signer.pub", image)
    assert (refused.exit_code, "signer of the log entry" in refused.stderr) == (12, True)


# --- attached in parts --------------------------------------------------------------------------


@pytest.mark.parametrize("attacher", [Tool.OURS, Tool.V2])
def test_what_was_signed_elsewhere_is_attached_in_parts(
    stack: Stack, registry: str, shop: Workshop, attacher: Tool
) -> None:
    image = push_image(stack.shop, f"{registry}/parts", f"by-{attacher}")
    payload = shop.run(Tool.V2, "generate", image).expect_success().stdout
    (shop.folder / "payload").write_text(payload)
    token = ("--identity-token", stack.write_token())
    made = ("--bundle", "parts.json", "--output-certificate", "parts.crt", "--output-signature", "parts.sig")
    shop.run(Tool.V2, "sign-blob", *services(stack, stamped=False), *token, *made, "payload").expect_success()
    (shop.folder / "parts.pem").write_bytes(base64.b64decode((shop.folder / "parts.crt").read_bytes()))
    parts = ("--signature", "parts.sig", "--payload", "payload", "--certificate", "parts.pem")
    issuers = ("--certificate-chain", "ca.pem", "--rekor-response", "parts.json")
    shop.run(attacher, "attach", "signature", *parts, *issuers, image).expect_success()
    for verifier in ALL:
        stack.shop.run(verifier, "verify", *READ[verifier], *stack.identity, image).expect_success()
