"""Where each thing lies, and the one way to write a file: aside, then renamed into place."""

import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cosignpy.core.digest import Digest
from cosignpy.localregistry.names import RepositoryName
from cosignpy.values import value


@value
class Files:
    """The registry's folder."""

    root: Path

    def prepare(self) -> None:
        """Make the folder and drop files a killed process was still writing."""
        self._repositories.mkdir(parents=True, exist_ok=True)
        self._staging.mkdir(exist_ok=True)
        for leftover in self._staging.iterdir():
            leftover.unlink()

    def folder(self, name: RepositoryName, kind: str) -> Path:
        """Return where a repository keeps one kind of thing; it need not exist."""
        return self._repositories.joinpath(*name.split("/"), f"_{kind}")

    def content(self, name: RepositoryName, kind: str, digest: Digest) -> Path:
        """Return the path of content that is named by its digest."""
        return self.folder(name, kind) / digest.algorithm / digest.hex

    def is_known(self, name: RepositoryName) -> bool:
        """Tell whether anything was ever pushed to this repository."""
        return self.folder(name, "blobs").is_dir() or self.folder(name, "manifests").is_dir()

    def write(self, path: Path, content: bytes) -> None:
        """Write a whole file so that readers see the old one or the new one."""
        aside = self._staging / secrets.token_hex(16)
        aside.write_bytes(content)
        self.move(aside, path)

    def move(self, source: Path, path: Path) -> None:
        """Put a finished file in its place."""
        path.parent.mkdir(parents=True, exist_ok=True)
        source.replace(path)

    def holders(self, kind: str, digest: Digest) -> Iterator[RepositoryName]:
        """Yield each repository that keeps this content."""
        for path in self._repositories.glob(f"**/_{kind}/{digest.algorithm}/{digest.hex}"):
            yield RepositoryName(path.parents[2].relative_to(self._repositories).as_posix())

    @property
    def _repositories(self) -> Path:
        return self.root / "repositories"

    @property
    def _staging(self) -> Path:
        return self.root / "staging"


def names_in(folder: Path) -> list[str]:
    """List a folder in ASCII order; one that does not exist is empty."""
    with suppress(FileNotFoundError):
        return sorted(path.name for path in folder.iterdir())
    return []
