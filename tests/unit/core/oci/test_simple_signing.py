"""Legacy payloads: built as cosign builds them, read strictly."""

import pytest

from cosignpy.core.encoding import JsonValue, encode_json, parse_json
from cosignpy.core.oci.simple_signing import PAYLOAD_TYPE, SimpleSigningPayload, build_simple_signing
from cosignpy.errors import MalformedError
from tests.support.cosign_example import IMAGE, NAME, PAYLOAD


def test_the_payload_is_cosigns_byte_for_byte() -> None:
    assert build_simple_signing(NAME, IMAGE, {}) == PAYLOAD
    assert len(PAYLOAD) == 241


def test_a_payload_is_read_back() -> None:
    built = build_simple_signing(NAME, IMAGE, {"b": "2", "a": "1"})
    assert SimpleSigningPayload.parse(built) == SimpleSigningPayload(NAME, IMAGE, PAYLOAD_TYPE, {"a": "1", "b": "2"})
    assert built.endswith(b'"optional":{"a":"1","b":"2"}}')
    assert SimpleSigningPayload.parse(PAYLOAD).optional == {}


def test_other_writers_put_any_json_into_optional() -> None:
    members = parse_json(PAYLOAD, what="test") | {"optional": {"creator": "x", "timestamp": 1, "a": None}}
    assert SimpleSigningPayload.parse(encode_json(members)).optional == {"creator": "x", "timestamp": 1, "a": None}


@pytest.mark.parametrize(
    "critical",
    [
        None,
        [],
        {"identity": None},
        {"identity": {}},
        {"identity": {"docker-reference": 1}},
        {"image": None},
        {"image": {"docker-manifest-digest": "sha256:00"}},
        {"image": {"Docker-Manifest-Digest": str(IMAGE)}},
        {"type": None},
        {"type": [PAYLOAD_TYPE]},
    ],
)
def test_an_incomplete_payload_is_refused(critical: JsonValue) -> None:
    whole = parse_json(PAYLOAD, what="test")
    changed = whole["critical"] | critical if isinstance(critical, dict) else critical
    with pytest.raises(MalformedError) as refused:
        SimpleSigningPayload.parse(encode_json(whole | {"critical": changed}))
    assert refused.value.what in {"simple-signing payload", "digest"}


def test_optional_must_be_an_object() -> None:
    with pytest.raises(MalformedError):
        SimpleSigningPayload.parse(PAYLOAD.replace(b'"optional":null', b'"optional":[]'))
