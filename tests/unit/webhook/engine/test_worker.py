"""What a worker answers without a registry: whatever goes wrong is an answer that admits nothing."""

import io
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import (
    CosignError,
    DeadlineExceeded,
    LimitExceeded,
    NoSignatures,
    TransparencyRequired,
    UsageError,
)
from cosignpy.imagepolicy.evidence_errors import parse_error
from cosignpy.webhook.engine import messages
from cosignpy.webhook.engine.answering import Answering, Asked, Believed, Policies
from cosignpy.webhook.engine.limits import Deadline
from cosignpy.webhook.engine.messages import (
    LENGTH,
    Decide,
    Decided,
    Extend,
    Found,
    NewPolicy,
    NewTrust,
    OldPolicies,
    Renew,
    Resolve,
    Runs,
    Setup,
    ToWorker,
    decode_answer,
    decode_question,
    encode,
)
from cosignpy.webhook.engine.places import Asker, Registries
from cosignpy.webhook.engine.said import BROKEN, TOO_LARGE
from cosignpy.webhook.engine.worker import preload, read_message, serve
from cosignpy.webhook.policies.compiled import decode_policy
from tests.support.image_policies import BY_KEY, PASS, document, own
from tests.support.memory_repository import MemoryRepository, push_image
from tests.support.signed_images import LEGACY, sign
from tests.support.webhook_engine import TRUSTED_ROOT, compiled

SETUP: Final = Setup(2, 1 << 30, "", (), False, True, False, 4, 2)
POLICY: Final = compiled(document(BY_KEY))
DIGEST: Final = f"sha256:{'a' * 64}"
NAME: Final = f"registry.example/app@{DIGEST}"


def decide(number: int = 1, **changes: Any) -> Decide:
    runs = Runs("", "v1", "pods", {}, b"")
    until = time.monotonic() + 10
    asked = Decide(
        number,
        NAME,
        "",
        "registry.example/app",
        DIGEST,
        (POLICY.version,),
        runs,
        "",
        "",
        ("other.example",),
        until,
        60,
        0,
    )
    return msgspec.structs.replace(asked, **changes)


@contextmanager
def worker() -> Iterator[socket.socket]:
    """Serve in a thread; it has to end when the socket is closed."""
    ours, theirs = socket.socketpair()
    idle, limits = list[bool](), list[int]()
    thread = threading.Thread(target=lambda: idle.append(serve(theirs, limits.append)))
    thread.start()
    with theirs:
        with ours:
            yield ours
        thread.join(10)
    assert idle == [True]
    assert set(limits) <= {SETUP.memory}


def tell(connection: socket.socket, *told: ToWorker) -> None:
    for each in told:
        connection.sendall(encode(each))


def hear(connection: socket.socket) -> Decided | Found:
    with connection.makefile("rb") as source:
        content = read_message(source)
    assert content is not None
    return decode_answer(content)


def test_questions_are_answered_by_what_was_told_before() -> None:
    with worker() as connection:
        tell(connection, decide(), SETUP, NewTrust(b"", "nobody"), Extend(1, 5.0))
        tell(connection, NewPolicy(POLICY.version, POLICY.encoded), decide(2), OldPolicies((POLICY.version,)))
        known = hear(connection)
        tell(connection, decide(3))
        unknown = hear(connection)
    assert isinstance(known, Decided)
    assert isinstance(unknown, Decided)
    assert (known.number, known.outcome, known.cause) == (2, "refused", "configuration")
    assert "registry.example is not among those that are asked" in known.problem
    assert (unknown.number, unknown.outcome, unknown.cause) == (3, "refused", "configuration")
    assert "not known" in unknown.problem


def test_a_tag_of_a_registry_that_is_not_asked_is_refused() -> None:
    with worker() as connection:
        until = time.monotonic() + 10
        tell(connection, SETUP, Resolve(1, "registry.example/app", "v1", "", "", ("other.example",), until))
        tell(connection, Extend(1, until + 10))
        found = hear(connection)
    assert isinstance(found, Found)
    assert (found.content, found.cause) == (b"", "configuration")
    assert isinstance(error_of(found), UsageError)


def test_a_mirror_that_is_none_is_told() -> None:
    with worker() as connection:
        tell(connection, SETUP, Renew(1, "nonsense", b"", False, "", time.monotonic() + 10))
        found = hear(connection)
    assert isinstance(found, Found)
    assert found.error


