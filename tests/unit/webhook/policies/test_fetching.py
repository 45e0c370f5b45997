"""What policies name elsewhere is fetched in the background, again after failures, and before it expires."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.trust.trusted_root import TrustedRoot, encode_trusted_root
from cosignpy.errors import RemoteError
from cosignpy.imagepolicy.model import Remote
from cosignpy.imagepolicy.trust_roots import TufRepository
from cosignpy.webhook.policies.fetching import Fetcher, FetchTimes, KmsKey, RepositoryContent, Supply, Wanted
from tests.support.policy_supplies import FakeSupplies
from tests.support.signed import KEY

URL: Final = "https://policies.example/p"
TEXT: Final = Remote(URL, Digest.of(b"text").hex.upper())
MIRROR: Final = TufRepository(b"{}", mirror="https://tuf.example")
ARCHIVE: Final = TufRepository(b"{}", archive=b"archive")
TIMES: Final = FetchTimes(first=0.01, longest=0.02, key_lifetime=0.02, soonest=0.01)
ROOT: Final = encode_trusted_root(TrustedRoot())


class Site:
    def __init__(self, times: FetchTimes) -> None:
        self.supplies = FakeSupplies()
        self.told = list[Wanted]()
        self.fetcher = Fetcher(self.supplies, self.told.append, times)

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(1000):
            if holds():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it never came true")


def run(act: Callable[[Site], Awaitable[None]], times: FetchTimes = TIMES) -> None:
    async def go() -> None:
        site = Site(times)
        try:
            await act(site)
        finally:
            site.fetcher.close()

    asyncio.run(go())


def test_a_text_is_fetched_once_and_its_digest_may_be_written_in_capitals() -> None:
    async def act(site: Site) -> None:
        site.supplies.texts[URL] = b"text"
        assert site.fetcher.get(TEXT) == Supply()
        site.fetcher.want([TEXT])
        assert not site.fetcher.is_settled
        await site.until(lambda: site.fetcher.is_settled)
        assert site.fetcher.get(TEXT) == Supply("text", is_tried=True)
        site.fetcher.want([TEXT])
        await asyncio.sleep(0.05)
        assert (site.supplies.asked, site.told) == ([URL], [TEXT])
        site.fetcher.want([])
        assert site.fetcher.get(TEXT) == Supply()

    run(act)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"other", "failed to check sha256sum from policy remote"),
        (RemoteError("policies.example", URL, 503, "away"), "away"),
        (KeyError("a mistake of ours"), "it cannot be read (KeyError)"),
    ],
)
def test_a_text_that_is_not_the_right_one_is_asked_for_again(answer: bytes | Exception, why: str) -> None:
    async def act(site: Site) -> None:
        site.supplies.texts[URL] = answer
        site.fetcher.want([TEXT])
        await site.until(lambda: why in site.fetcher.get(TEXT).problem)
        site.supplies.texts[URL] = b"text"
        await site.until(lambda: site.fetcher.get(TEXT).content == "text")
        assert site.fetcher.get(TEXT).problem == ""

    run(act)


def test_a_text_that_is_none_is_refused() -> None:
    async def act(site: Site) -> None:
        raw = b"\xff"
        wanted = Remote(URL, Digest.of(raw).hex)
        site.supplies.texts[URL] = raw
        site.fetcher.want([wanted])
        await site.until(lambda: "UTF-8" in site.fetcher.get(wanted).problem)

    run(act)


def test_pauses_grow_up_to_the_longest() -> None:
    async def act(site: Site) -> None:
        began = time.monotonic()
        site.fetcher.want([TEXT])
        await site.until(lambda: len(site.supplies.asked) >= 8)
        # 0.01 + 0.02 + 0.04 + 0.08 + 0.1 + 0.1 + 0.1 between eight of them, and half of each by chance at the least
        assert time.monotonic() - began >= 0.45 / 2

    run(act, FetchTimes(first=0.01, longest=0.1))


def test_a_key_is_asked_for_again_and_kept_while_nobody_answers() -> None:
    async def act(site: Site) -> None:
        wanted = KmsKey("gcpkms://k")
        site.supplies.keys["gcpkms://k"] = KEY.public_key
        site.fetcher.want([wanted])
        await site.until(lambda: len(site.supplies.asked) >= 2)
        del site.supplies.keys["gcpkms://k"]
        await site.until(lambda: bool(site.fetcher.get(wanted).problem))
        assert site.fetcher.get(wanted).content == KEY.public_key.encode_pem().decode()

    run(act)


def test_a_repository_is_asked_again_before_it_expires_and_not_sooner_than_is_fair() -> None:
    async def act(site: Site) -> None:
        began = time.monotonic()
        site.supplies.repository = RepositoryContent(ROOT, datetime.now(UTC) + timedelta(seconds=0.8))
        site.fetcher.want([MIRROR])
        await site.until(lambda: len(site.supplies.asked) == 2)
        assert 0.4 < time.monotonic() - began < 0.8
        later = datetime.now(UTC) + timedelta(days=7)
        site.supplies.repository = RepositoryContent(ROOT, later)
        await site.until(lambda: site.fetcher.get(MIRROR).expires == later)
        asked = len(site.supplies.asked)
        await asyncio.sleep(0.1)
        assert len(site.supplies.asked) == asked

    run(act)


def test_a_repository_that_expires_is_kept_and_told_of() -> None:
    async def act(site: Site) -> None:
        for wanted in (MIRROR, ARCHIVE):
            site.supplies.repository = RepositoryContent(ROOT, datetime.now(UTC) + timedelta(seconds=0.2))
            site.fetcher.want([wanted])
            await site.until(lambda wanted=wanted: site.fetcher.get(wanted).content is not None)  # type: ignore[misc]
            site.supplies.repository = RemoteError("tuf.example", "https://tuf.example", 503, "away")
            await site.until(lambda wanted=wanted: site.fetcher.get(wanted).is_expired)  # type: ignore[misc]
            found = site.fetcher.get(wanted)
            assert (found.content, "away" in found.problem) == (ROOT.decode(), True)

    run(act)


def test_a_repository_with_something_else_in_it_is_refused() -> None:
    async def act(site: Site) -> None:
        site.supplies.repository = RepositoryContent(b"{", datetime.now(UTC))
        site.fetcher.want([MIRROR])
        await site.until(lambda: bool(site.fetcher.get(MIRROR).problem))
        assert site.fetcher.get(MIRROR).content is None

    run(act)


def test_one_that_stalls_does_not_keep_the_others_waiting() -> None:
    async def act(site: Site) -> None:
        class Stalling(FakeSupplies):
            def fetch_text(self, url: str) -> bytes:
                if url != URL:
                    time.sleep(0.5)
                return super().fetch_text(url)

        supplies = Stalling()
        supplies.texts[URL] = b"text"
        fetcher = Fetcher(supplies, lambda _: None, TIMES)
        try:
            fetcher.want([Remote("https://slow.example", "0"), TEXT])
            await site.until(lambda: fetcher.get(TEXT).content == "text")
            assert not fetcher.is_settled
        finally:
            fetcher.close()

    run(act)
