"""Manifests, indexes and descriptors (OCI image spec 1.1: manifest.md, image-index.md, descriptor.md).

A parsed manifest is a view: `raw` are the bytes its digest names, and they are never re-serialised.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, JsonValue, encode_json
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
EMPTY_CONFIG: Final = "application/vnd.oci.empty.v1+json"

INDEX_TYPES: Final = frozenset({OCI_INDEX, DOCKER_LIST})
ACCEPT: Final = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)
"""What we ask registries for, in this order of preference; schema 1 has no stable digest and is refused."""

MAX_MANIFEST: Final = 4 << 20
"""Bytes of a manifest: the limit that the distribution spec names as the least a registry must take."""
MAX_DESCRIPTORS: Final = 20_000
"""Layers or children in one manifest; 4 MiB hold about that many of the smallest."""


@value
class Platform:
    """The machine an image of an index is for, written `os/architecture[/variant]`."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Parse `os/architecture[/variant]`.

        Raises:
            MalformedError: Fewer than two or more than three parts, or an empty one.
        """
        parts = text.split("/")
        if len(parts) not in {2, 3} or not all(parts):
            raise MalformedError("platform", f"{text!r} is not os/architecture[/variant]")
        return cls(*parts)

    def accepts(self, other: "Platform") -> bool:
        """Tell whether an image for `other` is one for this; no variant asked for means any."""
        same_machine = (self.os, self.architecture) == (other.os, other.architecture)
        return same_machine and self.variant in {"", other.variant}

    def encode(self) -> dict[str, JsonValue]:
        """Return the members in the order Go writes them."""
        optional = {"variant": self.variant} if self.variant else {}
        return {"architecture": self.architecture, "os": self.os} | optional


@value
class Descriptor:
    """What is where: media type, digest and size of some content, and what is said about it."""

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Platform | None = None
    artifact_type: str = ""
    urls: tuple[str, ...] = ()

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "Descriptor":
        """Describe content at hand."""
        return cls(media_type, Digest.of(content), len(content))

    @classmethod
    def parse(cls, found: JsonObject) -> "Descriptor":
        """Read a descriptor.

        Raises:
            MalformedError: A member is missing or of the wrong type, or the digest is not one.
        """
        platform = found.optional_child("platform")
        return cls(
            media_type=found.text("mediaType"),
            digest=Digest.parse(found.text("digest")),
            size=found.integer("size"),
            annotations=found.string_map("annotations"),
            platform=None
            if platform is None
            else Platform(
                platform.optional_text("os"), platform.optional_text("architecture"), platform.optional_text("variant")
            ),
            artifact_type=found.optional_text("artifactType"),
            urls=tuple(found.texts("urls", most=100)),
        )

    def encode(self) -> dict[str, JsonValue]:
        """Return the members in the order Go writes them: type, size, digest, then what is optional."""
        members: dict[str, JsonValue] = {
            "mediaType": self.media_type,
            "size": self.size,
            "digest": str(self.digest),
            "urls": list(self.urls),
            "annotations": dict(self.annotations),
            "platform": self.platform and self.platform.encode(),
            "artifactType": self.artifact_type,
        }
        return {name: value for name, value in members.items() if value or name == "size"}

    def is_index(self) -> bool:
        """Tell whether this is an index (or Docker manifest list) rather than one image or artifact."""
        return self.media_type in INDEX_TYPES


@value
class Manifest:
    """An image manifest, an artifact manifest or an index: the bytes, and what they say.

    `config` and `layers` belong to images and artifacts, `manifests` to indexes; the other kind's are empty.
    """

    raw: bytes
    media_type: str
    digest: Digest
    config: Descriptor | None
    layers: tuple[Descriptor, ...]
    manifests: tuple[Descriptor, ...]
    subject: Descriptor | None
    artifact_type: str
    annotations: Mapping[str, str]

    @classmethod
    def parse(cls, raw: bytes, media_type: str = "", *, algorithm: str = "sha256") -> "Manifest":
        """Parse a manifest or index; `media_type` is what the registry or descriptor called it.

        Raises:
            MalformedError: Not strict JSON, not of a type we know, its own `mediaType` says otherwise than
                `media_type`, or a descriptor is malformed.
        """
        found = JsonObject.parse(raw, what="manifest")
        own_type = found.optional_text("mediaType", media_type)
        media_type = media_type or own_type
        if own_type != media_type:
            raise MalformedError("manifest", f"served as {media_type}, says it is {own_type}")
        if media_type not in ACCEPT:
            raise MalformedError("manifest", f"media type {media_type or 'absent'!r} is not one of OCI's or Docker's")
        _refuse_mixed(found, is_index=media_type in INDEX_TYPES)
        config, subject = found.optional_child("config"), found.optional_child("subject")
        return cls(
            raw=raw,
            media_type=media_type,
            digest=Digest.of(raw, algorithm),
            config=Descriptor.parse(config) if config else None,
            layers=tuple(Descriptor.parse(item) for item in found.children("layers", most=MAX_DESCRIPTORS)),
            manifests=tuple(Descriptor.parse(item) for item in found.children("manifests", most=MAX_DESCRIPTORS)),
            subject=Descriptor.parse(subject) if subject else None,
            artifact_type=found.optional_text("artifactType"),
            annotations=found.string_map("annotations"),
        )

    @property
    def descriptor(self) -> Descriptor:
        """The descriptor a `subject` or an index uses for this manifest."""
        return Descriptor(self.media_type, self.digest, len(self.raw))

    @property
    def referrer_descriptor(self) -> Descriptor:
        """The descriptor a referrers list shows (distribution spec, "Listing Referrers").

        Annotations are kept; `artifactType` is the manifest's own, or else its config's media type.
        """
        fallback = self.config.media_type if self.config else ""
        return Descriptor(
            self.media_type,
            self.digest,
            len(self.raw),
            annotations=self.annotations,
            artifact_type=self.artifact_type or fallback,
        )

    def is_index(self) -> bool:
        """Tell whether this is an index (or Docker manifest list)."""
        return self.media_type in INDEX_TYPES


def _refuse_mixed(found: JsonObject, *, is_index: bool) -> None:
    """Refuse one document that different clients would read as different things (CVE-2021-41190)."""
    foreign = ("config", "layers") if is_index else ("manifests",)
    for name in foreign:
        if name in found:
            raise MalformedError("manifest", f"both image and index: {name!r} does not belong here")


@value
class ArtifactManifest:
    """The members of an OCI manifest that we write; `build` gives its bytes."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)
    subject: Descriptor | None = None
    artifact_type: str = ""
    media_type: str = OCI_MANIFEST

    def build(self) -> Manifest:
        """Assemble the manifest, members in the order the Go tools write them."""
        members: dict[str, JsonValue] = {
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "config": self.config.encode(),
            "layers": [layer.encode() for layer in self.layers],
        }
        if self.annotations:
            members["annotations"] = dict(self.annotations)
        if self.subject:
            members["subject"] = self.subject.encode()
        if self.artifact_type:
            members["artifactType"] = self.artifact_type
        return Manifest.parse(encode_json(members))


def build_index(manifests: Iterable[Descriptor], annotations: Mapping[str, str] | None = None) -> Manifest:
    """Assemble an OCI index over these descriptors, in the order given."""
    members: dict[str, JsonValue] = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor.encode() for descriptor in manifests],
    }
    if annotations:
        members["annotations"] = dict(annotations)
    return Manifest.parse(encode_json(members))
