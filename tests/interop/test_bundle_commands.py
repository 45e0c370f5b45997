"""`bundle create` and `upgrade`: what cosign 3 makes of the same files says the same as ours, and all verify it."""

import json
from collections.abc import Iterator

import pytest

from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.programs import NO_MATCH, Run, Tool

V01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
TRUST = ("--trusted-root", "root.json")
MAKERS = pytest.mark.parametrize("maker", [Tool.OURS, Tool.V3])
SIGNED = pytest.mark.parametrize("signed", ["identity", "key", "statement"])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Sign with cosign 2 in every way, into files of their own and into its own JSON."""
    with serve_stack("oidc-provider", tmp_path_factory.mktemp("stack")) as running:
        folder, shards = running.shop.folder, running.site.log.shards
        (folder / "ct.pub").write_text(shards("ct")[0].public_key)
        (folder / "rekor.pub").write_text(shards("rekor-v1")[0].public_key)
        (folder / "predicate.json").write_text('{"passed": true}')
        (folder / "other").write_text("other\n")
        running.shop.make_key("signer")
        sign(running)
        yield running


def sign(stack: Stack) -> None:
    shop = stack.shop.with_environment(
        SIGSTORE_ROOT_FILE="ca.pem", SIGSTORE_CT_LOG_PUBLIC_KEY_FILE="ct.pub", SIGSTORE_REKOR_PUBLIC_KEY="rekor.pub"
    )
    log = ("--rekor-url", stack.site.log.url)
    identity = ("--fulcio-url", stack.site.ca.url, "--identity-token", stack.write_token())
    for signed, command in {
        "identity": ("sign-blob", *identity, "--output-certificate", "identity.pem"),
        "key": ("sign-blob", "--key", "signer.key"),
        "statement": ("attest-blob", *identity, "--predicate", "predicate.json", "--type", "https://example.com/review",
                      "--output-certificate", "statement.pem"),
    }.items():  # fmt: skip
        files = ("--bundle", f"{signed}.old", "--output-signature", f"{signed}.sig")
        shop.run(Tool.V2, *command, *log, *files, "blob").expect_success()


def create(stack: Stack, maker: Tool, signed: str, *flags: str) -> str:
    bundle = f"{signed}-{maker}.json"
    log = ("--rekor-url", stack.site.log.url)
    stack.shop.run(maker, "bundle", "create", "--artifact", "blob", *flags, *log, "--out", bundle).expect_success()
    return bundle


def made(stack: Stack, maker: Tool, signed: str) -> str:
    """Make a bundle of cosign's own JSON."""
    key = ("--key", "signer.pub") if signed == "key" else ()
    return create(stack, maker, signed, "--bundle", f"{signed}.old", *key)


def verify(stack: Stack, tool: Tool, bundle: str, signed: str, blob: str = "blob") -> Run:
    who = ("--key", "signer.pub") if signed == "key" else stack.identity
    command = ("verify-blob-attestation", "--type", "https://example.com/review") if signed == "statement" else (
        "verify-blob",
    )  # fmt: skip
    return stack.shop.run(tool, *command, *TRUST, *who, "--bundle", bundle, blob)


def differences(stack: Stack, left: str, right: str) -> list[str]:
    """Return where two bundles differ; what a log signs anew for each who asks is another signature of the same."""
    found = json.loads(stack.shop.run(Tool.OURS, "bundle", "diff", "-o", "json", left, right).stdout)["differences"]
    return [item["place"] for item in found if not item["place"].endswith((".promise", ".checkpoint.fingerprint"))]


def older(stack: Stack, bundle: str, **changes: str) -> None:
    """Write `older.json`: the same as version 0.1, with the log's promise alone."""
    found = json.loads((stack.shop.folder / bundle).read_text()) | {"mediaType": V01}
    for entry in found["verificationMaterial"]["tlogEntries"]:
        del entry["inclusionProof"]
        entry.update(changes)
    (stack.shop.folder / "older.json").write_text(json.dumps(found))


@SIGNED
@MAKERS
def test_a_bundle_of_parts_is_verified_by_all(stack: Stack, maker: Tool, signed: str) -> None:
    bundle = made(stack, maker, signed)
    for tool in (Tool.OURS, Tool.V3):
        verify(stack, tool, bundle, signed).expect_success()
        assert verify(stack, tool, bundle, signed, "other").exit_code != 0


@SIGNED
def test_a_bundle_of_parts_says_the_same_whoever_makes_it(stack: Stack, signed: str) -> None:
    assert differences(stack, made(stack, Tool.OURS, signed), made(stack, Tool.V3, signed)) == []


def test_files_of_their_own_say_the_same_too(stack: Stack) -> None:
    parts = ("--signature", "identity.sig", "--certificate", "identity.pem")
    ours, theirs = [create(stack, maker, "parts", *parts) for maker in (Tool.OURS, Tool.V3)]
    assert differences(stack, ours, theirs) == []
    assert differences(stack, ours, made(stack, Tool.OURS, "identity")) == []
    verify(stack, Tool.V3, ours, "identity").expect_success()


@SIGNED
def test_an_upgrade_says_the_same_whoever_makes_it(stack: Stack, signed: str) -> None:
    bundle = made(stack, Tool.OURS, signed)
    older(stack, bundle)
    log = ("--rekor-url", stack.site.log.url)
    for maker in (Tool.OURS, Tool.V3):
        upgrading = ("bundle", "upgrade", "older.json", *log, "--out", f"upgraded-{maker}.json")
        stack.shop.run(maker, *upgrading).expect_success()
        for tool in (Tool.OURS, Tool.V3):
            verify(stack, tool, f"upgraded-{maker}.json", signed).expect_success()
    assert differences(stack, f"upgraded-{Tool.OURS}.json", f"upgraded-{Tool.V3}.json") == []
    assert differences(stack, f"upgraded-{Tool.OURS}.json", bundle) == []


def test_an_entry_of_something_else_gets_into_no_bundle_of_ours(stack: Stack) -> None:
    older(stack, made(stack, Tool.OURS, "key"), logIndex="0")
    upgrading = ("bundle", "upgrade", "older.json", "--rekor-url", stack.site.log.url, "--out", "wrong.json")
    assert stack.shop.run(Tool.OURS, *upgrading).exit_code == NO_MATCH
    assert not (stack.shop.folder / "wrong.json").exists()


def test_cosigns_own_json_is_upgraded(stack: Stack) -> None:
    """cosign upgrades bundles alone."""
    log = ("--rekor-url", stack.site.log.url)
    for signed in ("identity", "statement"):
        stack.shop.run(Tool.OURS, "bundle", "upgrade", f"{signed}.old", *log, "--out", "upgraded.json").expect_success()
        assert differences(stack, "upgraded.json", made(stack, Tool.OURS, signed)) == []
        verify(stack, Tool.V3, "upgraded.json", signed).expect_success()


@MAKERS
def test_everybodys_bundles_are_inspected(stack: Stack, maker: Tool) -> None:
    bundle = made(stack, maker, "identity")
    for tool in (Tool.OURS, Tool.V3):
        shown = stack.shop.run(tool, "bundle", "inspect", bundle).expect_success().stdout
        for text in (stack.person, "hashedrekord", "0.0.1"):
            assert text in shown
