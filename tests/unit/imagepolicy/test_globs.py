"""Globs, as the policy controller reads them (admission.md has the rules in words)."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.imagepolicy.globs import MAX_GLOB, SHORTHANDS, Glob, qualify, respell

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("glob", "image", "matches"),
    [
        ("ghcr.io/team/app:v1", "ghcr.io/team/app:v1", True),
        ("ghcr.io/team/app:v1", "ghcr.io/team/app:v2", False),
        ("ghcr.io/team/app", "ghcr.io/team/app:latest", False),
        ("ghcr.io/team/app", "ghcr.io/team/app", False),
        ("ghcr.io/team/app:latest", "ghcr.io/team/app", True),
        ("ghcr.io/team/app:v1", f"ghcr.io/team/app:v1@{DIGEST}", False),
        ("ghcr.io/team/app:v1@*", f"ghcr.io/team/app:v1@{DIGEST}", False),
        ("ghcr.io/team/app@*", f"ghcr.io/team/app:v1@{DIGEST}", True),
        ("ghcr.io/team/*", "ghcr.io/team/app:v1", True),
        ("ghcr.io/team/*", "ghcr.io/team/sub/app:v1", False),
        ("ghcr.io/team/**", "ghcr.io/team/sub/app:v1", True),
        ("ghcr.io/*/app:*", "ghcr.io/team/app:v1", True),
        ("ghcr.io/*/app:*", "ghcr.io/team/sub/app:v1", False),
        ("ghcr.io/**/app:*", "ghcr.io/team/sub/app:v1", True),
        ("ghcr.io/team/app*", "ghcr.io/team/app-other:v1", True),
        ("ghcr.io/team/app*", f"ghcr.io/team/app@{DIGEST}", True),
        ("ghcr.io/team/app:**", "ghcr.io/team/app:v1", True),
        ("ghcr.io/team***", "ghcr.io/team/a/b:v1", True),
        ("ghcr-io/team/*", "ghcr.io/team/app:v1", False),
        ("ghcr.io/team/*", "ghcrxio.example/team/app:v1", False),
        ("ghcr.io/team/*", "evil.example/ghcr.io/team/app:v1", False),
        ("**", "anything.example/at/all", True),
        ("*", "nginx", True),
        ("*", "docker.io/library/nginx:1", True),
        ("*", "team/nginx", False),
        ("*/*", "team/nginx", True),
        ("*/*", "ghcr.io/nginx", False),
        ("index.docker.io/library/nginx:latest", "nginx", True),
        ("nginx*", "nginx", False),
        ("index.docker.io/**", "registry-1.docker.io/library/nginx", False),
        ("registry-1.docker.io/**", "registry-1.docker.io/library/nginx", True),
        ("docker.io/**", "docker.io/library/nginx", False),
        ("nginx*", "docker.io/library/nginx", False),
        ("localhost:5000/**", "localhost:5000/app", True),
        ("ghcr.io/**", "GHCR.io/team/app", False),
        ("ghcr.io/**", "ghcr.io:443/team/app", False),
    ],
)
def test_a_glob_is_about_the_full_name(glob: str, image: str, matches: bool) -> None:
    assert Glob.parse(glob).matches(image) is matches


@pytest.mark.parametrize(
    ("image", "plain"),
    [
        ("ghcr.io/team/app:V1", "ghcr.io/team/app:V1"),
        ("GHCR.io/team/app", "ghcr.io/team/app:latest"),
        (f"Ghcr.IO:0443/team/app@{DIGEST}", f"ghcr.io/team/app@{DIGEST}"),
        ("localhost:05000/app:1", "localhost:5000/app:1"),
        ("ghcr.io:8443/app:1", "ghcr.io:8443/app:1"),
        ("[::1]:443/app:1", "[::1]/app:1"),
        ("[::1]/app:1", "[::1]/app:1"),
        ("nginx", "index.docker.io/library/nginx:latest"),
        ("registry-1.docker.io/library/nginx", "registry-1.docker.io/library/nginx:latest"),
    ],
)
def test_a_registry_has_one_plain_name(image: str, plain: str) -> None:
    assert respell(image) == plain


@pytest.mark.parametrize("text", ["", "a?", "a[b]", "{a,b}", "a+b", "a%b", "a b", "a\n", "\\a", "é", "a#b"])
def test_characters_that_no_name_has_are_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="glob"):
        Glob.parse(text)


def test_a_glob_has_a_longest_length() -> None:
    assert str(Glob.parse("a" * MAX_GLOB)) == "a" * MAX_GLOB
    with pytest.raises(LimitExceeded):
        Glob.parse("a" * (MAX_GLOB + 1))


def test_a_glob_of_many_asterisks_takes_no_longer_than_its_length_times_that_of_the_name() -> None:
    glob = Glob.parse("a.example/" + "a*" * 200 + "b")
    assert not glob.matches("a.example/" + "a" * 200)


def test_a_name_that_is_no_reference_is_refused() -> None:
    with pytest.raises(MalformedError):
        Glob.parse("**").matches("Not/A Reference")


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("nginx", "index.docker.io/library/nginx:latest"),
        ("team/app:1", "index.docker.io/team/app:1"),
        (f"ghcr.io/app:1@{DIGEST}", f"ghcr.io/app@{DIGEST}"),
    ],
)
def test_the_full_name(image: str, full: str) -> None:
    assert qualify(image) == full


def translate(glob: str) -> str:
    """Write a glob as the regular expression that the policy controller makes of it."""
    wildcards = {"**": ".*", "*": "[^/]*"}
    pieces = re.findall(r"\*\*|\*|[^*]+", SHORTHANDS.get(glob, glob))
    return "".join([wildcards.get(each) or re.escape(each) for each in pieces])


@given(st.text("ab/:*", min_size=1, max_size=9), st.text("ab/:", max_size=9))
def test_it_describes_what_a_regular_expression_does(glob: str, name: str) -> None:
    assert Glob.parse(glob).describes(name) == (re.fullmatch(translate(glob), name) is not None)


@pytest.mark.parametrize("unit", ["*a", "**a", "*a**b", "*", "***"])
def test_long_globs_take_no_time(unit: str) -> None:
    """Those who write them are not those who wait."""
    name = f"registry.example/{'ab' * 120}@{DIGEST}"
    globs = [Glob.parse(f"{(unit * MAX_GLOB)[: MAX_GLOB - 3]}{number:03}") for number in range(100)]
    began = time.process_time()
    assert [each.describes(name) for each in globs] == [False] * len(globs)
    assert time.process_time() - began < 0.25
