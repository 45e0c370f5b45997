"""Signatures of files as cosign 2 keeps them, in its own bundle or in files of their own: each of ours and theirs."""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from cosignpy.core.bundle.blob_files import (
    encode_blob_bundle,
    encode_timestamp_file,
    parse_blob_bundle,
    parse_timestamp_file,
)
from cosignpy.core.keys.public import PublicKey
from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.programs import Run, Tool, Workshop
from tests.support.own_pki import CHAIN, IDENTITY, LEAF, write_own_pki

STRANGER: Final = "mallory@example.com"
TYPE: Final = "https://example.com/review"
OLD: Final = ("--use-signing-config=false", "--new-bundle-format=false")
FORMS: Final[Mapping[Tool, tuple[str, ...]]] = {
    Tool.OURS: ("--new-bundle-format=false",),
    Tool.V3: OLD,
    Tool.V2: (),
}
TOOLS: Final = pytest.mark.parametrize("signer", [Tool.OURS, Tool.V3, Tool.V2])
VERIFIERS: Final = pytest.mark.parametrize("verifier", [Tool.OURS, Tool.V3, Tool.V2])
V3_OLD: Final[Mapping[Tool, tuple[str, ...]]] = {Tool.OURS: (), Tool.V3: ("--new-bundle-format=false",), Tool.V2: ()}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serve_stack("oidc-provider", tmp_path_factory.mktemp("stack")) as running:
        shop = running.shop
        (shop.folder / "ct.pub").write_text(running.site.log.shards("ct")[0].public_key)
        (shop.folder / "rekor.pub").write_text(running.site.log.shards("rekor-v1")[0].public_key)
        (shop.folder / "predicate.json").write_text('{"passed": true}')
        (shop.folder / "other").write_text("other\n")
        for name in ("signer", "another"):
            shop.make_key(name)
        yield running


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Workshop:
    """Return the folder with what cosign 2 has to believe, which it takes from variables."""
    return stack.shop.with_environment(
        SIGSTORE_ROOT_FILE="ca.pem", SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="ct.pub", SIGSTORE_REKOR_PUBLIC_KEY="rekor.pub"
    )


def trusting(tool: Tool) -> tuple[str, ...]:
    return ("--trusted-root", "root.json") if tool is Tool.OURS else ()


def services(stack: Stack, tool: Tool) -> tuple[str, ...]:
    urls = ("--fulcio-url", stack.site.ca.url, "--rekor-url", stack.site.log.url)
    return (*urls, *trusting(tool), "--identity-token", stack.write_token())


def stamping(stack: Stack) -> tuple[str, ...]:
    return "--timestamp-server-url", f"{stack.site.ca.url}/api/v1/timestamp"


def identity(stack: Stack, person: str) -> tuple[str, ...]:
    return "--certificate-identity", person, "--certificate-oidc-issuer", stack.provider.issuer


def accepts_only_what_was_signed(stack: Stack, run: "Verify") -> None:
    """One thing changed at a time: the file, and who signed it."""
    run("blob", stack.person).expect_success()
    assert run("other", stack.person).exit_code != 0
    assert run("blob", STRANGER).exit_code != 0


class Verify:
    """Verify some files, as somebody's, over some file."""

    def __init__(self, shop: Workshop, tool: Tool, stack: Stack, *flags: str) -> None:
        self._shop, self._tool, self._stack, self._flags = shop, tool, stack, flags

    def __call__(self, blob: str, person: str) -> Run:
        """Run it."""
        command, *flags = self._flags
        who = identity(self._stack, person)
        return self._shop.run(self._tool, command, *flags, *trusting(self._tool), *who, blob)


@pytest.fixture(scope="module", params=[Tool.OURS, Tool.V3, Tool.V2])
def signed(request: pytest.FixtureRequest, stack: Stack, shop: Workshop) -> str:
    """Sign without a key in every form at once, and return how the files are called."""
    tool: Tool = request.param
    files = {
        "--bundle": "json",
        "--output-signature": "sig",
        "--output-certificate": "pem",
        "--rfc3161-timestamp": "tsr",
    }
    named = [part for flag, suffix in files.items() for part in (flag, f"{tool}.{suffix}")]
    flags = (*FORMS[tool], *services(stack, tool), *stamping(stack))
    shop.run(tool, "sign-blob", *flags, *named, "blob").expect_success()
    return tool


