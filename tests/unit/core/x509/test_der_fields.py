"""Elements read field by field."""

from collections.abc import Callable

import pytest

from cosignpy.core.x509.der import INTEGER, OCTET_STRING, SEQUENCE, SET, encode_element, encode_sequence
from cosignpy.core.x509.der_fields import Fields
from cosignpy.errors import LimitExceeded, MalformedError

ONE = b"\x02\x01\x01"
OCTETS = encode_element(OCTET_STRING, b"x")
BOTH = encode_sequence(ONE, OCTETS)


def fields(*elements: bytes) -> Fields:
    return Fields.of(encode_sequence(*elements), what="test")


def test_fields_are_read_in_order() -> None:
    found = fields(ONE, OCTETS, BOTH)
    assert found.content(INTEGER) == b"\x01"
    assert not found.ended
    assert found.whole() == OCTETS
    inside = found.inside()
    assert (inside.whole(INTEGER, SET), inside.content(OCTET_STRING)) == (ONE, b"x")
    inside.finish()
    found.finish()
    assert found.ended


def test_fields_may_be_missing() -> None:
    found = fields(ONE, BOTH)
    assert found.optional(OCTET_STRING) is None
    assert found.optional_content(OCTET_STRING) is None
    assert found.optional_inside(SET) is None
    assert found.optional_content(INTEGER) == b"\x01"
    inside = found.optional_inside(SEQUENCE)
    assert inside is not None
    assert inside.whole() == ONE
    assert found.optional(INTEGER) is None
    assert found.optional_inside(SEQUENCE) is None


def test_all_that_is_left_is_read() -> None:
    assert fields(ONE, OCTETS, ONE).items(most=3) == (ONE, OCTETS, ONE)
    assert fields().items(most=0) == ()
    assert fields(ONE, ONE).items(most=2, tags=(INTEGER,)) == (ONE, ONE)


def read_more(found: Fields) -> None:
    found.whole()
    found.whole()


@pytest.mark.parametrize(
    "read",
    [
        Fields.finish,
        read_more,
        lambda found: found.content(OCTET_STRING),
        lambda found: found.inside(SET),
        lambda found: found.whole(OCTET_STRING, SET),
        lambda found: found.items(most=1, tags=(OCTET_STRING,)),
    ],
)
def test_other_fields_are_refused(read: Callable[[Fields], object]) -> None:
    with pytest.raises(MalformedError) as caught:
        read(fields(ONE))
    assert caught.value.what == "test"


def test_more_than_there_may_be_are_refused() -> None:
    with pytest.raises(LimitExceeded):
        fields(ONE, ONE).items(most=1)


@pytest.mark.parametrize("raw", [b"", BOTH + b"\0", encode_element(SET, ONE), b"\x30\x80\x00\x00"])
def test_other_elements_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        Fields.of(raw, what="test")
