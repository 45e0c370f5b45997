"""The authorities that settings name, opened."""

from pathlib import Path

from ca_server.authority.directory import FOLDER, AuthorityDirectory
from ca_server.authority.files import FileAuthority, FilePorts
from ca_server.authority.profile import Role
from ca_server.authority.protocol import CertifiedKey, Chain, IssuingCertificate
from ca_server.config import AuthoritySettings
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.timestamp.token import TokenSigner


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
    return FileAuthority(directory, Role.TIMESTAMPING, _hold_timestamping, ports)


def _hold_timestamping(signer: Signer, chain: Chain) -> CertifiedKey:
    """Hold a key if stamps can be given with it: one that is found out later would have replaced one that works.

    Raises:
        KeyUnusable: Clients do not know the kind of key.
    """
    TokenSigner.of(signer, chain[0])
    return CertifiedKey(signer, chain)
