"""What names an image in a Dockerfile, and what only looks as if it did."""

import pytest

from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.inputs.dockerfile import MAX_STAGES, Dockerfile, parse_dockerfile

DIGEST = "sha256:" + "a" * 64


def parse(text: str, **arguments: str) -> Dockerfile:
    return parse_dockerfile(text, "Dockerfile", arguments)


def names(text: str, **arguments: str) -> list[str]:
    return [image.name for image in parse(text, **arguments).images]


def refusal(text: str, **arguments: str) -> DocumentError:
    with pytest.raises(DocumentError) as refused:
        parse(text, **arguments)
    return refused.value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM a", ["a"]),
        ("FROM a:1@" + DIGEST, ["a:1@" + DIGEST]),
        ("from a as B\nFROM b", ["a"]),
        ("FROM --platform=$BUILDPLATFORM a", ["a"]),
        ("FROM --platform=linux/amd64 a AS x", ["a"]),
        ("FROM\ta", ["a"]),
        (" \t FROM a  ", ["a"]),
        ("FROM \\\n  a", ["a"]),
        ("FROM \\\n# why\n\n  a", ["a"]),
        ("FR\\\nOM a", ["a"]),
        ("FROM a\r\nCOPY --from=b x y\r\n", ["a", "b"]),
        ("FROM 'a'", ["a"]),
        ('FROM "a:1"', ["a:1"]),
        ("FROM scratch", []),
        ("FROM a AS scratchy\nFROM scratchy\nFROM scratch", ["a"]),
        ("FROM a AS a\nFROM a", ["a"]),
        ("FROM a AS x\nFROM b AS x\nFROM x", ["a", "b"]),
        ("FROM a\nFROM 0", ["a", "0"]),
        ("FROM a\nCOPY --from=b x y", ["a", "b"]),
        ("FROM a\ncopy --chown=1:1 --from=b:1 x y", ["a", "b:1"]),
        ("FROM a\nCOPY --chown=1:1 \\\n  --from=b x y", ["a", "b"]),
        ("FROM a\nCOPY --from='b' x y", ["a", "b"]),
        ("FROM a\nCOPY -\\\n-from=b x y", ["a", "b"]),
        ('FROM a\nCOPY --from=b ["x", "y"]', ["a", "b"]),
        ("FROM a\nCOPY --from= x y", ["a"]),
        ("FROM a\nCOPY x --from=b", ["a"]),
        ("FROM a\nCOPY -- --from=b x", ["a"]),
        ("FROM a AS one\nFROM b\nCOPY --from=ONE x y\nCOPY --from=0 x y", ["a", "b"]),
        ("FROM a\nCOPY --from=scratch x y", ["a"]),
        ("FROM a\nADD https://example.com/x y", ["a"]),
        ("FROM a\nRUN --mount=type=bind,from=b,target=/x true", ["a", "b"]),
        ("FROM a\nRUN --mount=FROM=b --mount=type=cache,from=c,target=/x true", ["a", "b", "c"]),
        ('FROM a\nRUN --mount="type=bind,from=b" true', ["a", "b"]),
        ("FROM a\nRUN --mount=type=secret,id=x true", ["a"]),
        ("FROM a\nFROM b\nRUN --mount=from=0,target=/x true", ["a", "b", "0"]),
        ("FROM a AS x\nFROM b\nRUN --mount=from=x,target=/x true", ["a", "b"]),
        ("FROM a\nRUN --mount=from=scratch,target=/x true", ["a"]),
        ("FROM a\nRUN echo --mount=from=b", ["a"]),
        ("FROM a AS x\nONBUILD COPY --from=x a b\nONBUILD RUN --mount=from=y true\nONBUILD ENV a=b", ["a", "x", "y"]),
        ("FROM a\nONBUILD COPY --from=0 a b\nONBUILD COPY --from=scratch a b", ["a"]),
        ("# FROM b\nFROM a\n  # FROM c\nRUN x \\\n # FROM d\n y", ["a"]),
        ("FROM a\nRUN echo FROM b", ["a"]),
        ("FROM a\nRUN x \\\\\nFROM b", ["a", "b"]),
        ("FROM a\nRUN x \\  \nFROM b", ["a"]),
        ("# escape=`\nFROM a\nRUN x `\nFROM b\nRUN y \\\nFROM c", ["a", "c"]),
        ("#escape = `\n# check=skip=all\nFROM a", ["a"]),
        ("FROM a\n# escape=`\nRUN x \\\nFROM b", ["a"]),
        ("# hello\n# escape=`\nFROM a\nRUN x \\\nFROM b", ["a"]),
        ("\n# escape=`\nFROM a\nRUN x \\\nFROM b", ["a"]),
        ("FROM a\nRUN x \\", ["a"]),
        ("FROM a\n\\\n", ["a"]),
        ("FROM a\nHEALTHCHECK --interval=5s CMD --from=x", ["a"]),
    ],
)
def test_images_are_found(text: str, found: list[str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RUN <<EOF\nFROM b\nEOF\nCOPY --from=c x y", ["a", "c"]),
        ("RUN <<EOF\nFROM b\nEOF \nEOF", ["a"]),
        ("RUN <<-EOF\n\tFROM b\n\t\tEOF\nFROM c", ["a", "c"]),
        ("RUN <<'EOF'\nFROM b\nEOF", ["a"]),
        ('RUN 3<<"EOF" cat\nFROM b\nEOF', ["a"]),
        ("RUN <<\\EOF\nFROM b\nEOF", ["a"]),
        ("RUN <<A cat <<B\nFROM b\nA\nFROM c\nB\nFROM d", ["a", "d"]),
        ("RUN x \\\n <<A \\\n y\nFROM b\nA", ["a"]),
        ("COPY <<EOF /x\nFROM b\nEOF", ["a"]),
        ("COPY --from=c <<EOF /x\nFROM b\nEOF", ["a", "c"]),
        ("ADD <<EOF /x\nFROM b\nEOF", ["a"]),
        ("ONBUILD RUN <<EOF\nFROM b\nEOF", ["a"]),
        ("RUN <<EOF\r\nFROM b\r\nEOF\r\n", ["a"]),
        ("RUN --mount=from=m,target=/x <<EOF\nFROM b\nEOF", ["a", "m"]),
        ("RUN echo ${X:-1} <<EOF\nFROM b\nEOF", ["a"]),
        ('RUN echo "${X:-1} \\" $y" <<EOF\nFROM b\nEOF', ["a"]),
        ("RUN [ -f x ] <<EOF\nFROM b\nEOF", ["a"]),
        # what shells take for heredocs, and builders do not
        ("RUN cat<<EOF\nFROM b", ["a", "b"]),
        ("RUN cat <<<EOF\nFROM b", ["a", "b"]),
        ("RUN echo '<<EOF'\nFROM b", ["a", "b"]),
        ('RUN echo "<<EOF"\nFROM b', ["a", "b"]),
        ("RUN echo \\<<EOF\nFROM b", ["a", "b"]),
        ('RUN ["cat", "<<EOF"]\nFROM b', ["a", "b"]),
        ("RUN cat << EOF\nFROM b", ["a", "b"]),
        ("RUN cat <<''\nFROM b", ["a", "b"]),
        ("RUN it's <<EOF\nFROM b", ["a", "b"]),
        ('RUN say "it <<EOF\nFROM b', ["a", "b"]),
        ("RUN echo $((1<<2))\nFROM b", ["a", "b"]),
        ("CMD <<EOF\nFROM b", ["a", "b"]),
        ("ENV X=<<EOF\nFROM b", ["a", "b"]),
    ],
)
def test_heredocs_are_no_instructions(text: str, found: list[str]) -> None:
    assert names(f"FROM a\n{text}") == found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("RUN <<EOF\nx", 2),
        ("RUN <<CMD\nFROM b\nCMD", 2),
        ("RUN <<run\nFROM b\nrun", 2),
        ('RUN <<"USER root"\nFROM b\nUSER root', 2),
        ("RUN <<'E\\F'\nE\\F\nFROM b\nEF", 2),
        ("RUN <<\"E'F\"\nE'F\nFROM b\nEF", 2),
        ("RUN <<E'O'F\nx\nEOF", 2),
        ("RUN cat <<EOF; true\nx\nEOF", 2),
        ('RUN ["x"] <<EOF\nFROM b\nEOF', 2),
        ('RUN ["x", 1, "<<EOF"]\nFROM b\nEOF', 2),
        ("RUN ${x//a/b} <<EOF\nFROM b\nEOF", 2),
        ('RUN "${x[@]}" <<EOF\nFROM b\nEOF', 2),
        ("RUN 1<<2\nx", 2),
    ],
)
def test_a_heredoc_that_could_be_read_in_two_ways_is_refused(text: str, line: int) -> None:
    assert refusal(f"FROM a\n{text}").line == line


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ARG X=a\nFROM $X", ["a"]),
        ("ARG X=a Y=1\nFROM ${X}:$Y", ["a:1"]),
        ("ARG X='a' Y=\"$X:1\"\nFROM ${Y}", ["a:1"]),
        ("ARG X=a\nARG X\nFROM $X", ["a"]),
        ("ARG X=a\nARG X=b\nFROM $X", ["b"]),
        ("ARG X\nFROM ${X:-a}", ["a"]),
        ("FROM ${X:-a}", ["a"]),
        ("FROM ${X-a}", ["a"]),
        ("ARG X=\nFROM ${X:-a}", ["a"]),
        ("ARG X=\nFROM b${X-a}", ["b"]),
        ("ARG X=\nFROM a$X", ["a"]),
        ("ARG X=1\nFROM a${X:+:b}", ["a:b"]),
        ("ARG X=1\nFROM a${X+:b}", ["a:b"]),
        ("FROM a${X:+:b}", ["a"]),
        ("FROM a${X:+:$Y}", ["a"]),
        ("ARG X=1\nFROM a:${X:-$Y}", ["a:1"]),
        ("FROM ${X:-${Y:-a}}", ["a"]),
        ("ARG X=1\nFROM a:${X:?needed}", ["a:1"]),
        ("FROM '$'X", ["$X"]),
        ("FROM a\\b", ["ab"]),
        ('ARG X="a b"\nARG Y=c\nFROM $Y', ["c"]),
        ("ARG BASE=a\nFROM $BASE AS a\nFROM ${BASE}", ["a"]),
        ("ARG X=b\nFROM a\nARG X=c\nCOPY --from=d x y", ["a", "d"]),
        ('ARG "X"=1 Y=a\nFROM $Y', ["a"]),
        ('ARG X="a\\"b" Y=c\nFROM $Y', ["c"]),
        ("# escape=`\nARG X=a`$\nFROM b", ["b"]),
        ('ARG Z="\\$x\\y"\nFROM b', ["b"]),
    ],
)
def test_arguments_are_put_in(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_what_the_builder_is_given_counts_more_than_defaults() -> None:
    assert names("ARG X=a\nARG Y=$X:1\nFROM $Y", X="b") == ["b:1"]
    assert names("ARG X\nFROM $X", X="b") == ["b"]
    assert refusal("ARG X=a\nFROM $X", X="").line == 2


def test_arguments_of_platforms_need_no_declaration_and_others_do() -> None:
    assert names("FROM a:$TARGETARCH", TARGETARCH="arm64") == ["a:arm64"]
    assert refusal("FROM a:$OTHER", OTHER="arm64").line == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FROM $X", 1),
        ("FROM a:$TARGETARCH", 1),
        ("ARG X\nFROM a:$X", 2),
        ("ARG X\n\nFROM a:${X}", 3),
        ("ARG X=$Y\nFROM a:$X", 2),
        ("ARG X=$Y\nFROM ${X:-a}", 2),
        ("ARG X=$Y\nFROM a${X:+b}", 2),
        ("FROM ${X:?}", 1),
        ("ARG X=\nFROM $X", 2),
        ("ARG X='a b'\nFROM $X", 2),
        ("FROM ${X#a}", 1),
        ("ARG X=a.b\nFROM ${X%.*}", 2),
        ("FROM ${X/a/b}", 1),
        ("FROM ${X", 1),
        ("FROM ${X:-a", 1),
        ("FROM ${}", 1),
        ("FROM a$", 1),
        ("FROM $1", 1),
        ("FROM a$$", 1),
        ("FROM 'a", 1),
        ('FROM "a', 1),
        ("ARG X='a\nFROM b", 1),
        ("FROM " + "${X:-" * 30 + "a" + "}" * 30, 1),
        ("ARG X=" + "a" * 3000 + "\nARG Y=$X$X\nFROM $Y", 3),
        ("FROM a\nFROM $X AS y", 2),
    ],
)
def test_an_argument_that_is_not_known_is_refused(text: str, line: int) -> None:
    error = refusal(text)
    assert (error.file, error.line) == ("Dockerfile", line)


