"""What README.md and docs/policies.md show of policies at work is what the commands print.

A block behind `<!-- run -->` is run line by line, in a folder with the policy that the page shows first, beside a
registry with images: `1.0` is signed by the key in that policy, `2.0` by another one, and `3.0` by nobody. To write
down what is printed now, review it, and commit it:

    UPDATE_PAGES=1 .venv/bin/pytest tests/integration/test_shown_runs.py
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.memory_repository import push_image
from tests.support.seed import PASSWORD, seed_key, write_seed_keys
from tests.support.signed import OTHER_KEY
from tests.support.signed_images import sign

ROOT: Final = Path(__file__).parents[2]
UPDATE: Final = os.environ.get("UPDATE_PAGES") == "1"
SHOWN: Final = "registry.example"
"""How pages call the registry."""
BLOCK: Final = re.compile(r"(?<=^<!-- run -->\n```console\n)(.*?)(?=^```$)", re.DOTALL | re.MULTILINE)
FILE: Final = re.compile(
    r"^<!-- file: (?P<name>[\w./-]+) -->\n```yaml\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE
)
KEY: Final = re.compile(r"^( *)-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n", re.DOTALL | re.MULTILINE)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Place:
    """A folder, and a registry with images."""

    folder: Path
    registry: str

    def write_files(self, page: str) -> None:
        """Write the files that the page shows, with a key where it leaves one out."""
        pem = seed_key().public_key.encode_pem().decode()
        for match in FILE.finditer(page):
            content = KEY.sub(
                lambda found: "".join(f"{found[1]}{line}\n" for line in pem.splitlines()), match["content"]
            )
            path = self.folder / match["name"]
            path.parent.mkdir(exist_ok=True)
            path.write_text(content.replace(SHOWN, self.registry))

    def run(self, block: str) -> str:
        """Run the lines of a block, and return it with what they print."""
        lines = [line for line in block.splitlines() if line.startswith("$ ")]
        return "".join(f"{line}\n{self._print(line.removeprefix('$ '))}" for line in lines)

    def _print(self, line: str) -> str:
        measured = {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
        done = subprocess.run(
            ["sh", "-c", line.replace(SHOWN, self.registry)],
            cwd=self.folder,
            env={
                "HOME": str(self.folder),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "COSIGN_PASSWORD": PASSWORD,
                **measured,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stdout
        return _DIGEST.sub("sha256:...", done.stdout.replace(self.registry, SHOWN))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    write_seed_keys(tmp_path)
    with LocalRegistry() as registry:
        session = RegistrySession(registry.address, RegistryOptions())
        repository = RemoteRepository(session, "team/app")
        sign(repository, push_image(repository, b"first", tag="1.0"), seed_key())
        sign(repository, push_image(repository, b"second", tag="2.0"), OTHER_KEY)
        push_image(repository, b"third", tag="3.0")
        session.close()
        yield Place(tmp_path, registry.address)


@pytest.mark.parametrize("page", ["README.md", "docs/policies.md"])
def test_a_page_shows_what_is_printed(page: str, place: Place) -> None:
    text = (ROOT / page).read_text()
    place.write_files(text)
    assert BLOCK.search(text)
    found = BLOCK.sub(lambda match: place.run(match[0]), text)
    if UPDATE:
        (ROOT / page).write_text(found)
        text = found
    assert found == text
