"""Where something stands in a file that people write, for errors; whatever the file is written in."""

from cosignpy.errors import UsageError
from cosignpy.values import record, value


@record
class DocumentError(UsageError):
    """A mistake in a file that people write: where it stands, and what is allowed there (`hint`)."""

    file: str = ""
    line: int = 0
    key: str = ""


@value
class Place:
    """Where something stands: for errors, in the form that editors jump to."""

    file: str
    line: int
    key: str = ""

    def error(self, why: str, allowed: str | None = None) -> DocumentError:
        """Build the error that names this place."""
        named = f"{self.key}: " if self.key else ""
        return DocumentError(f"{self.file}:{self.line}: {named}{why}", allowed, self.file, self.line, self.key)
