"""Trust files and a token for a whole authority that runs as processes: what signers and verifiers are given."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.support.ca_site import Site, serve_site
from tests.support.tokens import EMAIL

PROGRAM: Final = Path(sys.executable).with_name("cosignpy")
SINCE: Final = "2020-01-01T00:00:00Z"
PATIENCE_SECONDS: Final = 60
TRUST: Final = ("--trusted-root", "root.json")


@dataclass(frozen=True)
class Keyless:
    """A folder with `root.json`, `signing.json` and a `token`, in which commands run."""

    site: Site
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def who(self) -> tuple[str, ...]:
        """Whom the token is about, as verifiers name them."""
        return "--certificate-identity", EMAIL, "--certificate-oidc-issuer", self.site.issuer.url

    @property
    def signing(self) -> tuple[str, ...]:
        """The flags that sign: with the token, a log of version 2 and a timestamp."""
        return "--identity-token", "token", "--signing-config", "signing.json", *TRUST

    def run(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run cosignpy to its end."""
        measured = {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
        home = {"HOME": str(self.folder), "PATH": os.environ["PATH"], "COSIGN_PASSWORD": "secret"}
        return subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env={**measured, **home, **self.environment},
            input=stdin,
            check=False,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        )

    def succeed(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run it where it has to work."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr.decode()
        return done


@contextmanager
def serve_keyless(folder: Path) -> Iterator[Keyless]:
    """Serve everything that signing without a key needs."""
    with serve_site(folder / "site") as site:
        made = Keyless(site, folder)
        (folder / "token").write_text(site.issuer.token())
        (folder / "ca.pem").write_bytes(site.get("/api/v1/rootCert").body)
        (folder / "tsa.pem").write_bytes(site.get("/api/v1/timestamp/certchain").body)
        stamps = f"url={site.ca.url}/api/v1/timestamp"
        logs = [_describe_log(site, folder, kind) for kind in ("rekor-v1", "rekor-v2")]
        made.succeed(
            *("trusted-root", "create", f"--fulcio=url={site.ca.url},certificate-chain=ca.pem", *logs),
            *(_describe_log(site, folder, "ct", "--ctfe"), f"--tsa={stamps},certificate-chain=tsa.pem"),
            "--out=root.json",
        )
        service = f"start-time={SINCE},operator=tests"
        made.succeed(
            *("signing-config", "create", f"--fulcio=url={site.ca.url},api-version=1,{service}"),
            *(f"--rekor=url={site.log.url},api-version=2,{service}", "--rekor-config=ANY"),
            *(f"--tsa={stamps},api-version=1,{service}", "--tsa-config=ANY", "--out=signing.json"),
        )
        yield made


def _describe_log(site: Site, folder: Path, kind: str, flag: str = "--rekor") -> str:
    shard = site.log.shards(kind)[0]
    (folder / f"{kind}.pub").write_text(shard.public_key)
    origin = f",origin={shard.origin}" if kind == "rekor-v2" else ""
    return f"{flag}=url={site.log.url},public-key={kind}.pub,start-time={SINCE}{origin}"
