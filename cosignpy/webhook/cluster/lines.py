"""Answers that come in pieces: lines of a watch, and whole ones, up to a limit."""

from collections.abc import AsyncIterator

from cosignpy.errors import LimitExceeded

_WHAT = "answer of the API server"


async def split_lines(pieces: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """Split at line feeds and at nothing else; blank lines are left out, and so is one that never ended.

    Raises:
        LimitExceeded: A line has more than `most` octets.
    """
    begun: list[bytes] = []
    size = 0
    async for piece in pieces:
        first, *rest = piece.split(b"\n")
        begun.append(first)
        size += len(first)
        if size > most:
            raise LimitExceeded(_WHAT, f"a line of more than {most} octets")
        for follower in rest:
            line = b"".join(begun)
            begun, size = [follower], len(follower)
            if line.strip():
                yield line


async def read_capped(pieces: AsyncIterator[bytes], most: int) -> bytes:
    """Read all.

    Raises:
        LimitExceeded: There are more than `most` octets.
    """
    found: list[bytes] = []
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > most:
            raise LimitExceeded(_WHAT, f"more than {most} octets")
        found.append(piece)
    return b"".join(found)
