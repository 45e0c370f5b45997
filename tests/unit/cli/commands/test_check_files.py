"""`verify-blob --check-files`: a signed list of checksums, and the folder that it is about."""

import hashlib
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator

from cosignpy.cli.app import run
from cosignpy.core.bundle.model import BUNDLE_V03, Bundle, MessageSignature, PublicKeyMaterial
from cosignpy.core.bundle.protojson import encode_bundle
from tests.support.virtual_sigstore import USER_KEY

Check = Callable[..., tuple[int, str, str]]
Capture = pytest.CaptureFixture[str]
SCHEMA: Final = Path(__file__).parents[4] / "docs" / "formats" / "evidence.schema.json"
VALIDATOR: Final = Draft202012Validator(json.loads(SCHEMA.read_text()))
FILES: Final = {"a.tar": b"a", "docs/b.txt": b"b", "docs/c.txt": b"c"}
VERIFY: Final = ("verify-blob", "--key=../key.pub", "--insecure-ignore-tlog")


def write_list(files: dict[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()).encode()


def sign(content: bytes) -> None:
    message = MessageSignature("", b"", USER_KEY.sign(content))
    Path("SHA256SUMS").write_bytes(content)
    Path("SHA256SUMS.sigstore.json").write_bytes(encode_bundle(Bundle(BUNDLE_V03, PublicKeyMaterial(""), message)))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dist" / "docs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "dist")
    for name, content in FILES.items():
        Path(name).write_bytes(content)
    (tmp_path / "key.pub").write_bytes(USER_KEY.public_key.encode_pem())
    (tmp_path / "secret").write_bytes(b"secret")
    sign(write_list(FILES))
    return tmp_path


@pytest.fixture
def check(capsys: Capture) -> Check:
    def call(*flags: str) -> tuple[int, str, str]:
        code = run((*VERIFY, "--check-files=.", *flags, "SHA256SUMS"))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_files_that_are_what_the_list_says(check: Check) -> None:
    code, out, err = check("--strict")
    assert (code, err) == (0, "Verified OK\n")
    assert "files          3 are what the list says" in out


def test_evidence(check: Check) -> None:
    Path("new").write_bytes(b"")
    Path(os.fsdecode(b"\xff")).write_bytes(b"")
    code, out, err = check("--output=json")
    assert code == 0
    assert "not in the list, so nobody signed them: new, \\udcff" in err
    found = json.loads(out)
    VALIDATOR.validate(found)
    assert (found["files"]["missing"], found["files"]["unlisted"]) == ([], ["new", "\\udcff"])
    assert found["files"]["checked"][0] == {
        "name": "a.tar",
        "digests": {"sha256": hashlib.sha256(b"a").hexdigest()},
    }


def test_folder_of_downloads(check: Check) -> None:
    """Some files of the list, and others that it is not about."""
    Path("new").write_bytes(b"")
    Path("a.tar").unlink()
    code, out, err = check("--ignore-missing", "--output=json")
    assert (code, err) == (0, "Verified OK\n")
    found = json.loads(out)
    VALIDATOR.validate(found)
    assert (found["files"]["missing"], found["files"]["unlisted"]) == (["a.tar"], None)
    assert check("--ignore-missing", "--strict")[0] == 12


def test_explained(capsys: Capture) -> None:
    explain = ("explain", *VERIFY[1:], "--check-files=.", "SHA256SUMS")
    assert run(explain) == 0
    assert "└─ ✓ files: 3 are what the list says" in capsys.readouterr().out
    Path("a.tar").unlink()
    assert run(explain) == 12
    assert ". is not what the signed list says" in capsys.readouterr().out


def test_evidence_is_explained(check: Check, capsys: Capture) -> None:
    Path("evidence.json").write_text(check("--output=json")[1])
    assert run(("explain", "evidence.json")) == 0
    assert "SHA256SUMS: verified" in capsys.readouterr().out


def test_missing_files_are_told(check: Check) -> None:
    Path("a.tar").unlink()
    assert "missing        a.tar" in check("--ignore-missing")[1]
    code, out, err = check()
    assert (code, out) == (12, "")
    told = err.splitlines()
    assert told[:2] == ["Error: . is not what the signed list says", "  a.tar: .: it is not there"]
    assert told[2].startswith("  hint: get these files anew")


