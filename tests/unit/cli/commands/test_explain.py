"""`explain`: what it takes its argument for, and that it exits as the verification does."""

import inspect
import io
import json
import re
import sys
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator

from cosignpy.cli.app import run
from cosignpy.cli.commands.explain import explain
from cosignpy.cli.commands.verify import verify
from cosignpy.cli.commands.verify_attestation import verify_attestation
from cosignpy.cli.commands.verify_blob import verify_blob, verify_blob_attestation
from cosignpy.cli.flag_groups import expand_flag_groups
from tests.unit.cli.commands import test_verify_blob
from tests.unit.cli.commands.test_verify_blob import IDENTITY, SHA256, TRUST, UNLOGGED, WHO

folder = test_verify_blob.folder

Capture = pytest.CaptureFixture[str]
SCHEMA: Final = json.loads((Path(__file__).parents[4] / "docs" / "formats" / "evidence.schema.json").read_text())
RECORD: Final = "This is a record, not a proof: read as it was written, and nothing is verified again."
SIGN_V1: Final = "https://sigstore.dev/cosign/sign/v1"


def untimed(drawn: str) -> str:
    """Take out when it was: two runs are not at one time."""
    drawn, times = re.subn(r" at 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ(?=\n|, exit code)", "", drawn, count=1)
    assert times == 1
    return drawn


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (0, ("--bundle=v1.json", *WHO, "blob")),
        (0, ("--bundle=v1.json", *WHO, SHA256)),
        (0, ("--bundle=statement.json", f"--type={SIGN_V1}", *WHO, "blob")),
        (0, ("--bundle=bare.json", "--key=key.pub", UNLOGGED, "blob")),
        (12, ("--bundle=v1.json", *WHO, "other")),
        (12, ("--bundle=statement.json", "--type=slsaprovenance1", *WHO, "blob")),
        (12, ("--bundle=v1.json", "--certificate-identity=mallory", IDENTITY[1], TRUST, "blob")),
        (3, ("--bundle=absent", *WHO, "blob")),
        (3, ("--bundle=v1.json", *WHO, "absent")),
        (3, ("--bundle=statement.json", f"--type={SIGN_V1}", *WHO, "absent")),
        (2, ("--bundle=v1.json", "blob")),
    ],
)
def test_a_file_is_verified_and_explained(code: int, flags: tuple[str, ...], capsys: Capture) -> None:
    assert run(("explain", *flags)) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.startswith("✗ " if code else "✓ ")
    assert ("first thing to do: " in captured.out) == (code != 0) or code == 3


def test_whatever_is_no_file_is_an_image(capsys: Capture) -> None:
    assert run(("explain", "--key=key.pub", UNLOGGED, "oci-layout:absent")) == 3
    assert "└─ ✗ oci-layout:absent: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (0, ("--bundle=v1.json", *WHO, "blob")),
        (12, ("--bundle=v1.json", *WHO, "other")),
        (4, ("--bundle=blob", *WHO, "blob")),
    ],
)
def test_evidence_that_was_kept_is_explained_like_the_run_itself(
    code: int, flags: tuple[str, ...], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(("verify-blob", "--output=json", *flags)) == code
    document = capsys.readouterr().out
    Draft202012Validator(SCHEMA).validate(json.loads(document))
    assert run(("explain", *flags)) == code
    live = untimed(capsys.readouterr().out)
    for kept in (document, json.dumps(json.loads(document), indent=2)):
        Path("kept").write_text(kept)
        assert run(("explain", "kept")) == code
        assert untimed(capsys.readouterr().out) == live
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(document.encode())))
    assert run(("explain", "-")) == code
    captured = capsys.readouterr()
    assert (untimed(captured.out), captured.err) == (live, f"{RECORD}\n")


@pytest.mark.parametrize("content", [b"", b"{}", b'{"schema":"cosignpy/evidence/v1"', b"[1]"])
def test_what_is_no_evidence_is_refused(content: bytes, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert run(("explain", "-")) == 4
    assert "malformed evidence" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_an_error_of_the_file(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "closed").write_bytes(b"{}")
    monkeypatch.setattr(Path, "open", refuse)
    assert run(("explain", str(tmp_path / "closed"))) == 3
    assert "closed: permission denied" in capsys.readouterr().err


def test_it_takes_every_flag_of_what_it_explains_and_needs_none() -> None:
    own = inspect.signature(expand_flag_groups(explain)).parameters
    for command in (verify, verify_attestation, verify_blob, verify_blob_attestation):
        wanted = set(inspect.signature(expand_flag_groups(command)).parameters)
        assert wanted - set(own) == wanted & {"blob", "images", "output"}
    assert [name for name, each in own.items() if each.default is inspect.Parameter.empty] == ["target"]


def test_a_timeout_is_no_evidence_of_anything(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def expire(*_: object) -> None:
        from cosignpy.errors import DeadlineExceeded

        raise DeadlineExceeded(1)

    monkeypatch.setattr("cosignpy.cli.commands.verify_blob.verify_bundle", expire)
    assert run(("verify-blob", "--output=json", "--bundle=v1.json", *WHO, "blob")) == 20
    assert json.loads(capsys.readouterr().out).keys() == {"error"}


def test_a_file_that_looks_like_evidence_is_verified_where_a_signer_is_named(capsys: Capture) -> None:
    assert run(("verify-blob", "--output=json", "--bundle=v1.json", *WHO, "blob")) == 0
    Path("forged").write_text(capsys.readouterr().out)
    assert run(("explain", "forged")) == 0
    assert "nothing is verified again" in capsys.readouterr().err
    for named in (("--key=key.pub", UNLOGGED), WHO):
        assert run(("explain", "--bundle=v1.json", *named, "forged")) == 12
    for flag in ("--bundle=v1.json", "--signature=forged", "--type=", f"--type={SIGN_V1}", "--check-files=."):
        assert run(("explain", flag, "forged")) == 2
