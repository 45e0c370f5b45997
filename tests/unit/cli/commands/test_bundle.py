"""`bundle inspect`, `diff`, `verify`, and what `create` and `upgrade` do without a log."""

import io
import json
import stat
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from cosignpy.cli.app import run
from cosignpy.core.bundle.blob_files import encode_blob_bundle, encode_signature, encode_timestamp_file
from cosignpy.core.bundle.model import BUNDLE_V01, CertificateMaterial, MessageSignature, PublicKeyMaterial
from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature
from cosignpy.core.encoding import PemBlock, encode_b64, encode_json, parse_json
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.values import replace
from tests.support.virtual_sigstore import (
    ARTIFACT,
    EMAIL,
    ISSUER,
    ROOT,
    USER_KEY,
    Signing,
    key_bundle,
    statement_bundle,
    v1_bundle,
    v2_bundle,
)

Capture = pytest.CaptureFixture[str]
SCHEMA: Final = json.loads((Path(__file__).parents[4] / "docs" / "formats" / "evidence.schema.json").read_text())
SHA256: Final = str(Digest.of(ARTIFACT))
WHO: Final = (f"--certificate-identity={EMAIL}", f"--certificate-oidc-issuer={ISSUER}", "--trusted-root=root.json")
STAMPED: Final = Signing(stamped=True).bundle()
HINTED: Final = replace(key_bundle(), material=PublicKeyMaterial(USER_KEY.public_key.hint), log_entries=())
HOSTILE: Final = "x\x1b[2K\rVerified OK\n  signer\x9b1m"
ESCAPED: Final = r"x\u001b[2K\u000dVerified OK\u000a  signer\u009b1m"
TYPE: Final = "--type=https://sigstore.dev/cosign/sign/v1"


def old(document: bytes) -> bytes:
    """Return a bundle as one of version 0.1."""
    return encode_json(parse_json(document, what="test") | {"mediaType": BUNDLE_V01})


