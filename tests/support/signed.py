"""Signatures made in the test, right by default and wrong in one thing on demand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cosignpy.core.bundle.legacy import LegacySignature, build_signature_layer
from cosignpy.core.bundle.model import BUNDLE_V03, Bundle, PublicKeyMaterial
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope, EnvelopeSignature, encode_pae
from cosignpy.core.encoding import JsonValue, encode_json, parse_json
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.keys.algorithms import DEFAULT
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.oci.simple_signing import build_simple_signing
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.transparency import SkipLogUnsafe

KEY: Final = PrivateKey.generate(DEFAULT)
OTHER_KEY: Final = PrivateKey.generate(DEFAULT)
THIRD_KEY: Final = PrivateKey.generate(DEFAULT)

IMAGE: Final = Digest.of(b"image")
OTHER_IMAGE: Final = Digest.of(b"another image")
NAME: Final = "registry.test/app"
WAIVED: Final = SkipLogUnsafe("test")


def policy(*keys: PrivateKey, threshold: int = 1, annotations: Mapping[str, str] | None = None) -> ImagePolicy:
    """Return a policy that asks for these keys, or for `KEY`."""
    wanted = tuple(key.public_key for key in keys or (KEY,))
    return ImagePolicy(wanted, WAIVED, threshold, annotations or {})


@dataclass(frozen=True)
class Signed:
    """The parts of a bundle before they are put together; by default a good signature of `IMAGE` by `KEY`."""

    payload: bytes = field(default_factory=lambda: build_signature_statement(IMAGE, {}))
    payload_type: str = IN_TOTO_PAYLOAD
    key: PrivateKey = KEY

    @property
    def signature(self) -> bytes:
        """The signature over type and payload."""
        return self.key.sign(encode_pae(self.payload_type, self.payload))

    @property
    def envelope(self) -> Envelope:
        """The envelope around both."""
        return Envelope(self.payload_type, self.payload, (EnvelopeSignature(self.signature),))

    @property
    def bundle(self) -> Bundle:
        """The bundle around the envelope."""
        return Bundle(BUNDLE_V03, PublicKeyMaterial(self.key.public_key.hint), self.envelope)


def statement(image: Digest = IMAGE, **change: JsonValue) -> bytes:
    """Return the statement about an image with members changed."""
    return encode_json(parse_json(build_signature_statement(image, {}), what="test") | change)


def simple_signing(image: Digest = IMAGE, **change: JsonValue) -> bytes:
    """Return the legacy payload about an image with members of `critical`, or `optional`, changed."""
    members = parse_json(build_simple_signing(NAME, image, {}), what="test")
    optional = change.pop("optional", None)
    return encode_json({"critical": members["critical"] | change, "optional": optional})


def legacy(payload: bytes, signature: bytes, beside: Mapping[str, str] | None = None) -> LegacySignature:
    """Return a legacy signature as it is read, with whatever else its annotations say."""
    return LegacySignature(build_signature_layer(payload, signature, beside or {}), signature, "where")


def encode_key_bundle(hint: str, envelope: Envelope) -> bytes:
    """Encode a bundle made with a key and nothing else."""
    return encode_bundle(Bundle(BUNDLE_V03, PublicKeyMaterial(hint), envelope))