def test_all_write_the_same_octets(shop: Workshop, signed: str) -> None:
    """Read and written again, nothing differs; the timestamp's file neither."""
    raw = (shop.folder / f"{signed}.json").read_bytes()
    found = parse_blob_bundle(raw)
    assert found is not None
    assert encode_blob_bundle(found.message_bundle()) == raw
    stamped = (shop.folder / f"{signed}.tsr").read_bytes()
    assert encode_timestamp_file(parse_timestamp_file(stamped)) == stamped.rstrip(b"\n")


@VERIFIERS
def test_bundles_of_cosign_2(stack: Stack, shop: Workshop, signed: str, verifier: Tool) -> None:
    flags = (*V3_OLD[verifier], "--offline", "--bundle", f"{signed}.json")
    accepts_only_what_was_signed(stack, Verify(shop, verifier, stack, "verify-blob", *flags))


@VERIFIERS
def test_signature_and_certificate_with_the_log_asked(
    stack: Stack, shop: Workshop, signed: str, verifier: Tool
) -> None:
    parts = ("--signature", f"{signed}.sig", "--certificate", f"{signed}.pem")
    flags = (*V3_OLD[verifier], *parts, "--rekor-url", stack.site.log.url)
    accepts_only_what_was_signed(stack, Verify(shop, verifier, stack, "verify-blob", *flags))


@VERIFIERS
def test_signature_certificate_and_timestamp_without_the_log(
    stack: Stack, shop: Workshop, signed: str, verifier: Tool
) -> None:
    parts = ("--signature", f"{signed}.sig", "--certificate", f"{signed}.pem", "--rfc3161-timestamp", f"{signed}.tsr")
    chain = () if verifier is Tool.OURS else ("--timestamp-certificate-chain", "tsa.pem")
    flags = (*V3_OLD[verifier], *parts, *chain, "--insecure-ignore-tlog", "--use-signed-timestamps")
    accepts_only_what_was_signed(stack, Verify(shop, verifier, stack, "verify-blob", *flags))


@TOOLS
@VERIFIERS
def test_signatures_by_a_key(stack: Stack, shop: Workshop, signer: Tool, verifier: Tool) -> None:
    logged = ("--rekor-url", stack.site.log.url, *trusting(signer))
    made = (*FORMS[signer], "--key", "signer.key", "--bundle", "key.json", "--output-signature", "key.sig")
    shop.run(signer, "sign-blob", *made, *logged, "blob").expect_success()
    for found in (("--bundle", "key.json"), ("--signature", "key.sig", "--rekor-url", stack.site.log.url)):
        verify = ("verify-blob", *V3_OLD[verifier], *trusting(verifier), *found)
        shop.run(verifier, *verify, "--key", "signer.pub", "blob").expect_success()
        assert shop.run(verifier, *verify, "--key", "another.pub", "blob").exit_code != 0
        assert shop.run(verifier, *verify, "--key", "signer.pub", "other").exit_code != 0


@TOOLS
@VERIFIERS
def test_signatures_by_a_key_alone(shop: Workshop, signer: Tool, verifier: Tool) -> None:
    made = (*FORMS[signer], "--key", "signer.key", "--bundle", "alone.json", "--output-signature", "alone.sig")
    shop.run(signer, "sign-blob", *made, "--tlog-upload=false", "blob").expect_success()
    for found in (("--bundle", "alone.json"), ("--signature", "alone.sig")):
        verify = ("verify-blob", *V3_OLD[verifier], "--insecure-ignore-tlog", *found)
        shop.run(verifier, *verify, "--key", "signer.pub", "blob").expect_success()
        assert shop.run(verifier, *verify, "--key", "another.pub", "blob").exit_code != 0


@pytest.fixture(scope="module", params=[Tool.OURS, Tool.V3, Tool.V2])
def attested(request: pytest.FixtureRequest, stack: Stack, shop: Workshop) -> str:
    tool: Tool = request.param
    files = {"--bundle": "json", "--output-signature": "sig", "--output-certificate": "pem"}
    named = [part for flag, suffix in files.items() for part in (flag, f"a-{tool}.{suffix}")]
    says = ("--predicate", "predicate.json", "--type", TYPE)
    shop.run(tool, "attest-blob", *FORMS[tool], *services(stack, tool), *says, *named, "blob").expect_success()
    return f"a-{tool}"


