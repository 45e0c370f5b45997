"""What the front and its workers tell each other: messages in MessagePack, each after its length in four octets.

Moments are those of `time.monotonic`, which all processes of a machine share.
"""

import struct
from typing import Final

import msgspec

from cosignpy.errors import LimitExceeded

MAX_MESSAGE: Final = 16 << 20
"""Octets; a policy with its trust roots has some hundred thousand, a workload at most a million and a half."""

LENGTH: Final = struct.Struct(">I")


class Setup(msgspec.Struct, tag="setup", frozen=True):
    """The first that a worker is told: how registries are reached, and how many threads and octets it has."""

    threads: int
    memory: int
    cacert: str
    plain_http: tuple[str, ...]
    allow_local: bool
    allow_private: bool
    cloud: bool
    at_once: int
    at_once_each: int


class NewPolicy(msgspec.Struct, tag="policy", frozen=True):
    """A policy that questions will name by its version."""

    version: str
    encoded: bytes


class OldPolicies(msgspec.Struct, tag="forget", frozen=True):
    """Policies that no question will name any more."""

    versions: tuple[str, ...]


class NewTrust(msgspec.Struct, tag="trust", frozen=True):
    """Who is believed from now on where a policy names nobody; without octets nobody is, and the problem says why."""

    root: bytes
    problem: str


class Runs(msgspec.Struct, frozen=True):
    """What runs an image; `document` is JSON with what conditions are about, empty where they are about nothing."""

    group: str
    version: str
    resource: str
    labels: dict[str, str]
    document: bytes


class Lent(msgspec.Struct, frozen=True):
    """What the Secrets have that a policy names for its signatures: Docker's configuration."""

    names: tuple[str, ...]
    docker_config: str


class Decide(msgspec.Struct, tag="decide", frozen=True):
    """Decide over an image by policies that are about it, asking allowed registries only; times are in seconds."""

    number: int
    name: str
    full_name: str
    repository: str
    digest: str
    policies: tuple[str, ...]
    runs: Runs
    docker_config: str
    identity: str
    allowed: tuple[str, ...]
    deadline: float
    lifetime: float
    grace: float
    lent: tuple[Lent, ...] = ()


class Resolve(msgspec.Struct, tag="resolve", frozen=True):
    """Find out which digest a tag names."""

    number: int
    repository: str
    tag: str
    docker_config: str
    identity: str
    allowed: tuple[str, ...]
    deadline: float


class Renew(msgspec.Struct, tag="renew", frozen=True):
    """Bring the trusted root of a TUF repository up to date; an empty mirror is the public good instance's."""

    number: int
    mirror: str
    root: bytes
    has_root: bool
    folder: str
    deadline: float


class Extend(msgspec.Struct, tag="extend", frozen=True):
    """A question has more time."""

    number: int
    deadline: float


class Said(msgspec.Struct, frozen=True):
    """What one policy said; `policy` is its place among those of the question."""

    policy: int
    outcome: str
    authority: str
    reasons: tuple[str, ...]
    evidence: tuple[str, ...]


class Decided(msgspec.Struct, tag="decided", frozen=True):
    """An answer.

    Attributes:
        number: Of the question.
        outcome: Of all policies together.
        said: What each said.
        cause: Why it is refused, or warned of; empty where it passed.
        problem: The same in words, where policies are not what it is refused for.
        is_away: Whether it is refused since a registry cannot be reached, or was not heard of in time.
        is_kept: Whether the same will be decided in a while.
        lifetime: For how many seconds it counts; `grace` after that while the registry is away.
        grace: See there.
        moment: When it was decided, in seconds of the calendar.
    """

    number: int
    outcome: str
    said: tuple[Said, ...] = ()
    cause: str = ""
    problem: str = ""
    is_away: bool = False
    is_kept: bool = False
    lifetime: float = 0.0
    grace: float = 0.0
    moment: float = 0.0


class Found(msgspec.Struct, tag="found", frozen=True):
    """Octets that were asked for: a digest's text, or a trusted root; else an error."""

    number: int
    content: bytes = b""
    error: bytes = b""
    cause: str = ""


ToWorker = Setup | NewPolicy | OldPolicies | NewTrust | Decide | Resolve | Renew | Extend
Question = Decide | Resolve | Renew
FromWorker = Decided | Found
Answer = Decided | Found

_ENCODER: Final = msgspec.msgpack.Encoder()
_TO_WORKER: Final = msgspec.msgpack.Decoder(ToWorker)
_FROM_WORKER: Final = msgspec.msgpack.Decoder(FromWorker)


def encode(message: ToWorker | FromWorker) -> bytes:
    """Write a message with its length.

    Raises:
        LimitExceeded: It is larger than any should be.
    """
    content = _ENCODER.encode(message)
    if len(content) > MAX_MESSAGE:
        raise LimitExceeded("message to a worker", f"{len(content)} bytes, at most {MAX_MESSAGE} are sent")
    return LENGTH.pack(len(content)) + content


def decode_question(content: bytes) -> ToWorker:
    """Read what a worker is told, without its length."""
    message: ToWorker = _TO_WORKER.decode(content)
    return message


def decode_answer(content: bytes) -> FromWorker:
    """Read what a worker says, without its length."""
    message: FromWorker = _FROM_WORKER.decode(content)
    return message
