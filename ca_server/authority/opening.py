"""The authorities that settings name, opened."""

from pathlib import Path

from ca_server.authority.directory import FOLDER, AuthorityDirectory
from ca_server.authority.files import FileAuthority, FilePorts
from ca_server.authority.profile import Role
from ca_server.authority.protocol import CertifiedKey, IssuingCertificate
from ca_server.config import AuthoritySettings


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
