"""An image that a file names, and where."""

from cosignpy.documents import DocumentError, Place
from cosignpy.imagepolicy.workloads import Workload
from cosignpy.values import value


@value
class NamedImage:
    """An image as a file names it, and what for (`role`).

    `span` is where the name stands in the text of the file; None where it does not stand there as it is.
    """

    name: str
    place: Place
    role: str
    span: tuple[int, int] | None = None
    workload: Workload | None = None


@value
class Notice:
    """What a person should know about a file: something there may name an image, and it is not looked at."""

    place: Place
    why: str
    hint: str | None = None

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.place.file}:{self.place.line}: {self.why}{hint}"

    def error(self) -> DocumentError:
        """Build the error for where nothing may be passed over."""
        return Place(self.place.file, self.place.line).error(self.why, self.hint)
