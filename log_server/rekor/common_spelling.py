"""The one spelling in which nearly all requests of a kind come, decoded by type.

There are thousands a second, and the strict reader takes each apart member by member. A decoder by type is several
times as fast, and less strict: it keeps the last of two members of one name, and base64 in more than one spelling.
`CommonSpelling` shows that a request has neither, or leaves it to the strict reader, which accepts it or says what is
wrong with it.
"""

from base64 import b64encode
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class CommonSpelling(Generic[T]):
    """JSON that is of a type of `msgspec` structures, whose members are all required and of which none is unknown."""

    def __init__(self, form: type[T], members: int, octets_of: Callable[[T], tuple[bytes, ...]]) -> None:
        """Describe it by the members that it has in all, in all its objects, and by the octets it holds in base64."""
        self._decode = msgspec.json.Decoder(form).decode
        self._members = members
        self._octets_of = octets_of

    def parse(self, raw: bytes) -> T | None:
        """Parse a request; None says no more than that it is not in this spelling.

        A text has a colon for each member, and more for a member that is repeated or a colon in a value.
        """
        try:
            found = self._decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        if raw.count(b":") != self._members:
            return None
        for octets in self._octets_of(found):
            if b64encode(octets) not in raw:  # another spelling of the same octets
                return None
        return found
