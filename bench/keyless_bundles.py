"""Bundles to verify: each of another file, with a key and a certificate of its own, made in this process."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from typing import Final

from bench.keyless_sites import KeylessSite
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.trust.trusted_root import TrustedRoot, parse_trusted_root
from cosignpy.net.http import HttpClient, HttpOptions
from cosignpy.operations.artifacts import HeldContent
from cosignpy.operations.complete_bundle import SigningServices
from cosignpy.operations.keyless import KeylessSigner
from cosignpy.operations.sign_blob import sign_blob
from cosignpy.services.fulcio import FulcioClient
from cosignpy.services.oidc.token import IdentityToken
from cosignpy.services.rekor_v1 import RekorV1Client
from cosignpy.services.rekor_v2 import RekorV2Client
from cosignpy.services.timestamp_authority import TimestampClient
from cosignpy.values import value

_AT_ONCE: Final = 20
"""Signatures that wait for the real log at the same time; each waits for a second."""


@value
class KnownRoot:
    """A trusted root that has been read."""

    root: TrustedRoot

    def trusted_root(self) -> TrustedRoot:
        """Return it."""
        return self.root


@value
class _Token:
    """A token that has been obtained."""

    token: IdentityToken

    def obtain(self) -> IdentityToken:
        """Return it."""
        return self.token


def make_bundles(site: KeylessSite, version: int, number: int, folder: Path) -> None:
    """Sign files and write them and their bundles as `N.blob` and `N.json`; with a timestamp for logs of version 2."""
    folder.mkdir()
    token = IdentityToken.parse((site.folder / "token").read_text(), "bench")
    trust = KnownRoot(parse_trusted_root((site.folder / "root.json").read_bytes()))
    client = HttpClient(HttpOptions())
    authority = FulcioClient(site.authority, client)
    services = {
        1: SigningServices((RekorV1Client(site.log, client),)),
        2: SigningServices((RekorV2Client(site.log, client),), (TimestampClient(site.stamps, client),)),
    }[version]

    def sign(each: int) -> None:
        blob = token_bytes(1024)
        key = KeylessSigner(_Token(token), authority, lambda: datetime.now(UTC)).certified()
        (folder / f"{each}.json").write_bytes(encode_bundle(sign_blob(HeldContent(blob), key, services, trust)))
        (folder / f"{each}.blob").write_bytes(blob)

    with closing(client), ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(sign, range(number)):
            pass  # what went wrong is raised here
