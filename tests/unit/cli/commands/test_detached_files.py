"""`verify-blob` and `verify-blob-attestation` of cosign 2's files: which are read, and which do not go together."""

import io
import sys
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.bundle.blob_files import encode_blob_bundle, encode_signature, encode_timestamp_file
from cosignpy.core.bundle.model import CertificateMaterial
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.encoding import PemBlock, encode_b64
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.values import replace
from tests.support.virtual_sigstore import (
    ARTIFACT,
    EMAIL,
    ISSUER,
    ROOT,
    STATEMENT,
    USER_KEY,
    Signing,
    key_bundle,
    stamp,
    v1_bundle,
)

Capture = pytest.CaptureFixture[str]
STAMPED: Final = Signing(stamped=True).bundle()
ATTESTED: Final = Signing(statement=STATEMENT).bundle()
BARE: Final = replace(key_bundle(), log_entries=())
TRUST: Final = "--trusted-root=root.json"
WHO: Final = (f"--certificate-identity={EMAIL}", f"--certificate-oidc-issuer={ISSUER}", TRUST)
KEY: Final = "--key=key.pub"
UNLOGGED: Final = "--insecure-ignore-tlog"
SIGNATURE: Final = encode_b64(encode_signature(STAMPED))
TYPE: Final = "--type=https://sigstore.dev/cosign/sign/v1"
STAMPED_ONLY: Final = ("--signature=s.sig", "--certificate=s.pem", "--rfc3161-timestamp=s.tsr", UNLOGGED,
                       "--use-signed-timestamps", *WHO)  # fmt: skip
