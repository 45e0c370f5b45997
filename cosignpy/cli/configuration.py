"""What is configured, and by whom: flags beat the environment, that beats the context, that the public default.

`precedence` knows the order. `settle` runs before every command and writes into its flags what
the context says, so that commands and wiring see flags as if somebody had typed them. What has no flag (the mirror of
the trust repository, the repository of signatures) is read from `environment()` in place of `os.environ`.
`settings()` is the same as a table for people: each setting with its value and where that is from.
"""

import os
from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.precedence import (
    DEFAULT_CONTEXT,
    MIRROR,
    MIRROR_ROOT,
    REPOSITORY,
    SETTINGS,
    WITHOUT_FLAGS,
    Layer,
    NamedContext,
    Resolved,
    resolve_settings,
)
from cosignpy.errors import FileError, UsageError
from cosignpy.files import explain

if TYPE_CHECKING:
    from typer.core import TyperOption

__all__ = [
    "MIRROR",
    "MIRROR_ROOT",
    "REPOSITORY",
    "Layer",
    "NamedContext",
    "Resolved",
    "check_file",
    "configuration_file",
    "current_context",
    "environment",
    "settings",
    "settle",
]

FILE_VARIABLE: Final = "COSIGNPY_CONFIG"
CONTEXT_VARIABLE: Final = "COSIGNPY_CONTEXT"


def settings() -> dict[str, Resolved]:
    """Return each setting with the content that counts for the command that runs, and where that is from.

    A default is what the program does where nobody says anything; for the mirror that is the one that was
    initialized last, else the public good instance's, and for issuer and client id those of `--oidc-issuer` and
    `--oidc-client-id`.

    Raises:
        UsageError: There is no context of the name that is wanted, or the configuration file is not as it should be.
        FileError: It cannot be read.
    """
    if CURRENT.settings is None:
        CURRENT.settings = resolve_settings(CURRENT.given, os.environ, current_context())
    return CURRENT.settings


def current_context() -> NamedContext | None:
    """Return the context that counts: `--context`, else COSIGNPY_CONTEXT, else the file's own; None is none.

    Raises:
        UsageError: There is no such context, or the configuration file is not as it should be.
        FileError: It cannot be read.
    """
    wanted = CURRENT.context
    if wanted == DEFAULT_CONTEXT:
        return None
    file = configuration_file(os.environ)
    if file is None or not is_there(file):
        _refuse_absent(file, wanted)
        return None
    from cosignpy.cli.contexts import load_contexts

    contexts = load_contexts(file)
    name = wanted or contexts.current
    return None if name == DEFAULT_CONTEXT else NamedContext(name, file, contexts.find(name).members())


def _refuse_absent(file: Path | None, wanted: str) -> None:
    """Refuse that there is no configuration file where somebody relies on one."""
    if file is not None and os.environ.get(FILE_VARIABLE):
        raise FileError(str(file), f"there is no such file, and {FILE_VARIABLE} names it")
    if wanted:
        raise UsageError(f"there is no context {wanted!r}", f"make it: cosignpy context create {wanted}")


def is_there(file: Path) -> bool:
    """Tell whether there is a configuration file.

    Raises:
        FileError: That cannot be told.
    """
    with explain(file):
        return file.exists()


def configuration_file(environment: Mapping[str, str]) -> Path | None:
    """Return where the configuration file is or would be; None where there is no home for it.

    It is `$COSIGNPY_CONFIG`, else `$XDG_CONFIG_HOME/cosignpy/config.yaml`, else `~/.config/cosignpy/config.yaml`.
    """
    if named := environment.get(FILE_VARIABLE, ""):
        return Path(named)
    home = environment.get("HOME", "")
    folder = environment.get("XDG_CONFIG_HOME", "") or (home and f"{home}/.config")
    return Path(folder) / "cosignpy" / "config.yaml" if folder else None


def environment() -> Mapping[str, str]:
    """Return the environment with what the context says of settings that have a variable and no flag.

    Raises:
        UsageError: As `settings`.
        FileError: As `settings`.
    """
    found = settings()
    said = {one.variable: found[one.name].content for one in WITHOUT_FLAGS if found[one.name].layer is Layer.CONTEXT}
    return ChainMap(said, os.environ)


def check_file(name: str, path: str | None) -> None:
    """Refuse a file that the context names and that is not there, before whoever reads it says less about it.

    Raises:
        FileError: It is not there; says which setting of which context names it.
    """
    found = (CURRENT.settings or {}).get(name)
    if path is None or found is None or found.layer is not Layer.CONTEXT or found.content != path:
        return
    if not Path(path).is_file():
        raise FileError(path, f"there is no such file; {found.member} of the context {found.source} names it")


def settle(ctx: Any) -> None:  # noqa: ANN401 - typer's own context class
    """Write into the flags of a command what the context says about them, and forget what is beaten.

    Raises:
        UsageError: As `settings`.
        FileError: As `settings`.
    """
    options = {option.name: option for option in ctx.command.params if _is_setting(option)}
    CURRENT.given = {name: found for name, option in options.items() if (found := _said(ctx, option)) is not None}
    if ctx.params.get("use_signing_config") is False:
        refused = Resolved(SETTINGS["signing_config"], "", Layer.FLAG, "--use-signing-config")
        CURRENT.given.setdefault("signing_config", refused)
    if not options:
        return
    for name, found in settings().items():
        if name in options and (found.layer is Layer.CONTEXT or name in CURRENT.given):
            ctx.params[name] = found.content


def _is_setting(option: "TyperOption") -> bool:
    """Tell whether an option is the flag of a setting; one without a variable, or of another shape, is a namesake."""
    setting = SETTINGS.get(option.name or "")
    return setting is not None and option.envvar == setting.variable and option.multiple is (setting.default == ())


def _said(ctx: Any, option: "TyperOption") -> Resolved | None:  # noqa: ANN401 - typer's own context class
    """Return what the command line or the environment says, None where neither does."""
    from typer._click.core import ParameterSource

    name = str(option.name)
    setting, content = SETTINGS[name], ctx.params[name]
    source = ctx.get_parameter_source(name)
    if source is ParameterSource.COMMANDLINE:
        return Resolved(setting, content, Layer.FLAG, f"--{name.replace('_', '-')}")
    if source is ParameterSource.ENVIRONMENT:
        return Resolved(setting, content, Layer.ENVIRONMENT, setting.variable)
    return None
