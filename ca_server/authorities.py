"""All authorities that the settings name, opened in whichever process issues with them.

Files are opened by the first process, so that a mistake is told to whoever starts the server; workers get the keys
from it, since opening an encrypted one takes 150 ms. What is in memory only, they get whole.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

import msgspec

from ca_server.authority.ephemeral import hold_issuing, hold_timestamping, make_ephemeral
from ca_server.authority.files import FileAuthority, FilePorts, utc_now
from ca_server.authority.opening import directory_of, open_issuing, open_timestamping
from ca_server.authority.protocol import Authority, CertifiedKey, IssuingCertificate, TimestampAuthority
from ca_server.config import AuthoritySettings, Backend, Settings
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.serving.watched import Reloadable
from cosignpy.values import value

MAIN: Final = ""
"""The name of the authority for all issuers that have none of their own."""


class Secret(msgspec.Struct):
    """A structure with keys in it, which says nothing of itself in logs and errors."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class PairInMemory(Secret):
    """A key in PKCS#8, and its chain in DER."""

    key: bytes
    chain: tuple[bytes, ...]

    @classmethod
    def of(cls, held: IssuingCertificate | CertifiedKey) -> Self:
        """Take down a key that was made here."""
        assert isinstance(held.signer, PrivateKey)  # noqa: S101 # it was made here
        return cls(held.signer.encode_pkcs8(), held.chain)

    def certified(self) -> CertifiedKey:
        """Return what it is."""
        return CertifiedKey(PrivateKey.parse_pkcs8(self.key), self.chain)


class AuthorityInMemory(Secret):
    """An authority that is in no file."""

    issuing: PairInMemory
    timestamping: PairInMemory


class Handover(Secret):
    """What the first process gives to its workers."""

    in_memory: dict[str, AuthorityInMemory]
    loaded: list[bytes]
    """Keys out of files, in PKCS#8. Keys that cannot leave where they are, workers load themselves."""


@value
class Authorities:
    """All that issue, by name, and the one that stamps, if there is to be one."""

    issuing: Mapping[str, Authority]
    timestamping: TimestampAuthority | None
    watched: tuple[Reloadable, ...]


def begin_authorities(settings: Settings, data: Path) -> Handover:
    """Open everything once, and make what is only in memory.

    Raises:
        CosignError: Something of it is not there, or not sound.
    """
    in_memory: dict[str, AuthorityInMemory] = {}
    loaded: list[Signer] = []
    for name, chosen in _named(settings):
        if chosen.backend is Backend.EPHEMERAL:
            issuing, timestamping = make_ephemeral(utc_now())
            in_memory[name] = AuthorityInMemory(PairInMemory.of(issuing.held), PairInMemory.of(timestamping.held))
        else:
            loaded += _signers(chosen, data, stamps=name == MAIN and settings.timestamps.serve)
    return Handover(in_memory, [key.encode_pkcs8() for key in loaded if isinstance(key, PrivateKey)])


def open_authorities(settings: Settings, data: Path, handover: Handover) -> Authorities:
    """Open everything in a process that issues.

    Raises:
        CosignError: Something of it is not there any more, or not sound.
    """
    ports = FilePorts(loaded=tuple(PrivateKey.parse_pkcs8(key) for key in handover.loaded))
    issuing: dict[str, Authority] = {}
    watched: list[Reloadable] = []
    for name, chosen in _named(settings):
        kept = handover.in_memory.get(name)
        if kept is not None:
            issuing[name] = hold_issuing(kept.issuing.certified())
        else:
            opened = open_issuing(directory_of(chosen, data), ports)
            issuing[name] = opened
            watched.append(opened)
    stamps = _open_stamps(settings, data, ports, handover)
    if isinstance(stamps, FileAuthority):
        watched.append(stamps)
    return Authorities(issuing, stamps, tuple(watched))


def _open_stamps(settings: Settings, data: Path, ports: FilePorts, handover: Handover) -> TimestampAuthority | None:
    if not settings.timestamps.serve:
        return None
    kept = handover.in_memory.get(MAIN)
    if kept is not None:
        return hold_timestamping(kept.timestamping.certified())
    return open_timestamping(directory_of(settings.authority, data), ports)


def _named(settings: Settings) -> Iterator[tuple[str, AuthoritySettings]]:
    yield MAIN, settings.authority
    yield from settings.private_authorities.items()


def _signers(chosen: AuthoritySettings, data: Path, *, stamps: bool) -> Iterator[Signer]:
    directory = directory_of(chosen, data)
    yield open_issuing(directory, FilePorts()).current().signer
    if stamps:
        yield open_timestamping(directory, FilePorts()).current().signer
