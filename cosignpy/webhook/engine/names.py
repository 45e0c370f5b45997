"""What an image is called: by the policy controller's grammar, or by ours."""

from functools import lru_cache
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import DEFAULT_TAG, Reference
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.globs import qualify, respell
from cosignpy.imagepolicy.go_reader.names import GoReference
from cosignpy.values import value

OURS: Final = "cosignpy"
"""What `verdicts` is for names as `policy verify` reads them."""
_NAMES: Final = 8192
"""Texts that are kept as they were read: those of a large cluster."""


@value
class ImageName:
    """A name of an image.

    Attributes:
        name: The full one, with a digest or a tag.
        full_name: The same for the globs of policies that are read as Go does; empty where they are read as ours are.
        spellings: What globs are about.
        repository: Without a digest or tag.
        digest: `sha256:...`, empty where a tag names it.
        tag: What names it where no digest does.
    """

    name: str
    full_name: str
    spellings: tuple[str, ...]
    repository: str
    digest: str
    tag: str


@lru_cache(maxsize=_NAMES)
def read_name(image: str, verdicts: str) -> ImageName:
    """Read what an object names an image, with verdicts of this kind.

    Raises:
        MalformedError: It is the name of nothing.
    """
    if verdicts == OURS:
        return _read_ours(image)
    found = GoReference.parse(image)
    digest, tag = (str(found.target), "") if isinstance(found.target, Digest) else ("", str(found.target))
    return ImageName(found.name, found.name, (found.name,), found.repository.name, digest, tag)


def _read_ours(image: str) -> ImageName:
    found, name = Reference.parse(image), qualify(image)
    if found.digest is not None and found.digest.algorithm != "sha256":
        raise MalformedError("image", f"{image}: clusters know images by sha256")
    digest, tag = ("", str(found.tag or DEFAULT_TAG)) if found.digest is None else (str(found.digest), "")
    return ImageName(name, "", tuple(dict.fromkeys((name, respell(image)))), found.name, digest, tag)
