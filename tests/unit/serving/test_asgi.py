import asyncio
from contextlib import suppress

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from cosignpy.serving.asgi import (
    BodiesTooMany,
    BodyEncoded,
    BodyLimits,
    BodyTooLarge,
    BodyTooSlow,
    answer,
    header,
    read_body,
)
from tests.support.asgi_calls import Client, scope_of

LIMITS = BodyLimits(size=10)


def read(client: Client, *headers: tuple[bytes, bytes], limits: BodyLimits = LIMITS) -> bytes:
    return asyncio.run(read_body(scope_of(headers=headers), client.receive, limits))


@pytest.mark.parametrize("pieces", [(b"0123456789",), (b"01234", b"", b"56789")])
def test_a_body_of_the_size_allowed_is_read_whole(pieces: tuple[bytes, ...]) -> None:
    assert read(Client(pieces), (b"content-length", b"10")) == b"0123456789"


@pytest.mark.parametrize("pieces", [(b"0123456789x",), (b"01234", b"56789x", b"never asked for")])
def test_a_body_one_byte_larger_is_refused(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(BodyTooLarge) as refused:
        read(Client(pieces))
    assert refused.value.limit == 10


def test_a_body_that_declares_to_be_larger_is_refused_before_it_is_read() -> None:
    client = Client()
    with pytest.raises(BodyTooLarge):
        read(client, (b"content-length", b"11"))
    assert client.asked == 0


@pytest.mark.parametrize("coding", [b"gzip", b"identity, gzip", b"br", b"\xff"])
def test_a_body_that_is_compressed_is_refused_before_it_is_read(coding: bytes) -> None:
    client = Client((b"x",))
    with pytest.raises(BodyEncoded) as refused:
        read(client, (b"content-encoding", coding))
    assert (refused.value.coding.encode("latin-1"), client.asked) == (coding, 0)


@pytest.mark.parametrize("coding", [b"", b"identity", b"Identity"])
def test_a_body_that_is_as_it_is_may_say_so(coding: bytes) -> None:
    assert read(Client((b"x",)), (b"content-encoding", coding)) == b"x"


@pytest.mark.parametrize("declared", [b"", b"-5", "\u0661\u0661".encode()])
def test_a_length_that_is_no_number_is_left_to_the_reading(declared: bytes) -> None:
    assert read(Client((b"x",)), (b"content-length", declared)) == b"x"


def test_a_body_that_stops_before_its_end_is_too_slow() -> None:
    with pytest.raises(BodyTooSlow) as slow:
        read(Client((b"begin",), ends=False), limits=BodyLimits(10, seconds=0.01))
    assert slow.value.seconds == 0.01


def test_bodies_that_arrive_at_once_are_limited_together() -> None:
    limits = BodyLimits(10, together=8)

    async def arriving() -> None:
        first = Client((b"12345",), ends=False)
        task = asyncio.create_task(read_body(scope_of(), first.receive, limits))
        for _ in range(3):  # the task begins, reads one piece, and waits for the next
            await asyncio.sleep(0)
        assert await read_body(scope_of(), Client((b"12", b"3")).receive, limits) == b"123"
        with pytest.raises(BodiesTooMany) as refused:
            await read_body(scope_of(), Client((b"1234", b"5")).receive, limits)
        assert refused.value.limit == 8
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert await read_body(scope_of(), Client((b"1234", b"5")).receive, limits) == b"12345"

    asyncio.run(arriving())


def test_a_task_that_is_cancelled_while_it_reads_is_cancelled_not_slow() -> None:
    async def cancelled() -> None:
        client = Client((b"begin",), ends=False)
        task = asyncio.create_task(read_body(scope_of(), client.receive, LIMITS))
        for _ in range(3):
            await asyncio.sleep(0)
        assert client.asked == 2
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_a_task_that_is_cancelled_when_it_was_too_slow_is_cancelled() -> None:
    async def both() -> None:
        client = Client((b"begin",), ends=False)
        task = asyncio.create_task(read_body(scope_of(), client.receive, BodyLimits(10, seconds=0)))
        for _ in range(2):  # the task begins to wait; its deadline passes
            await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(both())


def test_a_task_that_was_too_slow_goes_on() -> None:
    async def slow_then_fast() -> bytes:
        with pytest.raises(BodyTooSlow):
            await read_body(scope_of(), Client((b"begin",), ends=False).receive, BodyLimits(10, 0.01))
        return await read_body(scope_of(), Client((b"again",)).receive, LIMITS)

    assert asyncio.run(slow_then_fast()) == b"again"


def test_a_client_that_leaves_is_no_empty_body() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientDisconnect):
        asyncio.run(read_body(scope_of(), gone, LIMITS))


def test_the_first_of_several_headers_counts() -> None:
    scope = scope_of(headers=[(b"host", b"a"), (b"x-id", b"first"), (b"x-id", b"second")])
    assert (header(scope, b"x-id"), header(scope, b"accept")) == (b"first", b"")


def test_an_answer_carries_its_length() -> None:
    client = Client()
    asyncio.run(answer(client.send, 201, b"made", [(b"content-type", b"text/plain")]))
    assert client.answer.headers == {b"content-type": b"text/plain", b"content-length": b"4"}
    assert (client.answer.status, client.answer.body) == (201, b"made")
