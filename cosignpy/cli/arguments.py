"""Spelling: cosign's users write flags as Go programs take them, and every flag has its variable."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from typer._click.exceptions import NoSuchOption
from typer.core import TyperCommand, TyperOption

from cosignpy.cli.configuration import settle
from cosignpy.cli.foreign_flags import explain_foreign
from cosignpy.cli.invocation import CURRENT, log_requests, time_limit
from cosignpy.errors import UsageError

_TRUTH: Final = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}

SPECIFICATION: Final = "SPEC"
"""The metavar of flags that take pairs of a key and a text, separated by commas."""
NAME: Final = "NAME"
PATTERN: Final = "RE2"
EXTENSION: Final = "EXTENSION=VALUE"
PATTERN_OF_EXTENSION: Final = "EXTENSION=RE2"
DENIED: Final = "FILE|sha256:HEX"
"""The metavars of flags about signers, whose texts may hold any character."""

FILE_FOR: Final = "FILE[:OS[/ARCH]]"
"""The metavar of files with what they are for, behind a colon."""

KEY: Final = "KEY"
TIMED_KEY: Final = "key="
"""How a key begins that counts in its time only: `key=cosign.pub,start-time=...`, which is a specification."""

_ONE_A_LINE: Final = frozenset({SPECIFICATION, NAME, PATTERN, EXTENSION, PATTERN_OF_EXTENSION, DENIED, FILE_FOR})
"""What stands in a variable one in each line."""


GLOBAL_SWITCHES: Final = frozenset({"-d", "--verbose"})
GLOBAL_FLAGS: Final = frozenset({"-t", "--timeout", "--output-file", "--context"})
"""What cosign takes before the command as well; each of the latter with a text."""

GO_COMMANDS: Final = frozenset({"policy-tester"})
"""Commands that take the flags of a program in Go, with one dash."""

_HELP: Final = "help"


def lead_with_command(argv: Sequence[str]) -> list[str]:
    """Put flags of all commands that stand before the command behind it, and write `help COMMAND` as a flag."""
    rest, leading = list(argv), list[str]()
    while rest:
        name, equals, _ = rest[0].partition("=")
        if name not in GLOBAL_SWITCHES | GLOBAL_FLAGS:
            break
        count = 2 if name in GLOBAL_FLAGS and not equals else 1
        leading, rest = leading + rest[:count], rest[count:]
    if rest[:1] == [_HELP]:
        return [*rest[1:], "--help"]
    end = rest.index("--") if "--" in rest else len(rest)
    return [*rest[:end], *leading, *rest[end:]]


class CosignCommand(TyperCommand):
    """A command that accepts `-key F` and `--upload=false`, and binds `--some-flag` to `COSIGN_SOME_FLAG`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  # typer's own context class
        """Translate Go's spellings before the options are parsed.

        Raises:
            UsageError: A flag of cosign's that is not taken here, or an argument without a text.
        """
        options = {name: option for option in _options(self) for name in option.opts + option.secondary_opts}
        warn = _say_nothing if self.name in GO_COMMANDS else CURRENT.warn
        try:
            rest = super().parse_args(ctx, list(_translate(args, options, warn)))
        except NoSuchOption as error:
            explain_foreign(error)
            raise
        _refuse_empty(ctx)
        return rest

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Write arguments as others do: typer has braces around those that are needed."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command under the global flags."""
        if CURRENT.verbose:
            log_requests()
        settle(ctx)
        with time_limit(CURRENT.timeout), CURRENT.resources:
            return super().invoke(ctx)


def bind_environment(command: TyperCommand) -> TyperCommand:
    """Give every option without a variable of its own the one cosign would give it; help has no word of switches off.

    Values of repeatable flags are separated by the character that separates paths: a path may hold blanks. A
    specification, a name or a pattern, which may have that and commas in it, has a line of its own.
    """
    for option in _options(command):
        longest = max(option.opts, key=len)
        if option.envvar is None and longest.startswith("--"):
            option.envvar = "COSIGN_" + longest.removeprefix("--").replace("-", "_").upper()
        option.show_envvar = False
        if option.default is False:
            option.show_default = False
        if option.multiple:
            option.value_from_envvar = _split_variable(option)  # type: ignore[method-assign]
    return command


def _split_variable(option: TyperOption) -> Any:  # noqa: ANN401  # replaces a method of typer's
    def value_from_envvar(ctx: Any) -> list[str] | None:  # noqa: ANN401
        text = option.resolve_envvar_value(ctx)
        return None if text is None else [item for item in text.split(_separator(option, text)) if item]

    return value_from_envvar


def _separator(option: TyperOption, text: str) -> str:
    if option.metavar in _ONE_A_LINE or (option.metavar == KEY and text.startswith(TIMED_KEY)):
        return "\n"
    return "," if "://" in text else os.pathsep


def _options(command: TyperCommand) -> Iterator[TyperOption]:
    return (parameter for parameter in command.params if isinstance(parameter, TyperOption))


def _refuse_empty(ctx: Any) -> None:  # noqa: ANN401
    """Refuse an argument without a text; an empty flag says that the context is not to be heard."""
    from typer._click.core import ParameterSource

    for parameter in ctx.command.params:
        content = ctx.params.get(parameter.name)
        given = ctx.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
        if isinstance(parameter, TyperOption) or not given:
            continue
        if content == "" or (isinstance(content, tuple) and "" in content):
            name = (parameter.metavar or parameter.name.upper()).strip("[].")
            raise UsageError(f"the argument {name} is empty", "is a variable unset that should have it?")


def _say_nothing(_line: str) -> None:
    """Take no notice: single dashes are how the flags of Go programs are written."""


def _translate(args: Sequence[str], options: dict[str, TyperOption], warn: Callable[[str], None]) -> Iterator[str]:
    for position, arg in enumerate(args):
        if arg == "--":
            yield from args[position:]
            break
        name, equals, value = arg.partition("=")
        if name.startswith("-") and not name.startswith("--") and f"-{name}" in options:
            warn(f"long flags have two dashes: read {name} as -{name}")
            name = f"-{name}"
        option = options.get(name)
        if equals and option is not None and option.is_bool_flag:
            yield from _spell_boolean(name, value, option)
        else:
            if option is not None and option.is_bool_flag:
                _refuse_blank(name, args[position + 1 : position + 2])
            yield f"{name}{equals}{value}"


def _refuse_blank(name: str, following: Sequence[str]) -> None:
    """Refuse `--flag false`, which would turn the flag on and take false for an argument, in cosign as well."""
    for word in following:
        if word in {"true", "false"}:
            raise UsageError(f"{name} {word}: the value of this flag stands after an equals sign", f"{name}={word}")


def _spell_boolean(name: str, value: str, option: TyperOption) -> Iterator[str]:
    wanted = _TRUTH.get(value.lower())
    if wanted is None:
        raise UsageError(f"{name} takes true or false, not {value!r}")
    if name in option.secondary_opts:
        wanted = not wanted
    if wanted:
        yield option.opts[0]
    elif option.secondary_opts:
        yield option.secondary_opts[0]
