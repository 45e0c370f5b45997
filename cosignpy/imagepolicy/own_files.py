"""Policies about files: the names that they are about, and what says nothing of a file."""

from collections.abc import Iterator

from cosignpy.documents import DocumentError, Node, Place
from cosignpy.imagepolicy.fields import Fields
from cosignpy.imagepolicy.file_globs import FileGlob
from cosignpy.imagepolicy.model import FilePattern, ImagePolicyDocument


def parse_file_pattern(node: Node) -> FilePattern:
    """Parse a pattern of names.

    Raises:
        DocumentError: It is none.
    """
    fields = Fields.read(node, ("glob",))
    return FilePattern(fields.place_of("glob"), fields.parsed("glob", FileGlob.parse))


def refuse_beside_files(policy: ImagePolicyDocument) -> None:
    """Refuse what is about images in a policy about files: it would not be looked at.

    Raises:
        DocumentError: There is such a field; the first one.
    """
    for error in _about_images(policy) if policy.files else ():
        raise error


def _about_images(policy: ImagePolicyDocument) -> Iterator[DocumentError]:
    hint = "write a policy for images and one for files"
    for place in (*[match.place for match in policy.match], *_inputs(policy)):
        yield place.error("says nothing of files", hint)
    for authority in policy.authorities:
        if authority.source is not None:
            yield authority.source.place.error("is about images: signatures of files lie beside them", hint)


def _inputs(policy: ImagePolicyDocument) -> Iterator[Place]:
    text = policy.policy
    if text is not None and any(
        (text.fetch_config_file, text.include_spec, text.include_object_meta, text.include_type_meta)
    ):
        yield text.place
