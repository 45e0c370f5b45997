"""`verify-blob` and `verify-blob-attestation`: flags, what is printed, exit codes."""

import io
import json
import sys
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.algorithms import ED25519
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.values import replace
from tests.support.virtual_sigstore import (
    ARTIFACT,
    EMAIL,
    FULCIO_ISSUER,
    ISSUER,
    ROOT,
    SIGNING,
    STATEMENT,
    USER_KEY,
    Signing,
    key_bundle,
    named,
    statement_bundle,
    v1_bundle,
    v2_bundle,
)

Capture = pytest.CaptureFixture[str]
SHA256: Final = str(Digest.of(ARTIFACT))
TRUST: Final = "--trusted-root=root.json"
IDENTITY: Final = (f"--certificate-identity={EMAIL}", f"--certificate-oidc-issuer={ISSUER}")
WHO: Final = (*IDENTITY, TRUST)
UNLOGGED: Final = "--insecure-ignore-tlog"
ED_KEY: Final = PrivateKey.generate(ED25519)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "blob": ARTIFACT,
        "other": b"another",
        "root.json": encode_trusted_root(ROOT),
        "key.pub": USER_KEY.public_key.encode_pem(),
        "ed.pub": ED_KEY.public_key.encode_pem(),
        "v1.json": encode_bundle(v1_bundle()),
        "v2.json": encode_bundle(v2_bundle()),
        "statement.json": encode_bundle(statement_bundle()),
        "key.json": encode_bundle(key_bundle()),
        "bare.json": encode_bundle(replace(key_bundle(), log_entries=())),
        "ed.json": encode_bundle(replace(Signing(leaf=None, signer=ED_KEY).bundle(), log_entries=())),
        "unseen.json": encode_bundle(Signing(leaf=FULCIO_ISSUER.leaf((*named(), *SIGNING))).bundle()),
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    "flags",
    [
        ("--bundle=v1.json", *WHO, "blob"),
        ("--bundle=v1.json", *WHO, SHA256),
        ("--bundle=v1.json", *WHO, SHA256.upper().replace("SHA", "sha")),
        ("--bundle=v2.json", *WHO, "blob"),
        ("--bundle=v2.json", *WHO, "--use-signed-timestamps", "blob"),
        ("--bundle=v2.json", *WHO, UNLOGGED, "blob"),
        ("--bundle=statement.json", *WHO, "blob"),
        ("--bundle=key.json", "--key=key.pub", TRUST, "blob"),
        ("--bundle=bare.json", "--key=key.pub", UNLOGGED, "blob"),
        ("--bundle=bare.json", "--key=key.pub", "--key=ed.pub", UNLOGGED, "blob"),
        ("--bundle=ed.json", "--key=ed.pub", "--private-infrastructure", "blob"),
        ("--bundle=unseen.json", *WHO, "--insecure-ignore-sct", "blob"),
        (
            "--bundle=v1.json",
            TRUST,
            "--certificate-identity-regexp=^alice@.*$",
            "--certificate-oidc-issuer-regexp=^.*issuer.*$",
            "blob",
        ),
    ],
)
def test_a_good_signature_is_verified(flags: tuple[str, ...], capsys: Capture) -> None:
    assert run(("verify-blob", *flags)) == 0
    assert capsys.readouterr().err == "Verified OK\n"


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (12, ("--bundle=v1.json", *WHO, "other")),
        (12, ("--bundle=v1.json", *WHO, "sha256:" + "0" * 64)),
        (12, ("--bundle=v1.json", "--certificate-identity=mallory", IDENTITY[1], TRUST, "blob")),
        (12, ("--bundle=v1.json", *WHO, "--certificate-github-workflow-ref=refs/heads/main", "blob")),
        (12, ("--bundle=v1.json", *WHO, "--use-signed-timestamps", "blob")),
        (12, ("--bundle=v1.json", *WHO, UNLOGGED, "blob")),
        (12, ("--bundle=unseen.json", *WHO, "blob")),
        (12, ("--bundle=v1.json", "--key=key.pub", TRUST, "blob")),
        (12, ("--bundle=key.json", *WHO, "blob")),
        (12, ("--bundle=bare.json", "--key=key.pub", TRUST, "blob")),
        (12, ("--bundle=bare.json", "--key=ed.pub", UNLOGGED, "blob")),
        (2, ("--bundle=key.json", "--key=key.pub", TRUST, "--use-signed-timestamps", "blob")),
        (2, ("--bundle=v1.json", TRUST, "blob")),
        (2, ("--bundle=v1.json", TRUST, IDENTITY[0], "blob")),
        (2, ("--bundle=v1.json", TRUST, IDENTITY[1], "blob")),
        (2, ("--bundle=v1.json", *WHO, "--key=key.pub", "blob")),
        (2, ("--bundle=v1.json", TRUST, "--certificate-identity-regexp=(", IDENTITY[1], "blob")),
        (3, ("--bundle=v1.json", *WHO, "absent")),
        (3, ("--bundle=absent", *WHO, "blob")),
        (3, ("--bundle=v1.json", *IDENTITY, "--trusted-root=absent", "blob")),
        (4, ("--bundle=blob", *WHO, "blob")),
        (4, ("--bundle=v1.json", *WHO, "sha256:00")),
        (4, ("--bundle=v1.json", *IDENTITY, "--trusted-root=blob", "blob")),
    ],
)
def test_anything_else_is_not(code: int, flags: tuple[str, ...], capsys: Capture) -> None:
    assert run(("verify-blob", *flags)) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(("Error: ", "Usage: ")), captured.err
    assert captured.out == ""


