"""Mirrors of trust repositories: where one is served, and the root that trust in it begins with."""

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from cosignpy.core.digest import Digest
from cosignpy.errors import MalformedError
from cosignpy.net.url import Url
from cosignpy.values import field, value

PUBLIC_GOOD: Final = "https://tuf-repo-cdn.sigstore.dev"
STAGING: Final = "https://tuf-repo-cdn.sigstage.dev"

TARGETS: Final = "targets"
"""The folder that Sigstore's mirrors have for targets."""

_WHAT: Final = "mirror of a trust repository"
_ROOTS: Final = Path(__file__).with_name("roots")
_BUILT_IN: Final = {
    PUBLIC_GOOD: "tuf-repo-cdn.sigstore.dev.json",
    STAGING: "tuf-repo-cdn.sigstage.dev.json",
}
"""Files as they are in the repositories `sigstore/root-signing` and `sigstore/root-signing-staging`."""


@value
class Mirror:
    """A mirror by its URL; `root` is what somebody named to begin with, in place of a built-in or remembered one.

    `targets` is the folder of what it is there for.
    """

    url: str
    root: bytes | None = field(default=None, repr=False)
    targets: str = TARGETS

    @classmethod
    def parse(cls, text: str, root: bytes | None = None) -> "Mirror":
        """Parse `https://HOST[/PATH]`, `http://...` or `file:///FOLDER`; a slash at the end changes nothing.

        The metadata is signed, so that plain HTTP adds nothing but readers on the way.

        Raises:
            MalformedError: None of these.
        """
        if text.startswith("file:"):
            url = _parse_file_url(text)
        else:
            parsed = Url.parse(text)
            if "?" in parsed.target:
                raise MalformedError(_WHAT, "a URL with a query has nothing below it")
            url = str(parsed).rstrip("/")
        mirror = cls(url, root)
        if not mirror.folder_name.strip("."):
            raise MalformedError(_WHAT, "the host is not one")
        return mirror

    @property
    def local_folder(self) -> Path | None:
        """The folder that a `file:` URL names."""
        return Path(unquote(urlsplit(self.url).path)) if self.url.startswith("file:") else None

    @property
    def folder_name(self) -> str:
        """The name of its folder in the cache, the one that cosign gives it."""
        name = self.url.removeprefix("https://").removeprefix("http://")
        return name.replace("/", "-").replace(":", "-").lower()

    @property
    def anchor(self) -> str:
        """The digest of the root that was named, empty where none was."""
        return "" if self.root is None else str(Digest.of(self.root))

    def built_in_root(self) -> bytes | None:
        """Return the root that comes with the program, None for mirrors it does not know."""
        name = _BUILT_IN.get(self.url)
        return None if name is None else (_ROOTS / name).read_bytes()


def _parse_file_url(text: str) -> str:
    if not text.startswith("file:///") or any(char in text for char in "?#\0"):
        raise MalformedError(_WHAT, "expected file:/// and an absolute path")
    return text.rstrip("/")