def test_an_answer_that_is_too_large_is_none_of_the_kind_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with worker() as connection:
        question = encode(decide())
        monkeypatch.setattr(messages, "MAX_MESSAGE", 60)
        connection.sendall(encode_setup() + question)
        found = hear(connection)
    assert found == Found(1)


def encode_setup() -> bytes:
    content = msgspec.msgpack.encode(SETUP)
    return LENGTH.pack(len(content)) + content


def error_of(found: Found) -> CosignError:
    return parse_error(JsonObject.parse(found.error, what="test"))


@pytest.mark.parametrize("sent", [b"\0\0", LENGTH.pack(10) + b"short"])
def test_a_front_that_ends_within_a_message_is_gone(sent: bytes) -> None:
    with worker() as connection:
        connection.sendall(sent)


def test_a_front_that_was_killed_is_gone() -> None:
    class Reset(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise ConnectionResetError

    assert read_message(Reset()) is None


def test_what_is_too_large_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_MESSAGE", 3)
    with pytest.raises(LimitExceeded):
        encode(Extend(1, 1.0))


def test_messages_are_read_as_they_were_written() -> None:
    assert decode_question(encode(decide())[LENGTH.size :]).number == 1  # type: ignore[union-attr]


def test_everything_is_imported_beforehand() -> None:
    preload()
    assert "cosignpy.core.verify.bundle" in sys.modules


# --- answers over images in memory ----------------------------------------------------------------


class InMemory(Registries):
    """Registries that have one repository, in memory."""

    def __init__(self, repository: Any) -> None:
        super().__init__(SETUP, {})
        self.repository = repository

    def open(self, name: str, asker: Asker) -> Any:
        del name, asker
        return self.repository


def answer(repository: Any, question: Decide, *policies: Any, believed: Believed | None = None) -> Decided:
    known = Policies(decode_policy)
    for each in policies:
        known.add(NewPolicy(each.version, each.encoded))
    now = datetime(2026, 11, 30, tzinfo=UTC)
    answering = Answering(known, InMemory(repository), lambda: now)
    found = known.find([each.version for each in policies])
    return answering.decide(Asked(question, Deadline.at(question.deadline), found, believed or Believed()))


def signed() -> tuple[MemoryRepository, Decide]:
    repository = MemoryRepository("registry.example/app")
    image = push_image(repository)
    sign(repository, image, formats=LEGACY)
    return repository, decide(name=f"registry.example/app@{image.digest}", digest=str(image.digest))


def test_what_passes_counts_as_long_as_it_would() -> None:
    found = answer(*signed(), POLICY)
    assert (found.outcome, found.is_kept, found.lifetime, found.grace, found.cause) == ("passed", True, 60, 0, "")
    (said,) = found.said
    assert (said.authority, len(said.evidence), said.evidence[0][:7]) == ("authority-0", 1, "sha256:")


def test_a_policy_elsewhere_is_asked_elsewhere() -> None:
    source = {"oci": "registry.example/signatures"}
    found = answer(*signed(), compiled(document({**BY_KEY, "source": [source]})))
    assert found.outcome == "passed"


def test_what_nobody_signed_is_refused_for_a_while() -> None:
    repository = MemoryRepository("registry.example/app")
    image = push_image(repository)
    found = answer(repository, decide(digest=str(image.digest)), POLICY)
    assert (found.outcome, found.cause, found.is_kept, found.is_away) == ("refused", "policy-denied", True, False)
    assert found.said[0].reasons[0].endswith("no signatures found")


class Failing:
    """A repository that fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def fetch_manifest(self, _name: object) -> Any:
        raise self.error

    fetch_blob = fetch_referrers = fetch_manifest


@pytest.mark.parametrize(
    ("error", "cause", "away", "kept"),
    [
        (DeadlineExceeded(1), "timeout", True, False),
        (RuntimeError("a bug"), "configuration", False, False),
        (MemoryError(), "configuration", False, False),
        (NoSignatures("x"), "policy-denied", False, True),
    ],
)
def test_whatever_goes_wrong_refuses(error: Exception, cause: str, away: bool, kept: bool) -> None:
    found = answer(Failing(error), decide(), POLICY)
    assert (found.outcome, found.cause, found.is_away, found.is_kept) == ("refused", cause, away, kept)
    problems = {RuntimeError: BROKEN, MemoryError: TOO_LARGE}
    assert found.problem == problems.get(type(error), found.problem)


def test_a_bug_is_an_answer_to_every_question() -> None:
    answering = Answering(Policies(decode_policy), InMemory(Failing(RuntimeError("a bug"))))
    asked = Resolve(1, "registry.example/app", "v1", "", "", (), 0.0)
    found = answering.resolve(asked, Deadline.at(0.0))
    assert str(error_of(found)) == BROKEN


def test_errors_that_are_not_sent_are_told_as_they_are() -> None:
    answering = Answering(Policies(decode_policy), InMemory(Failing(NoSignatures("x"))))
    found = answering.resolve(Resolve(1, "registry.example/app", "v1", "", "", (), 0.0), Deadline.at(0.0))
    assert "no signatures" in str(error_of(found))


def test_a_tag_is_the_digest_of_what_was_fetched() -> None:
    repository = MemoryRepository("registry.example/app")
    image = push_image(repository, tag="v1")
    answering = Answering(Policies(decode_policy), InMemory(repository))
    found = answering.resolve(Resolve(1, "registry.example/app", "v1", "", "", (), 0.0), Deadline.at(0.0))
    assert found.content.decode() == str(image.digest)


def test_a_workload_is_read_for_conditions() -> None:
    repository, question = signed()
    text = {"type": "rego", "data": "package sigstore\nisCompliant { input.spec.a == 1 }\n", "includeSpec": True}
    policy = compiled(document(BY_KEY, policy=text))
    runs = Runs("", "v1", "pods", {}, b'{"spec": {"a": 1}}')
    assert answer(repository, msgspec.structs.replace(question, runs=runs), policy).outcome == "passed"
    other = Runs("", "v1", "pods", {}, b'{"spec": {"a": 2}}')
    assert answer(repository, msgspec.structs.replace(question, runs=other), policy).outcome == "refused"


def test_a_trusted_root_is_read_once_and_where_there_is_none_that_is_said() -> None:
    believed = Believed(TRUSTED_ROOT)
    assert believed.trusted_root() is believed.trusted_root()
    with pytest.raises(TransparencyRequired, match="nobody said yet"):
        Believed().trusted_root()


def test_a_policy_is_read_once() -> None:
    read = list[bytes]()

    def decode(encoded: bytes) -> Any:
        read.append(encoded)
        return own(PASS)

    policies = Policies(decode)
    policies.add(NewPolicy("v", b"encoded"))
    (told,) = policies.find(["v"])
    policies.forget(OldPolicies(("v", "w")))
    assert policies.read(told) is policies.read(told)
    assert (read, policies.find(["v"])) == ([b"encoded"], [None])


def test_registries_are_told_apart_by_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    from cosignpy.webhook.engine import places

    monkeypatch.setattr(places, "MAX_SESSIONS", 1)
    registries = Registries(SETUP, {"HOME": "/root", "HTTPS_PROXY": "http://proxy.example:3128"})
    askers = [Asker("", each, (), Deadline.at(0.0)) for each in ("alice", "bob", "bob")]
    found = [registries.open("registry.example/app", each) for each in askers]
    assert [each.place for each in found] == [  # type: ignore[attr-defined]
        "alice registry.example/app", "bob registry.example/app", "bob registry.example/app",
    ]  # fmt: skip
    assert registries._options.environment == {"HTTPS_PROXY": "http://proxy.example:3128"}
    assert len(registries._sessions) == 1


@pytest.mark.parametrize(
    ("name", "config", "allowed"),
    [
        ("Not A Name", "", ()),
        ("registry.example/app", "no JSON", ()),
        ("registry.example/app", "", ("other.example",)),
        ("registry.example/app", "", ("registry.example/ap",)),
        ("registry.example/app", "", ("", "://")),
    ],
)
def test_a_place_that_there_cannot_be_says_so_when_it_is_asked(name: str, config: str, allowed: Any) -> None:
    place = Registries(SETUP, {}).open(name, Asker(config, "", allowed, Deadline.at(0.0)))
    with pytest.raises(CosignError):
        place.fetch_manifest(decode_digest())


def decode_digest() -> Any:
    from cosignpy.core.digest import Digest

    return Digest.parse(DIGEST)


def test_a_policys_own_credentials_are_another_asker() -> None:
    asker = Asker("", "alice", (), Deadline.at(0.0))
    policy = own({**BY_KEY, "source": [{"oci": "registry.example/signatures"}]})
    source = policy.authorities[0].source
    assert source is not None
    assert asker.with_secrets(source) is asker
    from cosignpy.values import replace

    found = asker.with_secrets(replace(source, docker_config="{}"))
    assert (found.docker_config, found.identity[:7]) == ("{}", "policy:")
