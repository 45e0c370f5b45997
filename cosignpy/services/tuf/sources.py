"""Where the files of a trust repository come from: a mirror on the web, a folder, or what is cached."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol

from cosignpy.errors import AccessDenied, CosignError, FileError, LimitExceeded, RateLimited, RemoteError
from cosignpy.files import explain
from cosignpy.net.http import Request, Sender
from cosignpy.net.redaction import redact_url
from cosignpy.net.redirects import send_following
from cosignpy.net.url import Url
from cosignpy.services.tuf.mirror import TARGETS
from cosignpy.values import record, value

MAX_FILE: Final = 5_000_000
"""Bytes of a file, whatever length its metadata says; the largest of the public good instance has 6,600."""

_VERSIONED: Final = re.compile(r"[0-9]+\.(?!root\.json)(.+\.json)")
_REFUSALS: Final[dict[int, type[RemoteError]]] = {
    HTTPStatus.UNAUTHORIZED: AccessDenied,
    HTTPStatus.FORBIDDEN: AccessDenied,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimited,
}


@record
class Absent(Exception):
    """The source does not have a file; `status` is how a web server says that, and `error` what to tell of it."""

    status: int
    error: CosignError

    def __str__(self) -> str:
        return str(self.error)


class Source(Protocol):
    """Reads files of a repository."""

    @property
    def url(self) -> str:
        """The URL that all files are below, without a slash at its end."""
        ...

    def read(self, url: str, cap: int) -> bytes:
        """Return a file.

        Raises:
            Absent: There is none.
            CosignError: It cannot be had, or is larger than the cap.
        """
        ...


@value
class WebSource:
    """A mirror on the web; all that is read of it has to be here by a deadline of the client's monotonic clock."""

    url: str
    http: Sender
    deadline: float

    def read(self, url: str, cap: int) -> bytes:
        """Fetch a file.

        Raises:
            Absent: Answers that are not the file.
            RemoteError: No answer, or a redirect that is not followed.
            LimitExceeded: More bytes than the cap.
        """
        with send_following(self.http, Request("GET", Url.parse(url), deadline=self.deadline)) as response:
            if response.status != HTTPStatus.OK:
                kind = _REFUSALS.get(response.status, RemoteError)
                shown = redact_url(str(response.url))
                refusal = kind(response.url.origin.authority, shown, response.status, "no trust metadata there")
                raise Absent(response.status, refusal)
            return response.read(cap, redact_url(url).rpartition("/")[2])


@value
class FolderSource:
    """A folder with the files of a mirror, which `file:` names."""

    url: str
    folder: Path

    def read(self, url: str, cap: int) -> bytes:
        """Read a file.

        Raises:
            Absent: There is none.
            FileError: It cannot be read.
            LimitExceeded: More bytes than the cap.
        """
        return _read_file(self.folder / url.removeprefix(f"{self.url}/"), cap)


@value
class RenamedTargets:
    """A mirror that has its targets in another folder than others."""

    source: Source
    folder: str

    @property
    def url(self) -> str:
        """The URL that all files are below."""
        return self.source.url

    def read(self, url: str, cap: int) -> bytes:
        """Read a file.

        Raises:
            Absent: There is none.
            CosignError: It cannot be had, or is larger than the cap.
        """
        return self.source.read(url.replace(f"{self.url}/{TARGETS}/", f"{self.url}/{self.folder}/", 1), cap)


@value
class CachedSource:
    """A mirror's folder in the cache as if it were the mirror: so what is cached is verified once more."""

    folder: Path

    @property
    def url(self) -> str:
        """The URL that all files are below."""
        return self.folder.absolute().as_uri()

    def read(self, url: str, cap: int) -> bytes:
        """Read a file; the cache has one version of each, and only roots are kept with their numbers.

        Raises:
            Absent: There is none.
            FileError: It cannot be read.
            LimitExceeded: More bytes than the cap.
        """
        name = url.removeprefix(f"{self.url}/")
        versioned = _VERSIONED.fullmatch(name)
        return _read_file(self.folder / (versioned[1] if versioned is not None else name), cap)


def _read_file(path: Path, cap: int) -> bytes:
    try:
        with explain(path), path.open("rb") as file:
            raw = file.read(cap + 1)
    except FileError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise Absent(HTTPStatus.NOT_FOUND, error) from error
        raise
    if len(raw) > cap:
        raise LimitExceeded(path.name, f"at most {cap} bytes are accepted")
    return raw
