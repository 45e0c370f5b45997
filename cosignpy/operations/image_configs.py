"""The configurations of an image, one of each platform, as conditions of policies see them."""

from collections.abc import Mapping
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, JsonValue
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.operations.expand import expand_index, resolve
from cosignpy.operations.parallel import run_parallel
from cosignpy.operations.ports import ManifestSource

MAX_CONFIG: Final = 1 << 20
"""Bytes of a configuration; those with a long history have some ten thousand."""

_UNKNOWN: Final = "unknown/unknown"
"""Of what lies beside images, such as the provenance that builders write: there may be several."""
_ALWAYS: Final = frozenset({"architecture", "os", "config", "rootfs"})
"""Members that are there even where they are empty."""


def fetch_image_configs(source: ManifestSource, image: Digest) -> Mapping[str, JsonValue]:
    """Return the configurations of an image, or of all images below an index, by `os/architecture[/variant]`.

    Raises:
        MalformedError: Something else than images is below it, a configuration is none, or two are for one platform:
            whoever looks at one would not see the other, which may be what runs.
        LimitExceeded: There are too many, or one is too large.
        NoSuchTag: One is not there.
        RemoteError: The registry failed.
    """
    images = [each for each in expand_index(source, resolve(source, image)) if not each.is_index()]
    outcomes = run_parallel(lambda each: _fetch_config(source, each), images)
    found: dict[str, JsonValue] = {}
    for each, outcome in zip(images, outcomes, strict=True):
        platform, config = outcome.unwrap()
        if platform == _UNKNOWN and platform in found:
            platform = f"{platform}@{each.digest}"
        if found.setdefault(platform, config) != config:
            raise MalformedError("image index", f"two images say that they are for {platform}")
    return found


def _fetch_config(source: ManifestSource, image: Descriptor) -> tuple[str, JsonValue]:
    config = source.fetch_manifest(image.digest).config
    if config is None:
        raise MalformedError("image manifest", f"{image.digest} has no configuration")
    if config.size > MAX_CONFIG:
        raise LimitExceeded("image configuration", f"{config.size} bytes, at most {MAX_CONFIG} are read")
    found = JsonObject.parse(source.fetch_blob(config), what=f"configuration of {image.digest}")
    return _platform_of(found), _without_empty(found)


def _platform_of(config: JsonObject) -> str:
    parts = [config.optional_text(name) for name in ("os", "architecture", "variant")]
    named, version = "/".join(filter(None, parts)), config.optional_text("os.version")
    return f"{named}:{version}" if version else named


def _without_empty(found: JsonObject) -> JsonValue:
    """Leave out what is empty, as Go does: `User: ""` is no user."""
    config = found.optional_child("config")
    inner = {} if config is None else {name: each for name, each in config.members.items() if each}
    members = {name: each for name, each in found.members.items() if each or name in _ALWAYS}
    return members | {"config": inner}
