"""Requests: what is read, and what is refused."""

from collections.abc import Callable

import pytest

from cosignpy.core.timestamp.imprint import HASH_OIDS, MessageImprint, WeakHash, WrongDigestLength
from cosignpy.core.timestamp.request import MAX_NONCE_BITS, MAX_REQUEST, TimestampRequest
from cosignpy.core.x509.der import encode_element
from cosignpy.core.x509.der_values import TRUE
from cosignpy.core.x509.tbs import Extension, NamedExtension, encode_extension
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support.cms import ONE, of_set, oid_element, sequence

DIGEST = bytes(32)
SHA256 = sequence(encode_element(6, HASH_OIDS["sha256"]), b"\x05\x00")
IMPRINT = sequence(SHA256, encode_element(4, DIGEST))
POLICY = oid_element("1.2.3")
NONCE = b"\x02\x01\x07"
EXTENSION = encode_extension(b"\x2a\x03", Extension(critical=True, content=b"x"))


def imprint(oid: str, size: int, parameters: bytes = b"\x05\x00") -> bytes:
    return sequence(sequence(oid_element(oid), parameters), encode_element(4, bytes(size)))


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ((), TimestampRequest(MessageImprint("sha256", DIGEST))),
        ((POLICY,), TimestampRequest(MessageImprint("sha256", DIGEST), policy="1.2.3")),
        ((NONCE,), TimestampRequest(MessageImprint("sha256", DIGEST), nonce=7)),
        ((b"\x02\x01\xff",), TimestampRequest(MessageImprint("sha256", DIGEST), nonce=-1)),
        ((TRUE,), TimestampRequest(MessageImprint("sha256", DIGEST), certificates=True)),
        (
            (POLICY, NONCE, TRUE, encode_element(0xA0, EXTENSION.raw)),
            TimestampRequest(MessageImprint("sha256", DIGEST), "1.2.3", 7, True, (EXTENSION,)),
        ),
    ],
)
def test_requests(fields: tuple[bytes, ...], wanted: TimestampRequest) -> None:
    der = sequence(ONE, IMPRINT, *fields)
    assert TimestampRequest.parse(der) == wanted
    assert wanted.encode() == der


@pytest.mark.parametrize(
    ("oid", "name", "size"),
    [
        ("2.16.840.1.101.3.4.2.1", "sha256", 32),
        ("2.16.840.1.101.3.4.2.2", "sha384", 48),
        ("2.16.840.1.101.3.4.2.3", "sha512", 64),
    ],
)
def test_hash_functions(oid: str, name: str, size: int) -> None:
    wanted = MessageImprint(name, bytes(size))
    assert TimestampRequest.parse(sequence(ONE, imprint(oid, size))).imprint == wanted
    assert TimestampRequest.parse(sequence(ONE, imprint(oid, size, b""))).imprint == wanted
    assert wanted.encode() == imprint(oid, size)
    with pytest.raises(WrongDigestLength):
        TimestampRequest.parse(sequence(ONE, imprint(oid, size + 1)))


@pytest.mark.parametrize(
    ("oid", "size"), [("1.3.14.3.2.26", 20), ("1.2.840.113549.2.5", 16), ("2.16.840.1.101.3.4.2.4", 28)]
)
def test_weak_hash_functions_are_refused(oid: str, size: int) -> None:
    with pytest.raises(WeakHash):
        TimestampRequest.parse(sequence(ONE, imprint(oid, size)))


@pytest.mark.parametrize(
    "change",
    [
        lambda der: der + b"\0",
        lambda der: der[:-1],
        lambda der: der.replace(ONE, b"\x02\x01\x02", 1),
        lambda der: der.replace(ONE, b"\x02\x02\x00\x01", 1),
        lambda _: b"",
        lambda _: of_set(ONE, IMPRINT),
        lambda _: sequence(ONE),
        lambda _: sequence(IMPRINT),
        lambda _: sequence(ONE, IMPRINT, b"\x01\x01\x00"),
        lambda _: sequence(ONE, IMPRINT, b"\x01\x01\x01"),
        lambda _: sequence(ONE, IMPRINT, NONCE, POLICY),
        lambda _: sequence(ONE, IMPRINT, NONCE, NONCE),
        lambda _: sequence(ONE, IMPRINT, b"\x02\x02\x00\x07"),
        lambda _: sequence(ONE, IMPRINT, b"\x06\x01\x80"),
        lambda _: sequence(ONE, IMPRINT, encode_element(0xA0, b"")),
        lambda _: sequence(ONE, IMPRINT, encode_element(0xA0, EXTENSION.raw * 2)),
        lambda _: sequence(ONE, IMPRINT, encode_element(0xA0, sequence(oid_element("1.2")))),
        lambda _: sequence(ONE, IMPRINT, encode_element(0xA1, EXTENSION.raw)),
        lambda _: sequence(ONE, sequence(SHA256, encode_element(4, DIGEST), NONCE)),
        lambda _: sequence(ONE, imprint("1.2.3", 32)),
        lambda _: sequence(ONE, imprint("2.16.840.1.101.3.4.2.1", 32, b"\x05\x00\x05\x00")),
        lambda _: sequence(ONE, imprint("2.16.840.1.101.3.4.2.1", 32, sequence())),
    ],
)
def test_what_is_not_a_request_is_refused(change: Callable[[bytes], bytes]) -> None:
    good = sequence(ONE, IMPRINT, NONCE)
    assert TimestampRequest.parse(good)
    with pytest.raises(MalformedError):
        TimestampRequest.parse(change(good))


def test_an_unknown_hash_function_is_neither_weak_nor_of_another_length() -> None:
    with pytest.raises(MalformedError) as refused:
        TimestampRequest.parse(sequence(ONE, imprint("1.2.3", 32)))
    assert type(refused.value) is MalformedError


def padded(size: int) -> bytes:
    """Return a request of that many octets, most of them in an extension."""
    empty = TimestampRequest(MessageImprint("sha256", DIGEST), extensions=(_extension(1000),)).encode()
    return TimestampRequest(
        MessageImprint("sha256", DIGEST), extensions=(_extension(1000 + size - len(empty)),)
    ).encode()


def _extension(size: int) -> NamedExtension:
    return encode_extension(b"\x2a\x03", Extension(critical=False, content=bytes(size)))


def test_a_request_has_a_limit() -> None:
    assert len(padded(MAX_REQUEST)) == MAX_REQUEST
    assert TimestampRequest.parse(padded(MAX_REQUEST)).extensions
    with pytest.raises(LimitExceeded):
        TimestampRequest.parse(padded(MAX_REQUEST + 1))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_nonce_has_a_limit(sign: int) -> None:
    found = MessageImprint("sha256", DIGEST)
    longest = TimestampRequest(found, nonce=sign * ((1 << MAX_NONCE_BITS) - 1))
    assert TimestampRequest.parse(longest.encode()) == longest
    with pytest.raises(LimitExceeded):
        TimestampRequest(found, nonce=sign << MAX_NONCE_BITS)


def test_an_imprint_is_made_of_a_message() -> None:
    made = MessageImprint.of(b"abc")
    assert str(made) == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(MessageImprint.of(b"abc", "sha512").digest) == 64
    with pytest.raises(WeakHash):
        MessageImprint.of(b"abc", "sha1")
    with pytest.raises(MalformedError):
        MessageImprint.of(b"abc", "whirlpool")
