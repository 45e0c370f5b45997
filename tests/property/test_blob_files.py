"""cosign 2's files of a signature: whatever is in them, an error of ours or the same value again."""

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from cosignpy.core.bundle.blob_files import (
    encode_blob_bundle,
    encode_timestamp_file,
    parse_blob_bundle,
    parse_certificate_file,
    parse_signature_file,
    parse_timestamp_file,
)
from cosignpy.core.encoding import encode_b64
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.errors import CosignError, MalformedError
from tests.property.strategies import neighbours
from tests.support.virtual_sigstore import BY_ALICE, FILE, TRUST, v1_bundle

OLD: Final = encode_blob_bundle(v1_bundle())
GOOD: Final = verify_bundle(v1_bundle(), FILE, TRUST, BY_ALICE)


@settings(max_examples=300, deadline=None)
@given(neighbours(OLD))
def test_a_neighbour_is_refused_or_says_the_same(mutated: bytes) -> None:
    try:
        found = parse_blob_bundle(mutated)
        if found is None:
            return
        verified = verify_bundle(found.message_bundle(), FILE, TRUST, BY_ALICE)
    except CosignError:
        return
    assert (verified.certificate, verified.digests) == (GOOD.certificate, GOOD.digests)
    assert [entry.log_index for entry in verified.entries] == [entry.log_index for entry in GOOD.entries]


@given(st.binary())
def test_files_are_read_or_malformed(raw: bytes) -> None:
    for parse in (parse_blob_bundle, parse_certificate_file, parse_signature_file, parse_timestamp_file):
        try:
            parse(raw)
        except MalformedError:
            continue


@given(st.binary(min_size=1))
def test_what_is_wrapped_is_unwrapped(raw: bytes) -> None:
    assert parse_signature_file(encode_b64(raw).encode()) == raw
    assert parse_timestamp_file(encode_timestamp_file(raw)) == raw
