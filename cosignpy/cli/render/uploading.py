"""What `upload` did: the reference by digest on stdout, each file on stderr; or all of it as JSON."""

from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.oci.manifest import Manifest, Platform
from cosignpy.operations.local_blob import LocalBlob
from cosignpy.operations.upload import Upload


def render_upload(what: Upload, reference: str, output: Output) -> None:
    """Tell what was uploaded, and under which digest it is found."""
    if output is Output.JSON:
        files = [
            _describe(layer, artifact.manifest, platform)
            for artifact, platform in zip(what.artifacts, what.platforms, strict=True)
            for layer in artifact.layers
        ]
        CURRENT.print(encode_json({"reference": reference, **what.top.descriptor.encode(), "files": files}).decode())
        return
    for layer in what.layers:
        described = layer.descriptor
        CURRENT.say(f"Uploaded {layer.path}: {described.media_type}, {described.size} bytes, {described.digest}")
    CURRENT.print(reference)


def _describe(layer: LocalBlob, manifest: Manifest, platform: Platform | None) -> JsonValue:
    found = {"file": str(layer.path), **layer.descriptor.encode(), "manifest": str(manifest.digest)}
    return found | ({"platform": str(platform)} if platform else {})
