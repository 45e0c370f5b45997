"""Command lines as people and scripts write them, before any command sees them."""

import pytest

from cosignpy.cli.app import build_command
from cosignpy.cli.arguments import lead_with_command
from cosignpy.cli.command_table import COMMANDS, Command
from cosignpy.errors import UsageError


def parse(name: str, argv: list[str]) -> dict[str, object]:
    entry = COMMANDS[name]
    assert isinstance(entry, Command)
    return build_command(name, entry).make_context(name, list(argv)).params


@pytest.mark.parametrize("word", ["true", "false"])
def test_the_value_of_a_switch_stands_after_an_equals_sign(word: str) -> None:
    """After a blank it would be an argument: an image of that name would be signed."""
    with pytest.raises(UsageError) as caught:
        parse("sign", ["--tlog-upload", word, "img"])
    assert caught.value.hint == f"--tlog-upload={word}"
    assert parse("sign", [f"--tlog-upload={word}", "img"])["images"] == ("img",)
    assert parse("sign", ["--tlog-upload", "--", word])["images"] == (word,)


@pytest.mark.parametrize(
    ("name", "argv", "what"),
    [
        ("verify", [""], "the argument IMAGE"),
        ("verify", ["img", ""], "the argument IMAGE"),
        ("doctor", [""], "the argument IMAGE|REGISTRY"),
        ("copy", ["a", ""], "the argument DESTINATION"),
    ],
)
def test_what_a_variable_left_empty_is_refused(name: str, argv: list[str], what: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(name, argv)
    assert str(caught.value) == f"{what} is empty"
    parse(name, [text or "x" for text in argv])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("verify img", "verify img"),
        ("-d verify img", "verify img -d"),
        ("--timeout 5m --verbose=true bundle inspect x", "bundle inspect x --timeout 5m --verbose=true"),
        ("-t 5m verify -- img", "verify -t 5m -- img"),
        ("help", "--help"),
        ("help bundle inspect", "bundle inspect --help"),
        ("verify help", "verify help"),
        ("--version", "--version"),
        ("-t", "-t"),
        ("", ""),
    ],
)
def test_flags_of_all_commands_may_stand_before_the_command(written: str, read: str) -> None:
    assert lead_with_command(written.split()) == read.split()


def test_what_nobody_gave_may_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_TRUSTED_ROOT", "")
    assert parse("verify", ["img"])["trusted_root"] == ""
    assert parse("doctor", [])["place"] == ""
