"""TLS vectors: a length, so many bytes, and nothing behind the last."""

import pytest

from cosignpy.core.tls_vectors import VectorReader, encode_vector
from cosignpy.errors import LimitExceeded, MalformedError


def test_a_vector_stands_behind_its_length() -> None:
    assert encode_vector(b"ab", 3, what="test") == b"\0\0\2ab"
    reader = VectorReader(b"\0\0\2ab\1\2", "test")
    assert (reader.vector(3), reader.ended) == (b"ab", False)
    assert (reader.number(2), reader.ended) == (0x0102, True)
    reader.finish()


def test_a_vector_fits_its_length() -> None:
    assert encode_vector(b"x" * 255, 1, what="test")[0] == 255
    with pytest.raises(LimitExceeded) as caught:
        encode_vector(b"x" * 256, 1, what="test")
    assert caught.value.what == "test"


@pytest.mark.parametrize("raw", [b"", b"\0", b"\0\2a"])
def test_a_vector_that_is_cut_off_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        VectorReader(raw, "test").vector(2)
    assert caught.value.what == "test"


def test_a_rest_is_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        VectorReader(b"ab", "test", 1).finish()
    assert caught.value.what == "test"
