"""An authority on disk: `root/`, and for each role numbered folders, each with a chain and its key.

The chain makes a folder count, so it is written last; the highest number that is valid now is the one that signs.
docs/formats/authority-directory.md has the whole of it.
"""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from ca_server.authority.pair_folder import KEY_FILE, PairFolder, read_single_certificate
from ca_server.authority.profile import Period, Role
from ca_server.authority.protocol import Chain, period_of
from cosignpy.errors import CosignError
from cosignpy.files import explain, sync_directory
from cosignpy.values import value

FOLDER: Final = "authority"
"""Where the data directory has its authority, unless settings say otherwise."""
ROOT: Final = "root"
CERTIFICATE_FILE: Final = "certificate.pem"

PRIVATE_FOLDER: Final = 0o700
_WIDTH: Final = 4
_NUMBER: Final = re.compile(r"[0-9]{4,9}", re.ASCII)


class State(StrEnum):
    """What a folder is to those who are to be certified, and to those who verify."""

    REQUESTED = "requested"
    """It has no certificate yet."""
    COMING = "coming"
    """Clients are told of it already; it signs when its time begins."""
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    """It signs nothing any more, and clients are still told of it."""
    EXPIRED = "expired"
    RETIRED = "retired"
    """Clients are told of it no longer."""


_TRUSTED: Final = frozenset({State.COMING, State.ACTIVE, State.SUPERSEDED})


@value
class Pair:
    """What a folder has in it: its chain, and when all of that is valid; neither where there is no certificate yet."""

    folder: PairFolder
    chain: Chain
    period: Period | None
    retired: bool


@value
class AuthorityDirectory:
    """The directory of an authority."""

    path: Path

    @property
    def root_certificate(self) -> Path:
        """Where the root's certificate is."""
        return self.path / ROOT / CERTIFICATE_FILE

    @property
    def root_key(self) -> Path:
        """Where the root's key is, unless it is kept elsewhere, as it should be."""
        return self.path / ROOT / KEY_FILE

    def read_root(self) -> bytes:
        """Read the root's certificate.

        Raises:
            FileError: It cannot be read.
            MalformedError: It is not one PEM certificate.
        """
        return read_single_certificate(self.root_certificate)

    def folders(self, role: Role) -> Sequence[PairFolder]:
        """Return a role's folders, the oldest first.

        Raises:
            FileError: They cannot be listed.
        """
        parent = self.path / role
        with explain(parent):
            found = [path for path in parent.iterdir() if _NUMBER.fullmatch(path.name)] if parent.is_dir() else []
        return [PairFolder(path, role) for path in sorted(found, key=lambda path: int(path.name))]

    def read(self, role: Role) -> Sequence[Pair]:
        """Read a role's folders, the oldest first.

        Raises:
            FileError: A file cannot be read.
            MalformedError: A chain is not one.
        """
        return [_read_pair(folder) for folder in self.folders(role)]

    @contextmanager
    def begin(self, role: Role) -> Iterator[PairFolder]:
        """Make the next folder, which does not count until it has a chain; if it cannot be filled, it goes again.

        Raises:
            FileError: It cannot be made.
        """
        folders = self.folders(role)
        number = int(folders[-1].number) + 1 if folders else 1
        path = self.path / role / str(number).zfill(_WIDTH)
        with explain(path):
            path.parent.mkdir(PRIVATE_FOLDER, exist_ok=True)
            path.mkdir(PRIVATE_FOLDER)
        folder = PairFolder(path, role)
        try:
            sync_directory(path.parent)
            yield folder
        except CosignError:
            if not folder.chain_path.exists():  # else the server may have it by now
                shutil.rmtree(path, ignore_errors=True)
            raise


def states_of(pairs: Sequence[Pair], now: datetime) -> Mapping[PairFolder, State]:
    """Tell what each of a role's folders is at a moment."""
    plain = {pair.folder: _state_alone(pair, now) for pair in pairs}
    valid = [folder for folder, state in plain.items() if state is State.SUPERSEDED]
    return plain | dict.fromkeys(valid[-1:], State.ACTIVE)


def trusted(state: State) -> bool:
    """Tell whether clients are told of a folder in this state."""
    return state in _TRUSTED


def _state_alone(pair: Pair, now: datetime) -> State:
    if pair.retired:
        return State.RETIRED
    if pair.period is None:
        return State.REQUESTED
    if now > pair.period.end:
        return State.EXPIRED
    return State.COMING if now < pair.period.begin else State.SUPERSEDED


def _read_pair(folder: PairFolder) -> Pair:
    chain = folder.read_chain()
    return Pair(folder, chain, period_of(chain) if chain else None, folder.retired)
