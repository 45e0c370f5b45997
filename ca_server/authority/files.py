"""An authority in files, looked at while the server runs: a new pair is adopted if it is sound, or not at all.

Keys in other places come in by their references, and nowhere else: `PairFolder.load_signer`, and behind it the table of
`cosignpy.keystore.reference`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Generic, TypeVar

from ca_server.authority.directory import AuthorityDirectory, Pair, State, states_of, trusted
from ca_server.authority.pair_folder import PairFolder
from ca_server.authority.profile import Role
from ca_server.authority.protocol import Chain
from ca_server.authority.rules import verify_chain, verify_key
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import CertificateError, CosignError, FileError
from cosignpy.keystore.backend import Password
from cosignpy.keystore.server_key import environment_password
from cosignpy.values import field, value

_LOG: Final = logging.getLogger(__name__)

Held = TypeVar("Held")
"""What a key and its chain become for those who sign with them."""

Stamps = Mapping[Path, tuple[int, int, int]]


def utc_now() -> datetime:
    """Return what time it is."""
    return datetime.now(UTC)


@value
class FilePorts:
    """What reading an authority needs from outside.

    Attributes:
        password: Of key files.
        now: What time it is.
        loaded: Keys that the process has already: opening a file takes 150 ms.
    """

    password: Password = environment_password
    now: Callable[[], datetime] = utc_now
    loaded: tuple[Signer, ...] = field(default=(), repr=False)


@value
class _Adopted(Generic[Held]):
    """What was read, checked and taken, and what each folder is by now."""

    pairs: Sequence[Pair]
    held: Mapping[PairFolder, Held]
    states: Mapping[PairFolder, State]

    @property
    def active(self) -> PairFolder:
        return next(folder for folder, state in self.states.items() if state is State.ACTIVE)


class FileAuthority(Generic[Held]):
    """The pairs of one role in a directory; the newest that is valid signs. It is `Reloadable`."""

    def __init__(
        self, directory: AuthorityDirectory, role: Role, build: Callable[[Signer, Chain], Held], ports: FilePorts
    ) -> None:
        """Read all pairs.

        Raises:
            CosignError: No pair may sign, or one that may, now or later, is not sound.
        """
        self._directory = directory
        self._role = role
        self._build = build
        self._ports = ports
        self._stamps = self._look()
        self._complaint = ""
        self._adopted = self._read()
        self._current = self._adopted.held[self._adopted.active]

    def current(self) -> Held:
        """Return what signs now."""
        return self._current

    def trusted_chains(self) -> tuple[Chain, ...]:
        """Return the chains that clients are told of: the one that signs, then the others, the newest first."""
        states = self._adopted.states
        told = [pair for pair in reversed(self._adopted.pairs) if trusted(states[pair.folder])]
        return tuple([pair.chain for pair in sorted(told, key=lambda pair: states[pair.folder] is not State.ACTIVE)])

    def reload_if_changed(self) -> None:
        """Adopt what the files say now, and what the time makes of it.

        Raises:
            CosignError: Not all of it is sound, so nothing of it was adopted; said once, and tried again each time.
        """
        try:
            self._follow()
        except CosignError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                raise
        else:
            self._complaint = ""

    def _follow(self) -> None:
        stamps = self._look()
        states = states_of(self._adopted.pairs, self._ports.now())
        if stamps == self._stamps and not self._complaint and states == self._adopted.states:
            return
        adopted = self._read()
        self._stamps = stamps
        if adopted.active != self._adopted.active:
            _LOG.info(
                "%s: %s signs from now on, before it was %s",
                self._role,
                adopted.active.path,
                self._adopted.active.number,
            )
        self._adopted, self._current = adopted, adopted.held[adopted.active]

    def _read(self) -> "_Adopted[Held]":
        now = self._ports.now()
        pairs = self._directory.read(self._role)
        states = states_of(pairs, now)
        if State.ACTIVE not in states.values():
            raise _nothing_valid(self._directory.path / self._role, pairs)
        held = {}
        for pair in pairs:
            state = states[pair.folder]
            if trusted(state) and pair.period is not None:
                what = str(pair.folder.chain_path)
                verify_chain(pair.chain, self._role, max(now, pair.period.begin), what=what)
                if state is not State.SUPERSEDED:
                    held[pair.folder] = self._build(self._load(pair), pair.chain)
        return _Adopted(pairs, held, states)

    def _load(self, pair: Pair) -> Signer:
        wanted = TbsCertificate.parse(pair.chain[0]).spki
        known = next((signer for signer in self._ports.loaded if signer.public_key.spki == wanted), None)
        signer = known or pair.folder.load_signer(self._ports.password)
        verify_key(pair.chain, signer, what=str(pair.folder.path))
        return signer

    def _look(self) -> Stamps:
        """Take note of all files: what they are, how large, and when they, or who may read them, last changed."""
        found = {}
        for path in sorted((self._directory.path / self._role).glob("*/*")):
            try:
                status = path.stat()
            except OSError:
                continue  # it has just gone; that is a change too
            found[path] = (status.st_ino, status.st_size, status.st_ctime_ns)
        return found


def _nothing_valid(parent: Path, pairs: Sequence[Pair]) -> CosignError:
    """Say why none of a role's pairs may sign."""
    left = [pair for pair in pairs if pair.period is not None and not pair.retired]
    if not left:
        return FileError(
            str(parent), "there is no certificate in it", hint="`init` makes them, `show` tells what there is"
        )
    newest = left[-1]
    return CertificateError(str(newest.folder.chain_path), f"it is valid from {newest.period}, and that is not now")
