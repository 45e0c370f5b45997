"""A constructed element of DER read field by field, as ASN.1 lists them: this one, that one if it is there, no more."""

from typing import Self

from cosignpy.core.x509.der import SEQUENCE, Element, read_element, read_whole
from cosignpy.errors import LimitExceeded, MalformedError


class Fields:
    """The fields of one element; whoever reads them says at the end that there are no others."""

    __slots__ = ("_end", "_next", "raw", "what")

    def __init__(self, raw: bytes, parent: Element, what: str) -> None:
        self.raw = raw
        self.what = what
        self._next = parent.content
        self._end = parent.end

    @classmethod
    def of(cls, raw: bytes, *, what: str, tag: int = SEQUENCE) -> Self:
        """Open bytes that are one element and nothing else.

        Raises:
            MalformedError: Another tag, or bytes behind it.
        """
        return cls(raw, read_whole(raw, tag, what=what), what)

    @property
    def ended(self) -> bool:
        """Whether all fields were read."""
        return self._next == self._end

    def element(self, *tags: int) -> Element:
        """Read the next field, which has one of these tags; without any, whatever it has.

        Raises:
            MalformedError: There is none, it has another tag, or it is not DER.
        """
        found = read_element(self.raw, self._next, self._end, what=self.what)
        if tags and found.tag not in tags:
            wanted = " or ".join([f"{tag:#04x}" for tag in tags])
            raise MalformedError(self.what, f"tag {found.tag:#04x} where {wanted} was expected")
        self._next = found.end
        return found

    def optional(self, tag: int) -> Element | None:
        """Read the next field if it has this tag.

        Raises:
            MalformedError: It has, and is not DER.
        """
        return self.element() if self._next < self._end and self.raw[self._next] == tag else None

    def whole(self, *tags: int) -> bytes:
        """Read the next field, and return it with its tag and length.

        Raises:
            MalformedError: As `element` does.
        """
        found = self.element(*tags)
        return self.raw[found.start : found.end]

    def content(self, tag: int) -> bytes:
        """Read the next field, and return what it consists of.

        Raises:
            MalformedError: As `element` does.
        """
        found = self.element(tag)
        return self.raw[found.content : found.end]

    def optional_content(self, tag: int) -> bytes | None:
        """Return what the next field consists of if it has this tag.

        Raises:
            MalformedError: It has, and is not DER.
        """
        found = self.optional(tag)
        return self.raw[found.content : found.end] if found is not None else None

    def inside(self, tag: int = SEQUENCE) -> "Fields":
        """Open the next field.

        Raises:
            MalformedError: As `element` does.
        """
        return Fields(self.raw, self.element(tag), self.what)

    def optional_inside(self, tag: int) -> "Fields | None":
        """Open the next field if it has this tag.

        Raises:
            MalformedError: It has, and is not DER.
        """
        found = self.optional(tag)
        return Fields(self.raw, found, self.what) if found is not None else None

    def finish(self) -> None:
        """Say that there are no other fields.

        Raises:
            MalformedError: There are.
        """
        if self._next != self._end:
            raise MalformedError(self.what, "it has more fields than it may have")

    def items(self, *, most: int, tags: tuple[int, ...] = ()) -> tuple[bytes, ...]:
        """Read all that is left, each whole: the elements of a SET OF or a SEQUENCE OF.

        Raises:
            MalformedError: One of them has another tag, or is not DER.
            LimitExceeded: More than `most`.
        """
        found: list[bytes] = []
        while self._next != self._end:
            if len(found) == most:
                raise LimitExceeded(self.what, f"a set of more than {most} elements")
            found.append(self.whole(*tags))
        return tuple(found)