"""A signature in files, as cosign 2 makes it where no log is asked."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert isinstance(STAMPED.material, CertificateMaterial)
    pem = PemBlock("CERTIFICATE", STAMPED.material.certificates[0]).encode()
    for name, content in {
        "blob": ARTIFACT,
        "other": b"another",
        "root.json": encode_trusted_root(ROOT),
        "key.pub": USER_KEY.public_key.encode_pem(),
        "old.json": encode_blob_bundle(v1_bundle()),
        "new.json": encode_bundle(v1_bundle()),
        "key.json": encode_blob_bundle(key_bundle()),
        "bare.json": encode_blob_bundle(BARE),
        "s.sig": SIGNATURE.encode(),
        "s.raw": encode_signature(STAMPED),
        "s.pem": pem,
        "s.pem.b64": encode_b64(pem).encode(),
        "s.tsr": encode_timestamp_file(STAMPED.timestamps[0]),
        "s.der": STAMPED.timestamps[0],
        "k.sig": encode_signature(BARE),
        "a.json": encode_blob_bundle(ATTESTED),
        "a.sig": encode_signature(ATTESTED),
        "a.tsr": encode_timestamp_file(stamp(encode_signature(ATTESTED))),
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    "flags",
    [
        ("--bundle=old.json", *WHO),
        ("--bundle=old.json", "--new-bundle-format=false", *WHO),
        ("--bundle=old.json", "--offline", "--rekor-url=https://rekor.invalid", *WHO),
        ("--bundle=key.json", KEY, TRUST),
        ("--bundle=bare.json", KEY, UNLOGGED),
        ("--signature=k.sig", KEY, UNLOGGED),
        (f"--signature={encode_b64(encode_signature(BARE))}", KEY, UNLOGGED),
        STAMPED_ONLY,
        (*STAMPED_ONLY, "--signature=s.raw"),
        (*STAMPED_ONLY, f"--signature={SIGNATURE}"),
        (*STAMPED_ONLY, "--certificate=s.pem.b64"),
        (*STAMPED_ONLY, "--rfc3161-timestamp=s.der"),
    ],
)
def test_files_that_are_verified(flags: tuple[str, ...], capsys: Capture) -> None:
    assert run(("verify-blob", *flags, "blob")) == 0
    assert capsys.readouterr().err == "Verified OK\n"


def without(flags: tuple[str, ...], left_out: str) -> tuple[str, ...]:
    found = tuple(flag for flag in flags if not flag.startswith(left_out))
    assert len(found) == len(flags) - 1
    return found


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (12, without(STAMPED_ONLY, "--rfc3161-timestamp")),
        (12, without(STAMPED_ONLY, "--certificate=")),
        (12, (*STAMPED_ONLY, "--signature=k.sig")),
        (12, (*without(STAMPED_ONLY, "--certificate-identity"), "--certificate-identity=mallory@example.com")),
        (12, ("--bundle=old.json", KEY, TRUST)),
        (12, ("--bundle=key.json", *WHO)),
        (2, without(STAMPED_ONLY, UNLOGGED)),
        (2, ("--bundle=bare.json", KEY, TRUST)),
        (2, ("--bundle=bare.json", KEY, TRUST, "--rekor-url=https://rekor.invalid", "--offline")),
        (2, ("--bundle=old.json", "--signature=s.sig", *WHO)),
        (2, ("--bundle=old.json", "--certificate=s.pem", *WHO)),
        (2, ("--bundle=new.json", "--certificate=s.pem", *WHO)),
        (2, ("--bundle=new.json", "--rfc3161-timestamp=s.tsr", *WHO)),
        (2, (*STAMPED_ONLY, "--signature=-", "--certificate=-")),
        (3, (*STAMPED_ONLY, "--signature=absent")),
        (3, (*STAMPED_ONLY, "--certificate=absent")),
        (3, (*STAMPED_ONLY, "--rfc3161-timestamp=absent")),
        (4, (*STAMPED_ONLY, "--certificate=s.sig")),
        (4, (*STAMPED_ONLY, "--rfc3161-timestamp=old.json")),
        (4, (*STAMPED_ONLY, "--rfc3161-timestamp=s.sig")),
    ],
)
def test_files_that_are_not(code: int, flags: tuple[str, ...], capsys: Capture) -> None:
    assert run(("verify-blob", *flags, "blob")) == code
    captured = capsys.readouterr()
    assert captured.err.startswith("Error: "), captured.err
    assert captured.out == ""


def test_another_file_is_refused() -> None:
    for flags in (("--bundle=old.json", *WHO), STAMPED_ONLY, ("--signature=k.sig", KEY, UNLOGGED)):
        assert run(("verify-blob", *flags, "other")) == 12


def test_what_is_missing_is_said(capsys: Capture) -> None:
    assert run(("verify-blob", *without(STAMPED_ONLY, UNLOGGED), "blob")) == 2
    told = capsys.readouterr().err
    assert told.startswith("Error: these files have no log entry, and one is demanded\n  hint: ")
    for way in ("--rekor-url", "--insecure-ignore-tlog"):
        assert way in told


def test_standard_input_is_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = ("verify-blob", KEY, UNLOGGED)
    signature = encode_signature(BARE)
    for code, arguments, content in (
        (0, ("--signature=k.sig", "-"), ARTIFACT),
        (12, ("--signature=k.sig", "-"), b"another"),
        (0, ("--signature=-", "blob"), signature),
        (12, ("--signature=-", "blob"), signature[:-1]),
        (2, ("--signature=-", "-"), signature),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert run((*flags, *arguments)) == code


def test_attestations_in_files(capsys: Capture) -> None:
    verify = ("verify-blob-attestation", TYPE, *WHO)
    assert run((*verify, "--bundle=a.json", "blob")) == 0
    assert run((*verify, "--bundle=a.json", "other")) == 12
    assert run(("verify-blob-attestation", "--type=custom", *WHO, "--bundle=a.json", "blob")) == 12
    assert run((*verify, "--signature=a.sig", "--certificate=s.pem", UNLOGGED, "blob")) == 12  # nobody says when
    assert run((*verify, "--signature=a.sig", "--certificate=s.pem", "blob")) == 2
    assert "no log entry" in capsys.readouterr().err
    assert run((*verify, "--bundle=old.json", "blob")) == 4


def test_statements_about_a_file_count_as_in_bundles() -> None:
    assert run(("verify-blob", *WHO, "--bundle=a.json", "blob")) == 0
    assert run(("verify-blob", *WHO, "--bundle=a.json", "other")) == 12


def test_attestations_with_their_timestamps() -> None:
    parts = ("--signature=a.sig", "--certificate=s.pem", UNLOGGED, "--use-signed-timestamps")
    verify = ("verify-blob-attestation", TYPE, *WHO, *parts)
    assert run((*verify, "--rfc3161-timestamp=a.tsr", "blob")) == 0
    assert run((*verify, "--rfc3161-timestamp=a.tsr", "--certificate-chain=s.pem", "blob")) == 12
    assert run((*verify, "--rfc3161-timestamp=a.tsr", "other")) == 12
    assert run((*verify, "--rfc3161-timestamp=s.tsr", "blob")) == 12
    assert run((*verify, "blob")) == 12


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("absent",), ("Error: absent: no such file or directory\n",)),
        (("blob",), ("Error: blob.sigstore.json: no such file or directory\n", "hint: a bundle is looked for")),
        (("new.sigstore.json",), ("hint: name the file that was signed",)),
        (("--signature=nope", "blob"), ("Error: nope: no such file or directory\n",)),
    ],
)
def test_a_file_that_is_missing_is_the_one_that_is_named(
    flags: tuple[str, ...], told: tuple[str, ...], folder: Path, capsys: Capture
) -> None:
    """Four letters may be base64; they are no signature, and a file was meant."""
    (folder / "new.sigstore.json").write_bytes(encode_bundle(v1_bundle()))
    assert run(("verify-blob", KEY, UNLOGGED, *flags)) == 3
    found = capsys.readouterr().err
    assert all(part in found for part in told)


@pytest.mark.parametrize(
    "flags",
    [("--bundle=none/b.json",), ("--bundle=.",), ("--bundle=b.json", "--output-signature=none/s.sig")],
    ids=" ".join,
)
@pytest.mark.parametrize(
    "command", [("sign-blob",), ("attest-blob", "--predicate=root.json")], ids=lambda item: item[0]
)
def test_a_place_where_no_file_can_be_is_refused_before_anything_is_signed(
    command: tuple[str, ...], flags: tuple[str, ...], folder: Path, capsys: Capture
) -> None:
    before = sorted(folder.iterdir())
    assert run((*command, "--key=absent.key", "--tlog-upload=false", *flags, "blob")) == 3
    assert "directory" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_neither_replaces_the_other_under_its_usual_name(folder: Path, capsys: Capture) -> None:
    """A key that is missing shows that a bundle of the same kind, or what is no bundle, would be replaced."""
    sign = ("sign-blob", "--key=absent.key", "--tlog-upload=false", "blob")
    attest = ("attest-blob", "--key=absent.key", "--tlog-upload=false", "--predicate=root.json", "blob")
    beside = folder / "blob.sigstore.json"
    for content, codes in (
        (encode_bundle(v1_bundle()), (3, 2)),
        (encode_bundle(ATTESTED), (2, 3)),
        (b"notes", (3, 3)),
    ):
        beside.write_bytes(content)
        assert (run(sign), run(attest)) == codes
        assert ("would be replaced" in capsys.readouterr().err) is (2 in codes)
        assert beside.read_bytes() == content
    assert run((*attest, "--bundle=blob.sigstore.json")) == 3