def hostile() -> bytes:
    statement = build_signature_statement(Digest.of(ARTIFACT), {HOSTILE: HOSTILE}, HOSTILE)
    envelope = Envelope(IN_TOTO_PAYLOAD, statement, (EnvelopeSignature(b"x", HOSTILE),))
    return encode_bundle(replace(key_bundle(), content=envelope, material=PublicKeyMaterial(HOSTILE)))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert isinstance(STAMPED.material, CertificateMaterial)
    pem = PemBlock("CERTIFICATE", STAMPED.material.certificates[0]).encode()
    statement = statement_bundle()
    assert isinstance(statement.content, Envelope)
    for name, content in {
        "blob": ARTIFACT,
        "other": b"another",
        "root.json": encode_trusted_root(ROOT),
        "key.pub": USER_KEY.public_key.encode_pem(),
        "v1.json": encode_bundle(v1_bundle()),
        "v2.json": encode_bundle(v2_bundle()),
        "statement.json": encode_bundle(statement),
        "bare.json": encode_bundle(HINTED),
        "hostile.json": hostile(),
        "lines.json": encode_bundle(v1_bundle()) + b"\n\n" + encode_bundle(v2_bundle()) + b"\n",
        "pretty.json": json.dumps(json.loads(encode_bundle(v1_bundle())), indent=2).encode(),
        "unnamed.json": encode_bundle(replace(HINTED, content=MessageSignature("", b"", b"x"))),
        "old.json": old(encode_bundle(v1_bundle())),
        "blob.json": encode_blob_bundle(HINTED),
        "s.sig": encode_b64(encode_signature(STAMPED)).encode(),
        "s.pem": encode_b64(pem).encode(),
        "s.tsr": encode_timestamp_file(STAMPED.timestamps[0]),
        "k.sig": encode_signature(HINTED),
        "a.sig": encode_signature(statement),
        "inside.sig": encode_b64(statement.content.signatures[0].signature).encode(),
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def told(capsys: Capture, *arguments: str, code: int = 0) -> str:
    """Run a command, and return what it printed."""
    assert run(("bundle", *arguments)) == code
    return capsys.readouterr().out


def told_json(capsys: Capture, *arguments: str, code: int = 0) -> Any:
    return json.loads(told(capsys, *arguments, "--output=json", code=code))


# inspect


def test_all_that_a_bundle_says_is_shown(capsys: Capture) -> None:
    assert run(("bundle", "inspect", "v2.json")) == 0
    found = capsys.readouterr()
    assert found.err == "WARNING: nothing here is verified: this is what the bundle says of itself\n"
    lines = found.out.splitlines()
    assert lines[0] == "v2.json (not verified)"
    assert lines[1:4] == [
        "  media type: application/vnd.dev.sigstore.bundle.v0.3+json",
        "  version: 0.3",
        "  content",
    ]
    for line in (
        f"    digest: {SHA256}",
        "    certificate 1 of 1",
        f"      email: {EMAIL}",
        f"      issuer: {ISSUER}",
        "      issued by: CN=fulcio",
        "      SCT 1 of 1",
        "  log entry 1 of 1",
        "    log index: 4",
        "      hashes: 3",
        "      checkpoint",
        "        origin: log2026-1.rekor.test",
        "  timestamp 1 of 1",
        "    authority: CN=stamps",
        "    of this signature: yes",
    ):
        assert line in lines, line
    assert not [line for line in lines if "None" in line]


def test_what_is_not_there_is_shown_too(capsys: Capture) -> None:
    lines = told(capsys, "inspect", "bare.json").splitlines()
    assert lines[-2:] == ["  log entry: none", "  timestamp: none"]
    assert f"    hint: {USER_KEY.public_key.hint}" in lines


def test_problems_are_shown(capsys: Capture, folder: Path) -> None:
    (entry,) = v1_bundle().log_entries
    broken = replace(v1_bundle(), log_entries=(replace(entry, inclusion=None),), timestamps=(b"nonsense",))
    (folder / "broken.json").write_bytes(encode_bundle(broken))
    lines = told(capsys, "inspect", "broken.json").splitlines()
    assert lines[-1].startswith("  problems: malformed bundle: a log entry has no inclusion proof")
    assert [line for line in lines if line.startswith("    problem: malformed timestamp response")]


def test_what_a_signer_wrote_is_shown_escaped_and_in_its_place(capsys: Capture) -> None:
    found = told(capsys, "inspect", "hostile.json")
    assert "\x1b" not in found
    assert "Verified OK" not in [line.strip() for line in found.splitlines()]
    assert f"annotation {ESCAPED}: {ESCAPED}" in found
    assert f"name: {ESCAPED}" in found
    assert f"key id: {ESCAPED}" in found
    assert f"hint: {ESCAPED}" in found


def test_a_bundle_is_described_for_programs(capsys: Capture) -> None:
    found = told_json(capsys, "inspect", "statement.json")
    assert (found["schema"], found["file"], found["verified"]) == (
        "cosignpy/bundle-inspection/v1",
        "statement.json",
        False,
    )
    assert found["bundle"]["content"]["statement"]["subjects"][0]["digests"] == [SHA256]


def test_several_bundles_one_a_line(capsys: Capture, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "lines.json").read_bytes())))
    found = told(capsys, "inspect", "-", "--output=json").splitlines()
    assert [len(json.loads(line)["bundle"]["timestamps"]) for line in found] == [0, 1]
    assert told_json(capsys, "inspect", "pretty.json")["bundle"]["version"] == "0.3"


@pytest.mark.parametrize(
    "arguments",
    [("inspect", "blob.json"), ("diff", "v1.json", "blob.json"), ("verify", "blob.json", "--key=key.pub")],
    ids=lambda arguments: arguments[0],
)
def test_the_json_of_cosign_2_is_called_that(arguments: tuple[str, ...], capsys: Capture) -> None:
    assert run(("bundle", *arguments)) == 4
    assert "hint: bring it up to date: cosignpy bundle upgrade FILE" in capsys.readouterr().err


