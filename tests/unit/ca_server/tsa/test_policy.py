"""What is stamped, and under which policy."""

import pytest

from ca_server.config import TimestampSettings
from ca_server.tsa.policy import StampPolicy, UnacceptedExtension, UnacceptedPolicy
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.x509.tbs import Extension, encode_extension
from cosignpy.errors import UsageError
from cosignpy.values import replace

PLAIN = TimestampRequest(MessageImprint.of(b"message"))
POLICY = StampPolicy.of(TimestampSettings(policy="1.2.3", policies=("1.2.4",)))


@pytest.mark.parametrize(("asked", "given"), [(None, "1.2.3"), ("1.2.3", "1.2.3"), ("1.2.4", "1.2.4")])
def test_policies_that_are_followed(asked: str | None, given: str) -> None:
    assert POLICY.select(replace(PLAIN, policy=asked)) == given


def test_other_policies_are_refused() -> None:
    with pytest.raises(UnacceptedPolicy):
        POLICY.select(replace(PLAIN, policy="1.2.5"))


@pytest.mark.parametrize("critical", [True, False])
def test_extensions_are_refused(critical: bool) -> None:
    extension = encode_extension(b"\x2a\x03", Extension(critical, b""))
    with pytest.raises(UnacceptedExtension):
        POLICY.select(replace(PLAIN, extensions=(extension,)))


@pytest.mark.parametrize("settings", [TimestampSettings(policy="x"), TimestampSettings(policies=("1.2", "1.2.x"))])
def test_settings_that_name_no_policy_are_refused(settings: TimestampSettings) -> None:
    with pytest.raises(UsageError):
        StampPolicy.of(settings)
