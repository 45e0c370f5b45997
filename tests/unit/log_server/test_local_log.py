"""A log in a worker: it appends through the sequencer, and reads from files."""

import asyncio
from pathlib import Path

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from log_server.local_log import LocalLog, LocalShard
from log_server.log import Frozen
from log_server.sequencing.client import SequencerClient
from log_server.tlog.values import Draft
from tests.support.ct_calls import ct_shard

KEY = PrivateKey.generate(ECDSA_P256)
OLD = PrivateKey.generate(ECDSA_P256)


def local(key: PrivateKey, host: str = "log.example") -> LocalShard:
    shard = ct_shard(key, host)
    return LocalShard(shard.identity, shard.reader)


def test_a_frozen_log_takes_nothing_and_has_no_trouble() -> None:
    log = LocalLog([local(KEY)], KEY, None)
    with pytest.raises(Frozen) as caught:
        asyncio.run(log.append(Draft(b"", b"")))
    assert caught.value.origin == "log.example/ctlog"
    assert (log.frozen, log.trouble, log.waiting) == (True, "", 0)


def test_without_its_sequencer_a_log_is_in_trouble(tmp_path: Path) -> None:
    log = LocalLog([local(KEY)], KEY, SequencerClient(tmp_path / "ct", 10))
    assert (log.frozen, log.trouble, log.waiting) == (False, "the sequencer is not there", 0)


def test_old_keys_are_found_by_the_log_they_are_of() -> None:
    old = local(OLD, "old.example")
    log = LocalLog([old, local(KEY)], KEY, None, [OLD, PrivateKey.generate(ECDSA_P256)])
    assert log.active.identity.origin == "log.example/ctlog"
    assert log.former_signers == {old.identity.log_id: OLD}
