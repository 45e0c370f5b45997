"""What the framework fetches with: our sources, and so the one HTTP client with its limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface

from cosignpy.services.tuf.sources import MAX_FILE, Absent, Source


class Refusal(DownloadHTTPError):
    """A file that is not there, as the framework understands it: the root after the last one is found out so."""

    def __init__(self, absent: Absent) -> None:
        super().__init__(str(absent), absent.status)
        self.absent = absent


class SourceFetcher(FetcherInterface):
    """Reads files from a source; our own errors go through the framework as they are."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def _fetch(self, url: str) -> Iterator[bytes]:
        yield self._read(url, MAX_FILE)

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """Read a file of limited length; the framework's own way would count only after a piece has been read."""
        yield BytesIO(self._read(url, min(max_length, MAX_FILE)))

    def _read(self, url: str, cap: int) -> bytes:
        try:
            return self._source.read(url, cap)
        except Absent as absent:
            raise Refusal(absent) from absent
