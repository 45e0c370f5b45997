"""Attestations about files, of every type that cosign has a name for: each of ours and theirs, in both directions."""

import json
from base64 import b64decode
from typing import Any, Final

import pytest

from cosignpy.core.predicates.types import PREDICATE_TYPES
from tests.interop.programs import SIGN_FLAGS, VERIFY_FLAGS, Format, Tool, Workshop
from tests.support.predicates import EXAMPLES, TAG_VALUE, example

COSIGN: Final = (
    *("custom", "slsaprovenance", "slsaprovenance02", "slsaprovenance1", "spdx", "spdxjson"),
    *("cyclonedx", "link", "vuln", "openvex"),
)
"""The names of cosign's help; the others are URIs to it."""
OTHERS: Final = sorted(set(PREDICATE_TYPES) - set(COSIGN))
TEXT_UNREAD: Final = frozenset({Tool.V3, Tool.V2})
"""Who does not read a predicate that is a text out of a bundle, which cosign makes of every `spdx`."""

VERIFIERS: Final = pytest.mark.parametrize("verifier", [Tool.OURS, Tool.V3, Tool.V2])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop")).prepare()
    made.make_key("signer")
    (made.folder / "blob").write_text("content\n")
    (made.folder / "text.spdx").write_text(TAG_VALUE)
    for name in EXAMPLES:
        (made.folder / f"{name}.json").write_bytes(example(name))
    return made


def attest(shop: Workshop, signer: Tool, *says: str) -> str:
    bundle = "attested.json"
    (shop.folder / bundle).unlink(missing_ok=True)
    flags = ("--key", "signer.key", *SIGN_FLAGS[signer, Format.BUNDLE], "--bundle", bundle)
    shop.run(signer, "attest-blob", *flags, *says, "blob").expect_success()
    return bundle


def verify(shop: Workshop, verifier: Tool, bundle: str, kind: str) -> bool:
    flags = ("--key", "signer.pub", *VERIFY_FLAGS[verifier, Format.BUNDLE], "--bundle", bundle, "--type", kind)
    return shop.run(verifier, "verify-blob-attestation", *flags, "blob").exit_code == 0


def statement(shop: Workshop, bundle: str) -> Any:
    envelope = json.loads((shop.folder / bundle).read_bytes())["dsseEnvelope"]
    return json.loads(b64decode(envelope["payload"]))


@pytest.mark.parametrize("name", COSIGN)
@pytest.mark.parametrize("signer", [Tool.OURS, Tool.V3, Tool.V2])
def test_every_type_of_cosign_s_is_read_by_all(shop: Workshop, signer: Tool, name: str) -> None:
    bundle = attest(shop, signer, "--type", name, "--predicate", f"{name}.json")
    assert statement(shop, bundle)["predicateType"] == PREDICATE_TYPES[name]
    text = isinstance(statement(shop, bundle)["predicate"], str)
    assert text is (name == "spdx" and signer is not Tool.OURS)
    for verifier in Tool:
        assert verify(shop, verifier, bundle, name) is not (text and verifier in TEXT_UNREAD), verifier
        assert not verify(shop, verifier, bundle, "https://example.com/other"), verifier


@pytest.mark.parametrize("name", OTHERS)
@VERIFIERS
def test_every_other_type_is_a_uri_to_cosign(shop: Workshop, name: str, verifier: Tool) -> None:
    bundle = attest(shop, Tool.OURS, "--type", name, "--predicate", f"{name}.json")
    assert verify(shop, verifier, bundle, name if verifier is Tool.OURS else PREDICATE_TYPES[name])


@VERIFIERS
def test_spdx_as_text_is_what_cosign_makes_of_it(shop: Workshop, verifier: Tool) -> None:
    ours = statement(shop, attest(shop, Tool.OURS, "--sbom-from", "text.spdx"))["predicate"]
    theirs = attest(shop, Tool.V3, "--type", "spdx", "--predicate", "text.spdx")
    assert ours == statement(shop, theirs)["predicate"] == TAG_VALUE
    assert verify(shop, verifier, theirs, "spdx") is (verifier not in TEXT_UNREAD)