def test_what_was_shown_is_told(capsys: Capture) -> None:
    assert run(("verify-blob", "--bundle=v2.json", *WHO, "blob")) == 0
    told = capsys.readouterr().out
    for text in (EMAIL, ISSUER, "https://fulcio.test", "https://tsa.test", "entry 4 of https://log2026-1.rekor.test"):
        assert text in told
    assert run(("verify-blob", "--bundle=bare.json", "--key=key.pub", UNLOGGED, "blob")) == 0
    told = capsys.readouterr().out
    assert f"P-256 key {USER_KEY.public_key.fingerprint}" in told
    assert f"not checked    transparency log ({UNLOGGED})" in told
    assert run(("verify-blob", "--bundle=unseen.json", *WHO, "--insecure-ignore-sct", "blob")) == 0
    assert "not checked    certificate transparency (--insecure-ignore-sct)" in capsys.readouterr().out


def test_what_was_shown_is_told_in_json(capsys: Capture) -> None:
    assert run(("verify-blob", "--output=json", "--bundle=v1.json", *WHO, "blob")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["artifact"]) == ("cosignpy/bundle-evidence/v1", "blob")
    assert found["digests"] == {"sha256": SHA256.removeprefix("sha256:")}
    assert (found["certificate"]["names"], found["certificate"]["issuer"]) == ([EMAIL], ISSUER)
    assert found["certificate"]["scts"][0]["log"] == "https://ct.test"
    assert found["times"][0]["authority"] == "https://rekor.test"
    assert (found["logEntries"][0]["logIndex"], found["logEntries"][0]["kind"]) == (1004, "hashedrekord 0.0.1")
    assert found["logEntries"][0]["promised"] == "2026-01-01T00:05:00+00:00"
    assert found["logEntries"][0]["checkpoint"].startswith("rekor.test - ")
    assert (found["predicateType"], found["payload"], found["notChecked"]) == (None, None, [])
    assert run(("verify-blob", "--output=json", "--bundle=bare.json", "--key=key.pub", UNLOGGED, "blob")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["certificate"], found["logEntries"]) == (None, [])
    assert found["key"]["fingerprint"] == USER_KEY.public_key.fingerprint
    assert found["notChecked"] == [f"transparency log ({UNLOGGED})"]
    assert run(("verify-blob", "--output=json", "--bundle=v2.json", *WHO, "blob")) == 0
    assert json.loads(capsys.readouterr().out)["logEntries"][0]["promised"] is None


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for code, content in ((0, ARTIFACT), (12, b"another")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert run(("verify-blob", "--bundle=v1.json", *WHO, "-")) == code


def test_a_file_that_is_signed_whole_is_limited(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("cosignpy.operations.artifacts.MAX_CONTENT", len(ARTIFACT))
    flags = ("verify-blob", "--bundle=ed.json", "--key=ed.pub", UNLOGGED)
    assert run((*flags, "blob")) == 0
    monkeypatch.setattr("cosignpy.operations.artifacts.MAX_CONTENT", len(ARTIFACT) - 1)
    assert run((*flags, "blob")) == 4
    assert "over the limit" in capsys.readouterr().err
    assert run((*flags, SHA256)) == 12


def test_an_attestation_is_of_the_type_that_is_wanted(capsys: Capture) -> None:
    flags = ("--bundle=statement.json", *WHO, "blob")
    assert run(("verify-blob-attestation", "--type=https://sigstore.dev/cosign/sign/v1", "--output=json", *flags)) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["predicateType"], found["payload"]) == (
        "https://sigstore.dev/cosign/sign/v1",
        encode_b64(STATEMENT),
    )
    assert run(("verify-blob-attestation", "--type=https://sigstore.dev/cosign/sign/v1", *flags)) == 0
    assert "says           https://sigstore.dev/cosign/sign/v1" in capsys.readouterr().out
    assert run(("verify-blob-attestation", "--type=https://slsa.dev/provenance/v1", *flags)) == 12
