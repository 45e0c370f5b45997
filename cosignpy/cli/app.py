"""The program `cosignpy`: finds the command, runs it, and turns what goes wrong into one line and an exit code."""

import atexit
import contextlib
import gc
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.exceptions import Abort

from cosignpy.cli import exit_codes
from cosignpy.cli.arguments import CosignCommand, bind_environment, lead_with_command
from cosignpy.cli.command_table import COMMANDS, Command, Group
from cosignpy.cli.configuration import CONTEXT_VARIABLE
from cosignpy.cli.flag_groups import expand_flag_groups
from cosignpy.cli.foreign_flags import ignored_options
from cosignpy.cli.invocation import CURRENT, DEFAULT_TIMEOUT, Invocation
from cosignpy.cli.units import parse_duration
from cosignpy.errors import CosignError, FileError
from cosignpy.values import fields_of
from cosignpy.version import VERSION

_GARBAGE_THRESHOLD: Final = 100_000

COMPLETE_VARIABLE: Final = "_COSIGNPY_COMPLETE"
"""Set by the completion script when a shell asks what may follow."""

_EPILOG: Final = (
    "Every flag can be set by a variable, --key by COSIGN_KEY and so on. The exit codes are in docs/exit-codes.md."
)


class LazyGroup(TyperGroup):
    """A group that knows its commands by the table and imports one only to run it."""

    table: Mapping[str, Command | Group]

    def list_commands(self, _ctx: Any) -> list[str]:  # noqa: ANN401  # typer's own context class
        """Return the names in the table's order."""
        return list(self.table)

    def get_command(self, _ctx: Any, name: str) -> Any:  # noqa: ANN401
        """Import and return a command, or None for a name that is not in the table."""
        entry = self.table.get(name)
        if isinstance(entry, Group):
            return build_group(entry.commands, name=name, help=entry.summary, no_args_is_help=True)
        return None if entry is None else build_command(name, entry)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.table.items()])


def build_group(table: Mapping[str, Command | Group], **attributes: Any) -> LazyGroup:  # noqa: ANN401
    """Build a group over a table."""
    group = LazyGroup(rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}, **attributes)
    group.table = table
    group.commands = cast("Any", dict.fromkeys(table))  # for "did you mean": only the names are looked at
    return group


def build_command(name: str, entry: Command) -> TyperCommand:
    """Import a command's function and give it its flags, the global ones included."""
    function = getattr(import_module(f"cosignpy.cli.commands.{entry.module}"), entry.function)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    settings = {"help_option_names": ["-h", "--help"]}
    app.command(name, cls=CosignCommand, context_settings=settings)(expand_flag_groups(function))
    command = cast("CosignCommand", typer.main.get_command(app))
    command.params.extend((*_global_options(), *ignored_options(entry.module)))
    return bind_environment(command)


def _global_options() -> Sequence[TyperOption]:
    """Build cosign's global flags, which may stand anywhere after the command."""

    def set_verbose(_ctx: Any, _param: Any, value: bool) -> None:  # noqa: ANN401, FBT001  # typer's callback
        CURRENT.verbose = value

    def set_timeout(_ctx: Any, _param: Any, value: str) -> None:  # noqa: ANN401
        CURRENT.timeout = parse_duration(value)

    def set_output_file(_ctx: Any, _param: Any, value: str | None) -> None:  # noqa: ANN401
        CURRENT.output_file = Path(value) if value else None

    def set_context(_ctx: Any, _param: Any, value: str) -> None:  # noqa: ANN401
        CURRENT.context = value

    return (
        TyperOption(
            param_decls=["--verbose", "-d"], is_flag=True, default=False, expose_value=False, callback=set_verbose,
            help="Log requests to stderr, secrets left out.",
        ),
        TyperOption(
            param_decls=["--timeout", "-t"], default=DEFAULT_TIMEOUT, expose_value=False, callback=set_timeout,
            show_default=True, metavar="DURATION", help="Give up on the whole command after this long.",
        ),
        TyperOption(
            param_decls=["--output-file"], default=None, expose_value=False, callback=set_output_file,
            metavar="FILE", help="Write to this file what would go to stdout.",
        ),
        TyperOption(
            param_decls=["--context"], default="", expose_value=False, callback=set_context, envvar=CONTEXT_VARIABLE,
            metavar="NAME", help="Take settings from this context; the one that is called default has none.",
        ),
    )  # fmt: skip


