"""The demo: sign an image in a registry, verify it, and watch three attacks fail. Run by `make demo`.

Everything is real: a registry on a free port of this machine, the program as you would type it, and the exit code
of every step compared with what it must be. Nothing is left behind. `--picture FILE` also draws what was shown.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from rich.console import Console
from rich.text import Text

START_SECONDS: Final = 20.0
WIDTH: Final = 132


@dataclass(slots=True)
class Demo:
    """A folder, a registry, and a console that remembers what it showed."""

    folder: Path
    environment: Mapping[str, str]
    registry: str = ""
    console: Console = field(default_factory=lambda: Console(record=True, width=WIDTH, highlight=False))
    began: float = field(default_factory=time.monotonic)

    def tell(self, text: str) -> None:
        """Say what comes next."""
        self.console.print(Text(f"\n# {text}", style="bold cyan"))

    def run(self, line: str, *, expect: int = 0) -> str:
        """Run a command line as it is shown, show what it prints, and insist on its exit code."""
        self.console.print(Text("$ ", style="dim") + Text(self._shorten(line), style="bold bright_white"))
        done = self._process(line)
        for printed, style in (
            (done.stdout, "green" if expect == 0 else ""),
            (done.stderr, "" if expect == 0 else "red"),
        ):
            for text in printed.strip().splitlines():
                self.console.print(Text(f"  {self._shorten(text)}", style=style))
        if expect:
            self.console.print(Text(f"  exit code {done.returncode}", style="yellow"))
        if done.returncode != expect:
            self.fail(f"`{line}` exited with {done.returncode}, and {expect} was expected")
        return done.stdout

    def quietly(self, line: str) -> str:
        """Run a command line that is not part of the story."""
        done = self._process(line)
        if done.returncode != 0:
            self.fail(f"`{line}` exited with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def fail(self, why: str) -> NoReturn:
        """End the demo loudly."""
        sys.exit(f"\nThe demo failed: {why}")

    def _process(self, line: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            shlex.split(line), cwd=self.folder, env=dict(self.environment), capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def _shorten(self, text: str) -> str:
        """Cut digests for people: the first twelve digits tell them apart."""
        return re.sub(r"(sha256[:-][0-9a-f]{12})[0-9a-f]{52}", r"\1…", text)


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


@contextmanager
def serve_registry(demo: Demo) -> Iterator[str]:
    """Start the embedded registry, and stop it by its process id whatever happens."""
    command = [*shlex.split("cosignpy registry serve --port 0 --dir"), str(demo.folder / "registry")]
    with subprocess.Popen(
        command,
        cwd=demo.folder,
        env=dict(demo.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            address = re.search(r"[0-9.]+:[0-9]+", line)
            if address is None:
                demo.fail(f"the registry did not start: {line.strip() or 'it said nothing'}")
            yield address[0]
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def tell_story(demo: Demo) -> None:
    """Sign, verify, and be refused three times."""
    image = f"{demo.registry}/team/app:1.0"
    verify = "cosignpy verify --key cosign.pub --insecure-ignore-tlog"
    write_layout(demo.folder / "app", "hello")
    write_layout(demo.folder / "changed", "hello, and something nasty")

    demo.tell("A key pair, and an image in a registry.")
    demo.run("cosignpy generate-key-pair")
    demo.run(f"cosignpy copy oci-layout:app {image}")
    pinned = f"{demo.registry}/team/app@{_digest(demo, image)}"

    demo.tell("Nobody has signed it yet, and that is refused.")
    demo.run(f"{verify} {image}", expect=10)

    demo.tell("Sign it. The signatures are stored beside the image: a Sigstore bundle, and cosign 2's format.")
    demo.run(f"cosignpy sign --key cosign.key --tlog-upload=false --signature-format both {pinned}")
    demo.run(f"cosignpy tree {image}")

    demo.tell("Whoever has the public key can check it.")
    demo.run(f"{verify} {image}")

    demo.tell("An attacker moves the tag to a changed image and copies the signature over: refused.")
    demo.run(f"cosignpy copy --force oci-layout:changed {image}")
    changed = f"{demo.registry}/team/app@{_digest(demo, image)}"
    demo.run(f"cosignpy copy {_signatures(pinned)} {_signatures(changed)}")
    demo.run(f"{verify} {image}", expect=12)

    demo.tell("Another one signs it with a key of their own: refused.")
    demo.quietly("cosignpy generate-key-pair --output-key-prefix mallory")
    demo.run(f"cosignpy sign --key mallory.key --tlog-upload=false {changed}")
    demo.run(f"{verify} {image}", expect=12)


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
        with serve_registry(demo) as address:
            demo.registry = address
            tell_story(demo)
        demo.tell(f"Signed, verified, and three times refused, in {time.monotonic() - demo.began:.1f} s.")
    if picture:
        draw(demo.console, picture)


def draw(console: Console, picture: Path) -> None:
    """Write what the console showed as an SVG that loads nothing from anywhere."""
    drawn = console.export_svg(title="make demo", font_aspect_ratio=0.61)
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    picture.write_text(drawn.replace("Fira Code", "ui-monospace"))


if __name__ == "__main__":
    main()
