"""Put files into a repository as artifacts: content first, then what names it, the tag last.

The same files give the same digest, whenever and by whomever they are uploaded: nothing tells the time.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.image_config import BARE_CONFIG, IMAGE_CONFIG, build_image_config
from cosignpy.core.oci.manifest import EMPTY_CONFIG, ArtifactManifest, Descriptor, Manifest, Platform, build_index
from cosignpy.core.oci.reference import Tag
from cosignpy.errors import LimitExceeded, MalformedError, UsageError
from cosignpy.files import explain
from cosignpy.operations.local_blob import LocalBlob
from cosignpy.operations.parallel import DEFAULT_WORKERS
from cosignpy.operations.ports import Progress, Repository
from cosignpy.operations.transfer import BlobTransfer, Shipment
from cosignpy.values import field, replace, value

WASM_CONFIG: Final = "application/vnd.wasm.config.v1+json"
WASM_LAYER: Final = "application/vnd.wasm.content.layer.v1+wasm"
"""The media types of WASM modules, as cosign has them (`cosign upload wasm`)."""

TITLE: Final = "org.opencontainers.image.title"
"""What a file is called where it is put when the artifact is pulled (image spec, annotations.md)."""

MAX_FILES: Final = 1000
"""Files of one artifact; every client that pulls it asks for each of them."""

_WASM_MAGIC: Final = b"\0asm"
_NO_ANNOTATIONS: Final[Mapping[str, str]] = MappingProxyType({})


@value
class Artifact:
    """A manifest, and what has to be there before it: its config, and its layers in files."""

    manifest: Manifest
    config: bytes = field(repr=False)
    layers: tuple[LocalBlob, ...]


@value
class Upload:
    """What the tag will name: an artifact, or an index over several."""

    top: Manifest
    artifacts: tuple[Artifact, ...]

    @classmethod
    def of(cls, artifact: Artifact) -> "Upload":
        """Take one artifact as it is."""
        return cls(artifact.manifest, (artifact,))

    @property
    def platforms(self) -> Sequence[Platform | None]:
        """What each artifact is for, where an index says it."""
        return [entry.platform for entry in self.top.manifests] or [None]

    @property
    def layers(self) -> Sequence[LocalBlob]:
        """All files of it."""
        return [layer for artifact in self.artifacts for layer in artifact.layers]


@value
class ArtifactForm:
    """How files become an artifact: media types and contents of all but the layers."""

    config_type: str
    config: bytes | None = None
    """None for the config that lists the layers."""
    annotations: Mapping[str, str] = _NO_ANNOTATIONS
    artifact_type: str = ""

    def pack(self, *layers: LocalBlob) -> Artifact:
        """Assemble the manifest over files.

        Raises:
            LimitExceeded: More files than clients fetch.
        """
        if len(layers) > MAX_FILES:
            raise LimitExceeded("artifact", f"{len(layers)} files, at most {MAX_FILES} are uploaded in one")
        described = tuple(layer.descriptor for layer in layers)
        config = build_image_config(described) if self.config is None else self.config
        manifest = ArtifactManifest(
            Descriptor.of(config, self.config_type),
            described,
            annotations=dict(sorted(self.annotations.items())),
            artifact_type=self.artifact_type,
        )
        return Artifact(manifest.build(), config, layers)


def pack_blob(blob: LocalBlob, annotations: Mapping[str, str] = _NO_ANNOTATIONS) -> Artifact:
    """Make an image of one file, as `cosign upload blob` does."""
    return ArtifactForm(IMAGE_CONFIG, annotations=annotations).pack(blob)


def pack_wasm(path: Path) -> Artifact:
    """Make an artifact of a WASM module, as `cosign upload wasm` does.

    Raises:
        MalformedError: It does not begin as WASM does.
        FileError: It cannot be read.
    """
    blob = LocalBlob.describe(path, WASM_LAYER)
    with explain(path), path.open("rb") as file:
        if file.read(len(_WASM_MAGIC)) != _WASM_MAGIC:
            raise MalformedError("WASM module", f"{path} does not begin with \\0asm; upload blob takes any file")
    return ArtifactForm(WASM_CONFIG, BARE_CONFIG).pack(blob)


def pack_files(
    files: Sequence[LocalBlob], artifact_type: str, annotations: Mapping[str, str] = _NO_ANNOTATIONS
) -> Artifact:
    """Make an artifact of a type out of files (image spec, manifest.md, "Guidelines for Artifact Usage").

    Raises:
        UsageError: Two files would be put in one place when it is pulled.
        LimitExceeded: More files than clients fetch.
    """
    titles = [file.descriptor.annotations.get(TITLE, "") for file in files]
    twice = next((title for title in titles if title and titles.count(title) > 1), None)
    if twice is not None:
        raise UsageError(f"two files are called {twice}", "whoever pulls the artifact would get one of them only")
    return ArtifactForm(EMPTY_CONFIG, b"{}", annotations, artifact_type).pack(*files)


def pack_platforms(
    files: Sequence[tuple[LocalBlob, Platform | None]], annotations: Mapping[str, str] = _NO_ANNOTATIONS
) -> Upload:
    """Make an index of files for several machines, each an image of its own; of one file, just that image.

    Raises:
        UsageError: No file, one of several is for no platform, or two are for the same.
    """
    if not files:
        raise UsageError("nothing to upload", "name files with -f FILE[:OS[/ARCH]]")
    artifacts = tuple([pack_blob(blob, annotations) for blob, _ in files])
    if len(files) == 1:
        return Upload.of(artifacts[0])
    entries: dict[Platform, Descriptor] = {}
    for (blob, platform), artifact in zip(files, artifacts, strict=True):
        if platform is None:
            raise UsageError(f"{blob.path}: of several files each is for a platform", f"-f {blob.path}:linux/amd64")
        if platform in entries:
            raise UsageError(f"{blob.path}: there is a file for {platform} before it", "one file for each platform")
        # Cosign 3 says so of every child; the digest of the index is to be the one that it would have made.
        entries[platform] = replace(artifact.manifest.descriptor, platform=platform, artifact_type=IMAGE_CONFIG)
    return Upload(build_index(entries.values(), dict(sorted(annotations.items()))), artifacts)


def push_upload(what: Upload, repository: Repository, target: Digest | Tag, progress: Progress) -> Descriptor:
    """Push an artifact, or an index of several, and let the tag name it.

    Raises:
        UsageError: It is to have a digest that it does not have.
        FileError: A file is not what it was; nothing names it then.
        RemoteError: The registry refused or failed.
    """
    if isinstance(target, Digest) and target != what.top.digest:
        hint = "name a tag; the digest is printed"
        raise UsageError(f"what is uploaded has the digest {what.top.digest}, and not {target}", hint)
    shipments = [Shipment(layer.descriptor, layer) for layer in what.layers]
    BlobTransfer(repository, progress, DEFAULT_WORKERS).send(shipments)
    for artifact in what.artifacts:
        repository.push_blob(artifact.config)
        if artifact.manifest != what.top:
            repository.push_manifest(artifact.manifest)
    repository.push_manifest(what.top, target if not isinstance(target, Digest) else None)
    return what.top.descriptor
