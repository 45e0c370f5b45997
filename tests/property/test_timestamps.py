"""Timestamps: what is written is read back; what is read is refused for one reason only; no changed token passes."""

from datetime import UTC, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ca_server.tsa.json_request import parse_json_request
from cosignpy.core.timestamp.imprint import SIZES, MessageImprint
from cosignpy.core.timestamp.info import TimestampInfo
from cosignpy.core.timestamp.request import MAX_NONCE_BITS, TimestampRequest
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.timestamp.verify import verify_timestamp
from cosignpy.core.x509.der_values import decode_integer, decode_oid, encode_oid, encode_signed_integer
from cosignpy.core.x509.tbs import Extension, encode_extension
from cosignpy.errors import CosignError, MalformedError
from tests.property.strategies import neighbours
from tests.support.timestamps import INFO, MESSAGE, TRUSTED, good_token

LARGEST_NONCE = (1 << MAX_NONCE_BITS) - 1
TOKEN = good_token()


def imprints() -> st.SearchStrategy[MessageImprint]:
    return st.sampled_from(sorted(SIZES)).flatmap(
        lambda name: st.binary(min_size=SIZES[name], max_size=SIZES[name]).map(
            lambda digest: MessageImprint(name, digest)
        )
    )


def oids() -> st.SearchStrategy[str]:
    arcs = st.lists(st.integers(0, 1 << 100), max_size=20)
    second = st.integers(0, 39)
    return st.builds(
        lambda first, after, others: ".".join(map(str, (first, after, *others))), st.integers(0, 2), second, arcs
    )


def extensions() -> st.SearchStrategy[tuple]:
    one = st.builds(Extension, st.booleans(), st.binary(max_size=10))
    named = st.dictionaries(st.sampled_from([b"\x2a\x03", b"\x2a\x04", b"\x55\x1d\x25"]), one, max_size=3)
    return named.map(lambda found: tuple(encode_extension(oid, extension) for oid, extension in found.items()))


def requests() -> st.SearchStrategy[TimestampRequest]:
    nonces = st.none() | st.integers(-LARGEST_NONCE, LARGEST_NONCE)
    return st.builds(TimestampRequest, imprints(), st.none() | oids(), nonces, st.booleans(), extensions())


def statements() -> st.SearchStrategy[TimestampInfo]:
    moments = st.datetimes(timezones=st.just(UTC))
    accuracies = st.timedeltas(timedelta(), timedelta(seconds=10**9))
    numbers = st.integers(-(1 << 160), 1 << 160)
    authority = st.none() | st.binary(max_size=20).map(lambda content: b"\x82" + bytes((len(content),)) + content)
    return st.builds(
        TimestampInfo,
        oids(),
        imprints(),
        numbers,
        moments,
        st.none() | accuracies,
        st.booleans(),
        st.none() | numbers,
        authority,
        extensions(),
    )


@given(requests())
def test_requests_are_read_as_they_were_written(request: TimestampRequest) -> None:
    assert TimestampRequest.parse(request.encode()) == request


@given(statements())
def test_statements_are_read_as_they_were_written(statement: TimestampInfo) -> None:
    assert TimestampInfo.parse(statement.encode()) == statement


@given(oids())
def test_object_identifiers_are_read_as_they_were_written(dotted: str) -> None:
    assert decode_oid(encode_oid(dotted, what="test"), what="test") == dotted


@given(st.binary(max_size=12))
def test_each_integer_has_one_encoding(content: bytes) -> None:
    try:
        number = decode_integer(content, what="test")
    except MalformedError:
        return
    assert encode_signed_integer(number)[2:] == content


def parse_twice(raw: bytes) -> None:
    """Parse, and show that what is read is written as it was, but for the parameters of the hash function."""
    try:
        request = TimestampRequest.parse(raw)
    except MalformedError:
        return
    assert request.encode() == raw or b"\x05\x00" not in raw


@given(st.binary(max_size=300))
def test_bytes_are_a_request_or_malformed(raw: bytes) -> None:
    parse_twice(raw)


@settings(max_examples=500)
@given(requests().flatmap(lambda request: neighbours(request.encode())))
def test_a_changed_request_is_a_request_or_malformed(raw: bytes) -> None:
    parse_twice(raw)


GOOD_JSON = (
    b'{"artifactHash":"' + b"A" * 43 + b'=","hashAlgorithm":"sha256","certificates":false,"nonce":12,'
    b'"tsaPolicyOID":"1.2.3"}'
)


@settings(max_examples=500)
@given(neighbours(GOOD_JSON) | st.binary(max_size=100) | st.text(max_size=60).map(str.encode))
def test_other_json_is_a_request_or_malformed(raw: bytes) -> None:
    try:
        assert parse_json_request(raw).encode()
    except MalformedError:
        return


@given(st.binary(max_size=300) | neighbours(b"\x30\x0a\x30\x08\x02\x01\x02\x03\x03\x07\x80\x00"))
def test_bytes_are_an_answer_or_malformed(raw: bytes) -> None:
    try:
        assert TimestampResponse.parse(raw).status < 6
    except MalformedError:
        return


@settings(max_examples=1000)
@given(neighbours(TOKEN))
def test_no_changed_token_states_anything_else(token: bytes) -> None:
    """Some octets are not signed, such as the certificates that come along; none of them changes what is proved."""
    try:
        proved = verify_timestamp(token, MESSAGE, TRUSTED)
    except CosignError:
        return
    assert proved.info == INFO
