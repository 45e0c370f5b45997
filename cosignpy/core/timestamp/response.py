"""What a timestamp authority answers (RFC 3161 section 2.4.2, TimeStampResp): a status, and a token if it is good."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self

from cosignpy.core.x509.der import BIT_STRING, INTEGER, SEQUENCE, UTF8_STRING, decode_utf8, encode_sequence
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import decode_integer
from cosignpy.errors import LimitExceeded, MalformedError, TimestampError
from cosignpy.values import field, value

MAX_RESPONSE: Final = 64 << 10
"""Octets of an answer: a token is one or two kilobytes, with a chain of RSA certificates ten."""
MAX_TEXTS: Final = 16
"""Lines of explanation."""

_WHAT: Final = "timestamp response"
GRANTED: Final = 0
GRANTED_WITH_MODS: Final = 1
_STATUS_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        GRANTED: "granted",
        GRANTED_WITH_MODS: "granted with modifications",
        2: "rejection",
        3: "waiting",
        4: "revocation warning",
        5: "revocation notification",
    }
)
"""PKIStatus."""
_FAILURES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "unrecognized or unsupported algorithm",
        2: "transaction not permitted or supported",
        5: "data of the wrong format",
        14: "the time source is not available",
        15: "the policy is not supported",
        16: "the extension is not supported",
        17: "additional information is not understood or not available",
        25: "system failure",
    }
)
"""PKIFailureInfo, by the numbers of the bits."""
_GRANTED_STATUS: Final = bytes.fromhex("3003020100")


@value
class TimestampResponse:
    """An answer; the token, a ContentInfo in DER, is there if and only if the status says granted."""

    status: int
    text: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    token: bytes | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, der: bytes) -> Self:
        """Parse an answer.

        Raises:
            LimitExceeded: More than `MAX_RESPONSE` octets, or more than `MAX_TEXTS` lines of text.
            MalformedError: Not an answer in DER, or a status that does not fit whether there is a token.
        """
        if len(der) > MAX_RESPONSE:
            raise LimitExceeded(_WHAT, f"{len(der)} octets, at most {MAX_RESPONSE} are accepted")
        fields = Fields.of(der, what=_WHAT)
        status = fields.inside()
        number = decode_integer(status.content(INTEGER), what=_WHAT)
        texts = status.optional_inside(SEQUENCE)
        failures = status.optional_content(BIT_STRING)
        status.finish()
        token = None if fields.ended else fields.whole(SEQUENCE)
        fields.finish()
        if number not in _STATUS_NAMES or (number in {GRANTED, GRANTED_WITH_MODS}) != (token is not None):
            raise MalformedError(_WHAT, f"status {number}, which does not fit whether there is a token")
        return cls(
            number,
            _decode_texts(texts) if texts is not None else (),
            _decode_failures(failures) if failures is not None else (),
            token,
        )

    def granted(self) -> bytes:
        """Return the token.

        Raises:
            TimestampError: The authority gave none, and why.
        """
        if self.token is None:
            why = "; ".join([_STATUS_NAMES[self.status], *self.failures, *map(repr, self.text)])
            raise TimestampError("answer of the timestamp authority", why)
        return self.token


def encode_granted(token: bytes) -> bytes:
    """Encode the answer that has a token."""
    return encode_sequence(_GRANTED_STATUS, token)


def _decode_texts(fields: Fields) -> tuple[str, ...]:
    lines = fields.items(most=MAX_TEXTS, tags=(UTF8_STRING,))
    texts = [Fields.of(encode_sequence(line), what=_WHAT).content(UTF8_STRING) for line in lines]
    return tuple([decode_utf8(text, what=_WHAT) for text in texts])


def _decode_failures(content: bytes) -> tuple[str, ...]:
    """Name the bits that are set (X.690 section 11.2); bit 0 is the highest of the first octet."""
    if not content:
        raise MalformedError(_WHAT, "a bit string that is not DER")
    bits = content[1:]
    numbers = [place for place in range(len(bits) * 8) if bits[place // 8] >> (7 - place % 8) & 1]
    return tuple([_FAILURES.get(number, f"failure {number}") for number in numbers])
