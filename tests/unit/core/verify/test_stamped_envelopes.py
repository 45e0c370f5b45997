"""Timestamps over the octets of a whole envelope, as cosign 2 has them made for attestations."""

from typing import Final

import pytest

from cosignpy.core.bundle.blob_files import encode_signature
from cosignpy.core.bundle.model import BUNDLE_V01, Bundle
from cosignpy.core.dsse import Envelope
from cosignpy.core.policy.transparency import RequireSignedTime, SkipLogUnsafe
from cosignpy.core.verify.bundle import Trust, verify_bundle
from cosignpy.core.verify.findings import VerifiedBundle
from cosignpy.errors import ClaimMismatch, MalformedError
from cosignpy.values import replace
from tests.support.virtual_sigstore import BY_ALICE, FILE, ROOT, STATEMENT, Signing, stamp, v1_bundle

MADE: Final = Signing(statement=STATEMENT).bundle()
TEXT: Final = encode_signature(MADE)
BUNDLE: Final = replace(MADE, media_type=BUNDLE_V01, log_entries=(), timestamps=(stamp(TEXT),))
STAMPED_ONLY: Final = replace(
    BY_ALICE, signer=replace(BY_ALICE.signer, time=RequireSignedTime()), transparency=SkipLogUnsafe("test")
)


def verify(bundle: Bundle, text: bytes) -> VerifiedBundle:
    return verify_bundle(bundle, FILE, Trust(ROOT, stamped_envelope=text), STAMPED_ONLY)


@pytest.mark.parametrize("spelling", [TEXT, TEXT.replace(b":", b": "), TEXT + b"\n"], ids=["ours", "blanks", "line"])
def test_the_octets_that_were_stamped_tell_the_time(spelling: bytes) -> None:
    assert len(verify(replace(BUNDLE, timestamps=(stamp(spelling),)), spelling).times) == 1


@pytest.mark.parametrize("text", [b"", TEXT], ids=["alone", "with the envelope"])
def test_the_signature_that_was_stamped_tells_the_time(text: bytes) -> None:
    assert isinstance(MADE.content, Envelope)
    stamped = (stamp(MADE.content.signatures[0].signature),)
    assert len(verify(replace(BUNDLE, timestamps=stamped), text).times) == 1


@pytest.mark.parametrize("text", [b"", TEXT + b"\n"], ids=["not given", "another spelling"])
def test_other_octets_do_not(text: bytes) -> None:
    with pytest.raises(ClaimMismatch):
        verify(BUNDLE, text)


def test_the_envelope_is_that_of_the_bundle() -> None:
    other = Signing(statement=STATEMENT.replace(b'"predicate":{}', b'"predicate":{"a":1}')).bundle()
    text = encode_signature(other)
    assert text != TEXT
    with pytest.raises(ClaimMismatch):
        verify(replace(BUNDLE, timestamps=(stamp(text),)), text)
    with pytest.raises(ClaimMismatch):
        verify(replace(v1_bundle(), timestamps=(stamp(TEXT),)), TEXT)
    with pytest.raises(MalformedError):
        verify(replace(BUNDLE, timestamps=(stamp(b"text"),)), b"text")
