"""The authorities that settings name, opened."""

from pathlib import Path

from ca_server.authority.directory import FOLDER, AuthorityDirectory
from ca_server.authority.ephemeral import make_ephemeral
from ca_server.authority.files import FileAuthority, FilePorts
from ca_server.authority.profile import Role
from ca_server.authority.protocol import Authority, CertifiedKey, IssuingCertificate, TimestampAuthority
from ca_server.config import AuthoritySettings, Backend
from cosignpy.serving.watched import Reloadable
from cosignpy.values import value


@value
class OpenAuthority:
    """An authority, the timestamp authority under the same root, and what has to look at files now and then."""

    issuing: Authority
    timestamping: TimestampAuthority
    watched: tuple[Reloadable, ...] = ()


def open_authority(settings: AuthoritySettings, data: Path, ports: FilePorts) -> OpenAuthority:
    """Open an authority, both its roles.

    Raises:
        CosignError: Something of it is not there, or not sound.
    """
    if settings.backend is Backend.EPHEMERAL:
        issuing, timestamping = make_ephemeral(ports.now())
        return OpenAuthority(issuing, timestamping)
    directory = directory_of(settings, data)
    certificates = open_issuing(directory, ports)
    stamps = open_timestamping(directory, ports)
    return OpenAuthority(certificates, stamps, (certificates, stamps))


def directory_of(settings: AuthoritySettings, data: Path) -> AuthorityDirectory:
    """Return where an authority is."""
    return AuthorityDirectory(settings.directory or data / FOLDER)


def open_issuing(directory: AuthorityDirectory, ports: FilePorts) -> FileAuthority[IssuingCertificate]:
    """Open what issues certificates: all that an authority for the issuers of one organisation needs.

    Raises:
        CosignError: Something of it is not there, or not sound.
    """
    return FileAuthority(directory, Role.ISSUING, IssuingCertificate.of, ports)


def open_timestamping(directory: AuthorityDirectory, ports: FilePorts) -> FileAuthority[CertifiedKey]:
    """Open what stamps.

    Raises:
        CosignError: Something of it is not there, or not sound.
    """
    return FileAuthority(directory, Role.TIMESTAMPING, CertifiedKey, ports)
