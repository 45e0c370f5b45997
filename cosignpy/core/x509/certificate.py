"""Certificates (RFC 5280 section 4.1), read strictly and once: everything that is verified is looked up in here.

`cryptography` checks the signatures. Its own certificates are not used: importing them takes a fifth of the time that a
whole verification does, and the octets have to be read here anyway, for certificate transparency
(docs/adr/0029-certificates-read-here.md).
"""

from datetime import UTC, datetime
from typing import Final, Self

from cosignpy.core.x509.der import (
    GENERALIZED_TIME,
    INTEGER,
    SEQUENCE,
    UTC_TIME,
    Element,
    read_children,
)
from cosignpy.core.x509.der_values import decode_integer
from cosignpy.core.x509.names import describe_name
from cosignpy.core.x509.tbs import EXTENSIONS, VERSION, TbsCertificate, read_parts
from cosignpy.errors import MalformedError
from cosignpy.values import field, value

_REQUIRED: Final = (INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE)
"""Serial number, signature algorithm, issuer, validity, subject, public key; the version of v1 is left out."""
_OPTIONAL: Final = (0x81, 0x82, EXTENSIONS)
"""The unique identifiers of issuer and subject, which nobody writes any more, and the extensions."""
_V2: Final = b"\x02\x01\x01"
_V3: Final = b"\x02\x01\x02"
"""The version as a whole INTEGER; that of v1 is the default, which DER leaves out."""
_DIGITS: Final = {UTC_TIME: 12, GENERALIZED_TIME: 14}
"""Before the Z, of times without fractions (section 4.1.2.5)."""
_CENTURY: Final = 100
_TURN: Final = 50
"""Two digits of a year from here on are of the last century (section 4.1.2.5.1)."""


@value
class Certificate:
    """A certificate: all its octets, and what they say. Names, keys and extensions are octets still.

    Attributes:
        der: The whole of it; two certificates are equal where these are.
        tbs: The signed part, with subject, key and extensions.
        serial_number: Positive.
        algorithm: The AlgorithmIdentifier of the signature, in DER, the same inside the signed part and outside.
        issuer: The Name in DER. The same name in another encoding is another one, as it is to Go.
        not_before, not_after: The first and the last moment at which it is valid.
        signature: Its octets.
    """

    der: bytes = field(repr=False)
    tbs: TbsCertificate = field(compare=False, repr=False)
    serial_number: int = field(compare=False)
    algorithm: bytes = field(compare=False, repr=False)
    issuer: bytes = field(compare=False, repr=False)
    not_before: datetime = field(compare=False)
    not_after: datetime = field(compare=False)
    signature: bytes = field(compare=False, repr=False)

    @classmethod
    def parse(cls, der: bytes, *, what: str = "certificate") -> Self:
        """Parse a certificate in DER. Its signature is for others to check.

        Raises:
            MalformedError: It is none, its serial number is not positive (section 4.1.2.2), its version does not fit,
                its times are none, it names two signature algorithms, or an extension is given twice.
        """
        parts, fields = read_parts(der, what=what)
        version = fields[0] if fields and fields[0].tag == VERSION else None
        behind = fields if version is None else fields[1:]
        _verify_fields(der, version, behind, what)
        serial, inner, issuer, validity = behind[:4]
        algorithm = der[parts[1].start : parts[1].end]
        if der[inner.start : inner.end] != algorithm:
            raise MalformedError(what, "it names two signature algorithms")
        number = decode_integer(der[serial.content : serial.end], what=what)
        if number <= 0:
            raise MalformedError(what, "its serial number is not positive")
        not_before, not_after = _read_validity(der, validity, what)
        return cls(
            der,
            TbsCertificate.of(der, parts[0], fields, what=what),
            number,
            algorithm,
            der[issuer.start : issuer.end],
            not_before,
            not_after,
            _read_signature(der, parts[2], what),
        )

    @property
    def subject(self) -> bytes:
        """The Name of whom it is for, in DER."""
        return self.tbs.subject

    @property
    def subject_name(self) -> str:
        """The same for people, as RFC 4514 writes it; empty where it has none, as signers' certificates.

        Raises:
            MalformedError: Not a Name in DER, or text that is not in its encoding.
        """
        return describe_name(self.subject, what="subject")

    @property
    def issuer_name(self) -> str:
        """Who issued it, for people.

        Raises:
            MalformedError: Not a Name in DER, or text that is not in its encoding.
        """
        return describe_name(self.issuer, what="issuer")


def _verify_fields(der: bytes, version: Element | None, behind: list[Element], what: str) -> None:
    tags = tuple([one.tag for one in behind])
    required = len(_REQUIRED)
    left = iter(_OPTIONAL)
    if tags[:required] != _REQUIRED or not all(tag in left for tag in tags[required:]):
        raise MalformedError(what, "it has not the fields of a certificate")
    number = der[version.content : version.end] if version is not None else b""
    least = max([1, *[_LEAST_VERSION[tag] for tag in tags[required:]]])
    if (version is not None and number not in _VERSIONS) or _VERSIONS.get(number, 1) < least:
        raise MalformedError(what, "a version of certificates that is unknown, or does not have what is in it")


_VERSIONS: Final = {_V2: 2, _V3: 3}
_LEAST_VERSION: Final = {0x81: 2, 0x82: 2, EXTENSIONS: 3}


def _read_validity(der: bytes, validity: Element, what: str) -> tuple[datetime, datetime]:
    times = read_children(der, validity, what=what)
    if len(times) != 2:  # noqa: PLR2004 - notBefore and notAfter
        raise MalformedError(what, "its validity is not two times")
    return _read_time(der, times[0], what), _read_time(der, times[1], what)


def _read_time(der: bytes, time: Element, what: str) -> datetime:
    content = der[time.content : time.end]
    digits = content[:-1]
    if len(digits) != _DIGITS.get(time.tag) or not digits.isdigit() or content[-1:] != b"Z":
        raise MalformedError(what, "a time of its validity is not in the form of certificates")
    place = len(digits) - 10
    year = int(digits[:place])
    if time.tag == UTC_TIME:
        year += 19 * _CENTURY if year >= _TURN else 20 * _CENTURY
    month, day, hour, minute, second = [int(digits[at : at + 2]) for at in range(place, len(digits), 2)]
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise MalformedError(what, "a time of its validity that there is not") from error


def _read_signature(der: bytes, signature: Element, what: str) -> bytes:
    """Return the octets of the signature, which has no unused bits.

    One that says so of bits that are zero verifies elsewhere all the same: whoever has a certificate could make another
    of it with another digest, which no deny list has.
    """
    if der[signature.content : signature.content + 1] != b"\x00":
        raise MalformedError(what, "its signature is not one of whole octets")
    return der[signature.content + 1 : signature.end]
