"""Verdicts in a file while the webhook runs."""

import asyncio
import logging
from pathlib import Path

import pytest

from cosignpy.imagepolicy.decision import Outcome
from cosignpy.webhook.engine.cache import KeptVerdict, VerdictCache, VerdictKey
from cosignpy.webhook.engine.cache_file import CacheFile
from cosignpy.webhook.engine.saving import Saving
from cosignpy.webhook.verdicts import ImageVerdict

KEY = VerdictKey("image", "policies")
KEPT = KeptVerdict(ImageVerdict("image", "sha256:aa", Outcome.PASSED), 0.0, 10.0)


def cache() -> VerdictCache:
    return VerdictCache(10, lambda: 5.0)


def test_it_is_written_where_something_changed_and_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "verdicts"

    async def run() -> None:
        known = cache()
        saving = Saving(CacheFile(path, b"s" * 32), known, 10, seconds=0.01)
        await saving.start()
        await asyncio.sleep(0.05)
        assert not path.exists()
        known.keep(KEY, "", KEPT)
        for _ in range(200):
            await asyncio.sleep(0.01)
            if path.exists():
                break
        first = path.stat().st_mtime_ns
        await asyncio.sleep(0.05)
        assert path.stat().st_mtime_ns == first
        await saving.stop()
        assert CacheFile(path, b"s" * 32).load().keys() == {KEY.digest()}

    asyncio.run(run())


def test_that_it_fails_changes_no_verdict(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "verdicts"
    path.mkdir()

    async def run() -> None:
        saving = Saving(CacheFile(path, b"s" * 32), cache(), 10)
        await saving.start()
        await saving.stop()
        await Saving(CacheFile(path, b"s" * 32), cache(), 10).stop()

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert [each.getMessage()[:12] for each in caplog.records] == ["verdicts of ", "verdicts are", "verdicts are"]
