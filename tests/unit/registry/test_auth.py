"""The grammar of WWW-Authenticate: the examples of RFC 9110 and of Docker's specification, and their neighbours."""

import pytest

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.registry.auth import MAX_CHALLENGE, Challenge, parse_challenges

DOCKER = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'


@pytest.mark.parametrize(
    ("values", "challenges"),
    [
        ([], []),
        ([""], []),
        (["Basic"], [("basic", {})]),
        (["Basic realm=x"], [("basic", {"realm": "x"})]),
        (['Basic realm="a \\"b\\" \\\\c"'], [("basic", {"realm": 'a "b" \\c'})]),
        (['BASIC Realm = "a, b=c"  ,  charset="UTF-8"'], [("basic", {"realm": "a, b=c", "charset": "UTF-8"})]),
        (
            [DOCKER],
            [
                (
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        (
            ['Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""'],
            [("basic", {"realm": "simple"}), ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'})],
        ),
        (['Negotiate, Basic realm="x"'], [("negotiate", {}), ("basic", {"realm": "x"})]),
        (['Negotiate YWJj==, Basic realm="x"'], [("negotiate", {}), ("basic", {"realm": "x"})]),
        (["Negotiate YWJj"], [("negotiate", {})]),
        (["Basic realm="], [("basic", {})]),  # by the grammar, a token68
        ([", ,Basic realm=x , "], [("basic", {"realm": "x"})]),
        (["Basic realm=a", "Bearer realm=b"], [("basic", {"realm": "a"}), ("bearer", {"realm": "b"})]),
        (["Basic ,Bearer realm=b"], [("basic", {}), ("bearer", {"realm": "b"})]),
    ],
)
def test_challenges_are_read(values: list[str], challenges: list[tuple[str, dict[str, str]]]) -> None:
    assert list(parse_challenges(values)) == [Challenge(scheme, parameters) for scheme, parameters in challenges]


@pytest.mark.parametrize(
    "value",
    [
        "=x",
        '"Basic"',
        'Basic realm="unclosed',
        'Basic realm="a" service="b"',
        'Basic realm="a"x',
        "Basic realm=a,realm=b",
        'Basic realm="a\x01b"',
        "Basic @",
        "Basic a b",
        "Bäsic realm=a",
    ],
)
def test_what_is_no_challenge_is_refused(value: str) -> None:
    with pytest.raises(MalformedError):
        parse_challenges([value])


def test_a_long_header_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        parse_challenges(["Basic realm=" + "x" * MAX_CHALLENGE])


def test_an_absent_parameter_is_empty() -> None:
    assert Challenge("basic", {}).get("realm") == ""