@VERIFIERS
def test_attestations(stack: Stack, shop: Workshop, attested: str, verifier: Tool) -> None:
    asking = ("--certificate", f"{attested}.pem", "--rekor-url", stack.site.log.url)
    for found in (("--bundle", f"{attested}.json"), ("--signature", f"{attested}.sig", *asking)):
        flags = ("verify-blob-attestation", *V3_OLD[verifier], "--type", TYPE, *found)
        accepts_only_what_was_signed(stack, Verify(shop, verifier, stack, *flags))


@TOOLS
@VERIFIERS
def test_attestations_with_their_timestamps(stack: Stack, shop: Workshop, signer: Tool, verifier: Tool) -> None:
    """cosign 2 has the whole envelope stamped, and so verifies; all others have the signature in it stamped."""
    says = ("--predicate", "predicate.json", "--type", TYPE)
    parts = ("--output-signature", "t.sig", "--output-certificate", "t.pem", "--rfc3161-timestamp-bundle", "t.tsr")
    form = () if signer is Tool.OURS else FORMS[signer]
    made = (*form, *services(stack, signer), *stamping(stack), *says, *parts)
    shop.run(signer, "attest-blob", *made, "blob").expect_success()
    chain = () if verifier is Tool.OURS else ("--timestamp-certificate-chain", "tsa.pem")
    files = ("--signature", "t.sig", "--certificate", "t.pem", "--rfc3161-timestamp", "t.tsr", *chain)
    waived = ("--insecure-ignore-tlog", "--use-signed-timestamps")
    flags = ("verify-blob-attestation", *V3_OLD[verifier], "--type", TYPE, *files, *waived)
    verify = Verify(shop, verifier, stack, *flags)
    if verifier is Tool.OURS or signer is Tool.V2:
        accepts_only_what_was_signed(stack, verify)
    else:
        assert "hashed messages don't match" in verify("blob", stack.person).stderr


@pytest.mark.parametrize("verifier", [Tool.OURS, Tool.V3])
def test_many_files_in_one_bundle(stack: Stack, shop: Workshop, verifier: Tool) -> None:
    made = ("--signing-config", "signing.json", "--trusted-root", "root.json", "--identity-token", stack.write_token())
    shop.run(Tool.OURS, "sign-blob", *made, "--one-bundle", "--bundle", "all.json", "blob", "other").expect_success()
    verify = ("verify-blob", "--trusted-root", "root.json", "--bundle", "all.json", *identity(stack, stack.person))
    for blob in ("blob", "other"):
        shop.run(verifier, *verify, blob).expect_success()
    assert shop.run(verifier, *verify, "predicate.json").exit_code != 0


@VERIFIERS
def test_certificates_of_ones_own(stack: Stack, shop: Workshop, verifier: Tool) -> None:
    write_own_pki(shop.folder, PublicKey.parse_pem((shop.folder / "signer.pub").read_bytes()))
    made = (
        "--key",
        "signer.key",
        "--certificate",
        LEAF,
        "--certificate-chain",
        CHAIN,
        "--rekor-url",
        stack.site.log.url,
    )
    files = ("--bundle", "own.json", "--output-signature", "own.sig", *FORMS[Tool.OURS], *trusting(Tool.OURS))
    shop.run(Tool.OURS, "sign-blob", *made, *files, "blob").expect_success()
    for found in (("--bundle", "own.json"), ("--signature", "own.sig", "--certificate", LEAF)):
        asking = () if "--bundle" in found else ("--rekor-url", stack.site.log.url)
        chain = ("--certificate-chain", CHAIN, "--insecure-ignore-sct")
        verify = ("verify-blob", *V3_OLD[verifier], *trusting(verifier), *found, *asking, *chain)
        shop.run(verifier, *verify, *IDENTITY, "blob").expect_success()
        assert shop.run(verifier, *verify, *IDENTITY, "other").exit_code != 0
        assert shop.run(verifier, *verify, *identity(stack, stack.person), "blob").exit_code != 0
