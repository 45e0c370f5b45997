"""Dockerfiles beside BuildKit's own frontend: no image that it fetches is missing here, whatever is done to a file."""

import json
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from cosignpy.core.oci.reference import Reference
from cosignpy.documents import DocumentError
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.inputs.dockerfile import parse_dockerfile
from tests.interop import peers

SEEDS: Final = (
    """\
# syntax=docker/dockerfile:1
# escape=\\
ARG V=1 W="x${V:-2}"
FROM --platform=linux/amd64 a:${V} AS one
RUN --mount=type=bind,from=b,target=/x <<EOF
FROM z
EOF
RUN x \\
  # more
  && y
FROM one
COPY --chown=1 --from=c:1 x y
""",
    "FROM a AS one\nRUN <<EOF cat <<-B\nFROM x\nEOF\n\tB\nFROM b\nCOPY --from=one x y\n",
    '# escape=`\nARG X=a Y="b c"\nFROM ${X} AS x\nFROM x\nCOPY --from=c:1 --chown=1 ["x", "y"]\nRUN ["a","<<EOF"]\n',
    """\
ARG A=a
FROM ${A:-b} AS k
FROM scratch
RUN --mount=from=k,target=/x echo "${Q:-x} <<EOF" <<'E'
FROM z
E
COPY --from=0 x y
""",
    "FROM a\nFROM 0\nCOPY --from=0 x y\nRUN --mount=type=cache,from=m,target=/x x\nCOPY <<E /x\nFROM z\nE\n",
)
PIECES: Final = (
    *"\n\\'\"${}[]:#&*!<- \t\r`|>%@,~=",
    *(
        "<<EOF",
        "<<'EOF'",
        '<<"EOF"',
        "<<-EOF",
        "EOF\n",
        "FROM ",
        "RUN ",
        "COPY ",
        "ONBUILD ",
        "--from=",
        "--mount=from=",
    ),
    *("# ", "--", "AS ", "scratch", '["', '"]', " \\\n", "\\\n", "`\n", "\n\n", "${X"),
    *("\x0b", "\x0c", "\x85", "\xa0", "\u2028"),
)
FILES: Final = 50_000


@dataclass(frozen=True)
class BuildKit:
    """BuildKit's frontend, asked one file after the other."""

    process: subprocess.Popen[str]

    def ask(self, text: str, **arguments: str) -> dict[str, Any]:
        """Return the images that it would fetch, or its error."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"text": text, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@pytest.fixture(scope="module")
def buildkit() -> Iterator[BuildKit]:
    command = [str(peers.path("buildkit-images"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield BuildKit(process)


def qualify(names: list[str]) -> set[str]:
    """Write names in full, as BuildKit does."""
    parsed = [Reference.parse(name) for name in names]
    return {f"{each.name}:{each.target}" for each in parsed}


def find(text: str, **arguments: str) -> tuple[set[str], str] | None:
    """Return the images that are found here, and the frontend; None where the file is refused."""
    try:
        found = parse_dockerfile(text, "Dockerfile", arguments)
        return qualify([image.name for image in found.images]), found.frontend.name if found.frontend else ""
    except (DocumentError, MalformedError):
        return None


def change(text: str, source: random.Random) -> str:
    """Put pieces into a file, perhaps in place of others."""
    for _ in range(source.randint(1, 6)):
        start = source.randint(0, len(text))
        text = (
            text[:start] + source.choice(PIECES) * source.randint(1, 2) + text[start + source.choice((0, 0, 0, 1, 5)) :]
        )
    return text


@pytest.mark.parametrize("text", SEEDS)
def test_the_same_images_are_found(buildkit: BuildKit, text: str) -> None:
    theirs = buildkit.ask(text)
    assert find(text) == (qualify(theirs["images"]), theirs.get("frontend", ""))


def test_arguments_mean_the_same(buildkit: BuildKit) -> None:
    text = "ARG X=a Y\nARG Z=${Y:-$X}:${T:+1}2\nFROM $Z\n"
    for arguments in ({}, {"X": "b"}, {"Y": "c"}, {"Z": "d"}, {"T": "e"}):
        assert find(text, **arguments) == (qualify(buildkit.ask(text, **arguments)["images"]), "")


def test_no_image_of_a_changed_file_is_missed(buildkit: BuildKit) -> None:
    source = random.Random(20261130)
    accepted = compared = 0
    for _ in range(FILES):
        text = change(source.choice(SEEDS), source)
        theirs = buildkit.ask(text)
        if "error" in theirs:
            continue
        accepted += 1
        ours = find(text)
        if ours is not None:
            compared += 1
            assert qualify(theirs["images"]) <= ours[0], text
            assert theirs.get("frontend", "") == ours[1], text
    assert compared > accepted / 2 > FILES / 100
