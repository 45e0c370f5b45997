"""Reading from a repository on a registry: lean, straight over the session, every byte checked.

Manifests are compared with the digest they were asked for by, or with the one that the registry names for a
tag; blobs with their descriptor's digest and size; lists are followed page by page (distribution spec 1.1).
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject
from cosignpy.core.oci.manifest import ACCEPT, MAX_MANIFEST, Descriptor, Manifest
from cosignpy.core.oci.reference import Tag, parse_tag
from cosignpy.core.oci.referrers import fallback_tag, is_referrers_list, join_referrers, parse_referrers
from cosignpy.errors import LimitExceeded, NoSuchTag
from cosignpy.net.http import Response
from cosignpy.registry.content import MAX_ATTACHMENT, over_attachment_limit, verify_chunks
from cosignpy.registry.endpoint import Endpoint, media_type_of
from cosignpy.registry.referrers import ReferrersApi

MAX_TAG_PAGE: Final = 4 << 20
"""Bytes of one page of tags; registries end a page after 1,000 tags or so."""
MAX_TAGS: Final = 200_000
"""Tags of one repository: one per image and attachment, over years of builds."""


class RepositoryReader:
    """What can be read from one repository; safe to share among threads."""

    def __init__(self, endpoint: Endpoint, max_attachment: int = MAX_ATTACHMENT) -> None:
        self.endpoint = endpoint
        self.referrers = ReferrersApi(endpoint)
        self._max_attachment = max_attachment

    def fetch_manifest(self, name: Digest | Tag) -> Manifest:
        """Return the manifest, shown to have its digest.

        Raises:
            NoSuchTag: There is none by this name.
            DigestMismatch: The content is not what the digest names, or not what the registry says it is.
            MalformedError: Not a manifest.
            RemoteError: The registry failed.
        """
        manifest = self.find_manifest(name)
        if manifest is None:
            raise NoSuchTag(self.endpoint.reference(name))
        return manifest

    def fetch_blob(self, descriptor: Descriptor) -> bytes:
        """Return a small blob whole, shown to have its digest and size.

        Raises:
            NoSuchTag: There is none.
            DigestMismatch: The content is not what the digest names.
            LimitExceeded: Larger than an attachment may be.
            RemoteError: The registry failed.
        """
        if descriptor.size > self._max_attachment:
            raise over_attachment_limit(descriptor, self._max_attachment)
        with self._open_blob(descriptor) as response:
            content = response.read(descriptor.size, f"blob {descriptor.digest}")
        return b"".join(verify_chunks(descriptor, [content]))

    def fetch_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """Return all manifests that refer to the subject, by the API or by the fallback tag.

        Raises:
            MalformedError: The list is not one.
            LimitExceeded: Too many.
            RemoteError: The registry failed.
        """
        found = self.referrers.fetch(subject)
        if found is not None:
            return found
        manifest = self.find_manifest(fallback_tag(subject))
        if manifest is None or not is_referrers_list(manifest, subject):
            return ()
        return join_referrers([parse_referrers(manifest.raw)])

    def fetch_tags(self) -> Sequence[Tag]:
        """Return all tags, sorted.

        Raises:
            NoSuchTag: There is no such repository.
            MalformedError: The list is not one.
            RemoteError: The registry failed.
        """
        tags: set[Tag] = set()
        for page in self.endpoint.fetch_pages("tags/list"):
            if page.status == HTTPStatus.NOT_FOUND:
                page.close()
                raise NoSuchTag(self.endpoint.name)
            self._expect_ok(page, "list of tags")
            found = JsonObject.parse(page.read(MAX_TAG_PAGE, "list of tags"), what="list of tags")
            tags.update(parse_tag(text) for text in found.texts("tags", most=MAX_TAGS))
            if len(tags) > MAX_TAGS:
                raise LimitExceeded("list of tags", f"more than {MAX_TAGS}")
        return sorted(tags)

    def has_blob(self, digest: Digest) -> bool:
        """Tell whether a blob is there.

        Raises:
            RemoteError: The registry failed.
        """
        with self.endpoint.send("HEAD", f"blobs/{digest}") as response:
            if response.status != HTTPStatus.NOT_FOUND:
                self._expect_ok(response, f"blob {digest}")
            return response.status == HTTPStatus.OK

    def stream_blob(self, descriptor: Descriptor) -> Iterator[bytes]:
        """Yield a blob's content, checked against its digest after the last chunk.

        Raises:
            NoSuchTag: There is none.
            DigestMismatch: The content is not what the digest names.
            RemoteError: The registry failed.
        """
        with self._open_blob(descriptor) as response:
            yield from verify_chunks(descriptor, response.iter_bytes())

    def find_manifest(self, name: Digest | Tag) -> Manifest | None:
        """Return the manifest as `fetch_manifest` does, None where there is none by this name.

        Raises:
            DigestMismatch: The content is not what the digest names, or not what the registry says it is.
            MalformedError: Not a manifest.
            RemoteError: The registry failed.
        """
        response = self.endpoint.fetch(f"manifests/{name}", {"Accept": ", ".join(ACCEPT)})
        if response.status == HTTPStatus.NOT_FOUND:
            response.close()
            return None
        what = f"manifest {self.endpoint.reference(name)}"
        self._expect_ok(response, what)
        raw = response.read(MAX_MANIFEST, what)
        promised = response.headers.get("Docker-Content-Digest")
        digest = name if isinstance(name, Digest) else Digest.parse(promised) if promised else Digest.of(raw)
        digest.verify(raw, what=what)
        return Manifest.parse(raw, media_type_of(response), algorithm=digest.algorithm)

    def _open_blob(self, descriptor: Descriptor) -> Response:
        response = self.endpoint.fetch(f"blobs/{descriptor.digest}")
        if response.status == HTTPStatus.NOT_FOUND:
            response.close()
            raise NoSuchTag(self.endpoint.reference(descriptor.digest))
        self._expect_ok(response, f"blob {descriptor.digest}")
        return response

    def _expect_ok(self, response: Response, what: str) -> None:
        if response.status != HTTPStatus.OK:
            raise self.endpoint.session.error(response, what)
