"""What others wrote cannot command a terminal, and cannot pretend to be another line of ours."""

import pytest

from cosignpy.cli.invocation import CURRENT, Output, printable
from cosignpy.cli.render.errors import MOST_CHARACTERS, explain_error, one_line
from cosignpy.cli.render.verification import ImageResult, render_verification
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.core.verify.signature import verify_legacy
from cosignpy.errors import ClaimMismatch, NoMatchingSignatures, NoSuchTag, Rejection
from tests.support.signed import IMAGE, KEY, legacy, policy, simple_signing

HOSTILE = "x\x1b[2K\rVerified registry.example/app\nVerified\x9b1m\N{RIGHT-TO-LEFT OVERRIDE}\x00"
ESCAPED = r"x\u001b[2K\u000dVerified registry.example/app\u000aVerified\u009b1m\u202e\u0000"


def test_control_characters_are_escaped_and_text_is_not() -> None:
    assert printable(HOSTILE) == ESCAPED
    assert printable("bücher 日本 😀") == "bücher 日本 😀"
    assert printable("two\nlines\x1b", keep="\n") == "two\nlines\\u001b"
    assert printable("\udcff") == r"\udcff"


def test_a_reason_of_megabytes_is_cut_for_people() -> None:
    assert one_line("x" * MOST_CHARACTERS) == "x" * MOST_CHARACTERS
    assert one_line("x" * (MOST_CHARACTERS + 1)) == "x" * MOST_CHARACTERS + " ..."
    assert len(one_line("\x00" * 10_000_000)) == MOST_CHARACTERS + 4


def test_a_rejection_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    rejection = Rejection("bundle", ClaimMismatch("predicate type", "wanted", HOSTILE))
    explain_error(NoMatchingSignatures("registry.example/app", (rejection,)))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3  # and what to do about it
    assert ESCAPED in lines[1]


def test_an_error_and_its_hint_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    explain_error(NoSuchTag(HOSTILE, HOSTILE))
    assert [ESCAPED in line for line in capsys.readouterr().err.splitlines()] == [True, True]


def test_what_a_signer_wrote_is_shown_escaped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = simple_signing(IMAGE, identity={"docker-reference": HOSTILE}, optional={HOSTILE: HOSTILE})
    signature = verify_legacy(payload, legacy(payload, KEY.sign(payload)), IMAGE, policy())
    monkeypatch.setattr(CURRENT, "output", Output.TEXT)
    assert render_verification([ImageResult("app", IMAGE, VerifiedImage(IMAGE, (signature,)))], policy()) == 0
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if line.startswith("Verified")] == ["Verified app"]
    assert f"{ESCAPED}={ESCAPED}" in shown
