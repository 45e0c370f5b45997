"""What a timestamp token states (RFC 3161 section 2.4.2, TSTInfo)."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Self

from cosignpy.core.timestamp.extensions import encode_extensions, read_extensions
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.x509.der import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OBJECT_IDENTIFIER,
    encode_element,
    encode_sequence,
)
from cosignpy.core.x509.der_fields import Fields
from cosignpy.core.x509.der_values import (
    TRUE,
    decode_generalized_time,
    decode_integer,
    decode_oid,
    decode_true,
    encode_generalized_time,
    encode_oid,
    encode_signed_integer,
)
from cosignpy.core.x509.tbs import NamedExtension
from cosignpy.errors import MalformedError
from cosignpy.values import value

TST_INFO: Final = encode_oid("1.2.840.113549.1.9.16.1.4", what="content type")
"""id-ct-TSTInfo."""

_WHAT: Final = "timestamp"
_V1: Final = encode_signed_integer(1)
_MILLISECONDS: Final = 0x80
_MICROSECONDS: Final = 0x81
_AUTHORITY: Final = 0xA0
_EXTENSIONS: Final = 0xA1
_MAX_PART: Final = 999
"""Of milliseconds and of microseconds."""
_MAX_SECONDS: Final = 10**9
"""Thirty years of inaccuracy; what is more does not fit a difference of times."""


@value
class TimestampInfo:
    """The statement: this imprint existed at that moment.

    `authority` is the name (a GeneralName in DER) that the authority gives itself.
    """

    policy: str
    imprint: MessageImprint
    serial: int
    moment: datetime
    accuracy: timedelta | None = None
    ordering: bool = False
    nonce: int | None = None
    authority: bytes | None = None
    extensions: tuple[NamedExtension, ...] = ()

    @classmethod
    def parse(cls, der: bytes) -> Self:
        """Parse the content of a token.

        Raises:
            WeakHash: The hash function is broken.
            WrongDigestLength: The digest is not one of that function.
            MalformedError: Not a statement in DER, or the hash function is unknown.
        """
        fields = Fields.of(der, what=_WHAT)
        if fields.whole() != _V1:
            raise MalformedError(_WHAT, "not version 1")
        policy = decode_oid(fields.content(OBJECT_IDENTIFIER), what=_WHAT)
        imprint = MessageImprint.read(fields)
        serial = decode_integer(fields.content(INTEGER), what=_WHAT)
        moment = decode_generalized_time(fields.content(GENERALIZED_TIME), what=_WHAT)
        accuracy = fields.optional_inside(0x30)
        ordering = decode_true(fields.optional_content(BOOLEAN), what=_WHAT)
        nonce = fields.optional_content(INTEGER)
        authority = fields.optional_inside(_AUTHORITY)
        found = cls(
            policy,
            imprint,
            serial,
            moment,
            _decode_accuracy(accuracy) if accuracy is not None else None,
            ordering,
            decode_integer(nonce, what=_WHAT) if nonce is not None else None,
            _read_only(authority) if authority is not None else None,
            read_extensions(fields, _EXTENSIONS),
        )
        fields.finish()
        return found

    def encode(self) -> bytes:
        """Encode in DER."""
        return encode_sequence(
            _V1,
            _encode_policy(self.policy),
            self.imprint.encode(),
            encode_signed_integer(self.serial),
            _encode_moment(self.moment),
            _encode_accuracy(self.accuracy) if self.accuracy is not None else b"",
            TRUE if self.ordering else b"",
            encode_signed_integer(self.nonce) if self.nonce is not None else b"",
            encode_element(_AUTHORITY, self.authority) if self.authority is not None else b"",
            encode_extensions(_EXTENSIONS, self.extensions),
        )


@lru_cache(maxsize=16)
def _encode_policy(policy: str) -> bytes:
    return encode_element(OBJECT_IDENTIFIER, encode_oid(policy, what=_WHAT))


@lru_cache(maxsize=4)
def _encode_moment(moment: datetime) -> bytes:
    """Encode once for all tokens of a second."""
    return encode_generalized_time(moment)


def _read_only(fields: Fields) -> bytes:
    found = fields.whole()
    fields.finish()
    return found


def _decode_accuracy(fields: Fields) -> timedelta:
    seconds = fields.optional_content(INTEGER)
    parts = [fields.optional_content(tag) for tag in (_MILLISECONDS, _MICROSECONDS)]
    fields.finish()
    whole = decode_integer(seconds, what=_WHAT) if seconds is not None else 0
    milliseconds, microseconds = [decode_integer(part, what=_WHAT) if part is not None else 0 for part in parts]
    if not 0 <= whole <= _MAX_SECONDS or not (0 <= milliseconds <= _MAX_PART and 0 <= microseconds <= _MAX_PART):
        raise MalformedError(_WHAT, "an accuracy that is out of range")
    return timedelta(seconds=whole, milliseconds=milliseconds, microseconds=microseconds)


@lru_cache(maxsize=16)
def _encode_accuracy(accuracy: timedelta) -> bytes:
    """Encode how far off the moment may be; parts that are zero are left out."""
    whole, rest = divmod(accuracy, timedelta(seconds=1))
    milliseconds, microseconds = divmod(rest.microseconds, 1000)
    parts = ((INTEGER, whole), (_MILLISECONDS, milliseconds), (_MICROSECONDS, microseconds))
    # An implicit tag takes the place of INTEGER's own.
    return encode_sequence(*[bytes((tag,)) + encode_signed_integer(part)[1:] for tag, part in parts if part])
