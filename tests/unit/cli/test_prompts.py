import io
from collections.abc import Iterator

import pytest

from cosignpy.cli.prompts import Terminal
from cosignpy.errors import LimitExceeded, UsageError


class Keyboard(io.BytesIO):
    """Standard input of a terminal, with what a person types into it."""

    def isatty(self) -> bool:
        return True


def typing(*answers: str) -> Terminal:
    remaining = iter(answers)
    return Terminal({}, Keyboard(), io.StringIO(), lambda _: next(remaining))


def piped(content: bytes, **environment: str) -> Terminal:
    def nobody(_: str) -> str:
        message = "nobody is at the terminal"
        raise AssertionError(message)

    return Terminal(environment, io.BytesIO(content), io.StringIO(), nobody)


def said(terminal: Terminal) -> str:
    assert isinstance(terminal.stderr, io.StringIO)
    return terminal.stderr.getvalue()


@pytest.mark.parametrize("value", ["", "secret", "sécret", "\udcff"])
def test_the_variable_wins_even_when_empty(value: str) -> None:
    terminal = piped(b"other", COSIGN_PASSWORD=value)
    expected = value.encode("utf-8", "surrogateescape")
    assert terminal.password() == terminal.new_password() == expected


def test_a_password_is_typed_once_to_open_and_twice_to_make() -> None:
    assert typing("one").password() == b"one"
    assert typing("one", "one").new_password() == b"one"


def test_passwords_that_differ_are_typed_again_and_then_refused() -> None:
    assert typing("one", "two", "three", "three").new_password() == b"three"
    with pytest.raises(UsageError):
        typing(*"abcdef").new_password()


def test_the_end_of_input_is_no_password() -> None:
    def closed(_: str) -> str:
        raise EOFError

    with pytest.raises(UsageError):
        Terminal({}, Keyboard(), io.StringIO(), closed).password()


@pytest.mark.parametrize("content", [b"secret", b"secret\n", b"two\nlines", b""])
def test_a_pipe_is_taken_to_the_last_byte_to_open_a_key(content: bytes) -> None:
    assert piped(content).password() == content


def test_a_pipe_makes_a_password_and_its_line_break_is_warned_of() -> None:
    quiet, warned = piped(b"secret"), piped(b"secret\n")
    assert quiet.new_password() == b"secret"
    assert warned.new_password() == b"secret\n"
    assert (said(quiet), "WARNING" in said(warned)) == ("", True)


def test_nothing_in_the_pipe_makes_no_key() -> None:
    with pytest.raises(UsageError) as caught:
        piped(b"").new_password()
    assert "COSIGN_PASSWORD" in (caught.value.hint or "")


def test_a_pipe_has_a_limit() -> None:
    with pytest.raises(LimitExceeded):
        piped(b"x" * 70_000).password()


def test_the_password_of_an_imported_file_is_typed_and_never_the_variable() -> None:
    assert typing("theirs").foreign_password() == b"theirs"
    with pytest.raises(UsageError):
        piped(b"theirs", COSIGN_PASSWORD="ours").foreign_password()


@pytest.mark.parametrize("answer", [b"y\n", b"Y\n", b" yes \n"])
def test_yes_is_consent(answer: bytes) -> None:
    terminal = Terminal({}, Keyboard(answer), io.StringIO(), str)
    terminal.confirm("Overwrite it?", UsageError("no"))
    assert said(terminal) == "Overwrite it? [y/N] "


def refusals() -> Iterator[Terminal]:
    for answer in (b"\n", b"n\n", b"", b"yep\n"):
        yield Terminal({}, Keyboard(answer), io.StringIO(), str)
    yield piped(b"y\n")


@pytest.mark.parametrize("terminal", list(refusals()))
def test_anything_else_is_not(terminal: Terminal) -> None:
    refused = UsageError("no")
    with pytest.raises(UsageError) as caught:
        terminal.confirm("Overwrite it?", refused)
    assert caught.value is refused


def test_the_process_has_a_terminal_or_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"secret")))
    monkeypatch.delenv("COSIGN_PASSWORD", raising=False)
    assert Terminal.of_process().password() == b"secret"


def test_a_terminal_is_asked_without_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def getpass(prompt: str, _stream: object) -> str:
        asked.append(prompt)
        return "typed"

    monkeypatch.setattr("getpass.getpass", getpass)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Keyboard()))
    monkeypatch.delenv("COSIGN_PASSWORD", raising=False)
    assert Terminal.of_process().password() == b"typed"
    assert len(asked) == 1