def test_a_file_that_was_changed(check: Check) -> None:
    Path("docs/b.txt").write_bytes(b"another")
    for flags in ((), ("--ignore-missing",)):
        code, out, err = check(*flags)
        assert (code, out) == (12, "")
        assert "docs/b.txt: it does not have the digest" in err


def test_a_change_in_json(check: Check) -> None:
    Path("docs/b.txt").write_bytes(b"another")
    found = json.loads(check("--output=json")[1])
    VALIDATOR.validate(found)
    error = found["error"]
    assert (error["kind"], error["exitCode"]) == ("FilesMismatch", 12)
    assert [(one["file"], one["kind"]) for one in error["files"]] == [("docs/b.txt", "DigestMismatch")]


def test_a_list_that_was_changed(check: Check) -> None:
    Path("docs/b.txt").write_bytes(b"another")
    Path("SHA256SUMS").write_bytes(write_list({**FILES, "docs/b.txt": b"another"}))
    code, _, err = check()
    assert code == 12
    assert "invalid signature" in err


def test_a_name_is_no_line_of_its_own(check: Check) -> None:
    Path("new\nVerified OK").write_bytes(b"")
    assert check()[2].splitlines() == [
        "WARNING: not in the list, so nobody signed them: new\\u000aVerified OK",
        "Verified OK",
    ]


def test_a_file_with_the_name_of_standard_input_is_not_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list came from elsewhere, and who put the file there did not sign it."""
    for name in ("SHA256SUMS.sigstore.json", "SHA256SUMS"):
        Path(name).rename(f"../{name}")
    raw = Path("../SHA256SUMS").read_bytes()
    flags = (*VERIFY, "--bundle=../SHA256SUMS.sigstore.json", "--check-files=.", "--strict", "-")
    for there, code in ((False, 0), (True, 12)):
        if there:
            Path("-").write_bytes(b"")
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        assert run(flags) == code


def test_files_that_are_not_listed(check: Check) -> None:
    for name in range(7):
        Path(f"new{name}").write_bytes(b"")
    assert "new0, new1, new2, new3, new4, and 2 more" in check()[2]
    code, _, err = check("--strict")
    assert code == 12
    assert "new6: .: it is there and not in the list" in err


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "docs/../../secret"])
def test_names_that_lead_out_of_the_folder(check: Check, name: str) -> None:
    sign(write_list({name: b"secret"}))
    code, _, err = check()
    assert code == 4
    assert "is not the name of a file below a folder" in err


def test_links_that_lead_out_of_the_folder(check: Check) -> None:
    Path("link").symlink_to("../secret")
    sign(write_list({"link": b"secret"}))
    code, _, err = check()
    assert code == 12
    assert "link: .: it is a link that leads out of the folder" in err


def test_what_is_signed_and_is_no_list(check: Check) -> None:
    sign(b"no list\n")
    code, _, err = check()
    assert code == 4
    assert "malformed checksum list: line 1" in err


def test_a_list_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    flags = (*VERIFY, "--bundle=SHA256SUMS.sigstore.json", "--check-files=.", "-")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("SHA256SUMS").read_bytes())))
    assert run(flags) == 0
    assert "not in the list, so nobody signed them: SHA256SUMS" in capsys.readouterr().err


def test_a_list_and_its_signature_in_a_file_of_its_own(check: Check) -> None:
    Path("SHA256SUMS.sigstore.json").unlink()
    Path("SHA256SUMS.sig").write_bytes(USER_KEY.sign(Path("SHA256SUMS").read_bytes()))
    assert check("--strict", "--signature=SHA256SUMS.sig")[0] == 0
    Path("SHA256SUMS.sig").write_bytes(USER_KEY.sign(b"another"))
    assert check("--strict", "--signature=SHA256SUMS.sig")[0] == 12


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (2, ("--strict", "SHA256SUMS")),
        (2, ("--check-files=", "SHA256SUMS")),
        (2, ("--ignore-missing", "SHA256SUMS")),
        (2, ("--check-files=.", "--bundle=SHA256SUMS.sigstore.json", "sha256:" + "0" * 64)),
        (3, ("--check-files=absent", "SHA256SUMS")),
        (3, ("--check-files=a.tar", "SHA256SUMS")),
    ],
)
def test_flags_that_mean_nothing(code: int, flags: tuple[str, ...], capsys: Capture) -> None:
    assert run((*VERIFY, *flags)) == code
    assert capsys.readouterr().err.startswith("Error: ")
