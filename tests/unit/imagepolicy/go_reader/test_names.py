"""Names as `pkg/name` of go-containerregistry 0.20.3 parses them."""

import pytest

from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.go_reader.names import GoReference, GoRepository, parse_registry

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("busybox", "index.docker.io/library/busybox:latest"),
        ("user/app:v1", "index.docker.io/user/app:v1"),
        ("docker.io/library/busybox:1.36", "index.docker.io/library/busybox:1.36"),
        ("docker.io/busybox", "index.docker.io/library/busybox:latest"),
        ("registry-1.docker.io/library/busybox", "registry-1.docker.io/library/busybox:latest"),
        ("reg.example.com:443/app", "reg.example.com:443/app:latest"),
        ("Reg.Example.com/app", "Reg.Example.com/app:latest"),
        ("reg.example.com/app:", "reg.example.com/app:latest"),
        ("localhost/app", "index.docker.io/localhost/app:latest"),  # no dot and no colon
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("[::1]:5000/app", "[::1]:5000/app:latest"),
        ("https://reg.example.com/app:v1", "https://reg.example.com/app:v1"),
        ("a:b:5000/app", "a:b:5000/app:latest"),
        ("reg.example.com/a..//b", "reg.example.com/a..//b:latest"),
        (f"reg.example.com/app@{DIGEST}", f"reg.example.com/app@{DIGEST}"),
        (f"reg.example.com/app:v1@{DIGEST}", f"reg.example.com/app@{DIGEST}"),
        (f"reg.example.com/app:@{DIGEST}", f"reg.example.com/app@{DIGEST}"),
    ],
)
def test_names_of_images(text: str, name: str) -> None:
    assert GoReference.parse(text).name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",  # two characters at the least
        "a b",
        "reg.example.com/App",
        "reg.example.com/" + "a" * 256,
        "reg.example.com/app:a b",
        "reg.example.com/app:" + "a" * 129,
        "reg example.com/app",
        "app@sha256:ab",
        "app@sha512:" + "ab" * 64,
        f"app@{DIGEST.upper()}",
        f"app@{DIGEST}@{DIGEST}",
        f"app:a b@{DIGEST}",
        f"APP@{DIGEST}",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(MalformedError, match="could not parse reference"):
        GoReference.parse(text)


def test_repositories() -> None:
    assert GoRepository.parse("reg.example.com/app").name == "reg.example.com/app"
    assert GoRepository.parse_strictly("reg.example.com/app").name == "reg.example.com/app"
    assert GoRepository.parse_strictly("docker.io/library/app").name == "index.docker.io/library/app"
    assert parse_registry("") == parse_registry("docker.io") == "index.docker.io"
    with pytest.raises(MalformedError, match="the full repository path"):
        GoRepository.parse_strictly("docker.io/app")
    with pytest.raises(MalformedError, match="can only contain the characters"):
        GoRepository.parse("localhost:5000")
