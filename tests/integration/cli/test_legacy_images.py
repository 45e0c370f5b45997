"""Images signed as cosign 2 does, by identity or by a key with a log; and with certificates of one's own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from cosignpy.core.bundle.legacy import select_signature_layers
from cosignpy.core.bundle.parts import SignatureParts
from cosignpy.core.digest import Digest
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.operations.candidates import fetch_optional
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.keyless_site import SINCE, TRUST, Keyless, serve_keyless
from tests.support.memory_repository import push_image
from tests.support.own_pki import CHAIN, IDENTITY, INTERMEDIATE, LEAF, NAME, ROOT, write_own_pki

SCHEMA: Final = json.loads((Path(__file__).parents[3] / "docs" / "formats" / "evidence.schema.json").read_text())
REFUSED: Final = 12
USAGE: Final = 2
"""docs/exit-codes.md."""
OWN: Final = ("--key=signer.key", "--certificate", LEAF, "--certificate-chain", CHAIN)
MALLORY: Final = ("--certificate-identity=mallory@example.com", *IDENTITY[2:])
UNLOGGED: Final = ("--insecure-ignore-tlog", "--insecure-ignore-sct")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("legacy")) as running:
        running.succeed("generate-key-pair", "--output-key-prefix=signer")
        write_own_pki(running.folder, PublicKey.parse_pem((running.folder / "signer.pub").read_bytes()))
        yield running


@dataclass(frozen=True)
class Signed:
    """An image on a registry of its own."""

    registry: str
    digest: Digest

    @property
    def name(self) -> str:
        return f"{self.registry}/team/app@{self.digest}"

    def legacy(self) -> list[SignatureParts]:
        """Return what lies beside each legacy signature."""
        session = RegistrySession(self.registry, RegistryOptions())
        tag = AttachmentTag(self.digest, AttachmentKind.SIGNATURE).encode()
        manifest = fetch_optional(RemoteRepository(session, "team/app"), tag)
        session.close()
        layers = select_signature_layers(manifest) if manifest else []
        return [SignatureParts.of_annotations(layer.annotations) for layer in layers]


@pytest.fixture
def image() -> Iterator[Signed]:
    with LocalRegistry() as running:
        session = RegistrySession(running.address, RegistryOptions())
        digest = push_image(RemoteRepository(session, "team/app"), b"one", "1").digest
        session.close()
        yield Signed(running.address, digest)


def by_identity(site: Keyless) -> tuple[str, ...]:
    ca = site.site.ca.url
    addresses = (f"--fulcio-url={ca}", f"--rekor-url={site.site.log.url}", "--timestamp-server-url")
    return (*addresses, f"{ca}/api/v1/timestamp", "--identity-token=token", *TRUST)


def evidence(site: Keyless, *arguments: str) -> list[Any]:
    """Verify, and return what was found of the signatures."""
    found = json.loads(site.succeed("verify", "--output=json", *arguments).stdout)
    Draft202012Validator(SCHEMA).validate(found)
    return list(found["images"][0]["signatures"])


def test_by_identity(site: Keyless, image: Signed) -> None:
    site.succeed("sign", *by_identity(site), "--signature-format=legacy", image.name)
    (parts,) = image.legacy()
    assert all((parts.certificate, parts.chain, parts.rekor_bundle, parts.timestamp))
    (found,) = evidence(site, *TRUST, *site.who, image.name)
    assert (found["format"], found["transparencyLog"]) == ("legacy", {"checked": True})
    assert found["certificate"]["names"] == ["alice@example.com"]
    assert [time["source"] for time in found["times"]] == ["timestamp authority", "transparency log"]
    assert found["logEntries"][0]["promised"] is not None
    assert found["signed"]["dockerReference"] == f"{image.registry}/team/app"


def test_both_formats_are_looked_at(site: Keyless, image: Signed) -> None:
    site.succeed("sign", *by_identity(site), "--signature-format=both", image.name)
    found = evidence(site, *TRUST, *site.who, image.name)
    assert [each["format"] for each in found] == ["bundle", "legacy"]
    members = ("certificate", "times", "logEntries", "transparencyLog")
    assert all(set(members) <= each.keys() for each in found)
    stranger = ("--certificate-identity=mallory@example.com", *site.who[2:])
    refused = site.run("verify", *TRUST, *stranger, image.name)
    assert refused.returncode == REFUSED
    for place in (b"bundle sha256:", b"legacy signature sha256-"):
        assert place in refused.stderr


def test_a_key_with_a_log(site: Keyless, image: Signed) -> None:
    log = f"--rekor-url={site.site.log.url}"
    site.succeed("sign", "--key=signer.key", log, *TRUST, "--signature-format=legacy", image.name)
    (found,) = evidence(site, *TRUST, "--key=signer.pub", image.name)
    assert (found["format"], found["certificate"], len(found["logEntries"])) == ("legacy", None, 1)


def test_a_key_without_a_log_is_refused_where_one_is_wanted(site: Keyless, image: Signed) -> None:
    site.succeed("sign", "--key=signer.key", "--tlog-upload=false", "--signature-format=legacy", image.name)
    assert image.legacy() == [SignatureParts()]
    site.succeed("verify", "--key=signer.pub", "--insecure-ignore-tlog", image.name)
    refused = site.run("verify", *TRUST, "--key=signer.pub", image.name)
    assert (refused.returncode, b"number of trusted logs" in refused.stderr) == (REFUSED, True)


def test_a_log_of_version_2_alone_does_not_do(site: Keyless, image: Signed) -> None:
    for keyed in ((), ("--key=signer.key",)):
        done = site.run("sign", *site.signing, *keyed, "--signature-format=both", image.name)
        assert done.returncode == USAGE
        assert b"Rekor v1" in done.stderr
        assert b"--rekor-url" in done.stderr
    assert image.legacy() == []
    assert site.run("verify", *TRUST, *site.who, image.name).returncode == 10


def test_each_format_has_its_log_where_the_signing_config_has_both(site: Keyless, image: Signed) -> None:
    service = f"start-time={SINCE},operator=tests"
    site.succeed(
        *("signing-config", "create", f"--fulcio=url={site.site.ca.url},api-version=1,{service}"),
        *(f"--rekor=url={site.site.log.url},api-version={version},{service}" for version in (2, 1)),
        *("--rekor-config=ANY", f"--tsa=url={site.site.ca.url}/api/v1/timestamp,api-version=1,{service}"),
        *("--tsa-config=ANY", "--out=both.json"),
    )
    signing = ("--identity-token=token", "--signing-config=both.json", *TRUST, "--signature-format=both")
    site.succeed("sign", *signing, image.name)
    bundle, legacy = evidence(site, *TRUST, *site.who, image.name)
    assert [each["logEntries"][0]["kind"] for each in (bundle, legacy)] == ["hashedrekord 0.0.2", "hashedrekord 0.0.1"]


# --- certificates of one's own ------------------------------------------------------------------


@pytest.mark.parametrize("form", ["bundle", "legacy"])
def test_a_certificate_of_ones_own(site: Keyless, image: Signed, form: str) -> None:
    log = f"--rekor-url={site.site.log.url}"
    site.succeed("sign", *OWN, log, *TRUST, f"--signature-format={form}", image.name)
    for issuers in (
        ("--certificate-chain", CHAIN),
        ("--ca-roots", ROOT, "--ca-intermediates", INTERMEDIATE),
    ):
        (found,) = evidence(site, *TRUST, *IDENTITY, "--insecure-ignore-sct", *issuers, image.name)
        assert found["certificate"]["names"] == [NAME]
        assert found["certificate"]["authority"] == issuers[1]
        assert len(found["logEntries"]) == 1


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param((*IDENTITY, *UNLOGGED), id="no issuers"),
        pytest.param((*IDENTITY, *UNLOGGED, "--certificate-chain", "ca.pem"), id="other issuers"),
        pytest.param((*IDENTITY, *UNLOGGED[:1], "--certificate-chain", CHAIN), id="SCT demanded"),
        pytest.param((*IDENTITY, *UNLOGGED[1:], "--certificate-chain", CHAIN), id="log entry demanded"),
        pytest.param((*MALLORY, *UNLOGGED, "--certificate-chain", CHAIN), id="other identity"),
    ],
)
def test_a_certificate_of_ones_own_with_one_thing_wrong(site: Keyless, image: Signed, flags: tuple[str, ...]) -> None:
    site.succeed("sign", *OWN, "--tlog-upload=false", "--signature-format=both", image.name)
    site.succeed("verify", *IDENTITY, *UNLOGGED, "--certificate-chain", CHAIN, image.name)
    assert site.run("verify", *TRUST, *flags, image.name).returncode == REFUSED


def test_a_certificate_beside_what_its_key_signed(site: Keyless, image: Signed) -> None:
    log = f"--rekor-url={site.site.log.url}"
    site.succeed("sign", "--key=signer.key", log, *TRUST, "--signature-format=both", image.name)
    flags = (*TRUST, *IDENTITY, "--insecure-ignore-sct", "--certificate-chain", CHAIN)
    found = evidence(site, *flags, "--certificate", LEAF, image.name)
    assert [each["certificate"]["names"] for each in found] == [[NAME], [NAME]]
    assert site.run("verify", *flags, image.name).returncode == REFUSED


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (("--certificate", LEAF), USAGE),
        (("--key=signer.key", "--certificate-chain", CHAIN), USAGE),
        (("--key=signer.key", "--certificate", ROOT), REFUSED),
        (("--key=signer.key", "--certificate", LEAF, "--certificate-chain", ROOT), REFUSED),
        (("--key=signer.key", "--certificate", LEAF), REFUSED),
    ],
    ids=["no key", "no certificate", "another key's", "chain that does not reach it", "issuer nobody knows"],
)
def test_a_certificate_that_does_not_fit_signs_nothing(
    site: Keyless, image: Signed, flags: tuple[str, ...], code: int
) -> None:
    done = site.run("sign", *flags, "--tlog-upload=false", *TRUST, "--signature-format=both", image.name)
    assert done.returncode == code
    assert image.legacy() == []


def test_flags_about_certificates_are_not_for_keys(site: Keyless, image: Signed) -> None:
    for flags in (("--certificate", LEAF), ("--certificate-chain", CHAIN), ("--ca-roots", ROOT)):
        assert site.run("verify", "--key=signer.pub", *flags, image.name).returncode == USAGE
