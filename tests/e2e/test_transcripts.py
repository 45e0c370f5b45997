"""Whole command lines with everything they print, as people see them: tests/e2e/transcripts/*.txt.

    $ cosignpy verify --key cosign.pub ...      a shell line, run in a folder with keys, beside a registry with images
    what goes to stdout
    ! what goes to stderr
    [exit 12]                                   left out for 0

`{registry}` stands for the registry's address, `{app}`, `{other}` and `{index}` for the digests of the images that are
there, and `sha256:...` for every other digest. To write down what is printed now, review it, and commit it:

    UPDATE_TRANSCRIPTS=1 .venv/bin/pytest tests/e2e
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cosignpy.localregistry.faults import parse_faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from tests.support.seed import SeededImages, seed_images, write_seed_keys

FOLDER = Path(__file__).parent / "transcripts"
UPDATE = os.environ.get("UPDATE_TRANSCRIPTS") == "1"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MOMENT = re.compile(r"(\"checkedAt\":\"|cosignpy 0\.1\.0 at )20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TAG = re.compile(r"sha256-[0-9a-f]{64}")


@dataclass(frozen=True)
class Place:
    """Where one transcript runs: an empty folder, a registry of its own, and images in it."""

    folder: Path
    registry: str
    images: SeededImages

    def fill(self, line: str) -> str:
        """Put the real address and digests into a line of the transcript."""
        for name, text in self._names().items():
            line = line.replace("{" + name + "}", text)
        return line

    def blank(self, text: str) -> str:
        """Take what differs from run to run out of what was printed."""
        text = text.replace(str(self.folder), "{folder}").replace(self.registry, "{registry}")
        for name, digest in self._names().items():
            text = text.replace(digest, "{" + name + "}").replace(digest.replace(":", "-"), "{" + name + "-tag}")
        text = _MOMENT.sub(r"\g<1>...", text)
        return _TAG.sub("sha256-...", _DIGEST.sub("sha256:...", text))

    def _names(self) -> dict[str, str]:
        images = {"app": self.images.app, "other": self.images.other, "index": self.images.index}
        return {"registry": self.registry} | {name: str(digest) for name, digest in images.items()}

    def run(self, line: str) -> str:
        """Run one shell line and return what a transcript says of it."""
        environment = {
            "HOME": str(self.folder),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COSIGN_PASSWORD": "transcript",
        } | {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
        done = subprocess.run(
            ["sh", "-c", self.fill(line)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        lines = [*done.stdout.splitlines(), *(f"! {said}" for said in done.stderr.splitlines())]
        if done.returncode:
            lines.append(f"[exit {done.returncode}]")
        return self.blank("\n".join(lines)).replace("Traceback", "TRACEBACK")


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Start a registry, with the faults that the first line of the transcript names, and fill it."""
    first = request.getfixturevalue("transcript").read_text().partition("\n")[0]
    faults = first.removeprefix("# faults: ").split() if first.startswith("# faults: ") else []
    folder, directory = tmp_path / "work", tmp_path / "registry"
    folder.mkdir()
    write_seed_keys(folder)
    with LocalRegistry(RegistryOptions(directory=directory)) as sound:
        images = seed_images(sound.address)
    with LocalRegistry(RegistryOptions(directory=directory, faults=parse_faults(faults))) as registry:
        yield Place(folder, registry.address, images)


@pytest.mark.parametrize("transcript", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(transcript: Path, place: Place) -> None:
    written: list[str] = []
    for block in re.split(r"^(?=\$ )", transcript.read_text(), flags=re.MULTILINE):
        if not block.startswith("$ "):
            written.append(block)
            continue
        command = block.partition("\n")[0]
        comments = re.search(r"\n\n(#.*)\Z", block, flags=re.DOTALL)
        printed = place.run(command.removeprefix("$ "))
        body = f"{command}\n{printed}\n" if printed else f"{command}\n"
        written.append(body + (f"\n{comments[1]}" if comments else "\n"))
    found = "".join(written).rstrip("\n") + "\n"
    assert "TRACEBACK" not in found
    if UPDATE:
        transcript.write_text(found)
    assert found == transcript.read_text()
