"""Trust repositories in archives, as TrustRoots have them."""

import tarfile
from collections.abc import Mapping
from io import BytesIO


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return an archive with these files, and the folders that they lie in."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as made:
        folder = tarfile.TarInfo("targets")
        folder.type = tarfile.DIRTYPE
        made.addfile(folder)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, BytesIO(content))
    return buffer.getvalue()