def test_legacy_signatures_among_them_are_left_out(capsys: Capture, folder: Path) -> None:
    legacy = b'{"Base64Signature":"c2ln","Payload":"e30="}\n'
    (folder / "both.json").write_bytes(encode_bundle(v1_bundle()) + b"\n" + legacy + legacy)
    assert run(("bundle", "inspect", "both.json")) == 0
    found = capsys.readouterr()
    assert found.out.count("both.json (not verified)") == 1
    assert found.err.startswith("WARNING: left out, since they are no bundles: 2 legacy signatures\n")
    (folder / "legacy.json").write_bytes(legacy)
    assert told(capsys, "inspect", "legacy.json", code=4) == ""


@pytest.mark.parametrize(("code", "file"), [(3, "absent"), (4, "blob"), (4, "root.json")])
def test_what_is_no_bundle_is_not_shown(code: int, file: str, capsys: Capture) -> None:
    assert told(capsys, "inspect", file, code=code) == ""


# diff


def test_bundles_that_say_the_same(capsys: Capture) -> None:
    assert run(("bundle", "diff", "v1.json", "pretty.json")) == 0
    assert capsys.readouterr() == ("", "v1.json and pretty.json say the same\n")
    assert told_json(capsys, "diff", "v1.json", "pretty.json") == {
        "schema": "cosignpy/bundle-difference/v1",
        "left": "v1.json",
        "right": "pretty.json",
        "same": True,
        "differences": [],
    }


def test_bundles_that_differ(capsys: Capture) -> None:
    found = told(capsys, "diff", "v1.json", "bare.json", code=1).splitlines()
    assert found[3:6] == ["signer.kind", "  < certificate", "  > public key"]
    places = found[::3]
    assert places[0] == "content.signature"
    assert found[places.index("signer.hint") * 3 + 1] == "  < -"
    assert max(map(len, found)) < 160
    document = told_json(capsys, "diff", "v1.json", "bare.json", code=1)
    assert document["same"] is False
    assert [item["place"] for item in document["differences"]] == places
    assert document["differences"][1] == {"place": "signer.kind", "left": "certificate", "right": "public key"}


@pytest.mark.parametrize(
    ("code", "files"), [(2, ("-", "-")), (2, ("v1.json",)), (3, ("v1.json", "absent")), (4, ("blob", "v1.json"))]
)
def test_trouble_is_not_a_difference(code: int, files: tuple[str, ...], capsys: Capture) -> None:
    assert told(capsys, "diff", *files, code=code) == ""


# verify


@pytest.mark.parametrize("artifact", ["blob", SHA256])
def test_a_bundle_is_verified_with_its_artifact(artifact: str, capsys: Capture) -> None:
    for file in ("v1.json", "v2.json", "statement.json"):
        assert run(("bundle", "verify", file, artifact, *WHO)) == 0
        assert capsys.readouterr().err == "Verified OK\n"
    assert run(("bundle", "verify", "bare.json", artifact, "--key=key.pub", "--insecure-ignore-tlog")) == 0


@pytest.mark.parametrize("file", ["v1.json", "statement.json"])
def test_a_bundle_is_verified_without_its_artifact(file: str, capsys: Capture) -> None:
    assert run(("bundle", "verify", file, *WHO)) == 0
    found = capsys.readouterr()
    assert found.err == (
        "Verified OK, for the digest that the bundle names: no artifact was given to compare it with\n"
    )
    assert found.out.splitlines()[-2:] == [
        "not checked    artifact (none was given)",
        f"it is of       {SHA256}",
    ]
    document = told_json(capsys, "verify", file, *WHO)
    assert (document["artifact"], document["notChecked"]) == (SHA256, ["artifact (none was given)"])
    assert document["digests"] == {"sha256": SHA256.removeprefix("sha256:")}
    Draft202012Validator(SCHEMA).validate(document)
    outcomes = {step["step"]: step["outcome"] for step in document["steps"]}
    assert outcomes.pop("artifact") == "waived"
    assert set(outcomes.values()) == {"passed"}


