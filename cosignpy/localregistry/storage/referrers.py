"""Who refers to what: one descriptor file per referrer, in a folder of its subject."""

from collections.abc import Iterator
from pathlib import Path

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.core.oci.manifest import Manifest
from cosignpy.localregistry.names import RepositoryName
from cosignpy.localregistry.storage.files import Files, names_in
from cosignpy.values import value


@value
class ReferrerEntry:
    """A referrer and its descriptor, kept encoded: a list of thousands is put together without parsing them."""

    digest: Digest
    encoded: bytes

    def has_type(self, artifact_type: str) -> bool:
        """Tell whether this is the type of the referrer."""
        found = JsonObject.parse(self.encoded, what="referrer entry")
        return found.optional_text("artifactType") == artifact_type


@value
class ReferrerStore:
    """The index that the referrers API reads. An entry may outlive its manifest; whoever lists must look."""

    files: Files

    def add(self, name: RepositoryName, subject: Digest, referrer: Manifest) -> None:
        """Note that a manifest has this subject; the subject need not exist."""
        content = encode_json(referrer.referrer_descriptor.encode())
        self.files.write(self._path(name, subject, referrer.digest), content)

    def remove(self, name: RepositoryName, subject: Digest, referrer: Digest) -> None:
        """Forget a referrer; one that is not there is no mistake."""
        self._path(name, subject, referrer).unlink(missing_ok=True)

    def after(self, name: RepositoryName, subject: Digest, last: str) -> Iterator[ReferrerEntry]:
        """Yield a subject's referrers in the order of their digests, from the one after `last` on."""
        folder = self._folder(name, subject)
        for entry in names_in(folder):
            text = entry.replace("-", ":")
            if text > last:
                yield ReferrerEntry(Digest.parse(text), (folder / entry).read_bytes())

    def _folder(self, name: RepositoryName, subject: Digest) -> Path:
        return self.files.content(name, "referrers", subject)

    def _path(self, name: RepositoryName, subject: Digest, referrer: Digest) -> Path:
        return self._folder(name, subject) / f"{referrer.algorithm}-{referrer.hex}"
