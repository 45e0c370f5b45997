"""The config of images that nobody runs."""

from cosignpy.core.oci.image_config import BARE_CONFIG, build_image_config
from cosignpy.core.oci.manifest import Descriptor


def test_it_is_what_cosign_writes() -> None:
    """The digest that `cosign upload blob` of versions 2.6.5 and 3.1.3 gives a file with `hello` and a line break."""
    config = build_image_config([Descriptor.of(b"hello\n", "text/plain")])
    named = str(Descriptor.of(config, "").digest)
    assert named == "sha256:a554b8f018d2b4d54796c5836dff281c9fed0731b00feeb31a35a65ebb9f7bfb"


def test_the_one_that_says_nothing_is_what_cosign_writes() -> None:
    """The digest that `cosign upload wasm` of version 3.1.3 gives it."""
    named = str(Descriptor.of(BARE_CONFIG, "").digest)
    assert named == "sha256:5b943e2b943f6c81dbbd4e2eca5121f4fcc39139e3d1219d6d89bd925b77d9fe"


def test_a_time_may_be_told() -> None:
    config = build_image_config([Descriptor.of(b"", "text/plain")], "2026-07-24T09:00:00Z")
    assert config.count(b'"created":"2026-07-24T09:00:00Z"') == 2
