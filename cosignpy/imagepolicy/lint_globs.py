"""Globs that are about other images than they seem to be, or about none."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.core.oci.reference import DOCKER_HUB
from cosignpy.imagepolicy.globs import SHORTHANDS, Glob

_REGISTRY: Final = re.compile(r"(\*\.)?[^*]+")
"""A registry, or all names below a domain: a single asterisk in front of a dot is about one registry only."""
_ALIASES: Final = ("docker.io", "hub.docker.com")
"""What people call Docker Hub."""
_EVERYTHING: Final = "**"
_DIGEST: Final = f"@sha256:{'0' * 64}"


def lint_glob(glob: Glob, beside: Sequence[Glob] = ()) -> Iterator[str]:
    """Say what a glob is about that nobody may have thought of; those beside it may be about the rest."""
    text = SHORTHANDS.get(glob.text, glob.text)
    registry, slash, _ = text.partition("/")
    if text != glob.text:
        yield f"means {text}: images of Docker Hub only; ** is about all images"
    elif text == _EVERYTHING:
        return
    elif not _REGISTRY.fullmatch(registry):
        yield "does not fix the registry: it is about images of any whose name is like that"
    elif not slash or not ("." in registry or ":" in registry or registry == "localhost"):
        yield "names no registry, as all full names do: it is about no image; Docker Hub's begin with index.docker.io/"
    elif registry in _ALIASES:
        yield f"is about no image: the full name of that registry is {DOCKER_HUB}"
    else:
        yield from _lint_end(text, beside)


def _lint_end(text: str, beside: Sequence[Glob]) -> Iterator[str]:
    """Look at what stands behind the last slash, where names may go on and tags begin."""
    folder, _, last = text.rpartition("/")
    name, colon, _ = last.partition(":")
    if "@" in last:
        return
    if colon:
        named = f"{folder}/{name}"
        example = named.replace("**", "x").replace("*", "x") + _DIGEST
        if not any(other.describes(example) for other in beside):
            yield f"names a tag, which images with a digest do not have: in a cluster it is about none, add {named}@*"
    elif not last.endswith("*"):
        yield f"is about no image, for each has a tag or a digest; {text}:* and {text}@* are about all of them"
    elif last.strip("*"):
        stem = text.rstrip("*")
        yield f"is about {stem}-other too, if there is one; {stem}:* and {stem}@* are about {stem} alone"
