"""Names of images in objects, and what they become with a digest."""

from typing import Final

from cosignpy.errors import LimitExceeded, MalformedError
from cosignpy.webhook.engine.names import ImageName
from cosignpy.webhook.engine.names import read_name as read_text

MAX_NAME: Final = 1024
"""Characters of an image's name: a repository of 255 after a host of as many, a tag of 128, and a digest."""


def read_name(image: str, verdicts: str) -> ImageName:
    """Read the name of an image, by the grammar that goes with verdicts of this kind.

    Raises:
        MalformedError: It is none.
    """
    if not image:
        raise MalformedError("image", "there is no image, or something that is no text")
    if len(image) > MAX_NAME:
        raise LimitExceeded("image", f"its name has more than {MAX_NAME} characters")
    return read_text(image, verdicts)


def pin(name: ImageName, digest: str) -> str:
    """Return the full name with the digest that its tag stands for, as in `index.docker.io/library/app:1@sha256:...`.

    The tag stays for people to read; what runs is the digest.
    """
    return f"{name.name}@{digest}"
