"""What `--fulcio`, `--rekor` and their like take: `url=https://...,start-time=...`, as cosign does."""

from collections.abc import Mapping
from datetime import datetime

from cosignpy.core.trust.validity import Validity, parse_time
from cosignpy.errors import MalformedError, UsageError
from cosignpy.values import value


@value
class ServiceSpec:
    """The keys and texts of one flag."""

    flag: str
    texts: Mapping[str, str]

    @classmethod
    def parse(cls, flag: str, text: str, required: tuple[str, ...], optional: tuple[str, ...]) -> "ServiceSpec":
        """Parse what was given to a flag.

        Raises:
            UsageError: Not pairs of a key and a text, an unknown key, one given twice, empty or missing.
        """
        hint = f"it takes {','.join(f'{key}=...' for key in required)}; and, if wanted, {', '.join(optional)}"
        found: dict[str, str] = {}
        for pair in text.split(","):
            key, equals, content = (part.strip() for part in pair.partition("="))
            if not equals or key not in (*required, *optional):
                raise UsageError(f"{flag}: {pair.strip()!r} is not one of its keys with a value", hint)
            if key in found:
                raise UsageError(f"{flag}: {key} is given twice", hint)
            if not content and key in optional:  # what an unset variable leaves: an end that is empty would be none
                raise UsageError(f"{flag}: {key} is empty", hint)
            found[key] = content
        for key in required:
            if not found.get(key):
                raise UsageError(f"{flag}: {key} is missing", hint)
        return cls(flag, found)

    def __getitem__(self, key: str) -> str:
        return self.texts.get(key, "")

    @property
    def validity(self) -> Validity:
        """What `start-time` and `end-time` say.

        Raises:
            UsageError: Not times, or the end comes first.
        """
        found = Validity(self._time("start-time"), self._time("end-time"))
        if found.start and found.end and found.end < found.start:
            raise UsageError(f"{self.flag}: it ends before it starts")
        return found

    def _time(self, key: str) -> datetime | None:
        return parse_time_flag(f"{self.flag}: {key}", self[key]) if self[key] else None


def parse_time_flag(flag: str, text: str) -> datetime:
    """Parse a time that somebody typed.

    Raises:
        UsageError: It is none.
    """
    try:
        return parse_time(text, what=flag)
    except MalformedError as error:
        raise UsageError(f"{flag} {text!r}: {error.why}") from error