def test_why_an_argument_is_not_known_is_said_in_few_words() -> None:
    short, long = (refusal("ARG A=$A\n" * count + "FROM $A") for count in (2, 1_000))
    assert short.problem == "Dockerfile:3: FROM $A: ARG A on line 2: ARG A on line 1: A has no value"
    assert long.problem.startswith("Dockerfile:1001: FROM $A: ARG A on line 1000: ARG A on line 999: ")
    assert len(long.problem) < 600


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("# nothing\n", 1),
        ("ARG X=1", 1),
        ("RUN x\nFROM a", 1),
        ("FROM a\nFRMO b", 2),
        ("FROM a\nINCLUDE b", 2),
        ("// syntax=b\nFROM a", 1),
        ('{"syntax": "b"}', 1),
        ("FROM", 1),
        ("FROM a b", 1),
        ("FROM a b c", 1),
        ("FROM a AS b c", 1),
        ("FROM a AS 0", 1),
        ("FROM a AS x/y", 1),
        ("FROM a AS scratch", 1),
        ("FROM a AS context", 1),
        ("FROM --from=b a", 1),
        ("FROM --platform='x a", 1),
        ("FROM --platform=é a", 1),
        ("FROM a\nADD --from=b x y", 2),
        ("FROM a\nCOPY --new=b x y", 2),
        ("FROM a\nCOPY --FROM=b x y", 2),
        ("FROM a\nRUN --mounts=from=b x", 2),
        ("FROM a\nUSER --x y", 2),
        ("FROM a\nCOPY --from x y", 2),
        ("FROM a\nCOPY --from=b --from=c x y", 2),
        ("FROM a\nCOPY --from=$X x y", 2),
        ("FROM a\nCOPY --chmod=1 \\\n --from=$X x y", 3),
        ("FROM a\nCOPY --from=1 x y", 2),
        ("FROM a\nCOPY --from=0 x y", 2),
        ("FROM a\nCOPY --from=-1 x y", 2),
        ("FROM a\nCOPY --from=99999999999999999999 x y", 2),
        ("FROM a AS x\nCOPY --from=x x y", 2),
        ("FROM a\nCOPY --from=later x y\nFROM b AS later", 2),
        ("FROM a\nRUN --mount=from=later true\nFROM b AS later", 2),
        ("FROM a\nCOPY --from=context x y", 2),
        ("FROM a\nRUN --mount=from=$X true", 2),
        ('FROM a\nRUN --mount=type=bind,\\"from=b\\" true', 2),
        ("FROM a\nRUN --mount=from='b true", 2),
        ("FROM a\nONBUILD FROM b", 2),
        ("FROM a\nONBUILD ONBUILD RUN x", 2),
        ("FROM a\nONBUILD --x RUN y", 2),
        ("FROM a\nONBUILD NOTHING", 2),
        ("FROM a\nONBUILD", 2),
        ("FROM a\nONBUILD COPY --from=$X a b", 2),
        ("FROM a\nRUN x\x0by", 2),
        ("FROM a\rFROM b", 1),
        ("FROM\x00a", 1),
        ("# escape=x\nFROM a", 1),
        ("# escape=`\n# escape=`\nFROM a", 2),
        ("# check=skip=all\n# escape=`\nFROM a", 2),
        (" # escape=`\nFROM a", 1),
        ("# syntax\r=b\nFROM a", 1),
        ("#\x0csyntax=b\nFROM a", 1),
        ("#\x85syntax=b\nFROM a", 1),
        ("# syntax =\u2003b\nFROM a", 1),
        ("#!/bin/x\n# escape=`\nFROM a", 2),
        ("# syntax=b\n# Syntax=c\nFROM a", 2),
        ("FROM a\n" * (MAX_STAGES + 1), MAX_STAGES + 1),
    ],
)
def test_what_builders_read_differently_or_not_at_all_is_refused(text: str, line: int) -> None:
    error = refusal(text)
    assert (error.file, error.line) == ("Dockerfile", line)


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("# syntax=docker/dockerfile:1\nFROM a", "docker/dockerfile:1", 1),
        ("#SYNTAX = b --flag\r\nFROM a", "b", 1),
        ("# escape=`\n#syntax=b\nFROM a", "b", 2),
        ("# escape=` \t\n#syntax=b\t \nFROM a", "b", 2),
        ("#!/usr/bin/env x\n# syntax=b\nFROM a", "b", 2),
    ],
)
def test_the_frontend_is_found(text: str, name: str, line: int) -> None:
    frontend = parse(text).frontend
    assert frontend is not None
    assert (frontend.name, frontend.place.line) == (name, line)
    assert frontend.span is not None
    assert text[slice(*frontend.span)] == name


