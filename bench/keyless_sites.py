"""Everything that signs by identity, ours and the real services, and what clients are told of each: files in a folder.

Both have our log for certificate transparency, since the real one is no program of one file. The real services run at
the settings with which they answer soonest.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from bench.ca_bodies import Issuer
from bench.ca_servers import fulcio, open_site, our_authority, root_of, timestamp_server
from bench.log_servers import Server, rekor_tiles
from cosignpy.core.encoding import parse_pem
from cosignpy.core.keys.private import PrivateKey
from tests.interop import peers

OURS: Final = str(Path(sys.executable).with_name("cosignpy"))
PERSON: Final = "signer@example.com"

_TILES_ORIGIN: Final = "rekor.example.com"
_SINCE: Final = "2020-01-01T00:00:00Z"
_STAMPS: Final = "/api/v1/timestamp"


@dataclass(frozen=True, slots=True)
class Log:
    """A log of entries: where it is, its key, its version, and the name under which it signs."""

    url: str
    key: str
    version: int
    name: str

    def flags(self, folder: Path) -> tuple[str, str]:
        """Return what `trusted-root create` is told."""
        key = folder / f"rekor-{self.version}.pub"
        key.write_text(self.key)
        origin = f",origin={self.name}" if self.version == 2 else ""
        return "--rekor", f"url=https://{self.name},public-key={key},start-time={_SINCE}{origin}"


@dataclass(frozen=True, slots=True)
class KeylessSite:
    """A folder with `root.json`, `signing.json`, `trust.json` with both, and a `token`.

    Where a log of version 1 runs, `signing-v1.json` and `trust-v1.json` ask it instead.
    """

    folder: Path
    issuer: str
    authority: str
    log: str
    stamps: str

    @property
    def signing(self) -> tuple[str, ...]:
        """The flags that sign, for both programs."""
        return self.signing_with("signing.json")

    def signing_with(self, config: str) -> tuple[str, ...]:
        """Return the flags that sign with one of the configs."""
        token = ("--identity-token", str(self.folder / "token"))
        return *token, "--signing-config", str(self.folder / config), *self.trust

    @property
    def trust(self) -> tuple[str, ...]:
        """The flag that verifies without asking anyone."""
        return "--trusted-root", str(self.folder / "root.json")

    @property
    def who(self) -> tuple[str, ...]:
        """Whom the token is about, as verifiers name them."""
        return "--certificate-identity", PERSON, "--certificate-oidc-issuer", self.issuer


@contextmanager
def our_site(folder: Path, issuer: Issuer, algorithm: str = "") -> Iterator[KeylessSite]:
    """Serve our authority, with keys of an algorithm, and our logs, each with two workers."""
    folder.mkdir()
    start = partial(our_authority, folder / "ca", issuer, algorithm=algorithm)
    with open_site(folder / "logs", start, root_of) as (log, authority):
        keys = _show(folder / "logs" / "data")
        url, name = f"http://{log.address}", keys["rekor-v2"]["origin"]
        logs = [Log(url, keys[f"rekor-v{version}"]["publicKey"], version, name) for version in (2, 1)]
        described = _Described(authority, authority, keys["ct"]["publicKey"], logs)
        yield _write_site(folder, issuer, described)


@contextmanager
def real_site(folder: Path, issuer: Issuer) -> Iterator[KeylessSite]:
    """Serve Fulcio, rekor-tiles and timestamp-authority."""
    folder.mkdir()
    start = partial(fulcio, folder / "fulcio", issuer)
    tiles = folder / "tiles"
    with (
        open_site(folder / "logs", start, root_of) as (_, authority),
        rekor_tiles(peers.path("rekor-tiles"), tiles) as rekor,
        timestamp_server(folder / "stamps") as stamps,
    ):
        block = parse_pem((tiles / "key.pem").read_bytes(), what="key")
        key = PrivateKey.parse_pkcs8(block.body).public_key.encode_pem().decode()
        logs = [Log(f"http://{rekor.address}", key, 2, _TILES_ORIGIN)]
        described = _Described(authority, stamps, _show(folder / "logs" / "data")["ct"]["publicKey"], logs)
        yield _write_site(folder, issuer, described)


@dataclass(frozen=True, slots=True)
class _Described:
    """The services of a site."""

    authority: Server
    stamps: Server
    ct_key: str
    logs: list[Log]


def _write_site(folder: Path, issuer: Issuer, site: _Described) -> KeylessSite:
    """Write the files of clients with the commands that make them."""
    (folder / "token").write_text(issuer.token(PERSON))
    authority, stamps = f"http://{site.authority.address}", f"http://{site.stamps.address}{_STAMPS}"
    chains = {"ca": f"{site.authority.address}/api/v1/rootCert", "tsa": f"{site.stamps.address}{_STAMPS}/certchain"}
    for name, path in chains.items():
        with urlopen(f"http://{path}") as answer:
            (folder / f"{name}.pem").write_bytes(answer.read())
    (folder / "ct.pub").write_text(site.ct_key)
    _run(
        *("trusted-root", "create", f"--fulcio=url={authority},certificate-chain={folder / 'ca.pem'}"),
        f"--ctfe=url=https://ct.example.com,public-key={folder / 'ct.pub'},start-time={_SINCE}",
        f"--tsa=url={stamps},certificate-chain={folder / 'tsa.pem'}",
        *(flag for log in site.logs for flag in log.flags(folder)),
        f"--out={folder / 'root.json'}",
    )
    for log in site.logs:
        suffix = "" if log.version == 2 else "-v1"
        service = f"start-time={_SINCE},operator=bench"
        stamp = (f"--tsa=url={stamps},api-version=1,{service}", "--tsa-config=ANY") if log.version == 2 else ()
        signing = folder / f"signing{suffix}.json"
        _run(
            *("signing-config", "create", f"--fulcio=url={authority},api-version=1,{service}", *stamp),
            *(f"--rekor=url={log.url},api-version={log.version},{service}", "--rekor-config=ANY", f"--out={signing}"),
        )
        _write_both(folder / "root.json", signing, folder / f"trust{suffix}.json")
    return KeylessSite(folder, issuer.url, authority, site.logs[0].url, stamps)


def _write_both(root: Path, signing: Path, target: Path) -> None:
    """Write a client trust config, with every list that sigstore-python asks for."""
    services = {"oidcUrls": [], "tsaUrls": [], "tsaConfig": {"selector": "ANY"}}
    config = {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": json.loads(root.read_text()),
        "signingConfig": services | json.loads(signing.read_text()),
    }
    target.write_text(json.dumps(config))


def _run(*arguments: str) -> None:
    subprocess.run([OURS, *arguments], check=True, capture_output=True)


def _show(data: Path) -> Mapping[str, Mapping[str, str]]:
    """Return what our log server tells of its logs, by their kinds."""
    command = [sys.executable, "-m", "log_server", "show", f"--dir={data}", "-o", "json"]
    shown = subprocess.run(command, check=True, capture_output=True).stdout
    return {shard["log"]: shard for shard in json.loads(shown)}
