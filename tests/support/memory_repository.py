"""A repository in memory: an honest implementation of the port `Repository`, strict where registries are.

It refuses manifests whose blobs or children are absent, keeps referrers either by the referrers API or by the
fallback tag, and hands out copies of nothing: contents are bytes, and bytes do not change.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor, Manifest, build_index
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import fallback_tag, is_referrers_list, merge_referrer, parse_referrers
from cosignpy.errors import DigestMismatch, LimitExceeded, NoSuchTag, RemoteError
from cosignpy.operations.ports import BlobOrigin, ManifestSink

CHUNK: Final = 64 * 1024
MAX_ATTACHMENT: Final = 128 << 20


@dataclass
class MemoryRepository:
    """Blobs, manifests and tags; `requests` lists what was called, in order, for tests that count."""

    name: str = "registry.test/app"
    referrers_api: bool = True
    allow_delete: bool = True
    blobs: dict[Digest, bytes] = field(default_factory=dict)
    manifests: dict[Digest, Manifest] = field(default_factory=dict)
    tags: dict[Tag, Digest] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    """Names of methods that answer like a broken registry."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        self._record("fetch_manifest", name)
        with self.lock:
            digest = name if isinstance(name, Digest) else self.tags.get(name)
            if digest is None or digest not in self.manifests:
                raise self._missing(name)
            return self.manifests[digest]

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        if descriptor.size > MAX_ATTACHMENT:
            raise LimitExceeded("attachment", f"{descriptor.size} bytes")
        return b"".join(self.stream_blob(descriptor))

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        self._record("fetch_referrers", subject)
        with self.lock:
            if self.referrers_api:
                pointing = [item for item in self.manifests.values() if item.subject and item.subject.digest == subject]
                return [item.referrer_descriptor for item in sorted(pointing, key=lambda item: item.digest)]
            listed = self.tags.get(fallback_tag(subject))
            if listed is None or not is_referrers_list(self.manifests[listed], subject):
                return []
            return parse_referrers(self.manifests[listed].raw)

    def push_blob(self, content: bytes) -> None:
        self._record("push_blob", Digest.of(content))
        self.blobs[Digest.of(content)] = content

    def push_manifest(self, manifest: Manifest, tag: Tag | None = None) -> None:
        self._record("push_manifest", tag or manifest.digest)
        with self.lock:
            self._store(manifest, tag)
            if manifest.subject is not None and not self.referrers_api:
                subject, entry = manifest.subject.digest, manifest.referrer_descriptor
                self._replace(fallback_tag(subject), lambda current: merge_referrer(current, entry, subject))

    def update_tag(self, tag: Tag, merge: Callable[[Manifest | None], Manifest]) -> Manifest:
        self._record("update_tag", tag)
        with self.lock:
            return self._replace(tag, merge)

    def has_blob(self, digest: Digest) -> bool:
        self._record("has_blob", digest)
        return digest in self.blobs

    def stream_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        self._record("stream_blob", descriptor.digest)
        content = self.blobs.get(descriptor.digest)
        if content is None:
            raise self._missing(descriptor.digest)
        if len(content) != descriptor.size:
            raise DigestMismatch("blob", f"{descriptor.size} bytes", f"{len(content)} bytes")
        chunks = (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))
        return descriptor.digest.verify_stream(chunks, what=f"blob {descriptor.digest}")

    def push_stream(self, descriptor: Descriptor, chunks: Iterator[bytes]) -> None:
        self._record("push_stream", descriptor.digest)
        content = b"".join(descriptor.digest.verify_stream(chunks, what="upload"))
        self.blobs[descriptor.digest] = content

    def copy_blob(
        self,
        descriptor: Descriptor,
        source: BlobOrigin,
        watch: Callable[[Iterator[bytes]], Iterator[bytes]] = iter,
    ) -> None:
        if not self.has_blob(descriptor.digest):
            self.push_stream(descriptor, watch(source.stream_blob(descriptor)))

    def fetch_tags(self) -> Sequence[Tag]:
        self._record("fetch_tags", self.name)
        return sorted(self.tags)

    def delete_manifest(self, name: Digest | Tag) -> None:
        self._record("delete_manifest", name)
        if not self.allow_delete:
            raise RemoteError("registry", f"https://{self.name}", 405, "the operation is unsupported")
        with self.lock:
            if isinstance(name, Digest):
                if self.manifests.pop(name, None) is None:
                    raise self._missing(name)
                self.tags = {tag: digest for tag, digest in self.tags.items() if digest != name}
            elif self.tags.pop(name, None) is None:
                raise self._missing(name)

    def _replace(self, tag: Tag, merge: Callable[[Manifest | None], Manifest]) -> Manifest:
        current = self.tags.get(tag)
        wanted = merge(None if current is None else self.manifests[current])
        self._store(wanted, tag)
        return wanted

    def _store(self, manifest: Manifest, tag: Tag | None) -> None:
        needed = [*([manifest.config] if manifest.config else []), *manifest.layers]
        absent = [str(item.digest) for item in needed if item.digest not in self.blobs and not item.urls]
        children = () if tag is not None and fallback_like(tag) else manifest.manifests
        absent += [str(child.digest) for child in children if child.digest not in self.manifests]
        if absent:
            raise RemoteError("registry", f"https://{self.name}", 400, f"unknown to the registry: {absent}")
        self.manifests[manifest.digest] = manifest
        if tag is not None:
            self.tags[tag] = manifest.digest

    def _record(self, method: str, name: object) -> None:
        with self.lock:
            self.requests.append(f"{method} {name}")
        if method in self.failing:
            raise RemoteError("registry", f"https://{self.name}", 500, "broken on purpose", retryable=True)

    def _missing(self, name: Digest | Tag) -> NoSuchTag:
        return NoSuchTag(f"{self.name}{'@' if isinstance(name, Digest) else ':'}{name}")


def fallback_like(tag: Tag) -> bool:
    """Tell whether a tag can be a fallback tag, whose list may outlive what it lists."""
    return tag.startswith(("sha256-", "sha512-")) and "." not in tag


def push_image(repository: ManifestSink, content: bytes = b"layer", tag: str = "") -> Manifest:
    """Push an image of one layer, under a tag where one is given."""
    config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
    for blob in (config, content):
        repository.push_blob(blob)
    manifest = ArtifactManifest(
        Descriptor.of(config, "application/vnd.oci.image.config.v1+json"),
        (Descriptor.of(content, "application/vnd.oci.image.layer.v1.tar"),),
    ).build()
    repository.push_manifest(manifest, Tag(tag) if tag else None)
    return manifest


def push_index(repository: ManifestSink, children: Sequence[Descriptor], tag: str = "") -> Manifest:
    """Push an index over children that are there."""
    index = build_index(children)
    repository.push_manifest(index, Tag(tag) if tag else None)
    return index


def push_referrer(
    repository: ManifestSink, subject: Descriptor, artifact_type: str = "application/spdx+json"
) -> Manifest:
    """Push some other tool's referrer of a subject."""
    content = f"{artifact_type} of {subject.digest}".encode()
    for blob in (b"{}", content):
        repository.push_blob(blob)
    manifest = ArtifactManifest(
        Descriptor.of(b"{}", "application/vnd.oci.empty.v1+json"),
        (Descriptor.of(content, artifact_type),),
        subject=subject,
        artifact_type=artifact_type,
    ).build()
    repository.push_manifest(manifest)
    return manifest
