"""The images that a Dockerfile names: of its stages, of what is copied and mounted, and of its own syntax.

A name is a stage's if an earlier stage has it, else an image's. Which images other files name, and what is given to the
builder beside the file (other contexts, other frontends), is not seen here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from cosignpy.documents import Place
from cosignpy.imagepolicy.inputs.flags_of_instructions import Flag, split_flags
from cosignpy.imagepolicy.inputs.heredocs import INSTRUCTIONS, SPACES
from cosignpy.imagepolicy.inputs.instruction_line import Line
from cosignpy.imagepolicy.inputs.logical_lines import Reader
from cosignpy.imagepolicy.inputs.named_image import NamedImage
from cosignpy.imagepolicy.inputs.substitution import CannotExpand, Variables, expand, split_words
from cosignpy.values import field, record, replace, value

MAX_STAGES: Final = 500
"""Stages of one file; each is looked up by those that follow."""
MAX_REASON: Final = 500
"""Characters of why a value is not known: each argument that refers to another one says so as well."""
SCRATCH: Final = "scratch"
"""The base that is no image."""
SYNTAX_ARGUMENT: Final = "BUILDKIT_SYNTAX"
"""The argument that names a frontend in place of the directive's."""
SYNTAX: Final = "# syntax"
"""The role of an image that reads the file itself."""

_PLATFORM_ARGUMENTS: Final = frozenset(
    f"{machine}{part}" for machine in ("BUILD", "TARGET") for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
)
"""Arguments that need no ARG."""
_FLAGS: Final[Mapping[str, frozenset[str]]] = {
    "FROM": frozenset({"platform"}),
    "COPY": frozenset({"from", "chown", "chmod", "link", "parents", "exclude"}),
    "ADD": frozenset({"chown", "chmod", "link", "keep-git-dir", "checksum", "exclude", "unpack"}),
    "RUN": frozenset({"mount", "network", "security", "device"}),
    "HEALTHCHECK": frozenset({"interval", "timeout", "start-period", "start-interval", "retries"}),
}
_STAGE_NAME: Final = re.compile(r"[a-z][a-z0-9._-]*")
_FROM_OTHER: Final = re.compile(r"[A-Za-z0-9._/:@+-]+")
_ARGUMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER: Final = re.compile(r"[-+]?[0-9]+")


@value
class Stage:
    """A stage: its number and name, and the image or the stage that it is made from; neither for `scratch`."""

    number: int
    name: str = ""
    stage: "Stage | None" = None
    image: NamedImage | None = None

    def __str__(self) -> str:
        return self.name or str(self.number)

    @property
    def base_image(self) -> NamedImage | None:
        """The image at the bottom."""
        return self.stage.base_image if self.stage is not None else self.image


@value
class Dockerfile:
    """The stages, all images in the order of the file, and the image that reads it, if it names one."""

    stages: tuple[Stage, ...]
    images: tuple[NamedImage, ...]
    frontend: NamedImage | None = None


def parse_dockerfile(text: str, file: str, arguments: Mapping[str, str]) -> Dockerfile:
    """Find the images of a Dockerfile, with what the builder is given for its arguments.

    Raises:
        DocumentError: It is not well-formed, an image depends on an argument without a value, or builders do not agree
            on what is meant.
    """
    reader = Reader(text, file)
    lines = tuple(reader.lines())
    run = _Run(file, arguments, reader.escape, _read_stage_names(lines))
    for line in lines:
        run.read(line)
    if not run.stages:
        raise Place(file, 1).error("no FROM in it: this is no Dockerfile")
    return Dockerfile(tuple(run.stages), tuple(run.images), _read_frontend(reader, arguments))


def _read_frontend(reader: Reader, arguments: Mapping[str, str]) -> NamedImage | None:
    if arguments.get(SYNTAX_ARGUMENT):
        return NamedImage(arguments[SYNTAX_ARGUMENT].split(" ")[0], Place(reader.file, 1), SYNTAX)
    return NamedImage(reader.syntax[0], reader.syntax[1], SYNTAX, reader.syntax[2]) if reader.syntax else None