def build_app() -> LazyGroup:
    """Build the program; nothing is imported for commands that do not run."""

    def show_version(ctx: Any, _param: Any, value: bool) -> None:  # noqa: ANN401, FBT001
        if value:
            CURRENT.print(f"cosignpy {VERSION}")
            ctx.exit()

    if COMPLETE_VARIABLE in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
    version = TyperOption(
        param_decls=["--version"], is_flag=True, is_eager=True, default=False, expose_value=False,
        callback=show_version, help="Print the version.",
    )  # fmt: skip
    return build_group(
        COMMANDS,
        name="cosignpy",
        params=[version],
        help="Sign and verify container images, SBOMs, files and packages.",
        epilog=_EPILOG,
        no_args_is_help=True,
    )


def main() -> None:
    """Run the program and exit.

    A command lives for a tenth of a second: collecting garbage while modules are imported, and taking the
    interpreter apart at the end, would be a fifth of it.
    """
    gc.set_threshold(_GARBAGE_THRESHOLD)
    if not sys.warnoptions:
        # Those of libraries are for developers; one is about the certificates that Fulcio itself makes.
        warnings.simplefilter("ignore")
    # A stream that was closed before we began: nobody reads it, and no file of ours may take its number.
    nowhere = Path(os.devnull)
    sys.stdout, sys.stderr = (stream or nowhere.open("w") for stream in (sys.stdout, sys.stderr))
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    atexit._run_exitfuncs()  # noqa: SLF001 - what `sys.exit` would run before it takes everything apart
    os._exit(code)


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code. No traceback reaches a user."""
    fresh = Invocation()
    for name in fields_of(Invocation):
        setattr(CURRENT, name, getattr(fresh, name))
    try:
        code = _run_command(argv)
        CURRENT.finish()
    except CosignError as error:
        from cosignpy.cli.render.errors import report_error

        return report_error(error)
    except (KeyboardInterrupt, Abort):
        CURRENT.say("interrupted")
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        return exit_codes.FAILURE  # whoever read the output has gone, which is no news to them
    except OSError as error:
        CURRENT.say(f"Error: {error.filename or 'the output'}: {(error.strerror or str(error)).lower()}")
        return exit_codes.EXIT_CODES[FileError]
    except Exception as error:  # noqa: BLE001 - a defect of ours; a person gets a line, a developer the rest
        return _report_defect(error)
    return code


def _run_command(argv: Sequence[str]) -> int:
    try:
        code = build_app().main(args=lead_with_command(argv), prog_name="cosignpy", standalone_mode=False)
        sys.stdout.flush()
    except ClickException as error:
        return _report_usage(error)
    except CosignError as error:
        from cosignpy.cli.render.errors import report_error

        return report_error(error)
    if code == exit_codes.INTERRUPTED:  # so typer says it
        raise KeyboardInterrupt
    return code if isinstance(code, int) else exit_codes.OK


def _report_defect(error: Exception) -> int:
    CURRENT.say(f"Error: cosignpy has a defect: {type(error).__name__}: {error}")
    CURRENT.say("  hint: run it again with --verbose and report what it prints")
    if CURRENT.verbose:
        import traceback

        CURRENT.say("".join(traceback.format_exception(error)))
    return exit_codes.FAILURE


def _report_usage(error: ClickException) -> int:
    if isinstance(error, NoArgsIsHelpError):
        CURRENT.say(error.format_message())
        return exit_codes.USAGE
    CURRENT.say(f"Error: {error.format_message()}")
    context = getattr(error, "ctx", None)
    if context is not None:
        CURRENT.say(f"  see: {context.command_path} --help")
    return exit_codes.USAGE
