"""Dates in headers (RFC 9110 section 5.6.7), which the other side may fill with anything."""

from datetime import UTC


def parse_http_date(text: str) -> float | None:
    """Return the seconds since 1970 of a date; None where it is none."""
    from email.utils import parsedate_to_datetime  # 5 ms that most runs have no use for

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # numbers of more digits than any date has
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