def test_a_type_can_be_asked_for(capsys: Capture) -> None:
    assert told(capsys, "verify", "statement.json", *WHO, TYPE)
    assert told(capsys, "verify", "statement.json", *WHO, "--type=slsaprovenance1", code=12) == ""


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (12, ("v1.json", "other", *WHO)),
        (12, ("v1.json", "blob", "--certificate-identity=mallory", *WHO[1:])),
        (12, ("v1.json", "--certificate-identity=mallory", *WHO[1:])),
        (12, ("v1.json", "--key=key.pub", WHO[2])),
        (12, ("bare.json", "--key=key.pub", WHO[2])),
        (2, ("unnamed.json", "--key=key.pub", "--insecure-ignore-tlog")),
        (2, ("v1.json", WHO[2])),
        (2, ("-", "-", *WHO)),
        (2, ("v1.json", "", *WHO)),
        (2, ("statement.json", "blob", "--type=", *WHO)),
        (3, ("absent", *WHO)),
        (4, ("blob", *WHO)),
    ],
)
def test_anything_else_is_refused(code: int, arguments: tuple[str, ...], capsys: Capture) -> None:
    assert told(capsys, "verify", *arguments, code=code) == ""


def test_a_refusal_is_evidence_too(capsys: Capture) -> None:
    found = told_json(capsys, "verify", "v1.json", "other", *WHO, code=12)
    assert (found["artifact"], found["verified"], found["error"]["kind"]) == ("other", False, "ClaimMismatch")
    found = told_json(capsys, "verify", "v1.json", "--certificate-identity=mallory", *WHO[1:], code=12)
    assert (found["artifact"], found["exitCode"]) == ("v1.json", 12)
    Draft202012Validator(SCHEMA).validate(found)


def test_a_bundle_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(encode_bundle(v1_bundle()))))
    assert run(("bundle", "verify", "-", "blob", *WHO)) == 0


def test_a_command_that_takes_too_long_is_no_refusal(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    class Slow(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            from cosignpy.errors import DeadlineExceeded

            raise DeadlineExceeded(1)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Slow()))
    assert told_json(capsys, "verify", "-", *WHO, code=20)["error"]["kind"] == "DeadlineExceeded"


# create


def test_a_bundle_is_made_of_parts(capsys: Capture, folder: Path) -> None:
    parts = ("--signature=s.sig", "--certificate=s.pem", "--rfc3161-timestamp=s.tsr")
    made = told(capsys, "create", "--artifact=blob", *parts, "--ignore-tlog")
    assert parse_bundle(made.encode()) == replace(STAMPED, log_entries=())
    assert run(("bundle", "create", "--artifact=blob", *parts, "--ignore-tlog", "--out=made.json")) == 0
    assert capsys.readouterr() == ("", "Wrote bundle to file made.json\n")
    assert (folder / "made.json").read_text() == made.rstrip("\n")
    assert stat.S_IMODE((folder / "made.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("flag", ["--signature=k.sig", "--bundle=blob.json"])
def test_a_bundle_is_made_for_a_key(flag: str, capsys: Capture) -> None:
    made = told(capsys, "create", "--artifact=blob", flag, "--key=key.pub", "--ignore-tlog")
    assert parse_bundle(made.encode()) == HINTED


@pytest.mark.parametrize(
    "flags",
    [
        ("--attestation=a.sig",),
        ("--signature=a.sig",),
        ("--attestation=a.sig", "--signature=a.sig"),
        ("--attestation=a.sig", "--signature=inside.sig"),
    ],
)
def test_a_bundle_is_made_of_an_envelope(flags: tuple[str, ...], capsys: Capture) -> None:
    made = told(capsys, "create", f"--artifact={SHA256}", *flags, "--certificate=s.pem", "--ignore-tlog")
    assert parse_bundle(made.encode()) == replace(statement_bundle(), log_entries=(), timestamps=())


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (12, ("--artifact=other", "--signature=s.sig", "--certificate=s.pem")),
        (12, ("--artifact=blob", "--signature=k.sig", "--certificate=s.pem")),
        (12, ("--artifact=blob", "--signature=s.sig", "--key=key.pub")),
        (2, ("--artifact=blob", "--signature=s.sig")),
        (2, ("--artifact=blob", "--certificate=s.pem")),
        (2, ("--signature=s.sig", "--certificate=s.pem")),
        (2, ("--artifact=blob", "--signature=s.sig", "--attestation=a.sig", "--certificate=s.pem")),
        (2, ("--artifact=blob", "--signature=k.sig", "--bundle=blob.json", "--key=key.pub")),
        (2, ("--artifact=blob", "--signature=s.sig", "--certificate=s.pem", "--key=key.pub")),
        (2, ("--artifact=blob", "--bundle=v1.json")),
        (3, ("--artifact=blob", "--signature=absent", "--certificate=s.pem")),
        (3, ("--artifact=absent", "--signature=s.sig", "--certificate=s.pem")),
        (4, ("--artifact=blob", "--attestation=s.sig", "--certificate=s.pem")),
        (4, ("--artifact=blob", "--signature=s.sig", "--certificate=s.pem", "--rfc3161-timestamp=blob")),
    ],
)
def test_nothing_else_becomes_a_bundle(code: int, flags: tuple[str, ...], capsys: Capture) -> None:
    assert told(capsys, "create", *flags, "--ignore-tlog", code=code) == ""


