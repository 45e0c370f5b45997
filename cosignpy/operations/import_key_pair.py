"""Take over a private key that another tool made."""

from collections.abc import Callable

from cosignpy.core.keys.foreign_pem import parse_foreign_pem
from cosignpy.core.keys.public import PublicKey
from cosignpy.operations.generate_key_pair import PairPorts, keep_key_pair
from cosignpy.values import field, value


@value
class ForeignKey:
    """A private key file of another tool; its own password is asked for only if it has one."""

    source: str
    raw: bytes = field(repr=False)
    password: Callable[[], bytes] = field(repr=False)


def import_key_pair(foreign: ForeignKey, ports: PairPorts) -> PublicKey:
    """Lock a foreign private key with a new password, in cosign's format, and write both halves.

    Raises:
        KeyUnusable: It cannot be imported; the hint says what to do.
        WrongPassword: Its own password is another.
        MalformedError: It is broken.
        CosignError: As the ports do. Nothing is written in any of these cases.
    """
    return keep_key_pair(lambda: parse_foreign_pem(foreign.raw, foreign.password, what=foreign.source), ports)