def _read_stage_names(lines: tuple[Line, ...]) -> frozenset[str]:
    """Return the names of all stages, those included that come later than who refers to them."""
    found = set[str]()
    for line in lines:
        word, start = line.word()
        if word == "FROM":
            parts = line.text[split_flags(line, start)[1] :].split()
            found |= {parts[2].lower()} if len(parts) > 2 else set()  # noqa: PLR2004 - image AS name
    return frozenset(found)


@record
class _Run:
    """What is known at one line of the file: the stages and the arguments before it."""

    file: str
    arguments: Mapping[str, str]
    escape: str
    all_names: frozenset[str]
    variables: Variables = field(default_factory=Variables)
    stages: list[Stage] = field(default_factory=list)
    images: list[NamedImage] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    """The names of all stages but the last."""

    def __post_init__(self) -> None:
        for name in _PLATFORM_ARGUMENTS & self.arguments.keys():
            self.variables.put(name, self.arguments[name])

    def read(self, line: Line) -> None:
        """Read one instruction."""
        word, start = line.word()
        flags, rest = self._flags(line, word, start)
        if word == "FROM":
            self._begin_stage(line, rest)
        elif not self.stages:
            self._declare(line, word, rest)
        elif word == "ONBUILD":
            self._read_trigger(line, rest)
        else:
            self.images += self._other_images(line, word, flags)

    def _flags(self, line: Line, word: str, start: int) -> tuple[tuple[Flag, ...], int]:
        if word not in INSTRUCTIONS:
            raise line.place().error(f"{word[:40]!r} is no instruction")
        flags, rest = split_flags(line, start)
        for flag in flags:
            if flag.name not in _FLAGS.get(word, ()):
                hint = "what it does, to images too, is not known here"
                raise line.place(flag.start).error(f"{word} has no flag --{flag.name[:40]}", hint)
        return flags, rest

    def _declare(self, line: Line, word: str, start: int) -> None:
        """Read an ARG before the first stage; no others count for images."""
        if word != "ARG":
            raise line.place().error(f"{word} before the first FROM")
        for written in self._words(line, start):
            name, equals, default = written.partition("=")
            if not _ARGUMENT.fullmatch(name):
                continue  # nobody can refer to it
            if name in self.arguments:
                self.variables.put(name, self.arguments[name])
            elif equals:
                self._put_default(name, default, line)
            elif name not in self.variables.known:
                self.variables.unset[name] = f"ARG {name} on line {line.place().line} has no value"

    def _put_default(self, name: str, default: str, line: Line) -> None:
        try:
            self.variables.put(name, expand(default, self.variables, self.escape))
        except CannotExpand as error:
            why = f"ARG {name} on line {line.place().line}: {error}"
            self.variables.spoil(name, why if len(why) <= MAX_REASON else f"{why[:MAX_REASON]}...")

    def _words(self, line: Line, start: int) -> tuple[str, ...]:
        try:
            return split_words(line.text[start:], self.escape)
        except CannotExpand as error:
            raise line.place().error(str(error)) from error

    def _begin_stage(self, line: Line, start: int) -> None:
        words = [match for match in re.finditer(rf"[^{SPACES}]+", line.text) if match.start() >= start]
        if len(words) not in {1, 3} or (len(words) > 1 and words[1][0].lower() != "as"):
            raise line.place().error("FROM has another form", "FROM image, or FROM image AS name")
        name = words[2][0].lower() if len(words) > 1 else ""
        if len(words) > 1 and (not _STAGE_NAME.fullmatch(name) or name in {SCRATCH, "context"}):
            raise line.place(words[2].start()).error(f"{words[2][0]!r} is not a name for a stage")
        if len(self.stages) == MAX_STAGES:
            raise line.place().error("too many stages", f"{MAX_STAGES} at the most")
        place = line.place(words[0].start())
        base = self._expand(words[0][0], place)
        stage = Stage(len(self.stages), name, self._stage(base))
        if stage.stage is None and base != SCRATCH:
            span = line.span(*words[0].span()) if base == words[0][0] else None
            stage = replace(stage, image=NamedImage(base, place, f"FROM of stage {stage}", span))
        self.finished |= {each.name for each in self.stages[-1:]}
        self.stages.append(stage)
        self.images += filter(None, [stage.image])

    def _expand(self, word: str, place: Place) -> str:
        try:
            found = expand(word, self.variables, self.escape)
        except CannotExpand as error:
            hint = "give --build-arg NAME=VALUE as the builder is given it"
            raise place.error(f"FROM {word}: {error}", hint) from error
        if not found or any(char in SPACES for char in found):
            raise place.error(f"FROM {word}: {found!r} is no image")
        return found

    def _stage(self, name: str) -> Stage | None:
        """Return the last stage of a name, if there is one yet."""
        return next((each for each in reversed(self.stages) if each.name == name), None)

    def _read_trigger(self, line: Line, start: int) -> None:
        """Read what is done when another image is built from this one; its stages are not known here."""
        word, start = line.word(start)
        if word in {"ONBUILD", "FROM", "MAINTAINER"}:
            raise line.place().error(f"ONBUILD {word} is not allowed")
        flags, _rest = self._flags(line, word, start)
        for flag, name, at in _named(line, word, flags):
            if name != SCRATCH and not _NUMBER.fullmatch(name):
                self.images.append(self._image(line, f"ONBUILD {word} --{flag.name}", flag, name, at))

    def _other_images(self, line: Line, word: str, flags: tuple[Flag, ...]) -> Iterator[NamedImage]:
        """Return what is copied or mounted from images."""
        for flag, name, at in _named(line, word, flags):
            place = line.place(flag.start)
            if word == "COPY" and _NUMBER.fullmatch(name):
                if not name.isdecimal() or int(name[:9]) >= len(self.stages) - 1:
                    raise place.error(f"--from={name} is no stage before this one")
            elif self._is_image(name.lower(), place):
                yield self._image(line, f"{word} --{flag.name} in stage {self.stages[-1]}", flag, name, at)

    def _is_image(self, name: str, place: Place) -> bool:
        if name == SCRATCH or name in self.finished:
            return False
        if name in self.all_names or name == "context":
            why = "is the build context for some builders" if name == "context" else "is a stage that is not done yet"
            raise place.error(
                f"{name} {why}, and an image for others", "give the stage another name, or an earlier place"
            )
        return True

    def _image(self, line: Line, role: str, flag: Flag, name: str, at: int) -> NamedImage:
        written = line.text[flag.start : flag.end] == f"--{flag.name}={flag.content}"
        start = flag.end - len(flag.content or "") + at
        span = line.span(start, start + len(name)) if written else None
        return NamedImage(name, line.place(flag.start), role, span)


