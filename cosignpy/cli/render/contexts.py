"""Contexts for people and for programs."""

from collections.abc import Iterator
from pathlib import Path

from cosignpy.cli.contexts import Context, Contexts
from cosignpy.cli.invocation import printable
from cosignpy.cli.precedence import DEFAULT_CONTEXT
from cosignpy.core.encoding import JsonValue


def contexts_to_json(contexts: Contexts, current: str) -> dict[str, JsonValue]:
    """Return all contexts by name, and the one that counts."""
    return {
        "current": current,
        "contexts": {name: context_to_json(context) for name, context in contexts.contexts.items()},
    }


def context_to_json(context: Context) -> dict[str, JsonValue]:
    """Return what a context says; files with their whole paths."""
    return {
        name: str(content.absolute()) if isinstance(content, Path) else content
        for name, content in context.members().items()
    }


def list_lines(contexts: Contexts, current: str) -> Iterator[str]:
    """List the contexts, and the one that is none, with a star at the one that counts."""
    described = {name: context.description or "" for name, context in contexts.contexts.items()}
    described = {DEFAULT_CONTEXT: "no context: the public good instance, or what was initialized", **described}
    width = max(map(len, described))
    for name, description in described.items():
        yield f"{'*' if name == current else ' '} {name:{width}}  {printable(description)}".rstrip()


def context_lines(context: Context) -> Iterator[str]:
    """Write what a context says, as the configuration file does."""
    for name, content in context_to_json(context).items():
        shown = {True: "true", False: "false"}.get(content, content) if isinstance(content, bool) else content
        yield f"{name}: {printable(str(shown))}"
