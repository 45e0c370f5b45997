"""What provenance must say: who built it, from which source, in which way (SLSA v1 and v0.2).

Every place in which a predicate names its source is compared, and there has to be one: a builder that contradicts
itself is believed nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cosignpy.core.encoding import JsonObject
from cosignpy.core.intoto import Statement
from cosignpy.errors import ClaimMismatch, UsageError
from cosignpy.values import value

MAX_DEPENDENCIES: Final = 100_000
"""Dependencies listed in one predicate; the first is the source, as builders have it."""

_GIT: Final = "git+"
_TAGS: Final = "refs/tags/"
_LOCATION: Final = re.compile(r"(?P<repository>[a-z][a-z0-9+.-]*://[^/]*[^@]*)(?P<ref>.*)", re.DOTALL)
"""What follows the scheme always fits, in one go: nothing is tried twice, however long it is."""
_COMMITS: Final = ("gitCommit", "sha1")
"""What a git commit is called in a set of digests: since v1, and before."""


@value
class Source:
    """One place in which a predicate names the source: its URI, and the commit where it says which."""

    uri: str
    commit: str = ""

    @property
    def repository(self) -> str:
        """The URI without `git+` in front and `@ref` behind."""
        return _split(self.uri)[0]

    @property
    def ref(self) -> str:
        """What stands behind the `@`: empty where nothing does."""
        return _split(self.uri)[1]


@value
class Provenance:
    """What a predicate says of builder and source."""

    builder: str
    build_type: str
    sources: tuple[Source, ...]


@value
class ProvenanceRule:
    """What provenance must say; what is empty may be anything.

    Attributes:
        builder: The builder's id, with or without the version behind its `@`.
        source: The URI of the repository, with or without `git+`, scheme, and `@ref`.
        tag: The git tag that was built.
        commit: The commit that was built, in hexadecimal.
        build_type: The URI of the way it was built in.
    """

    builder: str = ""
    source: str = ""
    tag: str = ""
    commit: str = ""
    build_type: str = ""

    def verify(self, statement: Statement) -> None:
        """Show that provenance says all of this.

        Raises:
            UsageError: Not a type of provenance that is known.
            MalformedError: The predicate lacks what its type demands.
            ClaimMismatch: It says something else.
        """
        found = read_provenance(statement)
        if self.builder and not _is_builder(found.builder, self.builder):
            raise ClaimMismatch("builder id", self.builder, found.builder)
        if self.build_type and found.build_type != self.build_type:
            raise ClaimMismatch("build type", self.build_type, found.build_type)
        if self.source:
            self._verify_source(found.sources)
        if self.tag:
            wanted = f"{_TAGS}{self.tag.removeprefix(_TAGS)}"
            _refuse_others("source tag", wanted, [one.ref for one in found.sources if one.ref])
        if self.commit:
            _refuse_others("source digest", self.commit.lower(), [one.commit for one in found.sources if one.commit])

    def _verify_source(self, sources: tuple[Source, ...]) -> None:
        repository, ref = _split(self.source)
        for source in sources:
            if source.repository != repository or (ref and source.ref and source.ref != ref):
                raise ClaimMismatch("source URI", _spell(repository, ref), source.uri)
        if not sources or (ref and not any(source.ref for source in sources)):
            raise ClaimMismatch(
                "source URI", _spell(repository, ref), ", ".join([one.uri for one in sources]) or "absent"
            )


def read_provenance(statement: Statement) -> Provenance:
    """Read the builder and the source out of a predicate.

    Raises:
        UsageError: Not a type of provenance that is known.
        MalformedError: It lacks what its type demands.
    """
    read = _READERS.get(statement.predicate_type)
    if read is None:
        raise UsageError(f"{statement.predicate_type} is no provenance that is known", f"one of {', '.join(_READERS)}")
    return read(JsonObject({"predicate": statement.predicate}, "in-toto statement").child("predicate"))


def _read_v1(found: JsonObject) -> Provenance:
    build, run = found.child("buildDefinition"), found.child("runDetails")
    return Provenance(run.child("builder").text("id"), build.text("buildType"), tuple(_sources_v1(build)))


def _sources_v1(build: JsonObject) -> Iterator[Source]:
    """Return what the parameters of GitHub's and other build types name, and the first dependency.

    Every build type has parameters of its own: what looks otherwise names something else.
    """
    parameters = build.child("externalParameters")
    workflow, source = parameters.members.get("workflow"), parameters.members.get("source")
    if isinstance(workflow, dict) and isinstance(workflow.get("repository"), str):
        yield Source(_spell(workflow["repository"], parameters.child("workflow").optional_text("ref")))
    if isinstance(source, str):
        yield Source(source)
    if isinstance(source, dict):
        yield from _describe(parameters.child("source"))
    yield from _first(build, "resolvedDependencies")


def _read_v02(found: JsonObject) -> Provenance:
    return Provenance(found.child("builder").text("id"), found.text("buildType"), tuple(_sources_v02(found)))


def _sources_v02(found: JsonObject) -> Iterator[Source]:
    invocation = found.optional_child("invocation")
    configured = invocation.optional_child("configSource") if invocation is not None else None
    if configured is not None:
        yield from _describe(configured)
    yield from _first(found, "materials")


def _first(found: JsonObject, name: str) -> Iterator[Source]:
    for described in found.children(name, most=MAX_DEPENDENCIES)[:1]:
        yield from _describe(described)


def _describe(found: JsonObject) -> Iterator[Source]:
    """Return what a description of a resource names, if it has a URI."""
    digests = found.string_map("digest")
    if uri := found.optional_text("uri"):
        yield Source(uri, next((digests[name] for name in _COMMITS if name in digests), "").lower())


_READERS: Final[Mapping[str, Callable[[JsonObject], Provenance]]] = {
    "https://slsa.dev/provenance/v1": _read_v1,
    "https://slsa.dev/provenance/v1.0": _read_v1,
    "https://slsa.dev/provenance/v0.2": _read_v02,
}
"""By predicate type."""

PROVENANCE_TYPES: Final = frozenset(_READERS)
"""The predicate types that a rule about provenance is about."""


def _is_builder(found: str, wanted: str) -> bool:
    """Compare the whole id; a wanted one without a version stands for all of them, and a short one for a tag."""
    name, at, version = wanted.partition("@")
    if not at:
        return found.partition("@")[0] == name
    return found in {wanted, f"{name}@{_TAGS}{version}"}


def _refuse_others(claim: str, wanted: str, found: list[str]) -> None:
    """Refuse where one is another, or where there is none."""
    others = [one for one in found if one != wanted]
    if others or not found:
        raise ClaimMismatch(claim, wanted, ", ".join(dict.fromkeys(others)) or "absent")


def _split(uri: str) -> tuple[str, str]:
    """Return a URI without `git+`, and what it says behind the `@` of its path; without a scheme it is https."""
    bare = uri.removeprefix(_GIT)
    match = _LOCATION.fullmatch(bare if "://" in bare else f"https://{bare}")
    return (match["repository"], match["ref"].removeprefix("@")) if match is not None else (bare, "")


def _spell(repository: str, ref: str) -> str:
    plain = repository.removeprefix(_GIT)
    return f"{_GIT}{plain}@{ref}" if ref else f"{_GIT}{plain}"