def test_an_argument_names_the_frontend_in_place_of_the_directive() -> None:
    frontend = parse("# syntax=a\nFROM b", BUILDKIT_SYNTAX="c x").frontend
    assert frontend is not None
    assert (frontend.name, frontend.span) == ("c", None)


@pytest.mark.parametrize("text", ["FROM a", "# hello\n# syntax=b\nFROM a", "FROM a\n# syntax=b"])
def test_no_frontend_is_found_where_builders_find_none(text: str) -> None:
    assert parse(text).frontend is None


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("FROM a\nFROM b", "b"),
        ("FROM a AS x\nFROM b\nFROM x", "a"),
        ("FROM a AS x\nFROM x AS y\nFROM y", "a"),
        ("FROM a\nFROM b\nCOPY --from=c x y", "b"),
        ("FROM a\nFROM scratch", None),
    ],
)
def test_the_base_image_is_what_the_last_stage_is_built_upon(text: str, base: str | None) -> None:
    found = parse(text).stages[-1].base_image
    assert (found.name if found is not None else None) == base


def test_places_say_line_role_and_where_the_name_stands() -> None:
    copy = "COPY \\\n  --chown=1 \\\n  --from=b:1 x y\n"
    text = f'ARG V=1\nFROM a AS one\n{copy}FROM c:$V\nRUN --mount=target=/x,from="d" y\n'
    found = parse(text).images
    assert [(each.place.line, each.role) for each in found] == [
        (2, "FROM of stage one"),
        (5, "COPY --from in stage one"),
        (6, "FROM of stage 1"),
        (7, "RUN --mount in stage 1"),
    ]
    assert [text[slice(*each.span)] if each.span else None for each in found] == ["a", "b:1", None, None]


def test_a_name_over_two_lines_stands_nowhere_as_it_is() -> None:
    assert parse("FROM aa\\\nbb").images[0].span is None
    assert parse("FROM aa\\\nbb").images[0].name == "aabb"


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN x \\\n" + "--mount=from=b \\\n" * 30_000,
        "FROM a\nRUN \\\n" + "--mount=from=b \\\n" * 30_000 + "x",
        "# syntax=" + " " * 500_000 + "x\nFROM a",
        "FROM a\nRUN <<A " + "<<A " * 100_000 + "\n" + "A\n" * 100_001,
        "ARG X=" + "${X:-" * 100_000 + "\nFROM a",
        "FROM a\n" + "COPY --from=b x y\n" * 50_000,
    ],
    ids=["many lines", "many flags", "a long directive", "many heredocs", "many braces", "many instructions"],
)
def test_large_files_are_read_in_the_time_that_their_length_takes(text: str) -> None:
    assert names(text)[0] == "a"
