"""Our log and our witnesses, over HTTP: who is asked, what is published, and what happens when too few answer."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.checkpoint import parse_checkpoint, verify_checkpoint
from cosignpy.core.note.cosignature import verify_cosignature
from cosignpy.core.note.signed_note import parse_note
from cosignpy.core.note.verifier import log_verifier
from cosignpy.net.http import HttpClient, HttpOptions, Request
from cosignpy.net.retry import NO_RETRIES
from cosignpy.net.url import Url
from cosignpy.values import record, replace
from log_server.config import RekorV2Settings, Settings
from log_server.log import LogKind
from log_server.rotation import freeze, rotate
from log_server.shard_files import load_shards
from log_server.tlog.publish import NotCosigned
from log_server.tlog.reader import CHECKPOINT
from log_server.witness.cosigner import open_cosigner
from log_server.witness.policy import WithoutQuorum, parse_policy
from log_server.witness.state import log_hash
from tests.support.rekor_calls import V2_ENTRIES, propose_v2
from tests.support.witnessed_server import SETTINGS, WitnessedLog, WitnessServer
from tests.support.witnesses import NOW, verifier_of

SIGNER: Final = PrivateKey.generate(ECDSA_P256)
PATIENCE: Final = 30.0
"""Longer than anything here takes on a busy machine."""


@cache
def propose(message: str) -> bytes:
    """Propose an entry, always the same for a message."""
    return json.dumps(propose_v2(SIGNER, message.encode())).encode()


@record
class Setting:
    """A log, the three witnesses of its policy, and a client."""

    log: WitnessedLog
    witnesses: tuple[WitnessServer, ...]
    client: HttpClient

    @contextmanager
    def serve(self, without_quorum: WithoutQuorum = WithoutQuorum.REFUSE) -> Iterator[str]:
        """Serve the log; yields the address."""
        names = " ".join(witness.name for witness in self.witnesses)
        lines = [*(witness.policy_line for witness in self.witnesses), f"group enough 2 {names}", "quorum enough"]
        policy = parse_policy("\n".join(lines).encode())
        with (
            open_cosigner(policy, self.log.shard.open_objects(), without_quorum) as cosigner,
            self.log.serve(cosigner) as address,
        ):
            yield address

    def add(self, address: str, message: str) -> tuple[int, dict[str, str], bytes]:
        body = propose(message)
        url = Url.parse(f"http://{address}{V2_ENTRIES}")
        with self.client.send(Request("POST", url, {"Content-Type": "application/json"}, body)) as response:
            return response.status, dict(response.headers), response.read(1 << 20, "answer")

    def get(self, url: str) -> bytes:
        with self.client.send(Request("GET", Url.parse(url))) as response:
            assert response.status == 200
            return response.read(1 << 20, "answer")

    def published(self) -> bytes:
        return self.log.shard.open_objects().get(CHECKPOINT) or b""

    def cosigned_by(self, raw: bytes) -> set[str]:
        """Verify a checkpoint and its cosignatures, and return whose they are."""
        verify_checkpoint(raw, log_verifier(self.log.identity.origin, self.log.identity.key))
        note = parse_note(raw)
        names = {signature.name for signature in note.signatures[1:]}
        for witness in self.witnesses:
            if witness.name in names:
                assert verify_cosignature(note, verifier_of(witness.witness.vkey)) == NOW
        assert len(names) == len(note.signatures) - 1
        return names


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    log = WitnessedLog(tmp_path / "log")
    with ExitStack() as stack:
        witnesses = tuple(WitnessServer(tmp_path / name, name, [log.vkey]) for name in ("w1", "w2", "w3"))
        for witness in witnesses:
            witness.start()
            stack.callback(witness.stop)
        client = HttpClient(HttpOptions(read_timeout=PATIENCE, retry=NO_RETRIES))
        stack.callback(client.close)
        yield Setting(log, witnesses, client)


def test_the_checkpoint_in_the_answer_is_cosigned(setting: Setting) -> None:
    with setting.serve() as address:
        for number in range(3):
            status, _, body = setting.add(address, f"artifact {number}")
            assert status == 201
            envelope = json.loads(body)["inclusionProof"]["checkpoint"]["envelope"].encode()
            assert len(setting.cosigned_by(envelope)) >= 2
            assert setting.get(f"http://{address}/api/v2/checkpoint") == envelope


def test_two_of_three_witnesses_are_enough(setting: Setting) -> None:
    setting.witnesses[2].stop()
    with setting.serve() as address:
        for number in range(5):
            assert setting.add(address, f"artifact {number}")[0] == 201
            assert setting.cosigned_by(setting.published()) == {"w1", "w2"}
    note = parse_note(setting.published())
    for witness in setting.witnesses[:2]:
        name = log_hash(setting.log.identity.origin)
        seen = parse_note(setting.get(f"http://{witness.address}/witness/{name}/checkpoint"))
        assert seen.text == note.text


def test_a_log_that_starts_again_goes_on_where_its_witnesses_are(setting: Setting) -> None:
    for number in range(3):
        with setting.serve() as address:
            assert setting.add(address, f"artifact {number}")[0] == 201
            assert len(setting.cosigned_by(setting.published())) >= 2


def test_without_a_quorum_the_answer_is_503_and_nothing_is_lost_or_published(setting: Setting) -> None:
    with setting.serve() as address:
        assert setting.add(address, "before")[0] == 201
        before = setting.published()
        for witness in setting.witnesses[1:]:
            witness.stop()
        for message in ("caught", "refused"):
            status, headers, _ = setting.add(address, message)
            assert status == 503
            assert {name.lower() for name in headers} >= {"retry-after"}
        assert setting.published() == before
        assert setting.get(f"http://{address}/api/v2/checkpoint") == before
        setting.witnesses[2].restart()
        assert wait_until_it_takes(setting, address, "after") == 201
        assert setting.cosigned_by(setting.published()) >= {"w1", "w3"}
        assert setting.add(address, "caught")[0] == 409  # it was in the journal, and is in the log
        assert setting.add(address, "refused")[0] == 201


def test_a_log_that_starts_without_a_quorum_is_read_and_takes_entries_when_it_is_there(setting: Setting) -> None:
    with setting.serve() as address:
        assert setting.add(address, "before")[0] == 201
    before = setting.published()
    for witness in setting.witnesses[:2]:
        witness.stop()
    with setting.serve() as address:
        assert setting.add(address, "after")[0] == 503
        assert setting.get(f"http://{address}/api/v2/checkpoint") == before
        setting.witnesses[0].restart()
        assert wait_until_it_takes(setting, address, "after") == 201


def test_a_new_log_begins_when_its_witnesses_are_there(setting: Setting) -> None:
    for witness in setting.witnesses:
        witness.stop()
    with setting.serve() as address:
        assert setting.add(address, "artifact")[0] == 503
        for witness in setting.witnesses:
            witness.restart()
        assert wait_until_it_takes(setting, address, "artifact") == 201
        checkpoint = verify_checkpoint(
            setting.published(), log_verifier(setting.log.identity.origin, setting.log.identity.key)
        )
        assert checkpoint.size == 2  # behind the entry that every log begins with


def test_a_log_may_be_told_to_publish_without_a_quorum(setting: Setting) -> None:
    for witness in setting.witnesses[1:]:
        witness.stop()
    with setting.serve(WithoutQuorum.PUBLISH_UNSAFE) as address:
        assert setting.add(address, "artifact")[0] == 201
        assert setting.cosigned_by(setting.published()) == {"w1"}


def wait_until_it_takes(setting: Setting, address: str, message: str) -> int:
    until = time.monotonic() + PATIENCE
    status = 503
    while status == 503 and time.monotonic() < until:
        time.sleep(0.1)
        status = setting.add(address, message)[0]
    return status


def settings_with(setting: Setting) -> Settings:
    """Write a policy that all three witnesses have to satisfy, and name it in settings."""
    path = setting.log.shard.directory / "policy"
    names = " ".join(witness.name for witness in setting.witnesses)
    lines = [*(witness.policy_line for witness in setting.witnesses), f"group all all {names}", "quorum all"]
    path.write_text("\n".join(lines))
    return replace(SETTINGS, rekor_v2=RekorV2Settings(witnesses=path))


def test_a_frozen_shard_ends_with_a_checkpoint_that_its_witnesses_cosigned(setting: Setting, tmp_path: Path) -> None:
    with setting.serve() as address:
        assert setting.add(address, "artifact")[0] == 201
    settings = settings_with(setting)
    assert freeze(tmp_path / "log", LogKind.REKOR_V2, settings).frozen == 2
    assert setting.cosigned_by(setting.published()) == {"w1", "w2", "w3"}


def test_a_shard_is_not_frozen_behind_the_back_of_its_witnesses(setting: Setting, tmp_path: Path) -> None:
    with setting.serve() as address:
        assert setting.add(address, "before")[0] == 201
        before = setting.published()
        for witness in setting.witnesses:
            witness.stop()
        assert setting.add(address, "caught")[0] == 503
    settings = settings_with(setting)
    for act in (freeze, partial(rotate, name="new.example")):
        with pytest.raises(NotCosigned, match="w1, w2, w3"):
            act(tmp_path / "log", LogKind.REKOR_V2, settings)
        (shard,) = load_shards(tmp_path / "log", LogKind.REKOR_V2)
        assert (shard.frozen, setting.published()) == (None, before)


def test_a_new_shard_is_not_published_before_its_witnesses_saw_it(setting: Setting, tmp_path: Path) -> None:
    settings = settings_with(setting)
    old, new = rotate(tmp_path / "log", LogKind.REKOR_V2, settings, "new.example")
    assert old.frozen == 1
    objects = new.open_objects()
    assert parse_checkpoint(parse_note(objects.get(CHECKPOINT) or b"").text).size == 0  # they do not know it yet
