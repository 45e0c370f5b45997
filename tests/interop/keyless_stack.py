"""A stack to sign with by identity, for clients of all kinds: authority, logs, timestamps, a provider, trust files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509

from cosignpy.core.encoding import decode_b64
from tests.interop.identity_providers import PROVIDERS, IdentityProvider
from tests.interop.log_workshop import START, describe_authority, write_trusted_root
from tests.interop.programs import Workshop
from tests.support.ca_site import Site, serve_site

SINCE: Final = START.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that signing needs, and a folder to sign in."""

    site: Site
    provider: IdentityProvider
    shop: Workshop

    @property
    def identity(self) -> tuple[str, ...]:
        return "--certificate-identity", self.person, "--certificate-oidc-issuer", self.provider.issuer

    @property
    def person(self) -> str:
        return self.provider.person.email

    def write_token(self) -> str:
        (self.shop.folder / "token").write_text(self.provider.token())
        return "token"

    def leaf(self, bundle: str) -> x509.Certificate:
        material = json.loads((self.shop.folder / bundle).read_text())["verificationMaterial"]
        return x509.load_der_x509_certificate(decode_b64(material["certificate"]["rawBytes"], what="certificate"))


@contextmanager
def serve_stack(provider: str, folder: Path) -> Iterator[Stack]:
    """Serve all of it, with tokens of one kind of provider, and a file `blob` to sign."""
    for name in ("provider", "shop"):
        (folder / name).mkdir()
    with (
        PROVIDERS[provider](folder / "provider") as running,
        serve_site(folder / "site", others=[running.issuer]) as site,
    ):
        shop = Workshop(folder / "shop")
        (shop.folder / "blob").write_text("content\n")
        write_trust(shop.folder, site)
        yield Stack(site, running, shop)


def write_trust(folder: Path, site: Site) -> None:
    """Write what clients have to know: the trusted root, the signing config, and both in one file."""
    chains = [site.get(path).body for path in ("/api/v1/rootCert", "/api/v1/timestamp/certchain")]
    (folder / "ca.pem").write_bytes(chains[0])
    (folder / "tsa.pem").write_bytes(chains[1])
    authority = describe_authority(chains[0], site.ca.url)
    stamps = describe_authority(chains[1], f"{site.ca.url}/api/v1/timestamp")
    root = json.loads(write_trusted_root(folder, site.log, authorities=[authority], timestamps=[stamps]).read_text())
    service = {"majorApiVersion": 1, "validFor": {"start": SINCE}, "operator": "tests"}
    signing = {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [{**service, "url": site.ca.url}],
        "oidcUrls": [],
        "rekorTlogUrls": [{**service, "url": site.log.url, "majorApiVersion": 2}],
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaUrls": [{**service, "url": f"{site.ca.url}/api/v1/timestamp"}],
        "tsaConfig": {"selector": "ANY"},
    }
    (folder / "signing.json").write_text(json.dumps(signing))
    config = {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": root,
        "signingConfig": signing,
    }
    (folder / "trust.json").write_text(json.dumps(config))
