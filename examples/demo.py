"""The demo: sign with a key, log a signature and pull the plug, sign without a key; verify, and watch attacks fail.

Run by `make demo`. Everything is real: servers on free ports of this machine, the programs as you would type them,
and the exit code of every step compared with what it must be. Nothing is left behind. `--picture FILE` also draws
what was shown.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from demo_identity import tell_identity_story
from demo_log import tell_log_story
from demo_terminal import Demo, draw


def write_layout(folder: Path, message: str) -> None:
    """Write an image with one small file in it, as an OCI layout, with nothing but the standard library."""
    import hashlib
    import io
    import tarfile

    (folder / "blobs" / "sha256").mkdir(parents=True)

    def save(content: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (folder / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as layer:
        entry = tarfile.TarInfo("message.txt")
        entry.size = len(message)
        layer.addfile(entry, io.BytesIO(message.encode()))
    content = archive.getvalue()
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(content).hexdigest()}"]}
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": save(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [save(content, "application/vnd.oci.image.layer.v1.tar")],
    }
    named = save(json.dumps(manifest).encode(), str(manifest["mediaType"]))
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')


def tell_image_story(demo: Demo, registry: str) -> str:
    """Sign, verify, and be refused three times; return the image that was signed, by its digest."""
    image = f"{registry}/team/app:1.0"
    verify = "cosignpy verify --key cosign.pub --insecure-ignore-tlog"
    write_layout(demo.folder / "app", "hello")
    write_layout(demo.folder / "changed", "hello, and something nasty")

    demo.tell("A key pair, and an image in a registry.")
    demo.run("cosignpy generate-key-pair")
    demo.run(f"cosignpy copy oci-layout:app {image}")
    pinned = f"{registry}/team/app@{_digest(demo, image)}"

    demo.tell("Nobody has signed it yet, and that is refused.")
    demo.run(f"{verify} {image}", expect=10)

    demo.tell("Sign it. The signatures are stored beside the image: a Sigstore bundle, and cosign 2's format.")
    demo.run(f"cosignpy sign --key cosign.key --tlog-upload=false --signature-format both {pinned}")
    demo.run(f"cosignpy tree {image}")

    demo.tell("Whoever has the public key can check it.")
    demo.run(f"{verify} {image}")

    demo.tell("An attacker moves the tag to a changed image and copies the signature over: refused.")
    demo.run(f"cosignpy copy --force oci-layout:changed {image}")
    changed = f"{registry}/team/app@{_digest(demo, image)}"
    demo.run(f"cosignpy copy {_signatures(pinned)} {_signatures(changed)}")
    demo.run(f"{verify} {image}", expect=12)

    demo.tell("Another one signs it with a key of their own: refused.")
    demo.quietly("cosignpy generate-key-pair --output-key-prefix mallory")
    demo.run(f"cosignpy sign --key mallory.key --tlog-upload=false {changed}")
    demo.run(f"{verify} {image}", expect=12)
    return pinned


def _digest(demo: Demo, image: str) -> str:
    return demo.quietly(f"cosignpy triangulate --type digest {image}").strip().rpartition("@")[2]


def _signatures(pinned: str) -> str:
    """Return the tag that holds the legacy signatures of an image."""
    repository, _, digest = pinned.partition("@")
    return f"{repository}:{digest.replace(':', '-')}.sig"


def main() -> None:
    """Run the demo in a folder that is removed at the end."""
    parser = argparse.ArgumentParser(description="Sign and verify an image in an embedded registry.")
    parser.add_argument("--picture", metavar="FILE", type=Path, help="also draw the terminal to this SVG")
    picture = parser.parse_args().picture
    with tempfile.TemporaryDirectory(prefix="cosignpy-demo-") as name:
        environment = {
            "HOME": name,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "COSIGN_PASSWORD": "demo",
        }
        demo = Demo(Path(name), environment)
        with demo.serving("cosignpy registry serve --port 0 --dir registry") as registry:
            image = tell_image_story(demo, registry.address)
            tell_log_story(demo)
            tell_identity_story(demo, image)
        seconds = time.monotonic() - demo.began
        demo.tell(
            "Signed with a key and without one, verified, six times refused; logged, killed, and still there. "
            f"It took {seconds:.1f} s."
        )
    if picture:
        draw(demo.console, picture)


if __name__ == "__main__":
    main()
