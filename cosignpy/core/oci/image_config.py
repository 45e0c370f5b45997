"""The config of images that nobody runs, as go-containerregistry makes it: odd, but fixed, and cosign's all have it."""

from collections.abc import Sequence
from typing import Final

from cosignpy.core.encoding import encode_json
from cosignpy.core.oci.manifest import Descriptor

IMAGE_CONFIG: Final = "application/vnd.oci.image.config.v1+json"

ZERO_TIME: Final = "0001-01-01T00:00:00Z"
"""Go's zero time: what is written where no time is, so that the same content gives the same digest."""

BARE_CONFIG: Final = encode_json(
    {
        "architecture": "",
        "created": ZERO_TIME,
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": None},
        "config": {},
    }
)
"""The config that says nothing, not even of its layers: cosign 3's for WASM modules."""


def build_image_config(layers: Sequence[Descriptor], created: str = ZERO_TIME) -> bytes:
    """Return the config of an image over these layers, which are taken for what they are, compressed or not."""
    return encode_json(
        {
            "architecture": "",
            "created": created,
            "history": [{"created": created} for _ in layers],
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": [str(layer.digest) for layer in layers]},
            "config": {},
        }
    )
