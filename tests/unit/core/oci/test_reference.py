"""Image references: the rules of Docker and OCI, and what is refused rather than guessed."""

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import DEFAULT_TAG, Reference, parse_registry, parse_repository, parse_tag
from cosignpy.errors import MalformedError

HUB = "index.docker.io"
SHA256 = Digest.of(b"")
SHA512 = Digest.of(b"", "sha512")
LABEL = "a" * 63


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("alpine", HUB, "library/alpine", None, None),
        ("alpine:3.20", HUB, "library/alpine", "3.20", None),
        ("team/app", HUB, "team/app", None, None),
        ("docker.io/alpine", HUB, "library/alpine", None, None),
        ("docker.io/library/alpine", HUB, "library/alpine", None, None),
        ("index.docker.io/team/app:1", HUB, "team/app", "1", None),
        ("registry-1.docker.io/alpine", HUB, "library/alpine", None, None),
        ("Docker.IO/alpine", HUB, "library/alpine", None, None),
        ("localhost", HUB, "library/localhost", None, None),
        ("localhost/x", "localhost", "x", None, None),
        ("localhost:5000/x:y", "localhost:5000", "x", "y", None),
        ("host:5000", HUB, "library/host", "5000", None),
        ("host:5000/x", "host:5000", "x", None, None),
        ("registry.example/app", "registry.example", "app", None, None),
        ("registry.example:443/a/b/c:v1", "registry.example:443", "a/b/c", "v1", None),
        ("Registry.Example/app", "Registry.Example", "app", None, None),
        ("127.0.0.1:5000/app", "127.0.0.1:5000", "app", None, None),
        ("[::1]/app", "[::1]", "app", None, None),
        ("[2001:db8::1]:5000/app:v1", "[2001:db8::1]:5000", "app", "v1", None),
        ("registry.example:65535/app", "registry.example:65535", "app", None, None),
        (f"app@{SHA256}", HUB, "library/app", None, SHA256),
        (f"app:v1@{SHA256}", HUB, "library/app", "v1", SHA256),
        (f"registry.example/app@{SHA512}", "registry.example", "app", None, SHA512),
        (f"registry.example:5000/app:v1@{SHA512}", "registry.example:5000", "app", "v1", SHA512),
        ("registry.example/a.b_c__d-e---f/0", "registry.example", "a.b_c__d-e---f/0", None, None),
        ("registry.example/app:_", "registry.example", "app", "_", None),
        (f"registry.example/app:{'a' * 128}", "registry.example", "app", "a" * 128, None),
        (f"registry.example/{'a' * 255}", "registry.example", "a" * 255, None, None),
        (f"{LABEL}.example/app", f"{LABEL}.example", "app", None, None),
    ],
)
def test_a_reference_is_read_and_written(
    text: str, registry: str, repository: str, tag: str | None, digest: Digest | None
) -> None:
    reference = Reference.parse(text)
    assert (reference.registry, reference.repository, reference.tag, reference.digest) == (
        registry,
        repository,
        tag,
        digest,
    )
    assert Reference.parse(str(reference)) == reference
    assert reference.name == f"{registry}/{repository}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a repository name"),
        (" alpine", "not a repository name"),
        ("alpine\n", "not a repository name"),
        ("alpine\0", "not a repository name"),
        ("Alpine", "repository names are lower case"),
        ("registry.example/App", "repository names are lower case"),
        ("UPPER/app", "repository names are lower case"),
        ("/app", "not a repository name"),
        ("app/", "not a repository name"),
        ("registry.example/", "not a repository name"),
        ("registry.example//app", "not a repository name"),
        ("registry.example/a//b", "not a repository name"),
        ("registry.example/../app", "not a repository name"),
        ("registry.example/a/../b", "not a repository name"),
        ("registry.example/.app", "not a repository name"),
        ("registry.example/app.", "not a repository name"),
        ("registry.example/a..b", "not a repository name"),
        ("registry.example/a___b", "not a repository name"),
        ("registry.example/a-", "not a repository name"),
        ("registry.example/a%2fb", "not a repository name"),
        ("registry.example/a?b=c", "not a repository name"),
        ("registry.example/a#b", "not a repository name"),
        ("a:b:c", "not a repository name"),
        ("https://registry.example/app", "not a registry host"),
        ("user@registry.example/app", "expected algorithm:hex"),
        ("user:pw@registry.example/app", "expected algorithm:hex"),
        ("../app", "not a registry host"),
        ("./app", "not a registry host"),
        ("-a.example/app", "not a registry host"),
        ("a-.example/app", "not a registry host"),
        ("a..example/app", "not a registry host"),
        (f"{LABEL}a.example/app", "not a registry host"),
        ("a_b.example/app", "not a registry host"),
        ("host:/app", "not a registry host"),
        ("host:x/app", "not a registry host"),
        (":5000/app", "not a registry host"),
        ("host:5000:5000/app", "not a registry host"),
        ("::1/app", "not a registry host"),
        ("[::1/app", "not a registry host"),
        ("[::1]x:1/app", "not a registry host"),
        ("host:0/app", "port 0 is out of range"),
        ("host:65536/app", "port 65536 is out of range"),
        ("host:123456/app", "not a registry host"),
        ("xn--bcher-kva.example/app", "internationalised"),
        ("registry.XN--bcher-kva/app", "internationalised"),
        ("xn--bcher-kva:5000/app", "internationalised"),
        ("b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/app", "outside ASCII"),
        ("registry.example/\N{CYRILLIC SMALL LETTER A}pp", "outside ASCII"),
        ("registry.example/app:\N{FULLWIDTH DIGIT ONE}", "outside ASCII"),
        ("registry.example\N{FULLWIDTH SOLIDUS}app", "outside ASCII"),
        ("registry.example/app\udcff", "outside ASCII"),
        ("app:", "not a tag"),
        ("app:.x", "not a tag"),
        ("app:-x", "not a tag"),
        ("app:a b", "not a tag"),
        ("app:v1\n", "not a tag"),
        (f"app:{'a' * 129}", "not a tag"),
        ("[::1]", "not a tag"),
        (f"registry.example/{'a' * 256}", "longer than 255"),
        (f"app@{SHA256}\n", "64 lower-case hex digits"),
        (f"app@{SHA256}@{SHA256}", "64 lower-case hex digits"),
        (f"app@{str(SHA256).upper()}", "unknown algorithm"),
        ("app@sha256:", "64 lower-case hex digits"),
        ("app@", "expected algorithm:hex"),
        (f"app@sha384:{'0' * 96}", "unknown algorithm"),
        (f"@{SHA256}", "not a repository name"),
        (f":v1@{SHA256}", "not a repository name"),
    ],
)
def test_what_is_not_a_reference_is_refused(text: str, why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Reference.parse(text)
    assert refused.value.what in {"image reference", "digest"}
    assert why in refused.value.why


def test_the_digest_wins_over_the_tag_and_the_tag_over_latest() -> None:
    assert Reference.parse(f"app:v1@{SHA256}").target == SHA256
    assert Reference.parse("app:v1").target == "v1"
    assert Reference.parse("app").target == DEFAULT_TAG


def test_a_repository_has_neither_tag_nor_digest() -> None:
    assert str(parse_repository("registry.example/sigs")) == "registry.example/sigs"
    for text in ("registry.example/sigs:v1", f"registry.example/sigs@{SHA256}"):
        with pytest.raises(MalformedError) as refused:
            parse_repository(text)
        assert refused.value.what == "repository"


def test_a_hostile_name_is_refused_in_time() -> None:
    for text in ("a" + "-" * 100_000, "a." * 100_000 + "/x", "a/" * 100_000, "[" + ":" * 100_000):
        with pytest.raises(MalformedError):
            Reference.parse(text)


def test_a_registry_is_a_host_alone() -> None:
    assert parse_registry("registry.example:5000") == "registry.example:5000"
    assert parse_registry("docker.io") == HUB
    with pytest.raises(MalformedError) as refused:
        parse_registry("registry.example/app")
    assert refused.value.what == "image reference"


def test_a_tag_is_returned_as_it_is() -> None:
    assert parse_tag("V1.0_x-y") == "V1.0_x-y"
