"""Policies in a registry: an artifact of its own type, each file a layer, the same octets for the same files."""

import re
from collections.abc import Iterable
from typing import Final

from cosignpy.core.bundle.referrer import EMPTY_JSON
from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import EMPTY_CONFIG, ArtifactManifest, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag
from cosignpy.documents import MAX_FILE
from cosignpy.errors import LimitExceeded, MalformedError, UsageError
from cosignpy.operations.ports import ManifestSink, ManifestSource
from cosignpy.values import field, value

ARTIFACT_TYPE: Final = "application/vnd.cosignpy.policies.v1"
"""Of the manifest."""
FILE_TYPE: Final = "application/vnd.cosignpy.policy.v1+yaml"
"""Of each layer: a file with policies."""
TITLE: Final = "org.opencontainers.image.title"
"""Where a layer has the name of its file, as other tools have it."""

MAX_FILES: Final = 500
"""Files of one artifact, as of a folder."""
MAX_ARTIFACT: Final = 16 << 20
"""Octets of all files together; a policy has a few thousand."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,122}\.(yaml|yml|json)")


@value
class PolicyFile:
    """A file with policies, by its name without a folder."""

    name: str
    content: bytes = field(repr=False)


@value
class PolicyArtifact:
    """What a registry has: the digest, and the files by their names."""

    digest: Digest
    files: tuple[PolicyFile, ...]


def push_policies(sink: ManifestSink, files: Iterable[PolicyFile], tag: Tag | None) -> Manifest:
    """Store files as one artifact, under a tag where there is one; it has the same digest whenever that is done.

    Raises:
        UsageError: There is none, a name is not plain, or two have one name.
        LimitExceeded: Too many, or too large.
        RemoteError: The registry refused or failed.
    """
    ordered = sorted(files, key=lambda file: file.name)
    layers = tuple([_describe(file) for file in ordered])
    names = [file.name for file in ordered]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise UsageError(f"two files are called {repeated[0]}", "an artifact has no folders: rename one")
    if not layers:
        raise UsageError("no policies to push")
    _refuse_large("policies", layers)
    manifest = ArtifactManifest(Descriptor.of(EMPTY_JSON, EMPTY_CONFIG), layers, artifact_type=ARTIFACT_TYPE).build()
    for content in (EMPTY_JSON, *[file.content for file in ordered]):
        sink.push_blob(content)
    sink.push_manifest(manifest, tag)
    return manifest


def fetch_policies(source: ManifestSource, target: Digest | Tag, what: str) -> PolicyArtifact:
    """Fetch the files of an artifact; `what` is how people call it.

    Raises:
        NoSuchTag: There is none.
        MalformedError: It is something else, or has no policies, or names that no file of policies has.
        LimitExceeded: It has too many files, or too large ones; they are not fetched.
        DigestMismatch: What the registry gives out is not what the digests name.
        RemoteError: The registry failed.
    """
    manifest = source.fetch_manifest(target)
    if manifest.artifact_type != ARTIFACT_TYPE:
        found = manifest.referrer_descriptor.artifact_type or manifest.media_type
        raise MalformedError(what, f"is of type {found}, and policies are {ARTIFACT_TYPE}")
    if not manifest.layers:
        raise MalformedError(what, "no policies in it")
    _refuse_large(what, manifest.layers)
    names = [_read_name(layer, what) for layer in manifest.layers]
    if len(set(names)) < len(names):
        raise MalformedError(what, "two files have one name")
    pairs = zip(names, manifest.layers, strict=True)
    return PolicyArtifact(manifest.digest, tuple([PolicyFile(name, source.fetch_blob(layer)) for name, layer in pairs]))


def _describe(file: PolicyFile) -> Descriptor:
    if not _NAME.fullmatch(file.name):
        hint = "letters, digits, dots, dashes, and .yaml, .yml or .json at the end"
        raise UsageError(f"{file.name!r} is no name for a file of policies in a registry", hint)
    content = Descriptor.of(file.content, FILE_TYPE)
    return Descriptor(content.media_type, content.digest, content.size, {TITLE: file.name})


def _read_name(layer: Descriptor, what: str) -> str:
    name = layer.annotations.get(TITLE, "")
    if layer.media_type != FILE_TYPE:
        raise MalformedError(what, f"a layer is of type {layer.media_type}, and files of policies are {FILE_TYPE}")
    if not _NAME.fullmatch(name):
        raise MalformedError(what, f"{name!r} is no name of a file of policies")
    return name


def _refuse_large(what: str, layers: tuple[Descriptor, ...]) -> None:
    if len(layers) > MAX_FILES:
        raise LimitExceeded(what, f"{len(layers)} files, at most {MAX_FILES} are accepted")
    largest, total = max(layer.size for layer in layers), sum(layer.size for layer in layers)
    if largest > MAX_FILE:
        raise LimitExceeded(what, f"a file of {largest} bytes, at most {MAX_FILE} are accepted")
    if total > MAX_ARTIFACT:
        raise LimitExceeded(what, f"{total} bytes, at most {MAX_ARTIFACT} are accepted")
