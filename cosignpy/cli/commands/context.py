"""`cosignpy context list`, `show`, `use`, `create`, `set`, `delete` and `export`."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cosignpy.cli.configuration import CONTEXT_VARIABLE
from cosignpy.cli.context_store import ContextStore
from cosignpy.cli.contexts import Context, Contexts, check_name
from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.precedence import DEFAULT_CONTEXT, NamedContext, resolve_settings
from cosignpy.cli.render.contexts import context_lines, context_to_json, contexts_to_json, list_lines
from cosignpy.core.encoding import encode_json
from cosignpy.errors import FileError, UsageError
from cosignpy.files import write_file
from cosignpy.values import fields_of, replace

_SINCE_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When services began that nobody gave a beginning: sigstore-python refuses those without one."""

NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="The name of a context.")]
NamedFlag = Annotated[
    str, typer.Argument(metavar="[NAME]", show_default="the one that counts", help="The name of a context.")
]


def list_contexts(output: DataOutputFlag = Output.TEXT) -> None:
    """List the contexts; the one that counts has a star."""
    contexts = ContextStore.of(os.environ).read()
    current = CURRENT.context or contexts.current
    if output is Output.JSON:
        CURRENT.print(encode_json(contexts_to_json(contexts, current)).decode())
        return
    for line in list_lines(contexts, current):
        CURRENT.print(line)
    if current not in {DEFAULT_CONTEXT, *contexts.contexts}:
        CURRENT.warn(f"{current} is the context that counts, and there is none of that name")


def show(name: NamedFlag = "", output: DataOutputFlag = Output.TEXT) -> None:
    """Show what a context says.

    Flags and variables of the environment beat it; `cosignpy doctor` says what counts in the end, and why.
    """
    found, context = _find(name)
    if not context.members():
        CURRENT.say("No context is current." if found == DEFAULT_CONTEXT else f"The context {found} says nothing.")
    if output is Output.JSON:
        CURRENT.print(encode_json(context_to_json(context)).decode())
        return
    for line in context_lines(context):
        CURRENT.print(line)


def use(name: NameArgument) -> None:
    """Make a context the current one, which counts where neither --context nor COSIGNPY_CONTEXT says otherwise.

    The name default goes back to having none.
    """

    def edit(contexts: Contexts) -> Contexts:
        if name != DEFAULT_CONTEXT:
            contexts.find(name)
        return Contexts(name, contexts.contexts)

    ContextStore.of(os.environ).change(edit)
    CURRENT.say("No context is current." if name == DEFAULT_CONTEXT else f"The context {name} is current.")
    named = os.environ.get(CONTEXT_VARIABLE, "")
    if named not in {"", name}:
        CURRENT.warn(f"{CONTEXT_VARIABLE} is {named}, and counts as long as it is set")


def create(name: NameArgument, settings: Context) -> None:
    """Make a context; `context use` makes it the current one.

    Its settings have the names of the flags of other commands. Documents are read once, to see that they are in order;
    it is their names that are kept.
    """
    check_name(name)
    _check_documents(settings)

    def edit(contexts: Contexts) -> Contexts:
        if name in contexts.contexts:
            raise UsageError(f"there is a context {name!r} already", f"change it: cosignpy context set {name}")
        return contexts.with_context(name, settings)

    store = ContextStore.of(os.environ)
    store.change(edit)
    CURRENT.say(f"The context {name} is in {store.path}; to have it: cosignpy context use {name}")


def change(
    name: NameArgument,
    settings: Context,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="SETTING", envvar=[], help="Say no more about this.")
    ] = None,
) -> None:
    """Change settings of a context; the others stay."""
    _check_documents(settings)
    forgotten = {_setting(text) for text in unset or ()}
    if not forgotten and not settings.members():
        raise UsageError("nothing to change is given", "name settings as flags, or with --unset those to forget")

    def edit(contexts: Contexts) -> Contexts:
        found: dict[str, Any] = contexts.find(name).members()
        kept = {key: content for key, content in found.items() if key not in forgotten}
        return contexts.with_context(name, Context(**kept | settings.members()))

    ContextStore.of(os.environ).change(edit)
    CURRENT.say(f"The context {name} is changed.")


def delete(name: NameArgument) -> None:
    """Remove a context; the files that it names stay."""

    def edit(contexts: Contexts) -> Contexts:
        contexts.find(name)
        if name == contexts.current:
            raise UsageError(
                f"the context {name} is the current one", "use another first: cosignpy context use default"
            )
        return contexts.without(name)

    ContextStore.of(os.environ).change(edit)
    CURRENT.say(f"There is no context {name} any more.")


def export(
    name: NamedFlag = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", show_default=False, help="Write here, not to stdout.")
    ] = None,
) -> None:
    """Write whom a context believes and whom it asks as one document, a ClientTrustConfig.

    Other clients of Sigstore read it (sigstore-python: --trust-config), and `context create --trust-config`. What the
    context has from a mirror is fetched, if it is not cached.
    """
    from cosignpy.cli.service_flags import ServiceFlags, name_services
    from cosignpy.cli.trust_source import select_trust
    from cosignpy.cli.wiring_signing import read_config
    from cosignpy.core.trust.client_trust_config import ClientTrustConfig, encode_client_trust_config

    store = ContextStore.of(os.environ)
    found, context = _find(name)
    CURRENT.settings = resolve_settings({}, {}, NamedContext(found, store.path, context.members()))
    said = {key: CURRENT.settings[key].content for key in fields_of(ServiceFlags) if key in CURRENT.settings}
    services = ServiceFlags(**said)
    root, config = select_trust(services.trusted_root).trusted_root(), read_config(services)
    if context.oidc_issuer is not None:
        config = replace(config, identity_providers=name_services([context.oidc_issuer]))
    document = encode_client_trust_config(ClientTrustConfig(root, config.dated(_SINCE_EVER)))
    if out is None:
        CURRENT.print(document.decode())
    else:
        write_file(out, document + b"\n")
        CURRENT.say(f"Wrote client trust config to file {out}")


def _find(name: str) -> tuple[str, Context]:
    """Return a context that was named, else the one that counts; the one that is none says nothing."""
    contexts = ContextStore.of(os.environ).read()
    wanted = name or CURRENT.context or contexts.current
    return wanted, Context() if wanted == DEFAULT_CONTEXT else contexts.find(wanted)


def _setting(text: str) -> str:
    name = text.removeprefix("--").replace("-", "_")
    if name not in fields_of(Context):
        known = ", ".join(known.replace("_", "-") for known in fields_of(Context))
        raise UsageError(f"{text!r} is no setting of a context", f"there are: {known}")
    return name


def _check_documents(settings: Context) -> None:
    """Read the files that are named: a context that could not be used is not made.

    Raises:
        CosignError: One of them is not there, or not what it should be.
    """
    from cosignpy.core.trust.client_trust_config import (
        parse_any_signing_config,
        parse_any_trusted_root,
        parse_client_trust_config,
    )

    parsers: dict[str, Any] = {
        "trust_config": parse_client_trust_config,
        "trusted_root": parse_any_trusted_root,
        "signing_config": parse_any_signing_config,
    }
    for name, path in settings.members().items():
        if not isinstance(path, Path):
            continue
        if not path.is_file():
            why = "it is a directory" if path.is_dir() else "there is no such file"
            raise FileError(str(path), f"{why}, for --{name.replace('_', '-')}")
        if name in parsers:
            parsers[name](read_input(str(path)))