# upgrade


def test_an_older_bundle_is_upgraded_without_a_log(capsys: Capture, folder: Path) -> None:
    assert run(("bundle", "upgrade", "old.json")) == 0
    found = capsys.readouterr()
    assert parse_bundle(found.out.encode()) == v1_bundle()
    assert found.err == "old.json: upgraded from version 0.1 to 0.3\n"
    assert run(("bundle", "upgrade", "old.json", "--out=new.json")) == 0
    assert parse_bundle((folder / "new.json").read_bytes()) == v1_bundle()
    assert parse_bundle((folder / "old.json").read_bytes()).version == "0.1"


def test_what_is_current_stays_as_it_is(capsys: Capture, folder: Path) -> None:
    written = (folder / "pretty.json").read_text()
    assert told(capsys, "upgrade", "pretty.json") == written + "\n"
    before = (folder / "pretty.json").stat()
    assert run(("bundle", "upgrade", "--in-place", "pretty.json")) == 0
    assert capsys.readouterr().err == "pretty.json: of version 0.3 already, left as it is\n"
    assert (folder / "pretty.json").stat().st_ino == before.st_ino


def test_several_are_upgraded_in_place_each_on_its_own(capsys: Capture, folder: Path) -> None:
    assert run(("bundle", "upgrade", "-i", "blob.json", "old.json", "absent")) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "blob.json: not upgraded",
        "Error: malformed signature: without a log entry it does not say of what it is, or by whom",
        "Wrote bundle to file old.json",
        "old.json: upgraded from version 0.1 to 0.3",
        "absent: not upgraded",
        "Error: absent: no such file or directory",
    ]
    assert parse_bundle((folder / "old.json").read_bytes()) == v1_bundle()
    assert (folder / "blob.json").read_bytes() == encode_blob_bundle(HINTED)


def test_a_file_keeps_its_mode_and_a_link_its_target(folder: Path) -> None:
    (folder / "old.json").chmod(0o640)
    (folder / "link.json").symlink_to("old.json")
    assert run(("bundle", "upgrade", "--in-place", "link.json")) == 0
    assert (folder / "link.json").is_symlink()
    assert parse_bundle((folder / "old.json").read_bytes()).version == "0.3"
    assert stat.S_IMODE((folder / "old.json").stat().st_mode) == 0o640


def test_standard_input_is_upgraded_to_standard_output(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(old(encode_bundle(v1_bundle())))))
    assert parse_bundle(told(capsys, "upgrade", "-").encode()) == v1_bundle()


@pytest.mark.parametrize(
    "arguments",
    [
        ("old.json", "v1.json"),
        ("old.json", "--in-place", "--out=new.json"),
        ("-", "--in-place"),
        (),
    ],
)
def test_bundles_go_to_one_place_each(arguments: tuple[str, ...], capsys: Capture, folder: Path) -> None:
    assert told(capsys, "upgrade", *arguments, code=2) == ""
    assert not (folder / "new.json").exists()


def test_a_folder_is_not_replaced(capsys: Capture, folder: Path) -> None:
    assert told(capsys, "upgrade", "old.json", f"--out={folder}", code=3) == ""


def test_one_that_cannot_be_upgraded_has_its_own_exit_code(capsys: Capture) -> None:
    assert told(capsys, "upgrade", "blob.json", code=4) == ""
    assert told(capsys, "upgrade", "absent", code=3) == ""
