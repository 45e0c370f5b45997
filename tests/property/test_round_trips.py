"""Parse what was encoded and get the same value: for whatever can be encoded at all."""

from hypothesis import assume, given
from hypothesis import strategies as st

from cosignpy.core.bundle.legacy import LegacySignature, build_signature_layer
from cosignpy.core.bundle.model import BUNDLE_V03, Bundle, PublicKeyMaterial
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import (
    JsonObject,
    JsonValue,
    PemBlock,
    decode_b64,
    encode_b64,
    encode_canonical_json,
    encode_json,
    parse_json,
    parse_pem,
)
from cosignpy.core.intoto import COSIGN_SIGN_V1, Statement, Subject, build_signature_statement
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor, Platform
from cosignpy.core.oci.reference import Reference
from cosignpy.core.oci.simple_signing import PAYLOAD_TYPE, SimpleSigningPayload, build_simple_signing
from tests.property import strategies as own
from tests.support.signed import encode_key_bundle


@given(own.json_values())
def test_json(value: JsonValue) -> None:
    assert parse_json(encode_json(value), what="test") == value


@given(own.json_values())
def test_canonical_json_is_a_fixed_point(value: JsonValue) -> None:
    canonical = encode_canonical_json(value)
    assert encode_canonical_json(parse_json(canonical, what="test")) == canonical


@given(st.binary())
def test_base64(raw: bytes) -> None:
    assert decode_b64(encode_b64(raw), what="test") == raw


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ", min_size=1, max_size=64), st.binary())
def test_pem(label: str, body: bytes) -> None:
    assert parse_pem(PemBlock(label, body).encode(), what="test") == PemBlock(label, body)


@given(own.digests())
def test_digests(digest: Digest) -> None:
    assert Digest.parse(str(digest)) == digest


@given(own.references())
def test_references(reference: Reference) -> None:
    assert Reference.parse(str(reference)) == reference


@given(own.platforms())
def test_platforms(platform: Platform) -> None:
    parts = (platform.os, platform.architecture, platform.variant)
    assume(all(parts[:2]) and not any("/" in part for part in parts))
    assert Platform.parse(str(platform)) == platform


@given(own.descriptors())
def test_descriptors(descriptor: Descriptor) -> None:
    assert Descriptor.parse(JsonObject.parse(encode_json(descriptor.encode()), what="test")) == descriptor


@given(own.artifact_manifests())
def test_manifests(members: ArtifactManifest) -> None:
    built = members.build()
    assert (built.config, built.layers, built.subject) == (members.config, members.layers, members.subject)
    assert (built.annotations, built.artifact_type) == (members.annotations, members.artifact_type)
    assert built.digest == Digest.of(built.raw)


@given(own.texts(), own.envelopes())
def test_bundles(hint: str, envelope: Envelope) -> None:
    raw = encode_key_bundle(hint, envelope)
    assert parse_bundle(raw) == Bundle(BUNDLE_V03, PublicKeyMaterial(hint), envelope)
    assert encode_key_bundle(hint, envelope) == raw


@given(own.digests(), own.string_maps(), own.texts())
def test_statements(digest: Digest, annotations: dict[str, str], name: str) -> None:
    built = build_signature_statement(digest, annotations, name)
    assert Statement.parse(built) == Statement((Subject((digest,), name, annotations),), COSIGN_SIGN_V1, {})


@given(own.digests(), own.string_maps(), own.texts())
def test_legacy_payloads(digest: Digest, annotations: dict[str, str], name: str) -> None:
    built = build_simple_signing(name, digest, annotations)
    assert SimpleSigningPayload.parse(built) == SimpleSigningPayload(name, digest, PAYLOAD_TYPE, annotations)


@given(st.binary(), st.binary(min_size=1))
def test_legacy_layers(payload: bytes, signature: bytes) -> None:
    assert LegacySignature.parse(build_signature_layer(payload, signature)).signature == signature
