"""Where commands take from whom to believe: a file that was named, or the cache of trust.

What reads it is imported when it is read: who verifies by a key alone would only wait for it.
"""

import threading
from typing import TYPE_CHECKING

from cosignpy.cli.configuration import check_file
from cosignpy.cli.input_files import read_input
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.core.trust.trusted_root import TrustedRoot
    from cosignpy.operations.ports import TrustSource


@value
class TrustFile:
    """A trusted root in a file, or a ClientTrustConfig that has one, as `--trusted-root` names it."""

    path: str

    def trusted_root(self) -> "TrustedRoot":
        """Read it.

        Raises:
            FileError: It cannot be read.
            MalformedError: It is none.
        """
        from cosignpy.core.trust.client_trust_config import parse_any_trusted_root

        check_file("trusted_root", self.path)
        return parse_any_trusted_root(read_input(self.path))


@value
class TrustRepository:
    """The trusted root of the mirror that is configured; offline, as it is cached."""

    offline: bool = False

    def trusted_root(self) -> "TrustedRoot":
        """Return what is cached, brought up to date.

        Raises:
            CosignError: The mirror cannot be reached, or cannot be believed.
        """
        from cosignpy.cli.wiring_trust import Reach, read_target
        from cosignpy.core.trust.trusted_root import parse_trusted_root

        return parse_trusted_root(read_target(reach=Reach.OFFLINE if self.offline else Reach.ONLINE))


class Once:
    """Reads a trusted root once, however many signatures are verified by it, and by however many threads."""

    def __init__(self, source: "TrustSource") -> None:
        self._source = source
        self._lock = threading.Lock()
        self._root: TrustedRoot | None = None

    def trusted_root(self) -> "TrustedRoot":
        """Return it.

        Raises:
            CosignError: The source cannot be read.
        """
        with self._lock:
            if self._root is None:
                self._root = self._source.trusted_root()
            return self._root


def select_trust(trusted_root: str, *, offline: bool = False) -> "TrustSource":
    """Return the file that is named, else what is cached."""
    return TrustFile(trusted_root) if trusted_root else TrustRepository(offline)
