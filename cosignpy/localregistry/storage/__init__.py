"""The registry's content on disk: plain files, each put in place by one rename.

    repositories/<name>/_blobs/<algorithm>/<hex>          the blob (a mount is a hard link)
    repositories/<name>/_manifests/<algorithm>/<hex>      media type, newline, the manifest's bytes
    repositories/<name>/_tags/<tag>                       the digest it points at
    repositories/<name>/_referrers/<algorithm>/<hex>/…    one descriptor per referrer of that subject
    repositories/<name>/_uploads/<id>                     what has arrived of an upload so far
    staging/                                              files not yet renamed; emptied at start

No repository name has a component that begins with `_`, so the two kinds of folder cannot meet. All
writing happens on one event loop; a kill at any moment leaves each file old or new, never half.
"""

from pathlib import Path

from cosignpy.localregistry.storage.blobs import BlobStore
from cosignpy.localregistry.storage.files import Files
from cosignpy.localregistry.storage.manifests import ManifestStore
from cosignpy.localregistry.storage.referrers import ReferrerStore
from cosignpy.localregistry.storage.tags import TagStore
from cosignpy.localregistry.storage.uploads import UploadStore
from cosignpy.values import value


@value
class Storage:
    """All that the registry keeps."""

    files: Files
    blobs: BlobStore
    manifests: ManifestStore
    tags: TagStore
    referrers: ReferrerStore
    uploads: UploadStore


def open_storage(directory: Path) -> Storage:
    """Open a registry's folder, or begin one, and clear what a killed process left unfinished."""
    files = Files(directory)
    files.prepare()
    return Storage(
        files=files,
        blobs=BlobStore(files),
        manifests=ManifestStore(files),
        tags=TagStore(files),
        referrers=ReferrerStore(files),
        uploads=UploadStore(files),
    )
