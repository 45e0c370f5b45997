"""Flags of cosign's that mean nothing here: refused with a way out, or taken and said to change nothing."""

from typing import Final

import pytest
from typer._click.exceptions import NoSuchOption

from cosignpy.cli.app import build_command
from cosignpy.cli.command_table import COMMANDS, Group
from cosignpy.errors import UsageError

REFUSED: Final = (
    ("sign", ["--sk", "img"]),
    ("sign", ["--slot=9a", "img"]),
    ("sign", ["--timestamp-client-cert", "c.pem", "img"]),
    ("sign", ["--output-signature", "img.sig", "img"]),
    ("sign-blob", ["--signing-algorithm", "rsa-sign-pkcs1-2048-sha256", "file"]),
    ("attest-blob", ["--hash", "00", "file"]),
    ("attest", ["--rekor-entry-type", "intoto", "img"]),
    ("verify", ["--payload", "p", "img"]),
    ("verify", ["--bundle", "b", "img"]),
    ("verify-blob-attestation", ["--type", "custom", "--check-claims=false", "file"]),
    ("verify-blob-attestation", ["--type", "custom", "--digest", "00", "--digestAlg", "sha256"]),
    ("upload blob", ["-f", "foo", "--attachment-tag-prefix=team-", "img"]),
    ("upload wasm", ["-f", "foo", "--k8s-keychain", "img"]),
    ("attach sbom", ["--sbom", "foo", "--attachment-tag-prefix=team-", "img"]),
    ("download sbom", ["--k8s-keychain", "img"]),
)
"""As people who know cosign write them."""

IGNORED: Final = (
    ("sign", ["--registry-referrers-mode", "oci-1-1", "img"]),
    ("verify", ["--rekor-url", "https://rekor.example", "img"]),
    ("verify", ["--experimental-oci11=true", "img"]),
    ("attest", ["--registry-referrers-mode", "oci-1-1", "img"]),
    ("attest", ["--record-creation-timestamp=true", "img"]),
    ("verify-attestation", ["--rekor-url", "https://rekor.example", "img"]),
    ("verify-attestation", ["--experimental-oci11", "img"]),
    ("dockerfile verify", ["--experimental-oci11", "Dockerfile"]),
    ("manifest verify", ["--rekor-url", "https://rekor.example", "app.yaml"]),
    ("tree", ["--experimental-oci11", "img"]),
    ("verify-blob", ["--max-workers=3", "file"]),
    ("attach sbom", ["--registry-referrers-mode", "oci-1-1", "img"]),
)


def parse(name: str, argv: list[str]) -> dict[str, object]:
    first, _, second = name.partition(" ")
    found = COMMANDS[first]
    entry = found.commands[second] if isinstance(found, Group) else found
    return build_command(name, entry).make_context(name, list(argv)).params


@pytest.mark.parametrize(("name", "argv"), REFUSED, ids=lambda item: item if isinstance(item, str) else item[-2])
def test_a_flag_that_cannot_be_honoured_is_refused_with_a_way_out(name: str, argv: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse(name, argv)
    assert "of cosign's" in str(caught.value)
    assert caught.value.hint


def test_a_flag_of_nobody_is_refused_as_ever() -> None:
    with pytest.raises(NoSuchOption):
        parse("sign", ["--nonsense", "img"])


@pytest.mark.parametrize(("name", "argv"), IGNORED, ids=lambda item: item if isinstance(item, str) else item[0])
def test_a_flag_that_changes_nothing_is_taken(
    name: str, argv: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command gets what it gets without the flag, and no variable gives such a flag."""
    monkeypatch.setenv("COSIGN_REKOR_URL", "https://rekor.example")
    monkeypatch.setenv("COSIGN_MAX_WORKERS", "9")
    monkeypatch.setenv("COSIGN_TYPE", "spdx")
    plain = parse(name, argv[-1:])
    assert capsys.readouterr().err == ""
    assert parse(name, argv) == plain
    assert "changes nothing" in capsys.readouterr().err
