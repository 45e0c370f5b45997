"""Every command's help, as somebody in a narrow terminal reads it."""

from collections.abc import Iterator, Mapping

import pytest
from typer.core import TyperCommand

from cosignpy.cli.app import build_command
from cosignpy.cli.command_table import COMMANDS, Command, Group


def commands(table: Mapping[str, Command | Group] = COMMANDS, prefix: str = "") -> Iterator[tuple[str, Command]]:
    for name, entry in table.items():
        if isinstance(entry, Group):
            yield from commands(entry.commands, f"{name} ")
        else:
            yield f"{prefix}{name}", entry


def help_of(command: TyperCommand, name: str) -> str:
    return command.make_context(name, [], resilient_parsing=True, terminal_width=80).get_help()


@pytest.mark.parametrize(("name", "entry"), list(commands()), ids=lambda item: item if isinstance(item, str) else "")
def test_help_is_narrow_and_says_nothing_of_switches_that_are_off(name: str, entry: Command) -> None:
    text = help_of(build_command(name, entry), name)
    assert max(map(len, text.splitlines())) <= 80
    for clutter in ("{", "[default: no-", "[default: False"):
        assert clutter not in text


def test_arguments_are_written_as_others_write_them() -> None:
    entry = COMMANDS["sign"]
    assert isinstance(entry, Command)
    assert help_of(build_command("sign", entry), "sign").startswith("Usage: sign [OPTIONS] IMAGE...\n")
