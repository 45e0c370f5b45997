"""Spans of time in which something counts (protobuf-specs, `TimeRange`), and times in protobuf JSON (RFC 3339)."""

import re
from datetime import UTC, datetime
from typing import Final

from cosignpy.core.encoding import JsonObject, JsonValue
from cosignpy.errors import MalformedError
from cosignpy.values import value

_TIME: Final = re.compile(
    r"(?P<seconds>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,9}))?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})"
)


@value
class Validity:
    """From a first moment to a last one, both included; without an end it lasts.

    Attributes:
        start: The first moment. Where a document has none, nothing says that it ever began.
        end: The last moment.
    """

    start: datetime | None
    end: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Tell whether a moment lies in it; none does where there is no start."""
        return self.start is not None and self.start <= moment and not self.ended_before(moment)

    def begins_after(self, moment: datetime) -> bool:
        """Tell whether it had not begun at a moment."""
        return self.start is not None and moment < self.start

    def ended_before(self, moment: datetime) -> bool:
        """Tell whether it was over at a moment."""
        return self.end is not None and self.end < moment


def parse_validity(found: JsonObject | None) -> Validity:
    """Read a time range; of an absent one nothing is known.

    Raises:
        MalformedError: Unknown members, or times that are none.
    """
    if found is None:
        return Validity(None)
    found.refuse_unknown("start", "end")
    return Validity(_read_time(found, "start"), _read_time(found, "end"))


def encode_validity(validity: Validity) -> dict[str, JsonValue]:
    """Return a time range as a JSON object."""
    times = {"start": validity.start, "end": validity.end}
    return {name: encode_time(moment) for name, moment in times.items() if moment is not None}


def parse_time(text: str, *, what: str) -> datetime:
    """Parse a time in RFC 3339; of a fraction six digits count.

    Raises:
        MalformedError: Written otherwise, without a zone, or no time that exists.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise MalformedError(what, "expected a time like 2025-01-31T12:00:00Z")
    zone = match["zone"].replace("Z", "+00:00")
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{match['seconds']}.{fraction}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedError(what, f"{text} is no time that exists") from error


def encode_time(moment: datetime) -> str:
    """Encode as protobuf JSON wants it: in UTC, with no more of a fraction than there is, in groups of three digits."""
    timespec = "seconds" if not moment.microsecond else "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


def _read_time(found: JsonObject, name: str) -> datetime | None:
    return parse_time(found.text(name), what=f"{found.what} {found.path}{name}") if name in found else None
