"""Authorities of `ca_server` on disk and in memory, and the moments they are looked at."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ca_server.authority.ceremony import NewPasswords, begin_authority
from ca_server.authority.directory import AuthorityDirectory
from ca_server.authority.files import FileAuthority, FilePorts
from ca_server.authority.hierarchy import Hierarchy, Plan, make_hierarchy
from ca_server.authority.opening import open_issuing
from ca_server.authority.pair_folder import PairFolder
from ca_server.authority.profile import Period, Role
from ca_server.authority.protocol import CertifiedKey, IssuingCertificate
from ca_server.authority.rotation import load_root, rotate
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.values import record

BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
PLAN: Final = Plan("Example, Inc.", "test")
OPEN: Final = NewPasswords(b"", b"")
"""Keys that are not locked: opening one takes 150 ms, and most tests are about something else."""


@record
class Hands:
    """A clock that tests turn."""

    now: datetime = BEGIN + DAY

    def ports(self) -> FilePorts:
        """Return the ports of someone who reads this clock, and knows no password."""
        return FilePorts(password=no_password, now=lambda: self.now)


def no_password() -> bytes:
    """Be asked for a password.

    Raises:
        AssertionError: Always.
    """
    raise AssertionError


def hierarchy(plan: Plan = PLAN) -> Hierarchy:
    """Make an authority in memory that begins with `BEGIN`."""
    return make_hierarchy(plan, BEGIN)


def directory_at(path: Path, plan: Plan = PLAN) -> AuthorityDirectory:
    """Make an authority on disk that begins with `BEGIN`."""
    directory = AuthorityDirectory(path / "authority")
    begin_authority(directory, plan, OPEN, BEGIN)
    return directory


def root_of(directory: AuthorityDirectory) -> CertifiedKey:
    """Return the root with its key."""
    return load_root(directory.read_root(), directory.root_key, no_password)


def rotated(directory: AuthorityDirectory, begin: datetime, days: int = 100, role: Role = Role.ISSUING) -> PairFolder:
    """Make the next pair."""
    period = Period(begin, begin + days * DAY)
    return rotate(directory, role, root_of(directory), (PrivateKey.generate(ECDSA_P256), b""), period)


def opened(directory: AuthorityDirectory, hands: Hands) -> FileAuthority[IssuingCertificate]:
    """Open what issues."""
    return open_issuing(directory, hands.ports())
