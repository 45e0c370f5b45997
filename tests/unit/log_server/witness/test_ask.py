"""What one witness is asked, and what of its answers is believed."""

from collections.abc import Mapping

import pytest

from cosignpy.core.note.cosignature import sign_cosignature
from cosignpy.core.note.signed_note import NoteSignature
from cosignpy.errors import CosignError, LimitExceeded, MalformedError, RemoteError, SignatureMismatch
from cosignpy.net.http import Request, Response
from cosignpy.net.url import Url
from log_server.storage.memory import MemoryObjects
from log_server.witness.ask import MAX_ANSWER, WitnessClient
from log_server.witness.growth import Growth
from log_server.witness.policy import Witness
from log_server.witness.submission import SIZE_TYPE, Submission, parse_submission
from tests.support.answers import answer
from tests.support.witnesses import NOW, GrowingLog, new_key, verifier_of, witness_vkey

KEY = new_key()
NAME = "w.example"
WITNESS = Witness("w", verifier_of(witness_vkey(KEY, NAME)))
SHOWN = GrowingLog(new_key())

Says = tuple[int, bytes, Mapping[str, str]]


def growth(size: int) -> Growth:
    """Return the growth of a log all of whose tiles are there."""
    objects = MemoryObjects()
    for width in range(1, size + 1):
        name = "tile/0/000" if width == 256 else f"tile/0/000.p/{width}"
        objects.put(name, b"".join(SHOWN.leaves[:width]))
    return Growth(SHOWN.note(size), objects)


def cosigned(size: int, name: str = NAME) -> bytes:
    return sign_cosignature(SHOWN.note(size).text, name, NOW, KEY).encode().encode()


def conflict(size: int) -> Says:
    return 409, b"%d\n" % size, {"Content-Type": SIZE_TYPE}


class Script:
    """A witness that answers as it is told to; it implements `Sender`."""

    def __init__(self, *says: Says) -> None:
        self.says = list(says)
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return answer(request.url, *self.says.pop(0))

    def submissions(self) -> list[Submission]:
        return [parse_submission(b"".join(request.chunks())) for request in self.requests]


def client(script: Script, url: str = "http://w.example/prefix/") -> WitnessClient:
    return WitnessClient(WITNESS, Url.parse(url), script)


def test_growth_is_shown_from_the_tree_that_was_cosigned_last() -> None:
    script = Script((200, cosigned(5), {}), (200, cosigned(9), {}))
    asked = client(script)
    for size in (5, 9):
        found = asked.cosign(growth(size))
        assert found.encode().encode() == cosigned(size)
    assert script.submissions() == [SHOWN.submission(0, 5), SHOWN.submission(5, 9)]
    assert {(one.method, str(one.url)) for one in script.requests} == {
        ("POST", "http://w.example/prefix/add-checkpoint")
    }


@pytest.mark.parametrize("url", ["http://w.example", "http://w.example/"])
def test_a_prefix_may_be_the_root_of_a_host(url: str) -> None:
    script = Script((200, cosigned(5), {}))
    client(script, url).cosign(growth(5))
    assert str(script.requests[0].url) == "http://w.example/add-checkpoint"


def test_a_witness_that_saw_another_tree_is_asked_once_more_from_there() -> None:
    script = Script(conflict(3), (200, cosigned(9), {}))
    client(script).cosign(growth(9))
    assert [submission.old for submission in script.submissions()] == [0, 3]


def test_a_witness_that_changes_its_mind_is_not_asked_for_ever() -> None:
    script = Script(conflict(3), conflict(4))
    with pytest.raises(RemoteError) as caught:
        client(script).cosign(growth(9))
    assert (caught.value.status, len(script.requests)) == (409, 2)


def test_a_witness_that_saw_a_larger_tree_is_not_believed_away() -> None:
    script = Script(conflict(10), conflict(10), (200, cosigned(10), {}))
    asked = client(script)
    for _ in range(2):
        with pytest.raises(RemoteError) as caught:
            asked.cosign(growth(9))
        assert caught.value.status == 409
    asked.cosign(growth(10))
    assert [submission.old for submission in script.submissions()] == [0, 9, 10]


@pytest.mark.parametrize(
    "says",
    [
        pytest.param((500, b"", {}), id="failure"),
        pytest.param((404, b"", {}), id="unknown log"),
        pytest.param((201, cosigned(9), {}), id="another success"),
        pytest.param((409, b"3\n", {"Content-Type": "text/plain"}), id="conflict of another kind"),
        pytest.param((409, b"3\n", {}), id="conflict without type"),
    ],
)
def test_other_answers_are_failures_with_their_status(says: Says) -> None:
    script = Script(says)
    with pytest.raises(RemoteError) as caught:
        client(script).cosign(growth(9))
    assert (caught.value.status, len(script.requests)) == (says[0], 1)


def flipped() -> bytes:
    found = sign_cosignature(SHOWN.note(9).text, NAME, NOW, KEY)
    return (
        NoteSignature(found.name, found.hint, found.signature[:-1] + bytes([found.signature[-1] ^ 1])).encode().encode()
    )


@pytest.mark.parametrize(
    ("error", "body"),
    [
        pytest.param(SignatureMismatch, cosigned(8), id="cosignature on another checkpoint"),
        pytest.param(SignatureMismatch, cosigned(9, "other.example"), id="cosignature under another name"),
        pytest.param(SignatureMismatch, flipped(), id="one bit flipped"),
        pytest.param(MalformedError, b"", id="nothing"),
        pytest.param(MalformedError, b"no signature\n", id="no signature"),
        pytest.param(MalformedError, cosigned(9)[:-1], id="no newline"),
        pytest.param(MalformedError, b"\n" + cosigned(9), id="an empty line first"),
        pytest.param(MalformedError, b"another text\n\n" + cosigned(9), id="another text"),
        pytest.param(LimitExceeded, b"x" * (MAX_ANSWER + 1), id="too long"),
    ],
)
def test_what_is_not_a_cosignature_of_this_witness_on_this_checkpoint_is_refused(
    error: type[CosignError], body: bytes
) -> None:
    script = Script((200, body, {}), (200, cosigned(9), {}))
    asked = client(script)
    with pytest.raises(error):
        asked.cosign(growth(9))
    asked.cosign(growth(9))
    assert [submission.old for submission in script.submissions()] == [0, 0]  # nothing was cosigned that we know of


def test_lines_of_other_keys_are_ignored() -> None:
    lines = cosigned(9, "stranger.example") + cosigned(9)
    assert client(Script((200, lines, {}))).cosign(growth(9)).encode().encode() == cosigned(9)


@pytest.mark.parametrize("body", [b"03\n", b"-3\n", b"3 \n", b"\xc3\xa9\n", b"3\n\n", b"", b"1" * 25])
def test_a_size_that_is_spelled_otherwise_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedError):
        client(Script((409, body, {"Content-Type": SIZE_TYPE}))).cosign(growth(9))


def test_the_media_type_of_a_conflict_may_have_parameters() -> None:
    says = (409, b"3\n", {"Content-Type": f"{SIZE_TYPE.upper()}; charset=utf-8"})
    script = Script(says, (200, cosigned(9), {}))
    client(script).cosign(growth(9))
    assert len(script.requests) == 2