def _named(line: Line, word: str, flags: tuple[Flag, ...]) -> Iterator[tuple[Flag, str, int]]:
    """Return which flag names an image or a stage, the name, and where in what the flag says it stands.

    Raises:
        DocumentError: The name has a variable, which no builder replaces there, or quotes.
    """
    seen = False
    for flag in flags:
        place = line.place(flag.start)
        if word == "COPY" and flag.name == "from":
            if seen or flag.content is None:
                raise place.error("--from twice, or without a name")
            seen = True
            if flag.content:
                yield flag, _check(flag.content, place), 0
        elif word == "RUN" and flag.name == "mount":
            for name, at in _read_mount(flag.content or "", place):
                yield flag, name, at


def _read_mount(content: str, place: Place) -> Iterator[tuple[str, int]]:
    if '"' in content:
        raise place.error("a mount with quotes", "write --mount=type=bind,from=IMAGE,...")
    at = 0
    for part in content.split(","):
        key, equals, name = part.partition("=")
        if key.strip().lower() == "from" and equals and name:
            yield _check(name, place), at + len(key) + 1
        at += len(part) + 1


def _check(name: str, place: Place) -> str:
    if not _FROM_OTHER.fullmatch(name):
        hint = "builders replace no variables here: FROM $IMAGE AS name, and then from=name"
        raise place.error(f"from={name[:200]} is neither an image nor a stage", hint)
    return name
