"""The three signers, run side by side: cosign v2, cosign v3 and cosignpy, each by the flags that work offline."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.interop import peers

PATIENCE_SECONDS: Final = 120
PASSWORD: Final = "the password of every test key"
UNSIGNED: Final = 10
NO_MATCH: Final = 12


class Tool(StrEnum):
    """Who signs, or verifies."""

    OURS = "cosignpy"
    V3 = "cosign-v3"
    V2 = "cosign-v2"


class Format(StrEnum):
    """How a signature is stored: a bundle that refers to the image, or cosign 2's signature tag."""

    BUNDLE = "bundle"
    LEGACY = "legacy"


SIGN_FLAGS: Final[Mapping[tuple[Tool, Format], tuple[str, ...]]] = MappingProxyType(
    {
        (Tool.OURS, Format.BUNDLE): ("--tlog-upload=false",),
        (Tool.OURS, Format.LEGACY): ("--tlog-upload=false", "--signature-format=legacy"),
        (Tool.V3, Format.BUNDLE): ("--use-signing-config=false", "--tlog-upload=false"),
        (Tool.V3, Format.LEGACY): ("--use-signing-config=false", "--tlog-upload=false", "--new-bundle-format=false"),
        (Tool.V2, Format.BUNDLE): ("--tlog-upload=false", "--new-bundle-format=true"),
        (Tool.V2, Format.LEGACY): ("--tlog-upload=false",),
    }
)

_V2_BUNDLE: Final = ("--new-bundle-format", "--trusted-root=trusted-root.json")
VERIFY_FLAGS: Final[Mapping[tuple[Tool, Format], tuple[str, ...]]] = MappingProxyType(
    {
        **{(tool, form): ("--insecure-ignore-tlog=true",) for tool in Tool for form in Format},
        # cosign v2 looks for bundles only when told to, and then demands a trusted root even if it needs none of it.
        (Tool.V2, Format.BUNDLE): ("--insecure-ignore-tlog=true", *_V2_BUNDLE),
    }
)


@dataclass(eq=False)
class ProgramFailedError(Exception):
    """A program failed where the test needs it to work."""

    command: str
    exit_code: int
    said: str

    def __str__(self) -> str:
        return f"exit code {self.exit_code}: {self.command}\n{self.said}"


@dataclass(frozen=True, slots=True)
class Run:
    """What came out of a program."""

    command: str
    exit_code: int
    stdout: str
    stderr: str

    def expect_success(self) -> "Run":
        """Return itself.

        Raises:
            ProgramFailedError: The exit code is not 0.
        """
        if self.exit_code:
            raise ProgramFailedError(self.command, self.exit_code, f"{self.stdout}{self.stderr}".strip())
        return self


@dataclass(frozen=True, slots=True)
class Workshop:
    """A folder in which programs run: their keys, their home, no configuration of the machine's user."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def with_environment(self, **variables: str) -> "Workshop":
        """Return the same folder with more environment variables."""
        return Workshop(self.folder, {**self.environment, **variables})

    def run(self, program: str, *arguments: str, stdin: str = "") -> Run:
        """Run cosignpy or a peer to its end."""
        path = Path(sys.executable).with_name("cosignpy") if program == Tool.OURS else peers.path(program)
        return self.run_path(path, *arguments, stdin=stdin)

    def run_path(self, path: Path, *arguments: str, stdin: str = "") -> Run:
        """Run a program to its end."""
        done = subprocess.run(
            [path, *arguments],
            cwd=self.folder,
            env={
                "COSIGN_PASSWORD": PASSWORD,
                "COSIGN_YES": "true",
                "HOME": str(self.folder),
                "PATH": os.environ["PATH"],
                **self.environment,
            },
            input=stdin,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        return Run(" ".join([path.name, *arguments]), done.returncode, done.stdout, done.stderr)

    def prepare(self) -> "Workshop":
        """Write the trusted root without content that cosign v2 asks for."""
        self.run(Tool.V3, "trusted-root", "create", "--out", "trusted-root.json").expect_success()
        return self

    def make_key(self, name: str, algorithm: str = "P-256", maker: Tool = Tool.OURS) -> None:
        """Make an encrypted key pair, `name`.key and `name`.pub."""
        chosen = ("--algorithm", algorithm) if maker is Tool.OURS else ()
        self.run(maker, "generate-key-pair", "--output-key-prefix", name, *chosen).expect_success()

    def sign(self, tool: Tool, form: Format, image: str, key: str, *flags: str) -> Run:
        """Sign; failing is an error."""
        known = SIGN_FLAGS[tool, form]
        return self.run(tool, "sign", "--key", f"{key}.key", *known, *flags, image).expect_success()

    def verify(self, tool: Tool, form: Format, image: str, key: str, *flags: str) -> Run:
        """Verify; the exit code tells."""
        return self.run(tool, "verify", "--key", f"{key}.pub", *VERIFY_FLAGS[tool, form], *flags, image)
