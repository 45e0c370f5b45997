"""What images are called, by either grammar."""

import pytest

from cosignpy.errors import MalformedError
from cosignpy.webhook.engine.names import OURS, read_name

DIGEST = f"sha256:{'a' * 64}"
CONTROLLER = "policy-controller"


@pytest.mark.parametrize("verdicts", [OURS, CONTROLLER])
@pytest.mark.parametrize(
    ("image", "name", "repository", "digest", "tag"),
    [
        ("registry.example/app:v1", "registry.example/app:v1", "registry.example/app", "", "v1"),
        (f"registry.example/app:v1@{DIGEST}", f"registry.example/app@{DIGEST}", "registry.example/app", DIGEST, ""),
        ("busybox", "index.docker.io/library/busybox:latest", "index.docker.io/library/busybox", "", "latest"),
    ],
)
def test_names_are_full(image: str, name: str, repository: str, digest: str, tag: str, verdicts: str) -> None:
    found = read_name(image, verdicts)
    assert (found.name, found.repository, found.digest, found.tag) == (name, repository, digest, tag)
    assert found.full_name == ("" if verdicts == OURS else name)


def test_capitals_and_the_port_of_https_are_no_other_registry_for_us() -> None:
    image = f"Registry.Example:443/app@{DIGEST}"
    assert f"registry.example/app@{DIGEST}" in read_name(image, OURS).spellings
    assert read_name(image, CONTROLLER).spellings == (image,)


@pytest.mark.parametrize(
    ("image", "verdicts"),
    [("A b", OURS), ("A b", CONTROLLER), ("", OURS), ("", CONTROLLER), (f"a.example/b@sha512:{'a' * 128}", OURS)],
)
def test_what_is_no_name_is_refused(image: str, verdicts: str) -> None:
    with pytest.raises(MalformedError):
        read_name(image, verdicts)
